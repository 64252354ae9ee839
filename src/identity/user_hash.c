/*
 * user_hash.c
 *		sessionize.user_hash(pipeline, user_id): the hash of a user id, by which persons are named.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include "compat.h"
#include "core/blake2b.h"
#include "identity/user_hash.h"

PG_FUNCTION_INFO_V1(sessionize_user_hash);

/*
 * append_utf8 appends a text of the database in UTF-8.
 */
static void
append_utf8(StringInfo input, const char *text, int len)
{
	char *utf8 = unconstify(char *, text);

	if (GetDatabaseEncoding() != PG_UTF8 && GetDatabaseEncoding() != PG_SQL_ASCII)
		utf8 = pg_server_to_any(text, len, PG_UTF8);
	appendBinaryStringInfo(input, utf8, utf8 == text ? len : (int) strlen(utf8));
}

/*
 * user_hash computes the hash of a user id.
 */
void
user_hash(const char *id_name, const char *user_id, int len, pg_uuid_t *result)
{
	StringInfoData input;

	initStringInfo(&input);
	append_utf8(&input, id_name, (int) strlen(id_name));
	appendStringInfoChar(&input, '\0');
	append_utf8(&input, user_id, len);
	sz_blake2b(input.data, input.len, result->data, UUID_LEN);
	result->data[6] = (result->data[6] & 0x0F) | 0x80;
	result->data[8] = (result->data[8] & 0x3F) | 0x80;
	pfree(input.data);
}

/*
 * user_hash_sql returns the SQL of the hash of a user id.
 */
char *
user_hash_sql(const char *id_name, const char *user_id)
{
	return psprintf("sessionize.user_hash(%s, %s)", quote_literal_cstr(id_name), user_id);
}

/*
 * sessionize_user_hash returns the hash of a user id.
 */
Datum
sessionize_user_hash(PG_FUNCTION_ARGS)
{
	char *pipeline = text_to_cstring(PG_GETARG_TEXT_PP(0));
	text *user_id = PG_GETARG_TEXT_PP(1);
	pg_uuid_t *result = palloc(sizeof(pg_uuid_t));

	user_hash(pipeline, VARDATA_ANY(user_id), (int) VARSIZE_ANY_EXHDR(user_id), result);
	PG_RETURN_UUID_P(result);
}
