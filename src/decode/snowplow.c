/*
 * snowplow.c
 *		Events of Snowplow's trackers: the elements of a POST, or the parameters of a pixel.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "compat.h"
#include "decode/parameters.h"
#include "decode/protocol.h"

/*
 * snowplow_parameters returns the event of a pixel.
 */
static bool
snowplow_parameters(const Request *request, TextView parameters, Notes *notes, JsonbValue *event)
{
	(void) request;
	*event = parameters_object(parameters, notes);
	return true;
}

/*
 * described_json returns the self-describing document that an event has in one of two members: as
 * JSON, or in base64.
 */
static const JsonbValue *
described_json(EventDraft *draft, const char *plain, const char *base64)
{
	const JsonbValue *value = tree_members_take(&draft->members, plain);
	bool is_base64 = value == NULL;

	if (is_base64)
		value = tree_members_take(&draft->members, base64);
	if (value == NULL || value->type == jbvObject)
		return value;
	return draft_json(draft, is_base64 ? base64 : plain, value, is_base64);
}

/*
 * schema_name returns the name in a schema's address, iglu:vendor/name/format/version; or all of
 * the address if it is another one.
 */
static TextView
schema_name(const JsonbValue *schema)
{
	TextView address = tree_string_view(schema);
	const char *end = address.data + address.len;
	const char *from = memchr(address.data, '/', address.len);
	const char *to = from == NULL ? NULL : memchr(from + 1, '/', (Size) (end - from - 1));

	if (to == NULL)
		return address;
	return (TextView){from + 1, (uint32) (to - from - 1)};
}

/*
 * is_described tells whether a value says which schema its data are of.
 */
static bool
is_described(const JsonbValue *value, const JsonbValue **schema, const JsonbValue **data)
{
	*schema = tree_get(value, "schema");
	*data = tree_get(value, "data");
	return *schema != NULL && (*schema)->type == jbvString && *data != NULL;
}

/* The contexts of an event: their data by the names of their schemas, and these. */
typedef struct Contexts
{
	JsonbPair *pairs;
	JsonbValue *schemas;
	uint32 count;
} Contexts;

/*
 * read_contexts reads the elements of an array.
 */
static Contexts
read_contexts(EventDraft *draft, const JsonbValue *array)
{
	uint32 room = (uint32) array->val.array.nElems;
	Contexts contexts = {palloc_extended(room * sizeof(JsonbPair), MCXT_ALLOC_HUGE),
						 palloc_extended(room * sizeof(JsonbValue), MCXT_ALLOC_HUGE), 0};

	for (uint32 i = 0; i < room; i++)
	{
		const JsonbValue *schema;
		const JsonbValue *data;

		if (!is_described(&array->val.array.elems[i], &schema, &data))
		{
			notes_add_key(&draft->notes, "contexts", "not self-describing",
						  &array->val.array.elems[i]);
			continue;
		}
		contexts.schemas[contexts.count] = *schema;
		contexts.pairs[contexts.count].key = tree_string(schema_name(schema));
		contexts.pairs[contexts.count].value = *data;
		contexts.count++;
	}
	return contexts;
}

/*
 * join_contexts returns an object of contexts; several of one name become an array.
 */
static JsonbValue
join_contexts(Contexts *contexts)
{
	TreeDropped dropped = {0};
	JsonbValue object = tree_object(contexts->pairs, contexts->count, false, &dropped);
	uint32 from = 0;

	for (int i = 0; i < object.val.object.nPairs && from < dropped.count; i++)
	{
		JsonbPair *pair = &object.val.object.pairs[i];
		uint32 to = from;
		JsonbValue *elements;

		while (to < dropped.count && tree_equal_texts(&dropped.pairs[to].key, &pair->key))
			to++;
		if (to == from)
			continue;
		elements = palloc_extended((to - from + 1) * sizeof(JsonbValue), MCXT_ALLOC_HUGE);
		elements[0] = pair->value;
		for (uint32 j = from; j < to; j++)
			elements[j - from + 1] = dropped.pairs[j].value;
		pair->value = tree_array(elements, to - from + 1);
		from = to;
	}
	return object;
}

/*
 * add_contexts adds the contexts of an event, and returns them; NULL if there are none.
 */
static JsonbValue *
add_contexts(EventDraft *draft)
{
	const JsonbValue *document = described_json(draft, "co", "cx");
	const JsonbValue *array = tree_get(document, "data");
	Contexts contexts;
	JsonbValue schemas;
	JsonbValue *object;

	if (document == NULL)
		return NULL;
	if (array == NULL || array->type != jbvArray)
	{
		notes_add_key(&draft->notes, "contexts", "not an array", document);
		return NULL;
	}
	contexts = read_contexts(draft, array);
	schemas = tree_array(contexts.schemas, contexts.count);
	tree_object_add_key(&draft->context, "context_schemas", &schemas);
	object = palloc(sizeof(JsonbValue));
	*object = join_contexts(&contexts);
	tree_object_add_key(&draft->context, "contexts", object);
	return object;
}

/*
 * set_ids sets who sent an event, and on which device.
 */
static void
set_ids(EventDraft *draft, const JsonbValue *contexts)
{
	static const char *const mobile_ids[] = {"appleIdfv", "androidIdfa", "appleIdfa", "openIdfa"};
	const JsonbValue *session = tree_get(contexts, "client_session");
	const JsonbValue *mobile = tree_get(contexts, "mobile_context");

	draft_take_text(draft, RAW_USER_ID, "uid");
	draft_take_text(draft, RAW_ANONYMOUS_ID, "duid");
	draft_take_text(draft, RAW_ANONYMOUS_ID, "nuid");
	draft_take_text(draft, RAW_ANONYMOUS_ID, "tnuid");
	draft_text(draft, RAW_ANONYMOUS_ID, "client_session.userId", tree_get(session, "userId"));
	draft_text(draft, RAW_DEVICE_ID, "client_session.userId", tree_get(session, "userId"));
	for (size_t i = 0; i < lengthof(mobile_ids); i++)
		draft_text(draft, RAW_DEVICE_ID, mobile_ids[i], tree_get(mobile, mobile_ids[i]));
}

/*
 * set_times sets when an event happened and when it was sent.  A true time is not a device's, so
 * the time of sending must not correct it.
 */
static void
set_times(EventDraft *draft)
{
	draft_take_milliseconds(draft, RAW_OCCURRED_AT, "ttm");
	if (!draft->row.isnull[RAW_OCCURRED_AT])
		return;
	draft_take_milliseconds(draft, RAW_OCCURRED_AT, "dtm");
	draft_take_milliseconds(draft, RAW_SENT_AT, "stm");
}

/*
 * add_described adds the data of a self-describing event, and sets its name.
 */
static void
add_described(EventDraft *draft)
{
	const JsonbValue *document = described_json(draft, "ue_pr", "ue_px");
	const JsonbValue *inner = tree_get(document, "data");
	const JsonbValue *schema;
	const JsonbValue *data;

	if (document == NULL)
		return;
	if (!is_described(inner, &schema, &data))
	{
		notes_add_key(&draft->notes, "ue_px", "not self-describing", document);
		return;
	}
	draft_view(draft, RAW_EVENT_NAME, "ue_px", schema_name(schema));
	tree_object_add_key(&draft->context, "event_schema", schema);
	if (data->type == jbvObject)
		tree_object_add_all(&draft->properties, data);
	else
		tree_object_add_key(&draft->properties, "data", data);
}

/*
 * set_name sets the event's name.
 */
static void
set_name(EventDraft *draft)
{
	static const char *const names[][2] = {{"pv", "page_view"},
										   {"pp", "page_ping"},
										   {"tr", "transaction"},
										   {"ti", "transaction_item"}};
	const JsonbValue *kind = tree_members_take(&draft->members, "e");
	TextView code =
		kind != NULL && kind->type == jbvString ? tree_string_view(kind) : (TextView){NULL, 0};

	if (text_view_is(code, "se"))
	{
		draft_text(draft, RAW_EVENT_NAME, "se_ac", tree_get(draft->members.object, "se_ac"));
		draft_view(draft, RAW_EVENT_NAME, "e", (TextView) TEXT_VIEW("struct"));
	}
	for (size_t i = 0; i < lengthof(names); i++)
		if (text_view_is(code, names[i][0]))
			draft_view(draft, RAW_EVENT_NAME, "e",
					   (TextView){names[i][1], (uint32) strlen(names[i][1])});
	draft_text(draft, RAW_EVENT_NAME, "e", kind);
}

/*
 * put_property makes a member of the event a property.
 */
static void
put_property(EventDraft *draft, const char *from, const char *to)
{
	const JsonbValue *value = tree_members_take(&draft->members, from);

	tree_object_add_key(&draft->properties, to, value);
}

/*
 * add_properties adds what is particular to the event.
 */
static void
add_properties(EventDraft *draft)
{
	static const char *const prefixes[] = {"se_", "pp_", "tr_", "ti_"};

	draft_page_of(draft, tree_get(draft->members.object, "url"));
	for (size_t i = 0; i < lengthof(prefixes); i++)
		tree_members_move(&draft->members, prefixes[i], &draft->properties);
	put_property(draft, "url", "url");
	put_property(draft, "refr", "refr");
	put_property(draft, "page", "title");
}

/*
 * snowplow_map makes an event.
 */
static void
snowplow_map(EventDraft *draft)
{
	const JsonbValue *contexts = add_contexts(draft);

	draft_take_text(draft, RAW_EVENT_ID, "eid");
	set_ids(draft, contexts);
	set_times(draft);
	draft_take_text(draft, RAW_SOURCE, "aid");
	draft_view(draft, RAW_SOURCE, ":source", request_header(draft->envelope->request, ":source"));
	add_described(draft);
	set_name(draft);
	add_properties(draft);
	tree_object_add_key(&draft->context, "userAgent", tree_members_take(&draft->members, "ua"));
}

static const char *const envelope_keys[] = {"schema", NULL};

const Protocol snowplow_protocol = {
	.name = "snowplow",
	.events = "data",
	.envelope_keys = envelope_keys,
	.parameters_event = snowplow_parameters,
	.map = snowplow_map,
};
