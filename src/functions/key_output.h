/*
 * key_output.h
 *		The keys of a table function's result: as they are, or as text.
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
	FmgrInfo function; /* the key type's output function */
	MemoryContext cxt; /* of the latest text */
} KeyOutput;

/*
 * Prepare to give the keys of a source as values of a type: that of its key column, or text.  Error where
 * the keys can't be of that type.
 */
extern void
key_output_init(KeyOutput *output, const SessionSource *source, Oid wanted_type, MemoryContext cxt);

/* A key that is not NULL, until the next call. */
extern Datum key_output_value(KeyOutput *output, const KeyEntry *entry);

#endif /* SESSIONIZE_KEY_OUTPUT_H */
