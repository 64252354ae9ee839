/*
 * keyword.c
 *		The keywords of JSON Schema: their drafts, vocabularies and types.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/varlena.h"

#include "contract/json_compare.h"
#include "contract/keyword.h"
#include "contract/number.h"
#include "contract/type_set.h"

/* A name that is further from what was written is no suggestion. */
#define MAX_DISTANCE 3

static const Keyword keywords[] = {
#define KEYWORD(id, name, drafts, vocabulary, shape)                                               \
	{KEYWORD_##id, TEXT_VIEW(name), DRAFT_##drafts, VOCABULARY_##vocabulary, SHAPE_##shape},
#include "contract/keyword_list.h"
#undef KEYWORD
};

/* The keywords in the order of jsonb's keys; made at the first use. */
static const Keyword *sorted[KEYWORDS];
static bool is_sorted = false;

static int
compare_keywords(const void *a, const void *b)
{
	return json_key_compare((*(const Keyword *const *) a)->name,
							(*(const Keyword *const *) b)->name);
}

/*
 * sort_keywords brings the keywords into the order in which they are searched.
 */
static void
sort_keywords(void)
{
	for (int i = 0; i < KEYWORDS; i++)
		sorted[i] = &keywords[i];
	qsort(sorted, KEYWORDS, sizeof(sorted[0]), compare_keywords);
	is_sorted = true;
}

/*
 * keyword_find returns the keyword of a draft that has a name.
 */
const Keyword *
keyword_find(TextView name, SchemaDraft draft)
{
	int low = 0;
	int high = KEYWORDS;

	if (!is_sorted)
		sort_keywords();
	while (low < high)
	{
		int middle = low + (high - low) / 2;

		if (json_key_compare(sorted[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < KEYWORDS && text_view_equal(sorted[low]->name, name); low++)
	{
		if (sorted[low]->drafts & draft)
			return sorted[low];
	}
	return NULL;
}

/*
 * keyword_name returns the name of a keyword.
 */
const char *
keyword_name(KeywordId id)
{
	return keywords[id].name.data;
}

/*
 * keyword_text returns the name of a keyword.
 */
TextView
keyword_text(KeywordId id)
{
	return keywords[id].name;
}

/*
 * keyword_nearest returns the keyword of a draft whose name is most like another one.
 */
const Keyword *
keyword_nearest(TextView name, SchemaDraft draft)
{
	const Keyword *nearest = NULL;
	int least = MAX_DISTANCE + 1;

	if (name.len > NAMEDATALEN)
		return NULL;
	for (int i = 0; i < KEYWORDS; i++)
	{
		const Keyword *keyword = &keywords[i];
		int distance;

		if (!(keyword->drafts & draft))
			continue;
		distance = varstr_levenshtein_less_equal(name.data, (int) name.len, keyword->name.data,
												 (int) keyword->name.len, 1, 1, 1, least, true);
		if (distance < least && distance < (int) keyword->name.len / 2 + 1)
		{
			least = distance;
			nearest = keyword;
		}
	}
	return nearest;
}

/*
 * vocabulary_find returns the vocabulary of a URI.
 */
SchemaVocabulary
vocabulary_find(TextView uri)
{
	static const TextView prefix = TEXT_VIEW("https://json-schema.org/draft/2020-12/vocab/");
	static const struct
	{
		const char *name;
		SchemaVocabulary vocabulary;
	} vocabularies[] = {
		{"core", VOCABULARY_CORE},
		{"applicator", VOCABULARY_APPLICATOR},
		{"unevaluated", VOCABULARY_UNEVALUATED},
		{"validation", VOCABULARY_VALIDATION},
		{"meta-data", VOCABULARY_META_DATA},
		{"format-annotation", VOCABULARY_FORMAT},
		{"format-assertion", VOCABULARY_FORMAT_ASSERTION},
		{"content", VOCABULARY_CONTENT},
	};

	if (uri.len < prefix.len || memcmp(uri.data, prefix.data, prefix.len) != 0)
		return 0;
	uri.data += prefix.len;
	uri.len -= prefix.len;
	for (Size i = 0; i < lengthof(vocabularies); i++)
	{
		if (text_view_is(uri, vocabularies[i].name))
			return vocabularies[i].vocabulary;
	}
	return 0;
}

/*
 * is_anchor tells whether a text is the name of an anchor.
 */
static bool
is_anchor(TextView text)
{
	for (uint32 i = 0; i < text.len; i++)
	{
		char c = text.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') &&
			(i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.')))
			return false;
	}
	return text.len > 0;
}

/*
 * is_schema tells whether a value can be a schema.
 */
static bool
is_schema(JsonView value)
{
	return value.kind == JSON_OBJECT || value.kind == JSON_BOOL;
}

/*
 * is_name_list tells whether a value is an array of different strings.
 */
static bool
is_name_list(JsonView value)
{
	JsonCursor cursor;

	if (value.kind != JSON_ARRAY)
		return false;
	cursor = json_elements(value);
	for (uint32 i = json_count(value); i > 0; i--)
	{
		if (json_next(&cursor).kind != JSON_STRING)
			return false;
	}
	return json_is_unique(value, NULL);
}

/*
 * is_schema_list tells whether a value is an array of schemas that is not empty.
 */
static bool
is_schema_list(JsonView value)
{
	JsonCursor cursor;

	if (value.kind != JSON_ARRAY || json_count(value) == 0)
		return false;
	cursor = json_elements(value);
	for (uint32 i = json_count(value); i > 0; i--)
	{
		if (!is_schema(json_next(&cursor)))
			return false;
	}
	return true;
}

static bool
is_boolean(JsonView value)
{
	return value.kind == JSON_BOOL;
}

static bool
is_schema_or_names(JsonView value)
{
	return is_schema(value) || is_name_list(value);
}

/*
 * is_object_of tells whether a value is an object whose members' values are all of a kind.
 */
static bool
is_object_of(JsonView value, bool (*is_right)(JsonView))
{
	JsonMembers members;

	if (value.kind != JSON_OBJECT)
		return false;
	members = json_members(value);
	for (uint32 i = 0; i < members.count; i++)
	{
		if (!is_right(json_next(&members.values)))
			return false;
	}
	return true;
}

/*
 * number_fault returns what is wrong with the value of a keyword that is a number.
 */
static const char *
number_fault(KeywordShape shape, JsonView value)
{
	uint32 count;
	NumberView number;

	if (value.kind != JSON_NUMBER)
		return "must be a number";
	number = number_view(value);
	if (shape == SHAPE_COUNT && !number_count(number, &count))
		return "must be an integer that is not negative";
	if (shape == SHAPE_POSITIVE_NUMBER && (number.negative || number.ndigits == 0))
		return "must be greater than zero";
	return NULL;
}

/*
 * keyword_example returns a value that a keyword may have.
 */
const char *
keyword_example(const Keyword *keyword)
{
	static const char *const examples[] = {
		[SHAPE_ANYTHING] = "null",
		[SHAPE_TEXT] = "\"text\"",
		[SHAPE_ANCHOR] = "\"name\"",
		[SHAPE_BOOLEAN] = "true",
		[SHAPE_BOOLEANS] = "{\"https://json-schema.org/draft/2020-12/vocab/core\": true}",
		[SHAPE_NUMBER] = "0.5",
		[SHAPE_POSITIVE_NUMBER] = "0.5",
		[SHAPE_COUNT] = "1",
		[SHAPE_TYPE] = "\"string\"",
		[SHAPE_LIST] = "[\"a\", 1, null]",
		[SHAPE_NAMES] = "[\"a\", \"b\"]",
		[SHAPE_NAMES_BY_NAME] = "{\"a\": [\"b\", \"c\"]}",
		[SHAPE_SCHEMA] = "{\"type\": \"string\"}",
		[SHAPE_SCHEMA_LIST] = "[{\"type\": \"string\"}]",
		[SHAPE_SCHEMA_OR_LIST] = "{\"type\": \"string\"}",
		[SHAPE_SCHEMAS_BY_NAME] = "{\"a\": {\"type\": \"string\"}}",
		[SHAPE_SCHEMAS_OR_NAMES_BY_NAME] = "{\"a\": [\"b\", \"c\"]}",
	};

	return examples[keyword->shape];
}

/*
 * keyword_value_fault returns what is wrong with a keyword's value.
 */
const char *
keyword_value_fault(const Keyword *keyword, JsonView value)
{
	uint8 types;

	switch (keyword->shape)
	{
		case SHAPE_ANYTHING:
			return NULL;
		case SHAPE_TEXT:
			return value.kind == JSON_STRING ? NULL : "must be a string";
		case SHAPE_ANCHOR:
			return value.kind == JSON_STRING && is_anchor(json_text(value))
					   ? NULL
					   : "must be a string of letters, digits, -, _ and . that begins with a "
						 "letter or _";
		case SHAPE_BOOLEAN:
			return is_boolean(value) ? NULL : "must be true or false";
		case SHAPE_BOOLEANS:
			return is_object_of(value, is_boolean) ? NULL : "must be an object of booleans";
		case SHAPE_NUMBER:
		case SHAPE_POSITIVE_NUMBER:
		case SHAPE_COUNT:
			return number_fault(keyword->shape, value);
		case SHAPE_TYPE:
			return type_set_read(value, &types)
					   ? NULL
					   : "must be null, boolean, integer, number, string, array or object, or a "
						 "list of different ones of these";
		case SHAPE_LIST:
			return value.kind == JSON_ARRAY ? NULL : "must be an array";
		case SHAPE_NAMES:
			return is_name_list(value) ? NULL : "must be an array of different strings";
		case SHAPE_NAMES_BY_NAME:
			return is_object_of(value, is_name_list) ? NULL
													 : "must be an object of arrays of different "
													   "strings";
		case SHAPE_SCHEMA:
			return is_schema(value) ? NULL : "must be a schema: an object, true or false";
		case SHAPE_SCHEMA_LIST:
			return is_schema_list(value) ? NULL : "must be an array of schemas that is not empty";
		case SHAPE_SCHEMA_OR_LIST:
			return is_schema(value) || is_schema_list(value)
					   ? NULL
					   : "must be a schema or an array of schemas that is not empty";
		case SHAPE_SCHEMAS_BY_NAME:
			return is_object_of(value, is_schema) ? NULL : "must be an object of schemas";
		case SHAPE_SCHEMAS_OR_NAMES_BY_NAME:
			return is_object_of(value, is_schema_or_names)
					   ? NULL
					   : "must be an object of schemas or arrays of different strings";
	}
	return NULL;
}
