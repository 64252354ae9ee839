/*
 * dimension.h
 *		Looks up the surrogate keys of many members at a time in a dimension.
 *
 * A member is a text or, in a dimension that the user has added, the bytes of member.h.  A member
 * that was not seen before is looked up at the next dimension_resolve, together with all other new
 * ones, and added to the dimension if it is missing.  Members are kept in memory up to a limit.
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
	char text[FLEXIBLE_ARRAY_MEMBER]; /* the text, or the bytes of member.h */
} DimensionMember;

typedef struct Dimension Dimension;

/* The members of a dictionary; limit is in bytes. */
extern Dimension *
dimension_create(MemoryContext parent, const Pipeline *pipeline, StarDimensionId id, Size limit);

/* A member, which is member 0 if there is no data; valid until dimension_trim. */
extern DimensionMember *dimension_member(Dimension *dimension, TextView text);

/*
 * Look up, or make, the surrogate keys of all members asked for so far.  Runs as the pipeline's
 * owner.
 */
extern void dimension_resolve(Dimension *dimension);

/* Forget the members if they take more memory than the limit. */
extern void dimension_trim(Dimension *dimension);

#endif /* SESSIONIZE_DIMENSION_H */
