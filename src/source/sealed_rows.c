/*
 * sealed_rows.c
 *		The rows of a pipeline's table "sealed".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_contracts.h"
#include "catalog/star_relation.h"
#include "source/sealed_rows.h"
#include "source/source_mapping.h"
#include "spi/key_relation.h"
#include "spi/row_query.h"
#include "spi/sql.h"
#include "spi/statement.h"

typedef struct Reader
{
	SourceRowVisitor visitor;
	void *arg;
	int ncolumns;
	SourceRow row;
} Reader;

/*
 * visit_slot passes a row on.
 */
static void
visit_slot(void *arg, TupleTableSlot *slot)
{
	Reader *reader = arg;

	slot_getallattrs(slot);
	memcpy(reader->row.values, slot->tts_values, reader->ncolumns * sizeof(Datum));
	memcpy(reader->row.isnull, slot->tts_isnull, reader->ncolumns * sizeof(bool));
	source_row_place(&reader->row, slot, reader->ncolumns);
	reader->visitor(reader->arg, &reader->row);
}

/*
 * column_sql returns the SQL of a column's value in a row "s" of the table, which does not have the
 * columns that are judged.
 */
static const char *
column_sql(const Pipeline *pipeline, SourceColumn column)
{
	if (column_is_judged(column, pipeline->types[column]))
		return psprintf("NULL::%s", sql_column_type(pipeline->types[column]));
	return pipeline->tried != NULL
			   ? pipeline->tried->sealed[column]
			   : psprintf("s.%s", quote_identifier(source_column_name(pipeline, column)));
}

/*
 * sealed_rows_read visits sealed rows.
 */
void
sealed_rows_read(const Pipeline *pipeline, const KeyRelation *keys, SourceRowVisitor visitor,
				 void *arg)
{
	Reader reader = {
		.visitor = visitor, .arg = arg, .ncolumns = pipeline->ncolumns, .row.is_sealed = true};
	StringInfoData query;

	if (keys != NULL && keys->count == 0)
		return;
	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	for (int column = 0; column < pipeline->ncolumns; column++)
		appendStringInfo(&query, "%s, ", column_sql(pipeline, column));
	appendStringInfo(&query, "s.tableoid, s.ctid FROM ONLY %s AS s",
					 star_relation(pipeline, STAR_SEALED));
	SPI_connect();
	if (keys != NULL)
	{
		key_relation_register(keys);
		appendStringInfo(&query, ", " KEY_ROWS " AS k WHERE %s %s k.session_key",
						 column_sql(pipeline, SRC_SESSION_KEY),
						 key_equals_sql(pipeline->types[SRC_SESSION_KEY]));
	}
	row_query_connected(query.data, SQL_NO_VALUES, visit_slot, &reader);
	SPI_finish();
}
