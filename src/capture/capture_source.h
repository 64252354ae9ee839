/*
 * capture_source.h
 *		What the capture trigger of a table has to know: which pipeline's dirty log its rows go to, and how a row's
 *		key and event time are read.
 *
 * The step from the table that fired to the pipeline and its log is capture_source, and nothing else.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_SOURCE_H
#define SESSIONIZE_CAPTURE_SOURCE_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/bitmapset.h"
#include "utils/rel.h"
#include "utils/reltrigger.h"

#include "capture/pending_keys.h"
#include "dirty/dirty_key.h"

typedef struct CaptureSource CaptureSource;

/*
 * The source of a trigger that fired on a relation, cached as long as nothing it depends on changes; NULL where
 * there is nothing to capture: no such pipeline, or the relation is no part of its raw table.  Good until the
 * end of the trigger call.
 */
extern CaptureSource *capture_source(Relation relation, const Trigger *trigger);

/*
 * The source of a relation's rows for a pipeline, whether the relation is part of its raw table or not; in
 * CurrentMemoryContext.  NULL where there is no such pipeline, it has lost its dirty log, or its view
 * "source" is not the one that create_pipeline made.  Where its expressions can't be made ready, that is an
 * error if strict, else NULL as well.
 */
extern CaptureSource *capture_source_of(Relation relation, int32 pipeline, bool strict);

/*
 * Whether a user may insert any rows into a pipeline's raw table, so that he may log as much; false also where there is no such pipeline.
 * Takes no lock.
 */
extern bool capture_source_may_insert(int32 pipeline, Oid user);

/*
 * The same for rows of which only the values of some of the raw table's columns are given, in the columns' order, as a virtual tuple of
 * these alone; NULL also where more than that is needed, or the conditions of its triggers are of other columns.  version is set to a
 * number that stays as long as the source does, 0 where it does not last until the next call.
 */
extern CaptureSource *capture_source_of_values(int32 pipeline, uint64 *version);

/* Whether it is still the source of that version. */
extern bool capture_source_is_current(const CaptureSource *source, uint64 version);

/* The types of the values. */
extern const Oid *capture_source_types(const CaptureSource *source, int *count);

/* The columns that a row's key and event time are made of, in order; NULL where they are made by expressions. */
extern Bitmapset *capture_source_attributes(const CaptureSource *source);

/* How a row can be looked at again. */
typedef enum CapturedAs
{
	CAPTURED_BY_TIME, /* with the key's rows of that event time */
	CAPTURED_BY_KEY,  /* with all of the key's rows: it gives another time, or none */
	CAPTURED_NOT      /* only by a rebuild: an expression fails for a reason that is not in the data */
} CapturedAs;

/* What a row of the relation makes dirty: its key and event time.  In CurrentMemoryContext. */
extern CapturedAs capture_source_read(CaptureSource *source, TupleTableSlot *slot, DirtyKey *dirty);

/* Have the transaction log it, or note that it can't. */
extern void capture_source_add(const CaptureSource *source, CapturedAs as, DirtyKey *dirty);

/* The id of the pipeline that a trigger on sessionize.capture() or the like serves; 0: none. */
extern int32 capture_pipeline_id(const Trigger *trigger);

/* Once, when the library is loaded. */
extern void capture_source_install(void);

#endif /* SESSIONIZE_CAPTURE_SOURCE_H */
