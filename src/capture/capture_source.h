/*
 * capture_source.h
 *		What the capture trigger of a table has to know: to which pipeline's dirty log its rows
 *		belong, and how a row's key and event time are computed.
 *
 * Only capture_source leads from the table of a trigger to the pipeline and its log.
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
 * The source for a trigger that fired on a relation. It is cached until something that it depends
 * on changes, and valid until the end of the trigger call. NULL if there is nothing to capture: no
 * such pipeline, or the relation is not part of its raw table.
 */
extern CaptureSource *capture_source(Relation relation, const Trigger *trigger);

/*
 * A pipeline's source for the rows of a relation, which need not be part of its raw table; in
 * CurrentMemoryContext. NULL if there is no such pipeline, if it has lost its dirty log, or if its
 * view "source" is not as create_pipeline made it. If its expressions can't be prepared, this is an
 * error if strict is true, else NULL is returned.
 */
extern CaptureSource *capture_source_of(Relation relation, int32 pipeline, bool strict);

/*
 * Whether a user may insert any row into a pipeline's raw table, and so may log any key. False if
 * there is no such pipeline. Takes no lock.
 */
extern bool capture_source_may_insert(int32 pipeline, Oid user);

/*
 * Like capture_source, but for virtual tuples with only the captured columns of the raw table, in
 * the order of their attribute numbers. Also NULL if the key or a time is an expression, or if the
 * WHEN conditions of the triggers name other columns. *version is set to a number that changes when
 * the source does; 0 if the source is not valid beyond this call.
 */
extern CaptureSource *capture_source_of_values(int32 pipeline, uint64 *version);

/* Whether the source still has this version. */
extern bool capture_source_is_current(const CaptureSource *source, uint64 version);

/* The types of the values, and their number. */
extern const Oid *capture_source_types(const CaptureSource *source, int *count);

/*
 * The attributes that a row's key and event time are computed from; NULL if one of them needs an
 * expression.
 */
extern Bitmapset *capture_source_attributes(const CaptureSource *source);

/* How the row of an entry can be found again. */
typedef enum CapturedAs
{
	CAPTURED_BY_TIME, /* among the key's rows of this event time */
	CAPTURED_BY_KEY,  /* among all of the key's rows: the row has no time or another one */
	CAPTURED_NOT      /* only by a rebuild: an expression failed, and not because of the data */
} CapturedAs;

/* Compute the entry for a row of the relation: its key and event time. In CurrentMemoryContext. */
extern CapturedAs capture_source_read(CaptureSource *source, TupleTableSlot *slot, DirtyKey *dirty);

/* Have the transaction log the entry, or note that it can't. */
extern void capture_source_add(const CaptureSource *source, CapturedAs as, DirtyKey *dirty);

/*
 * Count a row, captured before, that was updated or deleted, for the fuse.  former and now: the
 * entries of its versions; now NULL: the row is gone.
 */
extern void
capture_source_count(const CaptureSource *source, const DirtyKey *former, const DirtyKey *now);

/* The id of the pipeline that a capture trigger belongs to; 0 if there is none. */
extern int32 capture_pipeline_id(const Trigger *trigger);

/* To be called once, when the library is loaded. */
extern void capture_source_install(void);

#endif /* SESSIONIZE_CAPTURE_SOURCE_H */
