/*
 * alter_mapping.c
 *		Changes what a pipeline's columns are taken from.
 *
 * Rows that are sealed stay as they are: they have the values that the columns had then.  But a raw
 * row that is sealed is recognised by its key, its time and its ids.  If the change gave it others,
 * it would count a second time.  So these may change only where no sealed row's raw row changes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/star_relation.h"
#include "commands/alter_mapping.h"
#include "commands/raw_table.h"
#include "commands/source_change.h"
#include "live/star_views.h"
#include "spi/key_relation.h"
#include "spi/sql.h"
#include "star/star_ddl.h"

/* The columns by which a raw row that is sealed is recognised. */
static const SourceColumn recognised[] = {SRC_SESSION_KEY, SRC_EVENT_ID, SRC_RAW_ID,
										  SRC_OCCURRED_AT, SRC_SENT_AT,  SRC_RECEIVED_AT};

/*
 * any_recognised tells whether a column changes by which a sealed row is recognised.
 */
static bool
any_recognised(const ChangedMapping *mapping)
{
	for (size_t i = 0; i < lengthof(recognised); i++)
		if (mapping->is_changed[recognised[i]])
			return true;
	return false;
}

/*
 * append_difference appends the condition that a column's value differs from the one that it had.
 */
static void
append_difference(StringInfo sql, const ChangedMapping *mapping, SourceColumn column)
{
	const MappedColumn *before = &mapping->present->columns[column];
	const MappedColumn *after = &mapping->changed->columns[column];
	char *old = star_converted_sql(psprintf("(%s)", before->sql), before->type, after->type);

	appendStringInfo(
		sql, "%s((%s)" SQL_IS_NULL ") <> ((%s)" SQL_IS_NULL ") OR NOT coalesce((%s) %s (%s), true)",
		sql->data[sql->len - 1] == ' ' ? "" : " OR ", after->sql, old, after->sql,
		key_equals_sql(after->type), old);
}

/*
 * hint_types adds a hint to an error about a stored value that can't be converted, as an error
 * context callback.
 */
static void
hint_types(void *arg)
{
	const Pipeline *pipeline = arg;
	int category = ERRCODE_TO_CATEGORY(geterrcode());

	if (category != ERRCODE_DATA_EXCEPTION && category != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION &&
		geterrcode() != ERRCODE_CANNOT_COERCE)
		return;
	errcontext(
		"comparison with, or conversion of, the keys and ids that pipeline \"%s\" has stored",
		pipeline->name);
	errhint("Cast the expression to the type that it has now; or drop the pipeline, and create it "
			"again.");
}

/*
 * count_sealed_differences counts the raw rows that are sealed and would be others.
 */
static int64
count_sealed_differences(const Pipeline *pipeline, const ChangedMapping *mapping)
{
	const MappedColumn *id = &mapping->present->columns[SRC_RAW_ID];
	StringInfoData sql;
	int64 count = 0;

	initStringInfo(&sql);
	appendStringInfo(&sql,
					 "WITH t AS MATERIALIZED (SELECT t.* FROM %s AS t WHERE EXISTS (SELECT FROM %s "
					 "AS s WHERE s.raw_id %s (%s))) SELECT count(*) FROM t WHERE ",
					 sql_qualified_name(pipeline->source), star_relation(pipeline, STAR_SEALED),
					 key_equals_sql(id->type), id->sql);
	for (size_t i = 0; i < lengthof(recognised); i++)
		if (mapping->is_changed[recognised[i]])
			append_difference(&sql, mapping, recognised[i]);
	(void) sql_query_bigints(sql.data, &count, 1);
	return count;
}

/*
 * check_sealed reports a change that makes other rows of raw rows that are sealed.
 */
static void
check_sealed(const Pipeline *pipeline, const ChangedMapping *mapping)
{
	ErrorContextCallback callback = {error_context_stack, hint_types,
									 unconstify(Pipeline *, pipeline)};
	OwnerScope scope;
	int64 count;

	if (mapping->changed->columns[SRC_RAW_ID].text == NULL)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("pipeline \"%s\" is sealed and needs a raw_id", pipeline->name),
						errdetail("By it a raw row that is sealed is recognised."),
						errhint("Map raw_id to a column that identifies a row.")));
	owner_scope_enter(&scope, pipeline);
	error_context_stack = &callback;
	count = count_sealed_differences(pipeline, mapping);
	error_context_stack = callback.previous;
	owner_scope_leave(&scope);
	if (count > 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the change is not possible for rows that pipeline \"%s\" has sealed",
					pipeline->name),
			 errdetail("Of " INT64_FORMAT " raw rows that are sealed the key, the time or an id "
					   "would be another one, so that they would count twice, or be late.",
					   count),
			 errhint("SELECT sessionize.seal(%s, '-infinity'); takes the seal back where the raw "
					 "rows are there.  Change the pipeline then, and seal it again.",
					 quote_literal_cstr(pipeline->name))));
}

/*
 * alter_mapping_check reports a change that can't be made.
 */
void
alter_mapping_check(const Pipeline *pipeline, Relation raw, const ChangedMapping *mapping)
{
	const MappedColumn *columns = mapping->changed->columns;

	if (mapping->is_changed[SRC_SESSION_KEY])
		raw_table_check_index(
			raw, columns[SRC_SESSION_KEY].expression, columns[SRC_OCCURRED_AT].expression,
			columns[SRC_EVENT_ID].text == NULL ? NULL : columns[SRC_EVENT_ID].expression);
	if (pipeline->has_seal && any_recognised(mapping))
		check_sealed(pipeline, mapping);
}

/*
 * changes_type tells whether a column gets another type.
 */
static bool
changes_type(const Pipeline *before, const Pipeline *after, SourceColumn column)
{
	return before->types[column] != after->types[column];
}

/*
 * keep_convertible empties fact_event if ids of events in it may have no value of their new type.
 * They are written anew by the next rebuild.
 */
static void
keep_convertible(const Pipeline *before, const Pipeline *after)
{
	static const SourceColumn ids[] = {SRC_EVENT_ID, SRC_RAW_ID};

	if (before->has_seal || !before->store_events)
		return;
	for (size_t i = 0; i < lengthof(ids); i++)
		if (!star_type_converts(before->types[ids[i]], after->types[ids[i]]))
		{
			(void) sql_executef("TRUNCATE %s", star_relation(before, STAR_FACT_EVENT));
			return;
		}
}

/*
 * forget_keys empties the tables that say which keys are to be done, since they have keys of the
 * old type, in lanes of the old type.  All keys are done by the next rebuild.
 */
static void
forget_keys(const Pipeline *pipeline)
{
	static const StarRelationId lists[] = {STAR_DIRTY, STAR_REFRESHED, STAR_BACKFILL};

	for (size_t i = 0; i < lengthof(lists); i++)
		(void) sql_executef("DELETE FROM %s", star_relation(pipeline, lists[i]));
}

/*
 * alter_mapping_types gives the star's columns the types of the changed mapping.
 */
void
alter_mapping_types(const Pipeline *before, const Pipeline *after)
{
	ErrorContextCallback callback = {error_context_stack, hint_types,
									 unconstify(Pipeline *, before)};

	if (changes_type(before, after, SRC_SESSION_KEY))
		forget_keys(before);
	keep_convertible(before, after);
	error_context_stack = &callback;
	star_alter_types(before, after);
	error_context_stack = callback.previous;
}

/*
 * changes_shown tells whether a column of the star's views gets another type.
 */
static bool
changes_shown(const Pipeline *before, const Pipeline *after)
{
	return changes_type(before, after, SRC_SESSION_KEY) ||
		   changes_type(before, after, SRC_EVENT_ID) || changes_type(before, after, SRC_RAW_ID);
}

/*
 * alter_mapping_apply makes the change.
 */
void
alter_mapping_apply(const Pipeline *pipeline, const Pipeline *changed, Relation raw,
					const ChangedMapping *mapping)
{
	SourceChange change = {.pipeline = pipeline, .raw = raw, .mapping = mapping->changed};
	bool drops_views = changes_shown(pipeline, changed);
	List *grants = NIL;

	if (drops_views)
		grants = star_drop_views(pipeline);
	source_change_apply(&change);
	alter_mapping_types(pipeline, changed);
	if (drops_views)
		star_restore_views(changed, grants);
}
