/*
 * owner.c
 *		sessionize.alter_pipeline_owner(): gives a pipeline to another role.
 *
 * From then on, refreshes run whatever code the schema's objects call with the new owner's rights:
 * triggers, defaults and checks of the tables, and the expressions of the view "source".  So these
 * must not use a function, operator or type that a third role could replace, and no third role may
 * have the privilege to add triggers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/schemacmds.h"
#include "commands/tablecmds.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/extension_sql.h"
#include "catalog/lock.h"
#include "catalog/pipeline.h"
#include "catalog/pipeline_catalog.h"
#include "catalog/pipeline_function.h"
#include "catalog/pipeline_objects.h"
#include "compat.h"
#include "spi/privileges.h"
#include "spi/scope.h"
#include "spi/statement.h"
#include "worker/schedule.h"

/* An error names at most so many objects. */
#define MAX_NAMED 5

/*
 * The functions, operators and types that the relations $1 use and that belong neither to role $2
 * nor to a superuser; and the roles other than the owner and $2 that may put triggers on these
 * relations.  The privileges of the present owner pass to the new one.
 */
static const char *const foreign_objects_sql =
	"WITH part AS ("
	"SELECT 'pg_class'::regclass::oid AS class, r AS object FROM unnest($1) AS r "
	"UNION ALL SELECT 'pg_class'::regclass, i.indexrelid FROM pg_index AS i WHERE i.indrelid = ANY "
	"($1) UNION ALL SELECT 'pg_trigger'::regclass, t.oid FROM pg_trigger AS t WHERE t.tgrelid = "
	"ANY ($1) UNION ALL SELECT 'pg_constraint'::regclass, c.oid FROM pg_constraint AS c WHERE "
	"c.conrelid = ANY ($1) UNION ALL SELECT 'pg_attrdef'::regclass, a.oid FROM pg_attrdef AS a "
	"WHERE a.adrelid = ANY ($1) UNION ALL SELECT 'pg_rewrite'::regclass, w.oid FROM pg_rewrite AS "
	"w WHERE w.ev_class = ANY ($1) UNION ALL SELECT 'pg_policy'::regclass, p.oid FROM pg_policy AS "
	"p WHERE p.polrelid = ANY ($1) "
	"UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid FROM pg_statistic_ext AS s "
	"WHERE s.stxrelid = ANY ($1)), owned AS (SELECT 'pg_proc'::regclass::oid AS class, f.oid, "
	"f.proowner AS owner FROM pg_proc AS f "
	"UNION ALL SELECT 'pg_operator'::regclass, o.oid, o.oprowner FROM pg_operator AS o "
	"UNION ALL SELECT 'pg_operator'::regclass, o.oid, f.proowner FROM pg_operator AS o "
	"JOIN pg_proc AS f ON f.oid = o.oprcode "
	"UNION ALL SELECT 'pg_type'::regclass, y.oid, y.typowner FROM pg_type AS y) "
	"SELECT pg_describe_object(d.refclassid, d.refobjid, 0) || ' of role ' || "
	"quote_ident(l.rolname) "
	"FROM part JOIN pg_depend AS d ON (d.classid, d.objid) = (part.class, part.object) "
	"JOIN owned ON (owned.class, owned.oid) = (d.refclassid, d.refobjid) "
	"JOIN pg_roles AS l ON l.oid = owned.owner WHERE l.oid <> $2 AND NOT l.rolsuper "
	"UNION SELECT format('privilege TRIGGER on %s of role %s', c.oid::regclass, "
	"coalesce(l.rolname, 'PUBLIC')) FROM pg_class AS c CROSS JOIN aclexplode(c.relacl) AS g LEFT "
	"JOIN pg_roles AS l ON l.oid = g.grantee WHERE c.oid = ANY ($1) AND g.privilege_type = "
	"'TRIGGER' AND g.grantee NOT IN (c.relowner, $2) "
	"AND l.rolsuper IS NOT TRUE ORDER BY 1";

/* The names of some objects. */
typedef struct NamedObjects
{
	StringInfoData names;
	uint64 count;
} NamedObjects;

/*
 * add_name adds the name in a row, unless MAX_NAMED names are there.
 */
static void
add_name(void *arg, const SqlRow *row)
{
	NamedObjects *objects = arg;

	if (objects->count < MAX_NAMED)
		appendStringInfo(&objects->names, "%s%s", objects->count > 0 ? ", " : "",
						 sql_row_text(row, 1));
	objects->count++;
}

/*
 * foreign_objects names the objects of third roles that a pipeline's relations use; NULL if there
 * are none.
 */
static char *
foreign_objects(const Pipeline *pipeline, Oid new_owner)
{
	NamedObjects objects = {.count = 0};

	initStringInfo(&objects.names);
	extension_visit(foreign_objects_sql, SQL_READ_WRITE,
					SQL_VALUES(SQL_OIDS(pipeline_relations(pipeline)), SQL_OID(new_owner)),
					add_name, &objects);
	if (objects.count > MAX_NAMED)
		appendStringInfo(&objects.names, " and " UINT64_FORMAT " more", objects.count - MAX_NAMED);
	return objects.count > 0 ? objects.names.data : NULL;
}

/*
 * check_code reports a pipeline that would run a third role's code with its new owner's rights.
 */
static void
check_code(const Pipeline *pipeline, Oid new_owner)
{
	char *names = foreign_objects(pipeline, new_owner);

	if (names != NULL)
		ereport(
			ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("others could act as role \"%s\" through pipeline \"%s\"",
					GetUserNameFromId(new_owner, false), pipeline->name),
			 errdetail("Its tables and views use what others can replace: %s.", names),
			 errhint(
				 "Give these to that role as well, with ALTER ... OWNER TO, or drop the triggers, "
				 "checks and defaults that use them; revoke the privileges.")));
}

/*
 * check_new_owner reports a role that lacks privileges for the raw table, and unsafe objects.
 */
static void
check_new_owner(const Pipeline *pipeline, Oid new_owner)
{
	Oid raw_schema = get_rel_namespace(pipeline->source);
	const char *role = quote_identifier(GetUserNameFromId(new_owner, false));
	OwnerScope scope;

	if (sz_schema_aclcheck(raw_schema, new_owner, ACL_USAGE) != ACLCHECK_OK)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for schema %s", get_namespace_name(raw_schema)),
						errdetail("The raw table is read as the pipeline's owner."),
						errhint("GRANT USAGE ON SCHEMA %s TO %s;",
								quote_identifier(get_namespace_name(raw_schema)), role)));
	role_scope_enter(&scope, new_owner);
	check_may_read(pipeline->source);
	owner_scope_leave(&scope);
	check_code(pipeline, new_owner);
}

/*
 * give makes a role the owner of the pipeline's schema, tables and views, with the checks of ALTER
 * ... OWNER TO.
 */
static void
give(const Pipeline *pipeline, Oid new_owner)
{
	ListCell *cell;

	/* the schema first, since the owner of a table must have the CREATE privilege on its schema */
	AlterSchemaOwner_oid(pipeline->schema, new_owner);
	CommandCounterIncrement();
	foreach (cell, pipeline_relations(pipeline))
		ATExecChangeOwner(lfirst_oid(cell), new_owner, false, AccessExclusiveLock);
	CommandCounterIncrement();
}

/*
 * find_for_owner finds a pipeline that can be given away.  Its objects must all be there; they may
 * have different owners.
 */
static Pipeline *
find_for_owner(const char *name)
{
	Pipeline *pipeline = pipeline_get(name);

	if (pipeline->fault != PIPELINE_OWNERS_DIFFER)
		pipeline_check_objects(pipeline);
	pipeline_check_owner(pipeline);
	return pipeline;
}

/*
 * sessionize_alter_pipeline_owner gives a pipeline to another role.
 */
PIPELINE_FUNCTION(sessionize_alter_pipeline_owner)
{
	Pipeline *pipeline;
	char *name;
	Oid new_owner;
	ListCell *cell;

	PreventCommandIfReadOnly("sessionize.alter_pipeline_owner()");
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("the pipeline's name and its new owner must not be NULL"),
						errhint("SELECT sessionize.alter_pipeline_owner('web', 'analyst');")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	new_owner = PG_GETARG_OID(1);
	pipeline_lock_transaction(find_for_owner(name));
	/* the pipeline may have changed before it was locked */
	foreach (cell, pipeline_relations(find_for_owner(name)))
		LockRelationOid(lfirst_oid(cell), AccessExclusiveLock);
	/* nothing is added to the relations from now on */
	pipeline = find_for_owner(name);
	check_new_owner(pipeline, new_owner);
	give(pipeline, new_owner);
	pipeline = pipeline_find(name);
	pipeline_check_objects(pipeline);
	catalog_set_objects(pipeline);
	schedule_hand_over(pipeline);
	PG_RETURN_VOID();
}
