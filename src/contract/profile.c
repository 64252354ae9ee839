/*
 * profile.c
 *		What the values in one place of many documents look like, and those inside them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "contract/number.h"
#include "contract/profile.h"

#define FIRST_CAPACITY 8

/*
 * profile_limit returns how many profiles the properties of an object may count for.  A limit is at
 * least twice the next one, so that the one profile of a map's values counts for less.
 */
uint32
profile_limit(int level)
{
	static const uint32 limits[PROFILE_LEVELS] = {6000, 1000, 250, 100, 50, 25, 12, 6};

	return limits[level];
}

/*
 * profile_new returns a profile of no values.
 */
Profile *
profile_new(void)
{
	return palloc0(sizeof(Profile));
}

/*
 * free_properties frees the properties of an object.
 */
static void
free_properties(ProfileObject *object)
{
	for (uint32 i = 0; i < object->count; i++)
	{
		pfree(unconstify(char *, object->properties[i].key.data));
		profile_free(object->properties[i].value);
	}
	if (object->properties != NULL)
		pfree(object->properties);
	object->properties = NULL;
	object->count = object->capacity = 0;
}

/*
 * profile_free frees a profile.
 */
void
profile_free(Profile *profile)
{
	if (profile->strings != NULL)
		profile_strings_free(profile->strings);
	if (profile->items != NULL)
		profile_free(profile->items);
	if (profile->object != NULL)
	{
		free_properties(profile->object);
		if (profile->object->rest != NULL)
			profile_free(profile->object->rest);
		pfree(profile->object);
	}
	pfree(profile);
}

/*
 * rest_of returns the profile of the values of keys that are not listed.
 */
static Profile *
rest_of(ProfileObject *object)
{
	if (object->rest == NULL)
		object->rest = profile_new();
	return object->rest;
}

/*
 * make_map has an object become a map.
 */
static void
make_map(ProfileObject *object, int level)
{
	Profile *rest = rest_of(object);

	for (uint32 i = 0; i < object->count; i++)
		profile_merge(rest, object->properties[i].value, level + 1);
	free_properties(object);
	object->is_map = true;
	object->size = profile_limit(level);
}

/*
 * note_size adds to an object what one of its values has come to count for, and has the object
 * become a map if that is too much.
 */
static void
note_size(ProfileObject *object, uint32 before, uint32 now, int level)
{
	if (object->is_map)
		return;
	object->size += now - before;
	if (object->size > profile_limit(level))
		make_map(object, level);
}

/*
 * insert_property adds a property to an object, at a position.
 */
static Profile *
insert_property(ProfileObject *object, TextView key, uint32 position)
{
	ProfileProperty *property;
	char *copy = palloc(Max(key.len, 1));

	if (object->count == object->capacity)
	{
		object->capacity = Max(object->capacity * 2, FIRST_CAPACITY);
		object->properties =
			object->properties == NULL
				? palloc(object->capacity * sizeof(ProfileProperty))
				: repalloc(object->properties, object->capacity * sizeof(ProfileProperty));
	}
	property = object->properties + position;
	memmove(property + 1, property, (object->count - position) * sizeof(ProfileProperty));
	object->count++;
	memcpy(copy, key.data, key.len);
	*property = (ProfileProperty){{copy, key.len}, profile_new()};
	return property->value;
}

/*
 * find_property tells whether an object lists a key, and at which position from *position on it is
 * or would be.
 */
static bool
find_property(const ProfileObject *object, TextView key, uint32 *position)
{
	uint32 low = *position;
	uint32 high = object->count;

	/* documents have the same keys more often than not */
	if (low < high && json_key_compare(key, object->properties[low].key) == 0)
		return true;
	while (low < high)
	{
		uint32 middle = low + (high - low) / 2;
		int order = json_key_compare(key, object->properties[middle].key);

		if (order == 0)
		{
			*position = middle;
			return true;
		}
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	*position = low;
	return false;
}

/*
 * value_profile returns the profile of the values that a key has.  *position is where to look for
 * it, and then where to look for a greater one.
 */
static Profile *
value_profile(ProfileObject *object, TextView key, uint32 *position)
{
	Profile *value;

	if (object->is_map || key.len > PROFILE_KEY_BYTES)
		return rest_of(object);
	value = find_property(object, key, position) ? object->properties[*position].value
												 : insert_property(object, key, *position);
	(*position)++;
	return value;
}

/*
 * object_of returns a profile's object.
 */
static ProfileObject *
object_of(Profile *profile)
{
	if (profile->object == NULL)
		profile->object = palloc0(sizeof(ProfileObject));
	return profile->object;
}

/*
 * add_object adds the members of an object.
 */
static void
add_object(Profile *profile, JsonView value, int level)
{
	ProfileObject *object = object_of(profile);
	JsonMembers members = json_members(value);
	uint32 position = 0;

	for (uint32 i = 0; i < members.count; i++)
	{
		Profile *member = value_profile(object, json_next_key(&members.keys), &position);
		uint32 before = member->size;

		profile_add(member, json_next(&members.values), level + 1);
		note_size(object, before, member->size, level);
	}
}

/*
 * items_of returns the profile of the elements of a profile's arrays.
 */
static Profile *
items_of(Profile *profile)
{
	if (profile->items == NULL)
		profile->items = profile_new();
	return profile->items;
}

/*
 * add_array adds the elements of an array.
 */
static void
add_array(Profile *profile, JsonView value, int level)
{
	JsonCursor cursor = json_elements(value);

	for (uint32 i = json_count(value); i > 0; i--)
		profile_add(items_of(profile), json_next(&cursor), level + 1);
}

/*
 * add_range adds a range of numbers.
 */
static void
add_range(Profile *profile, const ProfileNumbers *numbers)
{
	if (profile->has_numbers)
		profile_numbers_merge(&profile->numbers, numbers);
	else
		profile->numbers = *numbers;
	profile->has_numbers = true;
}

/*
 * add_number adds a number.
 */
static void
add_number(Profile *profile, JsonView value)
{
	ProfileNumbers numbers = profile_numbers_of(value);

	profile->counts[number_is_integer(number_view(value)) ? PROFILE_INTEGER : JSON_NUMBER]++;
	add_range(profile, &numbers);
}

/*
 * strings_of returns a profile's strings.
 */
static ProfileStrings *
strings_of(Profile *profile)
{
	if (profile->strings == NULL)
		profile->strings = profile_strings_new();
	return profile->strings;
}

/*
 * profile_add adds a value.
 */
void
profile_add(Profile *profile, JsonView value, int level)
{
	CHECK_FOR_INTERRUPTS();
	if (value.kind == JSON_NUMBER)
		add_number(profile, value);
	else
		profile->counts[value.kind]++;
	if (value.kind == JSON_STRING)
		profile_strings_add(strings_of(profile), json_text(value));
	else if (value.kind == JSON_OBJECT && level < PROFILE_LEVELS)
		add_object(profile, value, level);
	else if (value.kind == JSON_ARRAY && level < PROFILE_LEVELS)
		add_array(profile, value, level);
	profile->size = profile_size(profile);
}

/*
 * merge_value adds a profile of values of an object to that of another one.
 */
static void
merge_value(ProfileObject *object, Profile *value, const Profile *other, int level)
{
	uint32 before = value->size;

	profile_merge(value, other, level + 1);
	note_size(object, before, value->size, level);
}

/*
 * merge_object adds the objects of another profile.
 */
static void
merge_object(Profile *profile, const ProfileObject *other, int level)
{
	ProfileObject *object = object_of(profile);
	uint32 position = 0;

	if (other->is_map && !object->is_map)
		make_map(object, level);
	for (uint32 i = 0; i < other->count; i++)
	{
		const ProfileProperty *property = other->properties + i;

		merge_value(object, value_profile(object, property->key, &position), property->value,
					level);
	}
	if (other->rest != NULL)
		merge_value(object, rest_of(object), other->rest, level);
}

/*
 * profile_merge adds the values of another profile.
 */
void
profile_merge(Profile *profile, const Profile *other, int level)
{
	CHECK_FOR_INTERRUPTS();
	for (int kind = 0; kind < PROFILE_KINDS; kind++)
		profile->counts[kind] += other->counts[kind];
	if (other->has_numbers)
		add_range(profile, &other->numbers);
	if (other->strings != NULL)
		profile_strings_merge(strings_of(profile), other->strings);
	if (other->items != NULL)
		profile_merge(items_of(profile), other->items, level + 1);
	if (other->object != NULL)
		merge_object(profile, other->object, level);
	profile->size = profile_size(profile);
}
