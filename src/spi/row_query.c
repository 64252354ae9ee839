/*
 * row_query.c
 *		A query whose rows are passed to a C function one by one.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/spi.h"
#include "tcop/dest.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "spi/row_query.h"
#include "spi/statement.h"

typedef struct RowReceiver
{
	DestReceiver pub;
	RowVisitor visitor;
	void *arg;
	MemoryContext row_context; /* reset after each row */
} RowReceiver;

/*
 * receive_row passes a row to the visitor.
 */
static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	MemoryContext caller = MemoryContextSwitchTo(receiver->row_context);

	receiver->visitor(receiver->arg, slot);
	MemoryContextSwitchTo(caller);
	if (!receiver->row_context->isReset)
		MemoryContextReset(receiver->row_context);
	return true;
}

/*
 * row_params returns parameters in the executor's form; NULL if there are none.
 */
static ParamListInfo
row_params(SqlValues values)
{
	ParamListInfo params = values.count > 0 ? makeParamList(values.count) : NULL;

	for (int i = 0; i < values.count; i++)
		params->params[i] = (ParamExternData){values.list[i].value, values.list[i].isnull,
											  PARAM_FLAG_CONST, values.list[i].type};
	return params;
}

/*
 * prepare makes a serial plan, since passing millions of rows from a parallel worker to the leader
 * costs more than reading them.
 */
static SPIPlanPtr
prepare(const char *query, SqlValues values)
{
	Oid *types = palloc(values.count * sizeof(Oid));
	SPIPlanPtr plan;

	for (int i = 0; i < values.count; i++)
		types[i] = values.list[i].type;
	/* no CURSOR_OPT_PARALLEL_OK */
	plan = SPI_prepare_cursor(query, values.count, types, 0);
	if (plan == NULL)
		elog(ERROR, "could not prepare a query: %s", SPI_result_code_string(SPI_result));
	pfree(types);
	return plan;
}

/*
 * row_query_connected runs a query inside the caller's SPI connection.
 */
void
row_query_connected(const char *query, SqlValues values, RowVisitor visitor, void *arg)
{
	/* as the server's receiver that does nothing, except with each row */
	RowReceiver receiver = {*None_Receiver, visitor, arg, NULL};
	SPIExecuteOptions options = {
		.params = row_params(values), .read_only = true, .dest = &receiver.pub};
	SPIPlanPtr plan;
	int result;

	receiver.pub.receiveSlot = receive_row;
	receiver.pub.mydest = DestTuplestore;
	receiver.row_context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize row", ALLOCSET_DEFAULT_SIZES);
	plan = prepare(query, values);
	result = SPI_execute_plan_extended(plan, &options);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "a query returned %s", SPI_result_code_string(result));
	SPI_freeplan(plan);
	MemoryContextDelete(receiver.row_context);
}

/*
 * row_query runs a query and passes each of its rows to a visitor.
 */
void
row_query(const char *query, RowVisitor visitor, void *arg)
{
	SPI_connect();
	row_query_connected(query, SQL_NO_VALUES, visitor, arg);
	SPI_finish();
}

/*
 * relation_name returns a relation's qualified name; an error if there is no such relation.
 */
char *
relation_name(Oid relation)
{
	char *name = get_rel_name(relation);

	if (name == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("relation with OID %u does not exist", relation)));
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), name);
}
