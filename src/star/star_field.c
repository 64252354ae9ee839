/*
 * star_field.c
 *		How a field of a derived row becomes a Datum.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "star/star_field.h"

/*
 * star_text returns a text as a Datum.
 */
Datum
star_text(TextView view, bool *isnull)
{
	*isnull = view.data == NULL;
	return *isnull ? (Datum) 0
				   : PointerGetDatum(cstring_to_text_with_len(view.data, (int) view.len));
}

/*
 * star_field_none reports that a column has no field.
 */
void
star_field_none(void)
{
	elog(ERROR, "no derived row has this column");
}
