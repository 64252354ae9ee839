/*
 * reconcile.h
 *		Whether a star's counts are those that were noted when its raw rows were read.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RECONCILE_H
#define SESSIONIZE_RECONCILE_H

#include "pipeline/pipeline.h"

/* Whether reconcile() would find no difference now.  Reads the star, not the raw rows. */
extern bool reconcile_closes(const Pipeline *pipeline);

#endif /* SESSIONIZE_RECONCILE_H */
