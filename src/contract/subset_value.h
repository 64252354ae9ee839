/*
 * subset_value.h
 *		How keywords of numbers, texts and whole values are compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_VALUE_H
#define SESSIONIZE_SUBSET_VALUE_H

#include "postgres.h"

#include "contract/subset_proof.h"

/* Each of type SubsetComparison. */
extern bool compare_type(SubsetProof *proof, const SubsetPremise *premise,
						 const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_const(SubsetProof *proof, const SubsetPremise *premise,
						  const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_enum(SubsetProof *proof, const SubsetPremise *premise,
						 const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_bound(SubsetProof *proof, const SubsetPremise *premise,
						  const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_multiple_of(SubsetProof *proof, const SubsetPremise *premise,
								const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_pattern(SubsetProof *proof, const SubsetPremise *premise,
							const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_format(SubsetProof *proof, const SubsetPremise *premise,
						   const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_least_size(SubsetProof *proof, const SubsetPremise *premise,
							   const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_greatest_size(SubsetProof *proof, const SubsetPremise *premise,
								  const SubsetSchema *schema, SubsetKeyword keyword);

#endif /* SESSIONIZE_SUBSET_VALUE_H */
