/*
 * subset_show.h
 *		The comparison of two schemas, keyword by keyword.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_SHOW_H
#define SESSIONIZE_SUBSET_SHOW_H

#include "postgres.h"

#include "contract/subset_proof.h"

/* Of type SubsetShow. */
extern bool
subset_show(SubsetProof *proof, const SubsetPremise *premise, const SubsetSchema *schema);

#endif /* SESSIONIZE_SUBSET_SHOW_H */
