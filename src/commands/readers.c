/*
 * readers.c
 *		sessionize.grant_reader() and revoke_reader(): the privilege to read a pipeline's star.
 *
 * Which relations a reader may read is a flag of the registry of relations (star_relation.h).  A
 * reader of a live view needs no privilege on the raw table, since the view's keys are derived as
 * the pipeline's owner.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "catalog/owner_scope.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/star_relation.h"
#include "commands/readers.h"
#include "spi/sql.h"
#include "spi/statement.h"
#include "utils/arguments.h"

/*
 * find_pipeline finds a pipeline that belongs to the caller.
 */
static Pipeline *
find_pipeline(const char *name)
{
	Pipeline *pipeline = pipeline_load_detached(name);

	pipeline_check_owner(pipeline);
	return pipeline;
}

/*
 * lock_pipeline finds the pipeline of the first argument.  Until the transaction's end, the
 * pipeline is not dropped or given away, and its views are not made anew (star_lock_views).
 */
static Pipeline *
lock_pipeline(FunctionCallInfo fcinfo)
{
	const char *name = argument_pipeline(fcinfo);
	Pipeline *pipeline = find_pipeline(name);

	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if ((star_relation_is(i, STAR_IS_READABLE | STAR_IS_VIEW) || i == STAR_FACT_SESSION) &&
			OidIsValid(star_relation_oid(pipeline, i)))
			LockRelationOid(star_relation_oid(pipeline, i), AccessShareLock);
	/* the pipeline may have changed before it was locked */
	return find_pipeline(name);
}

/*
 * reader_argument returns the name, quoted, of the role in the second argument.
 */
static const char *
reader_argument(FunctionCallInfo fcinfo, const Pipeline *pipeline)
{
	Oid reader;

	if (PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("the reader of a pipeline must not be null"),
						errhint("Give the name of a role, such as 'bi'.  CREATE ROLE bi LOGIN "
								"makes one.")));
	reader = PG_GETARG_OID(1);
	if (!OidIsValid(reader))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("there is no role \"-\""),
						errhint("CREATE ROLE bi LOGIN makes a role for a tool.")));
	if (reader == pipeline->owner)
		ereport(ERROR, (errcode(ERRCODE_INVALID_GRANT_OPERATION),
						errmsg("role \"%s\" is the owner of pipeline \"%s\"",
							   GetUserNameFromId(reader, false), pipeline->name),
						errdetail("An owner reads everything and must not lose that privilege."),
						errhint("Give the name of another role.")));
	return quote_identifier(GetUserNameFromId(reader, false));
}

/*
 * readable_relations returns the names of the relations that a reader may read, as a list in SQL.
 */
static const char *
readable_relations(const Pipeline *pipeline)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star_relation_is(i, STAR_IS_READABLE) && OidIsValid(star_relation_oid(pipeline, i)))
			appendStringInfo(&list, "%s%s", list.len > 0 ? ", " : "", star_relation(pipeline, i));
	return list.data;
}

/* The roles, in SQL, to which SELECT is granted on each of the relations $1 of the owner $2. */
#define READERS                                                                                    \
	"SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END "              \
	"FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(c.relacl) AS a "                         \
	"WHERE c.oid = ANY ($1) AND a.privilege_type = 'SELECT' AND a.grantee <> $2 "                  \
	"GROUP BY a.grantee HAVING count(DISTINCT c.oid) = cardinality($1)"

/*
 * add_reader adds a role to a list.
 */
static void
add_reader(void *arg, const SqlRow *row)
{
	List **readers = arg;

	*readers = lappend(*readers, sql_row_text(row, 1));
}

/*
 * readers_add_relations lets the readers of all other relations read new ones.
 */
void
readers_add_relations(const Pipeline *pipeline, const List *relations)
{
	List *others = NIL;
	List *readers = NIL;
	ListCell *cell;

	for (int i = 0; i < STAR_RELATION_COUNT; i++)
		if (star_relation_is(i, STAR_IS_READABLE) && !list_member_int(relations, i) &&
			OidIsValid(star_relation_oid(pipeline, i)))
			others = lappend_oid(others, star_relation_oid(pipeline, i));
	sql_visit(READERS, SQL_READ_WRITE, SQL_VALUES(SQL_OIDS(others), SQL_OID(pipeline->owner)),
			  add_reader, &readers);
	foreach (cell, readers)
	{
		ListCell *added;

		foreach (added, relations)
			(void) sql_executef("GRANT SELECT ON %s TO %s",
								star_relation(pipeline, lfirst_int(added)),
								(const char *) lfirst(cell));
	}
}

/*
 * change_reader grants or revokes the privileges of a reader, as the pipeline's owner.
 */
static Datum
change_reader(FunctionCallInfo fcinfo, const char *verb, const char *preposition)
{
	const Pipeline *pipeline = lock_pipeline(fcinfo);
	const char *reader = reader_argument(fcinfo, pipeline);
	OwnerScope scope;

	owner_scope_enter(&scope, pipeline);
	(void) sql_executef("%s SELECT ON %s %s %s", verb, readable_relations(pipeline), preposition,
						reader);
	(void) sql_executef("%s USAGE ON SCHEMA %s %s %s", verb, quote_identifier(pipeline->name),
						preposition, reader);
	owner_scope_leave(&scope);
	PG_RETURN_VOID();
}

/*
 * sessionize_grant_reader lets a role read the star.
 */
PIPELINE_FUNCTION(sessionize_grant_reader)
{
	PreventCommandIfReadOnly("sessionize.grant_reader()");
	return change_reader(fcinfo, "GRANT", "TO");
}

/*
 * sessionize_revoke_reader takes the privilege away again.
 */
PIPELINE_FUNCTION(sessionize_revoke_reader)
{
	PreventCommandIfReadOnly("sessionize.revoke_reader()");
	return change_reader(fcinfo, "REVOKE", "FROM");
}
