/*
 * subset_schema.c
 *		Two versions of a JSON Schema as they are compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "compat.h"
#include "contract/subset_budget.h"
#include "contract/subset_schema.h"

/* The work of a token that is looked at in the search for an anchor. */
#define TOKEN_WORK 10

/* So many bytes of arrays and objects are compared as one piece of work. */
#define COMPARED_BYTES 16

/* So many bytes of a value are in a message. */
#define SHOWN_BYTES 80

typedef struct KeywordRow
{
	const char *name;
	SubsetKind kind;
	bool in_draft_7;
	bool in_2020;
} KeywordRow;

#define IN_BOTH true, true
#define IN_7    true, false
#define IN_2020 false, true

static const KeywordRow keywords[SUBSET_KEYWORDS] = {
#define SUBSET_KEYWORD(symbol, keyword, drafts, kind, types, function)                             \
	{keyword, SUBSET_##kind, IN_##drafts},
#include "contract/subset_keyword_list.h"
#undef SUBSET_KEYWORD
};

/*
 * is_container tells whether a value is an object, or an array.
 */
static bool
is_container(const JsonbValue *value, uint32 kind)
{
	return value->type == jbvBinary && (value->val.binary.data->header & kind) != 0;
}

/*
 * is_schema tells whether a value can be a schema.
 */
static bool
is_schema(const JsonbValue *value)
{
	return value->type == jbvBool || is_container(value, JB_FOBJECT);
}

/*
 * get_member returns the value of a key of an object, or NULL.
 */
static JsonbValue *
get_member(const JsonbValue *object, const char *key, int len)
{
	if (!is_container(object, JB_FOBJECT))
		return NULL;
	return getKeyJsonValueFromContainer(object->val.binary.data, key, len, NULL);
}

/*
 * get_string returns a member of an object as a C string, or NULL if it is no string.
 */
static char *
get_string(const JsonbValue *object, const char *key)
{
	JsonbValue *value = get_member(object, key, (int) strlen(key));

	return value != NULL && value->type == jbvString
			   ? pnstrdup(value->val.string.val, value->val.string.len)
			   : NULL;
}

/*
 * drop_fragment cuts a URI before its fragment, and returns the fragment.
 */
static char *
drop_fragment(char *uri)
{
	char *hash = strchr(uri, '#');

	if (hash == NULL)
		return uri + strlen(uri);
	*hash = '\0';
	return hash + 1;
}

/*
 * set_draft finds the draft that a version is written in.
 */
static void
set_draft(SubsetDocument *document)
{
	char *uri = get_string(&document->root, "$schema");
	char *place;

	if (uri == NULL)
		return;
	drop_fragment(uri);
	place = strstr(uri, "//json-schema.org/");
	if (place != NULL && strcmp(place, "//json-schema.org/draft/2020-12/schema") == 0)
		return;
	if (place != NULL && strcmp(place, "//json-schema.org/draft-07/schema") == 0)
	{
		document->is_draft_7 = true;
		return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s of the contract is written in a draft of JSON Schema that is not supported",
					document->called),
			 errdetail("Its $schema is \"%s\".", uri),
			 errhint("Use https://json-schema.org/draft/2020-12/schema or "
					 "http://json-schema.org/draft-07/schema.")));
}

/*
 * has_inner_ids tells whether an object or array below the root has an $id that is more than the
 * name of an anchor.
 */
static bool
has_inner_ids(const JsonbValue *root)
{
	JsonbIterator *iterator = JsonbIteratorInit(root->val.binary.data);
	JsonbValue value;
	JsonbIteratorToken token;
	int depth = 0;
	bool is_id = false;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_BEGIN_OBJECT || token == WJB_BEGIN_ARRAY)
			depth++;
		else if (token == WJB_END_OBJECT || token == WJB_END_ARRAY)
			depth--;
		else if (token == WJB_KEY)
			is_id = value.val.string.len == 3 && memcmp(value.val.string.val, "$id", 3) == 0;
		else if (token == WJB_VALUE && is_id && depth > 1 && value.type == jbvString &&
				 (value.val.string.len == 0 || value.val.string.val[0] != '#'))
			return true;
		if (token != WJB_KEY)
			is_id = false;
	}
	return false;
}

/*
 * report_no_schema raises the error for a version that is no schema.
 */
static _Noreturn void
report_no_schema(const Jsonb *jsonb, const char *called)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("%s of the contract is not a JSON Schema", called),
					errdetail("It is %s.", JB_ROOT_IS_SCALAR(jsonb) ? "a scalar" : "an array"),
					errhint("Give an object such as '{\"type\": \"object\"}', or true or false.")));
}

/*
 * subset_document makes a version of a schema.
 */
SubsetDocument *
subset_document(const Jsonb *jsonb, const char *called)
{
	SubsetDocument *document = palloc0(sizeof(SubsetDocument));
	JsonbContainer *container = unconstify(JsonbContainer *, &jsonb->root);

	document->called = called;
	if (JB_ROOT_IS_OBJECT(jsonb))
	{
		document->root.type = jbvBinary;
		document->root.val.binary.data = container;
		document->root.val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
		set_draft(document);
		document->has_inner_ids = has_inner_ids(&document->root);
		document->id = get_string(&document->root, "$id");
		if (document->id != NULL)
			drop_fragment(unconstify(char *, document->id));
	}
	else if (!JB_ROOT_IS_SCALAR(jsonb) || !JsonbExtractScalar(container, &document->root) ||
			 document->root.type != jbvBool)
		report_no_schema(jsonb, called);
	return document;
}

/*
 * new_schema makes a schema of a document.
 */
static SubsetSchema *
new_schema(const SubsetDocument *document, const JsonbValue *value, const SubsetPlace *place)
{
	SubsetSchema *schema;

	subset_spend(1);
	schema = palloc(sizeof(SubsetSchema));
	schema->document = document;
	schema->value = *value;
	schema->place = place;
	return schema;
}

SubsetSchema *
subset_root(const SubsetDocument *document)
{
	return new_schema(document, &document->root, NULL);
}

/*
 * subset_made_schema makes a schema that is in no document of a user's.
 */
SubsetSchema *
subset_made_schema(const SubsetSchema *origin, const char *text)
{
	Datum jsonb;
	SubsetDocument *document;

	subset_spend(strlen(text));
	jsonb = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
	document = subset_document(DatumGetJsonbP(jsonb), origin->document->called);

	/* what its values have in them are no references and no names */
	document->has_inner_ids = true;
	return new_schema(document, &document->root, origin->place);
}

const char *
subset_keyword_name(SubsetKeyword keyword)
{
	return keywords[keyword].name;
}

SubsetKind
subset_keyword_kind(SubsetKeyword keyword)
{
	return keywords[keyword].kind;
}

/*
 * subset_get returns the value of a keyword.  In draft-07, a reference makes all beside it void.
 */
JsonbValue *
subset_get(const SubsetSchema *schema, SubsetKeyword keyword)
{
	const KeywordRow *row = &keywords[keyword];
	bool draft_7 = schema->document->is_draft_7;

	subset_spend(1);
	if (draft_7 ? !row->in_draft_7 : !row->in_2020)
		return NULL;
	if (draft_7 && keyword != SUBSET_REF && get_member(&schema->value, "$ref", 4) != NULL)
		return NULL;
	return get_member(&schema->value, row->name, (int) strlen(row->name));
}

/*
 * subset_count_keywords returns how many keywords a schema has.
 */
int
subset_count_keywords(const SubsetSchema *schema, SubsetKeyword *last)
{
	int count = 0;

	for (int i = 0; i < SUBSET_KEYWORDS; i++)
		if (subset_get(schema, i) != NULL)
		{
			*last = i;
			count++;
		}
	return count;
}

/*
 * append_place writes a JSON pointer.
 */
static void
append_place(StringInfo out, const SubsetPlace *place)
{
	if (place == NULL)
		return;
	check_stack_depth();
	append_place(out, place->above);
	appendStringInfoChar(out, '/');
	for (int i = 0; i < place->len; i++)
	{
		if (place->step[i] == '~')
			appendStringInfoString(out, "~0");
		else if (place->step[i] == '/')
			appendStringInfoString(out, "~1");
		else
			appendStringInfoChar(out, place->step[i]);
	}
}

char *
subset_path(const SubsetSchema *schema, const char *keyword)
{
	StringInfoData out;

	initStringInfo(&out);
	if (schema->document->is_other)
		appendStringInfo(&out, "%s#", schema->document->id);
	append_place(&out, schema->place);
	if (keyword != NULL)
		appendStringInfo(&out, "/%s", keyword);
	return out.data;
}

/*
 * below returns a place one step further.
 */
static SubsetPlace *
below(const SubsetPlace *above, const char *step, int len)
{
	SubsetPlace *place = palloc(sizeof(SubsetPlace));

	place->above = above;
	place->step = step;
	place->len = len;
	return place;
}

/*
 * below_index returns a place one step further, at an element of an array.
 */
static SubsetPlace *
below_index(const SubsetPlace *above, int index)
{
	char *step = psprintf("%d", index);

	return below(above, step, (int) strlen(step));
}

/*
 * keyword_place returns the place of a keyword of a schema.
 */
static SubsetPlace *
keyword_place(const SubsetSchema *schema, SubsetKeyword keyword)
{
	return below(schema->place, keywords[keyword].name, (int) strlen(keywords[keyword].name));
}

SubsetSchema *
subset_member(const SubsetSchema *schema, SubsetKeyword keyword)
{
	JsonbValue *value = subset_get(schema, keyword);

	if (value == NULL || !is_schema(value))
		return NULL;
	return new_schema(schema->document, value, keyword_place(schema, keyword));
}

JsonbValue *
subset_of_name(const SubsetSchema *schema, SubsetKeyword keyword, const JsonbValue *name)
{
	JsonbValue *map = subset_get(schema, keyword);

	return map != NULL ? get_member(map, name->val.string.val, name->val.string.len) : NULL;
}

SubsetSchema *
subset_named(const SubsetSchema *schema, SubsetKeyword keyword, const JsonbValue *name)
{
	JsonbValue *value = subset_of_name(schema, keyword, name);

	if (value == NULL || !is_schema(value))
		return NULL;
	return new_schema(
		schema->document, value,
		below(keyword_place(schema, keyword), name->val.string.val, name->val.string.len));
}

/*
 * subset_list returns the schemas of a keyword.
 */
List *
subset_list(const SubsetSchema *schema, SubsetKeyword keyword)
{
	JsonbValue *value = subset_get(schema, keyword);
	SubsetSchema *one = subset_member(schema, keyword);
	List *schemas = NIL;
	SubsetPlace *place;
	ListCell *cell;

	if (one != NULL)
		return list_make1(one);
	if (value == NULL)
		return NIL;
	place = keyword_place(schema, keyword);
	foreach (cell, subset_values(value))
	{
		if (!is_schema(lfirst(cell)))
			return NIL;
		schemas = lappend(schemas, new_schema(schema->document, lfirst(cell),
											  below_index(place, list_length(schemas))));
	}
	return schemas;
}

/*
 * subset_names returns the names in a keyword's object.
 */
List *
subset_names(const SubsetSchema *schema, SubsetKeyword keyword)
{
	JsonbValue *map = subset_get(schema, keyword);
	JsonbIterator *iterator;
	JsonbValue value;
	JsonbIteratorToken token;
	List *names = NIL;

	if (map == NULL || !is_container(map, JB_FOBJECT))
		return NIL;
	subset_spend(JsonContainerSize(map->val.binary.data));
	iterator = JsonbIteratorInit(map->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_KEY)
			names = lappend(names, memcpy(palloc(sizeof(JsonbValue)), &value, sizeof(JsonbValue)));
	}
	return names;
}

bool
subset_lists(const SubsetSchema *schema, SubsetKeyword keyword, const JsonbValue *text)
{
	JsonbValue *array = subset_get(schema, keyword);

	if (array == NULL || !is_container(array, JB_FARRAY))
		return false;
	subset_spend(JsonContainerSize(array->val.binary.data) / SUBSET_COMPARED);
	return findJsonbValueFromContainer(array->val.binary.data, JB_FARRAY,
									   unconstify(JsonbValue *, text)) != NULL;
}

bool
subset_is_array(const JsonbValue *value)
{
	return is_container(value, JB_FARRAY);
}

int
subset_length(const JsonbValue *array)
{
	return is_container(array, JB_FARRAY) ? (int) JsonContainerSize(array->val.binary.data) : 0;
}

/*
 * subset_values returns the values in an array.
 */
List *
subset_values(const JsonbValue *array)
{
	JsonbIterator *iterator;
	JsonbValue value;
	JsonbIteratorToken token;
	List *values = NIL;

	if (!is_container(array, JB_FARRAY))
		return NIL;
	subset_spend(JsonContainerSize(array->val.binary.data));
	iterator = JsonbIteratorInit(array->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_ELEM)
			values =
				lappend(values, memcpy(palloc(sizeof(JsonbValue)), &value, sizeof(JsonbValue)));
	}
	return values;
}

/*
 * hex_digit returns the value of a hexadecimal digit, or -1.
 */
static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * percent_decode decodes the escapes of a URI in place.
 */
static void
percent_decode(char *text)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++)
	{
		if (*in == '%' && hex_digit(in[1]) >= 0 && hex_digit(in[2]) >= 0)
		{
			*out++ = (char) (hex_digit(in[1]) * 16 + hex_digit(in[2]));
			in += 2;
		}
		else
			*out++ = *in;
	}
	*out = '\0';
}

/*
 * next_step takes the next step off a JSON pointer and decodes it; NULL at its end.
 */
static char *
next_step(char **pointer)
{
	char *step = *pointer;
	char *out = step;
	char *in = step;

	if (step == NULL)
		return NULL;
	for (; *in != '\0' && *in != '/'; in++)
	{
		if (*in == '~' && (in[1] == '0' || in[1] == '1'))
			*out++ = *++in == '0' ? '~' : '/';
		else
			*out++ = *in;
	}
	*pointer = *in == '/' ? in + 1 : NULL;
	*out = '\0';
	return step;
}

/*
 * step_into returns the member of an object or the element of an array that a pointer's step names.
 */
static JsonbValue *
step_into(const JsonbValue *value, const char *step)
{
	if (is_container(value, JB_FARRAY) && step[0] != '\0' && strlen(step) < 9 &&
		strspn(step, "0123456789") == strlen(step))
		return getIthJsonbValueFromContainer(value->val.binary.data, (uint32) atoi(step));
	return get_member(value, step, (int) strlen(step));
}

/*
 * follow_pointer returns the schema at a JSON pointer, or NULL.
 */
static SubsetSchema *
follow_pointer(const SubsetDocument *document, char *pointer)
{
	const JsonbValue *value = &document->root;
	const SubsetPlace *place = NULL;
	char *step;

	if (pointer != NULL && *pointer == '\0')
		return subset_root(document);
	pointer++;
	while (value != NULL && (step = next_step(&pointer)) != NULL)
	{
		place = below(place, step, (int) strlen(step));
		value = step_into(value, step);
	}
	return value != NULL && is_schema(value) ? new_schema(document, value, place) : NULL;
}

/* A search for the schema of an anchor. */
typedef struct AnchorSearch
{
	const SubsetDocument *document;
	const char *key;  /* $anchor, or $id */
	const char *name; /* what its value must be */
	SubsetSchema *found;
	int count;
} AnchorSearch;

/*
 * is_plain_data tells whether a key's value is no schema, whatever it looks like.
 */
static bool
is_plain_data(const JsonbValue *key)
{
	static const char *const words[] = {"enum", "const", "default", "examples"};

	for (int i = 0; i < (int) lengthof(words); i++)
		if (key->val.string.len == (int) strlen(words[i]) &&
			memcmp(key->val.string.val, words[i], key->val.string.len) == 0)
			return true;
	return false;
}

/*
 * find_anchor looks for an anchor in a value and all below it.
 */
static void
find_anchor(AnchorSearch *search, const JsonbValue *value, const SubsetPlace *place)
{
	char *anchor = get_string(value, search->key);
	JsonbIterator *iterator;
	JsonbValue item;
	JsonbIteratorToken token;
	JsonbValue key = {.type = jbvNull};
	int index = 0;

	check_stack_depth();
	if (anchor != NULL && strcmp(anchor, search->name) == 0)
	{
		search->found = new_schema(search->document, value, place);
		search->count++;
	}
	if (value->type != jbvBinary)
		return;
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &item, true)) != WJB_DONE)
	{
		subset_spend(TOKEN_WORK);
		if (token == WJB_KEY)
			key = item;
		if (token == WJB_VALUE && item.type == jbvBinary && !is_plain_data(&key))
			find_anchor(search, &item, below(place, key.val.string.val, key.val.string.len));
		if (token == WJB_ELEM)
			find_anchor(search, &item, below_index(place, index++));
	}
}

/*
 * copy_place copies a place to the current memory context.
 */
static const SubsetPlace *
copy_place(const SubsetPlace *place)
{
	if (place == NULL)
		return NULL;
	check_stack_depth();
	return below(copy_place(place->above), pnstrdup(place->step, place->len), place->len);
}

/*
 * follow_anchor returns the schema of an anchor, or NULL unless there is one of its name.
 */
static SubsetSchema *
follow_anchor(const SubsetDocument *document, const char *name)
{
	AnchorSearch search = {.document = document, .key = "$anchor", .name = name};
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext memory =
		AllocSetContextCreate(caller, "sessionize anchors", ALLOCSET_SMALL_SIZES);
	SubsetSchema *found = NULL;

	if (document->is_draft_7)
	{
		search.key = "$id";
		search.name = psprintf("#%s", name);
	}
	MemoryContextSwitchTo(memory);
	find_anchor(&search, &document->root, NULL);
	MemoryContextSwitchTo(caller);
	if (search.count == 1)
		found = new_schema(document, &search.found->value, copy_place(search.found->place));
	MemoryContextDelete(memory);
	return found;
}

/*
 * subset_resolve returns the schema that $ref refers to.
 */
SubsetSchema *
subset_resolve(const SubsetSchema *schema)
{
	const SubsetDocument *document = schema->document;
	char *uri = get_string(&schema->value, "$ref");
	char *fragment;

	if (uri == NULL || document->has_inner_ids)
		return NULL;
	fragment = drop_fragment(uri);
	if (*uri != '\0' && (document->id == NULL || strcmp(uri, document->id) != 0))
		document = document->others == NULL ? NULL : document->others->find(document, uri);
	if (document == NULL || document->has_inner_ids)
		return NULL;
	percent_decode(fragment);
	if (*fragment == '\0' || *fragment == '/')
		return follow_pointer(document, fragment);
	return follow_anchor(document, fragment);
}

bool
subset_same(const SubsetSchema *a, const SubsetSchema *b)
{
	if (a->document != b->document || a->value.type != b->value.type)
		return false;
	if (a->value.type == jbvBool)
		return a->value.val.boolean == b->value.val.boolean;
	return a->value.val.binary.data == b->value.val.binary.data;
}

bool
subset_is_bool(const SubsetSchema *schema, bool value)
{
	return schema->value.type == jbvBool && schema->value.val.boolean == value;
}

bool
subset_is_open(const SubsetSchema *schema)
{
	SubsetKeyword last;

	return subset_is_bool(schema, true) ||
		   (schema->value.type == jbvBinary && subset_count_keywords(schema, &last) == 0);
}

/*
 * subset_value_equal tells whether two values of JSON are equal.
 */
bool
subset_value_equal(const JsonbValue *a, const JsonbValue *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type)
	{
		case jbvNull:
			return true;
		case jbvBool:
			return a->val.boolean == b->val.boolean;
		case jbvString:
			return a->val.string.len == b->val.string.len &&
				   memcmp(a->val.string.val, b->val.string.val, a->val.string.len) == 0;
		case jbvNumeric:
			return DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(a->val.numeric),
													NumericGetDatum(b->val.numeric)));
		case jbvBinary:
			subset_spend((uint64) Min(a->val.binary.len, b->val.binary.len) / COMPARED_BYTES);
			return compareJsonbContainers(a->val.binary.data, b->val.binary.data) == 0;
		default:
			return false;
	}
}

bool
subset_value_in(const JsonbValue *value, const List *values)
{
	ListCell *cell;

	subset_spend((uint64) list_length(values));
	foreach (cell, values)
		if (subset_value_equal(value, lfirst(cell)))
			return true;
	return false;
}

/*
 * subset_value_json returns a value as JSON.
 */
char *
subset_value_json(const JsonbValue *value)
{
	StringInfoData out;

	initStringInfo(&out);
	switch (value->type)
	{
		case jbvNull:
			return "null";
		case jbvBool:
			return value->val.boolean ? "true" : "false";
		case jbvNumeric:
			return DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvString:
			escape_json(&out, pnstrdup(value->val.string.val, value->val.string.len));
			return out.data;
		default:
			subset_spend((uint64) value->val.binary.len);
			return JsonbToCString(NULL, value->val.binary.data, value->val.binary.len);
	}
}

/*
 * subset_value_text returns a value as a text for messages.
 */
char *
subset_value_text(const JsonbValue *value)
{
	char *text = subset_value_json(value);
	int len = (int) strlen(text);

	if (len <= SHOWN_BYTES)
		return text;
	len = pg_mbcliplen(text, len, SHOWN_BYTES);
	return psprintf("%.*s...", len, text);
}
