/*
 * privileges.c
 *		Checks of privileges, whose errors say which GRANT is missing.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_authid.h"
#include "catalog/pg_namespace.h"
#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"

#include "compat.h"
#include "spi/privileges.h"
#include "spi/sql.h"

/*
 * current_role_sql returns the current user's name, quoted for SQL.
 */
static const char *
current_role_sql(void)
{
	return quote_identifier(GetUserNameFromId(GetUserId(), false));
}

/*
 * may_see_state tells whether the current user may see the state of a role's pipelines.
 */
bool
may_see_state(Oid role)
{
	return has_privs_of_role(GetUserId(), role) ||
		   has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS);
}

/*
 * check_may_create_schema reports a user who may not create schemas.
 */
void
check_may_create_schema(const char *detail)
{
	const char *database = quote_identifier(get_database_name(MyDatabaseId));

	if (sz_database_aclcheck(MyDatabaseId, GetUserId(), ACL_CREATE) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for database %s", database), errdetail("%s", detail),
				 errhint("GRANT CREATE ON DATABASE %s TO %s;", database, current_role_sql())));
}

/*
 * check_may_create_in reports a user who may not create tables in a schema.
 */
void
check_may_create_in(Oid schema)
{
	const char *name = quote_identifier(get_namespace_name(schema));

	if (sz_schema_aclcheck(schema, GetUserId(), ACL_CREATE) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for schema %s", name),
				 errhint("GRANT USAGE, CREATE ON SCHEMA %s TO %s;", name, current_role_sql())));
}

/*
 * check_may_read reports a user who may not read every row and column of a table.
 */
void
check_may_read(Oid table)
{
	char *name = sql_qualified_name(table);

	if (pg_class_aclcheck(table, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for table %s", name),
						errhint("GRANT SELECT ON %s TO %s;", name, current_role_sql())));
	if (check_enable_rls(table, GetUserId(), true) == RLS_ENABLED)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("row-level security would hide rows of %s from the pipeline", name),
				 errhint("Create the pipeline as the table's owner or as a role with BYPASSRLS.")));
}

/*
 * check_may_add_triggers reports a user who may not create triggers on a table.
 */
void
check_may_add_triggers(Oid table)
{
	char *name = sql_qualified_name(table);

	if (pg_class_aclcheck(table, GetUserId(), ACL_TRIGGER) != ACLCHECK_OK)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for table %s", name),
						errdetail("A trigger on it logs which keys' rows have changed."),
						errhint("GRANT TRIGGER ON %s TO %s; or create the pipeline with capture => "
								"false: then only "
								"CALL sessionize.rebuild() brings it up to date.",
								name, current_role_sql())));
}

/*
 * check_may_insert reports a user who may insert into no column of a table.
 */
void
check_may_insert(Oid table)
{
	char *name = sql_qualified_name(table);

	if (pg_class_aclcheck(table, GetUserId(), ACL_INSERT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(table, GetUserId(), ACL_INSERT, ACLMASK_ANY) != ACLCHECK_OK)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for table %s", name),
						errhint("GRANT INSERT ON %s TO %s;", name, current_role_sql())));
}

/*
 * check_may_delete reports a user who may not delete rows of a table.
 */
void
check_may_delete(Oid table)
{
	char *name = sql_qualified_name(table);

	if (pg_class_aclcheck(table, GetUserId(), ACL_DELETE) != ACLCHECK_OK)
		ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						errmsg("permission denied for table %s", name),
						errdetail("The raw rows are deleted as the pipeline's owner."),
						errhint("GRANT DELETE ON %s TO %s;", name, current_role_sql())));
}
