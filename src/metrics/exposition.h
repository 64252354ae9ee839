/*
 * exposition.h
 *		The text format of OpenMetrics 1.0.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EXPOSITION_H
#define SESSIONIZE_EXPOSITION_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/array.h"

/* A label of a sample; one without a value (NULL or empty) is left out. */
typedef struct MetricLabel
{
	const char *name;
	const char *value;
} MetricLabel;

/* Append the lines that say what a metric family is; unit may be NULL. */
extern void exposition_head(StringInfo out, const char *name, const char *type, const char *unit,
							const char *help);

/*
 * Append a sample: name and suffix, the labels, and the value as PostgreSQL writes a number.  An
 * error if the value is no number.
 */
extern void exposition_sample(StringInfo out, const char *name, const char *suffix,
							  const MetricLabel *labels, int nlabels, const char *value);

/*
 * Append the samples of a histogram: upper bounds (float8[], without infinity), the number of
 * observations up to each bound (bigint[]), their sum and their number.
 */
extern void
exposition_histogram(StringInfo out, const char *name, const MetricLabel *labels, int nlabels,
					 ArrayType *bounds, ArrayType *buckets, const char *sum, const char *count);

/* Append the line that ends the text. */
extern void exposition_end(StringInfo out);

#endif /* SESSIONIZE_EXPOSITION_H */
