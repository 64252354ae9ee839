/*
 * parameters.c
 *		The parameters of a form or a query as a JSON object of strings.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "compat.h"
#include "decode/clean_text.h"
#include "decode/parameters.h"
#include "web/url_query.h"

/* Of more parameters than these, names with points are names. */
#define MAX_NESTED_PARAMETERS 500

/* A name leads no deeper than this. */
#define MAX_NESTED_LEVELS 8

/*
 * decoded returns a name or a value as a text.
 */
static TextView
decoded(TextView encoded, unsigned *problems)
{
	char *out = palloc(encoded.len + 1);
	TextView bytes = {out, 0};

	(void) url_query_decode_bytes(encoded, out, &bytes.len);
	return clean_text(bytes, problems);
}

/*
 * read_pairs reads the parameters, and returns how many there are.
 */
static uint32
read_pairs(TextView query, TreeObject *object, Notes *notes)
{
	QueryParameter parameter;

	tree_object_begin(object, 32);
	while (url_query_next(&query, &parameter))
	{
		unsigned problems = 0;
		TextView name = decoded(parameter.name, &problems);
		JsonbValue value = tree_string(decoded(parameter.value, &problems));
		JsonPlace place = {NULL, name, 0};

		notes_add_text(notes, &place, problems);
		tree_object_add(object, name, &value);
	}
	return object->count;
}

/*
 * parameters_object returns the parameters as an object.
 */
JsonbValue
parameters_object(TextView query, Notes *notes)
{
	TreeObject object;
	uint32 count = read_pairs(query, &object, notes);

	return tree_object(object.pairs, count, true, NULL);
}

/*
 * head_length returns the length of the part of a name before its first point; 0 if it leads
 * nowhere.
 */
static int
head_length(const JsonbValue *name)
{
	const char *point = memchr(name->val.string.val, '.', (Size) name->val.string.len);

	return point == NULL ? 0 : (int) (point - name->val.string.val);
}

/*
 * same_head tells whether a name begins with a head and a point.
 */
static bool
same_head(const JsonbValue *name, const char *head, int length)
{
	return name->val.string.len > length && name->val.string.val[length] == '.' &&
		   memcmp(name->val.string.val, head, (Size) length) == 0;
}

/*
 * nest returns an object of parameters, with objects of those whose names have one head.
 */
static JsonbValue
nest(const JsonbPair *pairs, uint32 count, int levels)
{
	TreeObject object;

	tree_object_begin(&object, count);
	for (uint32 i = 0; i < count; i++)
	{
		const char *head = pairs[i].key.val.string.val;
		int length = levels == 0 ? 0 : head_length(&pairs[i].key);
		JsonbPair *inner;
		JsonbValue value;
		uint32 ninner = 0;

		if (length == 0)
		{
			tree_object_add(&object, tree_string_view(&pairs[i].key), &pairs[i].value);
			continue;
		}
		inner = palloc((count - i) * sizeof(JsonbPair));
		for (uint32 j = i; j < count; j++)
			if (same_head(&pairs[j].key, head, length))
			{
				inner[ninner] = pairs[j];
				inner[ninner].key.val.string.val += length + 1;
				inner[ninner++].key.val.string.len -= length + 1;
			}
		value = nest(inner, ninner, levels - 1);
		tree_object_add(&object, (TextView){head, (uint32) length}, &value);
	}
	return tree_object_end(&object);
}

/*
 * parameters_nested returns the parameters as an object with objects in it.
 */
JsonbValue
parameters_nested(TextView query, Notes *notes)
{
	TreeObject object;
	uint32 count = read_pairs(query, &object, notes);

	if (count > MAX_NESTED_PARAMETERS)
		return tree_object(object.pairs, count, true, NULL);
	return nest(object.pairs, count, MAX_NESTED_LEVELS);
}
