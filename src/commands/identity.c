/*
 * identity.c
 *		sessionize.enable_identity(), disable_identity(), exclude_identity(), include_identity(),
 *		link_users() and unlink_users(): whether a pipeline has persons, and what its owner says
 *		about them.
 *
 * What a person is, is defined in person_derive.h.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/definition.h"
#include "catalog/lock.h"
#include "catalog/owner_scope.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/star_relation.h"
#include "commands/own_columns.h"
#include "commands/person_arguments.h"
#include "commands/readers.h"
#include "identity/person_derive.h"
#include "identity/person_update.h"
#include "identity/user_hash.h"
#include "live/star_views.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "star/star.h"
#include "star/star_check.h"
#include "star/star_ddl.h"
#include "utils/arguments.h"

/* The greatest limit: so many links are counted when a pair comes or goes. */
#define GREATEST_LIMIT 1000000

/*
 * limit_argument returns an argument that is a limit.
 */
static int32
limit_argument(FunctionCallInfo fcinfo, int argno, const char *argname)
{
	int32 limit = PG_ARGISNULL(argno) ? 0 : PG_GETARG_INT32(argno);

	if (limit < 1 || limit > GREATEST_LIMIT)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be from 1 to %d", argname, GREATEST_LIMIT),
						errhint("For instance: %s => 100", argname)));
	return limit;
}

/*
 * check_names reports what stands in the way of the tables and of the column with persons.
 */
static void
check_names(const Pipeline *pipeline)
{
	const Definition *definition = pipeline->definition;

	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
		if (strcmp(definition->measures[i].name, STAR_PERSON_COLUMN) == 0)
			ereport(ERROR, (errcode(ERRCODE_DUPLICATE_COLUMN),
							errmsg("pipeline \"%s\" has a measure \"%s\"", pipeline->name,
								   STAR_PERSON_COLUMN),
							errdetail("The persons are a column of that name."),
							errhint("Drop the measure with sessionize.drop_measure(), and add it "
									"under another name.")));
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star_relation_is(i, STAR_ONLY_IDENTITY) && OidIsValid(star_relation_oid(pipeline, i)))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_TABLE),
					 errmsg("relation %s exists already", star_relation(pipeline, i)),
					 errdetail("The persons are kept in tables, of which one has that name."),
					 errhint("Rename or move that relation.")));
}

/*
 * make_tables makes the tables of persons, and the column of the views.
 */
static void
make_tables(Pipeline *pipeline)
{
	List *added = NIL;

	star_lock_views(pipeline);
	star_add_tables(pipeline, STAR_ONLY_IDENTITY);
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star_relation_is(i, STAR_ONLY_IDENTITY | STAR_IS_READABLE))
			added = lappend_int(added, i);
	readers_add_relations(pipeline, added);
	/* the column follows those that every pipeline has */
	if (pipeline->definition != NULL)
		star_recreate_views(pipeline);
	else
	{
		star_create_views(pipeline);
		for (int i = 0; i < STAR_RELATION_COUNT; i++)
			if (i != STAR_SOURCE && star_relation_is(i, STAR_IS_VIEW))
				star_comment_columns(pipeline, i, STAR_PERSON_COLUMN);
	}
}

/*
 * sessionize_enable_identity has a pipeline link keys and users to persons, or changes the limits.
 */
PIPELINE_FUNCTION(sessionize_enable_identity)
{
	Pipeline *pipeline;
	OwnerScope scope;
	bool is_new;

	PreventCommandIfReadOnly("sessionize.enable_identity()");
	person_check_isolation("sessionize.enable_identity()");
	pipeline = pipeline_load_owned(argument_pipeline(fcinfo), pipeline_lock_transaction);
	is_new = !pipeline->has_identity;
	pipeline->max_users_per_key = limit_argument(fcinfo, 1, "max_users_per_key");
	pipeline->max_keys_per_user = limit_argument(fcinfo, 2, "max_keys_per_user");
	star_check(pipeline);
	if (is_new)
		check_names(pipeline);
	owner_scope_enter(&scope, pipeline);
	catalog_set_identity(pipeline);
	pipeline = own_load_changed(pipeline);
	if (is_new)
		make_tables(pipeline);
	persons_derive(pipeline);
	/* rows are inserted faster without */
	if (is_new)
		star_add_indexes(pipeline, STAR_ONLY_IDENTITY);
	owner_scope_leave(&scope);
	PG_RETURN_VOID();
}

/*
 * sessionize_disable_identity removes the persons of a pipeline.
 */
PIPELINE_FUNCTION(sessionize_disable_identity)
{
	Pipeline *pipeline;
	OwnerScope scope;

	PreventCommandIfReadOnly("sessionize.disable_identity()");
	pipeline = pipeline_load_owned(argument_pipeline(fcinfo), pipeline_lock_transaction);
	person_check_enabled(pipeline);
	owner_scope_enter(&scope, pipeline);
	catalog_forget_identity(pipeline);
	pipeline = own_load_changed(pipeline);
	star_recreate_views(pipeline);
	star_drop_tables(pipeline, STAR_ONLY_IDENTITY);
	owner_scope_leave(&scope);
	PG_RETURN_VOID();
}

/*
 * change_excluded changes the list of excluded user ids by a statement over a user id and its hash,
 * $1 and $2, and derives the persons anew.
 */
static bool
change_excluded(FunctionCallInfo fcinfo, const char *function, const char *sql)
{
	char *user_id = person_text_argument(fcinfo, 1, "user_id");
	Pipeline *pipeline;
	pg_uuid_t hash;
	OwnerScope scope;
	bool changed;

	PreventCommandIfReadOnly(function);
	person_check_isolation(function);
	pipeline = pipeline_load_owned(argument_pipeline(fcinfo), pipeline_lock_transaction);
	person_check_enabled(pipeline);
	user_hash(pipeline->id_name, user_id, (int) strlen(user_id), &hash);
	owner_scope_enter(&scope, pipeline);
	changed =
		sql_run(star_sql_text(pipeline, sql), SQL_READ_WRITE,
				SQL_VALUES(SQL_TEXT(user_id), SQL_DATUM(UUIDOID, UUIDPGetDatum(&hash), false))) > 0;
	if (changed)
		persons_derive(pipeline);
	owner_scope_leave(&scope);
	return changed;
}

/*
 * sessionize_exclude_identity has a user id link nothing.
 */
PIPELINE_FUNCTION(sessionize_exclude_identity)
{
	PG_RETURN_BOOL(change_excluded(
		fcinfo, "sessionize.exclude_identity()",
		"INSERT INTO @user_excluded (user_id, user_hash) VALUES ($1, $2) ON CONFLICT DO NOTHING"));
}

/*
 * sessionize_include_identity takes a user id off the list of excluded ones.
 */
PIPELINE_FUNCTION(sessionize_include_identity)
{
	PG_RETURN_BOOL(change_excluded(
		fcinfo, "sessionize.include_identity()",
		"DELETE FROM @user_excluded AS x WHERE x.user_hash = $2 AND x.user_id = $1"));
}

/*
 * change_link adds or removes a link of two user ids.
 */
static bool
change_link(FunctionCallInfo fcinfo, const char *function,
			bool (*change)(const Pipeline *pipeline, const char *user_id, const char *other_id))
{
	char *user_id = person_text_argument(fcinfo, 1, "user_id");
	char *other_id = person_text_argument(fcinfo, 2, "other_id");
	Pipeline *pipeline;
	OwnerScope scope;
	bool changed;

	PreventCommandIfReadOnly(function);
	person_check_isolation(function);
	if (strcmp(user_id, other_id) == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a user id can't be linked with itself"),
						errhint("Give two user ids of one person, such as a former and a present "
								"one.")));
	pipeline = pipeline_load_owned(argument_pipeline(fcinfo), person_lock_pipeline);
	person_check_enabled(pipeline);
	owner_scope_enter(&scope, pipeline);
	changed = change(pipeline, user_id, other_id);
	owner_scope_leave(&scope);
	return changed;
}

/*
 * sessionize_link_users declares two user ids to be one person.
 */
PIPELINE_FUNCTION(sessionize_link_users)
{
	PG_RETURN_BOOL(change_link(fcinfo, "sessionize.link_users()", persons_link));
}

/*
 * sessionize_unlink_users takes back what link_users has declared.
 */
PIPELINE_FUNCTION(sessionize_unlink_users)
{
	PG_RETURN_BOOL(change_link(fcinfo, "sessionize.unlink_users()", persons_unlink));
}
