/*
 * capture_intact.h
 *		Whether every change of a pipeline's raw rows is logged: the one definition of that.
 *
 * It is made by what the catalogs and sessionize.captured_table say in one snapshot, without a lock on any
 * of the raw table's tables; and by the pipeline's view and log as they are now, which are left out of account
 * while somebody has them locked.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CAPTURE_INTACT_H
#define SESSIONIZE_CAPTURE_INTACT_H

#include "utils/array.h"
#include "utils/snapshot.h"

#include "catalog/pipeline.h"
#include "catalog/raw_tree.h"

typedef enum CaptureFaultKind
{
	FAULT_NONE,
	FAULT_PROBLEM,     /* a table's changes can't be captured: raw_member_problem says why */
	FAULT_DISTRIBUTED, /* a table's rows are on other servers */
	FAULT_VIEW,        /* the view "source" is gone or not as create_pipeline made it: no key can be told */
	FAULT_LOG,         /* so is the dirty log */
	FAULT_TRIGGERS,    /* one of a table's triggers is not there, is another, or does not always fire */
	FAULT_REMADE,      /* a table's trigger for rows is another than it had: for a while it had none */
	FAULT_UNWATCHED,   /* a table has become part of the raw table, and capture was not told */
	FAULT_GONE         /* a table is no longer part of it, and capture was not told */
} CaptureFaultKind;

typedef struct CaptureFault
{
	CaptureFaultKind kind;
	RawMember table; /* of FAULT_GONE the relid alone; not of the view or the log */
} CaptureFault;

/*
 * The first fault of a pipeline with capture, as a snapshot sees it.  members is set to the tables looked at,
 * unless it is NULL.
 */
extern CaptureFault capture_find_fault(const Pipeline *pipeline, Snapshot snapshot, List **members);

/* Whether the pipeline has capture and the snapshot sees no fault. */
extern bool capture_was_intact(const Pipeline *pipeline, Snapshot snapshot);

/*
 * The ids of the notes (rebuild_need.h) that may be forgotten once all keys have been derived again from what the
 * active snapshot or a later one sees.  NULL where there are none, or where that snapshot sees that changes are not
 * captured: then what is missed from then on until they are is missed after the notes.  In CurrentMemoryContext.
 */
extern ArrayType *capture_settled_needs(const Pipeline *pipeline);

#endif /* SESSIONIZE_CAPTURE_INTACT_H */
