/*
 * draw_walk.h
 *		One walk over a JSON document to the values at many paths.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DRAW_WALK_H
#define SESSIONIZE_DRAW_WALK_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "web/draw_paths.h"
#include "utils/text_view.h"

/* A value inside a document: an entry of an object or an array.  All zero: there is no value. */
typedef struct DrawnValue
{
	const JsonbContainer *container;
	char *base; /* where the container's entries end and their data begin */
	int index;
	uint32 offset; /* of the data */
} DrawnValue;

/*
 * Find the values at all paths; values has room for paths->npaths.  The
 * keys of the objects are kept in paths, where the next document may have the same ones.
 */
extern void draw_walk(const Jsonb *document, DrawPaths *paths, DrawnValue *values);

/*
 * A value as the operator ->> gives it; no data: there is none, or it is JSON's null.  A string's
 * data are those of the document.
 */
extern TextView drawn_text(const DrawnValue *value);

/* A value as the operator -> gives it; NULL if there is none. */
extern Jsonb *drawn_jsonb(const DrawnValue *value);

#endif /* SESSIONIZE_DRAW_WALK_H */
