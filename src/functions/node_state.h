/*
 * node_state.h
 *		What the aggregates over (time, name) share: the log in their state, and its serialization.
 *		An aggregate's own state contains the log and the parameters.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_NODE_STATE_H
#define SESSIONIZE_NODE_STATE_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "core/node_log.h"

/* Add an event at a finite time; name may be NULL. */
extern void
node_state_add(SzNodeLog *log, TimestampTz ts, uint32 mask, const text *name, MemoryContext cxt);

/* Add all events of another log. */
extern void node_state_merge(SzNodeLog *log, const SzNodeLog *other, MemoryContext cxt);

/* Sort the events. */
extern void node_state_sort(SzNodeLog *log, MemoryContext cxt);

/*
 * Number the names of a sorted log from 0; returns an array with a number for each event, in the
 * current context.
 */
extern uint32 *node_state_number(const SzNodeLog *log, uint32 *distinct);

/* The name of event number i, which must have one. */
extern text *node_state_name(const SzNodeLog *log, uint32 i);

/*
 * Append the log to a message; read it from a message up to its end, into a log that is not
 * initialized.
 */
extern void node_state_put(SzNodeLog *log, StringInfo out, MemoryContext cxt);
extern void node_state_get(SzNodeLog *log, StringInfo in, MemoryContext cxt);

/* Whether a log that was read has events, and each has a name and no steps. */
extern bool node_state_is_named(const SzNodeLog *log);

#endif /* SESSIONIZE_NODE_STATE_H */
