/*
 * capture_intact.h
 *		The definition of intact capture: every change of a pipeline's raw rows is logged.
 *
 * It depends on what the catalogs and sessionize.captured_table say in one snapshot, without a lock
 * on any of the raw table's parts, and on the pipeline's view and dirty log as they are now. A view
 * or log that another session has locked counts as intact.
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
	FAULT_VIEW,        /* the view "source" is gone or changed, so no key can be told */
	FAULT_LOG,         /* the dirty log is gone or changed */
	FAULT_TRIGGERS,    /* a trigger is missing, was replaced, or does not always fire */
	FAULT_REMADE,      /* the row trigger is not the recorded one, so there was none for a while */
	FAULT_UNWATCHED,   /* a table has become part of the raw table unnoticed */
	FAULT_GONE         /* a table has ceased to be part of the raw table unnoticed */
} CaptureFaultKind;

typedef struct CaptureFault
{
	CaptureFaultKind kind;
	RawMember table; /* unset for the view and the log; only relid if gone or distributed */
} CaptureFault;

/*
 * The first fault of a pipeline with capture, as a snapshot sees it. Unless members is NULL,
 * *members is set to the raw table and its parts.
 */
extern CaptureFault capture_find_fault(const Pipeline *pipeline, Snapshot snapshot, List **members);

/* Whether the pipeline has capture and the snapshot sees no fault. */
extern bool capture_was_intact(const Pipeline *pipeline, Snapshot snapshot);

/*
 * The ids of the notes (rebuild_need.h) that may be deleted once all keys have been derived from
 * what the active snapshot or a later one sees, in CurrentMemoryContext. NULL if there are none, or
 * if the snapshot sees that changes are not captured: then changes may be missed after the
 * snapshot, too, and the notes must stay.
 */
extern ArrayType *capture_settled_needs(const Pipeline *pipeline);

#endif /* SESSIONIZE_CAPTURE_INTACT_H */
