/*
 * distributed_call.c
 *		Calls for distributed pipelines: the same call for the pipeline of each shard.
 *
 * The call is written as SQL, in which format() is to fill in the name of a shard's pipeline (%1$L)
 * and table (%2$L).  sessionize.call_shards runs it on all servers and returns the rows of all
 * results as JSON, out of which one result is made here by SQL.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "catalog/pipeline_function.h"
#include "catalog/raw_tree.h"
#include "compat.h"
#include "distributed/distributed_call.h"
#include "distributed/distributed_catalog.h"
#include "distributed/shard_calls.h"
#include "functions/distributed.h"
#include "spi/scope.h"
#include "spi/sql.h"
#include "spi/statement.h"

PG_FUNCTION_INFO_V1(sessionize_attach_shards);

/* The argument that makes the session ids of all shards those of one pipeline. */
#define ID_NAME    "id_name"
/* The one that may have it as a key. */
#define DEFINITION "definition"

/* The column of a result that is no row. */
#define RESULT_COLUMN "result"

/* A function and what it was called with. */
typedef struct Call
{
	FunctionCallInfo fcinfo;
	const char *name;
	bool is_procedure;
	bool is_volatile;
	int narguments;
	Oid *types;   /* of the arguments */
	char **names; /* of the arguments, and after them of the columns of the result */
	TupleDesc columns;
	TypeFuncClass result_class;
	Oid result_type;
	bool returns_set;
} Call;

/*
 * describe_result finds out what the function returns.
 */
static void
describe_result(Call *call)
{
	call->result_class = get_call_result_type(call->fcinfo, &call->result_type, &call->columns);
	if (call->result_class == TYPEFUNC_COMPOSITE)
		return;
	call->columns = CreateTemplateTupleDesc(1);
	TupleDescInitEntry(call->columns, 1, RESULT_COLUMN, call->result_type, -1, 0);
}

/*
 * describe returns what is known of a call.
 */
static Call *
describe(FunctionCallInfo fcinfo)
{
	Call *call = palloc0(sizeof(Call));
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
	Form_pg_proc function;
	char *modes;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
	function = (Form_pg_proc) GETSTRUCT(tuple);
	call->fcinfo = fcinfo;
	call->name = pstrdup(NameStr(function->proname));
	call->is_procedure = function->prokind == PROKIND_PROCEDURE;
	call->is_volatile = call->is_procedure || function->provolatile == PROVOLATILE_VOLATILE;
	call->returns_set = function->proretset;
	call->narguments = function->pronargs;
	(void) get_func_arg_info(tuple, &call->types, &call->names, &modes);
	ReleaseSysCache(tuple);
	for (int i = 0; i < call->narguments; i++)
		if (IsPolymorphicType(call->types[i]))
			call->types[i] = get_fn_expr_argtype(fcinfo->flinfo, i);
	if (!call->is_procedure)
		describe_result(call);
	return call;
}

/*
 * argument_sql returns an argument as SQL.
 */
static char *
argument_sql(const Call *call, int argno)
{
	const char *type = format_type_be_qualified(call->types[argno]);
	Oid output;
	bool is_varlena;

	if (call->fcinfo->args[argno].isnull)
		return psprintf("NULL::%s", type);
	getTypeOutputInfo(call->types[argno], &output, &is_varlena);
	return psprintf(
		"%s::%s",
		quote_literal_cstr(OidOutputFunctionCall(output, call->fcinfo->args[argno].value)), type);
}

/*
 * name_ids returns the argument of create_pipeline that sets id_name, unless the user has set it:
 * the distributed pipeline's name.
 */
static char *
name_ids(const Call *call, int argno, const char *pipeline)
{
	const char *given = argument_sql(call, argno);

	if (strcmp(call->names[argno], ID_NAME) == 0 && call->fcinfo->args[argno].isnull)
		return quote_literal_cstr(pipeline);
	if (strcmp(call->names[argno], DEFINITION) == 0 && call->narguments == argno + 1)
		return psprintf("(pg_catalog.jsonb_build_object("
						"'" ID_NAME "'"
						", %s) "
						"OPERATOR(pg_catalog.||) %s)",
						quote_literal_cstr(pipeline), given);
	return pstrdup(given);
}

/*
 * append_escaped appends SQL to a format of format(), in which it is to stand for itself.
 */
static void
append_escaped(StringInfo out, const char *sql)
{
	for (; *sql != '\0'; sql++)
	{
		if (*sql == '%')
			appendStringInfoChar(out, '%');
		appendStringInfoChar(out, *sql);
	}
}

/*
 * append_call appends the call for a shard's pipeline.  is_create: the second argument is the table.
 */
static void
append_call(StringInfo out, const Call *call, const char *pipeline, bool is_create)
{
	appendStringInfo(out, "sessionize.%s(%%1$L", call->name);
	for (int i = 1; i < call->narguments; i++)
	{
		appendStringInfoString(out, ", ");
		if (!is_create)
			append_escaped(out, argument_sql(call, i));
		else if (i == 1)
			appendStringInfoString(out, "%2$L");
		else
			append_escaped(out, name_ids(call, i, pipeline));
	}
	appendStringInfoChar(out, ')');
}

/*
 * call_sql returns the command for a shard.  It returns one value, an array of rows in JSON, unless
 * it calls a procedure.
 */
static char *
call_sql(const Call *call, const char *pipeline, bool is_create)
{
	int level = pinned_settings_enter();
	StringInfoData out;

	initStringInfo(&out);
	if (call->is_procedure)
		appendStringInfoString(&out, "CALL ");
	else
		appendStringInfo(&out, "SELECT coalesce(pg_catalog.jsonb_agg(%s), '[]') FROM ",
						 call->result_class == TYPEFUNC_COMPOSITE
							 ? "pg_catalog.to_jsonb(r)"
							 : "pg_catalog.jsonb_build_object('" RESULT_COLUMN "', r." RESULT_COLUMN
							   ")");
	append_call(&out, call, pipeline, is_create);
	if (!call->is_procedure)
		appendStringInfo(&out, " AS r%s",
						 call->result_class == TYPEFUNC_COMPOSITE ? "" : " (" RESULT_COLUMN ")");
	pinned_settings_leave(level);
	return out.data;
}

/*
 * append_columns appends the name of each column, and its type if wanted, separated by commas.
 */
static void
append_columns(StringInfo sql, TupleDesc columns, bool with_types)
{
	for (int i = 0; i < columns->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(columns, i);

		appendStringInfo(sql, "%s%s", i > 0 ? ", " : "",
						 quote_identifier(NameStr(column->attname)));
		if (with_types)
			appendStringInfo(sql, " %s", format_type_be_qualified(column->atttypid));
	}
}

/*
 * is_number tells whether values of a type are added up.
 */
static bool
is_number(Oid type)
{
	return type == INT8OID || type == INT4OID || type == NUMERICOID;
}

/*
 * append_combined appends what becomes of a column when rows become one.
 */
static void
append_combined(StringInfo sql, Form_pg_attribute column, ShardResult result)
{
	const char *name = quote_identifier(NameStr(column->attname));

	if (is_number(column->atttypid))
		appendStringInfo(sql, "pg_catalog.sum(r.%s)::%s", name,
						 format_type_be_qualified(column->atttypid));
	else if (column->atttypid == BOOLOID && result == SHARD_RESULT_SUM)
		appendStringInfo(sql, "pg_catalog.bool_or(r.%s)", name);
	else if (result == SHARD_RESULT_SUM)
		appendStringInfo(sql, "(pg_catalog.array_agg(r.%s))[1]", name);
	else
		appendStringInfo(sql, "r.%s", name);
}

/*
 * append_groups appends GROUP BY with the columns that aren't added up.
 */
static void
append_groups(StringInfo sql, TupleDesc columns)
{
	const char *before = " GROUP BY ";

	for (int i = 0; i < columns->natts; i++)
		if (!is_number(TupleDescAttr(columns, i)->atttypid))
		{
			appendStringInfo(sql, "%sr.%s", before,
							 quote_identifier(NameStr(TupleDescAttr(columns, i)->attname)));
			before = ", ";
		}
}

/*
 * combination_sql returns the query that makes the result out of the rows of all shards, $1.
 */
static char *
combination_sql(const Call *call, ShardResult result)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	if (result == SHARD_RESULT_SUM || result == SHARD_RESULT_GROUPS)
		for (int i = 0; i < call->columns->natts; i++)
		{
			if (i > 0)
				appendStringInfoString(&sql, ", ");
			append_combined(&sql, TupleDescAttr(call->columns, i), result);
		}
	else
		append_columns(&sql, call->columns, false);
	appendStringInfoString(&sql, " FROM pg_catalog.jsonb_to_recordset($1) AS r (");
	append_columns(&sql, call->columns, true);
	appendStringInfoChar(&sql, ')');
	if (result == SHARD_RESULT_GROUPS)
		append_groups(&sql, call->columns);
	return sql.data;
}

/* A copy of the first row of a result. */
typedef struct FirstRow
{
	HeapTuple tuple;
	TupleDesc desc;
} FirstRow;

/*
 * keep_first keeps a row, if it is the first.
 */
static void
keep_first(void *arg, const SqlRow *row)
{
	FirstRow *first = arg;

	if (first->tuple != NULL)
		return;
	first->tuple = heap_copytuple(row->tuple);
	first->desc = CreateTupleDescCopy(row->desc);
}

/*
 * return_row returns the first row as the result of the function.
 */
static Datum
return_row(const Call *call, const FirstRow *first)
{
	Datum value;

	if (first->tuple == NULL)
	{
		call->fcinfo->isnull = true;
		return (Datum) 0;
	}
	if (call->result_class == TYPEFUNC_COMPOSITE)
		return heap_copy_tuple_as_datum(first->tuple, BlessTupleDesc(call->columns));
	value = heap_getattr(first->tuple, 1, first->desc, &call->fcinfo->isnull);
	return value;
}

/*
 * return_rows makes the result of the function out of the rows of all shards.
 */
static Datum
return_rows(const Call *call, ShardResult result, Datum rows)
{
	SqlValues values = SQL_VALUES(SQL_DATUM(JSONBOID, rows, false));
	FirstRow first = {0};

	if (call->is_procedure || result == SHARD_RESULT_NONE)
		return (Datum) 0;
	if (call->returns_set)
	{
		InitMaterializedSRF(call->fcinfo, 0);
		(void) sql_visit(combination_sql(call, result), SQL_READ_ONLY, values, sql_row_put,
						 call->fcinfo->resultinfo);
		return (Datum) 0;
	}
	(void) sql_visit(combination_sql(call, result), SQL_READ_ONLY, values, keep_first, &first);
	return return_row(call, &first);
}

/*
 * check_transaction reports a transaction that could be rolled back, for the shards would not be.
 */
static void
check_transaction(const Call *call)
{
	if (call->is_volatile && IsTransactionBlock())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s() of a distributed pipeline can't run inside a transaction block",
						call->name),
				 errdetail("It runs in transactions of the servers that have the shards, which no "
						   "ROLLBACK here undoes."),
				 errhint("Call it outside of BEGIN and COMMIT.")));
}

/*
 * report_unknown reports a call that can't be made for a distributed pipeline.
 */
pg_noreturn static void
report_unknown(const Call *call, const char *pipeline)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s() can't be called for distributed pipeline \"%s\"", call->name, pipeline),
			 errdetail("It has no meaning that would be right over the pipelines of all "
					   "shards together."),
			 errhint("SELECT * FROM sessionize.shard_status; shows these pipelines, for each "
					 "of which it can be called on its server.")));
}

/*
 * make_call makes a call for each shard's pipeline.
 */
static Datum
make_call(Call *call, const ShardCall *kind, const char *pipeline)
{
	char *sql = call_sql(call, pipeline, false);
	bool has_key = (kind->flags & SHARD_CALL_HAS_KEY) != 0 && !call->fcinfo->args[1].isnull;
	SqlValue key =
		has_key ? SQL_DATUM(TEXTOID, call->fcinfo->args[1].value, false) : SQL_NULL(TEXTOID);
	bool isnull;
	Datum rows;

	if (kind->flags & SHARD_CALL_REACHES_ALL)
		(void) sql_run("SELECT sessionize.check_no_orphans($1)", SQL_READ_WRITE,
					   SQL_VALUES(SQL_TEXT(pipeline)));
	rows = sql_value("SELECT sessionize.call_shards($1, $2, $3, $4)", SQL_READ_WRITE,
					 SQL_VALUES(SQL_TEXT(pipeline), SQL_TEXT(sql),
								SQL_BOOL(call->is_volatile && !call->is_procedure), key),
					 &isnull);
	if (kind->flags & SHARD_CALL_CHANGES)
	{
		distributed_lock(pipeline, true);
		(void) sql_run("SELECT sessionize.follow_shards($1)", SQL_READ_WRITE,
					   SQL_VALUES(SQL_TEXT(pipeline)));
	}
	if (kind->flags & SHARD_CALL_IS_KEPT)
		(void) sql_run("SELECT sessionize.keep_shard_call($1, $2, $3)", SQL_READ_WRITE,
					   SQL_VALUES(SQL_TEXT(pipeline), SQL_TEXT(call->name), SQL_TEXT(sql)));
	return return_rows(call, kind->result, rows);
}

/*
 * is_change tells whether a call changes what the pipelines of all shards are, so that it must not
 * be made beside another one.  A procedure only has the star follow the shards in the end.
 */
static bool
is_change(const Call *call, const ShardCall *kind)
{
	return !call->is_procedure &&
		   (kind->own != NULL || (kind->flags & (SHARD_CALL_CHANGES | SHARD_CALL_IS_KEPT)) != 0);
}

/*
 * make_own_call calls the function that does the work, with the arguments of the call.
 */
static Datum
make_own_call(const Call *call, const ShardCall *kind, const char *pipeline)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT sessionize.%s(%s", kind->own, quote_literal_cstr(pipeline));
	for (int i = 1; i < call->narguments; i++)
		appendStringInfo(&sql, ", %s", argument_sql(call, i));
	appendStringInfoChar(&sql, ')');
	(void) sql_run(sql.data, SQL_READ_WRITE, SQL_NO_VALUES);
	return (Datum) 0;
}

/*
 * create creates the pipelines of all shards.
 */
static Datum
create(const Call *call, const ShardCall *kind, const char *pipeline, Oid source)
{
	distributed_lock(pipeline, false);
	(void) sql_run(
		psprintf("SELECT sessionize.%s($1, $2::oid::pg_catalog.regclass, $3)", kind->own),
		SQL_READ_WRITE,
		SQL_VALUES(SQL_TEXT(pipeline), SQL_OID(source), SQL_TEXT(call_sql(call, pipeline, true))));
	return PointerGetDatum(cstring_to_text(pipeline));
}

/*
 * find_distributed_source returns the distributed table that create_pipeline is called for;
 * InvalidOid if it is an ordinary one.
 */
static Oid
find_distributed_source(FunctionCallInfo fcinfo)
{
	Oid source;

	if (PG_ARGISNULL(1))
		return InvalidOid;
	source = RangeVarGetRelid(sql_parse_table_name(text_to_cstring(PG_GETARG_TEXT_PP(1)), "source"),
							  NoLock, true);
	return OidIsValid(source) && OidIsValid(distributed_first(list_make1_oid(source))) ? source
																					   : InvalidOid;
}

/*
 * check_coordinator reports a server that is not the coordinator.
 */
static void
check_coordinator(const char *function, const char *pipeline)
{
	bool isnull;

	if (!DatumGetBool(sql_value("SELECT groupid = 0 FROM pg_catalog.pg_dist_local_group",
								SQL_READ_ONLY, SQL_NO_VALUES, &isnull)))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("%s() of distributed pipeline \"%s\" is called on the coordinator",
							   function, pipeline),
						errhint("Connect to the coordinator, and call it there.")));
}

/*
 * call_as_owner makes a call for an existing pipeline as its owner.
 */
static Datum
call_as_owner(Call *call, const ShardCall *kind, const char *pipeline)
{
	OwnerScope scope;
	Datum result;

	distributed_scope_enter(&scope, pipeline);
	check_coordinator(call->name, pipeline);
	if (is_change(call, kind))
		distributed_lock(pipeline, false);
	result =
		kind->own != NULL ? make_own_call(call, kind, pipeline) : make_call(call, kind, pipeline);
	owner_scope_leave(&scope);
	return result;
}

/*
 * call_distributed makes a call for a distributed pipeline.
 */
static Datum
call_distributed(FunctionCallInfo fcinfo, const char *pipeline, Oid source)
{
	Call *call = describe(fcinfo);
	const ShardCall *kind = shard_call_find(call->name);

	if (kind == NULL)
		report_unknown(call, pipeline);
	check_transaction(call);
	return OidIsValid(source) ? create(call, kind, pipeline, source)
							  : call_as_owner(call, kind, pipeline);
}

/*
 * call_elsewhere makes the call on the shards of the pipeline, if it has any.
 */
static bool
call_elsewhere(FunctionCallInfo fcinfo, Datum *result)
{
	char *pipeline;
	Oid *types;
	int ntypes;
	Oid source = InvalidOid;
	bool is_create;
	bool is_distributed;

	if (PG_NARGS() == 0 || PG_ARGISNULL(0) || !OidIsValid(get_extension_oid("citus", true)))
		return false;
	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &ntypes);
	pipeline = types[0] == NAMEOID ? pstrdup(NameStr(*PG_GETARG_NAME(0)))
								   : text_to_cstring(PG_GETARG_TEXT_PP(0));
	is_create = strncmp(get_func_name(fcinfo->flinfo->fn_oid), "create_pipeline", NAMEDATALEN) == 0;
	if (is_create)
		source = find_distributed_source(fcinfo);
	is_distributed = OidIsValid(distributed_owner(pipeline));
	if (is_create && !OidIsValid(source) && is_distributed)
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
						errmsg("distributed pipeline \"%s\" already exists", pipeline),
						errhint("Choose another name.")));
	if (is_create ? !OidIsValid(source) : !is_distributed)
		return false;
	*result = call_distributed(fcinfo, pipeline, source);
	return true;
}

/*
 * sessionize_attach_shards makes the pipelines of all shards, and the star, what they are to be.
 */
Datum
sessionize_attach_shards(PG_FUNCTION_ARGS)
{
	char *pipeline;
	OwnerScope scope;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("the pipeline's name must not be NULL"),
						errhint("SELECT * FROM sessionize.distributed_pipelines shows the "
								"distributed pipelines there are.")));
	pipeline = pstrdup(NameStr(*PG_GETARG_NAME(0)));
	distributed_scope_enter(&scope, pipeline);
	check_coordinator("attach_shards", pipeline);
	distributed_lock(pipeline, false);
	InitMaterializedSRF(fcinfo, 0);
	(void) sql_visit("SELECT * FROM sessionize.attach_distributed($1)", SQL_READ_WRITE,
					 SQL_VALUES(SQL_TEXT(pipeline)), sql_row_put, fcinfo->resultinfo);
	owner_scope_leave(&scope);
	return (Datum) 0;
}

/*
 * distributed_call_install sets the function that calls are made by.
 */
void
distributed_call_install(void)
{
	pipeline_call_elsewhere = call_elsewhere;
}
