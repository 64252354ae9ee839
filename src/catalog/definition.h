/*
 * definition.h
 *		What a user has added to a pipeline: attributes of events, measures and dimensions.
 *
 * An attribute is an expression over the raw row, which is a further column of the view "source". A
 * measure is a column of fact_session whose value is computed from the attributes of a session's
 * events, or of fact_event, from those of the event. A dimension is a table with one row for each
 * combination of the values of a few attributes; fact_event or fact_session has its surrogate keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DEFINITION_H
#define SESSIONIZE_DEFINITION_H

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "catalog/pipeline.h"

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
	MEASURE_DUPLICATES,
	MEASURE_CONFLICTS,
	MEASURE_CORRECTED,
	MEASURE_CLAMPED,
	MEASURE_KINDS
} MeasureKind;

typedef struct MeasureDefinition
{
	const char *name;
	MeasureKind kind;
	bool of_events;  /* each event has a value, as if it were a session of its own */
	int index;       /* among the measures of events, or among those of sessions */
	bool is_visible; /* the views have its column */
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

/* Which event gives a session, or an event, its member of a dimension. */
typedef enum DimensionPick
{
	PICK_ITSELF, /* of an event: the event */
	PICK_FIRST,
	PICK_LAST,
	PICK_FIRST_NOT_NULL, /* the first event of which some attribute is not NULL */
	PICK_LAST_NOT_NULL,
	PICK_ENTRY, /* the first page view */
	PICK_EXIT,  /* the last page view */
	/*
	 * For each attribute, the session key's last event that has it, in this session or an earlier
	 * one, up to and including the event itself or the session's last event.
	 */
	PICK_LAST_KNOWN,
	DIMENSION_PICKS
} DimensionPick;

/* An attribute as a column of a dimension. */
typedef struct MemberAttribute
{
	const char *name;   /* of the column */
	const char *column; /* of the columns of views */
	const char *given;  /* the user's expression */
	int attribute;
} MemberAttribute;

typedef struct DimensionDefinition
{
	const char *name;
	const char *table; /* dim_NAME */
	const char *key;   /* NAME_key, the column of the surrogate key in the table and in facts */
	/* dim_NAME_versions, the view of the versions of session keys; NULL: there is none */
	const char *versions;
	int number;
	bool of_events; /* events have members; else sessions have */
	DimensionPick pick;
	int64 max_members; /* further members become the member "other"; 0: any number */
	bool is_visible;   /* the views have its columns */
	int member;        /* its index among the dimensions of events, or among those of sessions */
	int nattributes;
	MemberAttribute *attributes;
} DimensionDefinition;

typedef struct Definition
{
	int nattributes; /* the first of them has the number ATTRIBUTE_COUNT */
	AttributeDefinition *attributes;
	int nmeasures;
	MeasureDefinition *measures; /* in the order of their numbers */
	int ndimensions;
	DimensionDefinition *dimensions; /* in the order of their numbers */
} Definition;

/* The name of a kind; the kind of a name, or MEASURE_KINDS if there is none. */
extern const char *measure_kind_name(MeasureKind kind);
extern MeasureKind measure_kind_find(const char *name);

/* How many measures sessions have or, if of_events, events have. */
extern int definition_measures(const Pipeline *pipeline, bool of_events);

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

/* The number of a new measure or dimension: columns of views are in the order of these numbers. */
extern int definition_next_number(const Pipeline *pipeline);

/* Whether there is anything that the views don't have yet, because the star must be built first. */
extern bool definition_is_hidden(const Definition *definition);

/* The name of a pick of a session's event; the pick of a name, or DIMENSION_PICKS. */
extern const char *dimension_pick_name(DimensionPick pick);
extern DimensionPick dimension_pick_find(const char *name);

/*
 * Set a dimension's name with all that follows from it, its grain and its pick; name the columns of
 * its attributes.
 */
extern void dimension_set_name(DimensionDefinition *dimension, const char *name);
extern void dimension_name_columns(DimensionDefinition *dimension);

/* How many dimensions have their keys in fact_event or, if not of_events, in fact_session. */
extern int definition_members(const Pipeline *pipeline, bool of_events);

/* Whether what a session key's events have shown before a session is part of the session. */
extern bool definition_looks_back(const Definition *definition);

/* What a dimension, and its column of a fact, are, in words; in CurrentMemoryContext. */
extern char *dimension_comment(const DimensionDefinition *dimension);
extern char *dimension_key_comment(const DimensionDefinition *dimension);

/* What the view of the versions of a dimension is, in words; in CurrentMemoryContext. */
extern char *dimension_versions_comment(const DimensionDefinition *dimension);

/* All that a derivation depends on, as text. */
extern void definition_append_text(const Pipeline *pipeline, StringInfo text);

#endif /* SESSIONIZE_DEFINITION_H */
