/*
 * program.h
 *		A JSON Schema, compiled: what the walker checks.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PROGRAM_H
#define SESSIONIZE_PROGRAM_H

#include "postgres.h"

#include "contract/format.h"
#include "contract/keyword.h"
#include "contract/number.h"
#include "contract/pattern.h"
#include "contract/type_set.h"

typedef struct SchemaNode SchemaNode;
typedef struct SchemaPlace SchemaPlace;

/* Schemas in an order. */
typedef struct NodeList
{
	SchemaNode **nodes;
	uint32 count;
} NodeList;

/* A limit on a number. */
typedef struct NumberBound
{
	KeywordId keyword;
	const char *numeric; /* the limit: a Numeric */
	NumberView value;
	int64 small; /* the limit, if it is a small integer */
	bool is_small;
	bool below; /* numbers must be below the limit, not above it */
	bool exclusive;
} NumberBound;

/* minimum, exclusiveMinimum, maximum, exclusiveMaximum */
#define MAX_BOUNDS 4

typedef struct NumberRules
{
	NumberBound bounds[MAX_BOUNDS];
	uint32 nbounds;
	bool has_divisor;
	NumberDivisor divisor;
} NumberRules;

typedef struct StringRules
{
	uint32 min;
	uint32 max;
	Pattern *pattern;
	const Format *format; /* NULL unless formats are asserted */
} StringRules;

typedef struct ArrayRules
{
	NodeList prefix;
	SchemaNode *rest; /* for the elements behind the prefix; NULL: any */
	SchemaNode *contains;
	uint32 min_contains;
	uint32 max_contains;
	uint32 min;
	uint32 max;
	bool unique;
} ArrayRules;

/* A name of "properties", of "required", or of both. */
typedef struct PropertyRule
{
	TextView name;
	SchemaNode *node; /* NULL: it is not in "properties" */
	bool required;
} PropertyRule;

/* A pattern of "patternProperties". */
typedef struct PatternRule
{
	Pattern *pattern;
	SchemaNode *node;
} PatternRule;

/* What an object must be that has a property. */
typedef struct DependencyRule
{
	KeywordId keyword;
	TextView name;
	SchemaNode *node; /* NULL: the names are required */
	const TextView *required;
	uint32 nrequired;
} DependencyRule;

typedef struct ObjectRules
{
	PropertyRule *properties; /* in the order of jsonb's keys */
	uint32 nproperties;
	PatternRule *patterns;
	uint32 npatterns;
	SchemaNode *additional; /* NULL: any */
	SchemaNode *names;
	DependencyRule *dependencies;
	uint32 ndependencies;
	uint32 min;
	uint32 max;
} ObjectRules;

/*
 * The values of "enum", or the one of "const".  The first ones may be strings in the order of
 * jsonb's keys, and behind them numbers in their order; the rest is searched one by one.
 */
typedef struct ValueRules
{
	KeywordId keyword;
	JsonView *values;
	uint32 count;
	uint32 nstrings;
	uint32 nnumbers;
} ValueRules;

/* A "$dynamicRef" */
typedef struct DynamicRef
{
	SchemaNode *fallback;
	TextView name;            /* no data: it means what a "$ref" would */
	SchemaNode **by_resource; /* the schema of this name in each resource; NULL for none */
} DynamicRef;

/* Schemas that are applied to the same value. */
typedef struct InPlaceRules
{
	SchemaNode *ref;
	DynamicRef *dynamic_ref;
	NodeList all_of;
	NodeList any_of;
	NodeList one_of;
	SchemaNode * not ;
	SchemaNode *if_node;
	SchemaNode *then_node;
	SchemaNode *else_node;
} InPlaceRules;

/* One schema: an object, true or false. */
struct SchemaNode
{
	uint8 types;   /* that are accepted */
	uint8 accepts; /* the same, with numbers where integers are accepted */
	uint8 look_at; /* the types whose values the type alone does not decide */
	bool plain; /* nothing but rules for one type of values, and no question what was evaluated */
	uint8 mark; /* for the search for circles */
	uint16 resource;
	NumberRules *number;
	StringRules *string;
	ArrayRules *array;
	ObjectRules *object;
	const ValueRules *values; /* the enum */
	const ValueRules *constant;
	InPlaceRules *in_place;
	SchemaNode *unevaluated_items;
	SchemaNode *unevaluated_properties;
	const SchemaPlace *place;
	SchemaNode *next; /* in the order in which they are compiled */
};

/* A schema, compiled with all that it refers to. */
typedef struct SchemaProgram
{
	MemoryContext memory; /* of all of it */
	SchemaNode *root;
	Size outside; /* bytes that may be allocated outside of it, for regular expressions */
	uint32 nnodes;
	uint32 nresources;
	bool tracks_scope;     /* it has dynamic references */
	bool tracks_evaluated; /* it asks for what was not evaluated */
} SchemaProgram;

#endif /* SESSIONIZE_PROGRAM_H */
