/*
 * profile.h
 *		What the values in one place of many documents look like, and those inside them.
 *
 * A profile depends on which values it has been given, and not on their order, or on how they were
 * spread over profiles that were merged.  So that its memory is bounded, an object whose properties
 * take too many profiles (profile_limit) becomes a *map*, whose values have one profile for all
 * keys together.  What an object takes (ProfileObject.size) never decreases as values are added,
 * also when it becomes a map: it counts as its limit from then on.  So whether it becomes one does
 * not depend on the order either.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PROFILE_H
#define SESSIONIZE_PROFILE_H

#include "postgres.h"

#include "contract/json_view.h"
#include "contract/profile_number.h"
#include "contract/profile_string.h"

/* The kinds of values that are counted: each JsonKind, and integers apart from other numbers. */
#define PROFILE_INTEGER (JSON_OBJECT + 1)
#define PROFILE_KINDS   (PROFILE_INTEGER + 1)

/* Documents are looked into so many levels deep. */
#define PROFILE_LEVELS 8

/* The value of a longer key counts among those of the keys that are not listed. */
#define PROFILE_KEY_BYTES 100

typedef struct Profile Profile;

typedef struct ProfileProperty
{
	TextView key;
	Profile *value;
} ProfileProperty;

typedef struct ProfileObject
{
	uint32 count;
	uint32 capacity;
	uint32 size;                 /* profiles that the properties count for */
	bool is_map;                 /* there were too many; none is listed */
	ProfileProperty *properties; /* in the order of json_key_compare */
	Profile *rest;               /* the values of keys that are not listed; NULL: there are none */
} ProfileObject;

struct Profile
{
	uint64 counts[PROFILE_KINDS];
	uint32 size; /* profiles that it counts for, with itself */
	bool has_numbers;
	ProfileNumbers numbers;
	ProfileStrings *strings; /* NULL: no strings */
	Profile *items;          /* of all elements of all arrays; NULL: there are none */
	ProfileObject *object;   /* NULL: no objects */
};

/* A profile of no values; its memory, and what is added to it, are in the current context. */
extern Profile *profile_new(void);
extern void profile_free(Profile *profile);

/* Add a value, or the values of another profile, which lie so many levels deep in their documents. */
extern void profile_add(Profile *profile, JsonView value, int level);
extern void profile_merge(Profile *profile, const Profile *other, int level);

/* How many profiles the properties of an object may count for. */
extern uint32 profile_limit(int level);

/* How many values a profile has been given. */
static inline uint64
profile_total(const Profile *profile)
{
	uint64 total = 0;

	for (int kind = 0; kind < PROFILE_KINDS; kind++)
		total += profile->counts[kind];
	return total;
}

/* The number of profiles that a profile counts for, from its parts. */
static inline uint32
profile_size(const Profile *profile)
{
	return 1 + (profile->items == NULL ? 0 : profile->items->size) +
		   (profile->object == NULL ? 0 : profile->object->size);
}

#endif /* SESSIONIZE_PROFILE_H */
