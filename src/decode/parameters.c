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
	TreeDropped dropped = {0};
	uint32 count = read_pairs(query, &object, notes);
	JsonbValue value = tree_object(object.pairs, count, true, &dropped);

	notes_add_dropped(notes, NULL, "duplicate key", &dropped);
	return value;
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
 * take_group takes the parameters from one on whose names begin as that one's, without what the
 * names have in common; returns how many there are.
 */
static uint32
take_group(const JsonbPair *pairs, uint32 from, uint32 count, int length, bool *taken,
		   JsonbPair *group)
{
	const char *head = pairs[from].key.val.string.val;
	uint32 size = 0;

	for (uint32 i = from; i < count; i++)
	{
		if (taken[i] || !same_head(&pairs[i].key, head, length))
			continue;
		taken[i] = true;
		group[size] = pairs[i];
		group[size].key.val.string.val += length + 1;
		group[size++].key.val.string.len -= length + 1;
	}
	return size;
}

/*
 * nest returns an object of parameters, with objects of those whose names have one head.
 */
static JsonbValue
nest(const JsonbPair *pairs, uint32 count, int levels, Notes *notes)
{
	TreeObject object;
	TreeDropped dropped = {0};
	bool *taken = palloc0(count + 1);
	JsonbValue nested;

	tree_object_begin(&object, count);
	for (uint32 i = 0; i < count; i++)
	{
		int length = levels == 0 ? 0 : head_length(&pairs[i].key);
		JsonbPair *group;
		JsonbValue value;

		if (taken[i])
			continue;
		if (length == 0)
		{
			tree_object_add(&object, tree_string_view(&pairs[i].key), &pairs[i].value);
			continue;
		}
		group = palloc((count - i) * sizeof(JsonbPair));
		value = nest(group, take_group(pairs, i, count, length, taken, group), levels - 1, notes);
		tree_object_add(&object, (TextView){pairs[i].key.val.string.val, (uint32) length}, &value);
	}
	nested = tree_object_end(&object, &dropped);
	notes_add_dropped(notes, NULL, "duplicate key", &dropped);
	return nested;
}

/*
 * parameters_nested returns the parameters as an object with objects in it.
 */
JsonbValue
parameters_nested(TextView query, Notes *notes)
{
	TreeObject object;
	uint32 count = read_pairs(query, &object, notes);

	return nest(object.pairs, count, count > MAX_NESTED_PARAMETERS ? 0 : MAX_NESTED_LEVELS, notes);
}
