/*
 * trigger_state.h
 *		Which of a pipeline's triggers a table has, and whether they always fire.
 *
 * A trigger is identified by its function and its argument, whatever its name is. pg_trigger is
 * read as of a snapshot, without a lock on the table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_TRIGGER_STATE_H
#define SESSIONIZE_TRIGGER_STATE_H

#include "catalog/raw_tree.h"

/* The events (pg_trigger.h) for which a table's row triggers must fire. */
#define ALL_ROW_EVENTS (TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE)

/* The functions that identify our triggers; InvalidOid if one is missing. */
typedef struct CaptureFunctions
{
	Oid capture;  /* of row triggers */
	Oid truncate; /* of triggers for TRUNCATE */
	Oid reject;   /* of the trigger that rejects rows */
} CaptureFunctions;

extern CaptureFunctions capture_functions(void);

typedef struct TriggerState
{
	bool for_rows;     /* each inserted, updated or deleted row is captured */
	bool for_truncate; /* TRUNCATE is captured */
	Oid row_trigger;   /* the first trigger for deleted rows; InvalidOid if there is none */
} TriggerState;

/* A NULL snapshot means the catalog as of now. */
extern TriggerState trigger_state(int32 pipeline, Oid table, Snapshot snapshot);

/*
 * Whether a table has all triggers that it needs: for rows, and for TRUNCATE if it stores rows
 * itself.
 */
extern bool trigger_state_is_complete(const TriggerState *state, const RawMember *table);

/* Whether a table has all triggers that it needs, as of now. */
extern bool trigger_state_has_all(int32 pipeline, const RawMember *table);

#endif /* SESSIONIZE_TRIGGER_STATE_H */
