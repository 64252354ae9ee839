/*
 * changed_days.h
 *		The days on which rows of the star change, for exports.
 *
 * A session is exported with the day on which it starts, and an event with the day of its session.
 * The days are noted in the subtransaction that writes the rows, once for each export of the
 * pipeline, so an export that takes the notes of its snapshot takes all changes of its snapshot.
 * More days than have changed may be noted.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHANGED_DAYS_H
#define SESSIONIZE_CHANGED_DAYS_H

#include "executor/tuptable.h"

#include "catalog/pipeline.h"
#include "spi/key_relation.h"

typedef struct ChangedDays ChangedDays;

/* No days, in a child of parent; NULL if the pipeline has no exports. */
extern ChangedDays *changed_days_create(MemoryContext parent, const Pipeline *pipeline);

/*
 * Note a row of fact_session, fact_event or dim_user that comes (values, in the table's columns),
 * goes (stored), or changes (both).
 */
extern void changed_days_note_session(ChangedDays *days, const Datum *values, const bool *isnull,
									  const TupleTableSlot *stored);
extern void
changed_days_note_event(ChangedDays *days, const Datum *values, const TupleTableSlot *stored);
extern void changed_days_note_user(ChangedDays *days, const Datum *values, const bool *isnull,
								   const TupleTableSlot *stored);

/*
 * Write the notes of the rows, which must have been written, and forget the rows.  days may be NULL.
 */
extern void changed_days_write(ChangedDays *days);

/* Write notes of the days of keys that are about to be erased, and of the erasure. */
extern void changed_days_of_keys(const Pipeline *pipeline, const KeyRelation *keys);

/*
 * Write notes of all days, since something has changed on which values of the views depend that no
 * fact has.
 */
extern void changed_days_of_all(const Pipeline *pipeline);

#endif /* SESSIONIZE_CHANGED_DAYS_H */
