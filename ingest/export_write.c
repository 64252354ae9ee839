/*
 * export_write.c
 *		Putting the rows of days into the lake as Parquet files.
 *
 * Several small days are read by one COPY; a large one is read alone, and written to several files.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "export_run.h"
#include "parquet_files.h"

/* As many rows are read at a time, if they are of several days. */
#define ROWS_AT_ONCE 1000000

/* What the folder of rows without a day is called. */
#define NO_DAY "__HIVE_DEFAULT_PARTITION__"

/* What is being written. */
typedef struct Writing
{
	ExportRun *run;
	ExportTable *table;
	const ExportDay *day;
	int64_t rows;
	int part;
} Writing;

/*
 * make_path makes the path of a file within its table's folder.
 */
static void
make_path(const Writing *writing, char path[LAKE_NAME_SIZE])
{
	const LakeTable *table = &writing->table->table;
	int length = 0;

	if (table->partition >= 0)
		length = snprintf(path, LAKE_NAME_SIZE, "%s=%s/", table->columns[table->partition].name,
						  *writing->day->day != '\0' ? writing->day->day : NO_DAY);
	snprintf(path + length, (size_t) (LAKE_NAME_SIZE - length), "part-%05d-%s-c000.zstd.parquet",
			 writing->part, writing->run->files);
}

/*
 * partition_values returns what the log says of the day of a file.
 */
static json_t *
partition_values(const Writing *writing)
{
	const LakeTable *table = &writing->table->table;
	json_t *values = json_object();

	if (table->partition >= 0)
		json_object_set_new(values, table->columns[table->partition].name,
							*writing->day->day != '\0' ? json_string(writing->day->day)
													   : json_null());
	return values;
}

/*
 * note_file notes the action that adds a file to the table.
 */
static bool
note_file(Writing *writing, const char *path, const ParquetFile *file)
{
	ExportTable *table = writing->table;
	json_t *add =
		json_pack("{s:{s:s, s:o, s:I, s:I, s:b, s:s}}", "add", "path", path, "partitionValues",
				  partition_values(writing), "size", (json_int_t) file->bytes, "modificationTime",
				  (json_int_t) time(NULL) * 1000, "dataChange", 1, "stats", file->stats);

	if (json_array_append_new(table->adds, add) != 0)
		return fail_with(writing->run->failure, "there is no memory for the list of files");
	table->rows += file->rows;
	table->bytes += file->bytes;
	return true;
}

/*
 * take_file puts a file into the lake.
 */
static bool
take_file(void *context, const ParquetFile *file)
{
	Writing *writing = context;
	LakeStorage *storage = writing->run->storage;
	char path[LAKE_NAME_SIZE];
	Text name = {0};
	bool done;

	make_path(writing, path);
	writing->part++;
	writing->rows += file->rows;
	text_printf(&name, "%s/%s", writing->table->table.name, path);
	done =
		!name.failed && json_array_append_new(writing->table->files, json_string(name.data)) == 0;
	if (!done)
		fail_with(writing->run->failure, "there is no memory for the list of files");
	done = done && storage->put_file(storage, name.data, file->path) == LAKE_OK &&
		   note_file(writing, path, file);
	text_free(&name);
	export_point("file");
	return done;
}

/*
 * write_day writes the files of a day, whose rows have arrived.
 */
static bool
write_day(ExportRun *run, ExportTable *table, const ExportDay *day)
{
	Writing writing = {.run = run, .table = table, .day = day};

	if (atomic_load(run->stop))
		return fail_with(run->failure, "the export was told to end");
	if (!parquet_files_write(&run->session, &table->table, *day->day != '\0' ? day->day : NULL,
							 run->options->file_bytes, take_file, &writing))
		return false;
	if (writing.rows == day->rows)
		return true;
	return fail_with(run->failure,
					 "the database said that the day %s of \"%s\" has %" PRId64
					 " rows, and %" PRId64 " were written; nothing was added to the lake",
					 day->day, table->table.name, day->rows, writing.rows);
}

/*
 * read_days has the rows of some days arrive.
 */
static bool
read_days(ExportRun *run, ExportTable *table, const ExportDay *days, size_t count)
{
	ParquetRows *rows = parquet_rows_begin(&run->session, &table->table);
	Text list = {0};
	bool done = rows != NULL;

	for (size_t i = 0; i < count; i++)
		text_printf(&list, "%s%s", i == 0 ? "{" : ",", *days[i].day != '\0' ? days[i].day : "NULL");
	text_put(&list, "}");
	if (list.failed)
		done = fail_with(run->failure, "there is no memory for the days");
	done = done &&
		   export_database_read(&run->database, &table->table,
								table->table.partition >= 0 ? list.data : NULL, rows) &&
		   parquet_rows_end(rows);
	parquet_rows_free(rows);
	text_free(&list);
	return done;
}

/*
 * write_days writes some days.
 */
static bool
write_days(ExportRun *run, ExportTable *table, const ExportDay *days, size_t count)
{
	if (!read_days(run, table, days, count))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!write_day(run, table, &days[i]))
			return false;
	return true;
}

/*
 * count_together returns how many of the days are read at once.
 */
static size_t
count_together(const ExportDay *days, size_t count)
{
	int64_t rows = days[0].rows;
	size_t n = 1;

	while (n < count && rows + days[n].rows <= ROWS_AT_ONCE)
		rows += days[n++].rows;
	return n;
}

/*
 * write_table writes all days of a table; of those without rows there is nothing to write.
 */
static bool
write_table(ExportRun *run, ExportTable *table)
{
	size_t n;

	table->adds = json_array();
	table->files = json_array();
	if (table->adds == NULL || table->files == NULL)
		return fail_with(run->failure, "there is no memory for the list of files");
	for (size_t i = 0; i < table->day_count; i += n)
	{
		n = count_together(&table->days[i], table->day_count - i);
		if (!write_days(run, table, &table->days[i], n))
			return false;
	}
	return true;
}

/*
 * export_write writes all tables.
 */
bool
export_write(ExportRun *run)
{
	for (size_t i = 0; i < run->table_count; i++)
		if (!write_table(run, &run->tables[i]))
			return false;
	return true;
}

/*
 * export_unwrite removes what no log names; what can't be removed is found by a later vacuum.
 */
void
export_unwrite(ExportRun *run)
{
	for (size_t i = 0; i < run->table_count; i++)
	{
		json_t *files = run->tables[i].files;

		for (size_t k = 0; k < json_array_size(files); k++)
			(void) run->storage->remove(run->storage, json_string_value(json_array_get(files, k)));
	}
}
