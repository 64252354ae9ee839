/*
 * draw.c
 *		The SQL functions draw() and draw_json(): the value at one path of a JSON document.
 *
 * Expressions draw many values from the same document, each with a call of its own.  The calls of a
 * query that take their document from the same column share it: the first one for a row makes it
 * whole, if it is stored compressed or out of line, and walks over it once to the values of all of
 * them; the others only take theirs.
 *
 * Which document the values are of is told by the bytes that are stored in the row, of which a copy
 * is kept.  So a call depends on nothing but its arguments.  Where a reader of ours says when a row
 * is over (draw_next_row), the place of the document tells as much, nothing is copied, and texts
 * are made once for all calls with the same path.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/detoast.h"
#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "compat.h"
#include "web/draw.h"
#include "web/draw_walk.h"
#include "web/result.h"

PG_FUNCTION_INFO_V1(sz_draw);
PG_FUNCTION_INFO_V1(sz_draw_json);

/* A document of which the row has more bytes than this is not shared: they would be copied. */
#define SHARED_MAX_SIZE ((Size) 16 * 1024)

/* So much of a document is fetched into the processor's cache before it is walked over. */
#define FETCHED_AHEAD ((Size) 4096)

/* The calls of so many paths share a document; further ones share another copy. */
#define SHARED_MAX_PATHS 200

/* The texts of a row that are made once have so much room. */
#define TEXT_MEMORY ((Size) 32 * 1024)

/* The document that calls of one query share. */
typedef struct SharedDocument
{
	struct SharedDocument *next;
	MemoryContext memory;
	MemoryContext query;  /* the calls' fn_mcxt */
	const Node *argument; /* the column that has the document */
	MemoryContextCallback forget;

	int npaths;
	Datum *paths; /* texts */
	DrawPaths *compiled;
	DrawnValue *values; /* by path */

	bool is_walked;
	bool is_by_row;               /* draw_next_row is called for the query */
	const struct varlena *stored; /* where the document is in the row */
	char *copy;                   /* of its bytes there, unless is_by_row */
	Size copied;
	Jsonb *whole;      /* what was made of a document that is not whole in the row */
	Datum *texts;      /* by path; 0: not made yet; only if is_by_row */
	char *text_memory; /* of the texts of a row */
	Size text_used;
} SharedDocument;

/* What a call site keeps between its calls. */
typedef struct CallSite
{
	SharedDocument *shared; /* NULL: the call draws alone */
	int position;           /* in the shared document's paths */

	text *path; /* of the latest call that drew alone */
	DrawPaths *compiled;
	DrawnValue value;
} CallSite;

/* The shared documents of all queries that run. */
static SharedDocument *shared_documents = NULL;

/*
 * forget_shared removes a shared document whose memory goes away.
 */
static void
forget_shared(void *arg)
{
	SharedDocument **link = &shared_documents;

	while (*link != arg)
		link = &(*link)->next;
	*link = (*link)->next;
}

/*
 * make_shared makes a shared document, without paths.
 */
static SharedDocument *
make_shared(MemoryContext query, const Node *argument)
{
	MemoryContext memory = AllocSetContextCreate(query, "document of draw", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	SharedDocument *shared = palloc0(sizeof(SharedDocument));

	shared->memory = memory;
	shared->query = query;
	shared->argument = copyObject(argument);
	shared->paths = palloc(SHARED_MAX_PATHS * sizeof(Datum));
	shared->values = palloc0(SHARED_MAX_PATHS * sizeof(DrawnValue));
	shared->texts = palloc0(SHARED_MAX_PATHS * sizeof(Datum));
	shared->copy = palloc(SHARED_MAX_SIZE);
	shared->text_memory = palloc(TEXT_MEMORY);
	shared->next = shared_documents;
	shared->forget = (MemoryContextCallback){.func = forget_shared, .arg = shared};
	MemoryContextRegisterResetCallback(memory, &shared->forget);
	shared_documents = shared;
	MemoryContextSwitchTo(caller);
	return shared;
}

/*
 * find_shared returns the document that a query's calls share for a column, with room for a path.
 */
static SharedDocument *
find_shared(MemoryContext query, const Node *argument)
{
	for (SharedDocument *shared = shared_documents; shared != NULL; shared = shared->next)
		if (shared->query == query && shared->npaths < SHARED_MAX_PATHS &&
			equal(shared->argument, argument))
			return shared;
	return make_shared(query, argument);
}

/*
 * same_bytes tells whether two values are stored as the same bytes.
 */
static inline bool
same_bytes(const void *a, Size size_of_a, const void *b)
{
	return size_of_a == VARSIZE_ANY(b) && memcmp(a, b, size_of_a) == 0;
}

/*
 * add_path adds a path to those of a shared document, and returns its position.
 */
static int
add_path(SharedDocument *shared, text *path)
{
	MemoryContext caller;
	DrawPaths *compiled;

	for (int i = 0; i < shared->npaths; i++)
		if (same_bytes(path, VARSIZE_ANY(path), DatumGetPointer(shared->paths[i])))
			return i;
	caller = MemoryContextSwitchTo(shared->memory);
	shared->paths[shared->npaths] = datumCopy(PointerGetDatum(path), false, -1);
	MemoryContextSwitchTo(caller);
	compiled = draw_paths_compile(shared->paths, NULL, shared->npaths + 1, shared->memory);
	if (shared->compiled != NULL)
		MemoryContextDelete(shared->compiled->memory);
	shared->compiled = compiled;
	shared->is_walked = false;
	return shared->npaths++;
}

/*
 * shared_argument returns the column from which a call takes its document, if its path is constant;
 * otherwise NULL.
 */
static const Node *
shared_argument(const FmgrInfo *flinfo)
{
	const List *arguments;
	const Node *document;

	if (flinfo->fn_expr == NULL || !IsA(flinfo->fn_expr, FuncExpr))
		return NULL;
	arguments = ((const FuncExpr *) flinfo->fn_expr)->args;
	document = linitial(arguments);
	return IsA(document, Var) && IsA(lsecond(arguments), Const) ? document : NULL;
}

/*
 * call_site returns what a call site keeps.
 */
static inline CallSite *
call_site(FunctionCallInfo fcinfo)
{
	FmgrInfo *flinfo = fcinfo->flinfo;
	CallSite *site = flinfo->fn_extra;
	const Node *argument;

	if (likely(site != NULL))
		return site;
	site = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallSite));
	argument = shared_argument(flinfo);
	if (argument != NULL)
	{
		site->shared = find_shared(flinfo->fn_mcxt, argument);
		site->position = add_path(site->shared, PG_GETARG_TEXT_PP(1));
	}
	flinfo->fn_extra = site;
	return site;
}

/*
 * has_document tells whether a shared document is the one that the row has.
 */
static inline bool
has_document(const SharedDocument *shared, const struct varlena *stored)
{
	return shared->is_walked &&
		   (shared->is_by_row ? shared->stored == stored
							  : same_bytes(shared->copy, shared->copied, stored));
}

/*
 * make_whole returns a shared document as it is in memory: decompressed, and fetched.
 */
static const Jsonb *
make_whole(SharedDocument *shared, const struct varlena *stored)
{
	MemoryContext caller;

	if (shared->whole != NULL)
		pfree(shared->whole);
	shared->whole = NULL;
	if (!VARATT_IS_EXTENDED(stored))
		return (const Jsonb *) stored;
	caller = MemoryContextSwitchTo(shared->memory);
	shared->whole = (Jsonb *) detoast_attr(unconstify(struct varlena *, stored));
	MemoryContextSwitchTo(caller);
	return shared->whole;
}

/*
 * fetch_ahead asks the processor for the memory of a document that is read in no order.
 */
static inline void
fetch_ahead(const struct varlena *stored)
{
	Size size = Min(VARSIZE_ANY(stored), FETCHED_AHEAD);

	for (Size i = 0; i < size; i += PG_CACHE_LINE_SIZE / 2)
		__builtin_prefetch((const char *) stored + i);
}

/*
 * take_document makes a document the shared one, and finds the values of all its paths.
 */
static void
take_document(SharedDocument *shared, const struct varlena *stored)
{
	shared->is_walked = false;
	fetch_ahead(stored);
	if (!shared->is_by_row)
	{
		shared->copied = VARSIZE_ANY(stored);
		stored = memcpy(shared->copy, stored, shared->copied);
	}
	else if (shared->stored != stored)
		memset(shared->texts, 0, shared->npaths * sizeof(Datum));
	shared->stored = stored;
	draw_walk(make_whole(shared, stored), shared->compiled, shared->values);
	shared->is_walked = true;
}

/*
 * draw_next_row notes that a row of a query is over.
 */
void
draw_next_row(MemoryContext query)
{
	for (SharedDocument *shared = shared_documents; shared != NULL; shared = shared->next)
		if (shared->query == query)
		{
			shared->is_by_row = true;
			shared->is_walked = false;
			shared->stored = NULL;
			shared->text_used = 0;
		}
}

/*
 * shareable tells whether a document can be shared by calls.
 */
static inline bool
shareable(const SharedDocument *shared, const struct varlena *stored)
{
	if (shared->is_by_row)
		return true;
	return VARSIZE_ANY(stored) <= SHARED_MAX_SIZE &&
		   (!VARATT_IS_EXTERNAL(stored) || VARATT_IS_EXTERNAL_ONDISK(stored));
}

/*
 * compile_alone compiles the path of a call that draws alone.
 */
static void
compile_alone(CallSite *site, text *path, MemoryContext memory)
{
	Datum paths[1] = {PointerGetDatum(path)};
	DrawPaths *compiled = draw_paths_compile(paths, NULL, 1, memory);

	if (site->compiled != NULL)
		MemoryContextDelete(site->compiled->memory);
	site->compiled = compiled;
	site->path =
		memcpy(MemoryContextAlloc(compiled->memory, VARSIZE_ANY(path)), path, VARSIZE_ANY(path));
}

/*
 * draw_alone returns the value that a call draws by itself.
 */
static const DrawnValue *
draw_alone(FunctionCallInfo fcinfo, CallSite *site)
{
	const Jsonb *document = PG_GETARG_JSONB_P(0);
	text *path = PG_GETARG_TEXT_PP(1);

	if (site->compiled == NULL || !same_bytes(path, VARSIZE_ANY(path), site->path))
		compile_alone(site, path, fcinfo->flinfo->fn_mcxt);
	draw_walk(document, site->compiled, &site->value);
	return &site->value;
}

/*
 * shared_call returns the shared document of a call, with its values found; NULL for a call that
 * draws alone.
 */
static inline SharedDocument *
shared_call(FunctionCallInfo fcinfo, const CallSite *site)
{
	SharedDocument *shared = site->shared;
	const struct varlena *stored = PG_GETARG_RAW_VARLENA_P(0);

	if (shared == NULL || !shareable(shared, stored))
		return NULL;
	if (!has_document(shared, stored))
		take_document(shared, stored);
	return shared;
}

/*
 * keep_text returns a text that all calls of a row with its path use, if there is room for it.
 */
static Datum
keep_text(SharedDocument *shared, int position, TextView text)
{
	Size size = VARHDRSZ + (Size) text.len;
	struct varlena *kept = (struct varlena *) (shared->text_memory + shared->text_used);

	if (size > TEXT_MEMORY - shared->text_used)
		return PointerGetDatum(cstring_to_text_with_len(text.data, (int) text.len));
	SET_VARSIZE(kept, size);
	memcpy(VARDATA(kept), text.data, text.len);
	shared->text_used += Min(INTALIGN(size), TEXT_MEMORY - shared->text_used);
	return shared->texts[position] = PointerGetDatum(kept);
}

/*
 * sz_draw returns the value at a path as a text.
 */
Datum
sz_draw(PG_FUNCTION_ARGS)
{
	CallSite *site = call_site(fcinfo);
	SharedDocument *shared = shared_call(fcinfo, site);
	TextView text;

	if (shared == NULL)
		return text_result(fcinfo, drawn_text(draw_alone(fcinfo, site)));
	if (shared->is_by_row && shared->texts[site->position] != 0)
		return shared->texts[site->position];
	text = drawn_text(&shared->values[site->position]);
	if (shared->is_by_row && text.data != NULL)
		return keep_text(shared, site->position, text);
	return text_result(fcinfo, text);
}

/*
 * sz_draw_json returns the value at a path as JSON.
 */
Datum
sz_draw_json(PG_FUNCTION_ARGS)
{
	CallSite *site = call_site(fcinfo);
	SharedDocument *shared = shared_call(fcinfo, site);
	Jsonb *value =
		drawn_jsonb(shared != NULL ? &shared->values[site->position] : draw_alone(fcinfo, site));

	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(value);
}
