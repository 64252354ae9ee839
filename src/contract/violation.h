/*
 * violation.h
 *		What is wrong with a document, where, and by which keyword.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_VIOLATION_H
#define SESSIONIZE_VIOLATION_H

#include "postgres.h"

#include "utils/text_view.h"

typedef struct Violation
{
	char *instance_path;
	char *schema_path;
	const char *keyword;
	char *message;
} Violation;

/* The violations of a document, in the order in which they were found. */
typedef struct ViolationList
{
	Violation *violations;
	uint32 count;
	uint32 capacity;
	uint32 limit; /* no more are looked for */
} ViolationList;

/* A step on the way from a document to a value in it. */
typedef struct PathStep
{
	const struct PathStep *before;
	TextView key; /* no data: it is an element */
	uint32 element;
} PathStep;

/* The path of a value, as a JSON pointer. */
extern char *path_text(const PathStep *last);

/* A key or another name in double quotes, cut if it is long. */
extern char *quoted_name(TextView name);

#endif /* SESSIONIZE_VIOLATION_H */
