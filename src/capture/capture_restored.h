/*
 * capture_restored.h
 *		Capture triggers that are restored from a dump.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_RESTORED_H
#define SESSIONIZE_CAPTURE_RESTORED_H

#include "postgres.h"

/*
 * Handle a trigger that CREATE TRIGGER has created. If it is a pipeline's trigger, on its raw table
 * or a partition, capture watches this table from now on, and records the table's size: a dump
 * creates a table's triggers after its rows. Returns the trigger's table.
 */
extern Oid capture_restored_trigger(Oid trigger);

#endif /* SESSIONIZE_CAPTURE_RESTORED_H */
