/*
 * query.c
 *		Statements that end when they take too long, or when the program is to end.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <poll.h>
#include <stddef.h>
#include <time.h>

#include "query.h"
#include "steady_clock.h"

/* How often to look whether to stop, in milliseconds. */
#define STOP_CHECK 200

/*
 * wait_until waits until the connection can be read, or written; false if the time is up, or stop is
 * set.
 */
static bool
wait_until(PGconn *connection, short events, double until, const atomic_bool *stop)
{
	struct pollfd socket = {.fd = PQsocket(connection), .events = events};

	while (socket.fd >= 0 && !atomic_load(stop))
	{
		double left = (until - steady_seconds()) * 1000;

		if (left <= 0)
			return false;
		if (poll(&socket, 1, left < STOP_CHECK ? (int) left + 1 : STOP_CHECK) > 0)
			return true;
	}
	return false;
}

/*
 * ignore_notice leaves out what the server has to say.
 */
static void
ignore_notice(void *arg, const PGresult *result)
{
	(void) arg;
	(void) result;
}

/*
 * query_connect connects.
 */
PGconn *
query_connect(const char *database, const char *application, double seconds,
			  const atomic_bool *stop)
{
	const char *const names[] = {"fallback_application_name", "client_encoding", "dbname", NULL};
	const char *const values[] = {application, "UTF8", database, NULL};
	PGconn *connection = PQconnectStartParams(names, values, 1);
	double until = steady_seconds() + seconds;
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	if (connection == NULL)
		return NULL;
	PQsetNoticeReceiver(connection, ignore_notice, NULL);
	while (PQstatus(connection) != CONNECTION_BAD && state != PGRES_POLLING_OK &&
		   state != PGRES_POLLING_FAILED)
	{
		short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;

		if (!wait_until(connection, events, until, stop))
			break;
		state = PQconnectPoll(connection);
	}
	return connection;
}

/*
 * query_run runs a statement.
 */
PGresult *
query_run(PGconn *connection, const char *sql, int count, const char *const *values, double seconds,
		  const atomic_bool *stop)
{
	double until = steady_seconds() + seconds;
	PGresult *result;
	PGresult *next;

	if (PQsendQueryParams(connection, sql, count, NULL, values, NULL, NULL, 0) == 0)
		return NULL;
	while (PQisBusy(connection))
		if (!wait_until(connection, POLLIN, until, stop) || PQconsumeInput(connection) == 0)
			return NULL;
	result = PQgetResult(connection);
	/* a statement has one result, and then the end */
	while (result != NULL && (next = PQgetResult(connection)) != NULL)
		PQclear(next);
	return result;
}

/*
 * query_wait waits for the database.
 */
void
query_wait(PGconn *connection, double seconds, const atomic_bool *stop)
{
	struct timespec moment = {.tv_nsec = STOP_CHECK * 1000000L};
	double until = steady_seconds() + seconds;

	if (connection != NULL && PQsocket(connection) >= 0)
	{
		if (wait_until(connection, POLLIN, until, stop))
			(void) PQconsumeInput(connection);
		return;
	}
	while (!atomic_load(stop) && steady_seconds() < until)
		nanosleep(&moment, NULL);
}
