/*
 * duckdb_session.c
 *		Databases of DuckDB.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "duckdb_session.h"

/*
 * set sets an option of a database that is to be opened.
 */
static bool
set(const DuckdbLibrary *library, duckdb_config config, const char *name, const char *value,
	Failure *failure)
{
	if (library->set_config(config, name, value) == DUCKDB_OK)
		return true;
	return fail_with(failure, "DuckDB does not take the setting %s = %s", name, value);
}

/*
 * configure sets all options.  Nothing is fetched from the network, and what does not fit into the
 * memory is put into the folder.
 */
static bool
configure(const DuckdbLibrary *library, duckdb_config config, const DuckdbSettings *settings,
		  Failure *failure)
{
	char memory[32];
	char threads[32];

	snprintf(memory, sizeof(memory), "%" PRId64 "B", settings->memory);
	snprintf(threads, sizeof(threads), "%" PRId64, settings->threads);
	return set(library, config, "memory_limit", memory, failure) &&
		   set(library, config, "threads", threads, failure) &&
		   set(library, config, "temp_directory", settings->folder, failure) &&
		   set(library, config, "autoinstall_known_extensions", "false", failure) &&
		   set(library, config, "autoload_known_extensions", "false", failure);
}

/*
 * open_database opens the database.
 */
static bool
open_database(DuckdbSession *session, const DuckdbSettings *settings)
{
	const DuckdbLibrary *library = session->library;
	duckdb_config config = NULL;
	char *error = NULL;
	Text path = {0};
	bool opened = false;

	text_printf(&path, "%s/rows.duckdb", settings->folder);
	if (path.failed || library->create_config(&config) != DUCKDB_OK)
		fail_with(session->failure, "there is no memory for DuckDB");
	else if (configure(library, config, settings, session->failure))
	{
		opened = library->open_ext(path.data, &session->database, config, &error) == DUCKDB_OK;
		if (!opened)
			fail_with(session->failure, "DuckDB could not make a database in \"%s\": %s",
					  settings->folder, error != NULL ? error : "it does not say why");
		library->free(error);
	}
	library->destroy_config(&config);
	text_free(&path);
	return opened;
}

/*
 * duckdb_session_open opens a database whose times are in UTC.
 */
bool
duckdb_session_open(DuckdbSession *session, const DuckdbSettings *settings, Failure *failure)
{
	*session = (DuckdbSession){.folder = settings->folder, .failure = failure};
	session->library = duckdb_library(settings->library, failure);
	if (session->library == NULL || !open_database(session, settings))
		return false;
	if (session->library->connect(session->database, &session->connection) != DUCKDB_OK)
		return fail_with(failure, "DuckDB takes no connection");
	/* rows are soon read again, and day by day */
	return duckdb_session_run(session, "SET force_compression = 'uncompressed'", NULL, NULL) &&
		   duckdb_session_run(session, "SET TimeZone = 'UTC'", NULL, NULL);
}

/*
 * duckdb_session_close closes the database, if it is open.
 */
void
duckdb_session_close(DuckdbSession *session)
{
	if (session->connection != NULL)
		session->library->disconnect(&session->connection);
	if (session->database != NULL)
		session->library->close(&session->database);
}

/*
 * duckdb_session_path makes a path.
 */
bool
duckdb_session_path(DuckdbSession *session, const char *suffix, Text *path)
{
	text_printf(path, "%s/%" PRId64 "%s", session->folder, ++session->paths, suffix);
	return !path->failed || fail_with(session->failure, "there is no memory for a path");
}

/*
 * text_of returns a value of a vector.
 */
static DuckdbText
text_of(const duckdb_string *strings, const uint64_t *validity, duckdb_idx row)
{
	const duckdb_string *string = &strings[row];
	uint32_t length = string->value.inlined.length;

	if (validity != NULL && (validity[row / 64] >> (row % 64) & 1) == 0)
		return (DuckdbText){NULL, 0};
	return (DuckdbText){length <= DUCKDB_INLINED ? string->value.inlined.bytes
												 : string->value.pointer.bytes,
						length};
}

/*
 * take_chunk hands the rows of a chunk on.
 */
static bool
take_chunk(const DuckdbLibrary *library, duckdb_chunk chunk, duckdb_idx columns, DuckdbRow take,
		   void *context)
{
	DuckdbText *values = calloc(columns, sizeof(DuckdbText));
	duckdb_idx rows = library->data_chunk_get_size(chunk);
	bool taken = values != NULL;

	for (duckdb_idx row = 0; taken && row < rows; row++)
	{
		for (duckdb_idx i = 0; i < columns; i++)
		{
			duckdb_vector vector = library->data_chunk_get_vector(chunk, i);

			values[i] = text_of(library->vector_get_data(vector),
								library->vector_get_validity(vector), row);
		}
		taken = take(context, values);
	}
	free(values);
	return taken;
}

/*
 * duckdb_session_run runs a statement.
 */
bool
duckdb_session_run(DuckdbSession *session, const char *sql, DuckdbRow take, void *context)
{
	const DuckdbLibrary *library = session->library;
	duckdb_result result = {0};
	duckdb_chunk chunk;
	bool done = library->query(session->connection, sql, &result) == DUCKDB_OK;

	if (!done)
		fail_with(session->failure, "DuckDB: %s", library->result_error(&result));
	while (done && take != NULL && (chunk = library->fetch_chunk(result)) != NULL)
	{
		done = take_chunk(library, chunk, library->column_count(&result), take, context);
		library->destroy_data_chunk(&chunk);
	}
	library->destroy_result(&result);
	return done || fail_with(session->failure, "there is no memory for what DuckDB returns");
}
