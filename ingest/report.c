/*
 * report.c
 *		The command "report".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "report.h"

#ifdef WITH_REPORT

#include "report_page.h"

/* A condition is a text that is quoted for SQL, the steps an array of them, or NULL. */
#define QUERY                                                                                      \
	"SELECT sessionize.report($1, since => nullif($2, '')::pg_catalog.date, "                      \
	"until => nullif($3, '')::pg_catalog.date, steps => %s, "                                      \
	"within => $4::pg_catalog.interval, page_depth => nullif($5::pg_catalog.int4, 0))"

/*
 * put_steps adds the steps of the funnel as an array, whose texts are quoted by libpq.
 */
static bool
put_steps(Text *query, PGconn *connection, const OptionList *steps)
{
	if (steps->count == 0)
		text_put(query, "NULL");
	for (size_t i = 0; i < steps->count; i++)
	{
		char *quoted = PQescapeLiteral(connection, steps->values[i], strlen(steps->values[i]));

		if (quoted == NULL)
			return false;
		text_printf(query, "%s%s", i == 0 ? "ARRAY[" : ", ", quoted);
		PQfreemem(quoted);
	}
	if (steps->count > 0)
		text_put(query, "]::pg_catalog.text[]");
	return !query->failed;
}

/*
 * ask asks the database; NULL if the connection is of no use.
 */
static PGresult *
ask(PGconn *connection, const Options *options)
{
	Text steps = {NULL, 0, 0, false};
	Text query = {NULL, 0, 0, false};
	char depth[24];
	const char *values[] = {options->pipeline, options->since, options->until,
							options->funnel_within, depth};
	PGresult *result = NULL;

	snprintf(depth, sizeof(depth), "%lld", (long long) options->page_depth);
	if (put_steps(&steps, connection, &options->funnel))
		text_printf(&query, QUERY, steps.data);
	if (query.data != NULL && !query.failed)
		result = PQexecParams(connection, query.data, 5, NULL, values, NULL, NULL, 0);
	text_free(&steps);
	text_free(&query);
	return result;
}

/*
 * connect_database opens a connection, whose texts are UTF-8.
 */
static PGconn *
connect_database(const char *conninfo)
{
	static const char *const names[] = {"fallback_application_name", "connect_timeout", "dbname",
										"client_encoding", NULL};
	const char *values[] = {"pg_sessionize_ingest report", "10", conninfo, "UTF8", NULL};

	return PQconnectdbParams(names, values, 1);
}

/*
 * fetch returns the document, or NULL after it has logged why there is none.
 */
static json_t *
fetch(const Options *options)
{
	PGconn *connection = connect_database(options->database);
	PGresult *result = PQstatus(connection) == CONNECTION_OK ? ask(connection, options) : NULL;
	json_t *document = NULL;
	json_error_t error;

	if (result == NULL)
		log_error("%s", PQerrorMessage(connection));
	else if (PQresultStatus(result) != PGRES_TUPLES_OK)
		log_error("%s", PQresultErrorMessage(result));
	else if ((document = json_loads(PQgetvalue(result, 0, 0), JSON_ALLOW_NUL, &error)) == NULL)
		log_error("what the database said can't be read: %s", error.text);
	PQclear(result);
	PQfinish(connection);
	return document;
}

/*
 * write_all writes the page; false, with errno, if that fails.
 */
static bool
write_all(FILE *file, const Text *html)
{
	bool written = fwrite(html->data, 1, html->length, file) == html->length;

	return fflush(file) == 0 && written;
}

/*
 * write_file writes the page next to the file, and then in its place: whoever reads it finds the old
 * report or the new one.
 */
static bool
write_file(const char *path, const Text *html)
{
	Text next = {NULL, 0, 0, false};
	FILE *file;
	bool written = false;

	text_printf(&next, "%s.%ld.tmp", path, (long) getpid());
	file = next.failed ? NULL : fopen(next.data, "wx");
	if (file != NULL)
	{
		written = write_all(file, html) && fsync(fileno(file)) == 0;
		written = fclose(file) == 0 && written && rename(next.data, path) == 0;
		if (!written)
		{
			int error = errno;

			(void) unlink(next.data);
			errno = error;
		}
	}
	text_free(&next);
	return written;
}

/*
 * write_page writes the page to the file of the settings, or to stdout.
 */
static int
write_page(const Options *options, const Text *html)
{
	bool to_stdout = *options->output == '\0' || strcmp(options->output, "-") == 0;

	if (html->failed)
	{
		log_error("there is no memory for the report");
		return 1;
	}
	if (to_stdout ? write_all(stdout, html) : write_file(options->output, html))
		return 0;
	log_error("could not write the report to %s: %s", to_stdout ? "stdout" : options->output,
			  strerror(errno));
	return 1;
}

/*
 * report_run makes a report.
 */
int
report_run(const Options *options)
{
	Text html = {NULL, 0, 0, false};
	json_t *document;
	int status;

	if (options->funnel_labels.count > options->funnel.count)
	{
		log_error("there are more labels than steps of the funnel: each --funnel-label needs a "
				  "--funnel");
		return 2;
	}
	if ((document = fetch(options)) == NULL)
		return 1;
	report_page(&html, &(Report){document, &options->funnel_labels});
	status = write_page(options, &html);
	json_decref(document);
	text_free(&html);
	return status;
}

#else

/*
 * report_run can't be done without the library.
 */
int
report_run(const Options *options)
{
	(void) options;
	log_error("report: this program was built without jansson; install libjansson-dev and build it "
			  "anew");
	return 2;
}

#endif
