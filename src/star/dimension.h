/*
 * dimension.h
 *		From a text to the surrogate key of its member of a dimension, many at a time.
 *
 * A text that was not seen before is looked up, and added to the dimension where it is missing,
 * together with all others at the next dimension_resolve.  What was seen is kept in memory up to a limit.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIMENSION_H
#define SESSIONIZE_DIMENSION_H

#include "catalog/pipeline.h"
#include "star/star.h"

typedef struct DimensionMember
{
	int32 key; /* surrogate key; valid after dimension_resolve */
	bool resolved;
	uint32 len;
	char text[FLEXIBLE_ARRAY_MEMBER];
} DimensionMember;

typedef struct Dimension Dimension;

/* The members of a dimension whose members are texts, of which so many bytes are kept. */
extern Dimension *
dimension_create(MemoryContext parent, const Pipeline *pipeline, StarDimensionId id, Size limit);

/* The member of a text, member 0 for NULL; valid until dimension_trim. */
extern DimensionMember *dimension_member(Dimension *dimension, TextView text);

/* Find, or make, the surrogate keys of all members asked for so far.  As the pipeline's owner. */
extern void dimension_resolve(Dimension *dimension);

/* Forget the members if they take more memory than the limit. */
extern void dimension_trim(Dimension *dimension);

#endif /* SESSIONIZE_DIMENSION_H */
