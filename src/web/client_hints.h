/*
 * client_hints.h
 *		What browsers say of themselves beside the user agent, in any of the forms that trackers
 *		send.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CLIENT_HINTS_H
#define SESSIONIZE_CLIENT_HINTS_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "utils/text_view.h"

/* What is not given has no data, or is NULL. */
typedef struct ClientHints
{
	bool has_mobile;
	bool is_mobile;
	bool is_tablet;    /* a form factor of "Tablet" */
	bool is_headless;  /* a brand of "HeadlessChrome" */
	TextView platform; /* as it is written, without quotes */
	TextView platform_version;
	const char *browser; /* of the brands, the one that says most; not Chromium */
	TextView browser_version;
	bool is_chromium; /* there is a brand of "Chromium" */
	TextView chromium_version;
} ClientHints;

extern ClientHints client_hints_read(Jsonb *document);

#endif /* SESSIONIZE_CLIENT_HINTS_H */
