/*
 * run.c
 *		The log of rebuilds and refreshes: which ran, how far they got, and how many raw rows the star stands for.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "audit/reconcile.h"
#include "capture/capture_intact.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "dirty/rebuild_need.h"
#include "run/run.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "star/star.h"

/* Runs of each kind kept for each pipeline. */
#define RUNS_KEPT "1000"

#define MAX_PARAMETERS 16

/* A statement's parameters. */
typedef struct Parameters
{
	int count;
	Oid types[MAX_PARAMETERS];
	Datum values[MAX_PARAMETERS];
} Parameters;

/*
 * add_bigint adds a bigint to a statement's parameters.
 */
static void
add_bigint(Parameters *parameters, int64 value)
{
	Assert(parameters->count < MAX_PARAMETERS);
	parameters->types[parameters->count] = INT8OID;
	parameters->values[parameters->count++] = Int64GetDatum(value);
}

/*
 * add_text adds a text to a statement's parameters.
 */
static void
add_text(Parameters *parameters, const char *value)
{
	Assert(parameters->count < MAX_PARAMETERS);
	parameters->types[parameters->count] = TEXTOID;
	parameters->values[parameters->count++] = CStringGetTextDatum(value);
}

/*
 * execute runs a statement inside an SPI connection.
 */
static void
execute(const char *sql, Parameters *parameters)
{
	int result =
		SPI_execute_with_args(sql, parameters->count, parameters->types, parameters->values, NULL, false, 0);

	if (result < 0)
		elog(ERROR, "SPI_execute_with_args failed: %s", SPI_result_code_string(result));
}

/*
 * write_log runs a statement over the log's tables, as their owner.
 */
static void
write_log(const char *sql, Parameters *parameters)
{
	OwnerScope scope;

	extension_scope_enter(&scope);
	SPI_connect();
	execute(sql, parameters);
	SPI_finish();
	owner_scope_leave(&scope);
}

/*
 * result_bigint returns a column of a row that a statement returned, -1 for NULL.
 */
static int64
result_bigint(uint64 row, int column)
{
	bool isnull;
	Datum value = SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? -1 : DatumGetInt64(value);
}

/*
 * forget_runs forgets the oldest runs of a pipeline, inside an SPI connection.
 */
static void
forget_runs(const Pipeline *pipeline)
{
	static const char *const kinds[] = {"rebuild", "refresh"};

	for (size_t i = 0; i < lengthof(kinds); i++)
	{
		Parameters parameters = {0};

		add_bigint(&parameters, pipeline->id);
		add_text(&parameters, kinds[i]);
		execute("DELETE FROM sessionize.run WHERE pipeline_id = $1 AND kind = $2 AND run_id <= "
				"(SELECT r.run_id FROM sessionize.run AS r WHERE r.pipeline_id = $1 AND r.kind = $2 "
				"ORDER BY r.run_id DESC OFFSET " RUNS_KEPT " - 1 LIMIT 1)",
				&parameters);
	}
}

/*
 * find_resumable looks whether the last run of the pipeline can be resumed, and fills in run.
 *
 * One that reads everything needs a piece that was done; one that goes by the keys that are left, only these.
 */
static void
find_resumable(Run *run, const Pipeline *pipeline, const char *definition, RebuildOrder order)
{
	Parameters parameters = {0};
	bool newest_first;

	run->newest_first = order == ORDER_NEWEST_FIRST;
	add_bigint(&parameters, pipeline->id);
	add_text(&parameters, definition);
	execute("SELECT r.run_id, r.newest_first::int::bigint, "
			"CASE WHEN r.definition = $2 AND (r.newest_first OR "
			"EXISTS (SELECT FROM sessionize.rebuild_piece AS p WHERE p.run_id = r.run_id)) "
			"THEN r.pieces::bigint END "
			"FROM sessionize.run AS r WHERE r.pipeline_id = $1 AND r.state <> 'done' "
			"AND r.run_id = (SELECT max(l.run_id) FROM sessionize.run AS l WHERE l.pipeline_id = $1 "
			"AND l.kind = 'rebuild')",
			&parameters);
	if (SPI_processed == 0)
		return;
	newest_first = result_bigint(0, 2) != 0;
	if (order == ORDER_AS_BEFORE)
		run->newest_first = newest_first;
	if (result_bigint(0, 3) < 0 || newest_first != run->newest_first)
		return;
	run->id = result_bigint(0, 1);
	run->pieces = (int) result_bigint(0, 3);
}

/*
 * read_pieces reads which pieces of the run are done.
 */
static void
read_pieces(Run *run, MemoryContext context)
{
	Parameters parameters = {0};

	run->done = MemoryContextAllocZero(context, run->pieces * sizeof(bool));
	run->digests = MemoryContextAllocZero(context, run->pieces * sizeof(PieceDigest));
	add_bigint(&parameters, run->id);
	execute(
		"SELECT p.piece::bigint, p.digest, p.digest2 FROM sessionize.rebuild_piece AS p WHERE p.run_id = $1",
		&parameters);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		int64 piece = result_bigint(i, 1);

		if (piece < 0 || piece >= run->pieces)
			elog(ERROR, "a run of %d pieces has a piece " INT64_FORMAT, run->pieces, piece);
		run->done[piece] = true;
		run->digests[piece].sum[0] = (uint64) result_bigint(i, 2);
		run->digests[piece].sum[1] = (uint64) result_bigint(i, 3);
		run->pieces_done++;
	}
}

/*
 * take_up marks the run as running again.
 */
static void
take_up(const Run *run, uint32 progress_handle)
{
	Parameters parameters = {0};

	add_bigint(&parameters, run->id);
	add_bigint(&parameters, MyProcPid);
	add_bigint(&parameters, progress_handle);
	execute("UPDATE sessionize.run SET state = 'running', resumed_at = clock_timestamp(), ended_at = NULL, "
			"error = NULL, pid = $2, progress_handle = $3 WHERE run_id = $1",
			&parameters);
}

/*
 * insert_run opens a new run, closes those that did not end, and forgets the oldest.
 */
static void
insert_run(Run *run, const Pipeline *pipeline, const char *definition, uint32 progress_handle)
{
	Parameters parameters = {0};
	Parameters id = {0};

	add_bigint(&id, pipeline->id);
	execute("DELETE FROM sessionize.rebuild_piece AS p USING sessionize.run AS r "
			"WHERE p.run_id = r.run_id AND r.pipeline_id = $1",
			&id);
	execute("UPDATE sessionize.run SET state = 'interrupted', ended_at = clock_timestamp() "
			"WHERE pipeline_id = $1 AND state = 'running'",
			&id);
	forget_runs(pipeline);
	execute("INSERT INTO sessionize.ledger (pipeline_id) VALUES ($1) ON CONFLICT DO NOTHING", &id);
	add_bigint(&parameters, pipeline->id);
	add_bigint(&parameters, MyProcPid);
	add_bigint(&parameters, progress_handle);
	add_text(&parameters, definition);
	add_bigint(&parameters, run->newest_first);
	execute("INSERT INTO sessionize.run (pipeline_id, pid, progress_handle, definition, newest_first) "
			"VALUES ($1, $2, $3, $4, $5 <> 0) RETURNING run_id",
			&parameters);
	run->id = result_bigint(0, 1);
}

/*
 * check_resumable gives up the run to resume where it can't come to what is right: if somebody has changed the star since, for
 * nothing but its counts is looked at of the pieces that are done; and, newest first, if rows came or went that the dirty log
 * does not tell of, for no key is looked at again.
 */
static void
check_resumable(Run *run, const Pipeline *pipeline)
{
	if (run->pieces == 0)
		return;
	if (run->newest_first && capture_settled_needs(pipeline) != NULL)
	{
		run->pieces = 0;
		ereport(
			NOTICE,
			(errmsg(
				 "the interrupted rebuild is not resumed: rows came or went meanwhile that are not logged"),
			 errdetail("sessionize.rebuild_need says why pipeline \"%s\" needs a rebuild.", pipeline->name)));
	}
	else if (!reconcile_closes(pipeline))
	{
		run->pieces = 0;
		ereport(NOTICE, (errmsg("the interrupted rebuild is not resumed: its tables were changed meanwhile"),
						 errdetail("The rows of pipeline \"%s\" are not as many as the rebuild has noted.",
								   pipeline->name)));
	}
}

/*
 * run_open opens a run, or resumes the last one.
 */
Run *
run_open(const Pipeline *pipeline, const char *definition, uint32 progress_handle, RebuildOrder order)
{
	MemoryContext context = CurrentMemoryContext;
	Run *run = palloc0(sizeof(Run));
	OwnerScope scope;

	extension_scope_enter(&scope);
	SPI_connect();
	find_resumable(run, pipeline, definition, order);
	check_resumable(run, pipeline);
	if (run->pieces > 0)
	{
		read_pieces(run, context);
		take_up(run, progress_handle);
	}
	else
		insert_run(run, pipeline, definition, progress_handle);
	SPI_finish();
	owner_scope_leave(&scope);
	return run;
}

/*
 * ledger_rows returns how many rows the star stands for, as noted, in the active snapshot.
 */
static StarRows
ledger_rows(const Pipeline *pipeline)
{
	OwnerScope scope;
	int64 numbers[3] = {0};

	extension_scope_enter(&scope);
	(void) sql_query_bigints(psprintf("SELECT kept_rows, late_rows, quarantined_rows FROM sessionize.ledger "
									  "WHERE pipeline_id = %d",
									  pipeline->id),
							 numbers, 3);
	owner_scope_leave(&scope);
	return (StarRows){numbers[0], numbers[1], numbers[2]};
}

/*
 * add_to_ledger adds to how many rows the star stands for.
 */
static void
add_to_ledger(const Pipeline *pipeline, int64 kept, int64 late, int64 quarantined)
{
	Parameters ledger = {0};

	add_bigint(&ledger, pipeline->id);
	add_bigint(&ledger, kept);
	add_bigint(&ledger, late);
	add_bigint(&ledger, quarantined);
	write_log("UPDATE sessionize.ledger SET kept_rows = kept_rows + $2, late_rows = late_rows + $3, "
			  "quarantined_rows = quarantined_rows + $4, updated_at = now() WHERE pipeline_id = $1",
			  &ledger);
}

/*
 * run_has_read notes what the read has found.
 *
 * Refreshes may have added to the ledger after the snapshot, which stays.
 */
void
run_has_read(const Run *run, const Pipeline *pipeline, int pieces, const DeriveCounts *counts,
			 StarRows before, int64 more_quarantined)
{
	Parameters parameters = {0};
	StarRows noted = ledger_rows(pipeline);

	add_bigint(&parameters, run->id);
	add_bigint(&parameters, pieces);
	add_bigint(&parameters, counts->raw_rows);
	add_bigint(&parameters, counts->quarantined);
	write_log("UPDATE sessionize.run SET pieces = $2, raw_rows = $3, quarantined = $4 WHERE run_id = $1",
			  &parameters);
	add_to_ledger(pipeline, before.kept - noted.kept, before.late - noted.late,
				  before.quarantined - noted.quarantined + more_quarantined);
}

/*
 * run_has_keys notes that the keys are known.
 */
void
run_has_keys(const Run *run, const Pipeline *pipeline, int64 raw_rows, StarRows before)
{
	DeriveCounts counts = {.raw_rows = raw_rows, .quarantined = before.quarantined};

	run_has_read(run, pipeline, run->pieces, &counts, before, 0);
}

/*
 * insert_piece writes a finished piece down.
 */
static void
insert_piece(const Run *run, int piece, PieceDigest digest, const DeriveCounts *derived,
			 const WriteCounts *written, int64 kept)
{
	Parameters parameters = {0};

	add_bigint(&parameters, run->id);
	add_bigint(&parameters, piece);
	add_bigint(&parameters, (int64) digest.sum[0]);
	add_bigint(&parameters, (int64) digest.sum[1]);
	add_bigint(&parameters, kept);
	add_bigint(&parameters, derived->events);
	add_bigint(&parameters, derived->duplicates);
	add_bigint(&parameters, derived->conflicts);
	add_bigint(&parameters, derived->corrected);
	add_bigint(&parameters, derived->clamped);
	add_bigint(&parameters, derived->sessions);
	add_bigint(&parameters, derived->keys);
	add_bigint(&parameters, written->inserted);
	add_bigint(&parameters, written->updated);
	add_bigint(&parameters, written->deleted);
	write_log(
		"INSERT INTO sessionize.rebuild_piece AS p (run_id, piece, digest, digest2, kept_rows, events, "
		"duplicates, conflicts, corrected, clamped, sessions, keys, rows_inserted, rows_updated, "
		"rows_deleted) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) "
		"ON CONFLICT (run_id, piece) DO UPDATE SET digest = excluded.digest, digest2 = excluded.digest2, "
		"kept_rows = excluded.kept_rows, events = excluded.events, duplicates = excluded.duplicates, "
		"conflicts = excluded.conflicts, "
		"corrected = excluded.corrected, clamped = excluded.clamped, sessions = excluded.sessions, keys = "
		"excluded.keys, "
		"rows_inserted = p.rows_inserted + excluded.rows_inserted, "
		"rows_updated = p.rows_updated + excluded.rows_updated, "
		"rows_deleted = p.rows_deleted + excluded.rows_deleted, done_at = clock_timestamp()",
		&parameters);
}

/*
 * run_has_piece notes a finished piece.
 */
void
run_has_piece(const Run *run, const Pipeline *pipeline, int piece, PieceDigest digest,
			  const DeriveCounts *derived, const WriteCounts *written, StarRows kept, StarRows replaced)
{
	insert_piece(run, piece, digest, derived, written, kept.kept);
	add_to_ledger(pipeline, kept.kept - replaced.kept, kept.late - replaced.late, 0);
}

/*
 * run_has_batch notes a piece that was done as a refresh does it.
 */
void
run_has_batch(const Run *run, const Pipeline *pipeline, int piece, const DeriveCounts *derived,
			  const WriteCounts *written, StarRows before)
{
	int64 kept = derived->events + derived->duplicates;

	insert_piece(run, piece, (PieceDigest){{0, 0}}, derived, written, kept);
	add_to_ledger(pipeline, kept - before.kept, derived->late - before.late,
				  derived->quarantined - before.quarantined);
}

/*
 * run_finish closes the run; from now on the star is built.
 */
void
run_finish(const Run *run, const Pipeline *pipeline)
{
	Parameters ledger = {0};
	Parameters parameters = {0};

	add_bigint(&ledger, pipeline->id);
	write_log("UPDATE sessionize.ledger SET built = true, unbuilt_since = NULL, outdated = false, "
			  "updated_at = now() WHERE pipeline_id = $1",
			  &ledger);
	add_bigint(&parameters, run->id);
	write_log(
		"WITH s AS (DELETE FROM sessionize.rebuild_piece WHERE run_id = $1 RETURNING *) "
		"UPDATE sessionize.run AS r SET state = 'done', ended_at = clock_timestamp(), quarantined = CASE "
		"WHEN "
		"r.newest_first THEN (SELECT l.quarantined_rows FROM sessionize.ledger AS l WHERE l.pipeline_id = "
		"r.pipeline_id) ELSE r.quarantined END, "
		"(events, duplicates, conflicts, corrected, clamped, sessions, keys, rows_inserted, rows_updated, "
		"rows_deleted) = "
		"(SELECT coalesce(sum(s.events), 0), coalesce(sum(s.duplicates), 0), coalesce(sum(s.conflicts), 0), "
		"coalesce(sum(s.corrected), 0), coalesce(sum(s.clamped), 0), "
		"coalesce(sum(s.sessions), 0), coalesce(sum(s.keys), 0), coalesce(sum(s.rows_inserted), 0), "
		"coalesce(sum(s.rows_updated), 0), coalesce(sum(s.rows_deleted), 0) FROM s) WHERE run_id = $1",
		&parameters);
}

/*
 * run_fail notes that the run has stopped: interrupted where somebody or the server wanted that, failed
 * otherwise.  Both are resumed alike.
 */
void
run_fail(const Run *run, const ErrorData *error)
{
	Parameters parameters = {0};
	bool wanted = ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION;

	add_bigint(&parameters, run->id);
	add_text(&parameters, wanted ? "interrupted" : "failed");
	add_text(&parameters, error->message ? error->message : "unknown error");
	write_log(
		"UPDATE sessionize.run SET state = $2, ended_at = clock_timestamp(), error = $3 WHERE run_id = $1",
		&parameters);
}

/*
 * add_counts adds the counts of a refresh to a statement's parameters.
 */
static void
add_counts(Parameters *parameters, const DeriveCounts *derived, const WriteCounts *written)
{
	add_bigint(parameters, derived->raw_rows);
	add_bigint(parameters, derived->events);
	add_bigint(parameters, derived->duplicates);
	add_bigint(parameters, derived->conflicts);
	add_bigint(parameters, derived->quarantined);
	add_bigint(parameters, derived->corrected);
	add_bigint(parameters, derived->clamped);
	add_bigint(parameters, derived->sessions);
	add_bigint(parameters, derived->keys);
	add_bigint(parameters, written->inserted);
	add_bigint(parameters, written->updated);
	add_bigint(parameters, written->deleted);
}

/*
 * add_begin adds the pipeline, the process and the begin of a refresh to a statement's parameters.
 */
static void
add_begin(Parameters *parameters, const Pipeline *pipeline, TimestampTz started_at)
{
	add_bigint(parameters, pipeline->id);
	add_bigint(parameters, MyProcPid);
	parameters->types[parameters->count] = TIMESTAMPTZOID;
	parameters->values[parameters->count++] = TimestampTzGetDatum(started_at);
}

/*
 * run_unbuild notes that the star needs a rebuild, and since when.
 */
void
run_unbuild(const Pipeline *pipeline, bool outdated)
{
	Parameters ledger = {0};

	add_bigint(&ledger, pipeline->id);
	add_bigint(&ledger, outdated);
	write_log("UPDATE sessionize.ledger AS l SET built = false, outdated = l.outdated OR $2 <> 0, "
			  "unbuilt_since = CASE WHEN l.built THEN least(now(), (SELECT min(n.noted_at) "
			  "FROM sessionize.rebuild_need AS n WHERE n.pipeline_id = $1)) ELSE l.unbuilt_since END "
			  "WHERE l.pipeline_id = $1",
			  &ledger);
}

/*
 * run_forget_newest has nobody resume a rebuild, newest first, even if the rules become again what they were.
 */
void
run_forget_newest(const Pipeline *pipeline)
{
	Parameters parameters = {0};

	add_bigint(&parameters, pipeline->id);
	write_log(
		"UPDATE sessionize.run SET definition = '' WHERE pipeline_id = $1 AND newest_first AND state <> "
		"'done'",
		&parameters);
}

/*
 * run_refreshed notes a refresh's transaction.
 */
void
run_refreshed(const Pipeline *pipeline, TimestampTz started_at, const DeriveCounts *derived,
			  const WriteCounts *written, StarRows before)
{
	Parameters parameters = {0};

	add_to_ledger(pipeline, derived->events + derived->duplicates - before.kept, derived->late - before.late,
				  derived->quarantined - before.quarantined);
	add_begin(&parameters, pipeline, started_at);
	add_counts(&parameters, derived, written);
	write_log(
		"INSERT INTO sessionize.run (pipeline_id, kind, state, pid, started_at, ended_at, progress_handle, "
		"definition, raw_rows, events, duplicates, conflicts, quarantined, corrected, clamped, sessions, "
		"keys, "
		"rows_inserted, rows_updated, rows_deleted) "
		"VALUES ($1, 'refresh', 'done', $2, $3, clock_timestamp(), 0, '', $4, $5, $6, $7, $8, $9, $10, $11, "
		"$12, $13, $14, $15)",
		&parameters);
}

/*
 * run_refresh_failed notes that a refresh has stopped with an error.
 */
void
run_refresh_failed(const Pipeline *pipeline, TimestampTz started_at, const ErrorData *error)
{
	Parameters parameters = {0};
	bool wanted = ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION;

	add_begin(&parameters, pipeline, started_at);
	add_text(&parameters, wanted ? "interrupted" : "failed");
	add_text(&parameters, error->message ? error->message : "unknown error");
	write_log(
		"INSERT INTO sessionize.run (pipeline_id, kind, state, pid, started_at, ended_at, progress_handle, "
		"definition, error) VALUES ($1, 'refresh', $4, $2, $3, clock_timestamp(), 0, '', $5)",
		&parameters);
}

/*
 * run_trim forgets the oldest runs.
 */
void
run_trim(const Pipeline *pipeline)
{
	OwnerScope scope;

	extension_scope_enter(&scope);
	SPI_connect();
	forget_runs(pipeline);
	SPI_finish();
	owner_scope_leave(&scope);
}

/*
 * run_forgets_late notes that late rows were deleted.
 */
void
run_forgets_late(const Pipeline *pipeline, int64 rows)
{
	add_to_ledger(pipeline, 0, -rows, 0);
}

/*
 * run_erased notes that rows of the star were deleted with all that is known of their key.
 */
void
run_erased(const Pipeline *pipeline, StarRows rows, int64 quarantined, const char *key)
{
	Parameters errors = {0};

	add_to_ledger(pipeline, -rows.kept, -rows.late, -quarantined);
	add_bigint(&errors, pipeline->id);
	add_text(&errors, key);
	write_log("UPDATE sessionize.run SET error = 'erased: it named a session key' "
			  "WHERE pipeline_id = $1 AND strpos(error, $2) > 0",
			  &errors);
}
