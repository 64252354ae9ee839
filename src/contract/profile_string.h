/*
 * profile_string.h
 *		The strings in one place of many documents: their lengths, formats, and which ones there are.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PROFILE_STRING_H
#define SESSIONIZE_PROFILE_STRING_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "utils/text_view.h"

/* The different strings are kept as long as there are no more, and as they have no more bytes. */
#define PROFILE_VALUES      32
#define PROFILE_VALUE_BYTES 256

typedef struct ProfileStrings
{
	uint32 min_length; /* in characters */
	uint32 max_length;
	uint16 formats; /* a bit for each format that all of them have */
	uint16 bytes;   /* of the values together */
	uint8 count;
	bool is_open;     /* there are too many different ones; none is kept */
	TextView *values; /* in the order of json_key_compare; NULL: none is kept */
} ProfileStrings;

/* No strings, to which some are added; memory is that of the current context. */
extern ProfileStrings *profile_strings_new(void);
extern void profile_strings_free(ProfileStrings *strings);

extern void profile_strings_add(ProfileStrings *strings, TextView string);
extern void profile_strings_merge(ProfileStrings *strings, const ProfileStrings *other);

/* The format that all strings have; NULL if there is none. */
extern const char *profile_strings_format(const ProfileStrings *strings);

/* Append strings to an aggregate's serialized state, and read them again, or reject the state. */
extern void profile_strings_put(StringInfo out, const ProfileStrings *strings);
extern void profile_strings_get(StringInfo in, ProfileStrings *strings);

/* Read a text of at most so many bytes from a state; it must be valid in the database's encoding. */
extern TextView profile_text_get(StringInfo in, uint32 limit);

#endif /* SESSIONIZE_PROFILE_STRING_H */
