/*
 * subset_proof.h
 *		A proof that all documents of which something is known are valid by a schema.
 *
 * A proof walks down the schema, keyword by keyword.  What it can't show it refuses, so it errs on
 * one side only.  A schema that refers to itself is shown by induction: that a pair of premise and
 * schema holds may be used for the parts of documents while it is being shown for the whole.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_PROOF_H
#define SESSIONIZE_SUBSET_PROOF_H

#include "postgres.h"

#include "contract/subset_premise.h"

typedef struct SubsetProof SubsetProof;

/* Shows that the documents of a premise are valid by a schema; if not, sets path and reason. */
typedef bool (*SubsetShow)(SubsetProof *proof, const SubsetPremise *premise,
						   const SubsetSchema *schema);

/* Shows that they are valid by one keyword of it. */
typedef bool (*SubsetComparison)(SubsetProof *proof, const SubsetPremise *premise,
								 const SubsetSchema *schema, SubsetKeyword keyword);

struct SubsetProof
{
	SubsetShow show;
	const SubsetDocument *from; /* the version whose documents these are */
	const SubsetDocument *to;   /* the version that must accept them */
	List *pairs;                /* what is being shown, or has been */
	int steps;                  /* how many schemas have been looked at */
	int search_depth;           /* how deep in questions whether there are documents at all */
	char *path;                 /* of a keyword that refuses, in its version */
	char *reason;
};

/* Prepare a proof that all documents of one version are valid by another one. */
extern void subset_start(SubsetProof *proof, SubsetShow show, const SubsetDocument *from,
						 const SubsetDocument *to);

/* Note one step more.  Error when there are too many, or they take too much memory. */
extern void subset_step(SubsetProof *proof);

/*
 * Note why a keyword refuses, and return false.  In the message, %s stands for values; {to} is the
 * version that the schema is of, {from} the other one.
 */
extern bool subset_refuse(SubsetProof *proof, const SubsetSchema *schema, SubsetKeyword keyword,
						  const char *format, ...) pg_attribute_printf(4, 5);

/* The same for a keyword that may hold, while nothing shows it; format says what is not known. */
extern bool subset_unproven(SubsetProof *proof, const SubsetSchema *schema, SubsetKeyword keyword,
							const char *format, ...) pg_attribute_printf(4, 5);

/* The same for a keyword whose value is not what the standard wants. */
extern bool subset_malformed(SubsetProof *proof, const SubsetSchema *schema, SubsetKeyword keyword);

#endif /* SESSIONIZE_SUBSET_PROOF_H */
