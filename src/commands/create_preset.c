/*
 * create_preset.c
 *		create_pipeline by a preset, whose document other arguments change.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog/pipeline_function.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "spi/statement.h"

/* The positions of the arguments. */
enum
{
	ARG_NAME,
	ARG_SOURCE,
	ARG_PRESET,
	ARG_DEFINITION,
	ARG_PAYLOAD,
	ARG_SITES,
	ARG_CHANGES /* this and the following are those of create_pipeline without a preset */
};

/*
 * append_given appends the arguments that are not NULL to a document.
 */
static void
append_given(StringInfo out, FunctionCallInfo fcinfo, const Oid *types, char *const *names)
{
	const char *separator = "";

	for (int i = ARG_CHANGES; i < PG_NARGS(); i++)
	{
		Oid function;
		bool is_varlena;

		if (PG_ARGISNULL(i))
			continue;
		getTypeOutputInfo(types[i], &function, &is_varlena);
		appendStringInfoString(out, separator);
		escape_json(out, names[i]);
		appendStringInfoString(out, ": ");
		escape_json(out, OidOutputFunctionCall(function, PG_GETARG_DATUM(i)));
		separator = ", ";
	}
}

/*
 * given_changes returns a document of the arguments that are not NULL.
 */
static Datum
given_changes(FunctionCallInfo fcinfo)
{
	HeapTuple function = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
	StringInfoData out;
	Oid *types;
	char **names;
	char *modes;
	int level = pinned_settings_enter();

	(void) get_func_arg_info(function, &types, &names, &modes);
	initStringInfo(&out);
	appendStringInfoChar(&out, '{');
	append_given(&out, fcinfo, types, names);
	appendStringInfoChar(&out, '}');
	ReleaseSysCache(function);
	pinned_settings_leave(level);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data));
}

/*
 * given_argument returns an argument as a parameter.
 */
static SqlValue
given_argument(FunctionCallInfo fcinfo, int argno, Oid type)
{
	return SQL_DATUM(type, PG_GETARG_DATUM(argno), PG_ARGISNULL(argno));
}

/*
 * source_table returns the raw table as a parameter; NULL if there is none of this name.
 */
static SqlValue
source_table(FunctionCallInfo fcinfo)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(ARG_SOURCE));
	Oid table = RangeVarGetRelid(sql_parse_table_name(name, "source"), NoLock, true);

	return SQL_DATUM(REGCLASSOID, ObjectIdGetDatum(table), !OidIsValid(table));
}

/*
 * sessionize_create_pipeline_preset creates a pipeline by a preset.
 */
PIPELINE_FUNCTION(sessionize_create_pipeline_preset)
{
	bool isnull;

	PreventCommandIfReadOnly("sessionize.create_pipeline()");
	if (PG_ARGISNULL(ARG_NAME) || PG_ARGISNULL(ARG_SOURCE))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("name and source must not be null"),
						errhint("For instance: sessionize.create_pipeline('web', 'raw.events', "
								"preset => 'segment').")));
	return sql_value("SELECT sessionize.create_pipeline($1, $2, sessionize.merge_definitions("
					 "sessionize.merge_definitions(sessionize.preset($3::pg_catalog.text, $4, $5, "
					 "$6), $7), $8))",
					 SQL_READ_WRITE,
					 SQL_VALUES(given_argument(fcinfo, ARG_NAME, TEXTOID),
								given_argument(fcinfo, ARG_SOURCE, TEXTOID),
								given_argument(fcinfo, ARG_PRESET, NAMEOID), source_table(fcinfo),
								given_argument(fcinfo, ARG_PAYLOAD, TEXTOID),
								given_argument(fcinfo, ARG_SITES, JSONBOID),
								given_argument(fcinfo, ARG_DEFINITION, JSONBOID),
								SQL_DATUM(JSONBOID, given_changes(fcinfo), false)),
					 &isnull);
}
