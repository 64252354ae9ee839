/*
 * dimension.c
 *		Looks up the surrogate keys of many texts at a time in a dimension.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "spi/rows_kept.h"
#include "spi/statement.h"
#include "star/dimension.h"
#include "utils/array_reserve.h"

typedef struct MemberEntry
{
	uint32 hash;
	char status;
	DimensionMember *member;
	TextView text; /* points into the member */
} MemberEntry;

#define SH_PREFIX            member_table
#define SH_ELEMENT_TYPE      MemberEntry
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
#include "catalog/lock.h"
#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "star/star.h"

struct Dimension
{
	const Pipeline *pipeline;
	MemoryContext context; /* of all that follows; reset by dimension_trim */
	Size limit;
	char *find; /* SQL: $1 text[] -> (key, text) of the members that exist */
	char *make; /* SQL: $1 text[] -> (key, text) of the members that it has added */
	member_table_hash *members;
	DimensionMember **unresolved;
	int nunresolved;
	int capacity;
	DimensionMember *unknown;
};

/*
 * start_empty makes an empty hash table of members.
 */
static void
start_empty(Dimension *dimension)
{
	dimension->members = member_table_create(dimension->context, 256, NULL);
	dimension->capacity = 256;
	dimension->unresolved = MemoryContextAlloc(dimension->context, 256 * sizeof(DimensionMember *));
	dimension->nunresolved = 0;
	dimension->unknown = MemoryContextAllocZero(dimension->context, sizeof(DimensionMember));
	dimension->unknown->resolved = true;
}

/*
 * dimension_create prepares the lookup of a dimension's members.
 */
Dimension *
dimension_create(MemoryContext parent, const Pipeline *pipeline, StarDimensionId id, Size limit)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(parent);
	Dimension *dimension = palloc0(sizeof(Dimension));
	const StarDimension *table = &star_dimensions[id];
	char *name = star_relation(pipeline, table->relation);

	dimension->find = psprintf("SELECT d.%s, d.%s FROM %s AS d WHERE d.%s = ANY ($1) AND d.%s <> 0",
							   table->key, table->member, name, table->member, table->key);
	dimension->make =
		psprintf("INSERT INTO %s (%s) SELECT m FROM unnest($1) AS m ON CONFLICT DO NOTHING "
				 "RETURNING %s, %s",
				 name, table->member, table->key, table->member);
	dimension->pipeline = pipeline;
	dimension->limit = limit;
	dimension->context =
		AllocSetContextCreate(parent, "sessionize dimension", ALLOCSET_DEFAULT_SIZES);
	start_empty(dimension);
	MemoryContextSwitchTo(oldcontext);
	return dimension;
}

/*
 * add_unresolved puts a new member on the list of those without a key.
 */
static void
add_unresolved(Dimension *dimension, DimensionMember *member)
{
	array_reserve(dimension->unresolved, dimension->nunresolved, dimension->capacity, 256);
	dimension->unresolved[dimension->nunresolved++] = member;
}

/*
 * dimension_member returns the member of a text, which may have no key yet.
 */
DimensionMember *
dimension_member(Dimension *dimension, TextView text)
{
	MemberEntry *entry;
	bool found;

	if (text.data == NULL)
		return dimension->unknown;
	entry = member_table_insert(dimension->members, text, &found);
	if (!found)
	{
		DimensionMember *member =
			MemoryContextAlloc(dimension->context, offsetof(DimensionMember, text) + text.len);

		member->resolved = false;
		member->key = 0;
		member->len = text.len;
		memcpy(member->text, text.data, text.len);
		entry->member = member;
		entry->text.data = member->text;
		entry->text.len = text.len;
		add_unresolved(dimension, member);
	}
	return entry->member;
}

/*
 * compare_members orders members by their bytes, as the C collation does.
 */
static int
compare_members(const void *a, const void *b)
{
	const DimensionMember *left = *(DimensionMember *const *) a;
	const DimensionMember *right = *(DimensionMember *const *) b;
	int result = memcmp(left->text, right->text, Min(left->len, right->len));

	return result != 0 ? result : (left->len > right->len) - (left->len < right->len);
}

/*
 * unresolved_array returns the texts without a key as a sorted text[], and drops the texts that
 * have one from the list.
 */
static Datum
unresolved_array(Dimension *dimension)
{
	Datum *texts;
	int n = 0;

	for (int i = 0; i < dimension->nunresolved; i++)
		if (!dimension->unresolved[i]->resolved)
			dimension->unresolved[n++] = dimension->unresolved[i];
	dimension->nunresolved = n;
	qsort(dimension->unresolved, n, sizeof(DimensionMember *), compare_members);
	texts = palloc(Max(n, 1) * sizeof(Datum));
	for (int i = 0; i < n; i++)
		texts[i] = PointerGetDatum(cstring_to_text_with_len(dimension->unresolved[i]->text,
															(int) dimension->unresolved[i]->len));
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * take_key notes the key of a query's row (key, text).
 */
static void
take_key(void *arg, const SqlRow *row)
{
	Dimension *dimension = arg;
	bool isnull;
	Datum value = sql_row_datum(row, 2, &isnull);
	TextView view;
	MemberEntry *entry;

	/* a trigger may have made another text of it, or none */
	if (isnull)
		return;
	view.data = VARDATA_ANY(DatumGetTextPP(value));
	view.len = (uint32) VARSIZE_ANY_EXHDR(DatumGetTextPP(value));
	entry = member_table_lookup(dimension->members, view);
	if (entry == NULL)
		return;
	entry->member->key = sql_row_int4(row, 1);
	entry->member->resolved = true;
}

/*
 * run_query runs one of the dimension's two statements with the texts that have no key.
 */
static void
run_query(Dimension *dimension, const char *sql)
{
	Datum texts = unresolved_array(dimension);

	if (dimension->nunresolved > 0)
		sql_visit(sql, SQL_REPLACEABLE, SQL_VALUES(SQL_DATUM(TEXTARRAYOID, texts, false)), take_key,
				  dimension);
}

/*
 * any_unresolved tells whether there are texts without a key.
 */
static bool
any_unresolved(const Dimension *dimension)
{
	for (int i = 0; i < dimension->nunresolved; i++)
		if (!dimension->unresolved[i]->resolved)
			return true;
	return false;
}

/*
 * dimension_resolve finds the keys of all members, and adds the members that the dimension lacks.
 */
void
dimension_resolve(Dimension *dimension)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext texts;

	if (dimension->nunresolved == 0)
		return;
	texts = AllocSetContextCreate(caller, "sessionize dimension texts", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(texts);
	run_query(dimension, dimension->find);
	if (any_unresolved(dimension))
		/* two transactions that add members batch by batch, in different orders, would deadlock */
		pipeline_lock_dimensions(dimension->pipeline);
	run_query(dimension, dimension->make);
	/*
	 * another session may have added a member in between: it has committed, or the INSERT would
	 * wait
	 */
	run_query(dimension, dimension->find);
	(void) unresolved_array(dimension);
	if (dimension->nunresolved > 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("a dimension member can be neither found nor added"),
						errdetail("The statement that adds members: %s", dimension->make),
						errhint(ROWS_KEPT_HINT ".")));
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(texts);
}

/*
 * dimension_trim forgets the members if they have become too many.
 */
void
dimension_trim(Dimension *dimension)
{
	if (MemoryContextMemAllocated(dimension->context, true) <= dimension->limit)
		return;
	MemoryContextReset(dimension->context);
	start_empty(dimension);
}
