/*
 * contract_fuzz.c
 *		JSON Schemas and documents, changed at random, given to the functions of src/contract.
 *
 * It is a module of its own, built with sanitizers by scripts/fuzz-contract.  Schemas and documents
 * lie in memory of exactly their size, so that a read beyond their end is noticed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "fuzz_module.h"

PG_FUNCTION_INFO_V1(fuzz_contract);

/* A pair that takes longer fails the run. */
#define MAX_SECONDS 20

/* No text grows beyond this. */
#define MAX_TEXT 20000

/* The values that pairs are made of. */
typedef struct Pool
{
	Datum *values;
	int count;
	uint64 state;
	int chance; /* of a change of one value, in thousands */
} Pool;

static void write_container(Pool *pool, StringInfo out, JsonbContainer *container);

/*
 * changes tells whether the next value is to be changed.
 */
static bool
changes(Pool *pool)
{
	return fuzz_draw(&pool->state, 1000) < (uint32) pool->chance;
}

/*
 * any_value returns one of the values.
 */
static Jsonb *
any_value(Pool *pool)
{
	return DatumGetJsonbP(pool->values[fuzz_draw(&pool->state, (uint32) pool->count)]);
}

/*
 * write_any writes one of the values, or one that is at the end of what there is.
 */
static void
write_any(Pool *pool, StringInfo out)
{
	static const char *const ends[] = {"null",
									   "true",
									   "false",
									   "0",
									   "-0",
									   "1.0",
									   "1e131000",
									   "-1e131000",
									   "1e-16000",
									   "0.1",
									   "4294967295",
									   "4294967296",
									   "9223372036854775807",
									   "1e16",
									   "\"\"",
									   "\"#\"",
									   "\"#/\"",
									   "\"#/$defs/a\"",
									   "\"\\u00e4\"",
									   "\"\\ud83d\\ude00\"",
									   "\"(a|b)*c{2,300}\"",
									   "\"^[\\\\d-\"",
									   "\"^\\\\p{L}+$\"",
									   "\"http://a.example/%zz\"",
									   "\"2026-02-29T23:59:60Z\"",
									   "[]",
									   "{}",
									   "[[[[]]]]",
									   "{\"\": {\"\": {}}}",
									   "[1, 1.0]",
									   "{\"$ref\": \"#\"}"};
	Jsonb *value;

	if (fuzz_draw(&pool->state, 2) == 0)
	{
		appendStringInfoString(out, ends[fuzz_draw(&pool->state, lengthof(ends))]);
		return;
	}
	value = any_value(pool);
	if (VARSIZE(value) > 2000)
		appendStringInfoString(out, "{}");
	else
		(void) JsonbToCString(out, &value->root, VARSIZE(value));
}

/*
 * write_text writes a string, perhaps cut, doubled or from another value.
 */
static void
write_text(Pool *pool, StringInfo out, const char *data, int len)
{
	StringInfoData text;

	initStringInfo(&text);
	appendBinaryStringInfo(&text, data, len);
	if (changes(pool))
	{
		switch (fuzz_draw(&pool->state, 4))
		{
			case 0:
				text.len = pg_mbcliplen(text.data, text.len,
										(int) fuzz_draw(&pool->state, (uint32) len + 1));
				text.data[text.len] = '\0';
				break;
			case 1:
				for (int times = (int) fuzz_draw(&pool->state, 8); times > 0 && text.len < 2000;
					 times--)
					appendBinaryStringInfo(&text, data, len);
				break;
			case 2:
				appendStringInfoChar(&text, (char) (' ' + fuzz_draw(&pool->state, 95)));
				break;
			default:
				if (len > 0 && !IS_HIGHBIT_SET(text.data[0]))
					text.data[0] = (char) (' ' + fuzz_draw(&pool->state, 95));
				break;
		}
	}
	escape_json(out, text.data);
	pfree(text.data);
}

/*
 * write_key writes a key, perhaps that of a keyword.
 */
static void
write_key(Pool *pool, StringInfo out, const JsonbValue *key)
{
	static const char *const keywords[] = {
#define KEYWORD(id, name, drafts, vocabulary, shape) name,
#include "contract/keyword_list.h"
#undef KEYWORD
		"a", "b", "foo", "bar"};

	if (changes(pool))
		escape_json(out, keywords[fuzz_draw(&pool->state, lengthof(keywords))]);
	else
		write_text(pool, out, key->val.string.val, key->val.string.len);
}

/*
 * write_value writes a value, perhaps changed.
 */
static void
write_value(Pool *pool, StringInfo out, const JsonbValue *value)
{
	if (changes(pool) || out->len > MAX_TEXT)
	{
		if (out->len > MAX_TEXT)
			appendStringInfoString(out, "true");
		else
			write_any(pool, out);
		return;
	}
	switch (value->type)
	{
		case jbvString:
			write_text(pool, out, value->val.string.val, value->val.string.len);
			break;
		case jbvNumeric:
			appendStringInfoString(out, DatumGetCString(DirectFunctionCall1(
											numeric_out, NumericGetDatum(value->val.numeric))));
			break;
		case jbvBool:
			appendStringInfoString(out, value->val.boolean ? "true" : "false");
			break;
		case jbvBinary:
			write_container(pool, out, value->val.binary.data);
			break;
		default:
			appendStringInfoString(out, "null");
			break;
	}
}

/*
 * write_container writes an array, an object or a scalar, some of whose parts may be changed, left
 * out or repeated.
 */
static void
write_container(Pool *pool, StringInfo out, JsonbContainer *container)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbValue value;
	JsonbIteratorToken token = JsonbIteratorNext(&iterator, &value, true);
	bool object = token == WJB_BEGIN_OBJECT;
	bool scalar = !object && value.val.array.rawScalar;
	const char *separator = "";

	check_stack_depth();
	if (!scalar)
		appendStringInfoChar(out, object ? '{' : '[');
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		JsonbValue key = value;
		int times = changes(pool) ? (int) fuzz_draw(&pool->state, 3) : 1;

		if (token != WJB_KEY && token != WJB_ELEM)
			continue;
		if (token == WJB_KEY)
			(void) JsonbIteratorNext(&iterator, &value, true);
		for (times = scalar ? 1 : times; times > 0; times--)
		{
			appendStringInfoString(out, separator);
			separator = ", ";
			if (object)
			{
				write_key(pool, out, &key);
				appendStringInfoString(out, ": ");
			}
			write_value(pool, out, &value);
		}
	}
	if (!scalar)
		appendStringInfoChar(out, object ? '}' : ']');
}

/*
 * changed_value returns one of the values, changed, in memory of its own size.
 */
static Jsonb *
changed_value(Pool *pool, Jsonb *value)
{
	static const int chances[] = {0, 5, 20, 60, 150};
	StringInfoData text;
	Jsonb *made;
	Jsonb *exact;

	initStringInfo(&text);
	pool->chance = chances[fuzz_draw(&pool->state, lengthof(chances))];
	write_container(pool, &text, &value->root);
	made = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data)));
	exact = malloc(VARSIZE(made));
	if (exact == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	return memcpy(exact, made, VARSIZE(made));
}

/*
 * may_happen tells whether an error is neither what can't happen nor a cancellation.
 */
static bool
may_happen(int sqlerrcode)
{
	return sqlerrcode != ERRCODE_INTERNAL_ERROR && sqlerrcode != ERRCODE_QUERY_CANCELED &&
		   sqlerrcode != ERRCODE_OUT_OF_MEMORY;
}

/*
 * say_slow raises an error for a pair that took long.
 */
static void
say_slow(Datum *arguments, double seconds)
{
	ereport(ERROR, (errmsg("a pair took %.1f seconds", seconds),
					errdetail("schema %s\ndocument %s\nother schema %s",
							  JsonbToCString(NULL, &DatumGetJsonbP(arguments[0])->root, 0),
							  JsonbToCString(NULL, &DatumGetJsonbP(arguments[1])->root, 0),
							  JsonbToCString(NULL, &DatumGetJsonbP(arguments[3])->root, 0))));
}

/*
 * judge_one makes a pair and judges it.
 */
static bool
judge_one(SPIPlanPtr plan, Pool *schemas, Pool *documents)
{
	instr_time start;
	instr_time end;
	Jsonb *schema = any_value(schemas);
	Datum arguments[4];
	bool judged;

	arguments[0] = JsonbPGetDatum(changed_value(schemas, schema));
	arguments[1] = JsonbPGetDatum(changed_value(documents, any_value(documents)));
	arguments[2] = BoolGetDatum(fuzz_draw(&schemas->state, 2) == 0);
	arguments[3] = JsonbPGetDatum(changed_value(schemas, schema));
	INSTR_TIME_SET_CURRENT(start);
	judged = fuzz_judge(plan, arguments, "validate() and violations() differ", may_happen);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	if (INSTR_TIME_GET_DOUBLE(end) > MAX_SECONDS)
		say_slow(arguments, INSTR_TIME_GET_DOUBLE(end));
	free(DatumGetPointer(arguments[0]));
	free(DatumGetPointer(arguments[1]));
	free(DatumGetPointer(arguments[3]));
	return judged;
}

/*
 * make_pool makes a pool of the elements of an array.
 */
static Pool
make_pool(ArrayType *array, uint64 seed)
{
	Pool pool = {.state = seed};

	deconstruct_array(array, JSONBOID, -1, false, TYPALIGN_INT, &pool.values, NULL, &pool.count);
	return pool;
}

/*
 * fuzz_contract judges so many pairs that are made of schemas and documents; returns how many of
 * them had a verdict, as the others had an error.
 */
Datum
fuzz_contract(PG_FUNCTION_ARGS)
{
	int64 seed = PG_GETARG_INT64(2);
	int32 pairs = PG_GETARG_INT32(3);
	Oid types[] = {JSONBOID, JSONBOID, BOOLOID, JSONBOID};
	MemoryContext memory;
	Pool schemas;
	Pool documents;
	SPIPlanPtr plan;
	int64 judged = 0;

	SPI_connect();
	schemas = make_pool(PG_GETARG_ARRAYTYPE_P(0), (uint64) seed);
	documents = make_pool(PG_GETARG_ARRAYTYPE_P(1), (uint64) seed * 31 + 7);
	plan = SPI_prepare("SELECT sessionize.validate($1, $2, $3) = "
					   "(SELECT count(*) = 0 FROM sessionize.violations($1, $2, 5, $3)) AND "
					   "(SELECT count(*) >= 0 FROM sessionize.contract_compatible($1, $4, 'full'))",
					   4, types);
	memory = AllocSetContextCreate(CurrentMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < pairs; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(memory);

		CHECK_FOR_INTERRUPTS();
		judged += judge_one(plan, &schemas, &documents);
		MemoryContextSwitchTo(old);
		MemoryContextReset(memory);
	}
	SPI_finish();
	PG_RETURN_INT64(judged);
}
