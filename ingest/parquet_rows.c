/*
 * parquet_rows.c
 *		Rows into DuckDB, by chunks of column vectors.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>

#include "parquet_rows.h"
#include "text.h"

/* 2000-01-01, where PostgreSQL's dates and times begin, in those of DuckDB, which begin in 1970 */
#define EPOCH_DAYS    10957
#define EPOCH_SECONDS INT64_C(946684800)

typedef struct ParquetColumn
{
	duckdb_type type;
	duckdb_vector vector; /* of the chunk that is being filled */
	void *data;
} ParquetColumn;

struct ParquetRows
{
	DuckdbSession *session;
	const DuckdbLibrary *library;
	const LakeTable *table;
	ParquetColumn *columns;
	duckdb_appender appender;
	duckdb_chunk chunk;
	duckdb_idx size; /* rows in the chunk */
	duckdb_idx capacity;
};

/*
 * make_table makes the table.
 */
static bool
make_table(DuckdbSession *session, const LakeTable *table)
{
	Text sql = {0};
	bool made;

	text_put(&sql, "CREATE OR REPLACE TABLE " PARQUET_ROWS_TABLE " (");
	for (int i = 0; i < table->count; i++)
		text_printf(&sql, "%sc%d %s", i == 0 ? "" : ", ", i, table->columns[i].type->duckdb);
	text_put(&sql, ")");
	made = sql.failed ? fail_with(session->failure, "there is no memory for the rows")
					  : duckdb_session_run(session, sql.data, NULL, NULL);
	text_free(&sql);
	return made;
}

/*
 * find_vectors finds the vectors of an empty chunk.
 */
static void
find_vectors(ParquetRows *rows)
{
	const DuckdbLibrary *library = rows->library;

	for (int i = 0; i < rows->table->count; i++)
	{
		ParquetColumn *column = &rows->columns[i];

		column->vector = library->data_chunk_get_vector(rows->chunk, (duckdb_idx) i);
		column->data = library->vector_get_data(column->vector);
		library->vector_ensure_validity_writable(column->vector);
	}
	rows->size = 0;
}

/*
 * make_chunk makes a chunk whose types are the table's own, so that nothing has to be cast.
 */
static bool
make_chunk(ParquetRows *rows)
{
	duckdb_idx count = (duckdb_idx) rows->table->count;
	duckdb_type *types = calloc(count, sizeof(duckdb_type));

	for (duckdb_idx i = 0; types != NULL && i < count; i++)
	{
		rows->columns[i].type = rows->library->appender_column_type(rows->appender, i);
		types[i] = rows->columns[i].type;
	}
	if (types != NULL)
		rows->chunk = rows->library->create_data_chunk(types, count);
	free(types);
	if (rows->chunk == NULL)
		return fail_with(rows->session->failure, "there is no memory for the rows");
	rows->capacity = rows->library->vector_size();
	find_vectors(rows);
	return true;
}

/*
 * parquet_rows_begin makes the table and an appender.
 */
ParquetRows *
parquet_rows_begin(DuckdbSession *session, const LakeTable *table)
{
	ParquetRows *rows = calloc(1, sizeof(ParquetRows));
	ParquetColumn *columns = calloc((size_t) table->count, sizeof(ParquetColumn));

	if (rows == NULL || columns == NULL)
	{
		free(rows);
		free(columns);
		fail_with(session->failure, "there is no memory for the rows");
		return NULL;
	}
	*rows = (ParquetRows){
		.session = session, .library = session->library, .table = table, .columns = columns};
	if (make_table(session, table))
	{
		if (rows->library->appender_create(session->connection, NULL, PARQUET_ROWS_TABLE,
										   &rows->appender) != DUCKDB_OK)
			fail_with(session->failure, "DuckDB: %s",
					  rows->library->appender_error(rows->appender));
		else if (make_chunk(rows))
			return rows;
	}
	parquet_rows_free(rows);
	return NULL;
}

/*
 * get_u64 reads a number of up to eight bytes in network order.
 */
static uint64_t
get_u64(const char *bytes, int length)
{
	uint64_t value = 0;

	for (int i = 0; i < length; i++)
		value = value << 8 | (unsigned char) bytes[i];
	return value;
}

/*
 * put_date puts a date; false if there is none of its kind in the lake.
 */
static bool
put_date(int32_t *days, int32_t value)
{
	if (value == INT32_MAX || value == INT32_MIN)
		return false;
	return !__builtin_add_overflow(value, EPOCH_DAYS, days);
}

/*
 * put_timestamp puts a timestamp; false if there is none of its kind in the lake.
 */
static bool
put_timestamp(int64_t *microseconds, int64_t value)
{
	if (value == INT64_MAX || value == INT64_MIN)
		return false;
	return !__builtin_add_overflow(value, EPOCH_SECONDS * 1000000, microseconds) &&
		   *microseconds != INT64_MAX;
}

/*
 * put_value puts a value into its vector; false if it can't be there.
 */
static bool
put_value(ParquetRows *rows, const LakeType *type, const ParquetColumn *column,
		  const ParquetValue *value)
{
	duckdb_idx row = rows->size;

	switch (type->code)
	{
		case LAKE_LONG:
		case LAKE_DOUBLE:
			((uint64_t *) column->data)[row] = get_u64(value->bytes, 8);
			return true;
		case LAKE_INTEGER:
			((uint32_t *) column->data)[row] = (uint32_t) get_u64(value->bytes, 4);
			return true;
		case LAKE_BOOLEAN:
			((bool *) column->data)[row] = *value->bytes != 0;
			return true;
		case LAKE_DATE:
			return put_date(&((int32_t *) column->data)[row], (int32_t) get_u64(value->bytes, 4));
		case LAKE_TIMESTAMP:
			return put_timestamp(&((int64_t *) column->data)[row],
								 (int64_t) get_u64(value->bytes, 8));
		case LAKE_STRING:
		case LAKE_DECIMAL:
		case LAKE_JSON:
		case LAKE_UUID:
			rows->library->vector_assign_string_element_len(column->vector, row, value->bytes,
															(duckdb_idx) value->length);
			return true;
	}
	return false;
}

/*
 * put_field puts a value, or NULL, into a column's vector.
 */
static bool
put_field(ParquetRows *rows, int i, const ParquetValue *value)
{
	const LakeColumn *column = &rows->table->columns[i];

	if (value->length < 0)
	{
		uint64_t *validity = rows->library->vector_get_validity(rows->columns[i].vector);

		validity[rows->size / 64] &= ~(UINT64_C(1) << (rows->size % 64));
		return true;
	}
	if (column->type->length >= 0 && column->type->length != value->length)
		return fail_with(rows->session->failure,
						 "a value of the column \"%s\" of \"%s\" has %d bytes, and its type %s %d",
						 column->name, rows->table->name, value->length, column->type->name,
						 column->type->length);
	if (put_value(rows, column->type, &rows->columns[i], value))
		return true;
	return fail_with(rows->session->failure,
					 "the column \"%s\" of \"%s\" has a %s that Parquet has no form for: it is "
					 "infinite, or too far away; have the measure or mapping make NULL of it",
					 column->name, rows->table->name, column->type->name);
}

/*
 * append appends the rows of the chunk, and empties it.
 */
static bool
append(ParquetRows *rows)
{
	if (rows->size == 0)
		return true;
	rows->library->data_chunk_set_size(rows->chunk, rows->size);
	if (rows->library->append_data_chunk(rows->appender, rows->chunk) != DUCKDB_OK)
		return fail_with(rows->session->failure, "DuckDB: %s",
						 rows->library->appender_error(rows->appender));
	rows->library->data_chunk_reset(rows->chunk);
	find_vectors(rows);
	return true;
}

/*
 * parquet_rows_add adds a row.
 */
bool
parquet_rows_add(ParquetRows *rows, const ParquetValue *values)
{
	for (int i = 0; i < rows->table->count; i++)
		if (!put_field(rows, i, &values[i]))
			return false;
	rows->size++;
	return rows->size < rows->capacity || append(rows);
}

/*
 * parquet_rows_end appends the last rows.
 */
bool
parquet_rows_end(ParquetRows *rows)
{
	if (!append(rows))
		return false;
	if (rows->library->appender_close(rows->appender) == DUCKDB_OK)
		return true;
	return fail_with(rows->session->failure, "DuckDB: %s",
					 rows->library->appender_error(rows->appender));
}

/*
 * parquet_rows_free frees what rows were added by.
 */
void
parquet_rows_free(ParquetRows *rows)
{
	if (rows == NULL)
		return;
	if (rows->chunk != NULL)
		rows->library->destroy_data_chunk(&rows->chunk);
	for (int i = 0; i < rows->table->count; i++)
		if (rows->columns[i].type != NULL)
			rows->library->destroy_logical_type(&rows->columns[i].type);
	if (rows->appender != NULL)
		rows->library->appender_destroy(&rows->appender);
	free(rows->columns);
	free(rows);
}
