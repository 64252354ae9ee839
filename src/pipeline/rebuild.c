/*
 * rebuild.c
 *		CALL sessionize.rebuild(name): the star becomes what the raw rows say.
 *
 * The work is cut into steps, each a transaction: open the run; read the raw rows, in one snapshot; write
 * one piece after the other; make the indexes that are missing; gather statistics; close the run.  What a
 * finished step has written stays whatever happens later, and the next call goes on from there.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_inherits.h"
#include "catalog/pg_class.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pipeline/derive.h"
#include "pipeline/progress.h"
#include "pipeline/quarantine_writer.h"
#include "pipeline/rebuild.h"
#include "pipeline/run.h"
#include "pipeline/seen_log.h"
#include "pipeline/star.h"
#include "pipeline/star_ddl.h"
#include "pipeline/star_upkeep.h"
#include "pipeline/star_writer.h"
#include "pipeline/steps.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

/* Another number for every release that derives something else from the same rows: none resumes another's. */
#define DERIVATION_VERSION 1

typedef struct Rebuild
{
	MemoryContext context; /* outlives the transactions */
	Steps steps;
	Pipeline *pipeline;
	Run *run;
	Size budget;
	int pieces;
	bool *todo;             /* the pieces to write */
	bool *changed;          /* those of them that were done, but their raw rows have changed since */
	Derivation *derivation; /* of the pieces that were not done */
	Derivation *again;      /* of those that have changed; NULL where there are none */
	SeenLog *seen;          /* what the log said when the raw rows were read */
	StoredStar stored;
	StarWriter *writer;
	int piece;     /* to write in this step */
	int64 written; /* rows inserted, updated and deleted so far, by this call */
} Rebuild;

PG_FUNCTION_INFO_V1(sessionize_rebuild);

/*
 * write_failure notes an error in the run log.
 */
static void
write_failure(void *arg, const ErrorData *error)
{
	Rebuild *rebuild = arg;

	if (rebuild->run != NULL)
		run_fail(rebuild->run, error);
}

/*
 * definition_digest returns a digest of all that a derivation depends on besides the raw rows.
 */
static char *
definition_digest(const Pipeline *pipeline)
{
	Datum view = DirectFunctionCall1(pg_get_viewdef, ObjectIdGetDatum(pipeline->source_view));
	const SzRules *rules = &pipeline->rules;
	const SzClockRules *clock = &pipeline->clock;
	char *all = psprintf(
		"%d %s " UINT64_FORMAT " " UINT64_FORMAT " " UINT64_FORMAT " %d %s %s " UINT64_FORMAT
		" " UINT64_FORMAT " " UINT64_FORMAT " " INT64_FORMAT " " INT64_FORMAT " %d %d " INT64_FORMAT " %s",
		DERIVATION_VERSION, pipeline->name, rules->gap, rules->max_duration, rules->max_events,
		rules->midnight, pipeline->midnight ? pg_get_timezone_name(pipeline->midnight) : "",
		pg_get_timezone_name(pipeline->zone), pipeline->dedup_window, clock->skew_threshold, clock->max_lead,
		clock->min_time, clock->max_time, pipeline->store_events, pipeline->has_seal, pipeline->sealed_before,
		TextDatumGetCString(view));
	const unsigned char *bytes = (const unsigned char *) all;
	int len = (int) strlen(all);

	return psprintf("%016llx%016llx", (unsigned long long) hash_bytes_extended(bytes, len, 1),
					(unsigned long long) hash_bytes_extended(bytes, len, 2));
}

/*
 * open_step opens the run.
 */
static void
open_step(void *arg)
{
	Rebuild *rebuild = arg;
	uint32 handle = progress_begin();

	star_check(rebuild->pipeline);
	rebuild->run = run_open(rebuild->pipeline, definition_digest(rebuild->pipeline), handle);
	progress_set_run(rebuild->run->id);
	if (rebuild->run->pieces_done > 0)
		ereport(NOTICE, (errmsg("resuming: %d of %d pieces are done", rebuild->run->pieces_done,
								rebuild->run->pieces)));
}

/*
 * estimated_rows returns about how many rows the source has, with its partitions or children; negative
 * where nobody knows.
 */
static int64
estimated_rows(Oid source)
{
	List *relations = find_all_inheritors(source, NoLock, NULL);
	double rows = 0;
	ListCell *cell;

	foreach (cell, relations)
	{
		HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(lfirst_oid(cell)));
		Form_pg_class form;

		if (!HeapTupleIsValid(tuple))
			continue;
		form = (Form_pg_class) GETSTRUCT(tuple);
		if (form->relkind != RELKIND_PARTITIONED_TABLE)
			rows += form->reltuples;
		ReleaseSysCache(tuple);
		if (rows < 0)
			return -1;
	}
	return (int64) rows;
}

/*
 * show_rows_read counts the rows read.
 */
static void
show_rows_read(void *arg pg_attribute_unused(), int64 rows_read)
{
	progress_set(PROGRESS_ROWS_READ, rows_read);
}

/*
 * read_raw reads the raw rows of the pieces to do.
 *
 * In a run that is resumed those are the pieces that were not done; and, in the same snapshot, those that
 * were but whose raw rows have changed.  Which these are is known only after everything was read once.
 */
static void
read_raw(Rebuild *rebuild, Size budget)
{
	const Run *run = rebuild->run;
	bool any_changed = false;

	rebuild->derivation = derive_begin(rebuild->pipeline, rebuild->context, run->pieces, budget);
	rebuild->pieces = derive_pieces(rebuild->derivation);
	rebuild->todo = palloc(rebuild->pieces * sizeof(bool));
	rebuild->changed = palloc0(rebuild->pieces * sizeof(bool));
	for (int i = 0; i < rebuild->pieces; i++)
		rebuild->todo[i] = run->done == NULL || !run->done[i];
	derive_read(rebuild->derivation, GetActiveSnapshot(), rebuild->todo, show_rows_read, NULL);
	for (int i = 0; i < rebuild->pieces; i++)
	{
		PieceDigest digest = derive_digest(rebuild->derivation, i);

		if (!rebuild->todo[i] && memcmp(&digest, &run->digests[i], sizeof(digest)) != 0)
			rebuild->todo[i] = rebuild->changed[i] = any_changed = true;
	}
	if (any_changed)
	{
		rebuild->again = derive_begin(rebuild->pipeline, rebuild->context, rebuild->pieces, budget);
		derive_read(rebuild->again, GetActiveSnapshot(), rebuild->changed, show_rows_read, NULL);
		derive_quarantine_end(rebuild->again);
	}
}

/*
 * write_quarantine makes the quarantine hold the rows that no event can be made of.
 */
static void
write_quarantine(Rebuild *rebuild)
{
	StoredRows *stored = star_read_rows(rebuild->context, rebuild->pipeline, &star_quarantine, 1, NULL,
										rebuild->budget / 8, false);
	WriteCounts counts = {0};

	quarantine_write(rebuild->context, rebuild->pipeline, rebuild->derivation, stored, rebuild->budget / 8,
					 &counts);
}

/*
 * read_step reads everything: the raw rows, and the star as it is.
 */
static void
read_step(void *arg)
{
	Rebuild *rebuild = arg;
	bool empty = star_is_empty(rebuild->pipeline);

	progress_phase(PHASE_READING);
	progress_set(PROGRESS_ROWS_ESTIMATED, estimated_rows(rebuild->pipeline->source));
	rebuild->seen = seen_log_read(rebuild->pipeline);
	read_raw(rebuild, empty ? rebuild->budget / 4 * 3 : rebuild->budget / 2);
	star_lock(rebuild->pipeline);
	star_repair_members(rebuild->pipeline);
	write_quarantine(rebuild);
	run_has_read(rebuild->run, rebuild->pipeline, rebuild->pieces, derive_read_counts(rebuild->derivation),
				 star_rows(rebuild->pipeline));
	stored_star_read(&rebuild->stored, rebuild->context, rebuild->pipeline, rebuild->pieces, rebuild->todo,
					 rebuild->budget / 4);
	if (empty)
		star_drop_indexes(rebuild->pipeline);
	rebuild->writer = star_writer_create(rebuild->context, rebuild->pipeline, rebuild->budget);
	progress_phase(PHASE_WRITING);
	progress_set(PROGRESS_PIECES_TOTAL, rebuild->pieces);
}

/*
 * piece_step writes a piece.
 */
static void
piece_step(void *arg)
{
	Rebuild *rebuild = arg;
	int piece = rebuild->piece;
	Derivation *derivation = rebuild->changed[piece] ? rebuild->again : rebuild->derivation;
	StoredRows *late = rebuild->stored.late;
	StarRows replaced = {stored_sum(rebuild->stored.sessions, piece),
						 late == NULL ? 0 : stored_count(late, piece)};
	DeriveCounts derived;
	WriteCounts written;

	star_lock(rebuild->pipeline);
	star_writer_piece(rebuild->writer, derivation, piece, &rebuild->stored, &derived, &written);
	run_has_piece(rebuild->run, rebuild->pipeline, piece, derive_digest(derivation, piece), &derived,
				  &written, replaced);
	rebuild->written += written.inserted + written.updated + written.deleted;
	progress_add(PROGRESS_EVENTS, derived.events);
	progress_add(PROGRESS_SESSIONS, derived.sessions);
}

/*
 * index_step makes the indexes that are missing.
 */
static void
index_step(void *arg)
{
	Rebuild *rebuild = arg;

	progress_phase(PHASE_INDEXES);
	star_create_indexes(rebuild->pipeline);
}

/*
 * analyze_step gathers statistics.
 */
static void
analyze_step(void *arg)
{
	Rebuild *rebuild = arg;

	progress_phase(PHASE_ANALYZING);
	star_analyze(rebuild->pipeline);
}

/*
 * finish_step closes the run.
 */
static void
finish_step(void *arg)
{
	Rebuild *rebuild = arg;

	/*
	 * A piece that was done earlier, and whose raw rows are the same again, may have been refreshed in between
	 * to what they were for a while: its dirty rows have not had their effect yet.
	 */
	seen_log_forget(rebuild->seen, rebuild->pipeline, rebuild->run->pieces_done == 0);
	run_finish(rebuild->run, rebuild->pipeline);
}

/*
 * rebuild_star does all the steps.
 */
static void
rebuild_star(Rebuild *rebuild)
{
	steps_run(&rebuild->steps, open_step);
	steps_run(&rebuild->steps, read_step);
	for (int i = 0; i < rebuild->pieces; i++)
	{
		rebuild->piece = i;
		if (rebuild->todo[i])
			steps_run(&rebuild->steps, piece_step);
		progress_add(PROGRESS_PIECES_DONE, 1);
	}
	steps_run(&rebuild->steps, index_step);
	if (rebuild->written > 0 || rebuild->run->pieces_done > 0)
		steps_run(&rebuild->steps, analyze_step);
	steps_run(&rebuild->steps, finish_step);
}

/*
 * let_go frees what the end of a transaction does not.
 */
static void
let_go(Rebuild *rebuild)
{
	if (rebuild->derivation != NULL)
		derive_end(rebuild->derivation);
	if (rebuild->again != NULL)
		derive_end(rebuild->again);
	progress_end();
	pipeline_unlock_session(rebuild->pipeline);
}

/*
 * rebuild_pipeline brings a pipeline's star to what its raw rows say.
 */
void
rebuild_pipeline(const char *name, MemoryContext parent)
{
	MemoryContext caller = CurrentMemoryContext;
	Rebuild rebuild = {0};

	rebuild.context = AllocSetContextCreate(parent, "sessionize rebuild", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(rebuild.context);
	rebuild.budget = (Size) maintenance_work_mem * 1024;
	PushActiveSnapshot(GetTransactionSnapshot());
	rebuild.pipeline = pipeline_load(name);
	pipeline_check_owner(rebuild.pipeline);
	PopActiveSnapshot();
	pipeline_lock_session(rebuild.pipeline);
	PG_TRY();
	{
		/* Whatever was seen of it before the lock may have been of a pipeline that is no more. */
		Pipeline *locked;

		PushActiveSnapshot(GetTransactionSnapshot());
		locked = pipeline_load(name);
		PopActiveSnapshot();
		if (locked->id != rebuild.pipeline->id)
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("pipeline \"%s\" was created anew meanwhile", name), errhint("Try again.")));
		pipeline_check_owner(locked);
		rebuild.pipeline = locked;
		rebuild.steps = (Steps){rebuild.context, locked, write_failure, &rebuild};
		rebuild_star(&rebuild);
	}
	PG_FINALLY();
	{
		let_go(&rebuild);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(rebuild.context);
}

/*
 * sessionize_rebuild is CALL sessionize.rebuild(name).
 */
Datum
sessionize_rebuild(PG_FUNCTION_ARGS)
{
	steps_check_call(fcinfo, "CALL sessionize.rebuild()");
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("the pipeline's name must not be NULL"),
				 errhint("SELECT * FROM sessionize.pipelines shows the pipelines there are.")));
	SPI_connect_ext(SPI_OPT_NONATOMIC);
	rebuild_pipeline(text_to_cstring(PG_GETARG_TEXT_PP(0)), PortalContext);
	SPI_finish();
	PG_RETURN_VOID();
}
