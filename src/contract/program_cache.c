/*
 * program_cache.c
 *		The compiled schemas of this session.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "lib/ilist.h"
#include "utils/memutils.h"

#include "compat.h"
#include "contract/program_cache.h"
#include "contract/schema_compile.h"

/* The cache keeps so many programs at most, of so many bytes in all. */
#define MAX_PROGRAMS 64
#define MAX_BYTES    ((Size) 32 * 1024 * 1024)

struct CachedProgram
{
	dlist_node link; /* in programs, while the cache keeps it */
	bool kept;
	uint32 users; /* call sites */
	uint64 hash;
	ProgramKey key; /* copies */
	SchemaProgram *program;
	Size bytes;
};

static MemoryContext cache_memory = NULL;
static dlist_head programs = DLIST_STATIC_INIT(programs); /* the most recently used one first */
static ProgramCacheState state;

/*
 * hash_bytes_of returns a hash of a jsonb.
 */
static uint64
hash_bytes_of(const Jsonb *value, uint64 seed)
{
	return hash_bytes_extended((const unsigned char *) value, (int) VARSIZE(value), seed);
}

/*
 * hash_key returns a hash of a key.
 */
static uint64
hash_key(const ProgramKey *key)
{
	return hash_bytes_of(key->documents, hash_bytes_of(key->schema, key->assert_format));
}

/*
 * same_bytes tells whether two jsonbs have the same bytes.
 */
static inline bool
same_bytes(const Jsonb *a, const Jsonb *b)
{
	return VARSIZE(a) == VARSIZE(b) && memcmp(a, b, VARSIZE(a)) == 0;
}

/*
 * cached_program_is tells whether a program was compiled from this key.
 */
bool
cached_program_is(const CachedProgram *cached, const ProgramKey *key)
{
	return cached->key.assert_format == key->assert_format &&
		   same_bytes(cached->key.schema, key->schema) &&
		   same_bytes(cached->key.documents, key->documents);
}

/*
 * find_program returns the program that the cache keeps for a key; NULL if there is none.
 */
static CachedProgram *
find_program(const ProgramKey *key, uint64 hash)
{
	dlist_iter iter;

	dlist_foreach(iter, &programs)
	{
		CachedProgram *cached = dlist_container(CachedProgram, link, iter.cur);

		if (cached->hash == hash && cached_program_is(cached, key))
			return cached;
	}
	return NULL;
}

/*
 * drop_program takes a program out of the cache; it is freed when it has no users.
 */
static void
drop_program(CachedProgram *cached)
{
	dlist_delete(&cached->link);
	cached->kept = false;
	state.programs--;
	state.bytes -= cached->bytes;
	if (cached->users == 0)
		MemoryContextDelete(cached->program->memory);
}

/*
 * make_room drops the programs that were used longest ago until there is room for one more.
 */
static void
make_room(Size bytes)
{
	while (state.programs > 0 &&
		   (state.programs >= MAX_PROGRAMS || state.bytes + bytes > MAX_BYTES))
		drop_program(dlist_container(CachedProgram, link, dlist_tail_node(&programs)));
}

/*
 * copy_jsonb returns a copy.
 */
static const Jsonb *
copy_jsonb(const Jsonb *value)
{
	return memcpy(palloc(VARSIZE(value)), value, VARSIZE(value));
}

/*
 * compile_program compiles the schema of a key.
 */
static CachedProgram *
compile_program(const ProgramKey *key, uint64 hash)
{
	SchemaSource source = schema_source_in_object(key->documents);
	SchemaOptions options = {key->assert_format, false};
	SchemaProgram *program = schema_compile(key->schema, &source, options, CurrentMemoryContext);
	MemoryContext old = MemoryContextSwitchTo(program->memory);
	CachedProgram *cached = palloc0(sizeof(CachedProgram));

	cached->program = program;
	cached->hash = hash;
	cached->key =
		(ProgramKey){copy_jsonb(key->schema), copy_jsonb(key->documents), key->assert_format};
	cached->bytes = MemoryContextMemAllocated(program->memory, true) + program->outside;
	MemoryContextSwitchTo(old);
	state.compiled++;
	return cached;
}

/*
 * keep_program puts a new program into the cache.
 */
static void
keep_program(CachedProgram *cached)
{
	if (cache_memory == NULL)
		cache_memory = AllocSetContextCreate(CacheMemoryContext, "sessionize JSON schemas",
											 ALLOCSET_DEFAULT_SIZES);
	make_room(cached->bytes);
	MemoryContextSetParent(cached->program->memory, cache_memory);
	dlist_push_head(&programs, &cached->link);
	cached->kept = true;
	state.programs++;
	state.bytes += cached->bytes;
}

/*
 * cached_program_get returns the program of a key.
 */
CachedProgram *
cached_program_get(const ProgramKey *key)
{
	uint64 hash = hash_key(key);
	CachedProgram *cached = find_program(key, hash);

	if (cached == NULL)
	{
		cached = compile_program(key, hash);
		keep_program(cached);
	}
	else
		dlist_move_head(&programs, &cached->link);
	cached->users++;
	return cached;
}

/*
 * cached_program_release gives a program back.
 */
void
cached_program_release(CachedProgram *cached)
{
	if (--cached->users == 0 && !cached->kept)
		MemoryContextDelete(cached->program->memory);
}

/*
 * cached_program returns what was compiled.
 */
const SchemaProgram *
cached_program(const CachedProgram *cached)
{
	return cached->program;
}

/*
 * program_cache_state returns what this session keeps.
 */
ProgramCacheState
program_cache_state(void)
{
	return state;
}
