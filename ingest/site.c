/*
 * site.c
 *		Files of a directory, and a query's answer.
 *
 * The query runs in the thread that talks HTTP, one at a time, on a connection of its own that can
 * only read: enough for a demonstration, which is all that this is for.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

#include "body.h"
#include "log.h"
#include "reply.h"
#include "site.h"

#define MAX_FILE INT64_C(4194304)

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."

static const struct
{
	const char *suffix;
	const char *type;
} types[] = {
	{".html", "text/html; charset=utf-8"},
	{".css", "text/css; charset=utf-8"},
	{".js", "text/javascript; charset=utf-8"},
	{".svg", "image/svg+xml"},
	{".png", "image/png"},
	{".json", "application/json"},
};

static pthread_mutex_t query_lock = PTHREAD_MUTEX_INITIALIZER;
static PGconn *connection;

/*
 * type_of returns the type of a file by its name, or NULL for one that is not served.
 */
static const char *
type_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(dot, types[i].suffix) == 0)
			return types[i].type;
	return NULL;
}

/*
 * read_file adds a file's content to a text; false if it can't be read or is too large.
 */
static bool
read_file(const char *directory, const char *name, Text *content)
{
	char path[4096];
	char bytes[16384];
	FILE *file;
	size_t count;

	if ((size_t) snprintf(path, sizeof(path), "%s/%s", directory, name) >= sizeof(path))
		return false;
	file = fopen(path, "rb");
	if (file == NULL)
		return false;
	while (content->length <= MAX_FILE && (count = fread(bytes, 1, sizeof(bytes), file)) > 0)
		text_add(content, bytes, count);
	fclose(file);
	return !content->failed && content->length <= MAX_FILE;
}

/*
 * site_file answers with a file.  Names have no slash, so there is no way out of the directory.
 */
enum MHD_Result
site_file(Request *request)
{
	const char *name = request->path + 1;
	Text content = {0};

	if (*name == '.' || name[strspn(name, NAME_CHARACTERS)] != '\0' || type_of(name) == NULL)
		name = "index.html";
	if (!read_file(request->collector->options->site, name, &content))
	{
		text_free(&content);
		return reply_error(request, MHD_HTTP_NOT_FOUND, "there is no such file");
	}
	return reply_text(request, MHD_HTTP_OK, type_of(name), &content);
}

/*
 * connect_to opens the connection if it is not open.
 */
static bool
connect_to(const char *database)
{
	const char *const names[] = {"dbname", "connect_timeout", "application_name", NULL};
	const char *const values[] = {database, "2", "pg_sessionize_ingest site", NULL};
	PGresult *result;
	bool done;

	if (connection != NULL && PQstatus(connection) == CONNECTION_OK)
		return true;
	PQfinish(connection);
	connection = PQconnectdbParams(names, values, 1);
	if (PQstatus(connection) != CONNECTION_OK)
		return false;
	result =
		PQexec(connection, "SET default_transaction_read_only = on; SET statement_timeout = '2s'");
	done = PQresultStatus(result) == PGRES_COMMAND_OK;
	PQclear(result);
	if (!done)
	{
		/* a connection that could write is not used */
		PQfinish(connection);
		connection = NULL;
	}
	return done;
}

/*
 * ask runs the query and adds its value to a text.
 */
static bool
ask(const Options *options, const char *key, Text *answer)
{
	const char *const values[] = {key};
	PGresult *result;
	bool done;

	if (!connect_to(options->database))
	{
		log_debug("site-query: %s", PQerrorMessage(connection));
		return false;
	}
	result = PQexecParams(connection, options->site_query, 1, NULL, values, NULL, NULL, 0);
	done = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1 &&
		   PQnfields(result) == 1;
	if (done)
		text_add(answer, PQgetvalue(result, 0, 0), (size_t) PQgetlength(result, 0, 0));
	else
		log_debug("site-query: %s", PQresultErrorMessage(result));
	PQclear(result);
	return done && !answer->failed;
}

/*
 * site_query answers with the query's value.
 */
enum MHD_Result
site_query(Request *request)
{
	const Options *options = request->collector->options;
	size_t length = 0;
	char *key = form_value(request->query, strlen(request->query), "key", &length);
	Text answer = {0};
	bool done;

	if (key == NULL || strlen(key) != length)
	{
		free(key);
		return reply_error(request, MHD_HTTP_BAD_REQUEST, "the query string has no field key");
	}
	pthread_mutex_lock(&query_lock);
	done = ask(options, key, &answer);
	pthread_mutex_unlock(&query_lock);
	free(key);
	if (done)
		return reply_text(request, MHD_HTTP_OK, "application/json", &answer);
	text_free(&answer);
	return reply_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "the database does not answer");
}
