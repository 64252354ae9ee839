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
	return *isnull ? (Datum) 0 : PointerGetDatum(cstring_to_text_with_len(view.data, (int) view.len));
}

/*
 * star_field_value returns the value of a field.
 */
Datum
star_field_value(StarField field, const void *derived, bool *isnull)
{
	const void *at = star_field_at(field, derived);

	*isnull = false;
	switch (field.kind)
	{
		case FIELD_NONE:
			break;
		case FIELD_DATUM:
			return *(const Datum *) at;
		case FIELD_NULLABLE:
			*isnull = ((const NullableDatum *) at)->isnull;
			return ((const NullableDatum *) at)->value;
		case FIELD_INT8:
			return Int64GetDatum(*(const int64 *) at);
		case FIELD_BOOL:
			return BoolGetDatum(*(const bool *) at);
		case FIELD_OPTIONAL_TIME:
			*isnull = TIMESTAMP_IS_NOBEGIN(*(const TimestampTz *) at);
			/* FALLTHROUGH */
		case FIELD_TIME:
			return TimestampTzGetDatum(*(const TimestampTz *) at);
		case FIELD_UUID:
			return UUIDPGetDatum((const pg_uuid_t *) at);
		case FIELD_TEXT:
			return star_text(*(const TextView *) at, isnull);
		case FIELD_OID:
			return ObjectIdGetDatum(*(const Oid *) at);
	}
	elog(ERROR, "no derived row has this column");
}
