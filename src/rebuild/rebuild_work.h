/*
 * rebuild_work.h
 *		A rebuild at work, as the files that do it share it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REBUILD_WORK_H
#define SESSIONIZE_REBUILD_WORK_H

#include "postgres.h"

#include "apply/memory_plan.h"
#include "apply/star_writer.h"
#include "catalog/lock.h"
#include "catalog/pipeline.h"
#include "derive/derive.h"
#include "rebuild/rebuild_baseline.h"
#include "rebuild/rebuild_options.h"
#include "run/run.h"
#include "run/steps.h"
#include "run/throttle.h"
#include "star/stored_star.h"

typedef struct Rebuild
{
	MemoryContext context; /* outlives the transactions */
	Steps steps;
	Pipeline *pipeline;
	RebuildOptions options;
	Run *run;
	RebuildMode mode;
	bool has_mode; /* its lock is held; likewise a turn */
	bool has_write_turn;
	Throttle throttle;
	Size budget;
	RebuildBaseline
		*baseline; /* what the log said when the raw rows were read; NULL: left to the refreshes */
	int pieces;
	int piece;            /* to write in this step */
	StarRelationId table; /* to analyze in this step */
	int64 written;        /* rows inserted, updated and deleted so far, by this call */

	/* rebuild_pieces.c */
	char *snapshot;         /* in which the raw rows were read */
	bool *todo;             /* the pieces to write */
	bool *changed;          /* those of them that were done, but their raw rows have changed since */
	Derivation *derivation; /* of the pieces that were not done */
	Derivation *again;      /* of those that have changed; NULL where there are none */
	MemoryPlan plan;
	StoredStar stored;
	StarWriter *writer;

	/* rebuild_newest.c */
	struct RefreshBatch *batch;
	int64 failed_keys;
} Rebuild;

/* Begin to write: no refresh is at work until the step's end. */
extern void rebuild_take_write_turn(const Rebuild *rebuild);

/* The same for the session; and the end of that. */
extern void rebuild_begin_write_turn(Rebuild *rebuild);
extern void rebuild_end_write_turn(Rebuild *rebuild);

/* What a derivation calls while it reads: count the rows, and rest.  arg is the rebuild. */
extern void rebuild_show_rows_read(void *arg, int64 rows_read);

#endif /* SESSIONIZE_REBUILD_WORK_H */
