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
#include "decode/clean_text.h"
#include "decode/decode.h"
#include "decode/json_read.h"
#include "decode/json_scan.h"
#include "decode/protocol.h"

/* One event's tree in memory is many times as large as its JSON. */
#define MAX_EVENT_SIZE (16 * 1024 * 1024)

/* More than this around the events is kept once, and not with each event. */
#define MAX_SHARED_SIZE 4096

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
	json_read(text, NULL, &notes, &headers);
	return JsonbValueToJsonb(&headers);
}

/*
 * take_keys takes members out that events don't get.
 */
static void
take_keys(TreeMembers *members, const char *const *keys)
{
	for (; keys != NULL && *keys != NULL; keys++)
		(void) tree_members_take(members, *keys);
}

/*
 * take_write_key takes the write key out, if the collector has named the source that it is of.
 */
static void
take_write_key(DecodeRun *run, TreeMembers *members)
{
	if (request_header(&run->request, ":source").data != NULL)
		take_keys(members, run->protocol->write_keys);
}

/*
 * open_envelope reads the members around the events.
 */
static void
open_envelope(DecodeRun *run, TextView events)
{
	Envelope *envelope = &run->envelope;
	TreeMembers members;
	TreeObject shared;

	envelope->members = body_without(&run->body, run->protocol->events, &envelope->notes);
	envelope->is_large = run->body.text.len - events.len > MAX_SHARED_SIZE;
	tree_members_open(&members, &envelope->members);
	take_keys(&members, run->protocol->envelope_keys);
	take_write_key(run, &members);
	tree_object_begin(&shared, 8);
	tree_object_add_all(&shared, tree_members_take(&members, "context"));
	tree_members_add_rest(&members, &shared);
	envelope->shared = tree_object_end(&shared, NULL);
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
	take_write_key(run, &draft.members);
	run->protocol->map(&draft);
	draft_end(&draft, run->protocol->name);
	run->sink(&draft.row, run->arg);
	run->envelope.is_first = false;
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
	json_read(text, NULL, &notes, &event);
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
		open_envelope(run, inside);
	visit_events(run, inside, visit_event);
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
 * is_small_enough checks the size of a body that is one event.
 */
static bool
is_small_enough(DecodeRun *run)
{
	check_size(run, run->request.raw->body);
	return run->fault->message == NULL;
}

/*
 * decode_body decodes the body of a request, which is open.
 */
static bool
decode_body(DecodeRun *run)
{
	if (run->body.kind == BODY_EMPTY)
		return true;
	if (run->body.kind != BODY_PARAMETERS)
		return decode_json(run);
	if (!is_small_enough(run))
		return false;
	decode_parameters(run);
	return true;
}

/*
 * decode_one decodes a request that is one event.
 */
static bool
decode_one(DecodeRun *run)
{
	JsonbValue event;
	Notes notes = {0};

	if (!is_small_enough(run))
		return false;
	event = run->protocol->one_event(&run->request, &notes);
	give_event(run, &event, &notes);
	return true;
}

/*
 * decode_known decodes a request whose protocol is known.
 */
static bool
decode_known(DecodeRun *run)
{
	const Protocol *protocol = run->protocol;

	if (protocol->holds_no_event != NULL && protocol->holds_no_event(&run->request))
		return true;
	if (protocol->is_one_event != NULL && protocol->is_one_event(&run->request))
		return decode_one(run);
	return body_open(&run->body, &run->request, run->fault) && decode_body(run);
}

/*
 * decode_unknown decodes a request of which neither its sender nor its headers tell the protocol.
 */
static bool
decode_unknown(DecodeRun *run)
{
	if (!body_open(&run->body, &run->request, run->fault))
		return false;
	run->protocol = protocol_of_body(&run->body);
	return decode_body(run);
}

/*
 * say_unknown sets the fault of an unknown protocol.
 */
static void
say_unknown(DecodeRun *run, TextView name)
{
	unsigned problems = 0;
	TextView shown = clean_text((TextView){name.data, Min(name.len, NAMEDATALEN)}, &problems);

	*run->fault = (DecodeFault){ERRCODE_INVALID_PARAMETER_VALUE,
								psprintf("unknown protocol \"%.*s\"", (int) shown.len, shown.data),
								NULL, "Use one of: " PROTOCOL_NAMES "."};
}

/*
 * decode_by_name decodes a request by the protocol of a name.
 */
static bool
decode_by_name(DecodeRun *run, TextView name)
{
	bool automatic = text_view_is(name, "auto");

	run->protocol = automatic ? protocol_of_request(&run->request) : protocol_find(name);
	if (run->protocol != NULL)
		return decode_known(run);
	if (automatic)
		return decode_unknown(run);
	say_unknown(run, name);
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
	run.envelope.is_first = true;
	decoded = decode_by_name(&run, raw->protocol);
	MemoryContextSwitchTo(caller);
	if (!decoded)
		keep_fault(fault);
	MemoryContextDelete(memory);
	return decoded;
}
