/*
 * reject_gate.h
 *		Judging a row before it comes into the raw table, by contracts of mode "reject".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REJECT_GATE_H
#define SESSIONIZE_REJECT_GATE_H

#include "postgres.h"

#include "access/htup.h"
#include "utils/rel.h"

typedef struct RejectGate RejectGate;

/*
 * The gate of a pipeline's raw table. It is cached until something that it depends on changes; the
 * version is a number that changes when the gate does, 0 if the gate is not valid beyond this call.
 * NULL if no row is rejected: there is no such pipeline or contract, or the pipeline's view or a
 * schema is not in order, so that a rebuild would not get on, either.
 */
extern RejectGate *reject_gate(int32 pipeline, uint64 *version);

/* Whether the gate still has this version. */
extern bool reject_gate_is_current(const RejectGate *gate, uint64 version);

/* Whether a type is that of the raw table's rows. */
extern bool reject_gate_takes(const RejectGate *gate, Oid row_type);

/*
 * A row of a relation as a row of the raw table, in CurrentMemoryContext; NULL if the relation is
 * neither the raw table nor a part of it.
 */
extern HeapTuple reject_gate_convert(const RejectGate *gate, Relation relation, HeapTuple row);

/*
 * Raise an error if the row violates a contract of mode "reject", and would therefore be
 * quarantined if it were there. A row that is filtered, or that no event could be made of for
 * another reason, is let in.
 */
extern void reject_gate_judge(RejectGate *gate, HeapTuple row);

/* To be called once, when the library is loaded. */
extern void reject_gate_install(void);

#endif /* SESSIONIZE_REJECT_GATE_H */
