/*
 * rejected.c
 *		Requests that were rejected: sessionize.ingest_rejected.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "catalog/extension_sql.h"
#include "compat.h"
#include "ingest/rejected.h"
#include "spi/statement.h"

/*
 * bytes_value returns bytes as a parameter.
 */
static SqlValue
bytes_value(TextView bytes)
{
	bytea *value = (bytea *) cstring_to_text_with_len(bytes.data, (int) bytes.len);

	return SQL_DATUM(BYTEAOID, PointerGetDatum(value), false);
}

/*
 * keep keeps one request.
 */
static void
keep(const IngestKey *key, const char *position, const BatchRequest *request)
{
	RawRequest raw;
	DecodeFault fault;
	bool parts = frame_parts(request->payload, &raw, &fault);
	const RequestError *error = request->error;

	extension_run(
		"INSERT INTO sessionize.ingest_rejected (events, source, partition, position, place, "
		"received_at, protocol, headers, body, sqlstate, reason, detail) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		SQL_READ_WRITE,
		SQL_VALUES(SQL_OID(key->events), SQL_TEXT(key->source), SQL_TEXT(key->partition),
				   SQL_TEXT(position), SQL_INT4((int32) request->id),
				   parts ? SQL_TIMESTAMPTZ(raw.received_at) : SQL_NULL(TIMESTAMPTZOID),
				   SQL_TEXT(parts ? pnstrdup(raw.protocol.data, raw.protocol.len) : NULL),
				   sql_pointer_value(JSONBOID, parts ? raw.headers : NULL),
				   bytes_value(parts ? raw.body : request->payload),
				   SQL_TEXT(unpack_sql_state(error->sqlstate)), SQL_TEXT(error->message),
				   SQL_TEXT(error->detail)));
}

/*
 * rejected_keep keeps the requests that have failed.
 */
void
rejected_keep(const IngestKey *key, const char *position, const RequestBatch *batch)
{
	for (int64 i = 0; i < batch->count; i++)
		if (batch->requests[i].error != NULL)
			keep(key, position, &batch->requests[i]);
}

/*
 * detoasted returns the bytes of a column of a variable length; data is NULL for NULL.
 */
static TextView
detoasted(const SqlRow *row, int column)
{
	bool isnull;
	Datum value = sql_row_datum(row, column, &isnull);
	struct varlena *copy;

	if (isnull)
		return (TextView){NULL, 0};
	copy = PG_DETOAST_DATUM_COPY(value);
	return (TextView){VARDATA(copy), VARSIZE(copy) - VARHDRSZ};
}

/* A batch that takes rejected requests. */
typedef struct Taking
{
	RequestBatch *batch;
	int64 last;
} Taking;

/*
 * take takes one request: its id, when it was received, protocol, headers and body.
 */
static void
take(void *arg, const SqlRow *row)
{
	Taking *taking = arg;
	RawRequest raw = {.has_received_at = true};
	bool isnull;
	Datum headers;

	taking->last = sql_row_int8(row, 1);
	raw.protocol = detoasted(row, 3);
	raw.body = detoasted(row, 5);
	if (raw.protocol.data == NULL)
	{
		batch_add_payload(taking->batch, taking->last, raw.body);
		return;
	}
	raw.received_at = DatumGetTimestampTz(sql_row_datum(row, 2, &isnull));
	headers = sql_row_datum(row, 4, &isnull);
	raw.headers = DatumGetJsonbPCopy(headers);
	batch_add(taking->batch, taking->last, &raw);
}

/*
 * rejected_take adds rejected requests to a batch.
 */
int64
rejected_take(const IngestKey *key, int64 after, int64 limit, RequestBatch *batch)
{
	Taking taking = {.batch = batch, .last = 0};

	extension_visit("SELECT r.rejected_id, r.received_at, r.protocol, r.headers, r.body "
					"FROM sessionize.ingest_rejected AS r "
					"WHERE r.events = $1 AND r.source = $2 AND r.partition = $3 "
					"AND r.rejected_id > $4 ORDER BY r.rejected_id LIMIT $5 FOR UPDATE SKIP LOCKED",
					SQL_READ_WRITE,
					SQL_VALUES(SQL_OID(key->events), SQL_TEXT(key->source),
							   SQL_TEXT(key->partition), SQL_INT8(after), SQL_INT8(limit)),
					take, &taking);
	return taking.last;
}

/*
 * rejected_settle deletes the requests that have not failed again.
 */
void
rejected_settle(const RequestBatch *batch)
{
	for (int64 i = 0; i < batch->count; i++)
	{
		const BatchRequest *request = &batch->requests[i];

		if (request->error == NULL)
			extension_run("DELETE FROM sessionize.ingest_rejected AS r WHERE r.rejected_id = $1",
						  SQL_READ_WRITE, SQL_VALUES(SQL_INT8(request->id)));
		else
			extension_run("UPDATE sessionize.ingest_rejected AS r SET attempts = r.attempts + 1, "
						  "sqlstate = $2, reason = $3, detail = $4 WHERE r.rejected_id = $1",
						  SQL_READ_WRITE,
						  SQL_VALUES(SQL_INT8(request->id),
									 SQL_TEXT(unpack_sql_state(request->error->sqlstate)),
									 SQL_TEXT(request->error->message),
									 SQL_TEXT(request->error->detail)));
	}
}
