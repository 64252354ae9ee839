/*
 * subset_array.h
 *		How keywords of arrays are compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_ARRAY_H
#define SESSIONIZE_SUBSET_ARRAY_H

#include "postgres.h"

#include "contract/subset_proof.h"

/* Each of type SubsetComparison. */
extern bool compare_unique_items(SubsetProof *proof, const SubsetPremise *premise,
								 const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_prefix_items(SubsetProof *proof, const SubsetPremise *premise,
								 const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_items(SubsetProof *proof, const SubsetPremise *premise,
						  const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_additional_items(SubsetProof *proof, const SubsetPremise *premise,
									 const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_unevaluated_items(SubsetProof *proof, const SubsetPremise *premise,
									  const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_contains(SubsetProof *proof, const SubsetPremise *premise,
							 const SubsetSchema *schema, SubsetKeyword keyword);

#endif /* SESSIONIZE_SUBSET_ARRAY_H */
