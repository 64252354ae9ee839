/*
 * database_metrics.c
 *		The part of collect that reads the metrics of the database, to show them on its page.
 *
 * A thread of its own asks sessionize.openmetrics() from time to time, and the page has the last
 * answer, so that a database that is slow or gone keeps no thread that talks HTTP.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "database_metrics.h"
#include "log.h"
#include "metrics.h"
#include "query.h"
#include "steady_clock.h"

#define CONNECT_SECONDS 5
#define QUERY_SECONDS   10

static struct
{
	pthread_t thread;
	bool running;
	const Options *options;
	atomic_bool stop;
	pthread_mutex_t lock; /* of what follows */
	Text answer;          /* empty: the last attempt has failed, or there was none */
	double when;          /* the answer was read */
} part = {.lock = PTHREAD_MUTEX_INITIALIZER};

/*
 * keep_answer replaces the answer.
 */
static void
keep_answer(const char *bytes, size_t length)
{
	Text answer = {0};

	text_add(&answer, bytes, length);
	pthread_mutex_lock(&part.lock);
	text_free(&part.answer);
	part.answer = answer;
	part.when = steady_seconds();
	pthread_mutex_unlock(&part.lock);
}

/*
 * run runs a statement, and closes the connection if it was not answered.
 */
static PGresult *
run(PGconn **connection, const char *sql)
{
	PGresult *result = *connection == NULL
						   ? NULL
						   : query_run(*connection, sql, 0, NULL, QUERY_SECONDS, &part.stop);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	if (!atomic_load(&part.stop))
		log_warning("the metrics of the database could not be read: %s",
					*connection == NULL                    ? "out of memory"
					: result != NULL                       ? PQresultErrorMessage(result)
					: *PQerrorMessage(*connection) != '\0' ? PQerrorMessage(*connection)
														   : "the database does not answer");
	PQclear(result);
	PQfinish(*connection);
	*connection = NULL;
	return NULL;
}

/*
 * connect_reader opens a connection that only reads, and that ends a statement that takes too long.
 */
static PGconn *
connect_reader(void)
{
	static const char *const settings[] = {"SET default_transaction_read_only = on",
										   "SET statement_timeout = '10s'"};
	PGconn *connection = query_connect(part.options->database, "pg_sessionize_ingest metrics",
									   CONNECT_SECONDS, &part.stop);

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]) && connection != NULL; i++)
		PQclear(run(&connection, settings[i]));
	return connection;
}

/*
 * ask reads the metrics, by a connection that is opened where necessary, and returns it.
 */
static PGconn *
ask(PGconn *connection)
{
	PGresult *result = NULL;

	if (connection == NULL)
		connection = connect_reader();
	if (connection != NULL)
		result = run(&connection, "SELECT sessionize.openmetrics()");
	if (PQntuples(result) == 1)
		keep_answer(PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0));
	else
		keep_answer("", 0);
	PQclear(result);
	return connection;
}

/*
 * thread_main asks until it is told to stop.
 */
static void *
thread_main(void *arg)
{
	PGconn *connection = NULL;

	while (!atomic_load(&part.stop))
	{
		connection = ask(connection);
		query_wait(NULL, (double) part.options->database_metrics, &part.stop);
	}
	PQfinish(connection);
	return arg;
}

/*
 * start_reading starts the thread, which leaves signals to others.
 */
static bool
start_reading(const Options *options)
{
	sigset_t all;
	sigset_t before;

	part.options = options;
	if (options->database_metrics == 0)
		return true;
	if (*options->database == '\0')
	{
		log_error("database-metrics needs the setting database");
		return false;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	part.running = pthread_create(&part.thread, NULL, thread_main, NULL) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!part.running)
		log_error("the metrics of the database can't be read: there is no thread");
	return part.running;
}

/*
 * stop_reading ends the thread.
 */
static void
stop_reading(void)
{
	if (!part.running)
		return;
	atomic_store(&part.stop, true);
	pthread_join(part.thread, NULL);
	text_free(&part.answer);
	part.running = false;
}

/*
 * put_older writes a line as the format before OpenMetrics has it: without units, and with the full
 * name of a counter.  counter: whether the last family is one.
 */
static void
put_older(Text *page, const char *line, size_t length, bool *counter)
{
	/* "# TYPE name counter": the word is at 2, the name at 7 */
	bool about = length > 7 && line[0] == '#' && line[6] == ' ';
	const char *end = about ? memchr(line + 7, ' ', length - 7) : NULL;

	if (about && strncmp(line + 2, "UNIT", 4) == 0)
		return;
	if (end != NULL && strncmp(line + 2, "TYPE", 4) == 0)
		*counter = line + length - end == 8 && strncmp(end, " counter", 8) == 0;
	if (end == NULL || !*counter)
		text_add(page, line, length);
	else
	{
		text_add(page, line, (size_t) (end - line));
		text_put(page, "_total");
		text_add(page, end, (size_t) (line + length - end));
	}
	text_put(page, "\n");
}

/*
 * put_answer writes the lines of the answer, without the end of the page.
 */
static void
put_answer(Text *page, const char *line, const char *end, bool openmetrics)
{
	bool counter = false;

	while (line < end)
	{
		const char *next = memchr(line, '\n', (size_t) (end - line));
		size_t length = (size_t) ((next == NULL ? end : next) - line);

		bool is_end = length == 5 && strncmp(line, "# EOF", 5) == 0;

		if (length > 0 && !is_end && openmetrics)
		{
			text_add(page, line, length);
			text_put(page, "\n");
		}
		else if (length > 0 && !is_end)
			put_older(page, line, length, &counter);
		line += length + 1;
	}
}

/*
 * write_metrics writes the metrics of the database, and how old they are.
 */
static void
write_metrics(Text *page, bool openmetrics)
{
	bool up;
	double age;

	if (!part.running)
		return;
	pthread_mutex_lock(&part.lock);
	up = part.answer.length > 0;
	age = steady_seconds() - part.when;
	if (up)
		put_answer(page, part.answer.data, part.answer.data + part.answer.length, openmetrics);
	pthread_mutex_unlock(&part.lock);
	metrics_family(page, openmetrics, "database_up", "gauge", "",
				   "1: the metrics of the database could be read when that was last tried; 0: they "
				   "are missing.");
	metrics_value(page, "database_up", "gauge", up ? 1 : 0);
	if (!up)
		return;
	metrics_family(page, openmetrics, "database_age_seconds", "gauge", "seconds",
				   "How long ago the metrics of the database were read.");
	metrics_value(page, "database_age_seconds", "gauge", age);
}

const CollectPart database_metrics_part = {
	.start = start_reading,
	.stop = stop_reading,
	.metrics = write_metrics,
};
