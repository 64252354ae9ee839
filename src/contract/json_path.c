/*
 * json_path.c
 *		JSON pointers (RFC 6901): paths such as /items/0/name.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/json_path.h"

/*
 * json_path_append_key appends a key to a path.
 */
void
json_path_append_key(StringInfo path, TextView key)
{
	appendStringInfoChar(path, '/');
	for (uint32 i = 0; i < key.len; i++)
	{
		if (key.data[i] == '~')
			appendStringInfoString(path, "~0");
		else if (key.data[i] == '/')
			appendStringInfoString(path, "~1");
		else
			appendStringInfoChar(path, key.data[i]);
	}
}

/*
 * json_path_append_element appends the number of an element to a path.
 */
void
json_path_append_element(StringInfo path, uint32 element)
{
	appendStringInfo(path, "/%u", element);
}

/*
 * json_path_take takes the next step off the front of a path.
 */
TextView
json_path_take(TextView *path)
{
	const char *slash = path->len < 2 ? NULL : memchr(path->data + 1, '/', path->len - 1);
	char *key = palloc(slash == NULL ? path->len + 1 : (Size) (slash - path->data));
	uint32 len = 0;
	uint32 at = 1;

	for (; at < path->len && path->data[at] != '/'; at++)
	{
		char c = path->data[at];

		if (c == '~' && at + 1 < path->len &&
			(path->data[at + 1] == '0' || path->data[at + 1] == '1'))
			c = path->data[++at] == '0' ? '~' : '/';
		key[len++] = c;
	}
	path->data += at;
	path->len -= at;
	return (TextView){key, len};
}

/*
 * json_path_element returns the number of an element that a step is.
 */
bool
json_path_element(TextView step, uint32 *element)
{
	uint64 number = 0;

	if (step.len == 0 || step.len > 9 || (step.data[0] == '0' && step.len > 1))
		return false;
	for (uint32 i = 0; i < step.len; i++)
	{
		if (step.data[i] < '0' || step.data[i] > '9')
			return false;
		number = number * 10 + (uint64) (step.data[i] - '0');
	}
	*element = (uint32) number;
	return true;
}
