/*
 * traffic.c
 *		Where a visit came from: from the page's URL and the referrer.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "web/channel.h"
#include "web/domain.h"
#include "web/traffic.h"
#include "web/url.h"
#include "web/url_query.h"

/* The parameters of a page's URL that say where a visit came from. */
typedef enum Parameter
{
	UTM_SOURCE,
	UTM_MEDIUM,
	UTM_CAMPAIGN,
	UTM_TERM,
	UTM_CONTENT,
	FIRST_CLICK_ID
} Parameter;

static const TextView utm_names[FIRST_CLICK_ID] = {TEXT_VIEW("utm_source"), TEXT_VIEW("utm_medium"),
												   TEXT_VIEW("utm_campaign"), TEXT_VIEW("utm_term"),
												   TEXT_VIEW("utm_content")};

/* What an advertiser's or a network's click identifier says; earlier ones count before later. */
typedef struct ClickId
{
	TextView name;
	TextView source;
	TextView medium;
	bool is_paid; /* an advertisement's; otherwise any link from there has one */
} ClickId;

static const ClickId click_ids[] = {
	{TEXT_VIEW("gclid"), TEXT_VIEW("google"), TEXT_VIEW("cpc"), true},
	{TEXT_VIEW("gbraid"), TEXT_VIEW("google"), TEXT_VIEW("cpc"), true},
	{TEXT_VIEW("wbraid"), TEXT_VIEW("google"), TEXT_VIEW("cpc"), true},
	{TEXT_VIEW("dclid"), TEXT_VIEW("google"), TEXT_VIEW("display"), true},
	{TEXT_VIEW("msclkid"), TEXT_VIEW("bing"), TEXT_VIEW("cpc"), true},
	{TEXT_VIEW("ttclid"), TEXT_VIEW("tiktok"), TEXT_VIEW("cpc"), true},
	{TEXT_VIEW("li_fat_id"), TEXT_VIEW("linkedin"), TEXT_VIEW("cpc"), true},
	{TEXT_VIEW("twclid"), TEXT_VIEW("twitter"), TEXT_VIEW("cpc"), true},
	{TEXT_VIEW("fbclid"), TEXT_VIEW("facebook"), TEXT_VIEW("social"), false},
};

#define PARAMETERS (FIRST_CLICK_ID + lengthof(click_ids))

/*
 * is_given tells whether a text is there and not empty.
 */
static inline bool
is_given(TextView text)
{
	return text.data != NULL && text.len > 0;
}

/*
 * parameter_number returns the number of a parameter's name, or -1.
 */
static int
parameter_number(TextView name)
{
	for (int i = 0; i < (int) PARAMETERS; i++)
	{
		TextView known = i < FIRST_CLICK_ID ? utm_names[i] : click_ids[i - FIRST_CLICK_ID].name;

		if (text_view_equal(name, known))
			return i;
	}
	return -1;
}

/*
 * read_parameters reads the first value of each parameter; a value that is empty is not given.
 */
static void
read_parameters(TextView query, TextView *values)
{
	bool seen[PARAMETERS] = {false};
	QueryParameter parameter;

	while (query.data != NULL && url_query_next(&query, &parameter))
	{
		TextView name = url_query_decode(parameter.name);
		int number = parameter_number(name);

		CHECK_FOR_INTERRUPTS();
		url_query_forget(parameter.name, name);
		if (number < 0 || seen[number])
			continue;
		seen[number] = true;
		if (parameter.value.len > 0)
			values[number] = url_query_decode(parameter.value);
	}
}

/*
 * first_click_id returns the first click identifier that is given, or NULL.
 */
static const ClickId *
first_click_id(const TextView *values)
{
	for (int i = 0; i < (int) lengthof(click_ids); i++)
	{
		if (is_given(values[FIRST_CLICK_ID + i]))
			return &click_ids[i];
	}
	return NULL;
}

/*
 * lower_host returns the host of a URL in lower case; its data is NULL if there is none.
 */
static TextView
lower_host(TextView host)
{
	return host.data == NULL ? host : channel_lower(host);
}

/*
 * set_from_referrer takes source and medium from the host of a referrer.
 */
static void
set_from_referrer(Traffic *traffic, TextView referrer, const Site *site)
{
	traffic->source = site != NULL ? site->source : domain_plain(referrer);
	traffic->site = site;
	if (traffic->medium.data != NULL)
		return;
	if (site != NULL && site->kind == SITE_SEARCH)
		traffic->medium = (TextView) TEXT_VIEW("organic");
	else if (site != NULL && site->kind == SITE_MAIL)
		traffic->medium = (TextView) TEXT_VIEW("email");
	else
		traffic->medium = (TextView) TEXT_VIEW("referral");
}

/*
 * set_from_campaign takes what the parameters name, and says whether they name anything.
 */
static bool
set_from_campaign(Traffic *traffic, const TextView *values, const ClickId *click,
				  const SiteTable *own)
{
	traffic->source = values[UTM_SOURCE];
	traffic->medium = values[UTM_MEDIUM];
	traffic->campaign = values[UTM_CAMPAIGN];
	traffic->term = values[UTM_TERM];
	traffic->content = values[UTM_CONTENT];
	if (click != NULL)
		traffic->click_id = values[FIRST_CLICK_ID + (click - click_ids)];
	if (click != NULL && click->is_paid && traffic->source.data == NULL)
		traffic->source = click->source;
	if (click != NULL && click->is_paid && traffic->medium.data == NULL)
		traffic->medium = click->medium;
	if (traffic->source.data != NULL)
		traffic->site = site_of_source(channel_lower(traffic->source), own);
	return traffic->source.data != NULL || traffic->medium.data != NULL ||
		   traffic->campaign.data != NULL;
}

/*
 * set_without_campaign takes source and medium of a visit whose URL names no source: from the
 * referrer, or else from a click identifier that any link from a network has.
 */
static void
set_without_campaign(Traffic *traffic, TextView referrer, const Site *site, const ClickId *click,
					 const SiteTable *own)
{
	if (referrer.data != NULL)
		set_from_referrer(traffic, referrer, site);
	else if (click != NULL)
	{
		traffic->source = click->source;
		traffic->site = site_of_source(click->source, own);
		if (traffic->medium.data == NULL)
			traffic->medium = click->medium;
	}
	else if (traffic->medium.data == NULL && traffic->campaign.data == NULL)
	{
		traffic->source = (TextView) TEXT_VIEW("(direct)");
		traffic->medium = (TextView) TEXT_VIEW("(none)");
	}
}

/*
 * prefer replaces a value by one that is given.
 */
static inline void
prefer(TextView *value, TextView given)
{
	if (is_given(given))
		*value = given;
}

/*
 * traffic_of says where a visit came from.
 */
Traffic
traffic_of(const Visit *visit, const SiteTable *own)
{
	Traffic traffic = {.source = {NULL, 0}};
	TextView values[PARAMETERS] = {{NULL, 0}};
	TextView page_host = {NULL, 0};
	TextView referrer_host = {NULL, 0};
	const Site *site = NULL;
	const ClickId *click;
	bool is_internal = false;

	if (visit->page_url.data != NULL)
	{
		UrlParts parts = url_split(visit->page_url);

		page_host = lower_host(parts.host);
		read_parameters(parts.query, values);
	}
	prefer(&values[UTM_SOURCE], visit->utm_source);
	prefer(&values[UTM_MEDIUM], visit->utm_medium);
	prefer(&values[UTM_CAMPAIGN], visit->utm_campaign);
	if (visit->referrer.data != NULL)
		referrer_host = lower_host(url_split(visit->referrer).host);
	if (referrer_host.data != NULL)
	{
		site = site_of_host(referrer_host, own);
		is_internal = (site != NULL && site->kind == SITE_INTERNAL) ||
					  (page_host.data != NULL && site_is_same(page_host, referrer_host));
	}
	click = first_click_id(values);
	if (!set_from_campaign(&traffic, values, click, own) && is_internal)
		traffic.is_internal = true;
	else if (traffic.source.data == NULL && !is_internal)
		set_without_campaign(&traffic, referrer_host, site, click, own);
	return traffic;
}
