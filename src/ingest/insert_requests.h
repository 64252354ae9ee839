/*
 * insert_requests.h
 *		Inserts the events of a batch, and finds the requests that can't be inserted.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_INSERT_REQUESTS_H
#define SESSIONIZE_INSERT_REQUESTS_H

#include "ingest/events_target.h"
#include "ingest/request_batch.h"

/*
 * Decode the requests of a batch and insert their events, as the current user.  Requests that fail
 * get an error, and none of their events is inserted.  Returns how many rows were inserted.
 */
extern int64 insert_requests(RequestBatch *batch, const EventsTarget *target);

#endif /* SESSIONIZE_INSERT_REQUESTS_H */
