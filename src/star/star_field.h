/*
 * star_field.h
 *		Where a derived row (derived.h) has the value of a star's column, and how it becomes a
 *		Datum.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_FIELD_H
#define SESSIONIZE_STAR_FIELD_H

#include "postgres.h"

#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "compat.h"
#include "derive/derived.h"
#include "utils/member.h"
#include "utils/text_view.h"

/* The C type of the field. */
typedef enum StarFieldKind
{
	FIELD_NONE,          /* no derived row has the column */
	FIELD_DATUM,         /* Datum, never NULL */
	FIELD_NULLABLE,      /* NullableDatum */
	FIELD_INT8,          /* int64 */
	FIELD_INT4,          /* int32 */
	FIELD_BOOL,          /* bool */
	FIELD_TIME,          /* TimestampTz */
	FIELD_OPTIONAL_TIME, /* TimestampTz, DT_NOBEGIN for NULL */
	FIELD_UUID,          /* pg_uuid_t */
	FIELD_TEXT,          /* TextView */
	FIELD_OID,           /* Oid */
	/* in an array to which the field points: */
	FIELD_MEASURE,    /* a measure, which is a NullableDatum */
	FIELD_MEMBER,     /* a member (member.h) */
	FIELD_MEMBER_PART /* the value of one of a member's attributes */
} StarFieldKind;

typedef struct StarField
{
	StarFieldKind kind;
	size_t offset;
	uint16 index; /* in that array */
	uint16 part;  /* of FIELD_MEMBER_PART: the index of the attribute, and how it is stored */
	ValueLayout layout;
} StarField;

static inline const void *
star_field_at(StarField field, const void *derived)
{
	return (const char *) derived + field.offset;
}

static inline TimestampTz
star_field_time(StarField field, const void *derived)
{
	return *(const TimestampTz *) star_field_at(field, derived);
}

/*
 * star_field_day returns the Julian day that a column's date key stands for.
 */
static inline int32
star_field_day(StarField field, const void *derived)
{
	return *(const int32 *) star_field_at(field, derived);
}

/*
 * star_field_text returns the natural key that a column's surrogate key stands for: a text, or a
 * member.
 */
static inline TextView
star_field_text(StarField field, const void *derived)
{
	const void *at = star_field_at(field, derived);

	return field.kind == FIELD_MEMBER ? (*(const TextView *const *) at)[field.index]
									  : *(const TextView *) at;
}

/* A text as a Datum, in CurrentMemoryContext; NULL if it has no data. */
extern Datum star_text(TextView view, bool *isnull);

/* The error for a column without a field. */
pg_noreturn extern void star_field_none(void);

/*
 * The value of a field.  Texts are made in CurrentMemoryContext; other values by reference point
 * into the derived row.
 */
static inline Datum
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
		case FIELD_INT4:
			return Int32GetDatum(*(const int32 *) at);
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
		case FIELD_MEMBER:
			break;
		case FIELD_MEMBER_PART:
			return member_value((*(const TextView *const *) at)[field.index], field.part,
								field.layout, isnull);
		case FIELD_MEASURE:
			*isnull = (*(const NullableDatum *const *) at)[field.index].isnull;
			return (*(const NullableDatum *const *) at)[field.index].value;
	}
	star_field_none();
}

#endif /* SESSIONIZE_STAR_FIELD_H */
