/*
 * domain.h
 *		The public suffix of a host, as far as one can tell without the public suffix list.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DOMAIN_H
#define SESSIONIZE_DOMAIN_H

#include "postgres.h"

#include "utils/text_view.h"

/* The longest name that the domain name system has. */
#define MAX_HOST 253

/*
 * Where the country's or the organisation's part of a host begins: the last label, or the last two
 * where they are such as co.uk.  0 if the host has no label before it or is an address.
 */
extern uint32 domain_suffix(TextView host);

/*
 * The part of a host that somebody registers: its suffix, or the name of a platform that gives
 * subdomains to its customers, and one label more.  The data is NULL if there is none.
 */
extern TextView domain_registrable(TextView host);

/* A host without "www." before it and without a dot after it. */
extern TextView domain_plain(TextView host);

#endif /* SESSIONIZE_DOMAIN_H */
