/*
 * subset_object.h
 *		How keywords of objects are compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_OBJECT_H
#define SESSIONIZE_SUBSET_OBJECT_H

#include "postgres.h"

#include "contract/subset_proof.h"

/* Each of type SubsetComparison. */
extern bool compare_required(SubsetProof *proof, const SubsetPremise *premise,
							 const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_properties(SubsetProof *proof, const SubsetPremise *premise,
							   const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_pattern_properties(SubsetProof *proof, const SubsetPremise *premise,
									   const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_other_properties(SubsetProof *proof, const SubsetPremise *premise,
									 const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_property_names(SubsetProof *proof, const SubsetPremise *premise,
								   const SubsetSchema *schema, SubsetKeyword keyword);
extern bool compare_dependencies(SubsetProof *proof, const SubsetPremise *premise,
								 const SubsetSchema *schema, SubsetKeyword keyword);

#endif /* SESSIONIZE_SUBSET_OBJECT_H */
