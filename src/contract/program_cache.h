/*
 * program_cache.h
 *		The compiled schemas of this session.
 *
 * A program depends on nothing but the bytes of its schema, those of the documents that are given
 * with it, and the options, so that it never becomes invalid.  What compiles schemas from a catalog
 * makes the documents that it may refer to a part of the key.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PROGRAM_CACHE_H
#define SESSIONIZE_PROGRAM_CACHE_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "contract/program.h"

/* What a program is compiled from. */
typedef struct ProgramKey
{
	const Jsonb *schema;
	const Jsonb *documents; /* an object of schemas by URI */
	bool assert_format;
} ProgramKey;

typedef struct CachedProgram CachedProgram;

/*
 * The program of a key.  It stays until it is released; the cache keeps it beyond that, as long as
 * there is room.
 */
extern CachedProgram *cached_program_get(const ProgramKey *key);
extern void cached_program_release(CachedProgram *cached);

/* Whether a program was compiled from this key. */
extern bool cached_program_is(const CachedProgram *cached, const ProgramKey *key);

extern const SchemaProgram *cached_program(const CachedProgram *cached);

/* What this session keeps. */
typedef struct ProgramCacheState
{
	uint32 programs;
	Size bytes;
	uint64 compiled; /* since the session began */
} ProgramCacheState;

extern ProgramCacheState program_cache_state(void);

#endif /* SESSIONIZE_PROGRAM_CACHE_H */
