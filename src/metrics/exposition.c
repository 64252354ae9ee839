/*
 * exposition.c
 *		The text format of OpenMetrics 1.0.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"

#include "metrics/exposition.h"

/*
 * append_escaped appends a text between quotation marks, or the text of a HELP line, in which the
 * same three characters are escaped.
 */
static void
append_escaped(StringInfo out, const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text == '\n')
			appendStringInfoString(out, "\\n");
		else
		{
			if (*text == '\\' || *text == '"')
				appendStringInfoChar(out, '\\');
			appendStringInfoChar(out, *text);
		}
	}
}

/*
 * exposition_head appends the lines that say what a metric family is.
 */
void
exposition_head(StringInfo out, const char *name, const char *type, const char *unit,
				const char *help)
{
	appendStringInfo(out, "# TYPE %s %s\n", name, type);
	if (unit != NULL)
		appendStringInfo(out, "# UNIT %s %s\n", name, unit);
	appendStringInfo(out, "# HELP %s ", name);
	append_escaped(out, help);
	appendStringInfoChar(out, '\n');
}

/*
 * append_label appends a label, after a comma unless it is the first.
 */
static void
append_label(StringInfo out, const char *name, const char *value, bool *any)
{
	if (value == NULL || *value == '\0')
		return;
	appendStringInfo(out, "%c%s=\"", *any ? ',' : '{', name);
	append_escaped(out, value);
	appendStringInfoChar(out, '"');
	*any = true;
}

/*
 * append_number appends a number as the format has it.
 */
static void
append_number(StringInfo out, const char *value)
{
	char *end;

	if (strcmp(value, "Infinity") == 0 || strcmp(value, "-Infinity") == 0)
		appendStringInfoString(out, *value == '-' ? "-Inf" : "+Inf");
	else
	{
		(void) strtod(value, &end);
		if (end == value || *end != '\0')
			ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
							errmsg("the value of a metric is no number: \"%s\"", value)));
		appendStringInfoString(out, value);
	}
}

/*
 * append_sample appends a sample; le is the label of a bucket, NULL for none.
 */
static void
append_sample(StringInfo out, const char *name, const char *suffix, const MetricLabel *labels,
			  int nlabels, const char *le, const char *value)
{
	bool any = false;

	appendStringInfo(out, "%s%s", name, suffix);
	for (int i = 0; i < nlabels; i++)
		append_label(out, labels[i].name, labels[i].value, &any);
	append_label(out, "le", le, &any);
	appendStringInfoString(out, any ? "} " : " ");
	append_number(out, value);
	appendStringInfoChar(out, '\n');
}

/*
 * exposition_sample appends a sample.
 */
void
exposition_sample(StringInfo out, const char *name, const char *suffix, const MetricLabel *labels,
				  int nlabels, const char *value)
{
	append_sample(out, name, suffix, labels, nlabels, NULL, value);
}

/*
 * bound_text writes the bound of a bucket, whose canonical form has a decimal point.
 */
static char *
bound_text(float8 bound)
{
	char *text = float8out_internal(bound);

	return strpbrk(text, ".e") != NULL ? text : psprintf("%s.0", text);
}

/*
 * elements takes an array apart, which must be without NULL.
 */
static int
elements(ArrayType *array, Oid type, Datum **values)
{
	bool *nulls;
	int count;

	if (ARR_ELEMTYPE(array) != type)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("a histogram needs bounds of type double precision[] and buckets of "
							   "type bigint[]")));
	deconstruct_array(array, type, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, values, &nulls,
					  &count);
	for (int i = 0; i < count; i++)
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("a bound or a bucket of a histogram is NULL")));
	return count;
}

/*
 * exposition_histogram appends the samples of a histogram.
 */
void
exposition_histogram(StringInfo out, const char *name, const MetricLabel *labels, int nlabels,
					 ArrayType *bounds, ArrayType *buckets, const char *sum, const char *count)
{
	Datum *bound;
	Datum *bucket;
	int nbounds = elements(bounds, FLOAT8OID, &bound);

	if (elements(buckets, INT8OID, &bucket) != nbounds)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
						errmsg("a histogram has not as many buckets as bounds")));
	for (int i = 0; i < nbounds; i++)
		append_sample(out, name, "_bucket", labels, nlabels, bound_text(DatumGetFloat8(bound[i])),
					  psprintf(INT64_FORMAT, DatumGetInt64(bucket[i])));
	append_sample(out, name, "_bucket", labels, nlabels, "+Inf", count);
	append_sample(out, name, "_count", labels, nlabels, NULL, count);
	append_sample(out, name, "_sum", labels, nlabels, NULL, sum);
}

/*
 * exposition_end appends the line that ends the text.
 */
void
exposition_end(StringInfo out)
{
	appendStringInfoString(out, "# EOF\n");
}
