/*
 * star_versions.h
 *		The columns of the views that show the versions of session keys, each of which had one
 *		member of a dimension of the user's own.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_VERSIONS_H
#define SESSIONIZE_STAR_VERSIONS_H

#include "catalog/definition.h"

typedef struct StarVersionColumn
{
	const char *name;
	/* SQL over the window "w" of a session key's versions "v" in order, and their members "d" */
	const char *sql;
	const char *comment;
} StarVersionColumn;

/* The columns of the view of a dimension's versions; sets their number. */
extern const StarVersionColumn *
star_version_columns(const DimensionDefinition *dimension, int *count);

#endif /* SESSIONIZE_STAR_VERSIONS_H */
