/*
 * client_hints.c
 *		What browsers say of themselves beside the user agent, in any of the forms that trackers
 *		send.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "web/client_hints.h"

typedef struct Brand
{
	const char *brand;
	const char *browser;
} Brand;

/* A brand that comes earlier says more. */
static const Brand brands[] = {{"Microsoft Edge", "Edge"},
							   {"Microsoft Edge WebView2", "Edge"},
							   {"Opera", "Opera"},
							   {"Opera GX", "Opera"},
							   {"Opera Mobile", "Opera"},
							   {"Samsung Internet", "Samsung Internet"},
							   {"Vivaldi", "Vivaldi"},
							   {"Brave", "Brave"},
							   {"YaBrowser", "Yandex Browser"},
							   {"Yandex", "Yandex Browser"},
							   {"DuckDuckGo", "DuckDuckGo"},
							   {"Whale", "Whale"},
							   {"HuaweiBrowser", "Huawei Browser"},
							   {"Android WebView", "WebView"},
							   {"Google Chrome", "Chrome"}};

/* The reading of one document; rank is that of the brand found so far. */
typedef struct HintReading
{
	ClientHints *hints;
	int rank;
} HintReading;

/*
 * is_key tells whether a key is one of a hint's two names: the one of JavaScript, or the one of
 * the HTTP header, which may be in any case.
 */
static bool
is_key(TextView key, const char *name, const char *header)
{
	return (name != NULL && text_view_is(key, name)) ||
		   (header != NULL && strlen(header) == key.len &&
			pg_strncasecmp(key.data, header, key.len) == 0);
}

/*
 * says_more tells whether a version is better than the one known: it has a minor version.
 */
static bool
says_more(TextView version, TextView known)
{
	return known.data == NULL ||
		   (version.data != NULL && memchr(known.data, '.', known.len) == NULL);
}

/*
 * note_brand notes a brand and its version.
 */
static void
note_brand(HintReading *reading, TextView brand, TextView version)
{
	ClientHints *hints = reading->hints;

	if (text_view_is(brand, "HeadlessChrome"))
		hints->is_headless = true;
	if (text_view_is(brand, "Chromium"))
	{
		hints->is_chromium = true;
		if (says_more(version, hints->chromium_version))
			hints->chromium_version = version;
	}
	for (int i = 0; i < (int) lengthof(brands) && i <= reading->rank; i++)
	{
		if (!text_view_is(brand, brands[i].brand))
			continue;
		if (i < reading->rank || says_more(version, hints->browser_version))
			hints->browser_version = version;
		hints->browser = brands[i].browser;
		reading->rank = i;
		return;
	}
}

/*
 * string_of returns the text of a JSON string; its data is NULL for anything else.
 */
static TextView
string_of(const JsonbValue *value)
{
	if (value == NULL || value->type != jbvString)
		return (TextView){NULL, 0};
	return (TextView){value->val.string.val, (uint32) value->val.string.len};
}

/*
 * read_brand_array reads [{"brand": …, "version": …}, …].
 */
static void
read_brand_array(HintReading *reading, JsonbContainer *array)
{
	JsonbIterator *iterator = JsonbIteratorInit(array);
	JsonbValue element;
	JsonbValue field;
	JsonbIteratorToken token = JsonbIteratorNext(&iterator, &element, true);

	while ((token = JsonbIteratorNext(&iterator, &element, true)) == WJB_ELEM)
	{
		TextView brand;
		TextView version;

		CHECK_FOR_INTERRUPTS();
		if (element.type != jbvBinary || !JsonContainerIsObject(element.val.binary.data))
			continue;
		brand =
			string_of(getKeyJsonValueFromContainer(element.val.binary.data, "brand", 5, &field));
		version =
			string_of(getKeyJsonValueFromContainer(element.val.binary.data, "version", 7, &field));
		if (brand.data != NULL)
			note_brand(reading, brand, version);
	}
}

/*
 * take_quoted takes the next text in quotation marks off the front of a header's value; its data
 * is NULL if there is none.
 */
static TextView
take_quoted(TextView *header)
{
	const char *end = header->data + header->len;
	const char *from = memchr(header->data, '"', header->len);
	const char *to = from == NULL ? NULL : memchr(from + 1, '"', end - from - 1);

	if (to == NULL)
		return (TextView){NULL, 0};
	*header = (TextView){to + 1, (uint32) (end - to - 1)};
	return (TextView){from + 1, (uint32) (to - from - 1)};
}

/*
 * read_brand_header reads "Chromium";v="156", "Google Chrome";v="156".
 */
static void
read_brand_header(HintReading *reading, TextView header)
{
	TextView brand;

	while ((brand = take_quoted(&header)).data != NULL)
	{
		TextView version = {NULL, 0};

		if (header.len >= 3 && memcmp(header.data, ";v=", 3) == 0)
			version = take_quoted(&header);
		note_brand(reading, brand, version);
	}
}

/*
 * read_brands reads brands in either form.
 */
static void
read_brands(HintReading *reading, const JsonbValue *value)
{
	if (value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data))
		read_brand_array(reading, value->val.binary.data);
	else if (value->type == jbvString)
		read_brand_header(reading, string_of(value));
}

/*
 * read_mobile reads true or the header's ?1.
 */
static void
read_mobile(ClientHints *hints, const JsonbValue *value)
{
	TextView text = string_of(value);

	if (value->type == jbvBool)
	{
		hints->has_mobile = true;
		hints->is_mobile = value->val.boolean;
	}
	else if (text.data != NULL && (text_view_is(text, "?0") || text_view_is(text, "?1")))
	{
		hints->has_mobile = true;
		hints->is_mobile = text_view_is(text, "?1");
	}
}

/*
 * read_text reads a text, without the quotation marks of a header.
 */
static TextView
read_text(const JsonbValue *value)
{
	TextView text = string_of(value);

	if (text.data != NULL && text.len >= 2 && text.data[0] == '"')
		return take_quoted(&text);
	return text;
}

/*
 * read_form_factors reads ["Tablet"], or the header's "Tablet".
 */
static void
read_form_factors(ClientHints *hints, const JsonbValue *value)
{
	JsonbValue tablet = {.type = jbvString};

	tablet.val.string.val = pstrdup("Tablet");
	tablet.val.string.len = 6;
	if (value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data))
		hints->is_tablet =
			findJsonbValueFromContainer(value->val.binary.data, JB_FARRAY, &tablet) != NULL;
	else if (value->type == jbvString)
		hints->is_tablet = text_view_is(read_text(value), "Tablet");
}

/*
 * read_hint reads the hint of one key.
 */
static void
read_hint(HintReading *reading, TextView key, const JsonbValue *value)
{
	ClientHints *hints = reading->hints;

	if (is_key(key, "brands", "sec-ch-ua") ||
		is_key(key, "fullVersionList", "sec-ch-ua-full-version-list"))
		read_brands(reading, value);
	else if (is_key(key, "mobile", "sec-ch-ua-mobile") || is_key(key, "isMobile", NULL))
		read_mobile(hints, value);
	else if (is_key(key, "platform", "sec-ch-ua-platform"))
		hints->platform = read_text(value);
	else if (is_key(key, "platformVersion", "sec-ch-ua-platform-version"))
		hints->platform_version = read_text(value);
	else if (is_key(key, "formFactors", "sec-ch-ua-form-factors"))
		read_form_factors(hints, value);
}

/*
 * client_hints_read reads the hints of a document; one that is no object has none.
 */
ClientHints
client_hints_read(Jsonb *document)
{
	ClientHints hints = {.has_mobile = false};
	HintReading reading = {&hints, lengthof(brands)};
	JsonbIterator *iterator;
	JsonbValue key;
	JsonbValue value;

	if (!JB_ROOT_IS_OBJECT(document))
		return hints;
	iterator = JsonbIteratorInit(&document->root);
	(void) JsonbIteratorNext(&iterator, &key, true);
	while (JsonbIteratorNext(&iterator, &key, true) == WJB_KEY)
	{
		CHECK_FOR_INTERRUPTS();
		(void) JsonbIteratorNext(&iterator, &value, true);
		read_hint(&reading, string_of(&key), &value);
	}
	return hints;
}
