/*
 * random_uuid.c
 *		Random UUIDs.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <sys/random.h>

#include "random_uuid.h"

/*
 * random_uuid writes a UUID of random bytes, of which six bits say that it is one.
 */
bool
random_uuid(char text[UUID_SIZE])
{
	unsigned char bytes[16];
	char *at = text;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t) sizeof(bytes))
		return false;
	bytes[6] = (bytes[6] & 0x0f) | 0x40;
	bytes[8] = (bytes[8] & 0x3f) | 0x80;
	for (int i = 0; i < 16; i++)
		at += sprintf(at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", bytes[i]);
	return true;
}
