/*
 * draw_walk.c
 *		One walk over the binary form of a JSON document to the values at many paths.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "compat.h"
#include "web/draw_walk.h"

/* What one probe of a search by halves costs, in steps of a walk over the keys. */
#define PROBE_STEPS 16

/* Shapes of larger objects are not kept, nor more of them for one set of paths. */
#define SHAPE_MAX_KEYS 128
#define SHAPE_MAX_SIZE 4096
#define MAX_SHAPES     64

/* When a node has all the shapes it may have, one of so many unknown ones replaces one. */
#define LEARN_ONE_OF 16

/* So many children have room on the stack. */
#define FEW_CHILDREN 64

typedef struct Walk
{
	DrawPaths *paths;
	DrawnValue *values;
} Walk;

static void draw_container(Walk *walk, const JsonbContainer *container, DrawNode *node);

/*
 * place_of returns the place of the entry of this number; entries says how many there are.
 */
static DrawnValue
place_of(const JsonbContainer *container, int index, int entries)
{
	return (DrawnValue){container, (char *) &container->children[entries], index,
						getJsonbOffset(container, index)};
}

/*
 * inner_container returns the object or array at a place.
 */
static inline JsonbContainer *
inner_container(const DrawnValue *place)
{
	return (JsonbContainer *) (place->base + INTALIGN(place->offset));
}

/*
 * take gives a value to the paths that end at it, and goes on into it for those that don't.
 */
static void
take(Walk *walk, const DrawnValue *place, DrawNode *node)
{
	for (uint32 i = 0; i < node->noutputs; i++)
		walk->values[node->outputs[i]] = *place;
	if (node->nchildren > 0 && JBE_ISCONTAINER(place->container->children[place->index]))
		draw_container(walk, inner_container(place), node);
}

/*
 * find_key returns the number of an object's key, found by halves, or -1.
 */
static int
find_key(const JsonbContainer *object, int count, TextView key)
{
	const char *base = (const char *) &object->children[count * 2];
	int low = 0;
	int high = count;

	while (low < high)
	{
		int middle = low + (high - low) / 2;
		int order = draw_key_compare(key, base + getJsonbOffset(object, middle),
									 getJsonbLength(object, middle));

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

/*
 * search_object looks each key of a node up in an object that has many more keys.
 */
static void
search_object(Walk *walk, const JsonbContainer *object, int count, DrawNode *node)
{
	for (uint32 i = 0; i < node->nchildren; i++)
	{
		int index = find_key(object, count, node->children[i].key.text);

		if (index >= 0)
		{
			DrawnValue place = place_of(object, index + count, count * 2);

			take(walk, &place, &node->children[i]);
		}
	}
}

/*
 * entry_end returns the end of the data of an entry that begins at an offset.
 */
static inline uint32
entry_end(JEntry entry, uint32 offset)
{
	return JBE_HAS_OFF(entry) ? JBE_OFFLENFLD(entry) : offset + JBE_OFFLENFLD(entry);
}

/*
 * advance moves a place on to a later entry of its container.
 */
static inline void
advance(DrawnValue *place, int index)
{
	if (index - place->index > JB_OFFSET_STRIDE)
		place->offset = getJsonbOffset(place->container, index);
	else
	{
		for (int i = place->index; i < index; i++)
			place->offset = entry_end(place->container->children[i], place->offset);
	}
	place->index = index;
}

/*
 * draw_found draws the children of a node whose keys were found in an object.  The place is at or
 * before the first of their values.
 */
static void
draw_found(Walk *walk, DrawnValue place, int count, const int *found, DrawNode *node)
{
	for (uint32 i = 0; i < node->nchildren; i++)
	{
		if (found[i] < 0)
			continue;
		advance(&place, found[i] + count);
		take(walk, &place, &node->children[i]);
	}
}

/*
 * merge_keys finds a node's keys in an object: it walks over the keys of both side by side.
 */
static void
merge_keys(const JsonbContainer *object, int count, const DrawNode *node, int *found)
{
	const char *base = (const char *) &object->children[count * 2];
	uint32 child = 0;
	uint32 offset = 0;

	for (int i = 0; i < count && child < node->nchildren; i++)
	{
		uint32 next = entry_end(object->children[i], offset);
		int order = -1;

		while (child < node->nchildren &&
			   (order = draw_key_compare(node->children[child].key.text, base + offset,
										 next - offset)) < 0)
			found[child++] = -1;
		if (child < node->nchildren && order == 0)
			found[child++] = i;
		offset = next;
	}
	while (child < node->nchildren)
		found[child++] = -1;
}

/*
 * keys_end returns the size of all keys of an object.
 */
static inline uint32
keys_end(const JsonbContainer *object, int count)
{
	return getJsonbOffset(object, count);
}

/*
 * known_shape returns the shape of an object among those that a node has seen; NULL if it is none.
 */
static inline const ObjectShape *
known_shape(const JsonbContainer *object, int count, const DrawNode *node)
{
	const char *keys = (const char *) &object->children[count * 2];

	for (uint32 i = 0; i < node->nshapes; i++)
	{
		const ObjectShape *shape = &node->shapes[i];

		if (shape->count == (uint32) count &&
			memcmp(shape->entries, object->children, count * sizeof(JEntry)) == 0 &&
			memcmp(shape->keys, keys, shape->key_size) == 0)
			return shape;
	}
	return NULL;
}

/*
 * new_shape returns the place for a shape that a node has not seen yet; NULL if it is not to be
 * kept.
 */
static ObjectShape *
new_shape(Walk *walk, DrawNode *node)
{
	ObjectShape *shape;

	if (node->nshapes < NODE_SHAPES && walk->paths->nshapes < MAX_SHAPES)
	{
		if (node->shapes == NULL)
			node->shapes =
				MemoryContextAllocZero(walk->paths->memory, NODE_SHAPES * sizeof(ObjectShape));
		walk->paths->nshapes++;
		return &node->shapes[node->nshapes++];
	}
	node->unknown++;
	if (node->nshapes == 0 || node->unknown % LEARN_ONE_OF != 0)
		return NULL;
	shape = &node->shapes[node->unknown / LEARN_ONE_OF % node->nshapes];
	pfree(shape->entries);
	return shape;
}

/*
 * learn_shape keeps the shape of an object, with the keys that were found in it.
 */
static void
learn_shape(Walk *walk, const JsonbContainer *object, int count, DrawNode *node, const int *found)
{
	uint32 key_size = keys_end(object, count);
	Size entries_size = count * sizeof(JEntry);
	Size found_size = node->nchildren * sizeof(int);
	ObjectShape *shape;

	if (count > SHAPE_MAX_KEYS || key_size + found_size > SHAPE_MAX_SIZE)
		return;
	shape = new_shape(walk, node);
	if (shape == NULL)
		return;
	shape->count = 0;
	shape->entries = MemoryContextAlloc(walk->paths->memory, entries_size + found_size + key_size);
	shape->found = (int *) (shape->entries + entries_size);
	shape->keys = (char *) shape->found + found_size;
	memcpy(shape->entries, object->children, entries_size);
	memcpy(shape->found, found, found_size);
	memcpy(shape->keys, &object->children[count * 2], key_size);
	shape->key_size = key_size;
	shape->count = (uint32) count;
}

/*
 * draw_object draws what a node's keys name in an object.  Documents of one kind have the same keys
 * again and again; then it is known where they are.
 */
static void
draw_object(Walk *walk, const JsonbContainer *object, int count, DrawNode *node)
{
	const ObjectShape *shape = known_shape(object, count, node);
	DrawnValue place = {object, (char *) &object->children[count * 2], count, 0};
	int few[FEW_CHILDREN];
	int *found = few;

	if (shape != NULL)
	{
		place.offset = shape->key_size;
		draw_found(walk, place, count, shape->found, node);
		return;
	}
	if (node->nchildren > FEW_CHILDREN)
		found = palloc(node->nchildren * sizeof(int));
	merge_keys(object, count, node, found);
	learn_shape(walk, object, count, node, found);
	place.offset = keys_end(object, count);
	draw_found(walk, place, count, found, node);
}

/*
 * draw_elements draws the elements of an array that a node's numbers name.
 */
static void
draw_elements(Walk *walk, const JsonbContainer *array, int count, DrawNode *node)
{
	for (uint32 i = 0; i < node->nchildren; i++)
	{
		const DrawKey *key = &node->children[i].key;
		int64 index = key->element < 0 ? (int64) count + key->element : key->element;

		if (key->is_element && index >= 0 && index < count)
		{
			DrawnValue place = place_of(array, (int) index, count);

			take(walk, &place, &node->children[i]);
		}
	}
}

/*
 * draw_container draws what a node's keys name in an object or an array.
 */
static void
draw_container(Walk *walk, const JsonbContainer *container, DrawNode *node)
{
	int count = (int) JsonContainerSize(container);

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (count == 0)
		return;
	if (JsonContainerIsArray(container))
		draw_elements(walk, container, count, node);
	else if (node->nchildren * (uint64) PROBE_STEPS * pg_leftmost_one_pos32((uint32) count | 1) <
			 (uint64) count)
		search_object(walk, container, count, node);
	else
		draw_object(walk, container, count, node);
}

/*
 * draw_walk finds the values at the paths.
 */
void
draw_walk(const Jsonb *document, DrawPaths *paths, DrawnValue *values)
{
	Walk walk = {paths, values};

	memset(values, 0, paths->npaths * sizeof(DrawnValue));
	/* A document that is a single value is an array of one element inside. */
	if (!JB_ROOT_IS_SCALAR(document))
		draw_container(&walk, &document->root, &paths->root);
}

/*
 * value_length returns the number of bytes of a value.
 */
static inline uint32
value_length(const DrawnValue *value)
{
	return entry_end(value->container->children[value->index], value->offset) - value->offset;
}

/*
 * drawn_text returns a value as the operator ->> gives it.
 */
TextView
drawn_text(const DrawnValue *value)
{
	JEntry entry;
	char *text;

	if (value->container == NULL)
		return (TextView){NULL, 0};
	entry = value->container->children[value->index];
	if (JBE_ISSTRING(entry))
		return (TextView){value->base + value->offset, value_length(value)};
	if (JBE_ISNULL(entry))
		return (TextView){NULL, 0};
	if (JBE_ISBOOL_TRUE(entry))
		return (TextView){"true", 4};
	if (JBE_ISBOOL_FALSE(entry))
		return (TextView){"false", 5};
	if (JBE_ISNUMERIC(entry))
		text = DatumGetCString(
			DirectFunctionCall1(numeric_out, PointerGetDatum(inner_container(value))));
	else
		text = JsonbToCString(NULL, inner_container(value), (int) value_length(value));
	return (TextView){text, (uint32) strlen(text)};
}

/*
 * drawn_scalar returns a value that is neither an object nor an array.
 */
static JsonbValue
drawn_scalar(const DrawnValue *value)
{
	JEntry entry = value->container->children[value->index];
	JsonbValue scalar = {.type = jbvNull};

	if (JBE_ISSTRING(entry))
	{
		scalar.type = jbvString;
		scalar.val.string.val = value->base + value->offset;
		scalar.val.string.len = (int) value_length(value);
	}
	else if (JBE_ISNUMERIC(entry))
	{
		scalar.type = jbvNumeric;
		scalar.val.numeric = (Numeric) inner_container(value);
	}
	else if (JBE_ISBOOL(entry))
	{
		scalar.type = jbvBool;
		scalar.val.boolean = JBE_ISBOOL_TRUE(entry);
	}
	return scalar;
}

/*
 * drawn_jsonb returns a value as the operator -> gives it.
 */
Jsonb *
drawn_jsonb(const DrawnValue *value)
{
	JsonbValue result;

	if (value->container == NULL)
		return NULL;
	if (!JBE_ISCONTAINER(value->container->children[value->index]))
		result = drawn_scalar(value);
	else
	{
		const JsonbContainer *inner = inner_container(value);

		result.type = jbvBinary;
		result.val.binary.data = unconstify(JsonbContainer *, inner);
		result.val.binary.len =
			(int) (value->base + value->offset + value_length(value) - (const char *) inner);
	}
	return JsonbValueToJsonb(&result);
}
