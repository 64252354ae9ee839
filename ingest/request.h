/*
 * request.h
 *		The life of a request: read, checked, handed over to be kept, answered.
 *
 *		request_begin()    its first line is there
 *		request_headers()  its headers are there: refused or wanted
 *		request_take()     a part of its body came
 *		request_received() it is there in full: answered at once, or it waits for the disk
 *		request_answer()   the disk has it, or could not take it
 *		request_end()      it was answered, or its connection is gone
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_REQUEST_H
#define INGEST_REQUEST_H

#include <microhttpd.h>

#include "collector.h"
#include "connections.h"
#include "group_commit.h"
#include "routes.h"

typedef enum RequestState
{
	REQUEST_NEW,
	REQUEST_READING,
	REQUEST_WAITING, /* for the disk */
	REQUEST_ANSWERED
} RequestState;

typedef struct Request
{
	Waiting waiting; /* first: the thread that keeps requests knows the request by it */
	Collector *collector;
	struct MHD_Connection *http;
	Connection *connection;
	char *target;      /* path and query string as they were sent */
	char *path;        /* without the query string */
	const char *query; /* in target; "" if there is none */
	Route route;
	RequestState state;
	unsigned refused; /* the status that it gets whatever its body is, or 0 */
	const char *refusal;
	char *body;
	size_t length;
	size_t capacity;
	size_t discarded;
	uint64_t held; /* bytes of memory taken from the collector */
	int64_t received_at;
	double complete_at;
} Request;

extern Request *
request_begin(Collector *collector, struct MHD_Connection *http, const char *target);
extern enum MHD_Result request_headers(Request *request, const char *method);
extern enum MHD_Result request_take(Request *request, const char *bytes, size_t length);
extern enum MHD_Result request_received(Request *request);
extern enum MHD_Result request_answer(Request *request);
extern void request_end(Request *request);

/* A header of the request, or NULL. */
extern const char *request_header(const Request *request, const char *name);

#endif /* INGEST_REQUEST_H */
