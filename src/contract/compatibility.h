/*
 * compatibility.h
 *		Whether one version of a contract is compatible with another one.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COMPATIBILITY_H
#define SESSIONIZE_COMPATIBILITY_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "contract/schema_source.h"

/* What two versions of a contract must fulfil.  These are flags. */
typedef enum CompatibilityMode
{
	COMPATIBLE_NONE = 0,
	COMPATIBLE_BACKWARD = 1, /* the new version accepts all that the old one accepts */
	COMPATIBLE_FORWARD = 2,  /* the old version accepts all that the new one accepts */
	COMPATIBLE_FULL = 3
} CompatibilityMode;

/* The answer; path and reason are NULL unless the versions are incompatible. */
typedef struct Compatibility
{
	bool compatible;
	char *path;   /* JSON pointer to the keyword that refuses, in the version that has it */
	char *reason; /* a sentence */
} Compatibility;

/* The mode of a name.  Error if there is none. */
extern CompatibilityMode compatibility_mode(const char *name);

/*
 * Compare two versions, which may refer to documents of a source whose lookup raises no error for
 * one that is not known.  Error if a version is no schema, or the comparison takes too long.  The
 * path then leads into such a document if it begins with its URI.
 */
extern Compatibility compare_contracts_with(const Jsonb *old_schema, const Jsonb *new_schema,
											CompatibilityMode mode, const SchemaSource *source);

#endif /* SESSIONIZE_COMPATIBILITY_H */
