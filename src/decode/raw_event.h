/*
 * raw_event.h
 *		A request, the rows that it is decoded to, and why it can't be.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_RAW_EVENT_H
#define SESSIONIZE_RAW_EVENT_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

#include "utils/text_view.h"

/* The columns of the type sessionize.raw_event, in its order. */
typedef enum RawEventColumn
{
	RAW_OCCURRED_AT,
	RAW_SENT_AT,
	RAW_RECEIVED_AT,
	RAW_EVENT_ID,
	RAW_EVENT_NAME,
	RAW_USER_ID,
	RAW_ANONYMOUS_ID,
	RAW_DEVICE_ID,
	RAW_SOURCE,
	RAW_PROPERTIES,
	RAW_CONTEXT
} RawEventColumn;

#define RAW_EVENT_COLUMNS (RAW_CONTEXT + 1)

/* A row of the type sessionize.raw_event. */
typedef struct RawEvent
{
	Datum values[RAW_EVENT_COLUMNS];
	bool isnull[RAW_EVENT_COLUMNS];
} RawEvent;

/* A request as a collector received it.  The body is what the sender wrote, uncompressed. */
typedef struct RawRequest
{
	TextView protocol;
	TextView body;
	const Jsonb *headers; /* an object of strings by names in lower case; NULL for none */
	bool has_received_at;
	TimestampTz received_at;
} RawRequest;

/* Why a request can't be decoded.  The texts are in the caller's memory; all but the first may be
 * NULL. */
typedef struct DecodeFault
{
	int sqlstate;
	const char *message;
	const char *detail;
	const char *hint;
} DecodeFault;

#endif /* SESSIONIZE_RAW_EVENT_H */
