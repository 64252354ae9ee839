/*
 * sequence_pattern.c
 *		Patterns of the sequence aggregates, compiled once for each text.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "libpq/pqformat.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "functions/sequence_pattern.h"
#include "utils/memory.h"

/* Longer patterns are truncated in messages. */
#define SHOWN_LENGTH 200

/*
 * error_message returns what is wrong with a pattern.
 */
static const char *
error_message(SzSequenceError error)
{
	switch (error)
	{
		case SZ_SEQUENCE_OK:
			break;
		case SZ_SEQUENCE_EMPTY:
			return "it has no event";
		case SZ_SEQUENCE_SYNTAX:
			return "an event or a condition was expected";
		case SZ_SEQUENCE_NO_CONDITION:
			return "the number of a step, or t, was expected";
		case SZ_SEQUENCE_NO_COMPARISON:
			return "a comparison was expected";
		case SZ_SEQUENCE_NO_SECONDS:
			return "a number of seconds was expected";
		case SZ_SEQUENCE_SECONDS_RANGE:
			return "the number of seconds is too large or has too many decimals";
		case SZ_SEQUENCE_NO_PARENTHESIS:
			return "a closing parenthesis was expected";
		case SZ_SEQUENCE_NO_STEP:
			return "there is no step of this number";
		case SZ_SEQUENCE_TIME_FIRST:
			return "no event comes before the time condition";
		case SZ_SEQUENCE_TIME_LAST:
			return "no event comes after the time condition";
		case SZ_SEQUENCE_TOO_LONG:
			return "it has too many events";
	}
	return "";
}

/*
 * error_hint returns what to write instead.
 */
static const char *
error_hint(SzSequenceError error)
{
	switch (error)
	{
		case SZ_SEQUENCE_NO_COMPARISON:
			return "Write <=, <, >=, > or ==, as in (?t<=3600).";
		case SZ_SEQUENCE_NO_SECONDS:
			return "Write seconds, as in (?t<=3600) or (?t>0.5).";
		case SZ_SEQUENCE_SECONDS_RANGE:
			return "There may be up to 9999999999999 seconds, with up to six decimals.";
		case SZ_SEQUENCE_NO_STEP:
			return "(?1) is the first of the conditions that follow ts.";
		case SZ_SEQUENCE_TIME_FIRST:
		case SZ_SEQUENCE_TIME_LAST:
			return "A time condition stands between two events, as in (?1)(?t<=3600)(?2); a dot is "
				   "any event.";
		case SZ_SEQUENCE_TOO_LONG:
			return "A pattern may have up to 64 events.";
		default:
			return "Write (?1) for an event of the first step, . for any event, .* for any number "
				   "of events, and "
				   "(?t<=3600) for the time between two.";
	}
}

/*
 * report_error reports what is wrong with a pattern, and where.
 */
static void
report_error(SzSequenceError error, const char *pattern, Size length, Size position)
{
	int shown = pg_mbcliplen(pattern, (int) length, SHOWN_LENGTH);

	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("invalid pattern: %s at character %d", error_message(error),
						   pg_mbstrlen_with_len(pattern, (int) position) + 1),
					errdetail("The pattern is \"%.*s\".", shown, pattern),
					errhint("%s", error_hint(error))));
}

/*
 * compile compiles a pattern in cxt.
 */
static SequencePattern *
compile(const char *text, Size length, int nsteps, MemoryContext cxt)
{
	SequencePattern *pattern = MemoryContextAlloc(cxt, offsetof(SequencePattern, text) + length);
	Size position;
	SzSequenceError error =
		sz_sequence_compile(text, length, nsteps, &pattern->sequence, &position);

	if (error != SZ_SEQUENCE_OK)
		report_error(error, text, length, position);
	pattern->nsteps = nsteps;
	pattern->length = length;
	memcpy(pattern->text, text, length);
	return pattern;
}

/*
 * is_pattern tells whether a compiled pattern has this text and number of steps.
 */
static inline bool
is_pattern(const SequencePattern *pattern, const char *text, Size length, int nsteps)
{
	return pattern->length == length && pattern->nsteps == nsteps &&
		   memcmp(pattern->text, text, length) == 0;
}

/*
 * compile_once returns the compiled pattern of a text; it reuses the pattern of the latest call if
 * the text is the same.
 */
static const SequencePattern *
compile_once(FmgrInfo *flinfo, const char *text, Size length, int nsteps)
{
	const SequencePattern *last = flinfo->fn_extra;

	if (last == NULL || !is_pattern(last, text, length, nsteps))
		flinfo->fn_extra = compile(text, length, nsteps, flinfo->fn_mcxt);
	return flinfo->fn_extra;
}

/*
 * sequence_pattern_argument returns the compiled pattern of an argument.
 */
const SequencePattern *
sequence_pattern_argument(FunctionCallInfo fcinfo, int argno, int nsteps,
						  const SequencePattern *known)
{
	text *pattern;

	if (PG_ARGISNULL(argno))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("pattern must not be null"),
						errhint("Give a pattern such as '(?1).*(?2)'.")));
	pattern = PG_GETARG_TEXT_PP(argno);
	if (known == NULL)
		return compile_once(fcinfo->flinfo, VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern),
							nsteps);
	/* The number of steps is checked when the row's event is added. */
	if (!is_pattern(known, VARDATA_ANY(pattern), VARSIZE_ANY_EXHDR(pattern), known->nsteps))
		sequence_pattern_require_same(known, NULL);
	return known;
}

/*
 * sequence_pattern_require_same reports an error unless two patterns are the same.
 */
void
sequence_pattern_require_same(const SequencePattern *a, const SequencePattern *b)
{
	if (b == NULL || !is_pattern(a, b->text, b->length, b->nsteps))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("pattern must be the same for all rows of a group"),
						errhint("Use a constant, or add the pattern's column to GROUP BY.")));
}

/*
 * sequence_pattern_put appends a pattern to a message.
 */
void
sequence_pattern_put(const SequencePattern *pattern, StringInfo out)
{
	pq_sendint32(out, (uint32) pattern->nsteps);
	pq_sendint32(out, (uint32) pattern->length);
	pq_sendbytes(out, pattern->text, (int) pattern->length);
}

/*
 * sequence_pattern_get reads what sequence_pattern_put appended.
 */
const SequencePattern *
sequence_pattern_get(FunctionCallInfo fcinfo, StringInfo in)
{
	uint32 nsteps = pq_getmsgint(in, 4);
	uint32 length = pq_getmsgint(in, 4);
	const char *text;

	if (nsteps < 1 || nsteps > SZ_MAX_STEPS || length > (uint32) (in->len - in->cursor))
		sz_check_status(SZ_BAD_STATE);
	text = pq_getmsgbytes(in, (int) length);
	if (!pg_verifymbstr(text, (int) length, true))
		sz_check_status(SZ_BAD_STATE);
	return compile_once(fcinfo->flinfo, text, length, (int) nsteps);
}
