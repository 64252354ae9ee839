/*
 * url_functions.c
 *		SQL functions on URLs: host, path, query, page, and a parameter of the query.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "compat.h"
#include "web/result.h"
#include "web/url.h"
#include "web/url_query.h"

PG_FUNCTION_INFO_V1(sz_url_host);
PG_FUNCTION_INFO_V1(sz_url_path);
PG_FUNCTION_INFO_V1(sz_url_query);
PG_FUNCTION_INFO_V1(sz_url_page);
PG_FUNCTION_INFO_V1(sz_url_parameter);

/*
 * host_and_path returns a text of a host in lower case, which may be none, and a path.
 */
static text *
host_and_path(TextView host, TextView path)
{
	Size size = VARHDRSZ + host.len + path.len;
	text *result = palloc(size);

	SET_VARSIZE(result, size);
	url_lower_host(host, VARDATA(result));
	if (path.len > 0)
		memcpy(VARDATA(result) + host.len, path.data, path.len);
	return result;
}

/*
 * sz_url_host returns the host of a URL.
 */
Datum
sz_url_host(PG_FUNCTION_ARGS)
{
	UrlParts parts = url_split(text_argument(fcinfo, 0));

	if (parts.host.data == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(host_and_path(parts.host, (TextView){NULL, 0}));
}

/*
 * sz_url_path returns the path of a URL.
 */
Datum
sz_url_path(PG_FUNCTION_ARGS)
{
	UrlParts parts = url_split(text_argument(fcinfo, 0));

	return text_result(fcinfo, url_written_path(&parts));
}

/*
 * sz_url_query returns the query of a URL.
 */
Datum
sz_url_query(PG_FUNCTION_ARGS)
{
	return text_result(fcinfo, url_split(text_argument(fcinfo, 0)).query);
}

/*
 * sz_url_page returns the host and the path of a URL in one text.
 */
Datum
sz_url_page(PG_FUNCTION_ARGS)
{
	UrlParts parts = url_split(text_argument(fcinfo, 0));

	PG_RETURN_TEXT_P(host_and_path(parts.host, url_written_path(&parts)));
}

/*
 * sz_url_parameter returns the decoded value of the first parameter of a name.
 */
Datum
sz_url_parameter(PG_FUNCTION_ARGS)
{
	TextView query = url_split(text_argument(fcinfo, 0)).query;
	TextView name = text_argument(fcinfo, 1);
	QueryParameter parameter;

	while (url_query_next(&query, &parameter))
	{
		TextView decoded = url_query_decode(parameter.name);

		CHECK_FOR_INTERRUPTS();
		if (text_view_equal(decoded, name))
			return text_result(fcinfo, url_query_decode(parameter.value));
		url_query_forget(parameter.name, decoded);
	}
	PG_RETURN_NULL();
}
