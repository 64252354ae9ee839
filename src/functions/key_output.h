/*
 * key_output.h
 *		The keys of a table function's result: in their own type, or as text.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_KEY_OUTPUT_H
#define SESSIONIZE_KEY_OUTPUT_H

#include "postgres.h"

#include "fmgr.h"

#include "functions/session_source.h"
#include "utils/key_hash.h"

typedef struct KeyOutput
{
	bool as_text;
	FmgrInfo function; /* the output function of the key's type */
	MemoryContext cxt; /* the memory of the latest text */
} KeyOutput;

/*
 * Prepare to return the keys of a source as values of a type, which must be the type of the key
 * column, or text.  Otherwise an error is reported.
 */
extern void
key_output_init(KeyOutput *output, const SessionSource *source, Oid wanted_type, MemoryContext cxt);

/* A key, which must not be NULL; valid until the next call. */
extern Datum key_output_value(KeyOutput *output, const KeyEntry *entry);

#endif /* SESSIONIZE_KEY_OUTPUT_H */
