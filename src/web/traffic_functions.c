/*
 * traffic_functions.c
 *		SQL functions: the source of a visit, its channel group, and the referring sites.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "compat.h"
#include "web/channel.h"
#include "web/memo.h"
#include "web/result.h"
#include "web/site.h"
#include "web/traffic.h"

PG_FUNCTION_INFO_V1(sz_traffic);
PG_FUNCTION_INFO_V1(sz_channel_group);
PG_FUNCTION_INFO_V1(sz_referring_sites);

/* What a call site keeps between its calls: the user's own sites, and the type of the result. */
typedef struct CallSite
{
	MemoryContext memory; /* what belongs to sites */
	Jsonb *sites;
	const SiteTable *own;
	TupleDesc columns;
} CallSite;

/*
 * call_site returns what a call site keeps.
 */
static CallSite *
call_site(FunctionCallInfo fcinfo)
{
	FmgrInfo *flinfo = fcinfo->flinfo;

	if (flinfo->fn_extra == NULL)
		flinfo->fn_extra = MemoryContextAllocZero(flinfo->fn_mcxt, sizeof(CallSite));
	return flinfo->fn_extra;
}

/*
 * compile_sites compiles a user's own sites for a call site.
 */
static void
compile_sites(CallSite *call, const Jsonb *sites, MemoryContext parent)
{
	MemoryContext memory =
		AllocSetContextCreate(CurrentMemoryContext, "referring sites", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	const SiteTable *own = site_compile(sites);
	Jsonb *copy = palloc(VARSIZE(sites));

	memcpy(copy, sites, VARSIZE(sites));
	MemoryContextSwitchTo(caller);
	if (call->memory != NULL)
		MemoryContextDelete(call->memory);
	MemoryContextSetParent(memory, parent);
	call->memory = memory;
	call->sites = copy;
	call->own = own;
}

/*
 * sites_argument returns the user's own sites, or NULL; it compiles sites once if they stay the
 * same from call to call.
 */
static const SiteTable *
sites_argument(FunctionCallInfo fcinfo, int argno)
{
	CallSite *call = call_site(fcinfo);
	Jsonb *sites;

	if (PG_ARGISNULL(argno))
		return NULL;
	sites = PG_GETARG_JSONB_P(argno);
	if (call->sites == NULL || VARSIZE(call->sites) != VARSIZE(sites) ||
		memcmp(call->sites, sites, VARSIZE(sites)) != 0)
		compile_sites(call, sites, fcinfo->flinfo->fn_mcxt);
	return call->own;
}

/*
 * make_traffic returns where a visit came from as a row of these columns.
 */
static HeapTupleHeader
make_traffic(const Visit *visit, const SiteTable *own, TupleDesc columns)
{
	Traffic traffic = traffic_of(visit, own);
	TextView channel = {NULL, 0};
	Datum values[7];
	bool nulls[7];

	if (!traffic.is_internal)
	{
		channel.data =
			channel_group(traffic.source, traffic.medium, traffic.campaign, traffic.site);
		channel.len = (uint32) strlen(channel.data);
	}
	put_text(traffic.source, &values[0], &nulls[0]);
	put_text(traffic.medium, &values[1], &nulls[1]);
	put_text(traffic.campaign, &values[2], &nulls[2]);
	put_text(traffic.term, &values[3], &nulls[3]);
	put_text(traffic.content, &values[4], &nulls[4]);
	put_text(traffic.click_id, &values[5], &nulls[5]);
	put_text(channel, &values[6], &nulls[6]);
	return DatumGetHeapTupleHeader(HeapTupleGetDatum(heap_form_tuple(columns, values, nulls)));
}

/*
 * visit_argument returns what a call knows of a visit, and whether that is anything.
 */
static bool
visit_argument(FunctionCallInfo fcinfo, Visit *visit)
{
	*visit = (Visit){.page_url = text_argument(fcinfo, 0),
					 .referrer = text_argument(fcinfo, 1),
					 .utm_source = text_argument(fcinfo, 3),
					 .utm_medium = text_argument(fcinfo, 4),
					 .utm_campaign = text_argument(fcinfo, 5)};
	return visit->page_url.data != NULL || visit->referrer.data != NULL ||
		   visit->utm_source.data != NULL || visit->utm_medium.data != NULL ||
		   visit->utm_campaign.data != NULL;
}

/*
 * sz_traffic returns where a visit came from.
 */
Datum
sz_traffic(PG_FUNCTION_ARGS)
{
	static Memo memo;
	const SiteTable *own = sites_argument(fcinfo, 2);
	CallSite *call = call_site(fcinfo);
	TupleDesc columns;
	Visit visit;
	MemoInputs inputs;
	struct varlena *row;

	if (!visit_argument(fcinfo, &visit))
		PG_RETURN_NULL();
	columns = result_columns(fcinfo, &call->columns);
	inputs = (MemoInputs){.text = {visit.page_url, visit.referrer, visit.utm_source,
								   visit.utm_medium, visit.utm_campaign}};
	if (own != NULL)
		inputs.text[5] = (TextView){VARDATA(call->sites), VARSIZE(call->sites) - VARHDRSZ};
	inputs.text[6] = (TextView){(const char *) &columns->tdtypeid, sizeof(Oid)};
	row = memo_find(&memo, &inputs);
	if (row == NULL)
	{
		row = (struct varlena *) make_traffic(&visit, own, columns);
		memo_keep(&memo, &inputs, row);
	}
	PG_RETURN_POINTER(row);
}

/*
 * sz_channel_group returns the channel group of a source, a medium and a campaign.
 */
Datum
sz_channel_group(PG_FUNCTION_ARGS)
{
	TextView source = text_argument(fcinfo, 0);
	TextView medium = text_argument(fcinfo, 1);
	TextView campaign = text_argument(fcinfo, 2);
	const SiteTable *own = sites_argument(fcinfo, 3);
	const Site *site = NULL;

	if (source.data == NULL && medium.data == NULL && campaign.data == NULL)
		PG_RETURN_NULL();
	if (source.data != NULL)
		site = site_of_source(channel_lower(source), own);
	PG_RETURN_TEXT_P(cstring_to_text(channel_group(source, medium, campaign, site)));
}

/*
 * sz_referring_sites returns the built-in sites.
 */
Datum
sz_referring_sites(PG_FUNCTION_ARGS)
{
	const SiteTable *table = site_builtin();
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (uint32 i = 0; i < table->count; i++)
	{
		const Site *site = &table->by_domain[i];
		Datum values[3];
		bool nulls[3];

		put_text(site->domain, &values[0], &nulls[0]);
		put_text(site->source, &values[1], &nulls[1]);
		values[2] = CStringGetTextDatum(site_kind_name(site->kind));
		nulls[2] = false;
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
