/*
 * validate_functions.c
 *		The SQL functions validate(), violations() and check_schema().
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "nodes/primnodes.h"
#include "utils/builtins.h"

#include "contract/program_cache.h"
#include "contract/schema_compile.h"
#include "contract/walk_limit.h"

PG_FUNCTION_INFO_V1(sz_validate);
PG_FUNCTION_INFO_V1(sz_violations);
PG_FUNCTION_INFO_V1(sz_check_schema);

/* What a call site keeps between its calls. */
typedef struct CallSite
{
	CachedProgram *cached;
	bool constant; /* the schema, the documents and the option are the same in every call */
	MemoryContextCallback callback;
} CallSite;

/* Which arguments a program is compiled from. */
typedef struct KeyArguments
{
	int schema;
	int assert_format;
	int documents;
} KeyArguments;

/*
 * release_program gives the program of a call site back, when its memory goes.
 */
static void
release_program(void *arg)
{
	CallSite *site = arg;

	if (site->cached != NULL)
		cached_program_release(site->cached);
	site->cached = NULL;
}

/*
 * is_constant tells whether an argument of the expression that calls a function is a constant.
 */
static bool
is_constant(const FmgrInfo *flinfo, int argument)
{
	const Node *call = flinfo->fn_expr;
	List *arguments;

	if (call == NULL || !IsA(call, FuncExpr))
		return false;
	arguments = ((const FuncExpr *) call)->args;
	return argument < list_length(arguments) && IsA(list_nth(arguments, argument), Const);
}

/*
 * new_call_site returns a call site at its first call.
 */
static CallSite *
new_call_site(FmgrInfo *flinfo, KeyArguments arguments)
{
	CallSite *site = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallSite));

	site->constant = is_constant(flinfo, arguments.schema) &&
					 is_constant(flinfo, arguments.assert_format) &&
					 is_constant(flinfo, arguments.documents);
	site->callback.func = release_program;
	site->callback.arg = site;
	MemoryContextRegisterResetCallback(flinfo->fn_mcxt, &site->callback);
	flinfo->fn_extra = site;
	return site;
}

/*
 * find_program returns the program for the arguments of a call.
 */
static const SchemaProgram *
find_program(FunctionCallInfo fcinfo, KeyArguments arguments)
{
	CallSite *site = fcinfo->flinfo->fn_extra;
	ProgramKey key;
	CachedProgram *cached;

	if (site == NULL)
		site = new_call_site(fcinfo->flinfo, arguments);
	else if (site->constant && site->cached != NULL)
		return cached_program(site->cached);
	key.schema = PG_GETARG_JSONB_P(arguments.schema);
	key.documents = PG_GETARG_JSONB_P(arguments.documents);
	key.assert_format = PG_GETARG_BOOL(arguments.assert_format);
	if (site->cached != NULL && cached_program_is(site->cached, &key))
		return cached_program(site->cached);
	(void) schema_source_in_object(key.documents);
	cached = cached_program_get(&key);
	release_program(site);
	site->cached = cached;
	return cached_program(cached);
}

/*
 * sz_validate tells whether a document is valid.
 */
Datum
sz_validate(PG_FUNCTION_ARGS)
{
	const SchemaProgram *program = find_program(fcinfo, (KeyArguments){0, 2, 3});
	const Jsonb *document = PG_GETARG_JSONB_P(1);

	PG_RETURN_BOOL(PG_GETARG_BOOL(4) ? check_violations(program, document, 0, NULL)
									 : validate_document(program, document));
}

/*
 * put_violation appends a violation to the result of a function.
 */
static void
put_violation(ReturnSetInfo *result, const Violation *violation)
{
	Datum values[4];
	bool nulls[4] = {false, false, false, false};

	values[0] = CStringGetTextDatum(violation->instance_path);
	values[1] = CStringGetTextDatum(violation->schema_path);
	values[2] = CStringGetTextDatum(violation->keyword);
	values[3] = CStringGetTextDatum(violation->message);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * sz_violations returns what is wrong with a document.
 */
Datum
sz_violations(PG_FUNCTION_ARGS)
{
	const SchemaProgram *program = find_program(fcinfo, (KeyArguments){0, 3, 4});
	int32 limit = PG_GETARG_INT32(2);
	const Jsonb *document = PG_GETARG_JSONB_P(1);
	ViolationList list = {0};

	if (limit < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("\"limit\" must be greater than zero"),
						errhint("Leave it out to get up to 100 violations.")));
	if (PG_GETARG_BOOL(5))
		(void) check_violations(program, document, (uint32) limit, &list);
	else
		list = find_violations(program, document, (uint32) limit);
	InitMaterializedSRF(fcinfo, 0);
	for (uint32 i = 0; i < list.count; i++)
		put_violation((ReturnSetInfo *) fcinfo->resultinfo, &list.violations[i]);
	PG_RETURN_NULL();
}

/*
 * sz_check_schema raises an error for a schema that is not in order.
 */
Datum
sz_check_schema(PG_FUNCTION_ARGS)
{
	const Jsonb *schema = PG_GETARG_JSONB_P(0);
	SchemaSource source = schema_source_in_object(PG_GETARG_JSONB_P(1));
	SchemaOptions options = {.assert_format = false, .strict = true};
	SchemaProgram *program;

	program = schema_compile(schema, &source, options, CurrentMemoryContext);
	MemoryContextDelete(program->memory);
	PG_RETURN_VOID();
}
