/*
 * compile_keyword.h
 *		What the functions share that compile one keyword each.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COMPILE_KEYWORD_H
#define SESSIONIZE_COMPILE_KEYWORD_H

#include "postgres.h"

#include "contract/program.h"
#include "contract/schema_index.h"
#include "contract/schema_options.h"

typedef struct SchemaCompiler
{
	SchemaIndex *index;
	SchemaProgram *program;
	SchemaOptions options;
	SchemaNode *first; /* all schemas, in the order in which they are compiled */
	SchemaNode *last;
	DynamicRef **dynamic_refs;
	uint32 ndynamic_refs;
	uint32 max_dynamic_refs;
	uint32 npatterns;
	uint64 pattern_weight; /* of all of them */
} SchemaCompiler;

/* A schema may have so many regular expressions, with those of all documents it refers to. */
#define SCHEMA_MAX_PATTERNS 2000

/* They may be so complex together, in states and ways between them. */
#define SCHEMA_MAX_PATTERN_WEIGHT 2000000

/* A keyword of a schema that is being compiled. */
typedef struct KeywordSite
{
	KeywordId id;
	SchemaNode *node; /* of the schema */
	SchemaPlace *schema;
	SchemaPlace *place; /* of the keyword's value */
} KeywordSite;

/* Compiles one keyword. */
typedef void (*KeywordCompiler)(SchemaCompiler *compiler, const KeywordSite *site);

/* The node of a schema, which is compiled later if it is not yet. */
extern SchemaNode *compile_schema(SchemaCompiler *compiler, SchemaPlace *place);

/* The nodes of an array of schemas. */
extern NodeList compile_schema_list(SchemaCompiler *compiler, SchemaPlace *list);

/* A regular expression; schema and name are where an error is. */
extern Pattern *
compile_regex(SchemaCompiler *compiler, TextView regex, const SchemaPlace *schema, TextView name);

/* The value of another keyword of the same schema; false if the schema does not have it. */
extern bool site_sibling(const KeywordSite *site, KeywordId id, JsonView *value);

/* The place of the value of another keyword of the same schema; NULL if it does not have it. */
extern SchemaPlace *
site_sibling_place(SchemaCompiler *compiler, const KeywordSite *site, KeywordId id);

/* The value of a keyword that is a number, not negative; UINT32_MAX if it is larger. */
extern uint32 site_count(const KeywordSite *site);

#endif /* SESSIONIZE_COMPILE_KEYWORD_H */
