/*
 * json_tree.h
 *		JSON values in memory, as the functions of jsonb have them before they are written: objects
 *		are sorted by key, and each key is there once.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_JSON_TREE_H
#define SESSIONIZE_JSON_TREE_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "utils/text_view.h"

/* Members whose keys are there a second time. */
typedef struct TreeDropped
{
	JsonbPair *pairs;
	uint32 count;
} TreeDropped;

/* An object that is being put together.  Of members with one key the first one counts. */
typedef struct TreeObject
{
	JsonbPair *pairs;
	uint32 count;
	uint32 room;
} TreeObject;

/* The members of an object, of which some are taken out. */
typedef struct TreeMembers
{
	const JsonbValue *object;
	bool *taken;
} TreeMembers;

/*
 * tree_string returns a text as a JSON string.
 */
static inline JsonbValue
tree_string(TextView text)
{
	JsonbValue value = {.type = jbvString};

	value.val.string.val = (char *) text.data;
	value.val.string.len = (int) text.len;
	return value;
}

/*
 * tree_string_view returns the text of a JSON string.
 */
static inline TextView
tree_string_view(const JsonbValue *string)
{
	return (TextView){string->val.string.val, (uint32) string->val.string.len};
}

/*
 * tree_is_object tells whether a value, which may be NULL, is an object.
 */
static inline bool
tree_is_object(const JsonbValue *value)
{
	return value != NULL && value->type == jbvObject;
}

/*
 * tree_equal_texts tells whether two values, which may be NULL, are the same text.
 */
static inline bool
tree_equal_texts(const JsonbValue *a, const JsonbValue *b)
{
	return a != NULL && b != NULL && a->type == jbvString && b->type == jbvString &&
		   text_view_equal(tree_string_view(a), tree_string_view(b));
}

/* An array of values that stay where they are. */
extern JsonbValue tree_array(JsonbValue *elements, uint32 count);

/*
 * An object of pairs, which are sorted in place; of pairs with one key the last counts, if so, or
 * else the first one.  *dropped gets the others, unless it is NULL.
 */
extern JsonbValue
tree_object(JsonbPair *pairs, uint32 count, bool last_counts, TreeDropped *dropped);

/* The value of a key; NULL if there is none, if it is null, or if object is NULL or no object. */
extern JsonbValue *tree_get(const JsonbValue *object, const char *key);

/* The value at a path of keys, which ends with NULL. */
extern JsonbValue *tree_path(const JsonbValue *object, const char *const *keys);

extern void tree_object_begin(TreeObject *object, uint32 room);
extern void tree_object_add(TreeObject *object, TextView key, const JsonbValue *value);

/* Adds a member unless value is NULL. */
extern void tree_object_add_key(TreeObject *object, const char *key, const JsonbValue *value);

/* Adds a text unless its data are NULL. */
extern void tree_object_add_text(TreeObject *object, const char *key, TextView text);

/* Adds all members of an object; nothing, if the value is none. */
extern void tree_object_add_all(TreeObject *object, const JsonbValue *members);

/* Makes room for so many more members, also for tree_put() once the object is ended. */
extern void tree_object_reserve(TreeObject *object, uint32 members);

/* The object.  *dropped gets the members that did not count, unless it is NULL. */
extern JsonbValue tree_object_end(TreeObject *object, TreeDropped *dropped);

/*
 * Sets a member of an object whose array of pairs has room for one more; it replaces one that is
 * there, if so, or else does nothing then.
 */
extern void tree_put(JsonbValue *object, const JsonbPair *member, bool replace);

/* An object with the members of two; of members with one key the first object's counts. */
extern JsonbValue tree_merge(const JsonbValue *first, const JsonbValue *second);

extern void tree_members_open(TreeMembers *members, const JsonbValue *object);

/* tree_get, for a value that is used by it: tree_members_add_rest leaves it out. */
extern JsonbValue *tree_members_take(TreeMembers *members, const char *key);

/* Adds the members that were not taken and whose keys begin like this, and takes them. */
extern void tree_members_move(TreeMembers *members, const char *prefix, TreeObject *to);

/* Adds what was not taken. */
extern void tree_members_add_rest(const TreeMembers *members, TreeObject *object);

#endif /* SESSIONIZE_JSON_TREE_H */
