/*
 * schema_id.c
 *		Reading which schema a message says it was written with.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "schema_id.h"

#define MAX_INDEX 100000

/*
 * schema_id_read reads an id.
 */
size_t
schema_id_read(const unsigned char *bytes, size_t length, SchemaId *id)
{
	*id = (SchemaId){.is_guid = length > 0 && bytes[0] == 1};
	if (length >= 5 && bytes[0] == 0)
	{
		id->id = (uint32_t) bytes[1] << 24 | (uint32_t) bytes[2] << 16 | (uint32_t) bytes[3] << 8 |
				 bytes[4];
		return 5;
	}
	if (length < 17 || !id->is_guid)
		return 0;
	memcpy(id->guid, bytes + 1, 16);
	return 17;
}

/*
 * schema_id_text writes an id as text.
 */
void
schema_id_text(const SchemaId *id, char *text)
{
	if (!id->is_guid)
	{
		snprintf(text, SCHEMA_ID_TEXT, "%" PRIu32, id->id);
		return;
	}
	for (int i = 0; i < 16; i++)
		text +=
			sprintf(text, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", id->guid[i]);
}

/*
 * schema_id_equal compares two ids.
 */
bool
schema_id_equal(const SchemaId *a, const SchemaId *b)
{
	return a->is_guid == b->is_guid && a->id == b->id && memcmp(a->guid, b->guid, 16) == 0;
}

/*
 * read_index reads a number in zigzag encoding; 0 bytes if there is none in the range of indexes.
 */
static size_t
read_index(const unsigned char *bytes, size_t length, int *value)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < length && i < 5; i++)
	{
		bits |= (uint64_t) (bytes[i] & 0x7f) << (7 * i);
		if ((bytes[i] & 0x80) != 0)
			continue;
		if ((bits & 1) != 0 || bits >> 1 > MAX_INDEX)
			return 0;
		*value = (int) (bits >> 1);
		return i + 1;
	}
	return 0;
}

/*
 * message_indexes_read reads the place of a type.  No numbers at all are short for the first type.
 */
size_t
message_indexes_read(const unsigned char *bytes, size_t length, int *indexes, size_t *count)
{
	int announced;
	size_t read = read_index(bytes, length, &announced);

	if (read == 0 || announced > SCHEMA_MAX_INDEXES)
		return 0;
	indexes[0] = 0;
	*count = announced == 0 ? 1 : (size_t) announced;
	for (int i = 0; i < announced; i++)
	{
		size_t more = read_index(bytes + read, length - read, &indexes[i]);

		if (more == 0)
			return 0;
		read += more;
	}
	return read;
}
