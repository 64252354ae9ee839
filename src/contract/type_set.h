/*
 * type_set.h
 *		Sets of the types that the keyword "type" names.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_TYPE_SET_H
#define SESSIONIZE_TYPE_SET_H

#include "postgres.h"

#include "contract/json_view.h"

/* The bits of a set: 1 << JsonKind, and one for integers.  A set with numbers has integers. */
#define TYPE_BIT(kind) ((uint8) (1 << (kind)))
#define TYPE_INTEGER   TYPE_BIT(6)
#define ALL_TYPES      ((uint8) 0x7F)

/* The set that a value of "type" names; false if it names none. */
extern bool type_set_read(JsonView value, uint8 *types);

/* What the types of a set are called, as in "integer or null". */
extern char *type_set_text(uint8 types);

#endif /* SESSIONIZE_TYPE_SET_H */
