/*
 * outdate.h
 *		Notes that a pipeline's definition has changed, so that its star has to be rebuilt.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_OUTDATE_H
#define SESSIONIZE_OUTDATE_H

#include "catalog/pipeline.h"

/*
 * Note that none of the star's rows can be relied on any longer.  The next refresh rebuilds the
 * star, and the worker is woken to do so.  To be called outside of the owner's scope.
 */
extern void pipeline_outdate(const Pipeline *pipeline);

/*
 * The same for a change of measures or dimensions, which moves no boundary of a session: where
 * changes are captured, refreshes go on session by session until the star is rebuilt.
 */
extern void pipeline_outdate_columns(const Pipeline *pipeline);

#endif /* SESSIONIZE_OUTDATE_H */
