/*
 * json_view.c
 *		Values inside a jsonb: keys looked up, characters counted, values copied.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "contract/json_view.h"

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
 * json_kind_name returns what JSON calls a type.
 */
const char *
json_kind_name(JsonKind kind)
{
	static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};

	return names[kind];
}

/*
 * continuation_bytes returns how many of eight bytes continue a character of UTF-8: those whose
 * highest bit is set, and the next one is not.
 */
static inline uint32
continuation_bytes(const char *bytes)
{
	uint64 word;

	memcpy(&word, bytes, sizeof(word));
	word = (word >> 7) & ~(word >> 6) & UINT64CONST(0x0101010101010101);
	return (uint32) ((word * UINT64CONST(0x0101010101010101)) >> 56);
}

/*
 * json_text_length returns how many characters (code points) a text has.
 */
uint32
json_text_length(TextView text)
{
	uint32 length = 0;
	uint32 i = 0;

	if (pg_database_encoding_max_length() == 1)
		return text.len;
	if (GetDatabaseEncoding() != PG_UTF8)
		return (uint32) pg_mbstrlen_with_len(text.data, (int) text.len);
	for (; i + sizeof(uint64) <= text.len; i += sizeof(uint64))
		length += sizeof(uint64) - continuation_bytes(text.data + i);
	for (; i < text.len; i++)
		length += ((uint8) text.data[i] & 0xC0) != 0x80;
	return length;
}

/*
 * json_size returns how many bytes the entries of an array or object have.
 */
uint32
json_size(JsonView value)
{
	uint32 entries = json_count(value) * (value.kind == JSON_OBJECT ? 2 : 1);

	return entries == 0 ? 0 : getJsonbOffset(json_container(value), (int) entries);
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
			uint32 entries = json_count(value) * (value.kind == JSON_OBJECT ? 2 : 1);

			copy.type = jbvBinary;
			copy.val.binary.data = unconstify(JsonbContainer *, container);
			copy.val.binary.len = (int) (offsetof(JsonbContainer, children) +
										 entries * sizeof(JEntry) + json_size(value));
			break;
		}
	}
	return JsonbValueToJsonb(&copy);
}
