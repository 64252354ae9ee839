/*
 * value_bytes.h
 *		The bytes of a value whose type is known only at run time, without the header of a varlena.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_VALUE_BYTES_H
#define SESSIONIZE_VALUE_BYTES_H

#include "postgres.h"

#include "access/tupmacs.h"
#include "fmgr.h"

#include "compat.h"
#include "utils/text_view.h"

/* How values of a type are stored, as pg_type says; no type of cstrings. */
typedef struct ValueLayout
{
	int16 typlen;
	bool typbyval;
} ValueLayout;

extern ValueLayout value_layout(Oid type);

/* A value of these bytes, in CurrentMemoryContext if it is not passed by value. */
extern Datum value_of_bytes(ValueLayout layout, TextView bytes, bool *isnull);

/*
 * value_bytes returns the bytes of a value that is not NULL.  They lie in *word if the value is
 * passed by value, else in the value itself, or in a detoasted copy in CurrentMemoryContext.
 */
static inline TextView
value_bytes(ValueLayout layout, Datum value, Datum *word)
{
	if (layout.typlen == -1)
	{
		struct varlena *varlena = PG_DETOAST_DATUM_PACKED(value);

		return (TextView){VARDATA_ANY(varlena), VARSIZE_ANY_EXHDR(varlena)};
	}
	if (!layout.typbyval)
		return (TextView){DatumGetPointer(value), layout.typlen};
	store_att_byval(word, value, layout.typlen);
	return (TextView){(char *) word, layout.typlen};
}

#endif /* SESSIONIZE_VALUE_BYTES_H */
