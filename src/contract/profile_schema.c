/*
 * profile_schema.c
 *		The JSON Schema that a profile of documents proposes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/json.h"

#include "contract/profile_schema.h"
#include "contract/type_set.h"

/*
 * Strings are an enumeration if there are at least so many, and each of the different ones
 * occurs so many times on average; fewer may be any text.
 */
#define ENUM_LEAST   20
#define ENUM_REPEATS 5

/* So many strings of one length have that length for a reason. */
#define LENGTH_LEAST 20

/*
 * An object of so many keys, none of which more than one object in so many has, and whose values
 * are of one type, has keys that are values themselves.
 */
#define MAP_KEYS  64
#define MAP_SHARE 2

static void append_schema(StringInfo json, const Profile *profile, int level);

/*
 * json_append_comma begins another member or element.
 */
void
json_append_comma(StringInfo json)
{
	char last = json->data[json->len - 1];

	if (last != '{' && last != '[')
		appendStringInfoChar(json, ',');
}

/*
 * json_append_string appends a string.
 */
void
json_append_string(StringInfo json, TextView string)
{
	char *copy = pnstrdup(string.data, string.len);

	escape_json(json, copy);
	pfree(copy);
}

/*
 * json_append_key appends the key of another member.
 */
void
json_append_key(StringInfo json, TextView key)
{
	json_append_comma(json);
	json_append_string(json, key);
	appendStringInfoChar(json, ':');
}

/*
 * append_keyword begins a keyword's value.
 */
static void
append_keyword(StringInfo json, const char *keyword)
{
	json_append_key(json, (TextView){keyword, (uint32) strlen(keyword)});
}

/*
 * types_of returns the types of the values.  Numbers with a fraction make integers numbers, too.
 */
static uint8
types_of(const Profile *profile)
{
	uint8 types = 0;

	for (int kind = 0; kind < PROFILE_KINDS; kind++)
		types |= profile->counts[kind] > 0 ? TYPE_BIT(kind) : 0;
	if (types & TYPE_BIT(JSON_NUMBER))
		types &= (uint8) ~TYPE_INTEGER;
	return types;
}

/*
 * append_types appends the keyword "type".
 */
static void
append_types(StringInfo json, uint8 types)
{
	bool several = (types & (types - 1)) != 0;

	append_keyword(json, "type");
	if (several)
		appendStringInfoChar(json, '[');
	for (int kind = 0; kind < PROFILE_KINDS; kind++)
	{
		if (!(types & TYPE_BIT(kind)))
			continue;
		if (several)
			json_append_comma(json);
		appendStringInfo(json, "\"%s\"",
						 kind == PROFILE_INTEGER ? "integer" : json_kind_name(kind));
	}
	if (several)
		appendStringInfoChar(json, ']');
}

/*
 * append_numbers appends what is said about numbers.
 */
static void
append_numbers(StringInfo json, const ProfileNumbers *numbers)
{
	if (numbers->is_unbounded)
		return;
	append_keyword(json, "minimum");
	kept_number_append(json, &numbers->least);
	append_keyword(json, "maximum");
	kept_number_append(json, &numbers->greatest);
}

/*
 * append_values appends the keyword "enum", which speaks of values of all types.
 */
static void
append_values(StringInfo json, const ProfileStrings *strings, bool with_null)
{
	append_keyword(json, "enum");
	appendStringInfoChar(json, '[');
	for (int i = 0; i < strings->count; i++)
	{
		json_append_comma(json);
		json_append_string(json, strings->values[i]);
	}
	if (with_null)
		appendStringInfoString(json, ",null");
	appendStringInfoChar(json, ']');
}

/*
 * append_strings appends what is said about strings: a format, the values, or the length.
 */
static void
append_strings(StringInfo json, const Profile *profile, uint8 types)
{
	const ProfileStrings *strings = profile->strings;
	const char *format = profile_strings_format(strings);
	uint64 count = profile->counts[JSON_STRING];
	bool only_strings = (types & ~(TYPE_BIT(JSON_STRING) | TYPE_BIT(JSON_NULL))) == 0;

	if (format != NULL)
	{
		append_keyword(json, "format");
		appendStringInfo(json, "\"%s\"", format);
	}
	else if (!strings->is_open && only_strings && count >= ENUM_LEAST &&
			 count / ENUM_REPEATS >= strings->count)
		append_values(json, strings, (types & TYPE_BIT(JSON_NULL)) != 0);
	else if (strings->min_length > 0)
	{
		bool one_length = strings->min_length == strings->max_length && count >= LENGTH_LEAST;

		append_keyword(json, "minLength");
		appendStringInfo(json, "%u", one_length ? strings->min_length : 1);
		if (!one_length)
			return;
		append_keyword(json, "maxLength");
		appendStringInfo(json, "%u", strings->max_length);
	}
}

/*
 * comparable_types returns types without null, and integers as numbers.
 */
static uint8
comparable_types(uint8 types)
{
	if (types & TYPE_INTEGER)
		types |= TYPE_BIT(JSON_NUMBER);
	return types & (uint8) ~(TYPE_BIT(JSON_NULL) | TYPE_INTEGER);
}

/*
 * looks_like_map tells whether the keys of objects look like values.
 */
static bool
looks_like_map(const ProfileObject *object, uint64 objects)
{
	uint8 types = 0;

	if (object->count < MAP_KEYS)
		return false;
	for (uint32 i = 0; i < object->count; i++)
	{
		const Profile *value = object->properties[i].value;

		types |= comparable_types(types_of(value));
		if (profile_total(value) > objects / MAP_SHARE)
			return false;
	}
	return (types & (types - 1)) == 0;
}

/*
 * profile_members tells what a profile says about the values of objects.
 */
ProfileMembers
profile_members(const Profile *profile, int level)
{
	const ProfileObject *object = profile->object;
	Profile *all;

	if (object->is_map)
		return (ProfileMembers){object, false, object->rest};
	if (!looks_like_map(object, profile->counts[JSON_OBJECT]))
		return (ProfileMembers){object, true, NULL};
	all = profile_new();
	for (uint32 i = 0; i < object->count; i++)
		profile_merge(all, object->properties[i].value, level + 1);
	if (object->rest != NULL)
		profile_merge(all, object->rest, level + 1);
	return (ProfileMembers){object, false, all};
}

/*
 * append_required appends the keyword "required": the keys that all objects have.
 */
static void
append_required(StringInfo json, const ProfileObject *object, uint64 objects)
{
	int start = json->len;
	bool any = false;

	append_keyword(json, "required");
	appendStringInfoChar(json, '[');
	for (uint32 i = 0; i < object->count; i++)
	{
		if (profile_total(object->properties[i].value) != objects)
			continue;
		json_append_comma(json);
		json_append_string(json, object->properties[i].key);
		any = true;
	}
	appendStringInfoChar(json, ']');
	if (!any)
	{
		json->len = start;
		json->data[start] = '\0';
	}
}

/*
 * append_members appends what is said about objects.
 */
static void
append_members(StringInfo json, const Profile *profile, int level)
{
	ProfileMembers members = profile_members(profile, level);

	if (members.has_properties && members.object->count > 0)
	{
		append_required(json, members.object, profile->counts[JSON_OBJECT]);
		append_keyword(json, "properties");
		appendStringInfoChar(json, '{');
		for (uint32 i = 0; i < members.object->count; i++)
		{
			json_append_key(json, members.object->properties[i].key);
			append_schema(json, members.object->properties[i].value, level + 1);
		}
		appendStringInfoChar(json, '}');
	}
	if (members.other != NULL)
	{
		append_keyword(json, "additionalProperties");
		append_schema(json, members.other, level + 1);
	}
}

/*
 * append_rules appends the keywords of a profile's schema.
 */
static void
append_rules(StringInfo json, const Profile *profile, int level)
{
	uint8 types = types_of(profile);

	CHECK_FOR_INTERRUPTS();
	append_types(json, types);
	if (profile->has_numbers)
		append_numbers(json, &profile->numbers);
	if (profile->strings != NULL)
		append_strings(json, profile, types);
	if (profile->items != NULL)
	{
		append_keyword(json, "items");
		append_schema(json, profile->items, level + 1);
	}
	if (profile->object != NULL)
		append_members(json, profile, level);
}

/*
 * append_schema appends the schema of a profile that lies in another one.
 */
static void
append_schema(StringInfo json, const Profile *profile, int level)
{
	appendStringInfoChar(json, '{');
	append_rules(json, profile, level);
	appendStringInfoChar(json, '}');
}

/*
 * profile_schema returns the schema of a profile of whole documents.
 */
char *
profile_schema(const Profile *profile)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\"");
	append_rules(&json, profile, 0);
	appendStringInfoChar(&json, '}');
	return json.data;
}
