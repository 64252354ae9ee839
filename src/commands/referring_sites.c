/*
 * referring_sites.c
 *		sessionize.add_referring_site() and drop_referring_site(): the user's own referring sites.
 *
 * An expression that read a table would not be immutable. So a preset takes the sites as a constant
 * into its expressions, when a pipeline is made.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "catalog/extension_sql.h"

PG_FUNCTION_INFO_V1(sessionize_add_referring_site);
PG_FUNCTION_INFO_V1(sessionize_drop_referring_site);

/*
 * text_or_null returns a text argument as a parameter.
 */
static SqlValue
text_or_null(FunctionCallInfo fcinfo, int argno)
{
	return SQL_TEXT(PG_ARGISNULL(argno) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(argno)));
}

/*
 * require_domain reports a domain that is NULL.
 */
static void
require_domain(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("domain must not be null"),
						errhint("Name the domain of the site, such as 'partner.example'.")));
}

/*
 * sessionize_add_referring_site adds a site, or changes one that was added.
 */
Datum
sessionize_add_referring_site(PG_FUNCTION_ARGS)
{
	bool isnull;
	SqlValue domain;
	SqlValue source;
	SqlValue kind;

	PreventCommandIfReadOnly("sessionize.add_referring_site()");
	require_domain(fcinfo);
	domain = text_or_null(fcinfo, 0);
	source = text_or_null(fcinfo, 1);
	kind = text_or_null(fcinfo, 2);
	/* errors for what can't be in a list of sites */
	(void) extension_value("SELECT sessionize.channel_group('', '', '', jsonb_build_object($1, "
						   "jsonb_strip_nulls(jsonb_build_object('source', $2, 'kind', $3))))",
						   SQL_READ_ONLY, SQL_VALUES(domain, source, kind), &isnull);
	extension_run("INSERT INTO sessionize.referring_site (domain, source, kind) "
				  "VALUES ($1, $2, $3) ON CONFLICT (domain) "
				  "DO UPDATE SET source = excluded.source, kind = excluded.kind",
				  SQL_READ_WRITE, SQL_VALUES(domain, source, kind));
	PG_RETURN_VOID();
}

/*
 * sessionize_drop_referring_site removes a site that was added.
 */
Datum
sessionize_drop_referring_site(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("sessionize.drop_referring_site()");
	require_domain(fcinfo);
	if (extension_run("DELETE FROM sessionize.referring_site WHERE domain = $1", SQL_READ_WRITE,
					  SQL_VALUES(text_or_null(fcinfo, 0))) == 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("no referring site \"%s\" was added", text_to_cstring(PG_GETARG_TEXT_PP(0))),
			 errhint("SELECT * FROM sessionize.own_referring_sites shows those that were.")));
	PG_RETURN_VOID();
}
