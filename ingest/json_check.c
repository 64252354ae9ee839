/*
 * json_check.c
 *		A check of JSON's syntax (RFC 8259) in one pass.  Which of the open brackets are objects is a
 *		bit for each level.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdint.h>
#include <string.h>

#include "json_check.h"
#include "text.h"

#define WANTED_DEPTH 3

typedef struct Checker
{
	const char *at;
	const char *end;
	const char *error;
	size_t depth;
	unsigned char objects[JSON_MAX_DEPTH / 8 + 1]; /* a bit for each level */
	JsonWanted *wanted;
	size_t nwanted;
	JsonWanted *key; /* the wanted one whose value comes next, or NULL */
} Checker;

/*
 * fail notes what is wrong here.
 */
static bool
fail(Checker *checker, const char *error)
{
	checker->error = error;
	return false;
}

/*
 * skip_space goes to the next byte that is no white space, and returns whether there is one.
 */
static bool
skip_space(Checker *checker)
{
	while (checker->at < checker->end && (*checker->at == ' ' || *checker->at == '\n' ||
										  *checker->at == '\r' || *checker->at == '\t'))
		checker->at++;
	return checker->at < checker->end;
}

/*
 * skip_digits goes past digits, of which there must be one.
 */
static bool
skip_digits(Checker *checker)
{
	const char *start = checker->at;

	while (checker->at < checker->end && *checker->at >= '0' && *checker->at <= '9')
		checker->at++;
	return checker->at > start || fail(checker, "a number that lacks digits");
}

/*
 * is_next goes past a character if it is the next one.
 */
static bool
is_next(Checker *checker, char c)
{
	if (checker->at == checker->end || *checker->at != c)
		return false;
	checker->at++;
	return true;
}

/*
 * check_number goes past a number.
 */
static bool
check_number(Checker *checker)
{
	is_next(checker, '-');
	if (!is_next(checker, '0') && !skip_digits(checker))
		return false;
	if (is_next(checker, '.') && !skip_digits(checker))
		return false;
	if (!is_next(checker, 'e') && !is_next(checker, 'E'))
		return true;
	if (!is_next(checker, '+'))
		is_next(checker, '-');
	return skip_digits(checker);
}

/*
 * check_word goes past true, false or null.
 */
static bool
check_word(Checker *checker)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		size_t length = strlen(words[i]);

		if ((size_t) (checker->end - checker->at) >= length &&
			memcmp(checker->at, words[i], length) == 0)
		{
			checker->at += length;
			return true;
		}
	}
	return fail(checker, "something that is no JSON value");
}

/*
 * check_escape goes past what follows a backslash.
 */
static bool
check_escape(Checker *checker)
{
	if (checker->at == checker->end)
		return fail(checker, "a string that does not end");
	if (*checker->at == '\0' || strchr("\"\\/bfnrtu", *checker->at) == NULL)
		return fail(checker, "an unknown escape");
	if (*checker->at++ != 'u')
		return true;
	for (int i = 0; i < 4; i++, checker->at++)
		if (checker->at == checker->end || *checker->at == '\0' ||
			strchr("0123456789abcdefABCDEF", *checker->at) == NULL)
			return fail(checker, "an escape \\u without four digits");
	return true;
}

/*
 * check_character goes past a character of a string that is neither a quote nor a backslash.
 */
static bool
check_character(Checker *checker)
{
	const unsigned char *at = (const unsigned char *) checker->at;
	size_t length = utf8_length(at, (size_t) (checker->end - checker->at));

	if (length == 0)
		return fail(checker, "bytes that are no UTF-8");
	if (*at < 0x20)
		return fail(checker, "a control character in a string");
	checker->at += length;
	return true;
}

/*
 * check_string goes past a string, of which at is the first quote.  Its content is *content, or NULL
 * if it has escapes.
 */
static bool
check_string(Checker *checker, const char **content, size_t *length)
{
	bool plain = true;

	*content = ++checker->at;
	while (checker->at < checker->end && *checker->at != '"')
	{
		if ((unsigned char) *checker->at >= 0x20 && (unsigned char) *checker->at < 0x80 &&
			*checker->at != '\\')
			checker->at++;
		else if (is_next(checker, '\\'))
		{
			plain = false;
			if (!check_escape(checker))
				return false;
		}
		else if (!check_character(checker))
			return false;
	}
	if (checker->at == checker->end)
		return fail(checker, "a string that does not end");
	*length = (size_t) (checker->at - *content);
	if (!plain)
		*content = NULL;
	checker->at++;
	return true;
}

/*
 * note_key remembers whether the value of a key is wanted.
 */
static void
note_key(Checker *checker, const char *key, size_t length)
{
	checker->key = NULL;
	if (key == NULL || checker->depth > WANTED_DEPTH)
		return;
	for (size_t i = 0; i < checker->nwanted; i++)
	{
		JsonWanted *wanted = &checker->wanted[i];

		if (strlen(wanted->key) == length && memcmp(wanted->key, key, length) == 0 &&
			(wanted->value == NULL || wanted->depth > checker->depth))
			checker->key = wanted;
	}
}

/*
 * check_key goes past a key, its colon and the white space that follows.
 */
static bool
check_key(Checker *checker)
{
	const char *key;
	size_t length;

	if (!skip_space(checker) || *checker->at != '"')
		return fail(checker, "an object that lacks a key");
	if (!check_string(checker, &key, &length))
		return false;
	if (!skip_space(checker) || !is_next(checker, ':'))
		return fail(checker, "a key that lacks its colon");
	note_key(checker, key, length);
	return true;
}

/*
 * in_object returns whether the innermost open bracket is that of an object.
 */
static bool
in_object(const Checker *checker)
{
	return (checker->objects[checker->depth / 8] >> (checker->depth % 8) & 1) != 0;
}

/*
 * open_bracket goes past an opening bracket.  *is_empty tells that the closing one followed.
 */
static bool
open_bracket(Checker *checker, bool *is_empty)
{
	bool object = *checker->at++ == '{';
	unsigned char bit;

	if (++checker->depth > JSON_MAX_DEPTH)
		return fail(checker, "values nested too deep");
	bit = (unsigned char) (1 << checker->depth % 8);
	checker->objects[checker->depth / 8] &= (unsigned char) ~bit;
	if (object)
		checker->objects[checker->depth / 8] |= bit;
	*is_empty = skip_space(checker) && *checker->at == (object ? '}' : ']');
	return *is_empty || !object || check_key(checker);
}

/*
 * check_scalar goes past a value that is no object and no array.
 */
static bool
check_scalar(Checker *checker)
{
	const char *content;
	size_t length;

	if (*checker->at == '-' || (*checker->at >= '0' && *checker->at <= '9'))
		return check_number(checker);
	if (*checker->at != '"')
		return check_word(checker);
	if (!check_string(checker, &content, &length))
		return false;
	if (checker->key != NULL && content != NULL)
	{
		checker->key->value = content;
		checker->key->length = length;
		checker->key->depth = checker->depth;
	}
	return true;
}

/*
 * close_brackets goes past the brackets that close after a value, and the comma and key that follow.
 */
static bool
close_brackets(Checker *checker)
{
	while (checker->depth > 0)
	{
		bool object = in_object(checker);

		if (!skip_space(checker))
			return fail(checker, "a value that does not end");
		if (is_next(checker, ','))
			return !object || check_key(checker);
		if (!is_next(checker, object ? '}' : ']'))
			return fail(checker, "a value that is not followed by a comma or the closing bracket");
		checker->depth--;
	}
	return true;
}

/*
 * check_value goes past a value with all that is in it.
 */
static bool
check_value(Checker *checker)
{
	do
	{
		bool is_empty = true;

		if (!skip_space(checker))
			return fail(checker, "a value that is missing");
		if (*checker->at == '{' || *checker->at == '[')
		{
			if (!open_bracket(checker, &is_empty))
				return false;
			if (!is_empty)
				continue;
		}
		else if (!check_scalar(checker))
			return false;
		checker->key = NULL;
		if (!close_brackets(checker))
			return false;
	} while (checker->depth > 0);
	return true;
}

/*
 * is_separate returns whether a value ends before the next one: a number, word or string needs white
 * space there.
 */
static bool
is_separate(Checker *checker)
{
	return strchr("}] \t\r\n", checker->at[-1]) != NULL ||
		   fail(checker, "a value that no white space follows");
}

/*
 * json_check checks bytes.
 */
const char *
json_check(const char *bytes, size_t length, bool many, JsonWanted *wanted, size_t nwanted,
		   size_t *at)
{
	Checker checker = {.at = bytes, .end = bytes + length, .wanted = wanted, .nwanted = nwanted};
	bool more = true;

	for (size_t i = 0; i < nwanted; i++)
		wanted[i].value = NULL;
	while (more && check_value(&checker))
	{
		more = skip_space(&checker);
		if (more && !many)
			more = fail(&checker, "something after the value");
		more = more && is_separate(&checker);
	}
	*at = (size_t) (checker.at - bytes);
	return checker.error;
}
