/*
 * subset_applied.h
 *		How keywords that apply other schemas to the same place are compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_APPLIED_H
#define SESSIONIZE_SUBSET_APPLIED_H

#include "postgres.h"

#include "contract/subset_proof.h"

/* Each of type SubsetComparison. */
extern bool compare_ref(SubsetProof *proof, const SubsetPremise *premise,
						const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_dynamic_ref(SubsetProof *proof, const SubsetPremise *premise,
								const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_all_of(SubsetProof *proof, const SubsetPremise *premise,
						   const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_any_of(SubsetProof *proof, const SubsetPremise *premise,
						   const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_one_of(SubsetProof *proof, const SubsetPremise *premise,
						   const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_not(SubsetProof *proof, const SubsetPremise *premise,
						const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_if(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema,
					   SubsetKeyword keyword);

#endif /* SESSIONIZE_SUBSET_APPLIED_H */
