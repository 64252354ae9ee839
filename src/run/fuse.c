/*
 * fuse.c
 *		The fuse: a burst of changes of existing raw rows holds the pipeline.
 *
 * While a pipeline is held, its notes stay.  So where there are no notes, it is not held, and a
 * look into the index of the notes is enough.  Where there are few, the looks take no SQL.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/skey.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/extension_sql.h"
#include "catalog/lock.h"
#include "catalog/pipeline.h"
#include "compat.h"
#include "run/fuse.h"
#include "spi/statement.h"
#include "wakeup/notify.h"

/* Whether a note n is older than the time within which rows are counted. */
#define IS_OLD "n.noted_at < now() - interval '1 hour'"

/* Rows of notes are added to those that were forgotten before. */
#define FORGOTTEN "INSERT INTO sessionize.fuse AS f (pipeline_id, forgotten) SELECT $1, "
#define ADDED_UP                                                                                   \
	" ON CONFLICT (pipeline_id) DO UPDATE SET forgotten = f.forgotten + excluded.forgotten"

/* With more notes than this, those of each minute become one. */
#define MANY_NOTES 1000

/* So few rows are no burst where changed_rows is not set; the view fuse_level has its default. */
#define SURELY_FEW 10000

static const char *const decisions[] = {
	[FUSE_APPLY] = "apply",
	[FUSE_SKIP] = "skip",
	[FUSE_REBUILD] = "rebuild",
};

/* A look at an index of one of our tables by its first column, the pipeline. */
typedef struct Probe
{
	Relation relation;
	SysScanDesc scan;
} Probe;

/*
 * probe_begin begins a look, in the active snapshot.
 */
static void
probe_begin(Probe *probe, const Pipeline *pipeline, const char *table, const char *index,
			AttrNumber attribute)
{
	Oid schema = get_namespace_oid("sessionize", false);
	ScanKeyData key;

	probe->relation = table_open(get_relname_relid(table, schema), AccessShareLock);
	ScanKeyInit(&key, attribute, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(pipeline->id));
	probe->scan = systable_beginscan(probe->relation, get_relname_relid(index, schema), true,
									 GetActiveSnapshot(), 1, &key);
}

/*
 * probe_next returns whether there is one more row, and some of its columns, which are numbers.
 */
static bool
probe_next(const Probe *probe, const AttrNumber *attributes, int count, int64 *values, bool *isnull)
{
	HeapTuple tuple = systable_getnext(probe->scan);

	if (!HeapTupleIsValid(tuple))
		return false;
	for (int i = 0; i < count; i++)
		values[i] = DatumGetInt64(
			heap_getattr(tuple, attributes[i], RelationGetDescr(probe->relation), &isnull[i]));
	return true;
}

/*
 * probe_end ends a look.
 */
static void
probe_end(const Probe *probe)
{
	systable_endscan(probe->scan);
	table_close(probe->relation, AccessShareLock);
}

/* What the notes say together. */
typedef struct Notes
{
	int64 count;
	int64 rows;
	TimestampTz oldest;
} Notes;

/*
 * sum_notes looks at the notes.
 */
static Notes
sum_notes(const Pipeline *pipeline)
{
	/* noted_at, updated, deleted */
	static const AttrNumber attributes[] = {3, 5, 6};
	Notes sum = {.oldest = DT_NOEND};
	int64 values[3];
	bool isnull[3];
	Probe probe;

	probe_begin(&probe, pipeline, "changed_rows", "changed_rows_pkey", 1);
	while (probe_next(&probe, attributes, 3, values, isnull))
	{
		sum.count++;
		sum.rows += values[1] + values[2];
		sum.oldest = Min(sum.oldest, values[0]);
	}
	probe_end(&probe);
	return sum;
}

/*
 * may_hold tells whether the pipeline is held, or so many rows may be a burst.
 */
static bool
may_hold(const Pipeline *pipeline, int64 rows)
{
	/* changed_rows */
	static const AttrNumber attribute = 3;
	int64 limit = SURELY_FEW;
	bool isnull = true;
	bool held;
	Probe probe;

	probe_begin(&probe, pipeline, "fuse_hold", "fuse_hold_held", 2);
	held = probe_next(&probe, NULL, 0, NULL, NULL);
	probe_end(&probe);
	if (held)
		return true;
	probe_begin(&probe, pipeline, "fuse", "fuse_pkey", 1);
	if (!probe_next(&probe, &attribute, 1, &limit, &isnull) || isnull)
		limit = SURELY_FEW;
	probe_end(&probe);
	return rows > limit;
}

/*
 * fuse_look tells whether the pipeline is held, or is to be.
 */
FuseState
fuse_look(const Pipeline *pipeline, bool *untidy)
{
	Notes sum = sum_notes(pipeline);
	int64 found[2] = {0, 0};

	*untidy = sum.count > MANY_NOTES || sum.oldest < GetCurrentTimestamp() - USECS_PER_HOUR;
	if (sum.count == 0 || !may_hold(pipeline, sum.rows))
		return FUSE_WHOLE;
	(void) extension_bigints(
		"SELECT EXISTS (SELECT FROM sessionize.fuse_hold AS h WHERE h.pipeline_id = "
		"v.pipeline_id AND h.released_at IS NULL)::int::bigint, v.blows::int::bigint "
		"FROM sessionize.fuse_level AS v WHERE v.pipeline_id = $1",
		SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline->id)), found, 2);
	if (found[0] != 0)
		return FUSE_HELD;
	return found[1] != 0 ? FUSE_BLOWS : FUSE_WHOLE;
}

/*
 * fuse_hint returns what to type when a pipeline is held.
 */
char *
fuse_hint(const char *pipeline)
{
	char *name = quote_literal_cstr(pipeline);

	return psprintf("SELECT sessionize.release_fuse(%s, 'apply'); if they are meant. Else undo "
					"them, then SELECT sessionize.release_fuse(%s, 'skip');",
					name, name);
}

/*
 * fuse_detail returns what has changed, for messages.
 */
char *
fuse_detail(const Pipeline *pipeline)
{
	bool isnull;
	Datum detail = extension_value(
		"SELECT format('%s existing raw rows were updated or deleted within an hour, since %s, and "
		"%s may be.', coalesce(h.changed_rows, v.rows), coalesce(h.since, v.since), "
		"coalesce(h.limit_rows, v.limit_rows)) FROM sessionize.fuse_level AS v "
		"LEFT JOIN sessionize.fuse_hold AS h ON h.pipeline_id = v.pipeline_id AND h.released_at IS "
		"NULL WHERE v.pipeline_id = $1",
		SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id)), &isnull);

	return isnull ? "Its changes were released meanwhile." : TextDatumGetCString(detail);
}

/*
 * fuse_hold holds the pipeline, and says so once in the server's log.
 */
bool
fuse_hold(const Pipeline *pipeline)
{
	int64 ignored = 0;

	pipeline_lock_fuse(pipeline);
	if (extension_run(
			"INSERT INTO sessionize.fuse_hold (pipeline_id, since, changed_rows, transactions, "
			"limit_rows) SELECT v.pipeline_id, v.since, v.rows, v.transactions, v.limit_rows "
			"FROM sessionize.fuse_level AS v WHERE v.pipeline_id = $1 AND v.blows "
			"ON CONFLICT (pipeline_id) WHERE released_at IS NULL DO NOTHING",
			SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id))) > 0)
		ereport(LOG,
				(errmsg("pipeline \"%s\" is held by its fuse", pipeline->name),
				 errdetail("%s", fuse_detail(pipeline)), errhint("%s", fuse_hint(pipeline->name))));
	return extension_bigints("SELECT 1::bigint FROM sessionize.fuse_hold AS h WHERE h.pipeline_id "
							 "= $1 AND h.released_at IS NULL",
							 SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id)), &ignored, 1);
}

/*
 * notes returns the ids of the pipeline's notes that fulfil a condition, as the active snapshot has
 * them; NULL if there are none.
 */
static ArrayType *
notes(const Pipeline *pipeline, const char *condition)
{
	bool isnull;
	Datum ids = extension_value(
		psprintf("SELECT array_agg(n.note_id) FROM sessionize.changed_rows AS n WHERE "
				 "n.pipeline_id = $1 AND %s",
				 condition),
		SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline->id)), &isnull);

	return isnull ? NULL : DatumGetArrayTypeP(ids);
}

/*
 * fuse_notes returns the ids of the pipeline's notes.
 */
ArrayType *
fuse_notes(const Pipeline *pipeline)
{
	return notes(pipeline, "true");
}

/*
 * fuse_forget forgets notes, and adds up their rows.
 */
void
fuse_forget(const Pipeline *pipeline, ArrayType *ids)
{
	extension_run("WITH n AS (DELETE FROM sessionize.changed_rows AS c WHERE c.pipeline_id = $1 "
				  "AND ($2::bigint[] IS NULL OR c.note_id = ANY ($2)) RETURNING c.*) " FORGOTTEN
				  "sum(n.updated + n.deleted) FROM n HAVING count(*) > 0" ADDED_UP,
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline->id),
							 SQL_DATUM(INT8ARRAYOID, PointerGetDatum(ids), ids == NULL)));
}

/*
 * fuse_release releases the pipeline.
 */
int64
fuse_release(const Pipeline *pipeline, FuseDecision decision, ArrayType *ids)
{
	int64 rows = -1;

	fuse_forget(pipeline, ids);
	if (extension_bigints("UPDATE sessionize.fuse_hold SET released_at = clock_timestamp(), "
						  "decision = $2, released_by = $3 WHERE pipeline_id = $1 AND released_at "
						  "IS NULL RETURNING changed_rows",
						  SQL_READ_WRITE,
						  SQL_VALUES(SQL_INT4(pipeline->id), SQL_TEXT(decisions[decision]),
									 SQL_TEXT(GetUserNameFromId(GetOuterUserId(), false))),
						  &rows, 1))
		worker_notify_at_commit(pipeline->id);
	return rows;
}

/*
 * fuse_tidy forgets notes that are older than the time within which rows are counted.  If there are
 * many, it makes one of those of each minute, and of those that the seal covers.
 */
void
fuse_tidy(const Pipeline *pipeline)
{
	int64 count[2] = {0, 0};
	bool many;
	ArrayType *ids;

	(void) extension_bigints("SELECT count(*), count(*) FILTER (WHERE " IS_OLD ") "
							 "FROM sessionize.changed_rows AS n WHERE n.pipeline_id = $1",
							 SQL_READ_ONLY, SQL_VALUES(SQL_INT4(pipeline->id)), count, 2);
	many = count[0] > MANY_NOTES;
	if (!many && count[1] == 0)
		return;
	ids = notes(pipeline, many ? "true" : IS_OLD);
	extension_run("WITH n AS (DELETE FROM sessionize.changed_rows AS c WHERE c.pipeline_id = $1 "
				  "AND c.note_id = ANY ($2) RETURNING c.*), "
				  "kept AS (INSERT INTO sessionize.changed_rows "
				  "(pipeline_id, noted_at, transactions, updated, deleted, newest) "
				  "SELECT $1, min(n.noted_at), sum(n.transactions), sum(n.updated), "
				  "sum(n.deleted), max(n.newest) "
				  "FROM n WHERE NOT (" IS_OLD ") "
				  "GROUP BY date_trunc('minute', n.noted_at), n.newest < $3) " FORGOTTEN
				  "sum(n.updated + n.deleted) FROM n WHERE " IS_OLD " HAVING count(*) > 0" ADDED_UP,
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(pipeline->id),
							 SQL_DATUM(INT8ARRAYOID, PointerGetDatum(ids), ids == NULL),
							 SQL_TIMESTAMPTZ(pipeline->sealed_before)));
}

/*
 * fuse_check_whole reports a pipeline that is held, or is to be.
 */
void
fuse_check_whole(const Pipeline *pipeline, const char *what)
{
	FuseState state;
	bool untidy;

	PushActiveSnapshot(GetLatestSnapshot());
	state = fuse_look(pipeline, &untidy);
	PopActiveSnapshot();
	if (state != FUSE_WHOLE)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("pipeline \"%s\" is held by its fuse and %s", pipeline->name, what),
				 errdetail("%s", fuse_detail(pipeline)), errhint("%s", fuse_hint(pipeline->name))));
}
