/*
 * profile_codec.c
 *		Profiles as bytes, which parallel workers send.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "libpq/pqformat.h"

#include "contract/profile_codec.h"
#include "utils/memory.h"

/* The parts that a profile has, as bits. */
#define HAS_NUMBERS 1
#define HAS_STRINGS 2
#define HAS_ITEMS   4
#define HAS_OBJECT  8
#define ALL_PARTS   15

static void put_value(StringInfo out, const Profile *profile);
static Profile *get_value(StringInfo in, int level);

/*
 * put_object appends what objects have.
 */
static void
put_object(StringInfo out, const ProfileObject *object)
{
	pq_sendbyte(out, (uint8) object->is_map);
	pq_sendbyte(out, (uint8) (object->rest != NULL));
	pq_sendint32(out, object->count);
	for (uint32 i = 0; i < object->count; i++)
	{
		const ProfileProperty *property = object->properties + i;

		pq_sendint32(out, property->key.len);
		pq_sendbytes(out, property->key.data, (int) property->key.len);
		put_value(out, property->value);
	}
	if (object->rest != NULL)
		put_value(out, object->rest);
}

/*
 * put_value appends a profile.
 */
static void
put_value(StringInfo out, const Profile *profile)
{
	pq_sendbyte(out, (uint8) ((profile->has_numbers ? HAS_NUMBERS : 0) |
							  (profile->strings != NULL ? HAS_STRINGS : 0) |
							  (profile->items != NULL ? HAS_ITEMS : 0) |
							  (profile->object != NULL ? HAS_OBJECT : 0)));
	for (int kind = 0; kind < PROFILE_KINDS; kind++)
		pq_sendint64(out, profile->counts[kind]);
	if (profile->has_numbers)
		profile_numbers_put(out, &profile->numbers);
	if (profile->strings != NULL)
		profile_strings_put(out, profile->strings);
	if (profile->items != NULL)
		put_value(out, profile->items);
	if (profile->object != NULL)
		put_object(out, profile->object);
}

/*
 * profile_put appends a profile of whole documents.
 */
void
profile_put(StringInfo out, const Profile *profile)
{
	put_value(out, profile);
}

/*
 * get_flag reads true or false.
 */
static bool
get_flag(StringInfo in)
{
	int flag = pq_getmsgbyte(in);

	if (flag > 1)
		sz_check_status(SZ_BAD_STATE);
	return flag == 1;
}

/*
 * get_property reads a property of an object.
 */
static void
get_property(StringInfo in, ProfileObject *object, int level)
{
	ProfileProperty *property = object->properties + object->count;

	property->key = profile_text_get(in, PROFILE_KEY_BYTES);
	if (object->count > 0 && json_key_compare(property[-1].key, property->key) >= 0)
		sz_check_status(SZ_BAD_STATE);
	property->value = get_value(in, level + 1);
	object->count++;
	object->size += property->value->size;
	if (object->size > profile_limit(level))
		sz_check_status(SZ_BAD_STATE);
}

/*
 * get_object reads what objects have.
 */
static ProfileObject *
get_object(StringInfo in, int level)
{
	ProfileObject *object = palloc0(sizeof(*object));
	bool has_rest;

	object->is_map = get_flag(in);
	has_rest = get_flag(in);
	object->capacity = pq_getmsgint(in, 4);
	if (object->capacity > (object->is_map ? 0 : profile_limit(level)) ||
		(object->is_map && !has_rest))
		sz_check_status(SZ_BAD_STATE);
	if (object->capacity > 0)
		object->properties = palloc(object->capacity * sizeof(ProfileProperty));
	while (object->count < object->capacity)
		get_property(in, object, level);
	if (has_rest)
	{
		object->rest = get_value(in, level + 1);
		object->size += object->rest->size;
	}
	if (object->is_map)
		object->size = profile_limit(level);
	if (object->size > profile_limit(level))
		sz_check_status(SZ_BAD_STATE);
	return object;
}

/*
 * get_counts reads the numbers of values of each kind.
 */
static void
get_counts(StringInfo in, Profile *profile)
{
	for (int kind = 0; kind < PROFILE_KINDS; kind++)
	{
		profile->counts[kind] = (uint64) pq_getmsgint64(in);
		if (profile->counts[kind] > PG_INT64_MAX / PROFILE_KINDS)
			sz_check_status(SZ_BAD_STATE);
	}
	if (profile_total(profile) == 0)
		sz_check_status(SZ_BAD_STATE);
}

/*
 * check_parts rejects parts that do not fit the numbers of values.
 */
static void
check_parts(const Profile *profile, int parts, int level)
{
	bool has_numbers = profile->counts[JSON_NUMBER] + profile->counts[PROFILE_INTEGER] > 0;
	bool has_strings = profile->counts[JSON_STRING] > 0;
	bool can_have_items = profile->counts[JSON_ARRAY] > 0 && level < PROFILE_LEVELS;
	bool has_object = profile->counts[JSON_OBJECT] > 0 && level < PROFILE_LEVELS;

	if (parts > ALL_PARTS || ((parts & HAS_NUMBERS) != 0) != has_numbers ||
		((parts & HAS_STRINGS) != 0) != has_strings ||
		((parts & HAS_ITEMS) != 0 && !can_have_items) || ((parts & HAS_OBJECT) != 0) != has_object)
		sz_check_status(SZ_BAD_STATE);
}

/*
 * get_value reads a profile.
 */
static Profile *
get_value(StringInfo in, int level)
{
	Profile *profile = profile_new();
	int parts = pq_getmsgbyte(in);

	get_counts(in, profile);
	check_parts(profile, parts, level);
	profile->has_numbers = (parts & HAS_NUMBERS) != 0;
	if (profile->has_numbers)
		profile_numbers_get(in, &profile->numbers);
	if ((parts & HAS_STRINGS) != 0)
	{
		profile->strings = profile_strings_new();
		profile_strings_get(in, profile->strings);
	}
	if ((parts & HAS_ITEMS) != 0)
		profile->items = get_value(in, level + 1);
	if ((parts & HAS_OBJECT) != 0)
		profile->object = get_object(in, level);
	profile->size = profile_size(profile);
	return profile;
}

/*
 * profile_get reads all that there is as one profile.
 */
Profile *
profile_get(StringInfo in)
{
	Profile *profile = get_value(in, 0);

	if (in->cursor != in->len)
		sz_check_status(SZ_BAD_STATE);
	return profile;
}
