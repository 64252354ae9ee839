/*
 * subset_schema.h
 *		Two versions of a JSON Schema as they are compared: their schemas, keywords and references.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBSET_SCHEMA_H
#define SESSIONIZE_SUBSET_SCHEMA_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "contract/schema_source.h"

/* One version of a schema: a document of its own, in which references are resolved. */
typedef struct SubsetDocument
{
	JsonbValue root;    /* an object or a boolean */
	const char *called; /* what messages call the version */
	const char *id;     /* the root's $id without a fragment; NULL if it has none */
	bool is_draft_7;
	bool has_inner_ids; /* some inner schema has a URI of its own: references are not followed */
	struct SubsetOthers *others; /* where other documents are looked up; NULL: nowhere */
	bool is_other;               /* it is no version, but something that one refers to */
	bool takes_draft;            /* that has the draft of what refers to it */
} SubsetDocument;

/* The documents that versions refer to. */
typedef struct SubsetOthers
{
	/*
	 * The document that a reference, without its fragment, means where it stands in another one;
	 * NULL if it is not known.
	 */
	const SubsetDocument *(*find)(const SubsetDocument *from, const char *reference);
	const SchemaSource *source;
	MemoryContext memory; /* that those lie in which were found so far */
	List *found;          /* SubsetDocument * */
} SubsetOthers;

/* Where a schema is in its document: a step of a JSON pointer, not escaped, and those above it. */
typedef struct SubsetPlace
{
	const struct SubsetPlace *above; /* NULL for the first step */
	const char *step;
	int len;
} SubsetPlace;

/* A schema of a document. */
typedef struct SubsetSchema
{
	const SubsetDocument *document;
	JsonbValue value;         /* an object or a boolean */
	const SubsetPlace *place; /* NULL for the outermost schema */
} SubsetSchema;

typedef enum SubsetKeyword
{
#define SUBSET_KEYWORD(symbol, keyword, drafts, kind, types, function) SUBSET_##symbol,
#include "contract/subset_keyword_list.h"
#undef SUBSET_KEYWORD
	SUBSET_KEYWORDS
} SubsetKeyword;

typedef enum SubsetKind
{
	SUBSET_VALUE,     /* plain JSON */
	SUBSET_REFERENCE, /* a URI */
	SUBSET_SCHEMA,
	SUBSET_SCHEMAS,   /* an array of schemas, or one */
	SUBSET_SCHEMA_MAP /* an object of schemas; of lists of names as well in "dependencies" */
} SubsetKind;

/* A set of the types of JSON, where numbers without a fraction are a type of their own. */
typedef uint32 SubsetTypes;

#define TYPE_NULL     0x01
#define TYPE_BOOLEAN  0x02
#define TYPE_INTEGER  0x04
#define TYPE_FRACTION 0x08
#define TYPE_STRING   0x10
#define TYPE_ARRAY    0x20
#define TYPE_OBJECT   0x40
#define TYPE_NUMBER   (TYPE_INTEGER | TYPE_FRACTION)
#define TYPE_ANY      0x7f

/* A version of a schema.  Error if it is neither an object nor a boolean, or of another draft. */
extern SubsetDocument *subset_document(const Jsonb *jsonb, const char *called);

/* The document's outermost schema. */
extern SubsetSchema *subset_root(const SubsetDocument *document);

/* A schema that is in no document of a user's, from its text; it is said to be where another is. */
extern SubsetSchema *subset_made_schema(const SubsetSchema *origin, const char *text);

extern const char *subset_keyword_name(SubsetKeyword keyword);
extern SubsetKind subset_keyword_kind(SubsetKeyword keyword);

/* The value of a keyword; NULL if the schema lacks it or its draft does not know it. */
extern JsonbValue *subset_get(const SubsetSchema *schema, SubsetKeyword keyword);

/* How many keywords a schema has, annotations left out; *last is the last of them. */
extern int subset_count_keywords(const SubsetSchema *schema, SubsetKeyword *last);

/* The schema that is a keyword's value, or NULL. */
extern SubsetSchema *subset_member(const SubsetSchema *schema, SubsetKeyword keyword);

/* The schema of a name in a keyword's object of schemas, or NULL. */
extern SubsetSchema *
subset_named(const SubsetSchema *schema, SubsetKeyword keyword, const JsonbValue *name);

/* The schemas of a keyword that is an array of schemas, or one schema; NIL if it is neither. */
extern List *subset_list(const SubsetSchema *schema, SubsetKeyword keyword);

/* The names in a keyword's object, as strings of JSON; NIL if it is none. */
extern List *subset_names(const SubsetSchema *schema, SubsetKeyword keyword);

/* The value of a name in a keyword's object; NULL if it has none. */
extern JsonbValue *
subset_of_name(const SubsetSchema *schema, SubsetKeyword keyword, const JsonbValue *name);

/* Whether a keyword's array has a text among its elements. */
extern bool subset_lists(const SubsetSchema *schema, SubsetKeyword keyword, const JsonbValue *text);

/* How many values are in an array; 0 for anything else. */
extern int subset_length(const JsonbValue *array);

/* The values in an array; NIL for anything else. */
extern List *subset_values(const JsonbValue *array);

/* The schema that $ref refers to; NULL if it is neither in the document nor in one it knows. */
extern SubsetSchema *subset_resolve(const SubsetSchema *schema);

/* Whether two are one and the same schema of one document. */
extern bool subset_same(const SubsetSchema *a, const SubsetSchema *b);

/* Whether a value is an array. */
extern bool subset_is_array(const JsonbValue *value);

/* Whether a schema is one boolean. */
extern bool subset_is_bool(const SubsetSchema *schema, bool value);

/* Whether a schema says nothing: true, or an object with nothing but annotations. */
extern bool subset_is_open(const SubsetSchema *schema);

/* Whether two values of JSON are equal. */
extern bool subset_value_equal(const JsonbValue *a, const JsonbValue *b);

/* Whether a value is in a list of values. */
extern bool subset_value_in(const JsonbValue *value, const List *values);

/* A value as a text for messages, cut if it is long. */
extern char *subset_value_text(const JsonbValue *value);

/* A value as JSON. */
extern char *subset_value_json(const JsonbValue *value);

/* The JSON pointer to a schema, or to a keyword of it if there is one. */
extern char *subset_path(const SubsetSchema *schema, const char *keyword);

#endif /* SESSIONIZE_SUBSET_SCHEMA_H */
