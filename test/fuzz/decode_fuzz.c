/*
 * decode_fuzz.c
 *		Requests of trackers, changed at random, given to decode().
 *
 * It is a module of its own, built with sanitizers by scripts/fuzz-decode.  Bodies lie in memory of
 * exactly their size, so that a read beyond their end is noticed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/base64.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "fuzz_module.h"

PG_FUNCTION_INFO_V1(fuzz_decode);

/* A request that takes longer fails the run. */
#define MAX_SECONDS 20

/* No body grows beyond this. */
#define MAX_BODY 100000

/* The bodies that requests are made of. */
typedef struct Pool
{
	Datum *bodies;
	int count;
	uint64 state;
	int chance; /* of a change of one token, in thousands */
} Pool;

static void write_tokens(Pool *pool, StringInfo out, const char *at, const char *end, int levels);

/*
 * any_body returns one of the bodies.
 */
static bytea *
any_body(Pool *pool)
{
	return DatumGetByteaPP(pool->bodies[fuzz_draw(&pool->state, (uint32) pool->count)]);
}

/*
 * write_deep writes arrays and objects in many levels.
 */
static void
write_deep(Pool *pool, StringInfo out)
{
	int levels = (int) fuzz_draw(&pool->state, 400);
	bool object = fuzz_draw(&pool->state, 2) == 0;

	for (int i = 0; i < levels; i++)
		appendStringInfoString(out, object ? "{\"a\":" : "[");
	appendStringInfoString(out, "1");
	for (int i = 0; i < levels; i++)
		appendStringInfoChar(out, object ? '}' : ']');
}

/*
 * write_base64 writes a changed body in base64, as a string.
 */
static void
write_base64(Pool *pool, StringInfo out, int levels)
{
	bytea *body = any_body(pool);
	StringInfoData text;
	int room;
	int length;

	initStringInfo(&text);
	write_tokens(pool, &text, VARDATA_ANY(body), VARDATA_ANY(body) + VARSIZE_ANY_EXHDR(body),
				 levels - 1);
	room = pg_b64_enc_len(text.len) + 1;
	appendStringInfoChar(out, '"');
	enlargeStringInfo(out, room);
	length = pg_b64_encode((void *) text.data, text.len, out->data + out->len, room);
	if (length > 0)
		out->len += length - (int) fuzz_draw(&pool->state, 3);
	appendStringInfoChar(out, '"');
}

/*
 * write_string writes a string that is odd, or a key that means something.
 */
static void
write_string(Pool *pool, StringInfo out)
{
	static const char *const strings[] = {"\"\"",
										  "\"\\u0000\"",
										  "\"\\ud800\"",
										  "\"\\udc00\\ud83d\\ude00\"",
										  "\"\\ud83d\\u0041\"",
										  "\"\xC3\xA4\"",
										  "\"\xff\xfe\"",
										  "\"\xed\xa0\x80\"",
										  "\"\xf4\x90\x80\x80\"",
										  "\"\xC3\"",
										  "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
										  "\"2026-02-29T00:00:00Z\"",
										  "\"9999-12-31T23:59:60.999999+15:59\"",
										  "\"1796100125322\"",
										  "\"-1\"",
										  "\"99999999999999999999\"",
										  "\"http://[::1/x?%zz\"",
										  "\"iglu:a/b/c/d\"",
										  "\"properties\"",
										  "\"context\"",
										  "\"batch\"",
										  "\"data\"",
										  "\"traits\"",
										  "\"timestamp\"",
										  "\"sentAt\"",
										  "\"type\"",
										  "\"event\"",
										  "\"userId\"",
										  "\"decode_notes\"",
										  "\"page\"",
										  "\"distinct_id\"",
										  "\"offset\"",
										  "\"$device_id\"",
										  "\"co\"",
										  "\"cx\"",
										  "\"ue_px\"",
										  "\"schema\"",
										  "\"writeKey\"",
										  "\"data_base64\""};

	appendStringInfoString(out, strings[fuzz_draw(&pool->state, lengthof(strings))]);
}

/*
 * write_value writes a value that is odd.
 */
static void
write_value(Pool *pool, StringInfo out, int levels)
{
	static const char *const values[] = {"null",
										 "true",
										 "false",
										 "0",
										 "-0",
										 "-0.0",
										 "1e400",
										 "-1e131000",
										 "1e-17000",
										 "0e999999999999999999999",
										 "123456789012345678",
										 "1234567890123456789",
										 "12345678901234567890.5",
										 "0.000000000000000001",
										 "1E+2",
										 "1796100125322",
										 "1796100161.14",
										 "[]",
										 "{}",
										 "[[]]",
										 "[{}]",
										 "{\"\":{}}",
										 "[null]",
										 "{\"a\":1,\"a\":2,\"a\":{\"a\":3,\"a\":4}}",
										 "{\"schema\":\"iglu:v/n/f/1\",\"data\":{}}"};

	switch (fuzz_draw(&pool->state, 12))
	{
		case 0:
			write_deep(pool, out);
			break;
		case 1:
			if (levels > 0 && out->len < MAX_BODY)
			{
				write_base64(pool, out, levels);
				break;
			}
			/* FALLTHROUGH */
		case 2:
		case 3:
		case 4:
			write_string(pool, out);
			break;
		default:
			appendStringInfoString(out, values[fuzz_draw(&pool->state, lengthof(values))]);
			break;
	}
}

/*
 * token_end returns the end of the token that begins at a place: a string, a run of letters and
 * digits, or one character.
 */
static const char *
token_end(const char *at, const char *end)
{
	const char *to = at + 1;

	if (*at == '"')
	{
		while (to < end && *to != '"')
			to += *to == '\\' && to + 1 < end ? 2 : 1;
		return to < end ? to + 1 : end;
	}
	if (!isalnum((unsigned char) *at) && *at != '-')
		return to;
	while (to < end && (isalnum((unsigned char) *to) || *to == '.' || *to == '+' || *to == '-'))
		to++;
	return to;
}

/*
 * write_tokens writes JSON, some of whose tokens are changed so that it mostly stays JSON.
 */
static void
write_tokens(Pool *pool, StringInfo out, const char *at, const char *end, int levels)
{
	while (at < end && out->len < MAX_BODY)
	{
		const char *to = token_end(at, end);
		bool value = *at == '"' || *at == '-' || isalnum((unsigned char) *at);

		if (!value || fuzz_draw(&pool->state, 1000) >= (uint32) pool->chance)
			appendBinaryStringInfo(out, at, (int) (to - at));
		else if (to < end && *to == ':')
			write_string(pool, out);
		else
			write_value(pool, out, levels);
		at = to;
	}
}

/*
 * change_bytes changes some bytes, whatever they mean.
 */
static void
change_bytes(Pool *pool, StringInfo body)
{
	for (int i = (int) fuzz_draw(&pool->state, 8); i >= 0 && body->len > 1; i--)
	{
		uint32 at = fuzz_draw(&pool->state, (uint32) body->len);
		uint32 length = fuzz_draw(&pool->state, (uint32) body->len - at) % 50;

		switch (fuzz_draw(&pool->state, 4))
		{
			case 0:
				body->data[at] = (char) fuzz_draw(&pool->state, 256);
				break;
			case 1:
				body->data[at] = "{}[]\",:\\+=&%"[fuzz_draw(&pool->state, 12)];
				break;
			case 2:
				body->len = (int) at;
				break;
			default:
				memmove(body->data + at, body->data + at + length, (Size) body->len - at - length);
				body->len -= (int) length;
				break;
		}
	}
}

/*
 * exact_copy returns bytes as a bytea in memory of its own size.
 */
static bytea *
exact_copy(StringInfo bytes)
{
	bytea *copy = malloc(VARHDRSZ + (Size) bytes->len);

	if (copy == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	SET_VARSIZE(copy, VARHDRSZ + (Size) bytes->len);
	memcpy(VARDATA(copy), bytes->data, (Size) bytes->len);
	return copy;
}

/*
 * changed_body returns one of the bodies, changed.
 */
static bytea *
changed_body(Pool *pool)
{
	static const int chances[] = {0, 5, 20, 60, 150};
	bytea *body = any_body(pool);
	StringInfoData text;

	initStringInfo(&text);
	pool->chance = chances[fuzz_draw(&pool->state, lengthof(chances))];
	write_tokens(pool, &text, VARDATA_ANY(body), VARDATA_ANY(body) + VARSIZE_ANY_EXHDR(body), 2);
	if (fuzz_draw(&pool->state, 5) == 0)
		change_bytes(pool, &text);
	return exact_copy(&text);
}

/*
 * any_protocol returns the name of a protocol.
 */
static Datum
any_protocol(Pool *pool)
{
	static const char *const names[] = {"auto",     "segment", "rudderstack", "jitsu",
										"snowplow", "posthog", "cloudevents", "generic"};

	return CStringGetTextDatum(names[fuzz_draw(&pool->state, lengthof(names))]);
}

/*
 * any_headers returns headers, with a path whose query may be a changed body.
 */
static Jsonb *
any_headers(Pool *pool)
{
	static const char *const headers[] = {
		"",
		", \"content-type\": \"application/x-www-form-urlencoded\"",
		", \"content-type\": \"text/plain\"",
		", \"ce-id\": \"1\", \"ce-type\": \"t%C3%A4\", \"ce-source\": \"%ff%00\"",
		", \":source\": \"shop\"",
		", \"sentat\": \"2026-01-01T00:00:00Z\", \"anonymousid\": \"QQ==\", \"user-agent\": \"u\"",
		", \":address\": \"::1\", \"ce_specversion\": \"1.0\""};
	static const char *const paths[] = {"",
										"/v1/t",
										"/v1/batch/",
										"/pixel/v1/page?a.b.c=1&a=2&%zz=%00&",
										"/i?e=pv&",
										"/e/?compression=base64&_=1&",
										"/e/?_=x&data=",
										"/flags",
										"/?",
										"/engage?",
										"//"};
	StringInfoData path;
	StringInfoData text;
	char *made;

	initStringInfo(&path);
	initStringInfo(&text);
	appendStringInfoString(&path, paths[fuzz_draw(&pool->state, lengthof(paths))]);
	if (fuzz_draw(&pool->state, 3) == 0)
	{
		bytea *body = any_body(pool);

		/* a header is a text */
		for (int i = 0; i < (int) VARSIZE_ANY_EXHDR(body) && i < 2000; i++)
			if (VARDATA_ANY(body)[i] >= ' ' && VARDATA_ANY(body)[i] < 127)
				appendStringInfoChar(&path, VARDATA_ANY(body)[i]);
	}
	appendStringInfoString(&text, "{\":path\": ");
	escape_json(&text, path.data);
	appendStringInfo(&text, "%s}", headers[fuzz_draw(&pool->state, lengthof(headers))]);
	made = text.data;
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(made)));
}

/*
 * may_happen tells whether an error says what is wrong with a request.
 */
static bool
may_happen(int sqlerrcode)
{
	return sqlerrcode == ERRCODE_INVALID_TEXT_REPRESENTATION ||
		   sqlerrcode == ERRCODE_FEATURE_NOT_SUPPORTED;
}

/*
 * judge_one makes a request and decodes it.
 */
static bool
judge_one(SPIPlanPtr plan, Pool *pool)
{
	instr_time start;
	instr_time end;
	Datum arguments[3];
	bool judged;

	arguments[0] = any_protocol(pool);
	arguments[1] = PointerGetDatum(changed_body(pool));
	arguments[2] = JsonbPGetDatum(any_headers(pool));
	INSTR_TIME_SET_CURRENT(start);
	judged = fuzz_judge(plan, arguments, "a row is not what it should be", may_happen);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, start);
	if (INSTR_TIME_GET_DOUBLE(end) > MAX_SECONDS)
		ereport(ERROR, (errmsg("a request took %.1f seconds", INSTR_TIME_GET_DOUBLE(end))));
	free(DatumGetPointer(arguments[1]));
	return judged;
}

/* Rows are what PostgreSQL would have made of their own texts, and nothing is there twice. */
#define QUESTION                                                                                   \
	"SELECT coalesce(bool_and(properties::text::jsonb = properties AND properties::text = "        \
	"properties::text::jsonb::text AND context::text::jsonb = context AND context::text = "        \
	"context::text::jsonb::text AND jsonb_typeof(properties) = 'object' AND "                      \
	"jsonb_typeof(context) = 'object' AND received_at = '2026-01-01Z' AND coalesce("               \
	"length(convert_from(convert_to(concat(event_id, event_name, user_id, anonymous_id, "          \
	"device_id, source), 'UTF8'), 'UTF8')) <= 6000, true) AND "                                    \
	"isfinite(coalesce(occurred_at, sent_at, received_at))), true) "                               \
	"FROM sessionize.decode($1, $2, $3, '2026-01-01Z')"

/*
 * fuzz_decode decodes so many requests that are made of bodies; returns how many of them had no
 * error.
 */
Datum
fuzz_decode(PG_FUNCTION_ARGS)
{
	int32 requests = PG_GETARG_INT32(2);
	Oid types[] = {TEXTOID, BYTEAOID, JSONBOID};
	Pool pool = {.state = (uint64) PG_GETARG_INT64(1)};
	MemoryContext memory;
	SPIPlanPtr plan;
	int64 judged = 0;

	SPI_connect();
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), BYTEAOID, -1, false, TYPALIGN_INT, &pool.bodies,
					  NULL, &pool.count);
	plan = SPI_prepare(QUESTION, 3, types);
	memory = AllocSetContextCreate(CurrentMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	for (int i = 0; i < requests; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(memory);

		CHECK_FOR_INTERRUPTS();
		judged += judge_one(plan, &pool);
		MemoryContextSwitchTo(old);
		MemoryContextReset(memory);
	}
	SPI_finish();
	PG_RETURN_INT64(judged);
}
