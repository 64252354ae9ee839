/*
 * site.c
 *		The sites that send visitors: search engines, social networks and others.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "compat.h"
#include "web/domain.h"
#include "web/site.h"

#define SITE(domain, source, kind) {TEXT_VIEW(domain), TEXT_VIEW(source), SITE_##kind},

static const Site site_list[] = {
#include "web/site_list.h"
};

static const char *const kind_names[] = {
	[SITE_UNKNOWN] = "",    [SITE_SEARCH] = "search",     [SITE_SOCIAL] = "social",
	[SITE_VIDEO] = "video", [SITE_SHOPPING] = "shopping", [SITE_MAIL] = "mail",
	[SITE_AI] = "ai",       [SITE_INTERNAL] = "internal"};

/*
 * site_kind_name returns the name of a kind of sites.
 */
const char *
site_kind_name(SiteKind kind)
{
	return kind_names[kind];
}

/*
 * compare_texts compares two texts by their bytes.
 */
static int
compare_texts(TextView a, TextView b)
{
	int order = memcmp(a.data, b.data, Min(a.len, b.len));

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/*
 * compare_domains compares two sites by domain.
 */
static int
compare_domains(const void *a, const void *b)
{
	return compare_texts(((const Site *) a)->domain, ((const Site *) b)->domain);
}

/*
 * compare_sources compares two sites by source, and those of one source by domain.
 */
static int
compare_sources(const void *a, const void *b)
{
	int order = compare_texts(((const Site *) a)->source, ((const Site *) b)->source);

	return order != 0 ? order : compare_domains(a, b);
}

/*
 * sort_table fills in both orders of a table, whose sites are in by_domain.
 */
static void
sort_table(SiteTable *table)
{
	memcpy(table->by_source, table->by_domain, table->count * sizeof(Site));
	qsort(table->by_domain, table->count, sizeof(Site), compare_domains);
	qsort(table->by_source, table->count, sizeof(Site), compare_sources);
}

/*
 * site_builtin returns the sites that are built in, sorted when they are asked for first.
 */
const SiteTable *
site_builtin(void)
{
	static Site by_domain[lengthof(site_list)];
	static Site by_source[lengthof(site_list)];
	static SiteTable table;

	if (table.count == 0)
	{
		SiteTable sorted = {lengthof(site_list), by_domain, by_source};

		memcpy(by_domain, site_list, sizeof(site_list));
		sort_table(&sorted);
		table = sorted;
	}
	return &table;
}

/*
 * report_sites reports what is wrong with a user's own sites.
 */
static void
report_sites(const char *problem, TextView domain)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid sites: %s", problem),
			 domain.data == NULL
				 ? 0
				 : errdetail("The site is \"%.*s\".", (int) domain.len, domain.data),
			 errhint("Write an object such as {\"news.example\": {\"source\": \"news\", "
					 "\"kind\": \"social\"}}, with a kind of search, social, video, shopping, "
					 "mail, ai or internal, and domains in lower case.")));
}

/*
 * text_key returns the text that an object has under a key; its data is NULL if there is none.
 */
static TextView
text_key(JsonbContainer *object, const char *key)
{
	JsonbValue value;

	if (getKeyJsonValueFromContainer(object, key, (int) strlen(key), &value) == NULL ||
		value.type != jbvString)
		return (TextView){NULL, 0};
	return (TextView){value.val.string.val, (uint32) value.val.string.len};
}

/*
 * kind_of_name returns the kind of a name, SITE_UNKNOWN if there is none.
 */
static SiteKind
kind_of_name(TextView name)
{
	for (SiteKind kind = SITE_SEARCH; name.data != NULL && kind <= SITE_INTERNAL; kind++)
	{
		if (strlen(kind_names[kind]) == name.len &&
			memcmp(kind_names[kind], name.data, name.len) == 0)
			return kind;
	}
	return SITE_UNKNOWN;
}

/*
 * compile_site makes a site of one key of the user's object and its value.
 */
static Site
compile_site(TextView domain, const JsonbValue *value)
{
	Site site = {domain, {NULL, 0}, SITE_UNKNOWN};

	if (domain.len > MAX_HOST)
		report_sites("a domain is too long", (TextView){NULL, 0});
	for (uint32 i = 0; i < domain.len; i++)
	{
		if (domain.data[i] >= 'A' && domain.data[i] <= 'Z')
			report_sites("a domain is not in lower case", domain);
	}
	if (value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		report_sites("a site is no object", domain);
	site.kind = kind_of_name(text_key(value->val.binary.data, "kind"));
	if (site.kind == SITE_UNKNOWN)
		report_sites("a site has no valid kind", domain);
	site.source = text_key(value->val.binary.data, "source");
	if (site.source.data == NULL || site.source.len == 0)
	{
		if (site.kind != SITE_INTERNAL)
			report_sites("a site has no source", domain);
		site.source = domain;
	}
	return site;
}

/*
 * site_compile makes a table of a user's own sites.  The texts lie in a copy of the document.
 */
const SiteTable *
site_compile(const Jsonb *sites)
{
	SiteTable *table = palloc0(sizeof(SiteTable));
	Jsonb *copy = palloc(VARSIZE(sites));
	JsonbIterator *iterator;
	JsonbValue value;
	TextView domain;

	if (!JB_ROOT_IS_OBJECT(sites))
		report_sites("they are no object", (TextView){NULL, 0});
	memcpy(copy, sites, VARSIZE(sites));
	table->by_domain = palloc(JB_ROOT_COUNT(copy) * sizeof(Site));
	table->by_source = palloc(JB_ROOT_COUNT(copy) * sizeof(Site));
	iterator = JsonbIteratorInit(&copy->root);
	(void) JsonbIteratorNext(&iterator, &value, true);
	while (JsonbIteratorNext(&iterator, &value, true) == WJB_KEY)
	{
		CHECK_FOR_INTERRUPTS();
		domain = (TextView){value.val.string.val, (uint32) value.val.string.len};
		(void) JsonbIteratorNext(&iterator, &value, true);
		table->by_domain[table->count++] = compile_site(domain, &value);
	}
	sort_table(table);
	return table;
}

/*
 * find_domain returns the site of a table that has exactly this domain, or NULL.
 */
static const Site *
find_domain(const SiteTable *table, TextView domain)
{
	Site key = {domain, {NULL, 0}, SITE_UNKNOWN};

	if (table == NULL || table->count == 0)
		return NULL;
	return bsearch(&key, table->by_domain, table->count, sizeof(Site), compare_domains);
}

/*
 * find_source returns a site of a table that has exactly this source, or NULL.
 */
static const Site *
find_source(const SiteTable *table, TextView source)
{
	uint32 low = 0;
	uint32 high = table == NULL ? 0 : table->count;

	while (low < high)
	{
		uint32 middle = (low + high) / 2;

		if (compare_texts(table->by_source[middle].source, source) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (table != NULL && low < table->count &&
		text_view_equal(table->by_source[low].source, source))
		return &table->by_source[low];
	return NULL;
}

/*
 * find_tail returns the site of a domain or, if there is none, of a pattern that ends with a star.
 */
static const Site *
find_tail(TextView domain, TextView pattern, const SiteTable *own)
{
	const Site *site = find_domain(own, domain);

	if (site == NULL)
		site = find_domain(site_builtin(), domain);
	if (site == NULL && pattern.len > 0)
		site = find_domain(own, pattern);
	if (site == NULL && pattern.len > 0)
		site = find_domain(site_builtin(), pattern);
	return site;
}

/*
 * site_of_host returns the site of a host.
 */
const Site *
site_of_host(TextView host, const SiteTable *own)
{
	char starred[MAX_HOST + 2];
	uint32 suffix;
	uint32 from = 0;

	host = domain_plain(host);
	if (host.len > MAX_HOST)
		return NULL;
	suffix = domain_suffix(host);
	memcpy(starred, host.data, suffix);
	starred[suffix] = '*';
	while (from < host.len)
	{
		TextView tail = {host.data + from, host.len - from};
		TextView pattern = {starred + from, from < suffix ? suffix + 1 - from : 0};
		const char *dot = memchr(tail.data, '.', tail.len);
		const Site *site;

		if (dot == NULL)
			return NULL;
		site = find_tail(tail, pattern, own);
		if (site != NULL)
			return site;
		from += (uint32) (dot - tail.data) + 1;
	}
	return NULL;
}

/*
 * site_of_source returns the site that a campaign's source names.
 */
const Site *
site_of_source(TextView source, const SiteTable *own)
{
	const Site *site = find_source(own, source);

	if (site == NULL)
		site = find_source(site_builtin(), source);
	if (site == NULL && memchr(source.data, '.', source.len) == NULL)
		site = find_tail(source, (TextView){NULL, 0}, own);
	return site == NULL ? site_of_host(source, own) : site;
}

/*
 * site_is_same tells whether two hosts belong to one site.
 */
bool
site_is_same(TextView a, TextView b)
{
	TextView x = domain_plain(a);
	TextView y = domain_plain(b);

	if (text_view_equal(x, y))
		return true;
	x = domain_registrable(x);
	return x.data != NULL && text_view_equal(x, domain_registrable(y));
}
