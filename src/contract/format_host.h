/*
 * format_host.h
 *		The formats of hosts, addresses and e-mail.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FORMAT_HOST_H
#define SESSIONIZE_FORMAT_HOST_H

#include "postgres.h"

#include "utils/text_view.h"

extern bool format_ipv4(TextView text);
extern bool format_ipv6(TextView text);
extern bool format_hostname(TextView text);
extern bool format_email(TextView text);
extern bool format_idn_email(TextView text);

#endif /* SESSIONIZE_FORMAT_HOST_H */
