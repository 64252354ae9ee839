/*
 * jsonb_draw.c
 *		Values at many paths of a JSON document, drawn in one walk over jsonb's binary form.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "compat.h"
#include "web/draw_paths.h"

PG_FUNCTION_INFO_V1(sz_jsonb_draw);

/* What one probe of a search by halves costs, in steps of a walk over the keys. */
#define PROBE_STEPS 16

/* So many values have room on the stack. */
#define FEW_VALUES 32

/* The values found so far, by output, and the size of an array that holds them. */
typedef struct Drawing
{
	TextView *values;
	Size size;
} Drawing;

/* One value inside a container: its entry, and its place after the container's entries. */
typedef struct Place
{
	const JsonbContainer *container;
	int index;
	uint32 offset;
	char *base;
} Place;

static void draw_container(const JsonbContainer *container, const DrawNode *node, Drawing *drawing);

/*
 * place_of returns the place of the entry of this number; entries says how many there are.
 */
static Place
place_of(const JsonbContainer *container, int index, int entries)
{
	Place place = {container, index, getJsonbOffset(container, index),
				   (char *) &container->children[entries]};

	return place;
}

/*
 * inner_container returns the object or array at a place.
 */
static inline JsonbContainer *
inner_container(const Place *place)
{
	return (JsonbContainer *) (place->base + INTALIGN(place->offset));
}

/*
 * value_text returns a value as the operator ->> gives it; its data is NULL for JSON's null.
 */
static TextView
value_text(const Place *place)
{
	JEntry entry = place->container->children[place->index];
	char *text;

	if (JBE_ISNULL(entry))
		return (TextView){NULL, 0};
	if (JBE_ISSTRING(entry))
		return (TextView){place->base + place->offset,
						  getJsonbLength(place->container, place->index)};
	if (JBE_ISBOOL_TRUE(entry))
		return (TextView){"true", 4};
	if (JBE_ISBOOL_FALSE(entry))
		return (TextView){"false", 5};
	if (JBE_ISNUMERIC(entry))
		text = DatumGetCString(
			DirectFunctionCall1(numeric_out, PointerGetDatum(inner_container(place))));
	else
		text = JsonbToCString(NULL, inner_container(place),
							  (int) getJsonbLength(place->container, place->index));
	return (TextView){text, (uint32) strlen(text)};
}

/*
 * grow_result adds to the size of the result, which has a limit.
 */
static void
grow_result(Drawing *drawing, Size size)
{
	drawing->size += size;
	if (!AllocSizeIsValid(drawing->size))
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("the drawn values are too large for an array"),
						errhint("Draw fewer objects and arrays at once.")));
}

/*
 * take gives a value to the paths that end at it, and goes on into it for those that don't.
 */
static void
take(const Place *place, const DrawNode *node, Drawing *drawing)
{
	if (node->noutputs > 0)
	{
		TextView value = value_text(place);

		for (uint32 i = 0; i < node->noutputs; i++)
		{
			drawing->values[node->outputs[i]] = value;
			if (value.data != NULL)
				grow_result(drawing, INTALIGN(VARHDRSZ + (Size) value.len));
		}
	}
	if (node->nchildren > 0 && JBE_ISCONTAINER(place->container->children[place->index]))
		draw_container(inner_container(place), node, drawing);
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
search_object(const JsonbContainer *object, int count, const DrawNode *node, Drawing *drawing)
{
	for (uint32 i = 0; i < node->nchildren; i++)
	{
		int index = find_key(object, count, node->children[i].key.text);

		if (index >= 0)
		{
			Place place = place_of(object, index + count, count * 2);

			take(&place, &node->children[i], drawing);
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
advance(Place *place, int index)
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
 * merge_object walks over the keys of an object and those of a node side by side, and over the
 * object's values behind.
 */
static void
merge_object(const JsonbContainer *object, int count, const DrawNode *node, Drawing *drawing)
{
	Place place = {object, 0, 0, (char *) &object->children[count * 2]};
	const DrawNode *child = node->children;
	const DrawNode *end = child + node->nchildren;
	uint32 offset = 0;

	for (int i = 0; i < count && child < end; i++)
	{
		uint32 next = entry_end(object->children[i], offset);
		int order = -1;

		while (child < end &&
			   (order = draw_key_compare(child->key.text, place.base + offset, next - offset)) < 0)
			child++;
		if (child < end && order == 0)
		{
			advance(&place, i + count);
			take(&place, child++, drawing);
		}
		offset = next;
	}
}

/*
 * draw_elements draws the elements of an array that a node's numbers name.
 */
static void
draw_elements(const JsonbContainer *array, int count, const DrawNode *node, Drawing *drawing)
{
	for (uint32 i = 0; i < node->nchildren; i++)
	{
		const DrawKey *key = &node->children[i].key;
		int64 index = key->element < 0 ? (int64) count + key->element : key->element;

		if (key->is_element && index >= 0 && index < count)
		{
			Place place = place_of(array, (int) index, count);

			take(&place, &node->children[i], drawing);
		}
	}
}

/*
 * draw_container draws what a node's keys name in an object or an array.
 */
static void
draw_container(const JsonbContainer *container, const DrawNode *node, Drawing *drawing)
{
	int count = (int) JsonContainerSize(container);

	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
	if (JsonContainerIsArray(container))
		draw_elements(container, count, node, drawing);
	else if (node->nchildren * (uint64) PROBE_STEPS * pg_leftmost_one_pos32((uint32) count | 1) <
			 (uint64) count)
		search_object(container, count, node, drawing);
	else
		merge_object(container, count, node, drawing);
}

/*
 * put_values writes the values into an array that has room for them.
 */
static void
put_values(ArrayType *array, const Drawing *drawing, int nvalues)
{
	char *out = ARR_DATA_PTR(array);
	bits8 *not_null = ARR_NULLBITMAP(array);

	for (int i = 0; i < nvalues; i++)
	{
		TextView value = drawing->values[i];
		Size size;

		if (value.data == NULL)
			continue;
		if (not_null != NULL)
			not_null[i / 8] |= (bits8) (1 << i % 8);
		size = VARHDRSZ + (Size) value.len;
		SET_VARSIZE(out, size);
		memcpy(VARDATA(out), value.data, value.len);
		memset(out + size, 0, INTALIGN(size) - size);
		out += INTALIGN(size);
	}
}

/*
 * make_array returns the array of the values.
 */
static ArrayType *
make_array(Drawing *drawing, int nvalues)
{
	bool has_nulls = false;
	int overhead;
	ArrayType *array;

	for (int i = 0; i < nvalues && !has_nulls; i++)
		has_nulls = drawing->values[i].data == NULL;
	overhead = has_nulls ? ARR_OVERHEAD_WITHNULLS(1, nvalues) : ARR_OVERHEAD_NONULLS(1);
	grow_result(drawing, (Size) overhead);
	array = palloc(drawing->size);
	memset(array, 0, overhead);
	SET_VARSIZE(array, drawing->size);
	array->ndim = 1;
	array->dataoffset = has_nulls ? overhead : 0;
	array->elemtype = TEXTOID;
	ARR_DIMS(array)[0] = nvalues;
	ARR_LBOUND(array)[0] = 1;
	put_values(array, drawing, nvalues);
	return array;
}

/*
 * sz_jsonb_draw returns the values at many paths of a document.
 */
Datum
sz_jsonb_draw(PG_FUNCTION_ARGS)
{
	Jsonb *document = PG_GETARG_JSONB_P(0);
	const DrawPaths *paths = draw_paths_once(fcinfo->flinfo, PG_GETARG_ARRAYTYPE_P(1));
	TextView few[FEW_VALUES];
	Drawing drawing = {few, 0};

	if (paths->npaths == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));
	if (paths->npaths > FEW_VALUES)
		drawing.values = palloc(paths->npaths * sizeof(TextView));
	memset(drawing.values, 0, paths->npaths * sizeof(TextView));
	/* A document that is a single value is an array of one element inside. */
	if (!JB_ROOT_IS_SCALAR(document))
		draw_container(&document->root, &paths->root, &drawing);
	PG_RETURN_ARRAYTYPE_P(make_array(&drawing, paths->npaths));
}
