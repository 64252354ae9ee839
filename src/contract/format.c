/*
 * format.c
 *		The formats of the keyword "format".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/format.h"

/*
 * format_find returns the format of a name.
 */
const Format *
format_find(TextView name)
{
	(void) name;
	return NULL;
}
