/*
 * export_database.c
 *		What an export asks the database, and tells it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "copy_reader.h"
#include "export_database.h"
#include "query.h"
#include "text.h"

#define CONNECT_SECONDS 10
#define ACCOUNT_SECONDS 60
#define READ_SECONDS    86400

#define BEGIN_EXPORT                                                                               \
	"SELECT b.location, b.token, b.intended, b.erasures, b.summary "                               \
	"FROM sessionize.export_begin($1, $2) AS b"
#define SNAPSHOT "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
#define RELEASE  "ROLLBACK"
/*
 * Names mean what they do in pg_catalog, and texts are the same, whoever exports; and an export may
 * take long.
 */
#define SETTINGS                                                                                   \
	"SELECT set_config('search_path', 'pg_catalog, pg_temp', false), "                             \
	"set_config('datestyle', 'ISO, YMD', false), set_config('timezone', 'UTC', false), "           \
	"set_config('intervalstyle', 'postgres', false), set_config('bytea_output', 'hex', false), "   \
	"set_config('extra_float_digits', '1', false), set_config('statement_timeout', '0', false), "  \
	"set_config('idle_in_transaction_session_timeout', '0', false)"
#define TIME "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
#define TABLES                                                                                     \
	"SELECT t.table_name, t.partition_column, t.columns FROM sessionize.export_tables($1, $2) AS " \
	"t"
#define NOTES "SELECT n.note_ids, n.erasures FROM sessionize.export_notes($1, $2) AS n"
#define CHANGES                                                                                    \
	"SELECT c.table_name, to_char(c.day, 'YYYY-MM-DD'), c.row_count, c.fingerprint "               \
	"FROM sessionize.export_changes($1, $2, $3) AS c ORDER BY c.table_name, c.day"
#define QUERY  "SELECT sessionize.export_query($1, $2, $3, $4)"
#define INTEND "SELECT sessionize.export_intend($1, $2, $3, $4, $5)"
#define FINISH "SELECT sessionize.export_finish($1, $2, $3, $4)"
#define FAIL   "SELECT sessionize.export_fail($1, $2, $3)"

/* What is asked after the program was told to end. */
static const atomic_bool go_on;

/*
 * ask runs a statement; NULL, and the failure says why.
 */
static PGresult *
ask(ExportDatabase *database, PGconn *connection, const char *sql, int count,
	const char *const *values, double seconds)
{
	/* what is told to end begins nothing */
	PGresult *result = atomic_load(database->stop)
						   ? NULL
						   : query_run(connection, sql, count, values, seconds, database->stop);
	ExecStatusType status = PQresultStatus(result);

	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return result;
	if (atomic_load(database->stop))
		fail_with(database->failure, "the export was told to end");
	else if (result != NULL)
		fail_with(database->failure, "%s", PQresultErrorMessage(result));
	else if (*PQerrorMessage(connection) != '\0')
		fail_with(database->failure, "%s", PQerrorMessage(connection));
	else
		fail_with(database->failure, "the database does not answer");
	PQclear(result);
	return NULL;
}

/*
 * run runs a statement whose result is of no interest.
 */
static bool
run(ExportDatabase *database, PGconn *connection, const char *sql, int count,
	const char *const *values, double seconds)
{
	PGresult *result = ask(database, connection, sql, count, values, seconds);

	PQclear(result);
	return result != NULL;
}

/*
 * connect_database opens a connection.
 */
static PGconn *
connect_database(ExportDatabase *database, const char *conninfo)
{
	PGconn *connection =
		query_connect(conninfo, "pg_sessionize_ingest export", CONNECT_SECONDS, database->stop);

	if (PQstatus(connection) != CONNECTION_OK)
		fail_with(database->failure, "%s",
				  *PQerrorMessage(connection) != '\0' ? PQerrorMessage(connection)
													  : "the database does not answer");
	return connection;
}

/*
 * take_begin keeps what export_begin() returns.
 */
static bool
take_begin(ExportDatabase *database, PGresult *result)
{
	if (result == NULL)
		return false;
	database->location = strdup(PQgetvalue(result, 0, 0));
	snprintf(database->token, sizeof(database->token), "%s", PQgetvalue(result, 0, 1));
	snprintf(database->intended, sizeof(database->intended), "%s", PQgetvalue(result, 0, 2));
	database->erases = strcmp(PQgetvalue(result, 0, 3), "0") != 0;
	database->summary = strdup(PQgetvalue(result, 0, 4));
	PQclear(result);
	return (database->location != NULL && database->summary != NULL) ||
		   fail_with(database->failure, "there is no memory for the export");
}

/*
 * export_database_open connects.
 */
bool
export_database_open(ExportDatabase *database, const char *conninfo)
{
	const char *const values[] = {database->pipeline, database->name};

	database->keeper = connect_database(database, conninfo);
	if (PQstatus(database->keeper) != CONNECTION_OK ||
		!take_begin(database,
					ask(database, database->keeper, BEGIN_EXPORT, 2, values, ACCOUNT_SECONDS)))
		return false;
	database->reader = connect_database(database, conninfo);
	return PQstatus(database->reader) == CONNECTION_OK &&
		   run(database, database->reader, SETTINGS, 0, NULL, ACCOUNT_SECONDS);
}

/*
 * export_database_close ends the connections, and with them the snapshot and the lock.
 */
void
export_database_close(ExportDatabase *database)
{
	PQfinish(database->reader);
	PQfinish(database->keeper);
	free(database->location);
	free(database->summary);
	*database = (ExportDatabase){0};
}

/*
 * export_database_snapshot takes the snapshot by the first query of a transaction.
 */
bool
export_database_snapshot(ExportDatabase *database)
{
	PGresult *result;

	if (PQtransactionStatus(database->reader) != PQTRANS_IDLE &&
		!run(database, database->reader, RELEASE, 0, NULL, ACCOUNT_SECONDS))
		return false;
	if (!run(database, database->reader, SNAPSHOT, 0, NULL, ACCOUNT_SECONDS) ||
		(result = ask(database, database->reader, TIME, 0, NULL, ACCOUNT_SECONDS)) == NULL)
		return false;
	snprintf(database->time, sizeof(database->time), "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return true;
}

/*
 * export_database_tables asks for the tables.
 */
bool
export_database_tables(ExportDatabase *database, LakeTable **tables, size_t *count)
{
	const char *const values[] = {database->pipeline, database->name};
	PGresult *result = ask(database, database->reader, TABLES, 2, values, ACCOUNT_SECONDS);
	bool done = result != NULL;
	int rows = PQntuples(result);

	*count = 0;
	*tables = calloc((size_t) rows + 1, sizeof(LakeTable));
	if (done && *tables == NULL)
		done = fail_with(database->failure, "there is no memory for the tables");
	for (int row = 0; done && row < rows; row++)
		done = lake_table_init(&(*tables)[(*count)++], PQgetvalue(result, row, 0),
							   PQgetisnull(result, row, 1) ? NULL : PQgetvalue(result, row, 1),
							   PQgetvalue(result, row, 2), database->failure);
	PQclear(result);
	if (done && *count == 0)
		done = fail_with(database->failure, "the export has no tables");
	return done;
}

/*
 * export_database_notes asks for the notes.
 */
bool
export_database_notes(ExportDatabase *database, char **notes, bool *erases)
{
	const char *const values[] = {database->pipeline, database->name};
	PGresult *result = ask(database, database->reader, NOTES, 2, values, ACCOUNT_SECONDS);

	if (result == NULL)
		return false;
	*notes = strdup(PQgetvalue(result, 0, 0));
	*erases = strcmp(PQgetvalue(result, 0, 1), "0") != 0;
	PQclear(result);
	return *notes != NULL || fail_with(database->failure, "there is no memory for the days");
}

/*
 * export_database_changes asks for the days that have changed.
 */
bool
export_database_changes(ExportDatabase *database, bool whole, ExportChanges *changes)
{
	const char *const values[] = {database->pipeline, database->name, whole ? "true" : "false"};
	PGresult *result = ask(database, database->reader, CHANGES, 3, values, READ_SECONDS);
	size_t rows = (size_t) PQntuples(result);
	bool done = result != NULL;

	*changes = (ExportChanges){.changes = calloc(rows + 1, sizeof(ExportChange))};
	for (size_t i = 0; done && changes->changes != NULL && i < rows; i++)
	{
		ExportChange *change = &changes->changes[changes->count++];

		change->table = strdup(PQgetvalue(result, (int) i, 0));
		snprintf(change->day, sizeof(change->day), "%s", PQgetvalue(result, (int) i, 1));
		change->rows = strtoll(PQgetvalue(result, (int) i, 2), NULL, 10);
		done = change->table != NULL;
		if (done && !PQgetisnull(result, (int) i, 3))
			done = (change->fingerprint = strdup(PQgetvalue(result, (int) i, 3))) != NULL;
	}
	done = done && changes->changes != NULL;
	PQclear(result);
	return done || fail_with(database->failure, "there is no memory for the days");
}

/*
 * export_changes_free frees what the database has said.
 */
void
export_changes_free(ExportChanges *changes)
{
	for (size_t i = 0; i < changes->count; i++)
	{
		free(changes->changes[i].table);
		free(changes->changes[i].fingerprint);
	}
	free(changes->changes);
	*changes = (ExportChanges){0};
}

/*
 * copy_statement returns the statement that sends the rows of some days, which the caller frees.
 */
static bool
copy_statement(ExportDatabase *database, const LakeTable *table, const char *days, Text *sql)
{
	const char *const values[] = {database->pipeline, database->name, table->name, days};
	PGresult *result = ask(database, database->reader, QUERY, 4, values, ACCOUNT_SECONDS);

	if (result == NULL)
		return false;
	text_printf(sql, "COPY (%s) TO STDOUT (FORMAT binary)", PQgetvalue(result, 0, 0));
	PQclear(result);
	return !sql->failed || fail_with(database->failure, "there is no memory for a statement");
}

/*
 * export_database_read reads rows.
 */
bool
export_database_read(ExportDatabase *database, const LakeTable *table, const char *days,
					 ParquetRows *rows)
{
	Text sql = {0};
	bool done =
		copy_statement(database, table, days, &sql) &&
		copy_read(database->reader, sql.data, table, rows, database->stop, database->failure);

	text_free(&sql);
	return done;
}

/*
 * export_database_intend says that an export may be in the lake's logs from now on.
 */
bool
export_database_intend(ExportDatabase *database, const char *token, const char *notes)
{
	const char *const values[] = {database->pipeline, database->name, token, notes, database->time};

	return run(database, database->keeper, INTEND, 5, values, ACCOUNT_SECONDS);
}

/*
 * export_database_finish says that an export is in the lake's logs.
 */
bool
export_database_finish(ExportDatabase *database, const char *token, const char *summary)
{
	const char *const values[] = {database->pipeline, database->name, token, summary};

	return run(database, database->keeper, FINISH, 4, values, ACCOUNT_SECONDS);
}

/*
 * break_off ends a statement that is at work, if the server hears of it.
 */
static void
break_off(PGconn *connection)
{
	PGcancel *cancel = PQgetCancel(connection);
	char error[256];

	if (cancel != NULL && PQcancel(cancel, error, sizeof(error)) != 0)
	{
		query_wait(connection, CONNECT_SECONDS, &go_on);
		while (!PQisBusy(connection))
		{
			PGresult *result = PQgetResult(connection);

			if (result == NULL)
				break;
			PQclear(result);
		}
	}
	PQfreeCancel(cancel);
}

/*
 * export_database_fail tells of a failure, and says nothing if that fails too.
 */
void
export_database_fail(ExportDatabase *database, const char *message)
{
	const char *const values[] = {database->pipeline, database->name, message};

	if (database->location == NULL)
		return;
	if (PQtransactionStatus(database->keeper) == PQTRANS_ACTIVE)
		break_off(database->keeper);
	if (PQtransactionStatus(database->keeper) == PQTRANS_IDLE)
		PQclear(query_run(database->keeper, FAIL, 3, values, CONNECT_SECONDS, &go_on));
}
