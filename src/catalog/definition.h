/*
 * definition.h
 *		What a user has added to a pipeline: attributes of events, and measures of sessions.
 *
 * An attribute is an expression over the raw row, which is a further column of the view "source".
 * A measure is a column of fact_session whose value is computed from the attributes of a session's
 * events.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DEFINITION_H
#define SESSIONIZE_DEFINITION_H

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "catalog/pipeline.h"
#include "spi/statement.h"

/* How a measure is computed from a session's events. */
typedef enum MeasureKind
{
	MEASURE_COUNT,
	MEASURE_SUM,
	MEASURE_MIN,
	MEASURE_MAX,
	MEASURE_FIRST,
	MEASURE_LAST,
	MEASURE_COUNT_DISTINCT,
	MEASURE_ANY,
	MEASURE_ACTIVE_TIME,
	MEASURE_KINDS
} MeasureKind;

typedef struct MeasureDefinition
{
	const char *name;
	MeasureKind kind;
	int number;
	int value;         /* the attribute that is measured; -1: none */
	int filter;        /* the attribute, a boolean, that must be true; -1: all events count */
	const char *given; /* the user's expression, and filter; NULL: none */
	const char *given_filter;
	const Interval *cap; /* of MEASURE_ACTIVE_TIME: the longest pause that counts */
} MeasureDefinition;

typedef struct AttributeDefinition
{
	const char *name;
	const char *given; /* the user's expression; NULL: the attribute is no longer used */
} AttributeDefinition;

typedef struct Definition
{
	int nattributes; /* the first of them has the number ATTRIBUTE_COUNT */
	AttributeDefinition *attributes;
	int nmeasures;
	MeasureDefinition *measures; /* in the order of their numbers */
} Definition;

/* Read what was added to a pipeline, into CurrentMemoryContext. */
extern const Definition *definition_load(int32 pipeline, SqlAccess access);

/* The name of a kind; the kind of a name, or MEASURE_KINDS if there is none. */
extern const char *measure_kind_name(MeasureKind kind);
extern MeasureKind measure_kind_find(const char *name);

/*
 * The type of a measure's values; and of those of a measure of a kind whose expression has the type
 * "value".
 */
extern Oid measure_kind_type(MeasureKind kind, Oid value);
extern Oid measure_type(const Pipeline *pipeline, const MeasureDefinition *measure);

/*
 * What a measure or an attribute is, in words, for the comments on its columns; in
 * CurrentMemoryContext.
 */
extern char *measure_comment(const MeasureDefinition *measure);
extern char *attribute_comment(const AttributeDefinition *attribute);

/* Whether a measure needs an expression, of which type is the value's. */
extern bool measure_kind_has_value(MeasureKind kind);

/* Write an attribute, which may be there already. */
extern void
definition_set_attribute(int32 pipeline, int number, const AttributeDefinition *attribute);

/* Add a measure; remove it. */
extern void definition_add_measure(int32 pipeline, const MeasureDefinition *measure);
extern void definition_drop_measure(int32 pipeline, int number);

/* All that a derivation depends on, as text. */
extern void definition_append_text(const Pipeline *pipeline, StringInfo text);

#endif /* SESSIONIZE_DEFINITION_H */
