/*
 * connections.c
 *		The list of connections.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "connections.h"
#include "steady_clock.h"

/* An address of IPv6 is cheap; who has one has all of its /64. */
#define PREFIX4 32
#define PREFIX6 64

struct Connection
{
	Connection *next;
	Connection *previous;
	int fd;
	Address address; /* as far as it counts */
	double since;    /* when the present request may have begun; 0 while it is not measured */
	void *request;   /* the present one */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Connection list = {.next = &list, .previous = &list};
static size_t count;

/*
 * connections_may_accept counts the connections of an address.
 */
bool
connections_may_accept(const Address *address, size_t limit)
{
	Address prefix = address_truncate(address, PREFIX4, PREFIX6);
	size_t found = 0;

	pthread_mutex_lock(&lock);
	if (count >= limit)
		for (Connection *c = list.next; c != &list; c = c->next)
			found += address_equal(&c->address, &prefix);
	pthread_mutex_unlock(&lock);
	return found < limit;
}

/*
 * connection_opened adds a connection.
 */
Connection *
connection_opened(int fd, const Address *address)
{
	Connection *connection = calloc(1, sizeof(Connection));

	if (connection == NULL)
		return NULL;
	connection->fd = fd;
	connection->address = address_truncate(address, PREFIX4, PREFIX6);
	connection->since = steady_seconds();
	pthread_mutex_lock(&lock);
	connection->next = list.next;
	connection->previous = &list;
	list.next->previous = connection;
	list.next = connection;
	count++;
	pthread_mutex_unlock(&lock);
	return connection;
}

/*
 * connection_set_request notes which request a connection has.
 */
void
connection_set_request(Connection *connection, void *request)
{
	connection->request = request;
}

/*
 * connection_request returns it.
 */
void *
connection_request(const Connection *connection)
{
	return connection->request;
}

/*
 * connection_closed removes a connection.
 */
void
connection_closed(Connection *connection)
{
	pthread_mutex_lock(&lock);
	connection->next->previous = connection->previous;
	connection->previous->next = connection->next;
	count--;
	pthread_mutex_unlock(&lock);
	free(connection);
}

/*
 * set_since sets when the present request may have begun.
 */
static void
set_since(Connection *connection, double since)
{
	pthread_mutex_lock(&lock);
	connection->since = since;
	pthread_mutex_unlock(&lock);
}

/*
 * connection_received ends the measured time.
 */
void
connection_received(Connection *connection)
{
	set_since(connection, 0);
}

/*
 * connection_answered begins it anew.
 */
void
connection_answered(Connection *connection)
{
	set_since(connection, steady_seconds());
}

/*
 * connections_close_slow ends connections.  Their sockets are closed by the HTTP library, which
 * notices; until then their numbers are not used again.
 */
size_t
connections_close_slow(double seconds)
{
	double limit = steady_seconds() - seconds;
	size_t closed = 0;

	pthread_mutex_lock(&lock);
	for (Connection *c = list.next; c != &list; c = c->next)
		if (c->since != 0 && c->since < limit)
		{
			shutdown(c->fd, SHUT_RDWR);
			c->since = 0;
			closed++;
		}
	pthread_mutex_unlock(&lock);
	return closed;
}

/*
 * connections_count returns how many connections there are.
 */
size_t
connections_count(void)
{
	size_t result;

	pthread_mutex_lock(&lock);
	result = count;
	pthread_mutex_unlock(&lock);
	return result;
}
