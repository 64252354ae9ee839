/*
 * lake_table.h
 *		What is exported of a table: its columns, their types, and the query of its rows.
 *
 * The tables "sessions" and "events" are the wide views of the pipeline, in parts by the day on
 * which the session starts.  Any other table or view of the pipeline's schema is exported as a
 * whole.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_LAKE_TABLE_H
#define SESSIONIZE_LAKE_TABLE_H

#include "nodes/pg_list.h"

#include "catalog/pipeline.h"

typedef struct LakeColumn
{
	const char *name;
	const char *type;    /* as Delta Lake calls it, or json, or uuid */
	const char *value;   /* SQL, over what the table's query reads */
	const char *comment; /* NULL: none */
} LakeColumn;

typedef struct LakeTable
{
	const char *name;
	const char *partition_column; /* of type date; NULL: the table has no days */
	List *columns;                /* LakeColumn */
	const char *from;             /* SQL, from FROM on */
	const char *date_key;         /* SQL of the day of a row, as yyyymmdd; NULL: it has none */
	const char *of_days;          /* SQL conditions that find the rows of some days; or empty */
} LakeTable;

/* The digits of the widest decimal that a Parquet file has. */
#define LAKE_DECIMAL_DIGITS 38

/* The date key of a day that dim_date does not have. */
#define NO_DATE_KEY 0

/*
 * A table of an export, in CurrentMemoryContext; an error if the pipeline has no such table.  A
 * number without a scale of its own keeps so many decimals.
 */
extern LakeTable *lake_table_resolve(const Pipeline *pipeline, const char *name, int decimals);

/* The query of the rows whose date key is one of these, or of all for NULL. */
extern char *lake_table_query(const LakeTable *table, const List *date_keys);

/* A query of one row: how many rows the table has, and a digest of them, whatever their order. */
extern char *lake_table_digest_query(const LakeTable *table);

#endif /* SESSIONIZE_LAKE_TABLE_H */
