/*
 * canonical_value.h
 *		One form in memory for all values with the same text form.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CANONICAL_VALUE_H
#define SESSIONIZE_CANONICAL_VALUE_H

#include "postgres.h"

/*
 * Whether values of a type may have several forms in memory with the same text form: arrays and
 * rows.
 */
extern bool has_canonical_values(Oid type);

/*
 * canonical_value returns a value of such a type that has the same text form as the given one. Its
 * bytes depend on the text form only.
 */
extern Datum canonical_value(Oid type, Datum value);

#endif /* SESSIONIZE_CANONICAL_VALUE_H */
