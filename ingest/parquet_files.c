/*
 * parquet_files.c
 *		Writing Parquet files by DuckDB's COPY.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parquet_files.h"
#include "parquet_rows.h"

/* Rows that have their own statistics within a file: what is held in memory before it is written. */
#define ROW_GROUP_SIZE 61440

/*
 * put_identifier adds a quoted name.
 */
static void
put_identifier(Text *sql, const char *name)
{
	text_put(sql, "\"");
	for (; *name != '\0'; name++)
		text_printf(sql, "%s%c", *name == '"' ? "\"" : "", *name);
	text_put(sql, "\"");
}

/*
 * put_literal adds a quoted text.
 */
static void
put_literal(Text *sql, const char *text)
{
	text_put(sql, "'");
	for (; *text != '\0'; text++)
		text_printf(sql, "%s%c", *text == '\'' ? "'" : "", *text);
	text_put(sql, "'");
}

/*
 * put_columns adds the columns that a file has.
 */
static void
put_columns(Text *sql, const LakeTable *table)
{
	const char *separator = "";

	for (int i = 0; i < table->count; i++)
	{
		const LakeColumn *column = &table->columns[i];

		if (i == table->partition)
			continue;
		if (column->type->code == LAKE_DECIMAL)
			text_printf(sql, "%sCAST(c%d AS DECIMAL(%d,%d)) AS ", separator, i, column->precision,
						column->scale);
		else
			text_printf(sql, "%sc%d AS ", separator, i);
		put_identifier(sql, column->name);
		separator = ", ";
	}
}

/*
 * put_order adds what rows are sorted by: their first time.
 */
static void
put_order(Text *sql, const LakeTable *table)
{
	for (int i = 0; i < table->count; i++)
		if (table->columns[i].type->code == LAKE_TIMESTAMP)
		{
			text_printf(sql, " ORDER BY c%d", i);
			return;
		}
}

/*
 * copy_rows has DuckDB write the rows into a folder.
 */
static bool
copy_rows(DuckdbSession *session, const LakeTable *table, const char *day, int64_t file_bytes,
		  const char *folder)
{
	Text sql = {0};
	bool copied;

	text_put(&sql, "COPY (SELECT ");
	put_columns(&sql, table);
	text_put(&sql, " FROM " PARQUET_ROWS_TABLE);
	if (table->partition >= 0 && day == NULL)
		text_printf(&sql, " WHERE c%d IS NULL", table->partition);
	else if (day != NULL)
	{
		text_printf(&sql, " WHERE c%d = ", table->partition);
		put_literal(&sql, day);
		text_put(&sql, "::DATE");
	}
	put_order(&sql, table);
	text_put(&sql, ") TO ");
	put_literal(&sql, folder);
	text_printf(
		&sql, " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE %d, FILE_SIZE_BYTES %" PRId64 ")",
		ROW_GROUP_SIZE, file_bytes);
	copied = sql.failed ? fail_with(session->failure, "there is no memory for a statement")
						: duckdb_session_run(session, sql.data, NULL, NULL);
	text_free(&sql);
	return copied;
}

/*
 * hand_over reads what a file has in it and hands it over, unless it has no rows.
 */
static bool
hand_over(DuckdbSession *session, const LakeTable *table, const char *path, ParquetTake take,
		  void *context)
{
	Text stats = {0};
	ParquetFile file = {.path = path};
	struct stat status;
	bool done = parquet_stats(session, table, path, &file.rows, &stats);

	if (done && stat(path, &status) != 0)
		done = fail_with(session->failure, "could not read the file \"%s\": %s", path,
						 strerror(errno));
	else if (done && file.rows > 0)
	{
		file.bytes = status.st_size;
		file.stats = stats.data;
		done = take(context, &file);
	}
	text_free(&stats);
	return done;
}

/*
 * take_files hands all files of a folder over, and removes what is left of it, whatever comes.
 */
static bool
take_files(DuckdbSession *session, const LakeTable *table, const char *folder, ParquetTake take,
		   void *context)
{
	struct dirent *entry;
	DIR *directory = opendir(folder);
	bool done = true;

	if (directory == NULL)
		return fail_with(session->failure, "could not list \"%s\": %s", folder, strerror(errno));
	while ((entry = readdir(directory)) != NULL)
	{
		Text path = {0};

		if (entry->d_name[0] == '.')
			continue;
		text_printf(&path, "%s/%s", folder, entry->d_name);
		done = done && !path.failed && hand_over(session, table, path.data, take, context);
		if (!path.failed)
			(void) unlink(path.data);
		text_free(&path);
	}
	closedir(directory);
	(void) rmdir(folder);
	return done || fail_with(session->failure, "there is no memory for the files");
}

/*
 * parquet_files_write writes files.
 */
bool
parquet_files_write(DuckdbSession *session, const LakeTable *table, const char *day,
					int64_t file_bytes, ParquetTake take, void *context)
{
	Text folder = {0};
	bool done = duckdb_session_path(session, ".files", &folder) &&
				copy_rows(session, table, day, file_bytes, folder.data) &&
				take_files(session, table, folder.data, take, context);

	text_free(&folder);
	return done;
}
