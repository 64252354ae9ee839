/*
 * notes.h
 *		What was odd in an event and how it was read: the key decode_notes of its context.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_NOTES_H
#define SESSIONIZE_NOTES_H

#include "postgres.h"

#include "decode/json_tree.h"

/* An event has no more notes than these; then comes how many there would have been more. */
#define MAX_NOTES 50

typedef struct Notes
{
	JsonbValue *notes; /* objects */
	uint32 count;
	uint32 more;
} Notes;

/* A place in a JSON document: a key, or the number of an element, in what the parent is. */
typedef struct JsonPlace
{
	const struct JsonPlace *parent;
	TextView key; /* its data are NULL for an element */
	uint32 element;
} JsonPlace;

/* Adds a note about a place; the value as it was sent may be NULL. */
extern void
notes_add(Notes *notes, const JsonPlace *place, const char *reason, const JsonbValue *value);

/* Adds a note for each bit of TextProblem. */
extern void notes_add_text(Notes *notes, const JsonPlace *place, unsigned problems);

/* Adds a note about a member. */
extern void
notes_add_key(Notes *notes, const char *key, const char *reason, const JsonbValue *value);

/* The same, unless there is a note about this member with this reason. */
extern void
notes_add_once(Notes *notes, const char *key, const char *reason, const JsonbValue *value);

/* Adds the notes of others. */
extern void notes_append(Notes *notes, const Notes *others);

/* Adds a note about each member whose key is there a second time. */
extern void notes_add_dropped(Notes *notes, const JsonPlace *parent, const char *reason,
							  const TreeDropped *dropped);

/*
 * Puts the notes, if there are any, into a context whose array of pairs has room for one more; they
 * replace what was sent under their key.
 */
extern void notes_end(Notes *notes, JsonbValue *context);

#endif /* SESSIONIZE_NOTES_H */
