/*
 * capture_trigger.h
 *		The triggers on a raw table that log changes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_TRIGGER_H
#define SESSIONIZE_CAPTURE_TRIGGER_H

#include "utils/rel.h"

/*
 * Create a pipeline's triggers on its raw table, and have capture watch this table and its
 * partitions. The caller has checked the user's privileges. Waits for transactions that have
 * written to the table: the first rebuild sees what they have written, and later changes are
 * logged. Error if changes of one of the tables can't be captured.
 */
extern void capture_trigger_create(int32 pipeline, Relation raw);

/*
 * Have the triggers for inserted rows look at the columns that the key and the times are made of by
 * now, after these have changed.  The caller keeps writers away from the table.
 */
extern void capture_trigger_adapt(int32 pipeline, Relation raw);

/* A trigger of a pipeline. */
typedef struct CaptureTrigger
{
	const char *name;     /* without what all names have in common */
	const char *function; /* without its schema */
	int16 timing;         /* pg_trigger.h, like the next two */
	int16 events;
	char fires;
	struct Node *when; /* NULL: always */
	bool replace;      /* the one of this name, which keeps its OID */
} CaptureTrigger;

/*
 * Create a trigger on a table. A row trigger is also created on all partitions.
 */
extern void capture_trigger_make(int32 pipeline, Oid table, const CaptureTrigger *trigger);

/* The name of a trigger of a pipeline. */
extern char *capture_trigger_name(const char *name, int32 pipeline);

/* Drop a pipeline's triggers, as far as they exist. raw may be InvalidOid. */
extern void capture_trigger_drop(int32 pipeline, Oid raw);

/*
 * The trigger for TRUNCATE of one table. Partitions need it, too: TRUNCATE of the parent fires the
 * partitions' triggers, and TRUNCATE fires no event trigger.
 */
extern void capture_trigger_add_truncate(int32 pipeline, Oid table);
extern void capture_trigger_drop_truncate(int32 pipeline, Oid table);

#endif /* SESSIONIZE_CAPTURE_TRIGGER_H */
