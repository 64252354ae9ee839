/*
 * json_view.c
 *		Values inside a jsonb: keys looked up, values compared.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "contract/json_view.h"
#include "contract/number.h"

/*
 * json_find finds the value of a key of an object, by halves.
 */
bool
json_find(JsonView object, TextView key, JsonCursor *found)
{
	const JsonbContainer *container = json_container(object);
	uint32 count = JsonContainerSize(container);
	const char *base = (const char *) &container->children[count * 2];
	uint32 low = 0;
	uint32 high = count;

	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;
		TextView other = {base + getJsonbOffset(container, (int) middle),
						  getJsonbLength(container, (int) middle)};
		int order = json_key_compare(key, other);

		if (order == 0)
		{
			uint32 entry = middle + count;

			*found = (JsonCursor){container->children + entry, base,
								  getJsonbOffset(container, (int) entry)};
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

/*
 * json_get returns the value of a key of an object.
 */
bool
json_get(JsonView object, TextView key, JsonView *value)
{
	JsonCursor cursor;

	if (!json_find(object, key, &cursor))
		return false;
	*value = json_next(&cursor);
	return true;
}

/*
 * json_element returns where an array has the element of a number.
 */
JsonCursor
json_element(JsonView array, uint32 index)
{
	JsonCursor cursor = json_elements(array);

	cursor.entry += index;
	cursor.offset = index == 0 ? 0 : getJsonbOffset(json_container(array), (int) index);
	return cursor;
}

/*
 * equal_elements tells whether two arrays of one length have equal elements.
 */
static bool
equal_elements(JsonView a, JsonView b)
{
	JsonCursor left = json_elements(a);
	JsonCursor right = json_elements(b);

	for (uint32 count = json_count(a); count > 0; count--)
	{
		if (!json_equal(json_next(&left), json_next(&right)))
			return false;
	}
	return true;
}

/*
 * equal_members tells whether two objects of one size have equal keys and values.
 */
static bool
equal_members(JsonView a, JsonView b)
{
	JsonMembers left = json_members(a);
	JsonMembers right = json_members(b);

	for (uint32 i = 0; i < left.count; i++)
	{
		if (!text_view_equal(json_next_key(&left.keys), json_next_key(&right.keys)) ||
			!json_equal(json_next(&left.values), json_next(&right.values)))
			return false;
	}
	return true;
}

/*
 * json_equal tells whether two values are equal.
 */
bool
json_equal(JsonView a, JsonView b)
{
	if (a.kind != b.kind)
		return false;
	switch (a.kind)
	{
		case JSON_NULL:
			return true;
		case JSON_BOOL:
			return a.truth == b.truth;
		case JSON_NUMBER:
			return number_compare(number_view(a), number_view(b)) == 0;
		case JSON_STRING:
			return text_view_equal(json_text(a), json_text(b));
		default:
			break;
	}
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (json_count(a) != json_count(b))
		return false;
	return a.kind == JSON_ARRAY ? equal_elements(a, b) : equal_members(a, b);
}

/*
 * hash_text returns a hash of a text.
 */
static uint64
hash_text(TextView text, uint64 seed)
{
	return hash_bytes_extended((const unsigned char *) text.data, (int) text.len, seed);
}

/*
 * hash_container returns a hash of an array or object.
 */
static uint64
hash_container(JsonView value)
{
	uint64 hash = value.kind;

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (value.kind == JSON_ARRAY)
	{
		JsonCursor cursor = json_elements(value);

		for (uint32 count = json_count(value); count > 0; count--)
			hash = hash_combine64(hash, json_hash(json_next(&cursor)));
	}
	else
	{
		JsonMembers members = json_members(value);

		for (uint32 i = 0; i < members.count; i++)
		{
			hash = hash_text(json_next_key(&members.keys), hash);
			hash = hash_combine64(hash, json_hash(json_next(&members.values)));
		}
	}
	return hash;
}

/*
 * json_hash returns a hash of a value.
 */
uint64
json_hash(JsonView value)
{
	switch (value.kind)
	{
		case JSON_NULL:
			return 0;
		case JSON_BOOL:
			return value.truth ? 1 : 2;
		case JSON_NUMBER:
			return number_hash(number_view(value));
		case JSON_STRING:
			return hash_text(json_text(value), JSON_STRING);
		default:
			return hash_container(value);
	}
}

/*
 * json_kind_name returns what JSON calls a type.
 */
const char *
json_kind_name(JsonKind kind)
{
	static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};

	return names[kind];
}

/*
 * json_copy returns a value as a jsonb of its own.
 */
Jsonb *
json_copy(JsonView value)
{
	JsonbValue copy = {.type = jbvNull};

	switch (value.kind)
	{
		case JSON_NULL:
			break;
		case JSON_BOOL:
			copy.type = jbvBool;
			copy.val.boolean = value.truth;
			break;
		case JSON_NUMBER:
			copy.type = jbvNumeric;
			copy.val.numeric = (Numeric) unconstify(char *, value.data);
			break;
		case JSON_STRING:
			copy.type = jbvString;
			copy.val.string.val = unconstify(char *, value.data);
			copy.val.string.len = (int) value.len;
			break;
		default:
		{
			const JsonbContainer *container = json_container(value);
			int entries = (int) json_count(value) * (value.kind == JSON_OBJECT ? 2 : 1);
			uint32 size = entries == 0 ? 0 : getJsonbOffset(container, entries);

			copy.type = jbvBinary;
			copy.val.binary.data = unconstify(JsonbContainer *, container);
			copy.val.binary.len =
				(int) (offsetof(JsonbContainer, children) + entries * sizeof(JEntry) + size);
			break;
		}
	}
	return JsonbValueToJsonb(&copy);
}
