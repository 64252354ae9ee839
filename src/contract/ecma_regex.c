/*
 * ecma_regex.c
 *		Regular expressions of ECMA-262 as regular expressions of PostgreSQL.
 *
 * What is read is the syntax with the flag u, but that { } ] and escaped punctuation may stand for
 * themselves where nothing else is meant, as most patterns that are in use take for granted.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "contract/char_set.h"
#include "contract/ecma_regex.h"
#include "contract/unicode_category.h"
#include "utils/array_reserve.h"

/* The engine takes no larger bound for a repetition; larger ones are taken apart. */
#define ENGINE_BOUND 250

/* No larger bound is taken, nor a translation of more bytes. */
#define MAX_BOUND      100000
#define MAX_TRANSLATED (256 * 1024)

/* Nor so many ranges of characters, in classes such as \p{L}, which has hundreds. */
#define MAX_RANGES 50000

#define NO_BOUND PG_UINT32_MAX

/* The name of a group, and in which alternative it is. */
typedef struct GroupName
{
	TextView name;
	uint32 alternative;
} GroupName;

typedef struct Translation
{
	const char *at;
	const char *end;
	StringInfoData out;
	char *fault;
	bool is_valid;
	int depth;          /* groups around the current place */
	uint32 ranges;      /* of characters, in all classes so far */
	uint32 alternative; /* how many have ended so far */
	GroupName *names;
	uint32 nnames;
	uint32 max_names;
	CharSet single; /* the set of the latest atom, if it is one character */
	bool is_single;
	uint32 min; /* the bounds of the latest quantifier */
	uint32 max;
	CharChain chain;
	MemoryContext memory; /* of all that the translation makes */
} Translation;

static void translate_disjunction(Translation *t);

/*
 * refuse notes that a regular expression is not one of ECMA-262.
 */
static void
refuse(Translation *t, const char *fault)
{
	if (t->fault == NULL)
		t->fault = psprintf("is no regular expression of ECMA-262: %s", fault);
	t->is_valid = false;
	t->at = t->end;
}

/*
 * give_up notes that a regular expression can't be translated.
 */
static void
give_up(Translation *t, const char *fault)
{
	if (t->fault == NULL)
		t->fault = psprintf("is a regular expression that can't be used: %s", fault);
}

/*
 * looking_at tells whether a text comes next.
 */
static bool
looking_at(const Translation *t, const char *text)
{
	Size len = strlen(text);

	return (Size) (t->end - t->at) >= len && memcmp(t->at, text, len) == 0;
}

/*
 * take moves on behind a text if it comes next.
 */
static bool
take(Translation *t, const char *text)
{
	if (!looking_at(t, text))
		return false;
	t->at += strlen(text);
	return true;
}

/*
 * take_char takes the next character, as the engine has it.
 */
static uint32
take_char(Translation *t)
{
	pg_wchar wide[2];
	int len = Min(pg_mblen(t->at), (int) (t->end - t->at));

	pg_mb2wchar_with_len(t->at, wide, len);
	t->at += len;
	return wide[0];
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * append_set appends an atom that is a character of a set.
 */
static void
append_set(Translation *t, CharSet *set)
{
	char_set_append(&t->out, set);
	t->single = *set;
	t->is_single = true;
}

/*
 * append_char appends a character that stands for itself.
 */
static void
append_char(Translation *t, uint32 c)
{
	CharSet set = {NULL, 0, 0};
	int start = t->out.len;

	char_set_add(&set, c, c);
	append_set(t, &set);
	if (c >= 0x80 || (!is_letter((char) c) && !is_digit((char) c)))
		return;
	t->out.len = start;
	appendStringInfoChar(&t->out, (char) c);
}

/*
 * require_unicode gives up if a character can't be written by its code point in this database.
 */
static void
require_unicode(Translation *t, uint32 code)
{
	if (code > 0x7F && GetDatabaseEncoding() != PG_UTF8)
		give_up(t, "escapes of characters beyond ASCII need a database with the encoding UTF8");
}

/*
 * take_hex takes so many hexadecimal digits.
 */
static bool
take_hex(Translation *t, int count, uint32 *value)
{
	*value = 0;
	if (t->end - t->at < count)
		return false;
	for (int i = 0; i < count; i++)
	{
		char c = *t->at++;
		char lower = (char) (c | 0x20);

		if (is_digit(c))
			*value = *value * 16 + (uint32) (c - '0');
		else if (lower >= 'a' && lower <= 'f')
			*value = *value * 16 + (uint32) (lower - 'a' + 10);
		else
			return false;
	}
	return true;
}

/*
 * take_braced_hex takes the rest of an escape \u{...}.
 */
static bool
take_braced_hex(Translation *t, uint32 *code)
{
	const char *close = memchr(t->at, '}', (Size) (t->end - t->at));

	if (close == NULL || close == t->at || close - t->at > 8 ||
		!take_hex(t, (int) (close - t->at), code))
		return false;
	t->at++;
	return *code <= 0x10FFFF;
}

/*
 * take_unicode takes the rest of an escape \u..., which may be half of a surrogate pair.
 */
static bool
take_unicode(Translation *t, uint32 *code)
{
	uint32 low;
	const char *after;

	if (take(t, "{"))
		return take_braced_hex(t, code);
	if (!take_hex(t, 4, code))
		return false;
	if (*code < 0xD800 || *code > 0xDBFF || !looking_at(t, "\\u"))
		return true;
	after = t->at;
	t->at += 2;
	if (take_hex(t, 4, &low) && low >= 0xDC00 && low <= 0xDFFF)
		*code = 0x10000 + ((*code - 0xD800) << 10) + (low - 0xDC00);
	else
		t->at = after;
	return true;
}

/*
 * add_class adds the characters of an escape for a class: d, w or s.
 */
static void
add_class(CharSet *set, char class)
{
	if (class == 's')
	{
		static const CharRange spaces[] = {{0x09, 0x0D},     {0x20, 0x20},     {0xA0, 0xA0},
										   {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029},
										   {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000},
										   {0xFEFF, 0xFEFF}};

		for (Size i = 0; i < lengthof(spaces); i++)
		{
			if (spaces[i].last < 0x80 || GetDatabaseEncoding() == PG_UTF8)
				char_set_add(set, spaces[i].first, spaces[i].last);
		}
		return;
	}
	char_set_add(set, '0', '9');
	if (class == 'w')
	{
		char_set_add(set, 'a', 'z');
		char_set_add(set, 'A', 'Z');
		char_set_add(set, '_', '_');
	}
}

/*
 * take_property takes the rest of an escape \p{...}.
 */
static void
take_property(Translation *t, CharSet *set)
{
	const char *close = memchr(t->at, '}', (Size) (t->end - t->at));
	static const char *const prefixes[] = {"General_Category=", "gc="};
	TextView name;

	if (!take(t, "{") || close == NULL)
	{
		refuse(t, "\\p must be followed by {...}");
		return;
	}
	for (Size i = 0; i < lengthof(prefixes); i++)
	{
		if (take(t, prefixes[i]))
			break;
	}
	name = (TextView){t->at, (uint32) (close - t->at)};
	t->at = close + 1;
	if (GetDatabaseEncoding() != PG_UTF8)
		give_up(t, "\\p{...} needs a database with the encoding UTF8");
	else if (!unicode_category_add(set, name))
		give_up(t,
				psprintf("\\p{%.*s} is no general category of Unicode", (int) name.len, name.data));
}

/*
 * take_set takes an escape for a set of characters, behind its backslash; returns whether there is
 * one.
 */
static bool
take_set(Translation *t, CharSet *set)
{
	CharSet own = {NULL, 0, 0};
	char c = *t->at;
	char lower = (char) (c | 0x20);

	if (!is_letter(c) || strchr("dwsp", lower) == NULL)
		return false;
	t->at++;
	if (lower == 'p')
		take_property(t, &own);
	else
		add_class(&own, lower);
	if (c != lower)
		char_set_invert(&own);
	char_set_add_set(set, &own);
	t->ranges += own.count;
	if (t->ranges > MAX_RANGES)
	{
		give_up(t, "it has too many classes of characters");
		t->at = t->end;
	}
	return true;
}

/*
 * take_numbered takes the rest of an escape for a character by its number, or by a letter.
 */
static bool
take_numbered(Translation *t, char letter, uint32 *c)
{
	static const char names[] = "tnvfr";
	static const char controls[] = "\t\n\v\f\r";
	const char *name = strchr(names, letter);

	if (name != NULL)
		*c = (uint32) controls[name - names];
	else if (letter == 'x')
		return take_hex(t, 2, c);
	else if (letter == 'u')
		return take_unicode(t, c);
	else if (letter == 'c' && t->at < t->end && is_letter(*t->at))
		*c = (uint32) *t->at++ % 32;
	else if (letter == '0' && (t->at == t->end || !is_digit(*t->at)))
		*c = 0;
	else
		return false;
	return true;
}

/*
 * take_escaped takes an escape for one character, behind its backslash.
 */
static uint32
take_escaped(Translation *t)
{
	char letter = *t->at;
	uint32 c = 0;

	if (!is_letter(letter) && !is_digit(letter))
		return take_char(t);
	t->at++;
	if (!take_numbered(t, letter, &c))
		refuse(t, psprintf("\\%c is no escape", letter));
	require_unicode(t, c);
	return c;
}

/*
 * take_class_atom takes a character, or an escape for a set, inside brackets; returns whether it is
 * one character.
 */
static bool
take_class_atom(Translation *t, CharSet *set, uint32 *c)
{
	if (!take(t, "\\"))
	{
		*c = take_char(t);
		return true;
	}
	if (t->at == t->end)
	{
		refuse(t, "it ends with a backslash");
		return false;
	}
	if (take(t, "b"))
	{
		*c = '\b';
		return true;
	}
	if (take_set(t, set))
		return false;
	*c = take_escaped(t);
	return true;
}

/*
 * take_class_item takes a character, a range or an escape for a set, inside brackets.
 */
static void
take_class_item(Translation *t, CharSet *set)
{
	uint32 first;
	uint32 last;

	if (!take_class_atom(t, set, &first))
		return;
	char_set_add(set, first, first);
	if (t->end - t->at < 2 || t->at[0] != '-' || t->at[1] == ']')
		return;
	t->at++;
	if (!take_class_atom(t, set, &last))
		char_set_add(set, '-', '-');
	else if (last < first)
		refuse(t, "a range in brackets ends before it begins");
	else
		char_set_add(set, first, last);
}

/*
 * translate_class translates an expression in brackets, behind the opening one.
 */
static void
translate_class(Translation *t)
{
	CharSet set = {NULL, 0, 0};
	bool invert = take(t, "^");

	while (t->at < t->end && *t->at != ']')
		take_class_item(t, &set);
	if (!take(t, "]"))
		refuse(t, "a bracket is not closed");
	if (invert)
		char_set_invert(&set);
	append_set(t, &set);
}

/*
 * take_group_name takes the rest of a name of a group, up to >.
 */
static TextView
take_group_name(Translation *t)
{
	const char *start = t->at;

	while (t->at < t->end && (is_letter(*t->at) || *t->at == '_' || *t->at == '$' ||
							  IS_HIGHBIT_SET(*t->at) || (is_digit(*t->at) && t->at > start)))
		t->at++;
	if (t->at == start || !take(t, ">"))
		refuse(t, "the name of a group is not right");
	return (TextView){start, (uint32) (t->at - 1 - start)};
}

/*
 * note_group_name notes the name of a group, which may occur once, or once in each alternative.
 */
static void
note_group_name(Translation *t, TextView name)
{
	for (uint32 i = 0; i < t->nnames; i++)
	{
		if (t->names[i].alternative == t->alternative && text_view_equal(t->names[i].name, name))
			refuse(t, "two groups have the same name");
	}
	array_reserve(t->names, t->nnames, t->max_names, 8);
	t->names[t->nnames++] = (GroupName){name, t->alternative};
}

/*
 * translate_group translates a group, behind its opening parenthesis; returns whether it may be
 * repeated.  What a group has captured is not needed, as nothing refers to it.
 */
static bool
translate_group(Translation *t)
{
	static const char *const conditions[] = {"?=", "?!", "?<=", "?<!"};
	const char *open = "?:";
	bool repeatable = true;

	for (Size i = 0; i < lengthof(conditions) && repeatable; i++)
	{
		if (!take(t, conditions[i]))
			continue;
		open = conditions[i];
		repeatable = false;
	}
	if (repeatable && !take(t, "?:"))
	{
		if (take(t, "?<"))
			note_group_name(t, take_group_name(t));
		else if (looking_at(t, "?"))
			refuse(t, "(? must be followed by : = ! or <");
	}
	appendStringInfo(&t->out, "(%s", open);
	t->depth++;
	translate_disjunction(t);
	t->depth--;
	t->is_single = false;
	if (!take(t, ")"))
		refuse(t, "a parenthesis is not closed");
	appendStringInfoChar(&t->out, ')');
	return repeatable;
}

/*
 * translate_escape translates an escape outside brackets, behind its backslash; returns whether it
 * may be repeated.
 */
static bool
translate_escape(Translation *t)
{
	CharSet set = {NULL, 0, 0};

	if (t->at == t->end)
		refuse(t, "it ends with a backslash");
	else if (*t->at == 'b' || *t->at == 'B')
	{
		appendStringInfoString(&t->out, *t->at++ == 'b' ? "\\y" : "\\Y");
		return false;
	}
	else if (*t->at >= '1' && *t->at <= '9')
	{
		give_up(t, "it has a back reference");
		while (t->at < t->end && is_digit(*t->at))
			t->at++;
	}
	else if (take(t, "k<"))
	{
		give_up(t, "it has a back reference");
		(void) take_group_name(t);
	}
	else if (take_set(t, &set))
		append_set(t, &set);
	else
		append_char(t, take_escaped(t));
	return true;
}

/*
 * take_number takes a number, if there is one.
 */
static bool
take_number(Translation *t, uint32 *number)
{
	const char *start = t->at;

	*number = 0;
	for (; t->at < t->end && is_digit(*t->at); t->at++)
		*number = Min(*number * 10 + (uint32) (*t->at - '0'), MAX_BOUND + 1);
	return t->at > start;
}

/*
 * take_bounds takes a quantifier in braces; returns whether there is one.
 */
static bool
take_bounds(Translation *t, uint32 *min, uint32 *max)
{
	const char *start = t->at;

	if (take(t, "{") && take_number(t, min))
	{
		*max = *min;
		if (take(t, ",") && !take_number(t, max))
			*max = NO_BOUND;
		if (take(t, "}"))
			return true;
	}
	t->at = start;
	return false;
}

/*
 * translate_atom translates what a quantifier may follow, or a condition; returns whether it may be
 * repeated.
 */
static bool
translate_atom(Translation *t)
{
	CharSet set = {NULL, 0, 0};

	if (take(t, "("))
		return translate_group(t);
	if (take(t, "["))
		translate_class(t);
	else if (take(t, "\\"))
		return translate_escape(t);
	else if (looking_at(t, "^") || looking_at(t, "$"))
	{
		appendStringInfoChar(&t->out, *t->at++);
		return false;
	}
	else if (take(t, "."))
	{
		char_set_add(&set, '\n', '\n');
		char_set_add(&set, '\r', '\r');
		if (GetDatabaseEncoding() == PG_UTF8)
			char_set_add(&set, 0x2028, 0x2029);
		char_set_invert(&set);
		append_set(t, &set);
	}
	else if (looking_at(t, "*") || looking_at(t, "+") || looking_at(t, "?") ||
			 take_bounds(t, &t->min, &t->max))
		refuse(t, "a quantifier has nothing to repeat");
	else
		append_char(t, take_char(t));
	return true;
}

/*
 * append_times appends an atom that is repeated from 0 or from max to max times, in steps that the
 * engine takes.
 */
static void
append_times(Translation *t, const char *atom, uint32 max, bool optional)
{
	const char *low = optional ? "0," : "";
	uint32 steps = max / ENGINE_BOUND;
	uint32 rest = max % ENGINE_BOUND;

	if (steps > ENGINE_BOUND)
	{
		give_up(t, "it repeats something too many times");
		return;
	}
	if (steps > 0)
		appendStringInfo(&t->out, "(?:%s{%s%d}){%u}", atom, low, ENGINE_BOUND, steps);
	if (rest > 0)
		appendStringInfo(&t->out, "%s{%s%u}", atom, low, rest);
}

/*
 * append_bounds replaces an atom at the end of the translation by its repetition.
 */
static void
append_bounds(Translation *t, int start, uint32 min, uint32 max)
{
	char *atom = pstrdup(t->out.data + start);

	if (max <= ENGINE_BOUND || (max == NO_BOUND && min <= ENGINE_BOUND))
	{
		appendStringInfo(&t->out, "{%u", min);
		if (max == NO_BOUND)
			appendStringInfoString(&t->out, ",}");
		else
			appendStringInfo(&t->out, ",%u}", max);
		return;
	}
	t->out.len = start;
	t->out.data[start] = '\0';
	appendStringInfoString(&t->out, "(?:");
	append_times(t, atom, min, false);
	if (max == NO_BOUND)
		appendStringInfo(&t->out, "%s*", atom);
	else
		append_times(t, atom, max - min, true);
	appendStringInfoChar(&t->out, ')');
}

/*
 * translate_quantifier translates the quantifier of an atom that begins at start in the
 * translation, if there is one.  Whether it is lazy makes no difference to whether a text matches.
 */
static void
translate_quantifier(Translation *t, int start, bool repeatable)
{
	t->min = t->max = 1;
	if (looking_at(t, "*") || looking_at(t, "+") || looking_at(t, "?"))
	{
		t->min = *t->at == '+' ? 1 : 0;
		t->max = *t->at == '?' ? 1 : NO_BOUND;
		appendStringInfoChar(&t->out, *t->at++);
	}
	else if (!take_bounds(t, &t->min, &t->max))
		return;
	else if (t->max < t->min)
		refuse(t, "the bounds of a quantifier are in the wrong order");
	else if (t->min > MAX_BOUND || (t->max > MAX_BOUND && t->max != NO_BOUND))
		give_up(t, "it repeats something too many times");
	else
		append_bounds(t, start, t->min, t->max);
	if (!repeatable)
		refuse(t, "a condition can't be repeated");
	(void) take(t, "?");
}

/*
 * extend_chain notes an atom with its quantifier, which begins at a place of the expression.  A
 * chain has no groups, alternatives and conditions, but for ^ at its beginning and $ at its end.
 */
static void
extend_chain(Translation *t, const char *atom, bool at_start)
{
	CharChain *chain = &t->chain;

	if (t->depth > 0 || chain->to_end)
		chain->broken = true;
	else if (at_start || *atom == '^')
		chain->broken = !at_start || *atom != '^';
	else if (*atom == '$')
		chain->to_end = true;
	else if (!t->is_single)
		chain->broken = true;
	else if (!chain->broken)
		char_chain_add(chain, &t->single, t->min, t->max);
}

/*
 * translate_disjunction translates alternatives, up to the end or a closing parenthesis.
 */
static void
translate_disjunction(Translation *t)
{
	check_stack_depth();
	while (t->at < t->end && *t->at != ')')
	{
		int start = t->out.len;
		const char *atom = t->at;
		bool repeatable;

		CHECK_FOR_INTERRUPTS();
		if (take(t, "|"))
		{
			appendStringInfoChar(&t->out, '|');
			t->alternative++;
			t->chain.broken = true;
			continue;
		}
		t->is_single = false;
		repeatable = translate_atom(t);
		translate_quantifier(t, start, repeatable);
		extend_chain(t, atom, start == 0);
		if (t->out.len > MAX_TRANSLATED)
		{
			give_up(t, "it is too complex");
			t->at = t->end;
		}
	}
}

/*
 * translate_all translates a whole regular expression.
 */
static void
translate_all(Translation *t)
{
	initStringInfo(&t->out);
	if (t->end - t->at > REGEX_MAX_BYTES)
	{
		give_up(t, psprintf("it has more than %d bytes", REGEX_MAX_BYTES));
		return;
	}
	translate_disjunction(t);
	if (t->at < t->end)
		refuse(t, "a parenthesis was not opened");
}

/*
 * begin_translation begins a translation in memory of its own, which may be much: sets of
 * characters are kept while it goes on.
 */
static Translation
begin_translation(TextView regex)
{
	return (Translation){.at = regex.data,
						 .end = regex.data + regex.len,
						 .is_valid = true,
						 .memory = AllocSetContextCreate(CurrentMemoryContext, "sessionize regex",
														 ALLOCSET_SMALL_SIZES)};
}

/*
 * copy_chain copies a chain to the current memory context.
 */
static CharChain *
copy_chain(const CharChain *chain)
{
	CharChain *copy = palloc(sizeof(CharChain));
	Size size = chain->count * sizeof(ChainLink);

	*copy = *chain;
	copy->capacity = copy->count;
	copy->links = size == 0 ? NULL : memcpy(palloc(size), chain->links, size);
	return copy;
}

/*
 * ecma_regex_translate translates a regular expression.
 */
EcmaRegex
ecma_regex_translate(TextView regex)
{
	Translation t = begin_translation(regex);
	MemoryContext old = MemoryContextSwitchTo(t.memory);
	EcmaRegex result = {NULL, NULL, NULL};

	translate_all(&t);
	MemoryContextSwitchTo(old);
	if (t.fault != NULL)
		result.fault = pstrdup(t.fault);
	else if (t.out.len > 0 && char_chain_is_plain(&t.chain))
		result.chain = copy_chain(&t.chain);
	else
		result.translated = pnstrdup(t.out.data, t.out.len);
	MemoryContextDelete(t.memory);
	return result;
}

/*
 * ecma_regex_is_valid tells whether a text is a regular expression of ECMA-262.
 */
bool
ecma_regex_is_valid(TextView regex)
{
	Translation t = begin_translation(regex);
	MemoryContext old = MemoryContextSwitchTo(t.memory);

	translate_all(&t);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(t.memory);
	return t.is_valid;
}
