/*
 * schema_circle.h
 *		Schemas that apply themselves to the same value, without end.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SCHEMA_CIRCLE_H
#define SESSIONIZE_SCHEMA_CIRCLE_H

#include "contract/program.h"

/*
 * Raise an error if one of the schemas, linked by their member next, applies itself to the same
 * value.  Dynamic references are left to the walker, which knows where they lead.
 */
extern void refuse_circles(SchemaNode *first);

#endif /* SESSIONIZE_SCHEMA_CIRCLE_H */
