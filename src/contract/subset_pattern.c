/*
 * subset_pattern.c
 *		Whether a text matches a regular expression of a schema.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "mb/pg_wchar.h"
#include "regex/regex.h"
#include "utils/builtins.h"

#include "contract/subset_pattern.h"

/* Longer expressions, and texts, are not looked at. */
#define MAX_PATTERN 1000
#define MAX_TEXT    10000

/*
 * is_letter_or_digit tells whether a byte is one of ASCII's letters or digits.
 */
static bool
is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/*
 * is_literal tells whether a byte stands for itself in both kinds of expressions.
 */
static bool
is_literal(char c)
{
	return IS_HIGHBIT_SET(c) || is_letter_or_digit(c) ||
		   (c != '\0' && strchr("_-:/@ #%&=,;<>~\"'!", c) != NULL);
}

/*
 * skip_bracket returns what follows a bracket expression of letters, digits, underscores and ranges
 * of letters or digits, perhaps with a minus at its end; NULL for any other one.
 */
static const char *
skip_bracket(const char *at)
{
	if (*at == '^')
		at++;
	if (*at == ']')
		return NULL;
	while (*at != ']')
	{
		if (*at == '-' && at[1] == ']')
			return at + 2;
		if (!is_letter_or_digit(*at) && *at != '_')
			return NULL;
		if (at[1] == '-' && at[2] != ']')
		{
			if (!is_letter_or_digit(at[2]) || at[2] < at[0])
				return NULL;
			at += 2;
		}
		at++;
	}
	return at + 1;
}

/*
 * skip_count returns what follows a quantifier such as {2}, {2,} or {2,5}; NULL if it is none.
 */
static const char *
skip_count(const char *at)
{
	int low = 0;
	int high = 0;
	int digits = (int) strspn(at, "0123456789");

	if (digits == 0 || digits > 2)
		return NULL;
	low = atoi(at);
	at += digits;
	if (*at == ',')
	{
		digits = (int) strspn(++at, "0123456789");
		high = digits > 0 ? atoi(at) : low;
		if (digits > 2 || high < low)
			return NULL;
		at += digits;
	}
	return *at == '}' ? at + 1 : NULL;
}

/*
 * skip_atom returns what follows one atom of an expression; NULL if it is none of the simple ones.
 */
static const char *
skip_atom(const char *at)
{
	if (is_literal(*at) || *at == '.')
		return at + 1;
	if (*at == '[')
		return skip_bracket(at + 1);
	if (*at == '\\' && at[1] != '\0' && strchr(".-/$^*+?()[]{}|d", at[1]) != NULL)
		return at + 2;
	return NULL;
}

/*
 * is_simple tells whether an expression is a sequence of simple atoms, perhaps with quantifiers and
 * anchors.
 */
static bool
is_simple(const char *pattern)
{
	const char *at = pattern;

	if (strlen(pattern) > MAX_PATTERN)
		return false;
	if (*at == '^')
		at++;
	while (*at != '\0' && !(*at == '$' && at[1] == '\0'))
	{
		at = skip_atom(at);
		if (at == NULL)
			return false;
		if (*at == '*' || *at == '+' || *at == '?')
			at++;
		else if (*at == '{')
			at = skip_count(at + 1);
		if (at == NULL || *at == '*' || *at == '+' || *at == '?' || *at == '{')
			return false;
	}
	return at != pattern;
}

/*
 * has_line_end tells whether a text has a character that "." may or may not match.
 */
static bool
has_line_end(const char *text, int len)
{
	for (int i = 0; i < len; i++)
		if (text[i] == '\n' || text[i] == '\r' || (unsigned char) text[i] == 0xe2)
			return true;
	return false;
}

SubsetMatch
subset_match(const JsonbValue *pattern, const JsonbValue *text)
{
	char *expression;
	int len = text->val.string.len;
	bool matches;

	if (pattern->type != jbvString || text->type != jbvString || len > MAX_TEXT ||
		has_line_end(text->val.string.val, len))
		return SUBSET_MATCH_UNKNOWN;
	expression = pnstrdup(pattern->val.string.val, pattern->val.string.len);
	if (pattern->val.string.len == 0)
		return SUBSET_MATCH;
	if (GetDatabaseEncoding() != PG_UTF8 || !is_simple(expression))
		return SUBSET_MATCH_UNKNOWN;
	matches = RE_compile_and_execute(cstring_to_text(expression), text->val.string.val, len,
									 REG_ADVANCED, C_COLLATION_OID, 0, NULL);
	return matches ? SUBSET_MATCH : SUBSET_NO_MATCH;
}
