/*
 * faulty_row.c
 *		A raw row that no event can be made of, as a tuple that says why.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "catalog/quarantine_rules.h"
#include "compat.h"
#include "source/faulty_row.h"
#include "source/raw_scan.h"

/* A longer raw id is cut to this many bytes; the stored row has all of it. */
#define MAX_TEXT 1024

/*
 * faulty_row_describe adds the stored columns to a descriptor.
 */
void
faulty_row_describe(TupleDesc desc, Oid key_type)
{
	static const struct
	{
		const char *name;
		Oid type; /* InvalidOid: that of the key */
	} columns[FAULTY_KEPT] = {
		[FAULTY_RAW_ID] = {"raw_id", TEXTOID},
		[FAULTY_SESSION_KEY] = {"session_key", InvalidOid},
		[FAULTY_REASON] = {"reason", TEXTOID},
		[FAULTY_DETAIL] = {"detail", TEXTOID},
		[FAULTY_RECEIVED_AT] = {"received_at", TIMESTAMPTZOID},
		[FAULTY_EVENT_NAME] = {"event_name", TEXTOID},
		[FAULTY_VERSION] = {"contract_version", TEXTOID},
		[FAULTY_RULE] = {"rule", TEXTOID},
		[FAULTY_PATH] = {"path", TEXTOID},
		[FAULTY_MESSAGE] = {"message", TEXTOID},
		[FAULTY_EVENT_TIME] = {"event_time", TIMESTAMPTZOID},
		[FAULTY_PRODUCER] = {"producer", TEXTOID},
		[FAULTY_RAW_ROW] = {"raw_row", JSONBOID},
	};

	for (int i = 0; i < FAULTY_KEPT; i++)
		TupleDescInitEntry(desc, (AttrNumber) (i + 1), columns[i].name,
						   OidIsValid(columns[i].type) ? columns[i].type : key_type, -1, 0);
}

/*
 * faulty_row_desc returns the descriptor of faulty rows.
 */
TupleDesc
faulty_row_desc(const KeyType *key)
{
	TupleDesc desc = CreateTemplateTupleDesc(FAULTY_COLUMNS);

	faulty_row_describe(desc, key->oid);
	TupleDescInitEntry(desc, FAULTY_RAW_TABLE + 1, "raw_table", OIDOID, -1, 0);
	TupleDescInitEntry(desc, FAULTY_RAW_CTID + 1, "raw_ctid", TIDOID, -1, 0);
	sz_finish_tuple_desc(desc);
	return desc;
}

/*
 * clipped_text returns a value's text form, cut to MAX_TEXT bytes.
 */
static Datum
clipped_text(const KeyType *type, Datum value)
{
	StringInfoData text;

	initStringInfo(&text);
	key_type_append_text(type, key_type_pack(type, value), &text);
	return PointerGetDatum(
		cstring_to_text_with_len(text.data, pg_mbcliplen(text.data, text.len, MAX_TEXT)));
}

/*
 * set_text sets a column to a text; NULL stays NULL.
 */
static void
set_text(Datum *values, bool *isnull, FaultyColumn column, const char *text)
{
	isnull[column] = text == NULL;
	if (text != NULL)
		values[column] = CStringGetTextDatum(text);
}

/*
 * set_verdict sets the columns that say what contract a row violates.
 */
static void
set_verdict(Datum *values, bool *isnull, const SourceRow *row, const RowFault *fault)
{
	const ContractVerdict *verdict = &fault->verdict;
	bool is_contract = verdict->rule != NULL;

	isnull[FAULTY_EVENT_NAME] = !is_contract || row->isnull[SRC_EVENT_NAME];
	if (!isnull[FAULTY_EVENT_NAME])
		values[FAULTY_EVENT_NAME] =
			PointerGetDatum(PG_DETOAST_DATUM_PACKED(row->values[SRC_EVENT_NAME]));
	set_text(values, isnull, FAULTY_VERSION,
			 verdict->contract == NULL ? NULL : verdict->contract->version);
	set_text(values, isnull, FAULTY_RULE, verdict->rule);
	set_text(values, isnull, FAULTY_PATH, verdict->path);
	set_text(values, isnull, FAULTY_MESSAGE, verdict->message);
	isnull[FAULTY_EVENT_TIME] = !is_contract || fault->is_shifted;
	values[FAULTY_EVENT_TIME] = TimestampTzGetDatum(fault->event_time);
}

/*
 * keeps_copy tells whether the rules have a copy of the raw row kept.
 */
static bool
keeps_copy(const QuarantineRules *rules, const Datum *values, const bool *isnull)
{
	TextView raw_id = {NULL, 0};
	TimestampTz time = DT_NOEND;

	if (!isnull[FAULTY_RAW_ID])
		raw_id = (TextView){VARDATA_ANY(DatumGetPointer(values[FAULTY_RAW_ID])),
							VARSIZE_ANY_EXHDR(DatumGetPointer(values[FAULTY_RAW_ID]))};
	if (!isnull[FAULTY_RECEIVED_AT])
		time = DatumGetTimestampTz(values[FAULTY_RECEIVED_AT]);
	else if (!isnull[FAULTY_EVENT_TIME])
		time = DatumGetTimestampTz(values[FAULTY_EVENT_TIME]);
	return quarantine_rules_keep(rules, raw_id, time);
}

/*
 * find_producer returns what a path finds first in the raw row, as text; *isnull if that is
 * nothing.
 */
static Datum
find_producer(const JsonPath *path, Datum raw_row, bool *isnull)
{
	LOCAL_FCINFO(fcinfo, 4);
	Datum found;
	JsonbValue value;
	Jsonb *document;

	InitFunctionCallInfoData(*fcinfo, NULL, 4, InvalidOid, NULL, NULL);
	fcinfo->args[0] = (NullableDatum){raw_row, false};
	fcinfo->args[1] = (NullableDatum){PointerGetDatum(path), false};
	fcinfo->args[2] = (NullableDatum){DirectFunctionCall1(jsonb_in, CStringGetDatum("{}")), false};
	fcinfo->args[3] = (NullableDatum){BoolGetDatum(true), false};
	found = jsonb_path_query_first(fcinfo);
	*isnull = fcinfo->isnull;
	if (*isnull)
		return (Datum) 0;
	document = DatumGetJsonbP(found);
	if (JB_ROOT_IS_SCALAR(document) && JsonbExtractScalar(&document->root, &value))
	{
		*isnull = value.type == jbvNull;
		if (value.type == jbvString)
			return PointerGetDatum(
				cstring_to_text_with_len(value.val.string.val, value.val.string.len));
	}
	return CStringGetTextDatum(JsonbToCString(NULL, &document->root, VARSIZE(document)));
}

/*
 * faulty_row_reduce takes what the rules say from the raw row.
 */
void
faulty_row_reduce(const QuarantineRules *rules, Datum *values, bool *isnull)
{
	isnull[FAULTY_PRODUCER] = true;
	if (rules != NULL && rules->producer != NULL)
		values[FAULTY_PRODUCER] =
			find_producer(rules->producer, values[FAULTY_RAW_ROW], &isnull[FAULTY_PRODUCER]);
	isnull[FAULTY_RAW_ROW] = !keeps_copy(rules, values, isnull);
}

/*
 * set_raw_row sets what is kept of the raw row, if the scan that has read it is still there, and
 * else where the row is.
 */
static void
set_raw_row(Datum *values, bool *isnull, const SourceRow *row, const QuarantineRules *rules)
{
	bool is_needed =
		(rules != NULL && rules->producer != NULL) || keeps_copy(rules, values, isnull);

	isnull[FAULTY_PRODUCER] = isnull[FAULTY_RAW_ROW] = true;
	/* rows of foreign tables have no ctid */
	isnull[FAULTY_RAW_TABLE] = isnull[FAULTY_RAW_CTID] =
		!is_needed || row->scan != NULL || !ItemPointerIsValid(&row->raw_ctid);
	if (is_needed && row->scan != NULL)
	{
		values[FAULTY_RAW_ROW] = raw_scan_jsonb(row->scan);
		faulty_row_reduce(rules, values, isnull);
	}
	values[FAULTY_RAW_TABLE] = ObjectIdGetDatum(row->raw_table);
	values[FAULTY_RAW_CTID] = PointerGetDatum(&row->raw_ctid);
}

/*
 * faulty_row_form makes a faulty row.
 */
HeapTuple
faulty_row_form(TupleDesc desc, const RecordFormat *format, const SourceRow *row,
				const RowFault *fault)
{
	Datum values[FAULTY_COLUMNS] = {0};
	bool isnull[FAULTY_COLUMNS] = {false};

	isnull[FAULTY_RAW_ID] = row->isnull[SRC_RAW_ID];
	if (!isnull[FAULTY_RAW_ID])
		values[FAULTY_RAW_ID] = clipped_text(&format->raw_id, row->values[SRC_RAW_ID]);
	isnull[FAULTY_SESSION_KEY] = row->isnull[SRC_SESSION_KEY];
	if (!isnull[FAULTY_SESSION_KEY])
		values[FAULTY_SESSION_KEY] = key_type_pack(&format->key, row->values[SRC_SESSION_KEY]);
	set_text(values, isnull, FAULTY_REASON, fault->reason);
	set_text(values, isnull, FAULTY_DETAIL, fault->detail);
	isnull[FAULTY_RECEIVED_AT] = row->isnull[SRC_RECEIVED_AT];
	values[FAULTY_RECEIVED_AT] = row->values[SRC_RECEIVED_AT];
	set_verdict(values, isnull, row, fault);
	set_raw_row(values, isnull, row, format->quarantine);
	return heap_form_tuple(desc, values, isnull);
}
