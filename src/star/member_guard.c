/*
 * member_guard.c
 *		Which members of the user's own dimensions became the member "other".
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "catalog/definition.h"
#include "catalog/star_relation.h"
#include "spi/statement.h"
#include "star/member_guard.h"
#include "utils/member.h"

typedef struct KnownEntry
{
	uint32 hash;
	char status;
	TextView text;
} KnownEntry;

#define SH_PREFIX            known_table
#define SH_ELEMENT_TYPE      KnownEntry
#define SH_KEY_TYPE          TextView
#define SH_KEY               text
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key).data, (int) (key).len)
#define SH_EQUAL(tb, a, b)   ((a).len == (b).len && memcmp((a).data, (b).data, (a).len) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) ((a)->hash)
#define SH_SCOPE           static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A dimension with max_members. */
typedef struct GuardedDimension
{
	const DimensionDefinition *definition; /* NULL: the dimension was not asked about yet */
	Oid *types;                            /* of its attributes */
	known_table_hash *known;               /* its members; NULL: it is not full */
	StringInfoData last;                   /* the member that was asked about last */
	bool last_is_other;
	StringInfoData json;
} GuardedDimension;

struct MemberGuard
{
	const Pipeline *pipeline;
	MemoryContext context;
	GuardedDimension dimensions[DIMENSIONS_MAX];
};

/*
 * member_guard_create prepares the guard.
 */
MemberGuard *
member_guard_create(MemoryContext parent, const Pipeline *pipeline)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize member guard", ALLOCSET_DEFAULT_SIZES);
	MemberGuard *guard = MemoryContextAllocZero(context, sizeof(MemberGuard));

	guard->pipeline = pipeline;
	guard->context = context;
	return guard;
}

/*
 * take_known notes a member of a dimension.
 */
static void
take_known(void *arg, const SqlRow *row)
{
	const char *text = sql_row_text(row, 1);
	bool found;

	if (text != NULL)
		(void) known_table_insert(arg, (TextView){text, strlen(text)}, &found);
}

/*
 * is_full tells whether a dimension has as many members as it can have.
 */
static bool
is_full(const DimensionDefinition *definition, const char *table)
{
	int64 members = 0;

	(void) sql_bigints(
		psprintf("SELECT count(*) FROM %s WHERE %s > 0", table, quote_identifier(definition->key)),
		SQL_READ_ONLY, SQL_NO_VALUES, &members, 1);
	return members >= definition->max_members;
}

/*
 * open_dimension reads the members of a dimension that is full.
 */
static void
open_dimension(MemberGuard *guard, GuardedDimension *dimension, StarDimensionId id)
{
	MemoryContext caller = MemoryContextSwitchTo(guard->context);
	const DimensionDefinition *definition = star_dimension(guard->pipeline, id)->own;
	const char *table =
		star_relation(guard->pipeline, star_dimension(guard->pipeline, id)->relation);

	dimension->definition = definition;
	dimension->types = palloc(definition->nattributes * sizeof(Oid));
	for (int i = 0; i < definition->nattributes; i++)
		dimension->types[i] =
			guard->pipeline->types[attribute_column(definition->attributes[i].attribute)];
	initStringInfo(&dimension->last);
	initStringInfo(&dimension->json);
	if (definition->max_members > 0 && is_full(definition, table))
	{
		dimension->known = known_table_create(guard->context, 256, NULL);
		sql_visit(psprintf("SELECT member FROM %s WHERE %s > 0", table,
						   quote_identifier(definition->key)),
				  SQL_READ_ONLY, SQL_NO_VALUES, take_known, dimension->known);
	}
	MemoryContextSwitchTo(caller);
}

/*
 * is_other tells whether a member became "other".
 */
static bool
is_other(GuardedDimension *dimension, TextView member)
{
	if (dimension->known == NULL || member.data == NULL)
		return false;
	/* the attributes of one member are asked for one after the other */
	if (text_view_equal(member, (TextView){dimension->last.data, dimension->last.len}))
		return dimension->last_is_other;
	resetStringInfo(&dimension->last);
	appendBinaryStringInfo(&dimension->last, member.data, member.len);
	resetStringInfo(&dimension->json);
	member_append_json(&dimension->json, member, dimension->types,
					   dimension->definition->nattributes);
	dimension->last_is_other =
		known_table_lookup(dimension->known,
						   (TextView){dimension->json.data, dimension->json.len}) == NULL;
	return dimension->last_is_other;
}

/*
 * member_guard_value returns the value of an attribute as it is stored.
 */
Datum
member_guard_value(MemberGuard *guard, StarDimensionId id, StarField field, Oid type,
				   const void *derived, bool *isnull)
{
	GuardedDimension *dimension = &guard->dimensions[id - DIMENSION_OWN];
	StarField member = field;

	member.kind = FIELD_MEMBER;
	if (dimension->definition == NULL)
		open_dimension(guard, dimension, id);
	if (!is_other(dimension, star_field_text(member, derived)))
		return star_field_value(field, derived, isnull);
	*isnull = type != TEXTOID;
	return *isnull ? (Datum) 0 : CStringGetTextDatum(OTHER_TEXT);
}
