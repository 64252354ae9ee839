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

#include "compat.h"
#include "source/faulty_row.h"

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
 * faulty_row_form makes a faulty row.
 */
HeapTuple
faulty_row_form(TupleDesc desc, const RecordFormat *format, const SourceRow *row,
				const RowFault *fault)
{
	Datum values[FAULTY_COLUMNS] = {0};
	bool isnull[FAULTY_COLUMNS] = {false};
	ItemPointerData place = row->raw_ctid;

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
	/* rows of foreign tables have no ctid */
	isnull[FAULTY_RAW_TABLE] = isnull[FAULTY_RAW_CTID] = !ItemPointerIsValid(&place);
	values[FAULTY_RAW_TABLE] = ObjectIdGetDatum(row->raw_table);
	values[FAULTY_RAW_CTID] = PointerGetDatum(&place);
	return heap_form_tuple(desc, values, isnull);
}
