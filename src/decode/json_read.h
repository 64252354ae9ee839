/*
 * json_read.h
 *		The second pass over a body: one value after the other as a tree.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_JSON_READ_H
#define SESSIONIZE_JSON_READ_H

#include "postgres.h"

#include "decode/notes.h"

/* Arrays and objects in more levels than these are kept as the text of their JSON. */
#define MAX_JSON_DEPTH 128

/* Numbers that would have more digits than this before or after the point are kept as texts. */
#define MAX_NUMBER_DIGITS 1000

/*
 * Reads the value at a place, which is JSON that json_scan_value has found to be in order.  Strings lie in the text
 * itself where they are the same there, all else in the current memory context.  What jsonb can't
 * hold is replaced, with a note.
 */
extern void json_read(TextView text, const JsonPlace *place, Notes *notes, JsonbValue *value);

/* Reads the text between the quotation marks of a string. */
extern TextView json_read_string(TextView written, unsigned *problems);

#endif /* SESSIONIZE_JSON_READ_H */
