/*
 * capture_restored.h
 *		Capture triggers that come out of a dump.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_RESTORED_H
#define SESSIONIZE_CAPTURE_RESTORED_H

#include "postgres.h"

/*
 * A trigger was made by CREATE TRIGGER.  If it is one of a pipeline's, on its raw table or a partition, that is
 * watched from now on, and it is noted how many rows it has: a dump has a table's triggers after its rows.
 * Returns the trigger's table.
 */
extern Oid capture_restored_trigger(Oid trigger);

#endif /* SESSIONIZE_CAPTURE_RESTORED_H */
