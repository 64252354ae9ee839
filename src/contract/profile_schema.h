/*
 * profile_schema.h
 *		The JSON Schema that a profile of documents proposes, and how often each part of it occurred.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PROFILE_SCHEMA_H
#define SESSIONIZE_PROFILE_SCHEMA_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "contract/profile.h"

/*
 * What a profile says about the values of objects: those that are described by their keys, and
 * those that all other keys have.
 */
typedef struct ProfileMembers
{
	const ProfileObject *object;
	bool has_properties;  /* else the object is a map */
	const Profile *other; /* of a map's values; NULL: nothing is said about other keys */
} ProfileMembers;

/* What a profile, which lies so many levels deep, says about the values of objects. */
extern ProfileMembers profile_members(const Profile *profile, int level);

/* The schema as JSON.  Each value that the profile has been given is valid by it. */
extern char *profile_schema(const Profile *profile);

/* Begin another member of an object, or another element of an array, that is being appended. */
extern void json_append_comma(StringInfo json);
extern void json_append_key(StringInfo json, TextView key);
extern void json_append_string(StringInfo json, TextView string);

#endif /* SESSIONIZE_PROFILE_SCHEMA_H */
