/*
 * format.h
 *		The formats of the keyword "format".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FORMAT_H
#define SESSIONIZE_FORMAT_H

#include "postgres.h"

#include "utils/text_view.h"

typedef struct Format
{
	const char *name;
	bool (*accepts)(TextView text);
} Format;

/* The format of a name; NULL if it is not known. */
extern const Format *format_find(TextView name);

#endif /* SESSIONIZE_FORMAT_H */
