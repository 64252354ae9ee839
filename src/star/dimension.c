/*
 * dimension.c
 *		Looks up the surrogate keys of many members at a time in a dimension.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "catalog/definition.h"
#include "catalog/extension_sql.h"
#include "spi/rows_kept.h"
#include "spi/scope.h"
#include "spi/statement.h"
#include "star/dimension.h"
#include "star/member_guard.h"
#include "utils/array_reserve.h"
#include "utils/member.h"

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

/* The planner's settings without which a lookup reads no table as a whole. */
static const char *const paths_of_whole_tables[] = {"enable_seqscan", "enable_hashjoin",
													"enable_mergejoin"};

struct Dimension
{
	const Pipeline *pipeline;
	MemoryContext context; /* of all that follows; reset by dimension_trim */
	Size limit;
	char *find; /* SQL: $1 text[] -> (key, position in $1) of the members that exist */
	char *make; /* SQL that adds members: $1 text[] */
	const DimensionDefinition *own; /* NULL: the dimension is built in */
	char *count;                    /* SQL that counts the members, if there can't be any number */
	Oid *types;                     /* of the attributes of "own" */
	member_table_hash *members;
	DimensionMember **unresolved;
	int nunresolved;
	int capacity;
	DimensionMember *unknown;
	DimensionMember *last; /* that was asked for; NULL: none */
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
	dimension->last = NULL;
}

/*
 * set_statements makes the SQL of the lookup.
 */
static void
set_statements(Dimension *dimension, const StarDimension *table)
{
	const char *name = star_relation(dimension->pipeline, table->relation);
	StringInfoData columns;
	StringInfoData values;

	initStringInfo(&columns);
	initStringInfo(&values);
	for (int i = 0; table->own != NULL && i < table->own->nattributes; i++)
	{
		appendStringInfo(&columns, ", %s", quote_identifier(table->own->attributes[i].name));
		appendStringInfo(&values, ", %s", star_member_part_sql(dimension->pipeline, table, i));
	}
	dimension->find =
		psprintf("SELECT d.%s, j.n FROM unnest($1) WITH ORDINALITY AS j (m, n), %s AS d "
				 "WHERE d.%s = j.m AND d.%s > 0",
				 quote_identifier(table->key), name, table->member, quote_identifier(table->key));
	dimension->make = psprintf(
		"INSERT INTO %s (%s%s) SELECT j.m%s FROM unnest($1) AS j (m) ON CONFLICT DO NOTHING", name,
		table->member, columns.data, values.data);
}

/*
 * set_own prepares the lookup in a dimension that the user has added.
 */
static void
set_own(Dimension *dimension, const StarDimension *table)
{
	const DimensionDefinition *own = table->own;

	dimension->own = own;
	dimension->types = palloc(own->nattributes * sizeof(Oid));
	for (int i = 0; i < own->nattributes; i++)
		dimension->types[i] =
			dimension->pipeline->types[attribute_column(own->attributes[i].attribute)];
	if (own->max_members > 0)
		dimension->count = psprintf("SELECT count(*) FROM %s WHERE %s > 0",
									star_relation(dimension->pipeline, table->relation),
									quote_identifier(own->key));
}

/*
 * dimension_create prepares the lookup of a dimension's members.
 */
Dimension *
dimension_create(MemoryContext parent, const Pipeline *pipeline, StarDimensionId id, Size limit)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(parent);
	Dimension *dimension = palloc0(sizeof(Dimension));
	const StarDimension *table = star_dimension(pipeline, id);

	dimension->pipeline = pipeline;
	if (table->own != NULL)
		set_own(dimension, table);
	set_statements(dimension, table);
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
 * look_up returns a member that is not unknown.
 */
static DimensionMember *
look_up(Dimension *dimension, TextView text)
{
	bool found;
	MemberEntry *entry = member_table_insert(dimension->members, text, &found);

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
 * dimension_member returns a member, which may have no key yet.  Successive events of a session have
 * often the same one.
 */
DimensionMember *
dimension_member(Dimension *dimension, TextView text)
{
	const DimensionMember *last = dimension->last;

	if (text.data == NULL)
		return dimension->unknown;
	if (last == NULL || last->len != text.len || memcmp(last->text, text.data, text.len) != 0)
		dimension->last = look_up(dimension, text);
	return dimension->last;
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
 * member_text returns the text by which a member is found.
 */
static Datum
member_text(const Dimension *dimension, const DimensionMember *member)
{
	StringInfoData json;

	if (dimension->own == NULL)
		return PointerGetDatum(cstring_to_text_with_len(member->text, (int) member->len));
	initStringInfo(&json);
	member_append_json(&json, (TextView){member->text, member->len}, dimension->types,
					   dimension->own->nattributes);
	return PointerGetDatum(cstring_to_text_with_len(json.data, json.len));
}

/*
 * unresolved_array returns the texts of the members without a key as a text[], in the order of the
 * members' bytes, and drops the members that have one from the list.
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
		texts[i] = member_text(dimension, dimension->unresolved[i]);
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * take_key notes the key of a query's row (key, position of the member).
 */
static void
take_key(void *arg, const SqlRow *row)
{
	Dimension *dimension = arg;
	DimensionMember *member = dimension->unresolved[sql_row_int8(row, 2) - 1];

	member->key = sql_row_int4(row, 1);
	member->resolved = true;
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
 * find_keys finds the keys of members that the dimension has, each by a look into its index.  During
 * a first build nothing is known about a dimension that grows all the time, and the planner, which
 * takes an exclusion constraint's index for one with many rows for each value, would read the whole
 * dimension for every batch.
 */
static void
find_keys(Dimension *dimension)
{
	int guc_level = NewGUCNestLevel();

	for (size_t i = 0; i < lengthof(paths_of_whole_tables); i++)
		setting_pin(paths_of_whole_tables[i], "off");
	run_query(dimension, dimension->find);
	pinned_settings_leave(guc_level);
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
 * note_full notes that the dimension is full.
 */
static void
note_full(const Dimension *dimension)
{
	extension_run("UPDATE sessionize.dimension SET full_since = now() "
				  "WHERE pipeline_id = $1 AND number = $2 AND full_since IS NULL",
				  SQL_READ_WRITE,
				  SQL_VALUES(SQL_INT4(dimension->pipeline->id), SQL_INT4(dimension->own->number)));
}

/*
 * take_others makes the members for which the dimension has no room the member "other".  The lock
 * on the pipeline's dimensions is held.
 */
static void
take_others(Dimension *dimension)
{
	int64 room;

	if (dimension->count == NULL)
		return;
	find_keys(dimension);
	(void) unresolved_array(dimension);
	(void) sql_bigints(dimension->count, SQL_READ_WRITE, SQL_NO_VALUES, &room, 1);
	room = Max(dimension->own->max_members - room, 0);
	if (room >= dimension->nunresolved)
		return;
	for (int i = (int) room; i < dimension->nunresolved; i++)
	{
		dimension->unresolved[i]->key = OTHER_KEY;
		dimension->unresolved[i]->resolved = true;
	}
	note_full(dimension);
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
	find_keys(dimension);
	if (any_unresolved(dimension))
	{
		/* two transactions that add members batch by batch, in different orders, would deadlock */
		pipeline_lock_dimensions(dimension->pipeline);
		take_others(dimension);
	}
	run_query(dimension, dimension->make);
	/*
	 * another session may have added a member in between: it has committed, or the INSERT would
	 * wait
	 */
	find_keys(dimension);
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
