/*
 * request_batch.h
 *		The requests of a batch, the rows that they are decoded to, and those that fail.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_REQUEST_BATCH_H
#define SESSIONIZE_REQUEST_BATCH_H

#include "postgres.h"

#include "access/tupdesc.h"
#include "utils/tuplestore.h"

#include "ingest/ingest_position.h"
#include "ingest/request_frame.h"

/* Why a request failed. */
typedef struct RequestError
{
	int sqlstate;
	char *message;
	char *detail; /* may be NULL */
} RequestError;

typedef struct BatchRequest
{
	int64 id;         /* a number of the caller's */
	TextView payload; /* of its frame; data is NULL: raw is given */
	RawRequest raw;
	int64 first_row;
	int64 rows;
	RequestError *error; /* NULL: it has not failed */
} BatchRequest;

typedef struct RequestBatch
{
	BatchRequest *requests;
	int64 count;
	int64 capacity;
	TupleDesc desc;        /* of the rows */
	Tuplestorestate *rows; /* also those of requests that failed half-way */
	int64 row_count;
	MemoryContext context;  /* of the batch */
	MemoryContext decoding; /* reset after each request */
} RequestBatch;

/* A batch without requests, in CurrentMemoryContext. */
extern RequestBatch *batch_create(void);

/* Add the requests of frames, numbered from 0.  The bytes have to stay where they are. */
extern void batch_add_frames(RequestBatch *batch, TextView frames);

/* Add a request that is the payload of a frame. */
extern void batch_add_payload(RequestBatch *batch, int64 id, TextView payload);

/* Add a request whose parts are known. */
extern void batch_add(RequestBatch *batch, int64 id, const RawRequest *raw);

/* Note why a request failed. */
extern void batch_note_error(BatchRequest *request, const ErrorData *error);

/* Decode the requests.  Those that can't be decoded get an error. */
extern void batch_decode(RequestBatch *batch);

/*
 * The rows of the requests from first to before end that have no error: the batch's own if these
 * are all, or else a copy, which the caller ends.
 */
extern Tuplestorestate *batch_rows(RequestBatch *batch, int64 first, int64 end);

/* How many rows these are. */
extern int64 batch_row_count(const RequestBatch *batch, int64 first, int64 end);

/* What became of the requests, of which so many rows were inserted. */
extern IngestCounts batch_counts(const RequestBatch *batch, int64 rows_inserted);

extern void batch_free(RequestBatch *batch);

#endif /* SESSIONIZE_REQUEST_BATCH_H */
