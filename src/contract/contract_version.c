/*
 * contract_version.c
 *		The SQL function contract_version_key(): the order of a contract's versions.
 *
 * A key begins with the style, "a" for SchemaVer and "b" for semantic versions.  Each number
 * follows as its length in three digits and its digits, so that longer numbers come later.  A
 * semantic version ends with "3" if it is a release, and else has its pre-release identifiers: "1"
 * and a number, or "2", the characters and a space, which is less than any character of an
 * identifier.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "contract/ascii.h"
#include "contract/contract_version.h"

#define STYLE_SCHEMAVER 'a'
#define STYLE_SEMANTIC  'b'

PG_FUNCTION_INFO_V1(sz_contract_version_key);

/*
 * report_version reports a text that is no version.
 */
pg_noreturn static void
report_version(const char *version)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("\"%s\" is no version of a contract", version),
					errdetail("A version is a SchemaVer (model-revision-addition) or a semantic "
							  "version of at most %d bytes.",
							  CONTRACT_VERSION_MAX),
					errhint("For instance: version => '1-0-0', or version => '1.0.0'.")));
}

/*
 * append_number appends a number of digits to a key.
 */
static void
append_number(StringInfo key, TextView number)
{
	appendStringInfo(key, "%03u%.*s", number.len, (int) number.len, number.data);
}

/*
 * is_number tells whether a text is a number without a leading zero.
 */
static bool
is_number(TextView text)
{
	for (uint32 i = 0; i < text.len; i++)
		if (!ascii_is_digit(text.data[i]))
			return false;
	return text.len == 1 || (text.len > 1 && text.data[0] != '0');
}

/*
 * take_number takes a number off the front of a text, and appends it to a key.  It returns false if
 * there is none.
 */
static bool
take_number(TextView *text, StringInfo key)
{
	TextView number = {text->data, 0};

	while (number.len < text->len && ascii_is_digit(text->data[number.len]))
		number.len++;
	if (!is_number(number))
		return false;
	text->data += number.len;
	text->len -= number.len;
	append_number(key, number);
	return true;
}

/*
 * take_numbers takes three numbers with a separator between them.
 */
static bool
take_numbers(TextView *text, char separator, StringInfo key)
{
	return take_number(text, key) && ascii_take(text, separator) && take_number(text, key) &&
		   ascii_take(text, separator) && take_number(text, key);
}

/*
 * append_identifier appends an identifier of a pre-release to a key.  It returns false if it is
 * none.
 */
static bool
append_identifier(StringInfo key, TextView identifier)
{
	bool digits = true;

	for (uint32 i = 0; i < identifier.len; i++)
	{
		char c = identifier.data[i];

		if (!ascii_is_alnum(c) && c != '-')
			return false;
		digits &= ascii_is_digit(c);
	}
	if (identifier.len == 0 || (digits && !is_number(identifier)))
		return false;
	if (!digits)
	{
		appendStringInfo(key, "2%.*s ", (int) identifier.len, identifier.data);
		return true;
	}
	appendStringInfoChar(key, '1');
	append_number(key, identifier);
	return true;
}

/*
 * take_identifiers takes the identifiers of a pre-release, with dots between them.
 */
static bool
take_identifiers(TextView text, StringInfo key)
{
	/* a dot at the end has an identifier missing after it */
	if (text.len == 0 || text.data[text.len - 1] == '.')
		return false;
	while (text.len > 0)
		if (!append_identifier(key, ascii_take_until(&text, '.')))
			return false;
	return true;
}

/*
 * is_build tells whether a text can be the build of a semantic version, which has no order.
 */
static bool
is_build(TextView text)
{
	bool empty = true; /* the identifier */

	for (uint32 i = 0; i < text.len; i++)
	{
		char c = text.data[i];

		if (c == '.' ? empty : !ascii_is_alnum(c) && c != '-')
			return false;
		empty = c == '.';
	}
	return !empty;
}

/*
 * append_semantic appends a semantic version to a key.  It returns false if it is none.
 */
static bool
append_semantic(StringInfo key, TextView text)
{
	TextView core = ascii_take_until(&text, '+');
	bool has_build = core.data + core.len < text.data;

	appendStringInfoChar(key, STYLE_SEMANTIC);
	if (!take_numbers(&core, '.', key) || (has_build && !is_build(text)))
		return false;
	if (core.len > 0)
		return ascii_take(&core, '-') && take_identifiers(core, key);
	appendStringInfoChar(key, '3');
	return true;
}

/*
 * append_schemaver appends a SchemaVer, whose model is at least 1, to a key.  It returns false if
 * it is none.
 */
static bool
append_schemaver(StringInfo key, TextView text)
{
	appendStringInfoChar(key, STYLE_SCHEMAVER);
	return text.len > 0 && text.data[0] != '0' && take_numbers(&text, '-', key) && text.len == 0;
}

/*
 * contract_version_key returns a text by whose bytes versions are ordered.
 */
char *
contract_version_key(const char *version)
{
	TextView text = {version, (uint32) strlen(version)};
	StringInfoData key;

	initStringInfo(&key);
	if (text.len > CONTRACT_VERSION_MAX)
		report_version(psprintf("%.*s...", pg_mbcliplen(version, (int) text.len, 32), version));
	if (append_schemaver(&key, text))
		return key.data;
	resetStringInfo(&key);
	if (!append_semantic(&key, text))
		report_version(version);
	return key.data;
}

/*
 * contract_version_same_style tells whether two keys are of versions of one style.
 */
bool
contract_version_same_style(const char *key, const char *other)
{
	return key[0] == other[0];
}

/*
 * sz_contract_version_key returns a text by which versions are ordered.
 */
Datum
sz_contract_version_key(PG_FUNCTION_ARGS)
{
	char *version = text_to_cstring(PG_GETARG_TEXT_PP(0));

	PG_RETURN_TEXT_P(cstring_to_text(contract_version_key(version)));
}
