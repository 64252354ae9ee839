/*
 * site.h
 *		The sites that send visitors: search engines, social networks and others.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SITE_H
#define SESSIONIZE_SITE_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "utils/text_view.h"

typedef enum SiteKind
{
	SITE_UNKNOWN,
	SITE_SEARCH,
	SITE_SOCIAL,
	SITE_VIDEO,
	SITE_SHOPPING,
	SITE_MAIL,
	SITE_AI,
	SITE_INTERNAL /* the user's own: a visit from there has no source */
} SiteKind;

typedef struct Site
{
	TextView domain;
	TextView source;
	SiteKind kind;
} Site;

/* Sites by domain and by source. */
typedef struct SiteTable
{
	uint32 count;
	Site *by_domain;
	Site *by_source;
} SiteTable;

/* The name of a kind in SQL. */
extern const char *site_kind_name(SiteKind kind);

/* The sites that are built in. */
extern const SiteTable *site_builtin(void);

/* A user's own sites, in the current memory context: {"domain": {"source": …, "kind": …}, …}. */
extern const SiteTable *site_compile(const Jsonb *sites);

/*
 * The site of a host in lower case, or NULL.  A user's own sites, if there are any, come first; a
 * longer domain comes before a shorter one.
 */
extern const Site *site_of_host(TextView host, const SiteTable *own);

/* The site that a campaign's source in lower case names by its source or its domain, or NULL. */
extern const Site *site_of_source(TextView source, const SiteTable *own);

/* Whether two hosts in lower case have the same registrable domain, as far as one can tell. */
extern bool site_is_same(TextView a, TextView b);

#endif /* SESSIONIZE_SITE_H */
