/*
 * page_set.c
 *		Counts the different pages of a session.
 *
 * Few pages are compared one by one, more are looked up in a hash table, and if there are more than
 * the budget holds, they go through a sort.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/tuplesort.h"

#include "compat.h"
#include "core/hash.h"
#include "derive/key_rows.h"
#include "derive/page_set.h"
#include "utils/pass_limit.h"

/* Up to so many pages are compared one by one. */
#define FEW 8

/* The capacity of an empty set, and the most that is kept for the next session. */
#define MIN_CAPACITY 32
#define MAX_KEPT     1024

/* The largest budget, in bytes; it keeps counts within 32 bits. */
#define MAX_BUDGET ((Size) 1024 * 1024 * 1024)

/* The memory for a page apart from its text. */
#define PAGE_COST (sizeof(SetPage) + 4 * sizeof(uint32))

typedef struct SetPage
{
	TextView text;
	uint32 hash;
} SetPage;

struct PageSet
{
	MemoryContext context; /* of copied texts */
	Size budget;
	Size used;
	uint64 seed;
	SetPage *pages;
	uint32 count;
	uint32 capacity;
	/*
	 * hash table, of a power of two entries: index into pages, plus 1; 0: empty.  Used from FEW
	 * pages on.
	 */
	uint32 *buckets;
	uint32 nbuckets;
	Tuplesortstate *sort;
};

/*
 * page_set_create makes an empty set.
 */
PageSet *
page_set_create(Size budget, uint64 seed)
{
	PageSet *set = palloc0(sizeof(PageSet));

	set->context =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize pages", ALLOCSET_DEFAULT_SIZES);
	set->budget = Min(budget, MAX_BUDGET);
	set->seed = seed;
	set->capacity = MIN_CAPACITY;
	set->pages = palloc(set->capacity * sizeof(SetPage));
	return set;
}

/*
 * bucket_of returns the bucket of a page, or the empty bucket where it has to go.
 */
static uint32 *
bucket_of(const PageSet *set, TextView text, uint32 hash)
{
	uint32 i;

	for (i = hash & (set->nbuckets - 1); set->buckets[i] != 0; i = (i + 1) & (set->nbuckets - 1))
	{
		const SetPage *page = &set->pages[set->buckets[i] - 1];

		if (page->hash == hash && text_view_equal(page->text, text))
			break;
	}
	return &set->buckets[i];
}

/*
 * rebuild_buckets makes a hash table for the set's capacity.
 */
static void
rebuild_buckets(PageSet *set)
{
	uint32 i;

	if (set->nbuckets == 2 * set->capacity)
		memset(set->buckets, 0, set->nbuckets * sizeof(uint32));
	else
	{
		if (set->buckets != NULL)
			pfree(set->buckets);
		set->nbuckets = 2 * set->capacity;
		set->buckets =
			MemoryContextAllocZero(GetMemoryChunkContext(set), set->nbuckets * sizeof(uint32));
	}
	for (i = 0; i < set->count; i++)
		*bucket_of(set, set->pages[i].text, set->pages[i].hash) = i + 1;
}

/*
 * resize gives the set room for capacity pages.
 */
static void
resize(PageSet *set, uint32 capacity)
{
	set->capacity = capacity;
	set->pages = repalloc_huge(set->pages, (Size) capacity * sizeof(SetPage));
	rebuild_buckets(set);
}

/*
 * sort_page adds a page to the sort.
 */
static void
sort_page(PageSet *set, TextView page)
{
	text *value = cstring_to_text_with_len(page.data, page.len);

	tuplesort_putdatum(set->sort, PointerGetDatum(value), false);
	pfree(value);
}

/*
 * go_on_as_sort begins the sort with the set's pages.  Later pages go to the sort directly.
 */
static void
go_on_as_sort(PageSet *set)
{
	MemoryContext caller = MemoryContextSwitchTo(GetMemoryChunkContext(set));
	uint32 i;

	set->sort = tuplesort_begin_datum(TEXTOID, TextLessOperator, C_COLLATION_OID, false,
									  sort_memory(set->budget), NULL, TUPLESORT_NONE);
	MemoryContextSwitchTo(caller);
	for (i = 0; i < set->count; i++)
		sort_page(set, set->pages[i].text);
}

/*
 * find_few tells whether the set has a page, without the hash table.
 */
static bool
find_few(const PageSet *set, TextView page, uint32 hash)
{
	uint32 i;

	for (i = set->count; i > 0; i--)
	{
		if (set->pages[i - 1].hash == hash && text_view_equal(set->pages[i - 1].text, page))
			return true;
	}
	return false;
}

/*
 * keep_text returns the text, or a copy that lives until the next reset.
 */
static TextView
keep_text(PageSet *set, TextView text, bool copy)
{
	char *kept;

	if (!copy)
		return text;
	kept = MemoryContextAllocHuge(set->context, Max(text.len, 1));
	memcpy(kept, text.data, text.len);
	set->used += text.len;
	text.data = kept;
	return text;
}

/*
 * page_set_add adds a page.
 */
void
page_set_add(PageSet *set, TextView page, bool copy)
{
	uint32 hash;
	uint32 *bucket = NULL;

	if (set->sort != NULL)
	{
		sort_page(set, page);
		return;
	}
	hash = (uint32) sz_hash_bytes(page.data, page.len, set->seed);
	if (set->count <= FEW)
	{
		if (find_few(set, page, hash))
			return;
		if (set->count == FEW)
			rebuild_buckets(set);
	}
	if (set->count >= FEW)
	{
		bucket = bucket_of(set, page, hash);
		if (*bucket != 0)
			return;
		*bucket = set->count + 1;
	}
	set->pages[set->count].text = keep_text(set, page, copy);
	set->pages[set->count].hash = hash;
	set->count++;
	set->used += PAGE_COST;
	if (set->used > set->budget)
		go_on_as_sort(set);
	else if (set->count == set->capacity)
		resize(set, 2 * set->capacity);
}

/*
 * count_sorted returns the number of different pages in the sort, and ends the sort.
 */
static int64
count_sorted(PageSet *set)
{
	StringInfoData previous;
	int64 count = 0;
	Datum value;
	bool isnull;

	initStringInfo(&previous);
	tuplesort_performsort(set->sort);
	while (sz_tuplesort_getdatum(set->sort, &value, &isnull))
	{
		text *page = DatumGetTextPP(value);
		int len = VARSIZE_ANY_EXHDR(page);

		pass_progress();
		if (count == 0 || previous.len != len || memcmp(previous.data, VARDATA_ANY(page), len) != 0)
		{
			count++;
			resetStringInfo(&previous);
			appendBinaryStringInfo(&previous, VARDATA_ANY(page), len);
		}
		pfree(DatumGetPointer(value));
	}
	pfree(previous.data);
	tuplesort_end(set->sort);
	set->sort = NULL;
	return count;
}

/*
 * page_set_count_and_reset counts the pages and empties the set.
 */
int64
page_set_count_and_reset(PageSet *set)
{
	int64 count = set->sort != NULL ? count_sorted(set) : set->count;

	set->count = 0;
	set->used = 0;
	MemoryContextReset(set->context);
	if (set->capacity > MAX_KEPT)
		resize(set, MIN_CAPACITY);
	return count;
}
