/*
 * channel.c
 *		Channel groups, by the rules of Google Analytics 4 for traffic that campaigns name.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "web/channel.h"
#include "web/url.h"

/* What the rules ask about a visit; the texts are in lower case. */
typedef struct Visit
{
	TextView source;
	TextView medium;
	TextView campaign;
	SiteKind kind;
} Visit;

/*
 * has_at tells whether a word lies at a place of a text.
 */
static bool
has_at(TextView text, uint32 at, const char *word)
{
	size_t length = strlen(word);

	return text.len - at >= length && memcmp(text.data + at, word, length) == 0;
}

/*
 * contains tells whether a text contains a word.
 */
static bool
contains(TextView text, const char *word)
{
	for (uint32 i = 0; i < text.len; i++)
	{
		if (has_at(text, i, word))
			return true;
	}
	return false;
}

/*
 * is_one_of tells whether a text is one of several words, which end with NULL.
 */
static bool
is_one_of(TextView text, const char *const *words)
{
	while (*words != NULL && !text_view_is(text, *words))
		words++;
	return *words != NULL;
}

/*
 * is_paid tells whether a medium is paid for: ^(.*cp.*|ppc|retargeting|paid.*)$.
 */
static bool
is_paid(TextView medium)
{
	return contains(medium, "cp") || text_view_is(medium, "ppc") ||
		   text_view_is(medium, "retargeting") || has_at(medium, 0, "paid");
}

/*
 * names_shopping tells whether a campaign is about shopping:
 * ^(.*(([^a-df-z]|^)shop|shopping).*)$.
 */
static bool
names_shopping(TextView campaign)
{
	if (contains(campaign, "shopping"))
		return true;
	for (uint32 i = 0; i < campaign.len; i++)
	{
		if (has_at(campaign, i, "shop") &&
			(i == 0 || campaign.data[i - 1] < 'a' || campaign.data[i - 1] > 'z' ||
			 campaign.data[i - 1] == 'e'))
			return true;
	}
	return false;
}

/*
 * paid_channel returns the channel of a paid visit, and display advertising among them, or NULL.
 */
static const char *
paid_channel(const Visit *visit)
{
	static const char *const display[] = {"display",      "banner", "expandable",
										  "interstitial", "cpm",    NULL};
	bool paid = is_paid(visit->medium);

	if (paid && (visit->kind == SITE_SHOPPING || names_shopping(visit->campaign)))
		return "Paid Shopping";
	if (paid && visit->kind == SITE_SEARCH)
		return "Paid Search";
	if (paid && visit->kind == SITE_SOCIAL)
		return "Paid Social";
	if (paid && visit->kind == SITE_VIDEO)
		return "Paid Video";
	if (is_one_of(visit->medium, display))
		return "Display";
	return paid ? "Paid Other" : NULL;
}

/*
 * organic_channel returns the channel of a visit that comes from a known kind of site, or NULL.
 */
static const char *
organic_channel(const Visit *visit)
{
	static const char *const social[] = {
		"social", "social-network", "social-media", "sm", "social network", "social media", NULL};

	if (visit->kind == SITE_SHOPPING || names_shopping(visit->campaign))
		return "Organic Shopping";
	if (visit->kind == SITE_SOCIAL || is_one_of(visit->medium, social))
		return "Organic Social";
	if (visit->kind == SITE_VIDEO || contains(visit->medium, "video"))
		return "Organic Video";
	if (visit->kind == SITE_SEARCH || text_view_is(visit->medium, "organic"))
		return "Organic Search";
	return NULL;
}

/*
 * ends_with_push tells whether a text ends with "push".
 */
static bool
ends_with_push(TextView text)
{
	return text.len >= 4 && has_at(text, text.len - 4, "push");
}

/*
 * medium_channel returns the channel that the medium names.
 */
static const char *
medium_channel(const Visit *visit)
{
	static const char *const referral[] = {"referral", "app", "link", NULL};
	static const char *const email[] = {"email", "e-mail", "e_mail", "e mail", NULL};

	if (is_one_of(visit->medium, referral))
		return "Referral";
	if (is_one_of(visit->source, email) || is_one_of(visit->medium, email))
		return "Email";
	if (text_view_is(visit->medium, "affiliate"))
		return "Affiliates";
	if (text_view_is(visit->medium, "audio"))
		return "Audio";
	if (text_view_is(visit->source, "sms") || text_view_is(visit->medium, "sms"))
		return "SMS";
	if (ends_with_push(visit->medium) || contains(visit->medium, "mobile") ||
		contains(visit->medium, "notification") || text_view_is(visit->source, "firebase"))
		return "Mobile Push Notifications";
	return "Unassigned";
}

/*
 * is_direct tells whether a visit came without a source.
 */
static bool
is_direct(const Visit *visit)
{
	return text_view_is(visit->source, "(direct)") &&
		   (visit->medium.len == 0 || text_view_is(visit->medium, "(none)") ||
			text_view_is(visit->medium, "(not set)"));
}

/*
 * channel_lower copies a text in lower case.
 */
TextView
channel_lower(TextView text)
{
	char *lower = palloc(text.len + 1);

	url_lower_host(text, lower);
	return (TextView){lower, text.len};
}

/*
 * channel_group returns the channel group of a visit: the first of the rules that fits.
 */
const char *
channel_group(TextView source, TextView medium, TextView campaign, const Site *site)
{
	Visit visit = {channel_lower(source), channel_lower(medium), channel_lower(campaign),
				   site == NULL ? SITE_UNKNOWN : site->kind};
	const char *channel;

	if (is_direct(&visit))
		return "Direct";
	if (contains(visit.campaign, "cross-network"))
		return "Cross-network";
	channel = paid_channel(&visit);
	if (channel == NULL)
		channel = organic_channel(&visit);
	return channel == NULL ? medium_channel(&visit) : channel;
}
