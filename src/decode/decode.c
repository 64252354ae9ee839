/*
 * decode.c
 *		Requests of trackers as rows for a raw events table.
 *
 * A body is read twice.  The first pass tells whether it is JSON at all, and where the parts of the
 * envelope are, such as the time of sending that often comes after the events.  The second one
 * reads one event after the other, each in memory that the next one uses again.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "decode/decode.h"
#include "decode/json_read.h"
#include "decode/json_scan.h"
#include "decode/protocol.h"

/* One event's tree in memory is many times as large as its JSON. */
#define MAX_EVENT_SIZE (16 * 1024 * 1024)

/* A request that is being decoded. */
typedef struct DecodeRun
{
	const Protocol *protocol;
	Request request;
	Body body;
	Envelope envelope;
	RawEventSink sink;
	void *arg;
	MemoryContext event_memory;
	DecodeFault *fault;
} DecodeRun;

/* Takes the JSON of one event. */
typedef void (*EventVisitor)(DecodeRun *run, TextView event);

/*
 * decode_fault_raise raises a fault.
 */
void
decode_fault_raise(const DecodeFault *fault)
{
	ereport(ERROR, (errcode(fault->sqlstate), errmsg_internal("%s", fault->message),
					fault->detail == NULL ? 0 : errdetail_internal("%s", fault->detail),
					fault->hint == NULL ? 0 : errhint("%s", fault->hint)));
}

/*
 * decode_headers returns the headers of a request.
 */
Jsonb *
decode_headers(TextView json, DecodeFault *fault)
{
	JsonScan scan;
	TextView text;
	JsonbValue headers;
	Notes notes = {0};

	json_scan_begin(&scan, json);
	if (!json_scan_value(&scan, &text) || !json_scan_at_end(&scan) || text.data[0] != '{')
	{
		*fault = (DecodeFault){ERRCODE_INVALID_TEXT_REPRESENTATION,
							   "the headers of the request are not a JSON object", NULL, NULL};
		return NULL;
	}
	json_read(text, &notes, &headers);
	return JsonbValueToJsonb(&headers);
}

/*
 * give_event makes a row of an event and gives it to the sink.
 */
static void
give_event(DecodeRun *run, const JsonbValue *event, const Notes *notes)
{
	EventDraft draft;

	draft_begin(&draft, &run->envelope, event);
	notes_append(&draft.notes, notes);
	run->protocol->map(&draft);
	draft_end(&draft, run->protocol->name);
	run->sink(&draft.row, run->arg);
}

/*
 * visit_event reads the JSON of an event and makes a row of it.
 */
static void
visit_event(DecodeRun *run, TextView text)
{
	MemoryContext caller = MemoryContextSwitchTo(run->event_memory);
	JsonbValue event;
	Notes notes = {0};

	CHECK_FOR_INTERRUPTS();
	json_read(text, &notes, &event);
	give_event(run, &event, &notes);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(run->event_memory);
}

/*
 * check_size sets the fault of an event that is too large.
 */
static void
check_size(DecodeRun *run, TextView event)
{
	if (event.len > MAX_EVENT_SIZE)
		*run->fault = (DecodeFault){
			ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the request has an event that is too large",
			psprintf("It has %u bytes; at most %d are possible.", event.len, MAX_EVENT_SIZE), NULL};
}

/*
 * visit_values visits one event after the other: the elements of an array, if so, or else the
 * values of a text.
 */
static void
visit_values(DecodeRun *run, TextView text, bool array, EventVisitor visit)
{
	JsonScan scan;
	TextView value;

	json_scan_begin(&scan, text);
	if (array)
		(void) json_scan_take(&scan, '[');
	while (!json_scan_at_end(&scan) && !json_scan_take(&scan, ']'))
	{
		(void) json_scan_take(&scan, ',');
		if (!json_scan_value(&scan, &value))
			elog(ERROR, "JSON that was in order is not any more");
		visit(run, value);
	}
	if (scan.objects != NULL)
		pfree(scan.objects);
}

/*
 * visit_events visits all events of a body, which may lie in an array inside of the body.
 */
static void
visit_events(DecodeRun *run, TextView inside, EventVisitor visit)
{
	if (inside.data != NULL)
		visit_values(run, inside, true, visit);
	else
		visit_values(run, run->body.text, run->body.kind == BODY_ARRAY, visit);
}

/*
 * decode_json decodes a body that is JSON.
 */
static bool
decode_json(DecodeRun *run)
{
	const char *name = run->protocol->events;
	TextView inside = name == NULL ? (TextView){NULL, 0} : body_array(&run->body, name);

	if (run->body.text.len > MAX_EVENT_SIZE)
		visit_events(run, inside, check_size);
	if (run->fault->message != NULL)
		return false;
	if (inside.data != NULL)
		run->envelope.members = body_without(&run->body, name, &run->envelope.notes);
	visit_events(run, inside, visit_event);
	return true;
}

/*
 * decode_whole decodes a request that is one event and no JSON; returns whether it is.
 */
static bool
decode_whole(DecodeRun *run)
{
	JsonbValue event;
	Notes notes = {0};

	if (run->protocol->whole_event == NULL ||
		!run->protocol->whole_event(&run->request, &notes, &event))
		return false;
	give_event(run, &event, &notes);
	return true;
}

/*
 * decode_parameters decodes a form or a query, which may hold no event.
 */
static void
decode_parameters(DecodeRun *run)
{
	JsonbValue event;
	Notes notes = {0};

	if (run->protocol->parameters_event != NULL &&
		run->protocol->parameters_event(&run->request, run->body.text, &notes, &event))
		give_event(run, &event, &notes);
}

/*
 * decode_body decodes a request whose protocol is known.
 */
static bool
decode_body(DecodeRun *run)
{
	if (run->protocol->holds_no_event != NULL && run->protocol->holds_no_event(&run->request))
		return true;
	if (decode_whole(run))
		return true;
	if (!body_open(&run->body, &run->request, run->fault))
		return false;
	if (run->body.kind == BODY_PARAMETERS)
		decode_parameters(run);
	else if (run->body.kind != BODY_EMPTY)
		return decode_json(run);
	return true;
}

/*
 * find_protocol sets the protocol of a request.
 */
static bool
find_protocol(DecodeRun *run, TextView name)
{
	run->protocol = protocol_find(name);
	if (run->protocol != NULL)
		return true;
	*run->fault = (DecodeFault){ERRCODE_INVALID_PARAMETER_VALUE,
								psprintf("unknown protocol \"%.*s\"", (int) name.len, name.data),
								NULL, "Use one of: " PROTOCOL_NAMES "."};
	return false;
}

/*
 * keep_text returns a copy of a text in the current memory context; NULL for NULL.
 */
static const char *
keep_text(const char *text)
{
	return text == NULL ? NULL : pstrdup(text);
}

/*
 * keep_fault copies the texts of a fault.
 */
static void
keep_fault(DecodeFault *fault)
{
	fault->message = keep_text(fault->message);
	fault->detail = keep_text(fault->detail);
	fault->hint = keep_text(fault->hint);
}

/*
 * decode_request decodes a request.
 */
bool
decode_request(const RawRequest *raw, RawEventSink sink, void *arg, DecodeFault *fault)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext memory =
		AllocSetContextCreate(caller, "request to decode", ALLOCSET_DEFAULT_SIZES);
	DecodeRun run = {.sink = sink, .arg = arg, .fault = fault};
	bool decoded;

	*fault = (DecodeFault){0};
	MemoryContextSwitchTo(memory);
	run.event_memory = AllocSetContextCreate(memory, "event to decode", ALLOCSET_DEFAULT_SIZES);
	request_open(&run.request, raw);
	run.envelope.request = &run.request;
	decoded = find_protocol(&run, raw->protocol) && decode_body(&run);
	MemoryContextSwitchTo(caller);
	if (!decoded)
		keep_fault(fault);
	MemoryContextDelete(memory);
	return decoded;
}
