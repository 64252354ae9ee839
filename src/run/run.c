/*
 * run.c
 *		The log of rebuilds and refreshes, and the ledger: how many rows the star accounts for.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/snapmgr.h"

#include "audit/reconcile.h"
#include "capture/capture_intact.h"
#include "catalog/extension_sql.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "counters/counters.h"
#include "dirty/rebuild_need.h"
#include "run/run.h"
#include "run/run_counters.h"
#include "spi/scope.h"
#include "spi/statement.h"
#include "star/star.h"

/* How many runs of each kind are kept for each pipeline. */
#define RUNS_KEPT "1000"

/*
 * What a statement has of each counter (run_counters.h): nothing, the column, its place in a
 * format, its value, and so on.
 */
#define NOTHING(column, value)
#define COLUMN(column, value)          ", " #column
#define FORMAT(column, value)          ", " INT64_FORMAT
#define VALUE(column, value)           , value
#define NUMBER(column, value)          value,
#define SUM(column, value)             ", sum(s." #column ") AS " #column
#define SET_TO_SUM(column, value)      ", " #column " = coalesce(t." #column ", 0)"
#define SET_TO_NEW(column, value)      ", " #column " = excluded." #column
#define SET_TO_TOGETHER(column, value) ", " #column " = p." #column " + excluded." #column

/*
 * write_log runs a statement on the extension's own tables, as their owner.
 */
static void
write_log(const char *sql, SqlValues values)
{
	(void) extension_run(sql, SQL_READ_WRITE, values);
}

/*
 * run_trim deletes the oldest runs.
 */
void
run_trim(const Pipeline *pipeline)
{
	static const char *const kinds[] = {"rebuild", "refresh"};

	for (size_t i = 0; i < lengthof(kinds); i++)
		write_log(
			"DELETE FROM sessionize.run WHERE pipeline_id = $1 AND kind = $2 AND run_id <= "
			"(SELECT r.run_id FROM sessionize.run AS r WHERE r.pipeline_id = $1 AND r.kind = $2 "
			"ORDER BY r.run_id DESC OFFSET " RUNS_KEPT " - 1 LIMIT 1)",
			SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(kinds[i])));
}

/*
 * find_resumable looks whether the last rebuild of the pipeline can be resumed, and fills in run.
 *
 * A rebuild by hash needs a finished piece for that.  A rebuild with the newest keys first needs
 * only the keys that it has left.
 */
static void
find_resumable(Run *run, const Pipeline *pipeline, const char *definition, RebuildOrder order)
{
	int64 numbers[3]; /* id; newest first; pieces, -1: it can't be resumed */
	bool newest_first;

	run->newest_first = order == ORDER_NEWEST_FIRST;
	if (!extension_bigints(
			"SELECT r.run_id, r.newest_first::int::bigint, "
			"coalesce(CASE WHEN r.definition = $2 AND (r.newest_first OR "
			"EXISTS (SELECT FROM sessionize.rebuild_piece AS p WHERE p.run_id = r.run_id)) "
			"THEN r.pieces::bigint END, -1) "
			"FROM sessionize.run AS r WHERE r.pipeline_id = $1 AND r.state <> 'done' "
			"AND r.run_id = (SELECT max(l.run_id) FROM sessionize.run AS l WHERE l.pipeline_id = "
			"$1 AND l.kind = 'rebuild')",
			SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(definition)), numbers,
			lengthof(numbers)))
		return;
	newest_first = numbers[1] != 0;
	if (order == ORDER_AS_BEFORE)
		run->newest_first = newest_first;
	if (numbers[2] < 0 || newest_first != run->newest_first)
		return;
	run->id = numbers[0];
	run->pieces = (int) numbers[2];
}

/*
 * read_piece notes a finished piece of the run.
 */
static void
read_piece(void *arg, const SqlRow *row)
{
	Run *run = arg;
	int32 piece = sql_row_int4(row, 1);

	if (piece < 0 || piece >= run->pieces)
		elog(ERROR, "a run of %d pieces has a piece %d", run->pieces, piece);
	run->done[piece] = true;
	run->digests[piece].sum[0] = (uint64) sql_row_int8(row, 2);
	run->digests[piece].sum[1] = (uint64) sql_row_int8(row, 3);
	run->pieces_done++;
}

/*
 * read_pieces reads which pieces of the run are finished.
 */
static void
read_pieces(Run *run)
{
	run->done = palloc0(run->pieces * sizeof(bool));
	run->digests = palloc0(run->pieces * sizeof(PieceDigest));
	extension_visit("SELECT p.piece, p.digest, p.digest2 FROM sessionize.rebuild_piece AS p WHERE "
					"p.run_id = $1",
					SQL_READ_WRITE, SQL_VALUES(SQL_INT8(run->id)), read_piece, run);
}

/*
 * take_up marks a run that is resumed as running.
 */
static void
take_up(const Run *run, uint32 progress_handle)
{
	write_log("UPDATE sessionize.run SET state = 'running', resumed_at = clock_timestamp(), "
			  "ended_at = NULL, "
			  "error = NULL, pid = $2, progress_handle = $3 WHERE run_id = $1",
			  SQL_VALUES(SQL_INT8(run->id), SQL_INT4(MyProcPid), SQL_INT8(progress_handle)));
}

/*
 * insert_run opens a new run, marks those that did not end as interrupted, and deletes the oldest.
 */
static void
insert_run(Run *run, const Pipeline *pipeline, const char *definition, uint32 progress_handle)
{
	SqlValues id = SQL_VALUES(SQL_INT4(pipeline->id));

	write_log("DELETE FROM sessionize.rebuild_piece AS p USING sessionize.run AS r "
			  "WHERE p.run_id = r.run_id AND r.pipeline_id = $1",
			  id);
	write_log("UPDATE sessionize.run SET state = 'interrupted', ended_at = clock_timestamp() "
			  "WHERE pipeline_id = $1 AND state = 'running'",
			  id);
	run_trim(pipeline);
	write_log("INSERT INTO sessionize.ledger (pipeline_id) VALUES ($1) ON CONFLICT DO NOTHING", id);
	if (!extension_bigints("INSERT INTO sessionize.run (pipeline_id, pid, progress_handle, "
						   "definition, newest_first) "
						   "VALUES ($1, $2, $3, $4, $5) RETURNING run_id",
						   SQL_READ_WRITE,
						   SQL_VALUES(SQL_INT4(pipeline->id), SQL_INT4(MyProcPid),
									  SQL_INT8(progress_handle), SQL_TEXT(definition),
									  SQL_BOOL(run->newest_first)),
						   &run->id, 1))
		elog(ERROR, "could not write sessionize.run");
}

/*
 * check_resumable gives up the run to resume if the result might be wrong: if the star's counts
 * differ from the ledger's, since finished pieces are not compared again; and, for a rebuild with
 * the newest keys first, if rows came or went that the dirty log does not tell of, since finished
 * keys are not read again.
 */
static void
check_resumable(Run *run, const Pipeline *pipeline)
{
	if (run->pieces == 0)
		return;
	if (run->newest_first && capture_settled_needs(pipeline) != NULL)
	{
		run->pieces = 0;
		ereport(NOTICE,
				(errmsg("the interrupted rebuild is not resumed: rows came or went meanwhile that "
						"are not logged"),
				 errdetail("sessionize.rebuild_need says why pipeline \"%s\" needs a rebuild.",
						   pipeline->name)));
	}
	else if (!reconcile_closes(pipeline))
	{
		run->pieces = 0;
		ereport(
			NOTICE,
			(errmsg("the interrupted rebuild is not resumed: its tables were changed meanwhile"),
			 errdetail("The rows of pipeline \"%s\" are not as many as the rebuild has noted.",
					   pipeline->name)));
	}
}

/*
 * run_open opens a run, or resumes the last one.
 */
Run *
run_open(const Pipeline *pipeline, const char *definition, uint32 progress_handle,
		 RebuildOrder order)
{
	Run *run = palloc0(sizeof(Run));
	OwnerScope scope;

	extension_scope_enter(&scope);
	find_resumable(run, pipeline, definition, order);
	check_resumable(run, pipeline);
	if (run->pieces > 0)
	{
		read_pieces(run);
		take_up(run, progress_handle);
	}
	else
		insert_run(run, pipeline, definition, progress_handle);
	/* it leaves out the keys that were refreshed meanwhile, which must be refreshed as a whole */
	if (!run->newest_first)
		write_log("UPDATE sessionize.ledger SET filling = false WHERE pipeline_id = $1 AND filling",
				  SQL_VALUES(SQL_INT4(pipeline->id)));
	owner_scope_leave(&scope);
	return run;
}

/*
 * ledger_rows returns the ledger's numbers of rows, as the active snapshot sees them.
 */
static StarRows
ledger_rows(const Pipeline *pipeline)
{
	int64 numbers[3] = {0};

	(void) extension_bigints("SELECT kept_rows, late_rows, quarantined_rows FROM sessionize.ledger "
							 "WHERE pipeline_id = $1",
							 SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline->id)), numbers,
							 lengthof(numbers));
	return (StarRows){numbers[0], numbers[1], numbers[2]};
}

/*
 * add_to_ledger adds to the ledger's numbers of rows.
 */
static void
add_to_ledger(const Pipeline *pipeline, int64 kept, int64 late, int64 quarantined)
{
	write_log(
		"UPDATE sessionize.ledger SET kept_rows = kept_rows + $2, late_rows = late_rows + $3, "
		"quarantined_rows = quarantined_rows + $4, updated_at = now() WHERE pipeline_id = $1",
		SQL_VALUES(SQL_INT4(pipeline->id), SQL_INT8(kept), SQL_INT8(late), SQL_INT8(quarantined)));
}

/*
 * run_has_read notes what the reading has found.
 *
 * The ledger is corrected by a difference, so that what refreshes have added after the snapshot
 * stays.
 */
void
run_has_read(const Run *run, const Pipeline *pipeline, int pieces, const DeriveCounts *counts,
			 StarRows before, int64 more_quarantined)
{
	StarRows noted = ledger_rows(pipeline);

	write_log("UPDATE sessionize.run SET (pieces, raw_rows, quarantined, filtered, warned) = "
			  "($2, $3, $4, $5, $6) WHERE run_id = $1",
			  SQL_VALUES(SQL_INT8(run->id), SQL_INT4(pieces), SQL_INT8(counts->raw_rows),
						 SQL_INT8(counts->quarantined), SQL_INT8(counts->filtered),
						 SQL_INT8(counts->warned)));
	add_to_ledger(pipeline, before.kept - noted.kept, before.late - noted.late,
				  before.quarantined - noted.quarantined + more_quarantined);
}

/*
 * run_has_keys notes that the keys are known.
 */
void
run_has_keys(const Run *run, const Pipeline *pipeline, int64 raw_rows, int64 filtered,
			 StarRows before)
{
	DeriveCounts counts = {
		.raw_rows = raw_rows, .quarantined = before.quarantined, .filtered = filtered};

	run_has_read(run, pipeline, run->pieces, &counts, before, 0);
}

/*
 * insert_piece writes a finished piece to the log.
 */
static void
insert_piece(const Run *run, int piece, PieceDigest digest, const DeriveCounts *derived,
			 const WriteCounts *written, int64 kept)
{
	const char *columns = RUN_COUNTERS(NOTHING, COLUMN, COLUMN);
	const char *settings = RUN_COUNTERS(NOTHING, SET_TO_NEW, SET_TO_TOGETHER);
	const char *values =
		psprintf(RUN_COUNTERS(NOTHING, FORMAT, FORMAT) RUN_COUNTERS(NOTHING, VALUE, VALUE));

	write_log(psprintf("INSERT INTO sessionize.rebuild_piece AS p "
					   "(run_id, piece, digest, digest2, kept_rows%s) "
					   "VALUES ($1, $2, $3, $4, $5%s) "
					   "ON CONFLICT (run_id, piece) DO UPDATE SET digest = excluded.digest, "
					   "digest2 = excluded.digest2, kept_rows = excluded.kept_rows, "
					   "done_at = clock_timestamp()%s",
					   columns, values, settings),
			  SQL_VALUES(SQL_INT8(run->id), SQL_INT4(piece), SQL_INT8((int64) digest.sum[0]),
						 SQL_INT8((int64) digest.sum[1]), SQL_INT8(kept)));
}

/*
 * run_has_piece notes a finished piece.
 */
void
run_has_piece(const Run *run, const Pipeline *pipeline, int piece, PieceDigest digest,
			  const DeriveCounts *derived, const WriteCounts *written, StarRows kept,
			  StarRows replaced)
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
 * run_finish closes the run, and notes that the star is built.
 */
void
run_finish(const Run *run, const Pipeline *pipeline)
{
	count_run(pipeline->id, RUN_REBUILD, RUN_DONE);
	write_log("UPDATE sessionize.ledger SET built = true, unbuilt_since = NULL, outdated = false, "
			  "filling = false, updated_at = now() WHERE pipeline_id = $1",
			  SQL_VALUES(SQL_INT4(pipeline->id)));
	write_log(
		"WITH s AS (DELETE FROM sessionize.rebuild_piece WHERE run_id = $1 RETURNING *), "
		"t AS (SELECT count(*)" RUN_COUNTERS(
			NOTHING, SUM,
			SUM) " FROM s) "
				 "UPDATE sessionize.run AS r SET state = 'done', ended_at = clock_timestamp(), "
				 "quarantined = CASE WHEN r.newest_first THEN (SELECT l.quarantined_rows "
				 "FROM sessionize.ledger AS l WHERE l.pipeline_id = r.pipeline_id) ELSE "
				 "r.quarantined "
				 "END" RUN_COUNTERS(NOTHING, SET_TO_SUM, SET_TO_SUM) " FROM t WHERE r.run_id = $1",
		SQL_VALUES(SQL_INT8(run->id)));
}

/*
 * stopped_result returns the result of a run that has stopped with an error: interrupted if a user
 * or the server stopped it, else failed.  Both are resumed alike.
 */
static RunResult
stopped_result(const ErrorData *error)
{
	return ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION ? RUN_INTERRUPTED
																				   : RUN_FAILED;
}

/*
 * stopped_state returns the state of such a run.
 */
static SqlValue
stopped_state(const ErrorData *error)
{
	return SQL_TEXT(stopped_result(error) == RUN_INTERRUPTED ? "interrupted" : "failed");
}

/*
 * error_text returns the message of an error.
 */
static SqlValue
error_text(const ErrorData *error)
{
	return SQL_TEXT(error->message ? error->message : "unknown error");
}

/*
 * run_fail notes that the run has stopped.
 */
void
run_fail(const Run *run, const Pipeline *pipeline, const ErrorData *error)
{
	count_run(pipeline->id, RUN_REBUILD, stopped_result(error));
	write_log("UPDATE sessionize.run SET state = $2, ended_at = clock_timestamp(), error = $3 "
			  "WHERE run_id = $1",
			  SQL_VALUES(SQL_INT8(run->id), stopped_state(error), error_text(error)));
}

/*
 * run_unbuild notes that the star needs a rebuild, and since when.
 */
void
run_unbuild(const Pipeline *pipeline, UnbuildReason reason)
{
	write_log(
		"UPDATE sessionize.ledger AS l SET built = false, outdated = l.outdated OR $2, "
		"filling = $3 AND (l.built OR l.filling), "
		"unbuilt_since = CASE WHEN l.built THEN least(now(), (SELECT min(n.noted_at) "
		"FROM sessionize.rebuild_need AS n WHERE n.pipeline_id = $1)) ELSE l.unbuilt_since END "
		"WHERE l.pipeline_id = $1",
		SQL_VALUES(SQL_INT4(pipeline->id), SQL_BOOL(reason != UNBUILD_CHANGES),
				   SQL_BOOL(reason == UNBUILD_COLUMNS)));
}

/*
 * run_is_filling tells whether the star lacks nothing but columns.
 */
bool
run_is_filling(const Pipeline *pipeline)
{
	int64 filling = 0;

	PushActiveSnapshot(GetTransactionSnapshot());
	(void) extension_bigints("SELECT l.filling::int::bigint FROM sessionize.ledger AS l "
							 "WHERE l.pipeline_id = $1",
							 SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id)), &filling, 1);
	PopActiveSnapshot();
	return filling != 0;
}

/*
 * run_forget_newest clears the definition of unfinished runs with the newest keys first, so that
 * none is resumed, even if the rules are changed back.
 */
void
run_forget_newest(const Pipeline *pipeline)
{
	write_log("UPDATE sessionize.run SET definition = '' WHERE pipeline_id = $1 AND newest_first "
			  "AND state <> "
			  "'done'",
			  SQL_VALUES(SQL_INT4(pipeline->id)));
}

/*
 * run_refreshed notes a refresh's transaction.
 */
void
run_refreshed(const Pipeline *pipeline, TimestampTz started_at, const DeriveCounts *derived,
			  const WriteCounts *written, StarRows before)
{
	const int64 counts[] = {RUN_COUNTERS(NUMBER, NUMBER, NUMBER)};

	count_refresh(pipeline->id, counts, lengthof(counts));
	add_to_ledger(pipeline, derived->events + derived->duplicates - before.kept,
				  derived->late - before.late, derived->quarantined - before.quarantined);
	write_log(
		psprintf("INSERT INTO sessionize.run (pipeline_id, kind, state, pid, started_at, ended_at, "
				 "progress_handle, definition" RUN_COUNTERS(
					 COLUMN, COLUMN,
					 COLUMN) ") VALUES ($1, 'refresh', 'done', $2, $3, clock_timestamp(), 0, "
							 "''" RUN_COUNTERS(FORMAT, FORMAT,
											   FORMAT) ")" RUN_COUNTERS(VALUE, VALUE, VALUE)),
		SQL_VALUES(SQL_INT4(pipeline->id), SQL_INT4(MyProcPid), SQL_TIMESTAMPTZ(started_at)));
}

/*
 * run_refresh_failed notes that a refresh has stopped with an error.
 */
void
run_refresh_failed(const Pipeline *pipeline, TimestampTz started_at, const ErrorData *error)
{
	count_run(pipeline->id, RUN_REFRESH, stopped_result(error));
	write_log("INSERT INTO sessionize.run (pipeline_id, kind, state, pid, started_at, ended_at, "
			  "progress_handle, "
			  "definition, error) VALUES ($1, 'refresh', $4, $2, $3, clock_timestamp(), 0, '', $5)",
			  SQL_VALUES(SQL_INT4(pipeline->id), SQL_INT4(MyProcPid), SQL_TIMESTAMPTZ(started_at),
						 stopped_state(error), error_text(error)));
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
 * run_erased takes the rows off the ledger, and replaces errors in the log that contain the key's
 * text.
 */
void
run_erased(const Pipeline *pipeline, StarRows rows, int64 quarantined, const char *key)
{
	add_to_ledger(pipeline, -rows.kept, -rows.late, -quarantined);
	write_log("UPDATE sessionize.run SET error = 'erased: it named a session key' "
			  "WHERE pipeline_id = $1 AND strpos(error, $2) > 0",
			  SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(key)));
}
