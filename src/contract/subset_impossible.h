/*
 * subset_impossible.h
 *		Whether there are any documents of which all is true that is known.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_IMPOSSIBLE_H
#define SESSIONIZE_SUBSET_IMPOSSIBLE_H

#include "postgres.h"

#include "contract/subset_proof.h"

/* Whether there surely are no such documents. */
extern bool subset_impossible(SubsetProof *proof, const SubsetPremise *premise);

#endif /* SESSIONIZE_SUBSET_IMPOSSIBLE_H */
