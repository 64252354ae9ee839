/*
 * export_find.c
 *		Looking for a session key in all files of a lake, to prove that it was erased.
 *
 * Each column of each file is looked at, and also files that no log names any more, or yet.  It does
 * not believe the logs: what lies in the lake's place is listed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export_run.h"
#include "log.h"

#define SUFFIX ".parquet"

typedef struct Finding
{
	Text condition; /* over the columns of the file */
	const char *key;
	int64_t rows;
} Finding;

/*
 * put_quoted adds a text in quotes, in which they are doubled.
 */
static void
put_quoted(Text *sql, const char *bytes, size_t length, char quote)
{
	text_printf(sql, "%c", quote);
	for (size_t i = 0; i < length; i++)
		text_printf(sql, bytes[i] == quote ? "%c%c" : "%c", bytes[i], bytes[i]);
	text_printf(sql, "%c", quote);
}

/*
 * take_column adds a column to the condition.
 */
static bool
take_column(void *context, const DuckdbText *values)
{
	Finding *finding = context;

	text_put(&finding->condition, finding->condition.length == 0 ? " WHERE " : " OR ");
	put_quoted(&finding->condition, values[0].bytes, values[0].length, '"');
	text_put(&finding->condition, "::VARCHAR = ");
	put_quoted(&finding->condition, finding->key, strlen(finding->key), '\'');
	return !finding->condition.failed;
}

/*
 * take_rows takes the number of rows.
 */
static bool
take_rows(void *context, const DuckdbText *values)
{
	Finding *finding = context;

	finding->rows = strtoll(values[0].bytes, NULL, 10);
	return true;
}

/*
 * count_rows counts the rows of a local file that have the key in any column.
 */
static bool
count_rows(ExportRun *run, const char *path, int64_t *rows)
{
	Finding finding = {.key = run->options->find_key};
	Text columns = {0};
	Text sql = {0};
	bool done;

	text_put(&columns, "SELECT name FROM parquet_schema(");
	put_quoted(&columns, path, strlen(path), '\'');
	text_put(&columns, ") WHERE coalesce(num_children, 0) = 0");
	done = (!columns.failed || fail_with(run->failure, "there is no memory for a statement")) &&
		   duckdb_session_run(&run->session, columns.data, take_column, &finding);
	text_put(&sql, "SELECT count(*)::VARCHAR FROM read_parquet(");
	put_quoted(&sql, path, strlen(path), '\'');
	text_printf(&sql, ", hive_partitioning = false)%s",
				finding.condition.data != NULL ? finding.condition.data : "");
	done = done && (!sql.failed || fail_with(run->failure, "there is no memory for a statement")) &&
		   duckdb_session_run(&run->session, sql.data, take_rows, &finding);
	*rows = finding.rows;
	text_free(&finding.condition);
	text_free(&columns);
	text_free(&sql);
	return done;
}

/*
 * write_copy writes the contents of an object to a local file.
 */
static bool
write_copy(const ExportRun *run, const char *path, const Text *contents)
{
	FILE *file = fopen(path, "wb");
	bool done =
		file != NULL && fwrite(contents->data, 1, contents->length, file) == contents->length;

	done = (file == NULL || fclose(file) == 0) && done;
	return done || fail_with(run->failure, "%s can't be written: %m", path);
}

/*
 * look_into looks into an object.  One that is gone by now does not have the key.
 */
static bool
look_into(ExportRun *run, const char *name, int64_t *rows)
{
	Text contents = {0};
	Text path = {0};
	LakeResult result = run->storage->get(run->storage, name, &contents);
	bool done = result == LAKE_OK && duckdb_session_path(&run->session, SUFFIX, &path) &&
				write_copy(run, path.data, &contents);

	text_free(&contents);
	done = done && count_rows(run, path.data, rows);
	if (path.data != NULL)
		(void) remove(path.data);
	text_free(&path);
	return done || result == LAKE_ABSENT;
}

/*
 * is_file returns whether an object has rows.
 */
static bool
is_file(const char *name)
{
	size_t length = strlen(name);

	return length > strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0 &&
		   strstr(name, "_delta_log/") == NULL;
}

/*
 * export_find looks for the key.
 */
bool
export_find(ExportRun *run)
{
	LakeList list = {NULL, 0};
	bool done = run->storage->list(run->storage, "", &list) == LAKE_OK;
	size_t files = 0;
	size_t having = 0;

	for (size_t i = 0; done && i < list.count; i++)
	{
		int64_t rows = 0;

		if (!is_file(list.objects[i].name))
			continue;
		done = look_into(run, list.objects[i].name, &rows);
		files++;
		having += rows > 0 ? 1 : 0;
		if (rows > 0)
			log_warning("%s: %" PRId64 " rows have the key", list.objects[i].name, rows);
	}
	lake_list_free(&list);
	if (done && having > 0)
		return fail_with(run->failure, "%zu of %zu files have the key", having, files);
	if (done)
		log_info("none of %zu files has the key", files);
	return done;
}
