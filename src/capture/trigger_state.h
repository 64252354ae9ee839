/*
 * trigger_state.h
 *		Which of a pipeline's triggers are on a table, and whether they always fire.
 *
 * A trigger is known by its function and its argument, whatever its name.  The catalog is read as a snapshot sees
 * it, without a lock on the table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_TRIGGER_STATE_H
#define SESSIONIZE_TRIGGER_STATE_H

#include "catalog/raw_tree.h"

/* The functions that triggers are known by; InvalidOid where there is none. */
typedef struct CaptureFunctions
{
	Oid capture;  /* for rows */
	Oid truncate; /* for TRUNCATE */
} CaptureFunctions;

extern CaptureFunctions capture_functions(void);

typedef struct TriggerState
{
	bool for_rows;     /* each row that comes, changes or goes is captured */
	bool for_truncate; /* so is TRUNCATE */
	Oid row_trigger;   /* that for deleted rows, the first of several; InvalidOid: there is none */
} TriggerState;

/* snapshot NULL: as the catalog is now. */
extern TriggerState trigger_state(int32 pipeline, Oid table, Snapshot snapshot);

/* Whether a table has all triggers it needs, so that of TRUNCATE if it has rows of its own. */
extern bool trigger_state_is_complete(const TriggerState *state, const RawMember *table);

/* Both in one, as it is now. */
extern bool trigger_state_has_all(int32 pipeline, const RawMember *table);

#endif /* SESSIONIZE_TRIGGER_STATE_H */
