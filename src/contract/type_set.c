/*
 * type_set.c
 *		Sets of the types that the keyword "type" names.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "contract/type_set.h"

/*
 * read_type returns the bits of a type's name; 0 if there is none of the name.
 */
static uint8
read_type(JsonView value)
{
	if (value.kind != JSON_STRING)
		return 0;
	if (text_view_is(json_text(value), "integer"))
		return TYPE_INTEGER;
	for (JsonKind kind = JSON_NULL; kind <= JSON_OBJECT; kind++)
	{
		if (text_view_is(json_text(value), json_kind_name(kind)))
			return TYPE_BIT(kind);
	}
	return 0;
}

/*
 * type_set_read returns the set of types that a value of "type" names.
 */
bool
type_set_read(JsonView value, uint8 *types)
{
	*types = read_type(value);
	if (value.kind == JSON_ARRAY && json_count(value) > 0)
	{
		JsonCursor cursor = json_elements(value);

		for (uint32 i = json_count(value); i > 0; i--)
		{
			uint8 type = read_type(json_next(&cursor));

			if (type == 0 || (*types & type) != 0)
				return false;
			*types |= type;
		}
	}
	if (*types & TYPE_BIT(JSON_NUMBER))
		*types |= TYPE_INTEGER;
	return *types != 0;
}

/*
 * append_type appends a type's name to a list that ends with "or" and the last one.
 */
static void
append_type(StringInfo list, const char *name, bool first, bool last)
{
	if (!first)
		appendStringInfoString(list, last ? " or " : ", ");
	appendStringInfoString(list, name);
}

/*
 * type_set_text returns what the types of a set are called.
 */
char *
type_set_text(uint8 types)
{
	StringInfoData list;
	bool first = true;

	if (types & TYPE_BIT(JSON_NUMBER))
		types &= (uint8) ~TYPE_INTEGER;
	initStringInfo(&list);
	for (int bit = 0; types != 0; bit++)
	{
		if (!(types & TYPE_BIT(bit)))
			continue;
		types &= (uint8) ~TYPE_BIT(bit);
		append_type(&list, TYPE_BIT(bit) == TYPE_INTEGER ? "integer" : json_kind_name(bit), first,
					types == 0);
		first = false;
	}
	return list.data;
}
