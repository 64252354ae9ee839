/*
 * value_type.c
 *		The types in which values that are compared and measured are kept.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "commands/value_type.h"

/*
 * value_type returns the type in which values of an expression of a type are kept.
 */
Oid
value_type(Oid given)
{
	switch (getBaseType(given))
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return INT8OID;
		case NUMERICOID:
		case BOOLOID:
		case TIMESTAMPTZOID:
			return getBaseType(given);
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
		case UNKNOWNOID:
			return TEXTOID;
		default:
			return InvalidOid;
	}
}
