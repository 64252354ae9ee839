/*
 * keyword.h
 *		The keywords of JSON Schema: their drafts, vocabularies and types.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEYWORD_H
#define SESSIONIZE_KEYWORD_H

#include "postgres.h"

#include "contract/json_view.h"

/* The drafts, as bits. */
typedef enum SchemaDraft
{
	DRAFT_7 = 1,
	DRAFT_2020 = 2,
	DRAFT_BOTH = DRAFT_7 | DRAFT_2020
} SchemaDraft;

/* The vocabularies of 2020-12, as bits of a set. */
typedef enum SchemaVocabulary
{
	VOCABULARY_CORE = 1 << 0,
	VOCABULARY_APPLICATOR = 1 << 1,
	VOCABULARY_UNEVALUATED = 1 << 2,
	VOCABULARY_VALIDATION = 1 << 3,
	VOCABULARY_META_DATA = 1 << 4,
	VOCABULARY_FORMAT = 1 << 5,
	VOCABULARY_CONTENT = 1 << 6,
	VOCABULARY_FORMAT_ASSERTION = 1 << 7
} SchemaVocabulary;

/* Those that a schema uses unless its meta-schema names others. */
#define USUAL_VOCABULARIES (VOCABULARY_FORMAT_ASSERTION - 1)

/* What a keyword's value must be. */
typedef enum KeywordShape
{
	SHAPE_ANYTHING,
	SHAPE_TEXT,
	SHAPE_ANCHOR,
	SHAPE_BOOLEAN,
	SHAPE_BOOLEANS,
	SHAPE_NUMBER,
	SHAPE_POSITIVE_NUMBER,
	SHAPE_COUNT,
	SHAPE_TYPE,
	SHAPE_LIST,
	SHAPE_NAMES,
	SHAPE_NAMES_BY_NAME,
	SHAPE_SCHEMA,
	SHAPE_SCHEMA_LIST,
	SHAPE_SCHEMA_OR_LIST,
	SHAPE_SCHEMAS_BY_NAME,
	SHAPE_SCHEMAS_OR_NAMES_BY_NAME
} KeywordShape;

typedef enum KeywordId
{
#define KEYWORD(id, name, drafts, vocabulary, shape) KEYWORD_##id,
#include "contract/keyword_list.h"
#undef KEYWORD
	KEYWORDS
} KeywordId;

typedef struct Keyword
{
	KeywordId id;
	TextView name;
	uint8 drafts;
	uint8 vocabulary;
	KeywordShape shape;
} Keyword;

/* The keyword of a draft that has a name; NULL if there is none. */
extern const Keyword *keyword_find(TextView name, SchemaDraft draft);

/* The name of a keyword. */
extern const char *keyword_name(KeywordId id);
extern TextView keyword_text(KeywordId id);

/* The keyword of a draft whose name is most like another one; NULL if none is much like it. */
extern const Keyword *keyword_nearest(TextView name, SchemaDraft draft);

/* The vocabulary of a URI; 0 if it is none that is known. */
extern SchemaVocabulary vocabulary_find(TextView uri);

/* A value that a keyword may have, as JSON. */
extern const char *keyword_example(const Keyword *keyword);

/* What is wrong with a keyword's value, such as "must be a string"; NULL if nothing is. */
extern const char *keyword_value_fault(const Keyword *keyword, JsonView value);

#endif /* SESSIONIZE_KEYWORD_H */
