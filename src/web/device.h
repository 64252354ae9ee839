/*
 * device.h
 *		The device, the system and the browser behind a user agent and client hints.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DEVICE_H
#define SESSIONIZE_DEVICE_H

#include "postgres.h"

#include "utils/text_view.h"
#include "web/client_hints.h"

/* What is not known is NULL or has no data. */
typedef struct Device
{
	const char *class;
	const char *os;
	TextView os_version;
	TextView browser;
	TextView browser_version;
	bool is_bot;
} Device;

/* The user agent may be missing. */
extern Device device_of(TextView user_agent, const ClientHints *hints);

#endif /* SESSIONIZE_DEVICE_H */
