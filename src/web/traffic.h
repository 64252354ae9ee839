/*
 * traffic.h
 *		Where a visit came from: from the page's URL and the referrer.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_TRAFFIC_H
#define SESSIONIZE_TRAFFIC_H

#include "postgres.h"

#include "utils/text_view.h"
#include "web/site.h"

/* The data of what is not known is NULL; after an internal click nothing is known. */
typedef struct Traffic
{
	TextView source;
	TextView medium;
	TextView campaign;
	TextView term;
	TextView content;
	TextView click_id;
	const Site *site; /* the site that the source names, or NULL */
	bool is_internal; /* the visit came from another page of the site, and no campaign is named */
} Traffic;

/* What is known of a visit; what is not known has no data. */
typedef struct Visit
{
	TextView page_url;
	TextView referrer;
	/* values that count in place of the parameters of page_url */
	TextView utm_source;
	TextView utm_medium;
	TextView utm_campaign;
} Visit;

/* own may be NULL. */
extern Traffic traffic_of(const Visit *visit, const SiteTable *own);

#endif /* SESSIONIZE_TRAFFIC_H */
