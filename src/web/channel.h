/*
 * channel.h
 *		Channel groups, by the rules of Google Analytics 4 for traffic that campaigns name.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CHANNEL_H
#define SESSIONIZE_CHANNEL_H

#include "postgres.h"

#include "utils/text_view.h"
#include "web/site.h"

/*
 * The channel group of a source, a medium and a campaign, each of which may be missing.  site is
 * the site that the source names, or NULL.
 */
extern const char *
channel_group(TextView source, TextView medium, TextView campaign, const Site *site);

/* A copy of a text in lower case (ASCII only); a missing text gives an empty one. */
extern TextView channel_lower(TextView text);

#endif /* SESSIONIZE_CHANNEL_H */
