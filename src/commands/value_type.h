/*
 * value_type.h
 *		The types in which values that are compared and measured are kept.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_VALUE_TYPE_H
#define SESSIONIZE_VALUE_TYPE_H

#include "postgres.h"

/*
 * The type in which values of an expression of a type are kept: bigint, numeric, text, boolean or
 * timestamptz; InvalidOid if none of these stands for it.
 */
extern Oid value_type(Oid given);

#endif /* SESSIONIZE_VALUE_TYPE_H */
