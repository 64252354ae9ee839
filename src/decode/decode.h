/*
 * decode.h
 *		Requests of trackers as rows for a raw events table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DECODE_H
#define SESSIONIZE_DECODE_H

#include "postgres.h"

#include "decode/raw_event.h"

/* Takes one event, in memory that is reset afterwards; it may change the row. */
typedef void (*RawEventSink)(RawEvent *event, void *arg);

/*
 * Gives the events of a request to a sink, in the order in which they were sent.  Returns false,
 * and why, if the request can't be decoded; then the sink was not called at all.  What is odd in an
 * event is no fault: its context says what was changed.  Raises errors for want of memory, for
 * interrupts, and those of the sink only.
 */
extern bool
decode_request(const RawRequest *request, RawEventSink sink, void *arg, DecodeFault *fault);

/* Raises a fault as an error. */
extern void decode_fault_raise(const DecodeFault *fault) pg_attribute_noreturn();

/*
 * The headers of a request from their JSON text, in the caller's memory; NULL, and why, if the text
 * is no object.
 */
extern Jsonb *decode_headers(TextView json, DecodeFault *fault);

#endif /* SESSIONIZE_DECODE_H */
