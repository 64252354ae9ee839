/*
 * profile_statistics.c
 *		How often each part of the schema that a profile proposes occurred.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "contract/json_path.h"
#include "contract/profile_schema.h"
#include "contract/profile_statistics.h"

typedef struct Output
{
	StringInfoData json;
	StringInfoData path; /* of the schema at hand */
} Output;

static void append_profile(Output *output, const Profile *profile, uint64 parents, int level);

/*
 * append_count appends a member that is a number.
 */
static void
append_count(StringInfo json, const char *key, uint64 count)
{
	json_append_key(json, (TextView){key, (uint32) strlen(key)});
	appendStringInfo(json, UINT64_FORMAT, count);
}

/*
 * append_types appends how many values have each type.
 */
static void
append_types(StringInfo json, const Profile *profile)
{
	appendStringInfoString(json, ",\"types\":{");
	for (int kind = 0; kind < PROFILE_KINDS; kind++)
	{
		if (profile->counts[kind] > 0)
			append_count(json, kind == PROFILE_INTEGER ? "integer" : json_kind_name(kind),
						 profile->counts[kind]);
	}
	appendStringInfoChar(json, '}');
}

/*
 * append_numbers appends the range of numbers.
 */
static void
append_numbers(StringInfo json, const ProfileNumbers *numbers)
{
	if (numbers->is_unbounded)
		return;
	appendStringInfoString(json, ",\"minimum\":");
	kept_number_append(json, &numbers->least);
	appendStringInfoString(json, ",\"maximum\":");
	kept_number_append(json, &numbers->greatest);
}

/*
 * append_strings appends the lengths of strings, and how many different ones there are.
 */
static void
append_strings(StringInfo json, const ProfileStrings *strings)
{
	append_count(json, "min_length", strings->min_length);
	append_count(json, "max_length", strings->max_length);
	if (!strings->is_open)
		append_count(json, "distinct", strings->count);
}

/*
 * append_part appends the profile of a part of the schema at hand.
 */
static void
append_part(Output *output, const char *keyword, const TextView *key, const Profile *part,
			uint64 parents, int level)
{
	int len = output->path.len;

	appendStringInfo(&output->path, "/%s", keyword);
	if (key != NULL)
		json_path_append_key(&output->path, *key);
	append_profile(output, part, parents, level);
	output->path.len = len;
	output->path.data[len] = '\0';
}

/*
 * append_members appends the profiles of the values of objects.
 */
static void
append_members(Output *output, const Profile *profile, int level)
{
	ProfileMembers members = profile_members(profile, level);
	uint64 objects = profile->counts[JSON_OBJECT];

	for (uint32 i = 0; members.has_properties && i < members.object->count; i++)
	{
		const ProfileProperty *property = members.object->properties + i;

		append_part(output, "properties", &property->key, property->value, objects, level + 1);
	}
	if (members.other != NULL)
		append_part(output, "additionalProperties", NULL, members.other, objects, level + 1);
}

/*
 * append_profile appends a profile and those in it.  parents is how many objects, arrays or
 * documents could have such a value.
 */
static void
append_profile(Output *output, const Profile *profile, uint64 parents, int level)
{
	StringInfo json = &output->json;

	CHECK_FOR_INTERRUPTS();
	json_append_comma(json);
	appendStringInfoString(json, "{\"schema_path\":");
	json_append_string(json, (TextView){output->path.data, (uint32) output->path.len});
	append_count(json, "count", profile_total(profile));
	append_count(json, "of", parents);
	append_types(json, profile);
	if (profile->has_numbers)
		append_numbers(json, &profile->numbers);
	if (profile->strings != NULL)
		append_strings(json, profile->strings);
	appendStringInfoChar(json, '}');
	if (profile->items != NULL)
		append_part(output, "items", NULL, profile->items, profile->counts[JSON_ARRAY], level + 1);
	if (profile->object != NULL)
		append_members(output, profile, level);
}

/*
 * profile_statistics returns how often each part of a profile's schema occurred.
 */
char *
profile_statistics(const Profile *profile)
{
	Output output;

	initStringInfo(&output.json);
	initStringInfo(&output.path);
	appendStringInfoChar(&output.path, '#');
	appendStringInfoChar(&output.json, '[');
	append_profile(&output, profile, profile_total(profile), 0);
	appendStringInfoChar(&output.json, ']');
	return output.json.data;
}
