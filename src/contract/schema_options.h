/*
 * schema_options.h
 *		How a JSON Schema is compiled.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SCHEMA_OPTIONS_H
#define SESSIONIZE_SCHEMA_OPTIONS_H

#include "postgres.h"

typedef struct SchemaOptions
{
	bool assert_format; /* formats must be kept */
	bool strict;        /* no keyword may be unknown, unless it begins with x- */
} SchemaOptions;

#endif /* SESSIONIZE_SCHEMA_OPTIONS_H */
