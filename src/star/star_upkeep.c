/*
 * star_upkeep.c
 *		What a rebuild does to the star as a whole.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "catalog/definition.h"
#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "spi/sql.h"
#include "star/calendar.h"
#include "star/member_guard.h"
#include "star/star.h"
#include "star/star_upkeep.h"
#include "utils/subtransaction.h"

/*
 * append_parts appends each attribute of a dimension: a prefix and its column, an operator, and the
 * value that it should have.
 */
static void
append_parts(StringInfo sql, const Pipeline *pipeline, const StarDimension *dimension,
			 const char *prefix, const char *operator, const char * separator)
{
	for (int i = 0; i < dimension->own->nattributes; i++)
		appendStringInfo(sql, "%s%s%s %s %s", i > 0 ? separator : "", prefix,
						 quote_identifier(dimension->own->attributes[i].name), operator,
						 star_member_part_sql(pipeline, dimension, i));
}

/*
 * repair_parts restores the attributes of the members of a dimension that the user has added.
 */
static void
repair_parts(const Pipeline *pipeline, const StarDimension *dimension)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE %s AS d SET ", star_relation(pipeline, dimension->relation));
	append_parts(&sql, pipeline, dimension, "", "=", ", ");
	appendStringInfo(&sql,
					 " FROM (SELECT %s AS k, member AS m FROM %s WHERE member <> '" OTHER_MEMBER
					 "' OR member IS NULL) AS j WHERE j.k = d.%s AND (",
					 quote_identifier(dimension->key), star_relation(pipeline, dimension->relation),
					 quote_identifier(dimension->key));
	append_parts(&sql, pipeline, dimension, "d.", "IS DISTINCT FROM", " OR ");
	appendStringInfoChar(&sql, ')');
	(void) sql_execute(sql.data);
}

/*
 * repair_other restores the member "other" of a dimension that can't have any number of members.
 */
static void
repair_other(const Pipeline *pipeline, const StarDimension *dimension)
{
	const char *table = star_relation(pipeline, dimension->relation);
	const char *other = star_table(pipeline, dimension->relation)->member_other;

	if (other == NULL)
		return;
	(void) sql_executef("DELETE FROM %s WHERE %s = %d", table, quote_identifier(dimension->key),
						OTHER_KEY);
	(void) sql_executef("INSERT INTO %s %s", table, other);
}

/*
 * repair_dictionary restores the member "unknown" of a dictionary.
 */
static void
repair_dictionary(const Pipeline *pipeline, const StarDimension *dimension)
{
	const char *table = star_relation(pipeline, dimension->relation);
	const char *key = quote_identifier(dimension->key);

	(void) sql_executef("INSERT INTO %s (%s) VALUES (0) ON CONFLICT DO NOTHING", table, key);
	(void) sql_executef("UPDATE %s SET %s = NULL WHERE %s = 0 AND %s IS NOT NULL", table,
						dimension->member, key, dimension->member);
	if (dimension->own != NULL)
	{
		repair_other(pipeline, dimension);
		repair_parts(pipeline, dimension);
	}
}

/*
 * star_repair_members restores the members that facts refer to and no derivation returns.
 */
void
star_repair_members(const Pipeline *pipeline)
{
	for (int i = 0; i < star_dimension_count(pipeline); i++)
		if (star_dimension(pipeline, i)->is_dictionary)
			repair_dictionary(pipeline, star_dimension(pipeline, i));
	(void) sql_execute(
		star_sql(pipeline, "INSERT INTO @dim_user (user_key, valid_from, valid_to, is_current) "
						   "SELECT 0, '-infinity', 'infinity', true "
						   "WHERE NOT EXISTS (SELECT FROM @dim_user AS u WHERE u.user_key = 0)"));
	(void) sql_execute(star_sql(
		pipeline,
		"UPDATE @dim_user SET session_key = NULL, user_id = NULL, valid_from = '-infinity', "
		"valid_to = 'infinity', is_current = true WHERE user_key = 0 AND "
		"(session_key" SQL_IS_NOT_NULL " OR user_id IS NOT NULL OR valid_from > '-infinity' OR "
		"valid_to < 'infinity' OR NOT is_current)"));
	calendar_repair(pipeline);
}

/*
 * is_empty tells whether a table has no row for which a condition is true.
 */
static bool
is_empty(const Pipeline *pipeline, StarRelationId table, const char *condition)
{
	return sql_executef("SELECT FROM %s WHERE %s LIMIT 1", star_relation(pipeline, table),
						condition) == 0;
}

/*
 * star_is_empty tells whether the star has no facts and no users.
 */
bool
star_is_empty(const Pipeline *pipeline)
{
	return is_empty(pipeline, STAR_FACT_SESSION, "true") &&
		   is_empty(pipeline, STAR_DIM_USER, "user_key <> 0") &&
		   (!pipeline->store_events || is_empty(pipeline, STAR_FACT_EVENT, "true"));
}

/*
 * star_rows returns how many raw and sealed rows the star accounts for.
 */
StarRows
star_rows(const Pipeline *pipeline)
{
	StarRows rows = {0};

	(void) sql_query_bigints(star_sql(pipeline, "SELECT coalesce(sum(f.events + f.duplicates), "
												"0)::bigint FROM ONLY @fact_session AS f"),
							 &rows.kept, 1);
	(void) sql_query_bigints(star_sql(pipeline, "SELECT count(*) FROM ONLY @quarantine"),
							 &rows.quarantined, 1);
	if (pipeline->has_seal)
		(void) sql_query_bigints(star_sql(pipeline, "SELECT count(*) FROM ONLY @late"), &rows.late,
								 1);
	return rows;
}

/*
 * analyze is the work of star_analyze; arg is the table's name.
 */
static void
analyze(void *arg)
{
	(void) sql_executef("ANALYZE (SKIP_LOCKED) %s", (const char *) arg);
}

/*
 * star_analyze gathers the statistics of a relation, if it is a table whose statistics a rebuild
 * gathers.
 *
 * SKIP_LOCKED avoids a deadlock: CREATE INDEX CONCURRENTLY has a lock that conflicts with that of
 * ANALYZE, and waits for our transaction.
 */
void
star_analyze(const Pipeline *pipeline, StarRelationId relation)
{
	char *name = star_relation(pipeline, relation);
	char *message;

	if (!star_relation_is(relation, STAR_IS_ANALYZED) ||
		!star_relation_is_used(pipeline, relation) ||
		!OidIsValid(star_relation_oid(pipeline, relation)))
		return;
	if (!try_whatever_fails(analyze, name, &message))
		ereport(WARNING, (errmsg("could not analyze %s: %s", name, message)));
}
