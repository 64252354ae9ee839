/*
 * notes.c
 *		What was odd in an event and how it was read.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "decode/clean_text.h"
#include "decode/notes.h"

/* A path is no longer than about this. */
#define MAX_PATH 1000

/*
 * append_place appends the path to a place: keys and numbers of elements between points.
 */
static void
append_place(StringInfo path, const JsonPlace *place)
{
	if (place == NULL || path->len > MAX_PATH)
		return;
	append_place(path, place->parent);
	if (path->len > 0)
		appendStringInfoChar(path, '.');
	if (place->key.data == NULL)
		appendStringInfo(path, "%u", place->element);
	else
		appendBinaryStringInfo(path, place->key.data,
							   pg_mbcliplen(place->key.data, (int) place->key.len, MAX_PATH));
}

/*
 * next_note returns the place of one more note; NULL if there are enough.
 */
static JsonbValue *
next_note(Notes *notes)
{
	if (notes->count == MAX_NOTES)
	{
		notes->more++;
		return NULL;
	}
	if (notes->notes == NULL)
		notes->notes = palloc((MAX_NOTES + 1) * sizeof(JsonbValue));
	return &notes->notes[notes->count++];
}

/*
 * add adds a note.
 */
static void
add(Notes *notes, TextView path, const char *reason, const JsonbValue *value)
{
	JsonbValue *place = next_note(notes);
	TreeObject note;

	if (place == NULL)
		return;
	tree_object_begin(&note, 3);
	tree_object_add_text(&note, "path", path);
	tree_object_add_text(&note, "reason", (TextView){reason, (uint32) strlen(reason)});
	tree_object_add_key(&note, "value", value);
	*place = tree_object_end(&note, NULL);
}

/*
 * notes_add adds a note about a place.
 */
void
notes_add(Notes *notes, const JsonPlace *place, const char *reason, const JsonbValue *value)
{
	StringInfoData path;

	if (notes->count == MAX_NOTES)
	{
		notes->more++;
		return;
	}
	initStringInfo(&path);
	append_place(&path, place);
	add(notes, (TextView){path.data, (uint32) path.len}, reason, value);
}

/*
 * notes_add_text adds a note for each thing that was replaced in a text.
 */
void
notes_add_text(Notes *notes, const JsonPlace *place, unsigned problems)
{
	if (problems & TEXT_ZERO_CHARACTER)
		notes_add(notes, place, "zero character", NULL);
	if (problems & TEXT_LONE_SURROGATE)
		notes_add(notes, place, "lone surrogate", NULL);
	if (problems & TEXT_INVALID_UTF8)
		notes_add(notes, place, "invalid UTF-8", NULL);
	if (problems & TEXT_UNTRANSLATABLE)
		notes_add(notes, place, "character not in the database's encoding", NULL);
}

/*
 * notes_add_key adds a note about a member.
 */
void
notes_add_key(Notes *notes, const char *key, const char *reason, const JsonbValue *value)
{
	add(notes, (TextView){key, (uint32) strlen(key)}, reason, value);
}

/*
 * notes_add_once adds a note about a member unless there is one with the same reason.
 */
void
notes_add_once(Notes *notes, const char *key, const char *reason, const JsonbValue *value)
{
	for (uint32 i = 0; i < notes->count; i++)
	{
		const JsonbValue *path = tree_get(&notes->notes[i], "path");
		const JsonbValue *other = tree_get(&notes->notes[i], "reason");

		if (text_view_is(tree_string_view(path), key) &&
			text_view_is(tree_string_view(other), reason))
			return;
	}
	notes_add_key(notes, key, reason, value);
}

/*
 * notes_append adds the notes of others.
 */
void
notes_append(Notes *notes, const Notes *others)
{
	for (uint32 i = 0; i < others->count; i++)
	{
		JsonbValue *place = next_note(notes);

		if (place != NULL)
			*place = others->notes[i];
	}
	notes->more += others->more;
}

/*
 * notes_add_dropped adds a note about each member whose key is there a second time.
 */
void
notes_add_dropped(Notes *notes, const JsonPlace *parent, const char *reason,
				  const TreeDropped *dropped)
{
	for (uint32 i = 0; i < dropped->count; i++)
	{
		JsonPlace place = {parent, tree_string_view(&dropped->pairs[i].key), 0};

		if (notes->count == MAX_NOTES)
		{
			notes->more += dropped->count - i;
			break;
		}
		notes_add(notes, &place, reason, &dropped->pairs[i].value);
	}
}

/*
 * notes_end puts the notes into a context.
 */
void
notes_end(Notes *notes, JsonbValue *context)
{
	JsonbPair member = {.key = tree_string((TextView) TEXT_VIEW("decode_notes"))};

	if (notes->count == 0)
		return;
	if (notes->more > 0)
	{
		char *more = psprintf("and %u more", notes->more);

		notes->notes[notes->count++] = tree_string((TextView){more, (uint32) strlen(more)});
	}
	member.value = tree_array(notes->notes, notes->count);
	tree_put(context, &member, true);
}
