/*
 * json_tree.c
 *		JSON values in memory, as the functions of jsonb have them before they are written.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "compat.h"
#include "decode/json_tree.h"

/*
 * tree_array returns an array.
 */
JsonbValue
tree_array(JsonbValue *elements, uint32 count)
{
	JsonbValue array = {.type = jbvArray};

	array.val.array.elems = elements;
	array.val.array.nElems = (int) count;
	array.val.array.rawScalar = false;
	return array;
}

/*
 * compare_keys compares two keys in the order of jsonb.
 */
static inline int
compare_keys(TextView a, TextView b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return memcmp(a.data, b.data, a.len);
}

/*
 * compare_pairs compares two members by their keys, then by their order.
 */
static int
compare_pairs(const void *a, const void *b)
{
	const JsonbPair *left = a;
	const JsonbPair *right = b;
	int order = compare_keys(tree_string_view(&left->key), tree_string_view(&right->key));

	if (order != 0)
		return order;
	return left->order < right->order ? -1 : left->order > right->order;
}

/*
 * leave_one leaves one member for each key, and returns how many are left.
 */
static uint32
leave_one(JsonbPair *pairs, uint32 count, bool last_counts, TextView *duplicate)
{
	uint32 kept = 0;

	for (uint32 i = 1; i < count; i++)
	{
		TextView key = tree_string_view(&pairs[i].key);

		if (compare_keys(tree_string_view(&pairs[kept].key), key) != 0)
			kept++;
		else
		{
			if (duplicate != NULL)
				*duplicate = key;
			if (!last_counts)
				continue;
		}
		if (kept != i)
			pairs[kept] = pairs[i];
	}
	return kept + 1;
}

/*
 * tree_object returns an object of pairs.
 */
JsonbValue
tree_object(JsonbPair *pairs, uint32 count, bool last_counts, TextView *duplicate)
{
	JsonbValue object = {.type = jbvObject};

	for (uint32 i = 0; i < count; i++)
		pairs[i].order = i;
	if (count > 1)
	{
		qsort(pairs, count, sizeof(JsonbPair), compare_pairs);
		count = leave_one(pairs, count, last_counts, duplicate);
	}
	object.val.object.pairs = pairs;
	object.val.object.nPairs = (int) count;
	return object;
}

/*
 * find returns where an object has a key; -1 if it has not.
 */
static int
find(const JsonbValue *object, const char *key)
{
	TextView wanted = {key, (uint32) strlen(key)};
	int low = 0;
	int high = tree_is_object(object) ? object->val.object.nPairs : 0;

	while (low < high)
	{
		int middle = low + (high - low) / 2;
		int order = compare_keys(tree_string_view(&object->val.object.pairs[middle].key), wanted);

		if (order == 0)
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}

/*
 * value_at returns the value of a member; NULL for none and for null.
 */
static JsonbValue *
value_at(const JsonbValue *object, int place)
{
	if (place < 0 || object->val.object.pairs[place].value.type == jbvNull)
		return NULL;
	return &object->val.object.pairs[place].value;
}

/*
 * tree_get returns the value of a key.
 */
JsonbValue *
tree_get(const JsonbValue *object, const char *key)
{
	return value_at(object, find(object, key));
}

/*
 * tree_path returns the value at a path.
 */
JsonbValue *
tree_path(const JsonbValue *object, const char *const *keys)
{
	JsonbValue *value = tree_get(object, *keys);

	while (value != NULL && *++keys != NULL)
		value = tree_get(value, *keys);
	return value;
}

/*
 * tree_object_begin begins an object that may have so many members before it grows.
 */
void
tree_object_begin(TreeObject *object, uint32 room)
{
	object->room = Max(room, 8);
	object->count = 0;
	object->pairs = palloc(object->room * sizeof(JsonbPair));
}

/*
 * next_pair returns the place for one more member.
 */
static JsonbPair *
next_pair(TreeObject *object)
{
	if (object->count == object->room)
	{
		object->room *= 2;
		object->pairs = repalloc_huge(object->pairs, (Size) object->room * sizeof(JsonbPair));
	}
	return &object->pairs[object->count++];
}

/*
 * tree_object_add adds a member.
 */
void
tree_object_add(TreeObject *object, TextView key, const JsonbValue *value)
{
	JsonbPair *pair = next_pair(object);

	pair->key = tree_string(key);
	pair->value = *value;
}

/*
 * tree_object_add_key adds a member unless its value is NULL.
 */
void
tree_object_add_key(TreeObject *object, const char *key, const JsonbValue *value)
{
	if (value != NULL)
		tree_object_add(object, (TextView){key, (uint32) strlen(key)}, value);
}

/*
 * tree_object_add_first adds a member in front of the others.
 */
void
tree_object_add_first(TreeObject *object, const char *key, const JsonbValue *value)
{
	(void) next_pair(object);
	memmove(object->pairs + 1, object->pairs, (object->count - 1) * sizeof(JsonbPair));
	object->pairs[0].key = tree_string((TextView){key, (uint32) strlen(key)});
	object->pairs[0].value = *value;
}

/*
 * tree_object_add_text adds a member that is a text.
 */
void
tree_object_add_text(TreeObject *object, const char *key, TextView text)
{
	JsonbValue value = tree_string(text);

	if (text.data != NULL)
		tree_object_add_key(object, key, &value);
}

/*
 * tree_object_add_all adds the members of an object.
 */
void
tree_object_add_all(TreeObject *object, const JsonbValue *members)
{
	if (tree_is_object(members))
		for (int i = 0; i < members->val.object.nPairs; i++)
			*next_pair(object) = members->val.object.pairs[i];
}

/*
 * tree_object_end returns the object.
 */
JsonbValue
tree_object_end(TreeObject *object)
{
	return tree_object(object->pairs, object->count, false, NULL);
}

/*
 * tree_members_open begins to take members out of an object.
 */
void
tree_members_open(TreeMembers *members, const JsonbValue *object)
{
	members->object = object;
	members->taken = palloc0(tree_is_object(object) ? object->val.object.nPairs + 1 : 1);
}

/*
 * tree_members_take takes the value of a key out.
 */
JsonbValue *
tree_members_take(TreeMembers *members, const char *key)
{
	int place = find(members->object, key);

	if (place >= 0)
		members->taken[place] = true;
	return value_at(members->object, place);
}

/*
 * tree_members_add_rest adds what was not taken to an object.
 */
void
tree_members_add_rest(const TreeMembers *members, TreeObject *object)
{
	if (!tree_is_object(members->object))
		return;
	for (int i = 0; i < members->object->val.object.nPairs; i++)
		if (!members->taken[i])
			*next_pair(object) = members->object->val.object.pairs[i];
}
