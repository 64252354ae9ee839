/*
 * measure_fold.h
 *		From a session's events to the measures that the user has added.
 *
 * Each measure is what an aggregate of SQL gives over the session's events in order: count(*),
 * sum(x), min(x), max(x), count(DISTINCT x) and bool_or(...), each with FILTER; "first" and "last"
 * are the first and the last value that is not NULL.  Only "any" is false rather than NULL if no
 * event counts.  The active time is the sum of the pauses between successive events that count,
 * each at most as long as the cap.  Four kinds count what the derivation knows of the events: their
 * further copies, and whether their time was corrected.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_MEASURE_FOLD_H
#define SESSIONIZE_MEASURE_FOLD_H

#include "catalog/pipeline.h"
#include "derive/key_rows.h"
#include "source/record.h"

typedef struct MeasureFold MeasureFold;

/*
 * Prepare the fold of the measures of sessions or, if of_events, of events, in
 * CurrentMemoryContext; NULL if the pipeline has none. budget is the memory for distinct values, in
 * bytes.
 */
extern MeasureFold *measure_fold_create(const Pipeline *pipeline, bool of_events,
										const RecordFormat *format, Size budget);

/* Begin a session of a key. */
extern void measure_fold_begin(MeasureFold *fold, Datum session_key);

/* Add an event of the session; events come in order. */
extern void measure_fold_add(MeasureFold *fold, const KeyRow *row);

/* The measures of the session, valid until the next session begins. */
extern const NullableDatum *measure_fold_end(MeasureFold *fold);

/*
 * The measures of an event of the session, valid until the next event.  Each is that of a session
 * which has only this event, but for the active time: the pause between the event and the previous
 * one that counts, so that their sum is the session's active time.
 */
extern const NullableDatum *measure_fold_event(MeasureFold *fold, const KeyRow *row);

/*
 * Whether a sum of a key's sessions may be out of the range of its type.  magnitudes_begin begins a
 * key; magnitudes_add adds an event and returns true once the absolute values alone are too large.
 * While it returns false, no session of the key has a sum that is out of range.
 */
extern bool measure_fold_has_sums(const MeasureFold *fold);
extern void measure_fold_magnitudes_begin(MeasureFold *fold);
extern bool measure_fold_magnitudes_add(MeasureFold *fold, const Record *record);

/*
 * A sum that is out of range is an error.  Between tries_begin and tries_end it is only noted, and
 * tries_end returns the message about the first one, in CurrentMemoryContext; NULL if there is
 * none.
 */
extern void measure_fold_tries_begin(MeasureFold *fold);
extern char *measure_fold_tries_end(MeasureFold *fold);

#endif /* SESSIONIZE_MEASURE_FOLD_H */
