/*
 * json_scan.h
 *		The first pass over a body: whether it is JSON, and where its values are.
 *
 * PostgreSQL's own parser stops at values that a text or a numeric can't hold, and a request must
 * not be lost for one of these.  So the passes over a body are ours; the values are PostgreSQL's.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_JSON_SCAN_H
#define SESSIONIZE_JSON_SCAN_H

#include "postgres.h"

#include "utils/text_view.h"

typedef struct JsonScan
{
	const char *start;
	const char *at;
	const char *end;
	const char *expected; /* what is missing at "at", once a scan has failed */
	uint8 *objects; /* one bit for each array or object that is open: whether it is an object */
	uint32 levels;  /* for so many is there room */
} JsonScan;

extern void json_scan_begin(JsonScan *scan, TextView text);

/* Skips white space, and tells whether the text ends there. */
extern bool json_scan_at_end(JsonScan *scan);

/*
 * Reads one value, however deep, and sets where it is.  Returns false if it is not JSON by RFC
 * 8259; only bytes inside of strings are not looked at, but for control characters.
 */
extern bool json_scan_value(JsonScan *scan, TextView *value);

/*
 * Reads a key and its colon; the key is as it is written between its quotation marks.
 */
extern bool json_scan_key(JsonScan *scan, TextView *key);

/* Takes a character, if it is the next one after white space. */
extern bool json_scan_take(JsonScan *scan, char c);

/* Notes what should have been next, and returns false. */
extern bool json_scan_fail(JsonScan *scan, const char *expected);

#endif /* SESSIONIZE_JSON_SCAN_H */
