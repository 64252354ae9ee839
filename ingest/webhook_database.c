/*
 * webhook_database.c
 *		A webhook's connection to the database.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "query.h"
#include "text.h"
#include "webhook_database.h"

#define CONNECT_SECONDS 10
#define QUERY_SECONDS   30
#define ERROR_SIZE      512

/* SQLSTATEs of the functions of webhooks, and of a privilege that is missing */
#define STATE_FENCED    "SZ001"
#define STATE_NOT_BEGUN "SZ003"
#define STATE_FORBIDDEN "42501"

#define LISTEN "LISTEN sessionize_incident"
#define BEGIN  "SELECT b.fence, b.pipelines FROM sessionize.webhook_begin($1) AS b"
#define NEXT                                                                                       \
	"SELECT n.notice_id, n.incident_id, n.delivery, n.content FROM ("                              \
	"SELECT DISTINCT ON (w.incident_id) w.notice_id, w.incident_id, w.delivery, "                  \
	"CASE $3 WHEN 'slack' THEN jsonb_build_object('text', w.text)::text ELSE w.body::text END "    \
	"AS content FROM sessionize.webhook_notices AS w "                                             \
	"WHERE w.webhook_name = $1 AND w.incident_id <> ALL ($2::bigint[]) "                           \
	"ORDER BY w.incident_id, w.notice_id) AS n ORDER BY n.notice_id LIMIT 32"
#define DELIVERED "SELECT sessionize.webhook_delivered($1, $2, $3)"
#define FAILED    "SELECT sessionize.webhook_failed($1, $2, $3)"

struct WebhookDatabase
{
	const Options *options;
	const atomic_bool *stop;
	PGconn *connection;
	char fence[24]; /* empty: not begun yet */
	char error[ERROR_SIZE];
};

/*
 * webhook_database_create makes a connection that is not open yet.
 */
WebhookDatabase *
webhook_database_create(const Options *options, const atomic_bool *stop)
{
	WebhookDatabase *database = calloc(1, sizeof(WebhookDatabase));

	if (database == NULL)
		return NULL;
	database->options = options;
	database->stop = stop;
	return database;
}

/*
 * close_connection closes the connection.
 */
static void
close_connection(WebhookDatabase *database)
{
	PQfinish(database->connection);
	database->connection = NULL;
}

/*
 * webhook_database_free closes and frees it.
 */
void
webhook_database_free(WebhookDatabase *database)
{
	if (database == NULL)
		return;
	close_connection(database);
	free(database);
}

/*
 * keep_error keeps a message, on one line.
 */
static void
keep_error(WebhookDatabase *database, const char *message)
{
	snprintf(database->error, sizeof(database->error), "%s",
			 *message == '\0' ? "the database does not answer" : message);
	database->error[strcspn(database->error, "\n")] = '\0';
}

/*
 * judge tells what a result means.  A connection that is lost, or that a statement was not answered
 * on, is closed.
 */
static WebhookState
judge(WebhookDatabase *database, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (PQresultStatus(result) == PGRES_TUPLES_OK || PQresultStatus(result) == PGRES_COMMAND_OK)
		return WEBHOOK_OK;
	keep_error(database, result == NULL ? PQerrorMessage(database->connection)
										: PQresultErrorMessage(result));
	if (result == NULL || PQstatus(database->connection) != CONNECTION_OK)
		close_connection(database);
	if (state == NULL)
		return WEBHOOK_LOST;
	if (strcmp(state, STATE_NOT_BEGUN) == 0)
		/* it was dropped, or the database is another one than before: begin anew */
		database->fence[0] = '\0';
	return strcmp(state, STATE_FENCED) == 0 || strcmp(state, STATE_FORBIDDEN) == 0 ? WEBHOOK_FENCED
																				   : WEBHOOK_LOST;
}

/*
 * run runs a statement and frees what it returns.
 */
static WebhookState
run(WebhookDatabase *database, const char *sql, int count, const char *const *values)
{
	PGresult *result =
		query_run(database->connection, sql, count, values, QUERY_SECONDS, database->stop);
	WebhookState state = judge(database, result);

	PQclear(result);
	return state;
}

/*
 * begin begins to deliver, and takes over from whoever did before.
 */
static WebhookState
begin(WebhookDatabase *database)
{
	const char *const values[] = {database->options->webhook_name};
	PGresult *result =
		query_run(database->connection, BEGIN, 1, values, QUERY_SECONDS, database->stop);
	WebhookState state = judge(database, result);

	if (state == WEBHOOK_OK)
	{
		snprintf(database->fence, sizeof(database->fence), "%s", PQgetvalue(result, 0, 0));
		if (strcmp(PQgetvalue(result, 0, 1), "0") == 0)
			log_warning(
				"webhook: the role sees no pipeline, so that no incident will be delivered; "
				"GRANT pg_read_all_stats TO it, or the role of a pipeline's owner");
	}
	PQclear(result);
	return state;
}

/*
 * webhook_database_open connects.  What was begun before goes on as it is, so that a program that
 * another one has replaced finds out instead of taking over again.
 */
WebhookState
webhook_database_open(WebhookDatabase *database)
{
	WebhookState state;

	if (database->connection == NULL)
	{
		database->connection =
			query_connect(database->options->database, "pg_sessionize_ingest webhook",
						  CONNECT_SECONDS, database->stop);
		if (PQstatus(database->connection) != CONNECTION_OK)
		{
			keep_error(database, PQerrorMessage(database->connection));
			close_connection(database);
			return WEBHOOK_LOST;
		}
		state = run(database, LISTEN, 0, NULL);
		if (state != WEBHOOK_OK)
		{
			/* such as a server that is in recovery */
			close_connection(database);
			return state;
		}
	}
	return *database->fence != '\0' ? WEBHOOK_OK : begin(database);
}

/*
 * take_notice takes a row.
 */
static bool
take_notice(WebhookNotice *notice, const PGresult *result, int row)
{
	snprintf(notice->notice, sizeof(notice->notice), "%s", PQgetvalue(result, row, 0));
	notice->incident = strtoll(PQgetvalue(result, row, 1), NULL, 10);
	snprintf(notice->delivery, sizeof(notice->delivery), "%s", PQgetvalue(result, row, 2));
	notice->body = strdup(PQgetvalue(result, row, 3));
	return notice->body != NULL;
}

/*
 * webhook_database_next asks what is to be delivered.
 */
WebhookState
webhook_database_next(WebhookDatabase *database, const int64_t *but, size_t but_count,
					  WebhookNotice *notices, size_t *count)
{
	Text list = {0};
	PGresult *result;
	WebhookState state;

	*count = 0;
	text_put(&list, "{");
	for (size_t i = 0; i < but_count; i++)
		text_printf(&list, "%s%lld", i == 0 ? "" : ",", (long long) but[i]);
	text_put(&list, "}");
	result = query_run(database->connection, NEXT, 3,
					   (const char *const[]){database->options->webhook_name,
											 list.failed ? "{}" : list.data,
											 database->options->webhook_format},
					   QUERY_SECONDS, database->stop);
	text_free(&list);
	state = judge(database, result);
	for (int row = 0; state == WEBHOOK_OK && row < PQntuples(result) && row < WEBHOOK_NOTICES;
		 row++)
		if (take_notice(&notices[*count], result, row))
			(*count)++;
	PQclear(result);
	return state;
}

/*
 * webhook_database_delivered notes a delivery.
 */
WebhookState
webhook_database_delivered(WebhookDatabase *database, const char *notice)
{
	const char *const values[] = {database->options->webhook_name, database->fence, notice};

	return run(database, DELIVERED, 3, values);
}

/*
 * webhook_database_failed notes a failure.
 */
WebhookState
webhook_database_failed(WebhookDatabase *database, const char *error)
{
	const char *const values[] = {database->options->webhook_name, database->fence, error};

	return run(database, FAILED, 3, values);
}

/*
 * webhook_database_wait waits for NOTIFY, of which the text is of no interest: the database has it.
 */
void
webhook_database_wait(WebhookDatabase *database, double seconds)
{
	PGnotify *notification;

	query_wait(database->connection, seconds, database->stop);
	while (database->connection != NULL &&
		   (notification = PQnotifies(database->connection)) != NULL)
		PQfreemem(notification);
	if (database->connection != NULL && PQstatus(database->connection) != CONNECTION_OK)
		close_connection(database);
}

/*
 * webhook_database_error returns what went wrong last.
 */
const char *
webhook_database_error(const WebhookDatabase *database)
{
	return database->error;
}
