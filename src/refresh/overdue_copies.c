/*
 * overdue_copies.c
 *		Copies of raw rows in the quarantine that are older than the pipeline's rules say.
 *
 * A refresh writes the rows of the keys that were logged, and leaves all others alone.  So the keys
 * of rows whose copies have become too old are logged, for the times of these rows.  No other code
 * than that of a refresh or rebuild ever changes the quarantine, under the locks that this needs.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "capture/pending_keys.h"
#include "catalog/extension_sql.h"
#include "catalog/quarantine_rules.h"
#include "catalog/star_relation.h"
#include "core/core.h"
#include "dirty/dirty.h"
#include "refresh/overdue_copies.h"

/* How often, at most, copies that are too old are looked for; for short times a part of them. */
#define LOOK_EVERY ((uint64) USECS_PER_HOUR)
#define LOOK_PART  10

/*
 * log_key logs a session key, or for NULL the rows without one, from one time to another; all times
 * if a row is not found by its time.
 */
static void
log_key(void *arg, const SqlRow *row)
{
	DirtyKey dirty;
	Datum lo;
	Datum hi;
	bool no_lo;
	bool no_hi;

	dirty.key = heap_getattr(row->tuple, 1, row->desc, &dirty.isnull);
	lo = heap_getattr(row->tuple, 2, row->desc, &no_lo);
	hi = heap_getattr(row->tuple, 3, row->desc, &no_hi);
	dirty.lo = no_lo ? DT_NOBEGIN : DatumGetTimestampTz(lo);
	dirty.hi = no_hi ? DT_NOEND : DatumGetTimestampTz(hi);
	pending_keys_add(arg, &dirty);
}

/*
 * takes_look notes that copies up to a time are looked at; false if others were just looked at.
 */
static bool
takes_look(const Pipeline *pipeline)
{
	const QuarantineRules *rules = pipeline->quarantine;
	uint64 pause = Min(LOOK_EVERY, rules->kept_for / LOOK_PART);

	return extension_run("UPDATE sessionize.quarantine_rule SET dropped_until = $2 "
						 "WHERE pipeline_id = $1 AND (dropped_until IS NULL OR dropped_until < $3)",
						 SQL_READ_WRITE,
						 SQL_VALUES(SQL_INT4(pipeline->id), SQL_TIMESTAMPTZ(rules->kept_since),
									SQL_TIMESTAMPTZ(rules->kept_since - (int64) pause))) > 0;
}

/*
 * overdue_copies_log logs the keys of copies that are too old.
 */
void
overdue_copies_log(const Pipeline *pipeline)
{
	const QuarantineRules *rules = pipeline->quarantine;
	DirtyLog log = {pipeline->id, dirty_table(pipeline), pipeline->types[SRC_SESSION_KEY]};

	if (rules == NULL || rules->kept_for == SZ_NO_LIMIT || !OidIsValid(log.table) ||
		!takes_look(pipeline))
		return;
	(void) sql_visit(
		star_sql_text(pipeline,
					  "SELECT q.session_key, "
					  "CASE WHEN pg_catalog.bool_and(q.event_time IS NOT NULL) THEN "
					  "pg_catalog.min(q.event_time) END, "
					  "CASE WHEN pg_catalog.bool_and(q.event_time IS NOT NULL) THEN "
					  "pg_catalog.max(q.event_time) END "
					  "FROM ONLY @quarantine AS q WHERE q.raw_row IS NOT NULL AND "
					  "coalesce(q.received_at, q.event_time) < $1 GROUP BY q.session_key"),
		SQL_READ_WRITE, SQL_VALUES(SQL_TIMESTAMPTZ(rules->kept_since)), log_key, &log);
}
