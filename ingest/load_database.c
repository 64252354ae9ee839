/*
 * load_database.c
 *		A loader's connection to the database: it sends batches, and learns what became of them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load_database.h"
#include "log.h"

/* How often to look whether to stop, in milliseconds. */
#define STOP_CHECK 200

/* How long to wait for the batches that are on their way when the loader stops, in milliseconds. */
#define STOP_PATIENCE 5000

/* SQLSTATEs of sessionize.ingest() */
#define STATE_FENCED    "SZ001"
#define STATE_MOVED     "SZ002"
#define STATE_NOT_BEGUN "SZ003"

#define TYPE_BYTEA 17

#define BEGIN  "SELECT b.position, b.fence FROM sessionize.ingest_begin($1, $2, $3) AS b"
#define RESUME "SELECT sessionize.ingest_resume($1, $2, $3, $4)"
#define GAP    "SELECT sessionize.ingest_gap($1, $2, $3, $4, $5, $6, $7)"
#define INGEST                                                                                     \
	"SELECT i.requests_read, i.rows_inserted, i.rejected "                                         \
	"FROM sessionize.ingest($1, $2, $3, $4, $5, $6, $7) AS i"

struct LoadDatabase
{
	const char *conninfo;
	const char *events;
	const LoadSource *source;
	const atomic_bool *stop;
	PGconn *connection;
	char fence[32]; /* empty: not begun yet */
	int pending;
	char error[LOAD_ERROR_SIZE];
};

/*
 * load_database_create makes a connection that is not open yet.
 */
LoadDatabase *
load_database_create(const char *conninfo, const char *events, const LoadSource *source,
					 const atomic_bool *stop)
{
	LoadDatabase *database = calloc(1, sizeof(LoadDatabase));

	if (database == NULL)
		return NULL;
	database->conninfo = conninfo;
	database->events = events;
	database->source = source;
	database->stop = stop;
	return database;
}

/*
 * load_database_close closes the connection.
 */
void
load_database_close(LoadDatabase *database)
{
	if (database->connection != NULL)
		PQfinish(database->connection);
	database->connection = NULL;
	database->pending = 0;
}

/*
 * load_database_free closes and frees it.
 */
void
load_database_free(LoadDatabase *database)
{
	if (database == NULL)
		return;
	load_database_close(database);
	free(database);
}

/*
 * load_database_error returns what went wrong last.
 */
const char *
load_database_error(const LoadDatabase *database)
{
	return database->error;
}

/*
 * load_database_pending returns how many batches are on their way.
 */
int
load_database_pending(const LoadDatabase *database)
{
	return database->pending;
}

/*
 * keep_error keeps a message, without line ends.
 */
static void
keep_error(LoadDatabase *database, const char *message)
{
	size_t length;

	snprintf(database->error, sizeof(database->error), "%s", message);
	for (char *c = database->error; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
	length = strlen(database->error);
	while (length > 0 && database->error[length - 1] == ' ')
		database->error[--length] = '\0';
}

/*
 * lost notes that the connection is lost.
 */
static DatabaseResult
lost(LoadDatabase *database)
{
	keep_error(database, PQerrorMessage(database->connection));
	return DATABASE_LOST;
}

/*
 * is_busy tells whether an SQLSTATE is one that may be gone the next time: of lost connections,
 * transactions that were rolled back, insufficient resources, locks, and an operator's doing.
 */
static bool
is_busy(const char *state)
{
	static const char *const busy[] = {"08", "40", "53", "55P03", "57"};

	for (size_t i = 0; i < sizeof(busy) / sizeof(busy[0]); i++)
		if (strncmp(state, busy[i], strlen(busy[i])) == 0)
			return true;
	return false;
}

/*
 * judge tells what a result means, and keeps its error.
 */
static DatabaseResult
judge(LoadDatabase *database, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
	char message[LOAD_ERROR_SIZE];

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		return DATABASE_OK;
	if (state == NULL)
		return lost(database);
	snprintf(message, sizeof(message), "%s: %s%s%s", state,
			 PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), detail == NULL ? "" : ". ",
			 detail == NULL ? "" : detail);
	keep_error(database, message);
	if (PQstatus(database->connection) != CONNECTION_OK)
		return DATABASE_LOST;
	if (strcmp(state, STATE_FENCED) == 0)
		return DATABASE_FENCED;
	if (strcmp(state, STATE_MOVED) == 0 || strcmp(state, STATE_NOT_BEGUN) == 0)
		return DATABASE_MOVED;
	return is_busy(state) ? DATABASE_BUSY : DATABASE_FAILED;
}

/*
 * log_notice logs what the server has to say.
 */
static void
log_notice(void *arg, const PGresult *result)
{
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);

	(void) arg;
	log_info("the database says: %s%s%s", message == NULL ? "" : message,
			 detail == NULL ? "" : ". ", detail == NULL ? "" : detail);
}

/*
 * ask runs a statement with parameters, while no batch is on its way.
 */
static PGresult *
ask(LoadDatabase *database, const char *sql, int count, const char *const *values)
{
	return PQexecParams(database->connection, sql, count, NULL, values, NULL, NULL, 0);
}

/*
 * connect_database opens a connection.  A commit has to be durable, whatever the role's settings
 * are, since the source forgets what is loaded.
 */
static DatabaseResult
connect_database(LoadDatabase *database)
{
	static const char *const names[] = {
		"fallback_application_name", "connect_timeout", "keepalives_idle",
		"tcp_user_timeout",          "dbname",          NULL};
	const char *values[] = {"pg_sessionize_ingest", "10", "30", "60000", database->conninfo, NULL};
	PGresult *result;
	DatabaseResult judged;

	database->pending = 0;
	database->connection = PQconnectdbParams(names, values, 1);
	if (PQstatus(database->connection) != CONNECTION_OK)
		return lost(database);
	PQsetNoticeReceiver(database->connection, log_notice, NULL);
	result = PQexec(database->connection,
					"SELECT pg_catalog.set_config('synchronous_commit', 'on', false) "
					"WHERE pg_catalog.current_setting('synchronous_commit') = 'off'");
	judged = judge(database, result);
	PQclear(result);
	return judged;
}

/*
 * begin begins to load, in place of any other loader.
 */
static DatabaseResult
begin(LoadDatabase *database, char *position)
{
	const char *values[] = {database->events, database->source->name, database->source->partition};
	PGresult *result = ask(database, BEGIN, 3, values);
	DatabaseResult judged = judge(database, result);

	if (judged == DATABASE_OK)
	{
		snprintf(position, LOAD_POSITION_SIZE, "%s", PQgetvalue(result, 0, 0));
		snprintf(database->fence, sizeof(database->fence), "%s", PQgetvalue(result, 0, 1));
	}
	PQclear(result);
	return judged;
}

/*
 * resume finds out where to go on.
 */
static DatabaseResult
resume(LoadDatabase *database, char *position)
{
	const char *values[] = {database->events, database->source->name, database->source->partition,
							database->fence};
	PGresult *result = ask(database, RESUME, 4, values);
	DatabaseResult judged = judge(database, result);

	if (judged == DATABASE_OK)
		snprintf(position, LOAD_POSITION_SIZE, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return judged;
}

/*
 * load_database_open opens the connection and finds out where to go on.
 */
DatabaseResult
load_database_open(LoadDatabase *database, char *position)
{
	DatabaseResult result = DATABASE_OK;

	if (database->connection == NULL)
		result = connect_database(database);
	else if (PQpipelineStatus(database->connection) != PQ_PIPELINE_OFF &&
			 !PQexitPipelineMode(database->connection))
		result = lost(database);
	if (result == DATABASE_OK)
		result =
			database->fence[0] == '\0' ? begin(database, position) : resume(database, position);
	/* the position is gone, as when the events table was made anew */
	if (result == DATABASE_MOVED)
		result = begin(database, position);
	if (result == DATABASE_OK && !PQenterPipelineMode(database->connection))
		result = lost(database);
	return result;
}

/*
 * load_database_send sends a batch.
 */
bool
load_database_send(LoadDatabase *database, const char *position, const LoadBatch *batch)
{
	const Oid types[7] = {0, 0, 0, 0, 0, 0, TYPE_BYTEA};
	const int formats[7] = {0, 0, 0, 0, 0, 0, 1};
	const int lengths[7] = {0, 0, 0, 0, 0, 0, (int) batch->length};
	const char *values[7] = {database->events,
							 database->source->name,
							 database->source->partition,
							 *position == '\0' ? NULL : position,
							 batch->next,
							 database->fence,
							 (const char *) batch->bytes};

	if (!PQsendQueryParams(database->connection, INGEST, 7, types, values, lengths, formats, 0) ||
		!PQpipelineSync(database->connection))
	{
		(void) lost(database);
		return false;
	}
	database->pending++;
	return true;
}

/*
 * wait_for_server waits until the server has answered; false if the connection is lost, or if the
 * loader stops and the server does not answer.
 */
static bool
wait_for_server(LoadDatabase *database)
{
	int stopping = 0;

	while (PQisBusy(database->connection))
	{
		struct pollfd waiting = {.fd = PQsocket(database->connection), .events = POLLIN};
		int ready = poll(&waiting, 1, STOP_CHECK);

		if (ready > 0 && !PQconsumeInput(database->connection))
			return false;
		if (ready == 0 && atomic_load(database->stop) && (stopping += STOP_CHECK) >= STOP_PATIENCE)
			return false;
	}
	return true;
}

/*
 * take_counts takes the numbers of a batch.
 */
static void
take_counts(const PGresult *result, DatabaseCounts *counts)
{
	counts->requests = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
	counts->rows = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
	counts->rejected = strtoll(PQgetvalue(result, 0, 2), NULL, 10);
}

/*
 * load_database_receive waits for what became of the oldest batch.  It is committed if nothing has
 * failed until the end of its transaction is reported.
 */
DatabaseResult
load_database_receive(LoadDatabase *database, DatabaseCounts *counts)
{
	DatabaseResult judged = DATABASE_OK;
	bool ended = false;

	*counts = (DatabaseCounts){0};
	while (!ended)
	{
		PGresult *result;
		ExecStatusType status;

		if (!wait_for_server(database))
			return lost(database);
		result = PQgetResult(database->connection);
		if (result == NULL)
		{
			if (PQstatus(database->connection) != CONNECTION_OK)
				return lost(database);
			continue;
		}
		status = PQresultStatus(result);
		if (status == PGRES_PIPELINE_SYNC)
			ended = true;
		else if (judged == DATABASE_OK && (judged = judge(database, result)) == DATABASE_OK)
			take_counts(result, counts);
		PQclear(result);
		if (judged == DATABASE_LOST)
			return judged;
	}
	database->pending--;
	return judged;
}

/*
 * load_database_gap notes a gap.
 */
DatabaseResult
load_database_gap(LoadDatabase *database, const char *position, const char *next,
				  const char *reason)
{
	const char *values[] = {database->events,
							database->source->name,
							database->source->partition,
							*position == '\0' ? NULL : position,
							next,
							database->fence,
							reason};
	PGresult *result;
	DatabaseResult judged;

	if (!PQexitPipelineMode(database->connection))
		return lost(database);
	result = ask(database, GAP, 7, values);
	judged = judge(database, result);
	PQclear(result);
	if (!PQenterPipelineMode(database->connection))
		return lost(database);
	return judged;
}
