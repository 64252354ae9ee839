/*
 * rollup.h
 *		A rollup with the columns of the fact that it is made of.
 *
 * The rows of a rollup's two tables have the columns: the grain of time; the keys, which are those
 * of dimensions' members or plain values; the numbers, which are that of rows and the measures.
 * None of them is NULL.
 * A row of the table of changes is a difference, so its numbers may be negative.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROLLUP_H
#define SESSIONIZE_ROLLUP_H

#include "catalog/pipeline.h"
#include "catalog/rollup_definition.h"
#include "star/star.h"

/* The grain of time. */
typedef enum RollupPeriod
{
	PERIOD_HOUR, /* of UTC */
	PERIOD_DAY,  /* of the column date, as the longer ones */
	PERIOD_WEEK, /* the day is its Monday */
	PERIOD_MONTH,
	PERIODS
} RollupPeriod;

/* A key by which rows are told apart. */
typedef struct RollupKey
{
	const StarColumn *column; /* of the fact */
} RollupKey;

/* A column of the view, after the grain of time and before the numbers. */
typedef struct RollupShown
{
	const char *name;
	int key;          /* in the rollup's keys */
	const char *part; /* the column of the dimension's table; NULL: the key itself */
	Oid type;
} RollupShown;

/* How a number is made of the rows of the fact. */
typedef enum RollupNumberKind
{
	ROLLUP_EVERY, /* how many there are */
	ROLLUP_SUM,
	ROLLUP_COUNT, /* of values that are not NULL */
	ROLLUP_TRUE   /* of values that are true */
} RollupNumberKind;

typedef struct RollupNumber
{
	const char *name;
	RollupNumberKind kind;
	Oid type;                 /* a sum is numeric or interval, so that none is too large for it */
	const StarColumn *column; /* of the fact; NULL: the kind is ROLLUP_EVERY */
	Oid value_type;
	bool is_duration; /* the value is the column, less the time of the fact */
} RollupNumber;

typedef struct Rollup
{
	const Pipeline *pipeline;
	const RollupDefinition *definition;
	int place;            /* among the pipeline's rollups */
	const StarView *view; /* over the fact */
	const StarTable *fact;
	RollupPeriod period;
	int nkeys;
	RollupKey *keys;
	int nshown;
	RollupShown *shown;
	int nnumbers;          /* at least 1 */
	RollupNumber *numbers; /* the first is that of rows, the others are the measures */
} Rollup;

/*
 * A rollup of the pipeline, in CurrentMemoryContext; an error with a hint if it can't be made of
 * the columns that there are.
 */
extern Rollup *rollup_resolve(const Pipeline *pipeline, int place);

/* The name of a grain of time. */
extern const char *rollup_period_name(RollupPeriod period);

/* Whether a rollup is made of a column of its fact. */
extern bool rollup_uses(const Rollup *rollup, const char *column);

#endif /* SESSIONIZE_ROLLUP_H */
