/*
 * star_versions.c
 *		The columns of the views that show the versions of session keys.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "star/star_versions.h"

/* The columns that each of the views has; the key and the attributes of the member follow. */
static const StarVersionColumn fixed_columns[] = {
	{"session_key", "v.session_key", "the session key that had this member"},
	{"valid_from", "CASE WHEN v.before IS NULL THEN '-infinity'::timestamptz ELSE v.event_time END",
	 "the first event with this member; -infinity for the key's first"},
	{"valid_to", "lead(v.event_time, 1, 'infinity'::timestamptz) OVER w",
	 "the first event with the next; infinity for the last"},
	{"is_current", "lead(v.event_time) OVER w IS NULL", "no other member follows"},
};

/*
 * star_version_columns returns the columns of the view of a dimension's versions.
 */
const StarVersionColumn *
star_version_columns(const DimensionDefinition *dimension, int *count)
{
	int fixed = lengthof(fixed_columns);
	StarVersionColumn *columns =
		palloc((fixed + 1 + dimension->nattributes) * sizeof(StarVersionColumn));

	memcpy(columns, fixed_columns, sizeof(fixed_columns));
	*count = fixed;
	columns[(*count)++] = (StarVersionColumn){
		.name = dimension->key,
		.sql = psprintf("v.%s", quote_identifier(dimension->key)),
		.comment = psprintf("key in %s; 0 before any attribute was known", dimension->table)};
	for (int i = 0; i < dimension->nattributes; i++)
	{
		const MemberAttribute *attribute = &dimension->attributes[i];

		columns[(*count)++] = (StarVersionColumn){
			.name = attribute->column,
			.sql = psprintf("d.%s", quote_identifier(attribute->name)),
			.comment = psprintf("the last known value of %s; NULL: not known", attribute->given)};
	}
	return columns;
}
