/*
 * grants.c
 *		Privileges on views, kept while the views are dropped and made anew.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "utils/lsyscache.h"

#include "spi/grants.h"
#include "spi/sql.h"
#include "spi/statement.h"

/* A privilege as a statement, and what it is granted on. */
typedef struct Grant
{
	char *schema;
	char *relation;
	char *column; /* NULL: the whole relation */
	char *statement;
} Grant;

/* The privileges on the relations $1: schema, relation, column, statement. */
#define GRANTS                                                                                     \
	"SELECT n.nspname::text, c.relname::text, g.column_name, pg_catalog.format('GRANT %s%s ON %s " \
	"TO %s%s', a.privilege_type, ' (' || pg_catalog.quote_ident(g.column_name) || ')', "           \
	"c.oid::regclass, CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END, "   \
	"CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) "                             \
	"FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "   \
	"CROSS JOIN LATERAL (SELECT NULL::text AS column_name, c.relacl AS acl UNION ALL "             \
	"SELECT t.attname::text, t.attacl FROM pg_catalog.pg_attribute AS t "                          \
	"WHERE t.attrelid = c.oid) AS g CROSS JOIN LATERAL pg_catalog.aclexplode(g.acl) AS a "         \
	"WHERE c.oid = ANY ($1) AND a.grantee <> c.relowner"

/*
 * add_grant adds a privilege to a list.
 */
static void
add_grant(void *arg, const SqlRow *row)
{
	List **grants = arg;
	Grant *grant = palloc(sizeof(Grant));

	*grant = (Grant){.schema = sql_row_text(row, 1),
					 .relation = sql_row_text(row, 2),
					 .column = sql_row_text(row, 3),
					 .statement = sql_row_text(row, 4)};
	*grants = lappend(*grants, grant);
}

/*
 * grants_read returns the privileges on relations.
 */
List *
grants_read(const List *relations)
{
	List *grants = NIL;

	sql_visit(GRANTS, SQL_READ_WRITE, SQL_VALUES(SQL_OIDS(relations)), add_grant, &grants);
	return grants;
}

/*
 * is_there tells whether what a privilege was granted on is there again.
 */
static bool
is_there(const Grant *grant)
{
	Oid relation = get_relname_relid(grant->relation, get_namespace_oid(grant->schema, false));

	return OidIsValid(relation) &&
		   (grant->column == NULL || get_attnum(relation, grant->column) != InvalidAttrNumber);
}

/*
 * grants_restore grants the privileges again.
 */
void
grants_restore(const List *grants)
{
	ListCell *cell;

	foreach (cell, grants)
	{
		const Grant *grant = lfirst(cell);

		if (is_there(grant))
			(void) sql_execute(grant->statement);
	}
}
