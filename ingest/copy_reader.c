/*
 * copy_reader.c
 *		COPY's binary format: a header, rows of values with their lengths, and an end.
 *
 * The server sends a row as one message, the first one with the header before it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "copy_reader.h"
#include "query.h"

static const char signature[] = "PGCOPY\n\377\r\n"; /* and the zero at its end */

#define HEADER_SIZE  19 /* the signature, flags and the length of an extension, which has no bytes */
#define POLL_SECONDS 3600
#define END_OF_ROWS  (-1)

typedef struct CopyReader
{
	const LakeTable *table;
	ParquetRows *rows;
	Failure *failure;
	ParquetValue *values;
	bool begun; /* the header was there */
	bool ended;
} CopyReader;

/* What of a message is not read yet. */
typedef struct Rest
{
	const char *bytes;
	int length;
} Rest;

/*
 * broken says that the server has sent something else.
 */
static bool
broken(CopyReader *reader)
{
	return fail_with(reader->failure, "the database sends rows of \"%s\" that can't be read",
					 reader->table->name);
}

/*
 * take_number takes a number of so many bytes, with its sign.
 */
static bool
take_number(Rest *rest, int size, int32_t *number)
{
	uint32_t value = 0;

	if (rest->length < size)
		return false;
	for (int i = 0; i < size; i++)
		value = value << 8 | (unsigned char) rest->bytes[i];
	*number = size == 2 ? (int16_t) value : (int32_t) value;
	rest->bytes += size;
	rest->length -= size;
	return true;
}

/*
 * take_values takes the values of a row.
 */
static bool
take_values(CopyReader *reader, Rest *rest)
{
	for (int i = 0; i < reader->table->count; i++)
	{
		ParquetValue *value = &reader->values[i];
		int32_t length;

		if (!take_number(rest, 4, &length) || length > rest->length)
			return broken(reader);
		*value = (ParquetValue){rest->bytes, length};
		if (length > 0)
		{
			rest->bytes += length;
			rest->length -= length;
		}
	}
	return parquet_rows_add(reader->rows, reader->values);
}

/*
 * take_message takes the rows of a message.
 */
static bool
take_message(CopyReader *reader, Rest rest)
{
	if (!reader->begun)
	{
		if (rest.length < HEADER_SIZE || memcmp(rest.bytes, signature, sizeof(signature)) != 0)
			return broken(reader);
		rest = (Rest){rest.bytes + HEADER_SIZE, rest.length - HEADER_SIZE};
		reader->begun = true;
	}
	while (rest.length > 0)
	{
		int32_t count;

		if (reader->ended || !take_number(&rest, 2, &count))
			return broken(reader);
		if (count == END_OF_ROWS)
			reader->ended = true;
		else if (count != reader->table->count)
			return broken(reader);
		else if (!take_values(reader, &rest))
			return false;
	}
	return true;
}

/*
 * take_messages takes all messages.
 */
static bool
take_messages(CopyReader *reader, PGconn *connection, const atomic_bool *stop)
{
	while (true)
	{
		char *bytes;
		int length = PQgetCopyData(connection, &bytes, 1);
		bool taken;

		if (length < 0)
			return true;
		if (atomic_load(stop))
		{
			PQfreemem(bytes);
			return fail_with(reader->failure, "the export was told to end");
		}
		if (length == 0)
		{
			query_wait(connection, POLL_SECONDS, stop);
			continue;
		}
		taken = take_message(reader, (Rest){bytes, length});
		PQfreemem(bytes);
		if (!taken)
			return false;
	}
}

/*
 * check_end returns whether the statement came to its end.
 */
static bool
check_end(CopyReader *reader, PGconn *connection)
{
	PGresult *result;
	bool done = true;

	while ((result = PQgetResult(connection)) != NULL)
	{
		if (PQresultStatus(result) != PGRES_COMMAND_OK)
			done = fail_with(reader->failure, "%s", PQresultErrorMessage(result));
		PQclear(result);
	}
	return done && (reader->ended || broken(reader));
}

/*
 * copy_read reads rows.  After a failure the connection is of no more use.
 */
bool
copy_read(PGconn *connection, const char *sql, const LakeTable *table, ParquetRows *rows,
		  const atomic_bool *stop, Failure *failure)
{
	CopyReader reader = {.table = table, .rows = rows, .failure = failure};
	PGresult *result = PQexec(connection, sql);
	bool done = PQresultStatus(result) == PGRES_COPY_OUT;

	if (!done)
		fail_with(failure, "%s", PQresultErrorMessage(result));
	PQclear(result);
	reader.values = calloc((size_t) table->count, sizeof(ParquetValue));
	done = done && reader.values != NULL && take_messages(&reader, connection, stop) &&
		   check_end(&reader, connection);
	free(reader.values);
	return done || fail_with(failure, "there is no memory for rows");
}
