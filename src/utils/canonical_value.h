/*
 * canonical_value.h
 *		One form in memory for all values with one text form.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CANONICAL_VALUE_H
#define SESSIONIZE_CANONICAL_VALUE_H

#include "postgres.h"

/* Whether values of a type may have one text form and several forms in memory: arrays and rows. */
extern bool has_canonical_values(Oid type);

/*
 * canonical_value returns a value of such a type that has the text form of the given one, and the
 * same bytes as any other value that canonical_value has made of one with this text form.
 */
extern Datum canonical_value(Oid type, Datum value);

#endif /* SESSIONIZE_CANONICAL_VALUE_H */
