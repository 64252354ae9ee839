/*
 * lake_table.c
 *		What is exported of a table: its columns, their types, and the query of its rows.
 *
 * Two kinds of columns of the wide views are left out, because one row that comes would change them
 * in rows of any day: those that look at other sessions of the key, which a window function over the
 * exported sessions gives, and the person of the key, which is exported with the table person_key.
 * The column same_start is added: with it, the sessions of a key have an order.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/rel.h"

#include "catalog/star_relation.h"
#include "lake/lake_table.h"
#include "live/star_views.h"
#include "spi/key_relation.h"
#include "star/star.h"

/* What a column becomes that an interval is in. */
#define MICROSECONDS "_microseconds"

/* A Parquet file has no infinite times. */
#define FINITE "CASE WHEN isfinite(%1$s) THEN %1$s END"

/* How the values of a type are exported: the SQL is a format with the value in it. */
typedef struct LakeType
{
	Oid type;
	const char *name;
	const char *sql;
} LakeType;

static const LakeType lake_types[] = {
	{BOOLOID, "boolean", "%s"},
	{INT2OID, "integer", "(%s)::int4"},
	{INT4OID, "integer", "%s"},
	{INT8OID, "long", "%s"},
	{FLOAT4OID, "double", "(%s)::float8"},
	{FLOAT8OID, "double", "%s"},
	{DATEOID, "date", FINITE},
	{TIMESTAMPTZOID, "timestamp", FINITE},
	{INTERVALOID, "long", "(extract(epoch FROM %s) * 1000000)::int8"},
	{UUIDOID, "uuid", "(%s)::text"},
	{JSONOID, "json", "(%s)::text"},
	{JSONBOID, "json", "(%s)::text"},
	{TEXTOID, "string", "%s"},
};

/*
 * decimal_column fills in the type and value of a column of numbers.
 */
static void
decimal_column(LakeColumn *column, int32 typmod, int decimals)
{
	int digits = LAKE_DECIMAL_DIGITS;

	if (typmod >= (int32) VARHDRSZ)
	{
		int precision = ((typmod - VARHDRSZ) >> 16) & 0xFFFF;
		/* the scale has eleven bits, and a sign */
		int scale = (((typmod - VARHDRSZ) & 0x7FF) ^ 1024) - 1024;

		if (precision <= LAKE_DECIMAL_DIGITS && scale >= 0 && scale <= precision)
		{
			digits = precision;
			decimals = scale;
		}
	}
	column->type = psprintf("decimal(%d,%d)", digits, decimals);
	column->value = psprintf("sessionize.export_decimal(%s, %d, %s)", column->value, decimals,
							 quote_literal_cstr(column->name));
}

/*
 * convert_column has a column, whose value is of a type of PostgreSQL, converted.
 */
static void
convert_column(LakeColumn *column, Oid type, int32 typmod, int decimals)
{
	type = getBaseTypeAndTypmod(type, &typmod);
	if (type == NUMERICOID)
	{
		decimal_column(column, typmod, decimals);
		return;
	}
	if (type == INTERVALOID)
		column->name = psprintf("%s" MICROSECONDS, column->name);
	for (size_t i = 0; i < lengthof(lake_types); i++)
	{
		if (lake_types[i].type != type)
			continue;
		column->type = lake_types[i].name;
		/* the format is one of the array above */
		column->value = psprintf(lake_types[i].sql, column->value);
		return;
	}
	column->type = "string";
	column->value = psprintf("(%s)::text", column->value);
}

/*
 * add_column adds a column; an error if there is one of its name.
 */
static LakeColumn *
add_column(LakeTable *table, LakeColumn column)
{
	ListCell *cell;

	foreach (cell, table->columns)
	{
		const LakeColumn *other = lfirst(cell);

		if (pg_strcasecmp(other->name, column.name) == 0)
			ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
							errmsg("table \"%s\" can't be exported: two of its columns would be "
								   "called \"%s\"",
								   table->name, column.name),
							errdetail("An export adds the columns same_start and session_date, "
									  "gives a column of type interval the suffix " MICROSECONDS
									  ", and has names that differ in more than case."),
							errhint("Give the measure or dimension another name.")));
	}
	table->columns =
		lappend(table->columns, memcpy(palloc(sizeof(LakeColumn)), &column, sizeof(LakeColumn)));
	return llast(table->columns);
}

/*
 * add_attribute adds a column of a relation.
 */
static void
add_attribute(LakeTable *table, Relation relation, AttrNumber attribute, const char *value,
			  int decimals)
{
	Form_pg_attribute form = TupleDescAttr(RelationGetDescr(relation), attribute - 1);
	LakeColumn column = {
		.name = pstrdup(NameStr(form->attname)),
		.value = value,
		.comment = GetComment(RelationGetRelid(relation), RelationRelationId, attribute),
	};

	convert_column(&column, form->atttypid, form->atttypmod, decimals);
	(void) add_column(table, column);
}

/*
 * add_view_columns adds the columns of a wide view, as far as the view has them.
 */
static void
add_view_columns(LakeTable *table, const Pipeline *pipeline, const StarView *view, int decimals)
{
	Relation relation = relation_open(star_relation_oid(pipeline, view->relation), AccessShareLock);

	for (int i = 0; i < view->ncolumns; i++)
	{
		const StarViewColumn *column = &view->columns[i];
		AttrNumber attribute = get_attnum(RelationGetRelid(relation), column->name);
		StringInfoData value;

		if (attribute == InvalidAttrNumber || column->of_neighbours || column->keyed != 0)
			continue;
		initStringInfo(&value);
		star_view_append_value(&value, pipeline, view, column);
		add_attribute(table, relation, attribute, value.data, decimals);
	}
	relation_close(relation, AccessShareLock);
}

/*
 * resolve_sessions describes the table "sessions".
 */
static void
resolve_sessions(LakeTable *table, const Pipeline *pipeline, int decimals)
{
	const StarView *view = star_view(pipeline, VIEW_SESSIONS);
	StringInfoData from;

	initStringInfo(&from);
	add_view_columns(table, pipeline, view, decimals);
	(void) add_column(
		table, (LakeColumn){"same_start", "integer", "f.same_start",
							"0, or the place among the sessions of the key that start at the same "
							"time: with started_at, it orders the sessions of a key"});
	star_view_append_from(&from, pipeline, view);
	table->from = from.data;
	table->partition_column = "date";
	table->date_key = "f.date_key";
	table->of_days = "";
}

/*
 * resolve_events describes the table "events".  The view joins the session of an event as "s".
 */
static void
resolve_events(LakeTable *table, const Pipeline *pipeline, int decimals)
{
	const StarView *view = star_view(pipeline, VIEW_EVENTS);
	StringInfoData from;

	if (!pipeline->store_events)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("pipeline \"%s\" stores no events", pipeline->name),
						errhint("Export tables => '{sessions}', or create the pipeline with "
								"store_events => true.")));
	initStringInfo(&from);
	add_view_columns(table, pipeline, view, decimals);
	(void) add_column(table, (LakeColumn){"session_date", "date", "sd.date",
										  "the day on which its session starts"});
	star_view_append_from(&from, pipeline, view);
	appendStringInfo(&from, " LEFT JOIN %s AS sd ON sd.date_key = s.date_key",
					 star_relation(pipeline, STAR_DIM_DATE));
	table->from = from.data;
	table->partition_column = "session_date";
	table->date_key = "s.date_key";
	/* what follows from the id of the session: an index leads from some sessions to their events */
	table->of_days = psprintf(" AND f.session_key %s s.session_key "
							  "AND f.event_time BETWEEN s.started_at AND s.ended_at",
							  key_equals_sql(pipeline->types[SRC_SESSION_KEY]));
}

/*
 * resolve_relation describes any other table or view of the pipeline's schema.
 */
static void
resolve_relation(LakeTable *table, const Pipeline *pipeline, int decimals)
{
	Oid oid = get_relname_relid(table->name, pipeline->schema);
	Relation relation;

	if (!OidIsValid(oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("pipeline \"%s\" has no table or view \"%s\"", pipeline->name, table->name),
				 errhint("Name tables and views of the schema %s, as in tables => "
						 "'{sessions,events,dim_page}'.",
						 quote_identifier(pipeline->name))));
	relation = relation_open(oid, AccessShareLock);
	if (!RELKIND_HAS_TABLE_AM(relation->rd_rel->relkind) &&
		relation->rd_rel->relkind != RELKIND_VIEW &&
		relation->rd_rel->relkind != RELKIND_PARTITIONED_TABLE &&
		relation->rd_rel->relkind != RELKIND_FOREIGN_TABLE)
		ereport(
			ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("\"%s\" of pipeline \"%s\" is no table or view", table->name, pipeline->name),
			 errhint("Name tables and views of the schema %s.", quote_identifier(pipeline->name))));
	for (AttrNumber i = 1; i <= RelationGetNumberOfAttributes(relation); i++)
		if (!TupleDescAttr(RelationGetDescr(relation), i - 1)->attisdropped)
			add_attribute(
				table, relation, i,
				psprintf("f.%s", quote_identifier(NameStr(
									 TupleDescAttr(RelationGetDescr(relation), i - 1)->attname))),
				decimals);
	relation_close(relation, AccessShareLock);
	table->from =
		psprintf(" FROM %s AS f",
				 quote_qualified_identifier(get_namespace_name(pipeline->schema), table->name));
}

/*
 * lake_table_resolve describes a table of an export.
 */
LakeTable *
lake_table_resolve(const Pipeline *pipeline, const char *name, int decimals)
{
	LakeTable *table = palloc0(sizeof(LakeTable));

	table->name = name;
	if (strcmp(name, star_relations[STAR_SESSIONS].name) == 0)
		resolve_sessions(table, pipeline, decimals);
	else if (strcmp(name, star_relations[STAR_EVENTS].name) == 0)
		resolve_events(table, pipeline, decimals);
	else
		resolve_relation(table, pipeline, decimals);
	return table;
}

/*
 * lake_table_query returns the query of the rows of some days, or of all.
 */
char *
lake_table_query(const LakeTable *table, const List *date_keys)
{
	StringInfoData sql;
	ListCell *cell;

	initStringInfo(&sql);
	foreach (cell, table->columns)
	{
		const LakeColumn *column = lfirst(cell);

		appendStringInfo(&sql, "%s%s AS %s", sql.len == 0 ? "SELECT " : ", ", column->value,
						 quote_identifier(column->name));
	}
	appendStringInfoString(&sql, table->from);
	if (table->date_key == NULL || date_keys == NIL)
		return sql.data;
	appendStringInfo(&sql, " WHERE %s = ANY ('{", table->date_key);
	foreach (cell, date_keys)
		appendStringInfo(&sql, "%s%d", cell == list_head(date_keys) ? "" : ",", lfirst_int(cell));
	appendStringInfo(&sql, "}')%s", table->of_days);
	return sql.data;
}

/*
 * lake_table_digest_query returns a query of the number of rows and their digest.
 */
char *
lake_table_digest_query(const LakeTable *table)
{
	return psprintf("SELECT count(*), concat(count(*), ' ', sum(hashtextextended(r.row::text, 1)), "
					"' ', sum(hashtextextended(r.row::text, 2))) FROM (SELECT q AS row FROM (%s) "
					"AS q) AS r",
					lake_table_query(table, NIL));
}
