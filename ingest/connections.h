/*
 * connections.h
 *		All connections: how many an address has, and which one is too slow.
 *
 * The HTTP library closes a connection that sends nothing for a while.  One that sends a byte now
 * and then is closed here, by the time its request takes as a whole.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_CONNECTIONS_H
#define INGEST_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "address.h"

typedef struct Connection Connection;

/* Whether one more connection from an address would be within the limit. */
extern bool connections_may_accept(const Address *address, size_t limit);

/* NULL without memory. */
extern Connection *connection_opened(int fd, const Address *address);
extern void connection_closed(Connection *connection);

/* The request that a connection has, or NULL; only the connection's thread asks. */
extern void connection_set_request(Connection *connection, void *request);
extern void *connection_request(const Connection *connection);

/* A request is there in full: its time is no longer measured. */
extern void connection_received(Connection *connection);
/* It was answered: the time of the next one begins. */
extern void connection_answered(Connection *connection);

/* Close the connections whose request is not there in full after so many seconds; how many. */
extern size_t connections_close_slow(double seconds);

extern size_t connections_count(void);

#endif /* INGEST_CONNECTIONS_H */
