/*
 * rebuild_work.h
 *		The state of a rebuild, shared by the files that do it.
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
	bool has_mode; /* the lock of the mode is held */
	bool has_write_turn;
	bool rollups_are_exact; /* this call began, alone, with an empty star and empty rollups */
	Throttle throttle;
	Size budget;
	RebuildBaseline *baseline; /* what the snapshot saw; NULL: not read by this call */
	int pieces;
	int piece;            /* to write in this step */
	StarRelationId table; /* to be analyzed in this step */
	int64 written;        /* rows inserted, updated and deleted so far by this call */
	int64 failed_keys;    /* keys that this call could not derive */

	/* rebuild_pieces.c */
	char *snapshot;         /* the one in which the raw rows were read, as text */
	bool *todo;             /* for each piece: whether it is to be written */
	bool *changed;          /* for each piece: done before, but its raw rows changed since */
	Derivation *derivation; /* of the pieces that were not done before */
	Derivation *again;      /* of the changed pieces; NULL if there are none */
	MemoryPlan plan;
	StoredStar stored;
	StarWriter *writer;

	/* rebuild_newest.c */
	struct RefreshBatch *batch;
} Rebuild;

/*
 * Begin to write: take the star's table locks and the write turn, until the end of the step's
 * transaction.  No refresh writes meanwhile.
 */
extern void rebuild_take_write_turn(const Rebuild *rebuild);

/* Take the write turn for the session, over transactions; and give it up. */
extern void rebuild_begin_write_turn(Rebuild *rebuild);
extern void rebuild_end_write_turn(Rebuild *rebuild);

/* The DeriveProgress callback of a rebuild (arg): count the rows, and rest. */
extern void rebuild_show_rows_read(void *arg, int64 rows_read);

#endif /* SESSIONIZE_REBUILD_WORK_H */
