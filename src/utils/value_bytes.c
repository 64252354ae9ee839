/*
 * value_bytes.c
 *		The bytes of a value whose type is known only at run time.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/lsyscache.h"

#include "compat.h"
#include "utils/value_bytes.h"

/*
 * value_layout returns how values of a type are stored.
 */
ValueLayout
value_layout(Oid type)
{
	ValueLayout layout;

	get_typlenbyval(type, &layout.typlen, &layout.typbyval);
	return layout;
}

/*
 * word_of_bytes returns a value passed by value, whose bytes need not be aligned.
 */
static Datum
word_of_bytes(int16 typlen, const char *bytes)
{
	union
	{
		int16 two;
		int32 four;
		Datum eight;
	} word;

	memcpy(&word, bytes, typlen);
	switch (typlen)
	{
		case sizeof(char):
			return CharGetDatum(*bytes);
		case sizeof(int16):
			return Int16GetDatum(word.two);
		case sizeof(int32):
			return Int32GetDatum(word.four);
		default:
			return word.eight;
	}
}

/*
 * value_of_bytes returns a value of these bytes.
 */
Datum
value_of_bytes(ValueLayout layout, TextView bytes, bool *isnull)
{
	Size header = layout.typlen == -1 ? VARHDRSZ : 0;
	char *copy;

	*isnull = bytes.data == NULL;
	if (*isnull)
		return (Datum) 0;
	if (layout.typbyval)
		return word_of_bytes(layout.typlen, bytes.data);
	copy = palloc(header + Max(bytes.len, 1));
	if (header > 0)
		SET_VARSIZE(copy, header + bytes.len);
	memcpy(copy + header, bytes.data, bytes.len);
	return PointerGetDatum(copy);
}
