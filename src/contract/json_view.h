/*
 * json_view.h
 *		Values inside a jsonb, read where they lie.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_JSON_VIEW_H
#define SESSIONIZE_JSON_VIEW_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "compat.h"
#include "utils/text_view.h"

typedef enum JsonKind
{
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT
} JsonKind;

/*
 * A value inside a jsonb that belongs to something else.  The data of a string are its bytes, those
 * of a number are a Numeric, those of an array or object a JsonbContainer; those of null, true and
 * false mean nothing.
 */
typedef struct JsonView
{
	const char *data;
	uint32 len; /* of a string */
	uint8 kind;
	bool truth; /* of a boolean */
} JsonView;

/* A place among the entries of an object or array. */
typedef struct JsonCursor
{
	const JEntry *entry;
	const char *base; /* where the data of the container begin */
	uint32 offset;    /* of the data of the entry */
} JsonCursor;

/* The members of an object: its keys, and the values in the same order. */
typedef struct JsonMembers
{
	JsonCursor keys;
	JsonCursor values;
	uint32 count;
} JsonMembers;

/*
 * json_container returns the container of an array or object.
 */
static inline const JsonbContainer *
json_container(JsonView value)
{
	return (const JsonbContainer *) value.data;
}

/*
 * json_count returns how many elements an array, or members an object has.
 */
static inline uint32
json_count(JsonView value)
{
	return JsonContainerSize(json_container(value));
}

/* How many bytes the entries of an array or object have, with all that is in them. */
extern uint32 json_size(JsonView value);

/*
 * json_text returns the text of a string.
 */
static inline TextView
json_text(JsonView value)
{
	return (TextView){value.data, value.len};
}

/*
 * json_of_container returns an array or object as a value.
 */
static inline JsonView
json_of_container(const JsonbContainer *container)
{
	return (JsonView){(const char *) container, 0,
					  JsonContainerIsObject(container) ? JSON_OBJECT : JSON_ARRAY, false};
}

/*
 * json_entry_end returns the end of the data of an entry that begin at an offset.
 */
static inline uint32
json_entry_end(JEntry entry, uint32 offset)
{
	return JBE_HAS_OFF(entry) ? JBE_OFFLENFLD(entry) : offset + JBE_OFFLENFLD(entry);
}

/*
 * json_skip moves a cursor on to the next entry.
 */
static inline void
json_skip(JsonCursor *cursor)
{
	cursor->offset = json_entry_end(*cursor->entry, cursor->offset);
	cursor->entry++;
}

/*
 * json_next returns the value at a cursor, and moves on.
 */
static inline JsonView
json_next(JsonCursor *cursor)
{
	JEntry entry = *cursor->entry++;
	const char *data = cursor->base + cursor->offset;
	const char *aligned = cursor->base + INTALIGN(cursor->offset);
	uint32 end = json_entry_end(entry, cursor->offset);
	uint32 len = end - cursor->offset;

	cursor->offset = end;
	switch (entry & JENTRY_TYPEMASK)
	{
		case JENTRY_ISSTRING:
			return (JsonView){data, len, JSON_STRING, false};
		case JENTRY_ISNUMERIC:
			return (JsonView){aligned, 0, JSON_NUMBER, false};
		case JENTRY_ISBOOL_FALSE:
			return (JsonView){data, 0, JSON_BOOL, false};
		case JENTRY_ISBOOL_TRUE:
			return (JsonView){data, 0, JSON_BOOL, true};
		case JENTRY_ISNULL:
			return (JsonView){data, 0, JSON_NULL, false};
		default:
			return json_of_container((const JsonbContainer *) aligned);
	}
}

/*
 * json_next_key returns the key at a cursor, and moves on.
 */
static inline TextView
json_next_key(JsonCursor *cursor)
{
	const char *data = cursor->base + cursor->offset;
	uint32 end = json_entry_end(*cursor->entry++, cursor->offset);
	uint32 len = end - cursor->offset;

	cursor->offset = end;
	return (TextView){data, len};
}

/*
 * json_elements returns a cursor at the first element of an array.
 */
static inline JsonCursor
json_elements(JsonView array)
{
	const JsonbContainer *container = json_container(array);

	return (JsonCursor){container->children,
						(const char *) &container->children[JsonContainerSize(container)], 0};
}

/*
 * json_members returns the members of an object.
 */
static inline JsonMembers
json_members(JsonView object)
{
	const JsonbContainer *container = json_container(object);
	uint32 count = JsonContainerSize(container);
	const char *base = (const char *) &container->children[count * 2];

	return (JsonMembers){{container->children, base, 0},
						 {container->children + count, base,
						  count == 0 ? 0 : getJsonbOffset(container, (int) count)},
						 count};
}

/*
 * json_root returns the value that a jsonb is.
 */
static inline JsonView
json_root(const Jsonb *document)
{
	if (JB_ROOT_IS_SCALAR(document))
	{
		JsonCursor cursor = json_elements(json_of_container(&document->root));

		return json_next(&cursor);
	}
	return json_of_container(&document->root);
}

/*
 * json_bytes_equal tells whether so many bytes are equal, without a call for the lengths that keys
 * have.
 */
static inline bool
json_bytes_equal(const char *a, const char *b, uint32 len)
{
	uint64 left[2];
	uint64 right[2];

	if (len > 16)
		return memcmp(a, b, len) == 0;
	if (len >= 8)
	{
		/* the first and the last eight bytes, which may overlap */
		memcpy(&left[0], a, 8);
		memcpy(&right[0], b, 8);
		memcpy(&left[1], a + len - 8, 8);
		memcpy(&right[1], b + len - 8, 8);
		return left[0] == right[0] && left[1] == right[1];
	}
	if (len >= 4)
	{
		uint32 first[2];
		uint32 last[2];

		memcpy(&first[0], a, 4);
		memcpy(&first[1], b, 4);
		memcpy(&last[0], a + len - 4, 4);
		memcpy(&last[1], b + len - 4, 4);
		return first[0] == first[1] && last[0] == last[1];
	}
	return len == 0 || (a[0] == b[0] && a[len - 1] == b[len - 1] && a[len / 2] == b[len / 2]);
}

/*
 * json_key_compare compares two keys as jsonb orders them: by length, then by bytes.
 */
static inline int
json_key_compare(TextView a, TextView b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return json_bytes_equal(a.data, b.data, a.len) ? 0 : memcmp(a.data, b.data, a.len);
}

/* Where an object has the value of a key; returns false if it has none. */
extern bool json_find(JsonView object, TextView key, JsonCursor *found);

/* The value of a key of an object; returns false if it has none. */
extern bool json_get(JsonView object, TextView key, JsonView *value);

/* Where an array has the element of a number, which must be there. */
extern JsonCursor json_element(JsonView array, uint32 index);

/* What JSON calls a value's type. */
extern const char *json_kind_name(JsonKind kind);

/* How many characters (code points) a text has. */
extern uint32 json_text_length(TextView text);

/* A value as a jsonb of its own. */
extern Jsonb *json_copy(JsonView value);

#endif /* SESSIONIZE_JSON_VIEW_H */
