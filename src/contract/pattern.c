/*
 * pattern.c
 *		The regular expressions of "pattern" and "patternProperties".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "regex/regex.h"
#include "utils/memutils.h"

#include "contract/ecma_regex.h"
#include "contract/pattern.h"
#include "contract/regex_weight.h"

/* The room for a text of so many characters is kept for the next one. */
#define KEPT_ROOM 4096

struct Pattern
{
	MemoryContext memory; /* of the compiled expression, and of what a match needs */
	TextView source;
	const CharChain *chain; /* NULL: it is matched by the engine */
	regex_t regex;
	pg_wchar *wide; /* room for texts that are matched */
	uint32 wide_room;
	MemoryContextCallback callback;
};

/*
 * free_regex frees what the engine has allocated, when the memory of a pattern goes.
 */
static void
free_regex(void *arg)
{
	Pattern *pattern = arg;

	pg_regfree(&pattern->regex);
}

/*
 * engine_fault returns what the engine says about an error.
 */
static char *
engine_fault(const regex_t *regex, int code)
{
	char message[100];

	pg_regerror(code, regex, message, sizeof(message));
	return psprintf("can't be used: %s", message);
}

/*
 * compile_wide hands a regular expression to the engine.
 */
static bool
compile_wide(Pattern *pattern, const char *translated, char **fault)
{
	int len = (int) strlen(translated);
	pg_wchar *wide = palloc((len + 1) * sizeof(pg_wchar));
	int code;

	len = pg_mb2wchar_with_len(translated, wide, len);
	code = pg_regcomp(&pattern->regex, wide, len, REG_ADVANCED | REG_NOSUB, C_COLLATION_OID);
	pfree(wide);
	if (code != REG_OKAY)
	{
		CHECK_FOR_INTERRUPTS();
		*fault = engine_fault(&pattern->regex, code);
	}
	return code == REG_OKAY;
}

/*
 * pattern_compile compiles a regular expression.
 */
Pattern *
pattern_compile(TextView source, char **fault)
{
	EcmaRegex ecma = ecma_regex_translate(source);
	Pattern *pattern;
	MemoryContext old;
	bool compiled;

	*fault = ecma.fault;
	if (ecma.fault != NULL)
		return NULL;
	pattern = palloc0(sizeof(Pattern));
	pattern->source = source;
	pattern->chain = ecma.chain;
	if (pattern->chain != NULL)
		return pattern;
	pattern->memory =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize pattern", ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(pattern->memory);
	compiled = compile_wide(pattern, ecma.translated, fault);
	if (compiled)
	{
		pattern->callback.func = free_regex;
		pattern->callback.arg = pattern;
		MemoryContextRegisterResetCallback(pattern->memory, &pattern->callback);
	}
	MemoryContextSwitchTo(old);
	return compiled ? pattern : NULL;
}

/*
 * make_room makes room for a text of so many bytes.
 */
static void
make_room(Pattern *pattern, uint32 bytes)
{
	uint32 room = Max(bytes + 1, 256);

	if (pattern->wide_room > bytes)
		return;
	if (pattern->wide != NULL)
		pfree(pattern->wide);
	pattern->wide = NULL;
	pattern->wide_room = 0;
	pattern->wide = MemoryContextAllocHuge(pattern->memory, room * sizeof(pg_wchar));
	pattern->wide_room = room;
}

/*
 * drop_room frees the room for a long text: a schema may have thousands of patterns, and is kept.
 */
static void
drop_room(Pattern *pattern)
{
	if (pattern->wide_room <= KEPT_ROOM)
		return;
	pfree(pattern->wide);
	pattern->wide = NULL;
	pattern->wide_room = 0;
}

/*
 * pattern_matches tells whether some part of a text matches.
 */
bool
pattern_matches(Pattern *pattern, TextView text)
{
	MemoryContext old;
	int len;
	int code;

	CHECK_FOR_INTERRUPTS();
	if (pattern->chain != NULL)
		return char_chain_matches(pattern->chain, text);
	make_room(pattern, text.len);
	len = pg_mb2wchar_with_len(text.data, pattern->wide, (int) text.len);
	old = MemoryContextSwitchTo(pattern->memory);
	code = pg_regexec(&pattern->regex, pattern->wide, len, 0, NULL, 0, NULL, 0);
	MemoryContextSwitchTo(old);
	drop_room(pattern);
	if (code != REG_OKAY && code != REG_NOMATCH)
	{
		char message[100];

		CHECK_FOR_INTERRUPTS();
		pg_regerror(code, &pattern->regex, message, sizeof(message));
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_REGULAR_EXPRESSION),
				 errmsg("matching a regular expression of a JSON schema failed: %s", message),
				 errdetail("The regular expression is: %.*s", (int) pattern->source.len,
						   pattern->source.data),
				 errhint("Write a simpler one.")));
	}
	return code == REG_OKAY;
}

/*
 * pattern_weight tells how complex a regular expression is for the engine.
 */
uint32
pattern_weight(const Pattern *pattern)
{
	return pattern->chain != NULL ? 0 : regex_weight(&pattern->regex);
}

/*
 * pattern_source returns the regular expression as it was written.
 */
TextView
pattern_source(const Pattern *pattern)
{
	return pattern->source;
}
