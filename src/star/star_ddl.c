/*
 * star_ddl.c
 *		The schema of a pipeline: makes its tables, views and indexes, and drops them.
 *
 * Facts have no foreign keys: to check one costs more than to write the row, and verify() finds
 * missing members without them.  fact_event has no index by session: random uuids make such an
 * index the most expensive of all, and a session's events are found by its key and times.  No query
 * needs more columns in fact_event_key than these two.  Few events of a key have the same time, so
 * the index has deduplicate_items = off, which saves the search for equal entries.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "nodes/value.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/definition.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_contracts.h"
#include "catalog/star_relation.h"
#include "spi/sql.h"
#include "star/star.h"
#include "star/star_ddl.h"
#include "star/star_versions.h"

/*
 * The indexes that are not made together with their tables, in the order in which they are made.
 */
typedef struct StarIndex
{
	const char *name;
	StarRelationId table;
	bool is_bare;           /* dropped during the first build */
	const char *constraint; /* the constraint of which it is the index; NULL: none */
	const char *definition; /* without a constraint: what follows "CREATE INDEX name ON table" */
} StarIndex;

static const StarIndex star_indexes[] = {
	{"fact_session_pkey", STAR_FACT_SESSION, true, .constraint = "PRIMARY KEY (session_id)"},
	{"fact_session_key", STAR_FACT_SESSION, true, NULL, "(session_key, started_at)"},
	{"fact_session_shifted", STAR_FACT_SESSION, true, NULL, "(session_key) WHERE shifted > 0"},
	{"fact_session_copies", STAR_FACT_SESSION, true, NULL,
	 "(session_key) WHERE copies_until > '-infinity'"},
	{"fact_event_key", STAR_FACT_EVENT, true, NULL,
	 "(session_key, event_time) WITH (deduplicate_items = off)"},
	{"dim_user_pkey", STAR_DIM_USER, true, .constraint = "PRIMARY KEY (user_key)"},
	{"dim_user_session_key_valid_from_key", STAR_DIM_USER, true,
	 .constraint = "UNIQUE (session_key, valid_from)"},
	{"quarantine_pkey", STAR_QUARANTINE, true, .constraint = "PRIMARY KEY (quarantine_id)"},
	/*
	 * hash, since a key may be too long for a btree, which may be why its row is in the quarantine
	 */
	{"quarantine_key", STAR_QUARANTINE, true, NULL, "USING hash (session_key)"},
	/*
	 * A key may have very many rows that violate contracts: those of a window are found by their
	 * time, and whether it has any that have none.  The former have keys that fit into a btree.
	 */
	{"quarantine_time", STAR_QUARANTINE, true, NULL,
	 "(session_key, event_time) WHERE event_time IS NOT NULL"},
	{"quarantine_without_time", STAR_QUARANTINE, true, NULL,
	 "USING hash (session_key) WHERE event_time IS NULL"},
	{"quarantine_without_key", STAR_QUARANTINE, true, NULL,
	 "(quarantine_id) WHERE session_key" SQL_IS_NULL},
	{"session_alias_old", STAR_SESSION_ALIAS, false, NULL, "(old_session_id)"},
	{"session_alias_key", STAR_SESSION_ALIAS, false, NULL, "(session_key)"},
	{"backfill_piece", STAR_BACKFILL, false, NULL, "(piece)"},
	{"backfill_key", STAR_BACKFILL, false, NULL, "USING hash (session_key)"},
	{"sealed_key", STAR_SEALED, false, NULL, "(session_key)"},
	{"late_key", STAR_LATE, false, NULL, "(session_key)"},
	{"person_key_pkey", STAR_PERSON_KEY, false, .constraint = "PRIMARY KEY (session_key)"},
	{"person_key_person", STAR_PERSON_KEY, false, NULL, "(person_id)"},
	{"person_user_pkey", STAR_PERSON_USER, false, .constraint = "PRIMARY KEY (user_hash)"},
	{"person_user_person", STAR_PERSON_USER, false, NULL, "(person_id)"},
	/* hash, since a user id may have any length */
	{"person_user_id", STAR_PERSON_USER, false, NULL, "USING hash (user_id)"},
	{"person_link_pkey", STAR_PERSON_LINK, false,
	 .constraint = "PRIMARY KEY (session_key, user_hash)"},
	{"person_link_user", STAR_PERSON_LINK, false, NULL, "(user_hash)"},
	{"user_link_pkey", STAR_USER_LINK, false, .constraint = "PRIMARY KEY (user_hash, other_hash)"},
	{"user_link_other", STAR_USER_LINK, false, NULL, "(other_hash)"},
	{"user_excluded_pkey", STAR_USER_EXCLUDED, false, .constraint = "PRIMARY KEY (user_hash)"},
};

/* Comments on the columns of the view "source" that are not in star.c. */
static const char *const source_comments[][2] = {
	{"raw_table", "the table or partition the raw row lies in"},
	{"raw_ctid", "where in raw_table the raw row lies, as long as nothing rewrites it"},
};

/*
 * alignment_place returns the place of a column if columns are created in the order of their
 * alignment, widest first, to lose little space to padding.  Of the same alignment, columns whose
 * type the user chooses come after the others; texts, whose length varies, come last.
 */
static int
alignment_place(const StarColumn *column, const Pipeline *pipeline)
{
	static const char order[] = {TYPALIGN_DOUBLE, TYPALIGN_INT, TYPALIGN_SHORT, TYPALIGN_CHAR};
	bool is_chosen = !OidIsValid(column->type);
	int place = 0;
	int16 length;
	bool by_value;
	char align;

	get_typlenbyvalalign(star_column_type(column, pipeline), &length, &by_value, &align);
	if (length < 0)
		align = TYPALIGN_CHAR;
	while (order[place] != align)
		place++;
	return place * 3 + (is_chosen ? 1 : length < 0 ? 2 : 0);
}

/*
 * append_column appends a column's definition.
 */
static void
append_column(StringInfo sql, const StarColumn *column, const Pipeline *pipeline)
{
	Oid type = star_column_type(column, pipeline);

	appendStringInfo(sql, "%s %s%s%s", quote_identifier(column->name),
					 column->is_prose ? format_type_be_qualified(type) : sql_column_type(type),
					 column->definition ? " " : "", column->definition ? column->definition : "");
}

/*
 * append_columns appends the definitions of a table's columns in the order of their places.
 */
static void
append_columns(StringInfo sql, const StarTable *table, const Pipeline *pipeline)
{
	const char *separator = "";

	for (int place = -1; place <= 11; place++)
		for (int i = 0; i < table->ncolumns + table->ndefault; i++)
		{
			const StarColumn *column = &table->columns[i];

			if ((table->by_alignment ? alignment_place(column, pipeline) : column->place) != place)
				continue;
			appendStringInfoString(sql, separator);
			append_column(sql, column, pipeline);
			separator = ", ";
		}
}

/*
 * star_create_table makes a table and, for a dimension, its member "unknown".
 */
void
star_create_table(const Pipeline *pipeline, StarRelationId relation)
{
	const StarTable *table = star_table(pipeline, relation);
	char *name = star_table_name(table, pipeline);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE %sTABLE %s (", table->is_unlogged ? "UNLOGGED " : "", name);
	append_columns(&sql, table, pipeline);
	if (table->constraint != NULL)
		appendStringInfo(&sql, ", %s", table->constraint);
	appendStringInfoChar(&sql, ')');
	if (table->options != NULL)
		appendStringInfo(&sql, " WITH (%s)", table->options);
	(void) sql_execute(sql.data);
	for (int i = 0; i < table->ncolumns; i++)
		if (table->columns[i].is_unplanned)
			(void) sql_executef("ALTER TABLE %s ALTER COLUMN %s SET STATISTICS 0", name,
								quote_identifier(table->columns[i].name));
	if (table->member_zero != NULL)
		(void) sql_executef("INSERT INTO %s %s", name, table->member_zero);
	if (table->member_other != NULL)
		(void) sql_executef("INSERT INTO %s %s", name, table->member_other);
	/* without it, a publication for all tables would make UPDATE and DELETE fail */
	if (star_relation_is(table->relation, STAR_WITHOUT_PKEY))
		(void) sql_executef("ALTER TABLE %s REPLICA IDENTITY FULL", name);
}

/*
 * star_hint_dependents replaces the hint of an error about dependent objects.
 */
void
star_hint_dependents(void *arg pg_attribute_unused())
{
	if (geterrcode() == ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST)
		errhint("Drop the dependent objects, and create them again afterwards.");
}

/*
 * star_drop_by runs a statement that drops views or tables.
 */
void
star_drop_by(const char *sql)
{
	ErrorContextCallback callback = {error_context_stack, star_hint_dependents, NULL};

	error_context_stack = &callback;
	(void) sql_execute(sql);
	error_context_stack = callback.previous;
}

/*
 * star_drop_table drops the table of a dimension.
 */
void
star_drop_table(const Pipeline *pipeline, const char *name)
{
	star_drop_by(psprintf("DROP TABLE %s", quote_qualified_identifier(pipeline->name, name)));
}

/*
 * star_add_column adds a column to a table.
 */
void
star_add_column(const Pipeline *pipeline, StarRelationId relation, const char *name)
{
	const StarTable *table = star_table(pipeline, relation);
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "ALTER TABLE %s ADD COLUMN ", star_table_name(table, pipeline));
	for (int i = 0; i < table->ncolumns + table->ndefault; i++)
		if (strcmp(table->columns[i].name, name) == 0)
			append_column(&sql, &table->columns[i], pipeline);
	(void) sql_execute(sql.data);
}

/*
 * star_drop_column drops a column of a table.
 */
void
star_drop_column(const Pipeline *pipeline, StarRelationId relation, const char *name)
{
	(void) sql_executef("ALTER TABLE %s DROP COLUMN %s", star_relation(pipeline, relation),
						quote_identifier(name));
}

/*
 * star_type_converts tells whether the server converts each value of a type to another type.
 */
bool
star_type_converts(Oid from, Oid to)
{
	Oid function;

	return find_coercion_pathway(to, from, COERCION_IMPLICIT, &function) != COERCION_PATH_NONE;
}

/*
 * star_converted_sql returns the SQL that converts a value.
 */
char *
star_converted_sql(const char *value, Oid from, Oid to)
{
	if (from == to)
		return pstrdup(value);
	return psprintf(star_type_converts(from, to) ? "%s::%s" : "%s::pg_catalog.text::%s", value,
					format_type_be_qualified(to));
}

/*
 * alter_column appends the change of a column's type to ALTER TABLE. is_derived: the rebuild
 * derives its values anew, so that those that can't be converted may become NULL.
 */
static void
alter_column(StringInfo sql, const StarColumn *column, Oid from, Oid to, bool is_derived)
{
	const char *name = quote_identifier(column->name);
	const char *value = star_converted_sql(name, from, to);

	if (is_derived && !star_type_converts(from, to))
		value = "NULL";
	appendStringInfo(sql, "%s ALTER COLUMN %s TYPE %s USING %s", sql->len > 0 ? "," : "", name,
					 sql_column_type(to), value);
}

/*
 * star_alter_types gives the columns of tables other types.
 */
void
star_alter_types(const Pipeline *before, const Pipeline *after)
{
	for (int relation = 0; relation < STAR_RELATION_COUNT; relation++)
	{
		const StarTable *old = star_table(before, relation);
		const StarTable *new = star_table(after, relation);
		StringInfoData sql;

		initStringInfo(&sql);
		for (int i = 0; old != NULL && i < old->ncolumns + old->ndefault; i++)
		{
			Oid from = star_column_type(&old->columns[i], before);
			Oid to = star_column_type(&new->columns[i], after);

			if (from != to)
				alter_column(&sql, &old->columns[i], from, to,
							 old->columns[i].field.kind == FIELD_MEASURE ||
								 relation >= STAR_OWN_DIMENSION);
		}
		if (sql.len > 0 && OidIsValid(star_relation_oid(before, relation)))
			(void) sql_executef("ALTER TABLE %s%s", star_relation(before, relation), sql.data);
	}
}

/*
 * comment_on_column sets the comment of a column.
 */
static void
comment_on_column(const Pipeline *pipeline, StarRelationId relation, const char *column,
				  const char *comment)
{
	(void) sql_executef("COMMENT ON COLUMN %s.%s IS %s", star_relation(pipeline, relation),
						quote_identifier(column), quote_literal_cstr(comment));
}

/*
 * find_view returns the view that a relation is, or whose live form it is; NULL if it is none.
 */
static const StarView *
find_view(const Pipeline *pipeline, StarRelationId relation)
{
	for (int i = 0; i < VIEW_COUNT; i++)
	{
		const StarView *view = star_view(pipeline, i);

		if (view->relation == relation || view->live == relation)
			return view;
	}
	return NULL;
}

/*
 * comment_on_versions comments on the columns of the view of a dimension's versions.
 */
static void
comment_on_versions(const Pipeline *pipeline, StarRelationId relation)
{
	int count;
	const StarVersionColumn *columns = star_version_columns(
		&pipeline->definition->dimensions[relation - STAR_OWN_VERSIONS], &count);

	for (int i = 0; i < count; i++)
		comment_on_column(pipeline, relation, columns[i].name, columns[i].comment);
}

/*
 * star_comment_columns comments on a relation's columns, or on the column of one name.
 */
void
star_comment_columns(const Pipeline *pipeline, StarRelationId relation, const char *name)
{
	const StarTable *table = star_table(pipeline, relation);
	const StarView *view = find_view(pipeline, relation);

	if (!OidIsValid(star_relation_oid(pipeline, relation)))
		return;
	for (int i = 0; table != NULL && i < table->ncolumns + table->ndefault; i++)
		if (name == NULL || strcmp(table->columns[i].name, name) == 0)
			comment_on_column(pipeline, relation, table->columns[i].name,
							  table->columns[i].comment);
	for (int i = 0; view != NULL && i < view->ncolumns; i++)
		if (name == NULL || strcmp(view->columns[i].name, name) == 0)
			comment_on_column(pipeline, relation, view->columns[i].name,
							  star_view_comment(pipeline, view, &view->columns[i]));
}

/*
 * star_comment_relation comments on a relation and on its columns.
 */
void
star_comment_relation(const Pipeline *pipeline, StarRelationId relation)
{
	if (!OidIsValid(star_relation_oid(pipeline, relation)))
		return;
	(void) sql_executef("COMMENT ON %s %s IS %s",
						star_relation_is(relation, STAR_IS_VIEW) ? "VIEW" : "TABLE",
						star_relation(pipeline, relation),
						quote_literal_cstr(star_relation_comment(pipeline, relation)));
	star_comment_columns(pipeline, relation, NULL);
	if (relation >= STAR_OWN_VERSIONS && relation < STAR_ROLLUP_VIEW)
		comment_on_versions(pipeline, relation);
}

/*
 * star_comment_source comments on the columns of the view "source": what they mean, and what they
 * are taken from.
 */
void
star_comment_source(const Pipeline *pipeline, const char *const given[SRC_NCOLUMNS])
{
	const StarColumn *columns = star_table(pipeline, STAR_SEALED)->columns;

	for (SourceColumn i = 0; i < SRC_NCOLUMNS; i++)
		comment_on_column(pipeline, STAR_SOURCE, columns[i].name,
						  given[i] != NULL
							  ? psprintf("%s; taken from: %s", columns[i].comment, given[i])
							  : psprintf("%s; not mapped, so %s", columns[i].comment,
										 i == SRC_RAW_ID ? "a digest of the raw row" : "NULL"));
	for (size_t i = 0; i < lengthof(source_comments); i++)
		comment_on_column(pipeline, STAR_SOURCE, source_comments[i][0], source_comments[i][1]);
}

/*
 * star_comment_attribute comments on the columns of an attribute.
 */
void
star_comment_attribute(const Pipeline *pipeline, const AttributeDefinition *attribute)
{
	const char *comment = attribute_comment(attribute);
	Oid view = star_relation_oid(pipeline, STAR_SOURCE);

	/* the documents of contracts are not kept in sealed rows */
	if (attribute_is_judged(get_atttype(view, get_attnum(view, attribute->name))))
		comment = attribute->given == NULL
					  ? "of a contract that was dropped; no longer used"
					  : psprintf("judged by contracts, and not kept: %s", attribute->given);
	else
		comment_on_column(pipeline, STAR_SEALED, attribute->name, comment);
	comment_on_column(pipeline, STAR_SOURCE, attribute->name, comment);
}

/*
 * star_comment comments on the schema, its relations and their columns.
 */
void
star_comment(const Pipeline *pipeline, const char *const given[SRC_NCOLUMNS])
{
	(void) sql_executef("COMMENT ON SCHEMA %s IS %s", quote_identifier(pipeline->name),
						quote_literal_cstr(psprintf("pg_sessionize pipeline %s", pipeline->name)));
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		star_comment_relation(pipeline, i);
	star_comment_source(pipeline, given);
}

/*
 * star_create makes the schema with its tables, their indexes, and the view "source".
 */
void
star_create(Pipeline *pipeline, const char *source_query)
{
	(void) sql_executef("CREATE SCHEMA %s", quote_identifier(pipeline->name));
	pipeline->schema = get_namespace_oid(pipeline->name, false);
	(void) sql_executef("CREATE VIEW %s AS %s", star_relation(pipeline, STAR_SOURCE), source_query);
	pipeline->source_view = star_relation_oid(pipeline, STAR_SOURCE);
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star_table(pipeline, i) != NULL &&
			(pipeline->store_events || !star_relation_is(i, STAR_ONLY_EVENTS)) &&
			!star_relation_is(i, STAR_ONLY_IDENTITY))
			star_create_table(pipeline, i);
	pipeline->dirty_log = star_relation_oid(pipeline, STAR_DIRTY);
	star_create_indexes(pipeline);
}

/*
 * has_index tells whether an index exists.
 */
static bool
has_index(const Pipeline *pipeline, const StarIndex *index)
{
	return OidIsValid(get_relname_relid(index->name, pipeline->schema));
}

/*
 * lacks_index tells whether an index is missing while its table exists.
 */
static bool
lacks_index(const Pipeline *pipeline, const StarIndex *index)
{
	return OidIsValid(star_relation_oid(pipeline, index->table)) && !has_index(pipeline, index);
}

/*
 * star_is_marked_bare tells whether a table is marked as having no indexes.
 */
bool
star_is_marked_bare(const Pipeline *pipeline, StarRelationId table)
{
	char *name = psprintf("%s_bare", star_relations[table].name);

	return OidIsValid(
		get_statistics_object_oid(list_make2(makeString(pipeline->name), makeString(name)), true));
}

/*
 * mark_bare marks the tables as having no indexes, or removes the mark.  The mark is a statistics
 * object NAME_bare, because pg_restore makes it when it makes indexes: after the table's rows.
 */
static void
mark_bare(const Pipeline *pipeline, bool bare)
{
	for (int i = 0; i < STAR_OWN_DIMENSION; i++)
	{
		const StarRelation *relation = &star_relations[i];
		char *name =
			quote_qualified_identifier(pipeline->name, psprintf("%s_bare", relation->name));

		if (relation->bare_columns == NULL || !OidIsValid(star_relation_oid(pipeline, i)) ||
			star_is_marked_bare(pipeline, i) == bare)
			continue;
		if (bare)
			(void) sql_executef("CREATE STATISTICS %s (ndistinct) ON %s FROM %s", name,
								relation->bare_columns, star_relation(pipeline, i));
		else
			(void) sql_executef("DROP STATISTICS %s", name);
	}
}

/*
 * create_index makes an index, if it is missing.
 */
static void
create_index(const Pipeline *pipeline, const StarIndex *index)
{
	char *table = star_relation(pipeline, index->table);

	if (!lacks_index(pipeline, index))
		return;
	if (index->constraint != NULL)
		(void) sql_executef("ALTER TABLE %s ADD CONSTRAINT %s %s", table, index->name,
							index->constraint);
	else
		(void) sql_executef("CREATE INDEX %s ON %s %s", index->name, table, index->definition);
}

/*
 * star_create_indexes makes the missing indexes.
 */
void
star_create_indexes(const Pipeline *pipeline)
{
	mark_bare(pipeline, false);
	for (size_t i = 0; i < lengthof(star_indexes); i++)
		create_index(pipeline, &star_indexes[i]);
}

/*
 * star_add_tables makes the tables that have a property, with their comments.
 */
void
star_add_tables(const Pipeline *pipeline, int flag)
{
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star_relation_is(i, flag))
		{
			star_create_table(pipeline, i);
			star_comment_relation(pipeline, i);
		}
}

/*
 * star_add_indexes makes the indexes of the tables that have a property.
 */
void
star_add_indexes(const Pipeline *pipeline, int flag)
{
	for (size_t i = 0; i < lengthof(star_indexes); i++)
		if (star_relation_is(star_indexes[i].table, flag))
			create_index(pipeline, &star_indexes[i]);
}

/*
 * star_drop_tables drops the tables that have a property.
 */
void
star_drop_tables(const Pipeline *pipeline, int flag)
{
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star_relation_is(i, flag) && OidIsValid(star_relation_oid(pipeline, i)))
			(void) sql_executef("DROP TABLE %s", star_relation(pipeline, i));
}

/*
 * star_has_indexes tells whether all indexes exist that the first build drops.
 */
bool
star_has_indexes(const Pipeline *pipeline)
{
	for (size_t i = 0; i < lengthof(star_indexes); i++)
		if (star_indexes[i].is_bare && lacks_index(pipeline, &star_indexes[i]))
			return false;
	return true;
}

/*
 * constraint_is_needed tells whether a view or a foreign key depends on a constraint.
 */
static bool
constraint_is_needed(const Pipeline *pipeline, const StarIndex *index)
{
	return sql_executef("SELECT FROM pg_constraint AS c JOIN pg_depend AS d ON d.deptype = 'n' "
						"AND (d.refclassid, d.refobjid) IN (('pg_constraint'::regclass, c.oid), "
						"('pg_class'::regclass, c.conindid)) "
						"WHERE c.conname = '%s' AND c.conrelid = %u",
						index->name, star_relation_oid(pipeline, index->table)) > 0;
}

/*
 * drop_index drops an index, unless something depends on its constraint.
 */
static void
drop_index(const Pipeline *pipeline, const StarIndex *index)
{
	if (index->constraint == NULL)
		(void) sql_executef("DROP INDEX %s",
							quote_qualified_identifier(pipeline->name, index->name));
	else if (!constraint_is_needed(pipeline, index))
		(void) sql_executef("ALTER TABLE %s DROP CONSTRAINT %s",
							star_relation(pipeline, index->table), index->name);
}

/*
 * star_drop_indexes drops the indexes that the first build does without.
 */
void
star_drop_indexes(const Pipeline *pipeline)
{
	for (size_t i = 0; i < lengthof(star_indexes); i++)
		if (star_indexes[i].is_bare && has_index(pipeline, &star_indexes[i]))
			drop_index(pipeline, &star_indexes[i]);
	mark_bare(pipeline, true);
}

/*
 * drop_relations drops those of the pipeline's views, or tables, that exist, in one statement,
 * because they may depend on each other.
 */
static void
drop_relations(const Pipeline *pipeline, bool views, const char *behavior)
{
	const char *schema = quote_identifier(get_namespace_name(pipeline->schema));
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star_relation_is(i, STAR_IS_VIEW) == views &&
			get_rel_relkind(star_relation_oid(pipeline, i)) ==
				(views ? RELKIND_VIEW : RELKIND_RELATION))
			appendStringInfo(&list, "%s%s.%s", list.len > 0 ? ", " : "", schema,
							 quote_identifier(star_relation_name(pipeline, i)));
	if (list.len > 0)
		sql_executef("DROP %s %s %s", views ? "VIEW" : "TABLE", list.data, behavior);
	pfree(list.data);
}

/*
 * star_drop drops the relations that star_create made, as far as they exist, and the schema.
 */
void
star_drop(const Pipeline *pipeline, bool cascade)
{
	const char *behavior = cascade ? "CASCADE" : "RESTRICT";

	drop_relations(pipeline, true, behavior);
	drop_relations(pipeline, false, behavior);
	sql_executef("DROP SCHEMA %s %s", quote_identifier(get_namespace_name(pipeline->schema)),
				 behavior);
}
