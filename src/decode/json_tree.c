/*
 * json_tree.c
 *		JSON values in memory, as the functions of jsonb have them before they are written.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "compat.h"
#include "decode/json_tree.h"
#include "utils/memory.h"

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

/* Pairs with one key keep their order. */
#define SORT_ITEM JsonbPair
#define SORT_LESS(arg, a, b)                                                                       \
	((void) (arg), compare_keys(tree_string_view(&(a)->key), tree_string_view(&(b)->key)) < 0)
#define SORT_ARRAY sort_pairs
#include "core/merge_sort.h"

/*
 * drop keeps a member that doesn't count.
 */
static void
drop(TreeDropped *dropped, const JsonbPair *pair, uint32 room)
{
	if (dropped == NULL)
		return;
	if (dropped->pairs == NULL)
		dropped->pairs = palloc_extended((Size) room * sizeof(JsonbPair), MCXT_ALLOC_HUGE);
	dropped->pairs[dropped->count++] = *pair;
}

/*
 * leave_one leaves one member for each key, and returns how many are left.
 */
static uint32
leave_one(JsonbPair *pairs, uint32 count, bool last_counts, TreeDropped *dropped)
{
	uint32 kept = 0;

	for (uint32 i = 1; i < count; i++)
	{
		if (compare_keys(tree_string_view(&pairs[kept].key), tree_string_view(&pairs[i].key)) != 0)
			kept++;
		else if (last_counts)
			drop(dropped, &pairs[kept], count);
		else
		{
			drop(dropped, &pairs[i], count);
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
tree_object(JsonbPair *pairs, uint32 count, bool last_counts, TreeDropped *dropped)
{
	JsonbValue object = {.type = jbvObject};

	if (count > 1)
	{
		SzAllocator alloc = sz_context_allocator(CurrentMemoryContext);

		sz_check_status(sort_pairs(pairs, count, NULL, &alloc));
		count = leave_one(pairs, count, last_counts, dropped);
	}
	object.val.object.pairs = pairs;
	object.val.object.nPairs = (int) count;
	return object;
}

/*
 * search tells whether an object has a key, and sets its place, or where it would be.
 */
static bool
search(const JsonbValue *object, TextView key, int *place)
{
	int low = 0;
	int high = tree_is_object(object) ? object->val.object.nPairs : 0;

	while (low < high)
	{
		int middle = low + (high - low) / 2;
		int order = compare_keys(tree_string_view(&object->val.object.pairs[middle].key), key);

		if (order == 0)
		{
			*place = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*place = low;
	return false;
}

/*
 * find returns where an object has a key; -1 if it has not.
 */
static int
find(const JsonbValue *object, const char *key)
{
	int place;

	return search(object, (TextView){key, (uint32) strlen(key)}, &place) ? place : -1;
}

/*
 * tree_put sets a member of an object.
 */
void
tree_put(JsonbValue *object, const JsonbPair *member, bool replace)
{
	JsonbPair *pairs = object->val.object.pairs;
	int place;

	if (!search(object, tree_string_view(&member->key), &place))
	{
		int count = object->val.object.nPairs++;

		memmove(pairs + place + 1, pairs + place, (Size) (count - place) * sizeof(JsonbPair));
	}
	else if (!replace)
		return;
	pairs[place] = *member;
}

/*
 * tree_merge returns an object with the members of two; of members with one key the first object's
 * counts.
 */
JsonbValue
tree_merge(const JsonbValue *first, const JsonbValue *second)
{
	JsonbValue merged = {.type = jbvObject};
	const JsonbPair *a = first->val.object.pairs;
	const JsonbPair *a_end = a + first->val.object.nPairs;
	const JsonbPair *b = second->val.object.pairs;
	const JsonbPair *b_end = b + second->val.object.nPairs;
	Size room = (Size) (first->val.object.nPairs + second->val.object.nPairs);
	JsonbPair *out = palloc_extended(room * sizeof(JsonbPair), MCXT_ALLOC_HUGE);

	merged.val.object.pairs = out;
	while (a < a_end || b < b_end)
	{
		int order = a == a_end ? 1
					: b == b_end
						? -1
						: compare_keys(tree_string_view(&a->key), tree_string_view(&b->key));

		*out++ = order <= 0 ? *a : *b;
		a += order <= 0 ? 1 : 0;
		b += order >= 0 ? 1 : 0;
	}
	merged.val.object.nPairs = (int) (out - merged.val.object.pairs);
	return merged;
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
 * tree_object_reserve makes room for members.
 */
void
tree_object_reserve(TreeObject *object, uint32 members)
{
	if (object->room - object->count >= members)
		return;
	object->room = object->count + members;
	object->pairs = repalloc_huge(object->pairs, (Size) object->room * sizeof(JsonbPair));
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
tree_object_end(TreeObject *object, TreeDropped *dropped)
{
	return tree_object(object->pairs, object->count, false, dropped);
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
 * tree_members_move takes members whose keys begin alike.
 */
void
tree_members_move(TreeMembers *members, const char *prefix, TreeObject *to)
{
	int length = (int) strlen(prefix);

	if (!tree_is_object(members->object))
		return;
	for (int i = 0; i < members->object->val.object.nPairs; i++)
	{
		const JsonbPair *pair = &members->object->val.object.pairs[i];

		if (members->taken[i] || pair->key.val.string.len < length ||
			memcmp(pair->key.val.string.val, prefix, (Size) length) != 0)
			continue;
		members->taken[i] = true;
		*next_pair(to) = *pair;
	}
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
