/*
 * json_path.h
 *		JSON pointers (RFC 6901): paths such as /items/0/name.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_JSON_PATH_H
#define SESSIONIZE_JSON_PATH_H

#include "lib/stringinfo.h"

#include "utils/text_view.h"

/* Append a step to a path: a key, whose / and ~ are escaped, or the number of an element. */
extern void json_path_append_key(StringInfo path, TextView key);
extern void json_path_append_element(StringInfo path, uint32 element);

/*
 * Take the next step off the front of a path that begins with a slash.  The key is not escaped any
 * more.
 */
extern TextView json_path_take(TextView *path);

/* The number of an element that a step is; false if it is none. */
extern bool json_path_element(TextView step, uint32 *element);

#endif /* SESSIONIZE_JSON_PATH_H */
