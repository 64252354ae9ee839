/*
 * lake_table.h
 *		A table of a lake: its columns and their types, in PostgreSQL, in DuckDB and in Delta's schema.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_LAKE_TABLE_H
#define INGEST_LAKE_TABLE_H

#include <jansson.h>

#include "failure.h"

typedef enum LakeTypeCode
{
	LAKE_STRING,
	LAKE_LONG,
	LAKE_INTEGER,
	LAKE_DOUBLE,
	LAKE_BOOLEAN,
	LAKE_DATE,
	LAKE_TIMESTAMP,
	LAKE_DECIMAL,
	LAKE_JSON,
	LAKE_UUID
} LakeTypeCode;

/* How a value's least and greatest are written into the statistics of a file. */
typedef enum LakeStats
{
	LAKE_STATS_NONE,
	LAKE_STATS_NUMBER,
	LAKE_STATS_DATE,
	LAKE_STATS_TIMESTAMP
} LakeStats;

/* A type of the database's half: lake_table.c has the table of them. */
typedef struct LakeType
{
	LakeTypeCode code;
	const char *name;   /* as export_tables() says */
	const char *delta;  /* in Delta's schema; a decimal has its precision and scale behind it */
	const char *duckdb; /* as rows come in */
	int length;         /* bytes in COPY's binary format; -1: they vary */
	LakeStats stats;
} LakeType;

typedef struct LakeColumn
{
	char *name;
	const LakeType *type;
	int precision; /* of a decimal */
	int scale;
	char *comment; /* or NULL */
} LakeColumn;

typedef struct LakeTable
{
	char *name;
	int partition; /* the column of days; -1: the table has none */
	LakeColumn *columns;
	int count;
} LakeTable;

/*
 * Make a table of what export_tables() returns; partition is NULL for a table without days.
 */
extern bool lake_table_init(LakeTable *table, const char *name, const char *partition,
							const char *columns, Failure *failure);
extern void lake_table_free(LakeTable *table);

/* Delta's schema of a table; NULL: no memory. */
extern json_t *lake_table_schema(const LakeTable *table);

#endif /* INGEST_LAKE_TABLE_H */
