/*
 * star_upkeep.c
 *		What a rebuild does to the star as a whole.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "catalog/pipeline.h"
#include "source/sealed_rows.h"
#include "spi/sql.h"
#include "star/calendar.h"
#include "star/star_upkeep.h"
#include "utils/subtransaction.h"

/*
 * star_repair_members brings back what facts refer to without anything being derived for it.
 */
void
star_repair_members(const Pipeline *pipeline)
{
	const char *schema = quote_identifier(pipeline->name);

	sql_executef("INSERT INTO %s.dim_page (page_key) VALUES (0) ON CONFLICT DO NOTHING", schema);
	sql_executef("UPDATE %s.dim_page SET page = NULL WHERE page_key = 0 AND page IS NOT NULL", schema);
	sql_executef("INSERT INTO %s.dim_event (event_key) VALUES (0) ON CONFLICT DO NOTHING", schema);
	sql_executef("UPDATE %s.dim_event SET event_name = NULL WHERE event_key = 0 AND event_name IS NOT NULL",
				 schema);
	sql_executef("INSERT INTO %s.dim_user (user_key, valid_from, valid_to, is_current) "
				 "SELECT 0, '-infinity', 'infinity', true "
				 "WHERE NOT EXISTS (SELECT FROM %s.dim_user AS u WHERE u.user_key = 0)",
				 schema, schema);
	sql_executef(
		"UPDATE %s.dim_user SET session_key = NULL, user_id = NULL, valid_from = '-infinity', "
		"valid_to = 'infinity', is_current = true WHERE user_key = 0 AND (session_key" SQL_IS_NOT_NULL
		" OR user_id IS NOT NULL OR valid_from > '-infinity' OR valid_to < 'infinity' OR NOT is_current)",
		schema);
	calendar_repair(pipeline);
}

/*
 * star_is_empty tells whether nothing was ever written to the star, or all of it taken away.
 */
bool
star_is_empty(const Pipeline *pipeline)
{
	const char *schema = quote_identifier(pipeline->name);

	return sql_executef("SELECT FROM %s.fact_session LIMIT 1", schema) == 0 &&
		   sql_executef("SELECT FROM %s.dim_user WHERE user_key <> 0 LIMIT 1", schema) == 0 &&
		   (!pipeline->store_events || sql_executef("SELECT FROM %s.fact_event LIMIT 1", schema) == 0);
}

/*
 * star_rows returns how many rows the star says it stands for.
 */
StarRows
star_rows(const Pipeline *pipeline)
{
	const char *schema = quote_identifier(pipeline->name);
	StarRows rows = {0};

	(void) sql_query_bigints(psprintf("SELECT coalesce(sum(f.events + f.duplicates), 0)::bigint "
									  "FROM ONLY %s.fact_session AS f",
									  schema),
							 &rows.kept, 1);
	(void) sql_query_bigints(psprintf("SELECT count(*) FROM ONLY %s.quarantine", schema), &rows.quarantined,
							 1);
	if (pipeline->has_seal)
		(void) sql_query_bigints(psprintf("SELECT count(*) FROM ONLY %s.late", schema), &rows.late, 1);
	return rows;
}

/*
 * analyze gathers the statistics of the table of this name.
 */
static void
analyze(void *arg)
{
	(void) sql_executef("ANALYZE (SKIP_LOCKED) %s", (const char *) arg);
}

/* The last so many of the tables are empty where there was never a seal. */
#define STAR_SEALS 2

/*
 * star_analyze gathers statistics.
 *
 * With SKIP_LOCKED it waits for nobody: whoever makes an index concurrently has a lock that excludes ours, and waits for our
 * transaction.
 */
void
star_analyze(const Pipeline *pipeline, int table)
{
	static const char *const tables[] = {"fact_session", "fact_event", "dim_user",   "dim_page",
										 "dim_event",    "dim_date",   "quarantine", "session_alias",
										 SEALED_TABLE,   LATE_TABLE};
	char *name = quote_qualified_identifier(pipeline->name, tables[table]);
	char *message;

	StaticAssertStmt(lengthof(tables) == STAR_ANALYZED, "there are other tables to analyze");
	if (!OidIsValid(get_relname_relid(tables[table], pipeline->schema)) ||
		(table >= STAR_ANALYZED - STAR_SEALS && !pipeline->has_seal))
		return;
	if (!try_whatever_fails(analyze, name, &message))
		ereport(WARNING, (errmsg("could not analyze %s: %s", name, message)));
}
