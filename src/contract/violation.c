/*
 * violation.c
 *		What is wrong with a document, where, and by which keyword.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "contract/json_path.h"
#include "contract/violation.h"

/* Longer names are cut in messages. */
#define MAX_NAME_BYTES 100

/*
 * append_path appends the steps to a value.
 */
static void
append_path(StringInfo path, const PathStep *step)
{
	if (step == NULL)
		return;
	check_stack_depth();
	append_path(path, step->before);
	if (step->key.data != NULL)
		json_path_append_key(path, step->key);
	else
		json_path_append_element(path, step->element);
}

/*
 * path_text returns the path of a value.
 */
char *
path_text(const PathStep *last)
{
	StringInfoData path;

	initStringInfo(&path);
	append_path(&path, last);
	return path.data;
}

/*
 * quoted_name returns a name in double quotes.
 */
char *
quoted_name(TextView name)
{
	int len = pg_mbcliplen(name.data, (int) name.len, MAX_NAME_BYTES);

	return psprintf("\"%.*s%s\"", len, name.data, (uint32) len < name.len ? "..." : "");
}
