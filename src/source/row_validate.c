/*
 * row_validate.c
 *		Whether a source row is a valid event, and which record it becomes.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "source/row_validate.h"
#include "source/source_mapping.h"

/* So many bytes of a zone that is not known are shown. */
#define ZONE_SHOWN 64

/*
 * blame sets the fault, and returns false.
 */
static bool
blame(RowFault *fault, const char *reason, const char *detail)
{
	*fault = (RowFault){.reason = reason, .detail = detail};
	return false;
}

/*
 * clock_of returns the value of one of the row's clocks.
 */
static inline SzClock
clock_of(const SourceRow *row, SourceColumn column)
{
	SzClock clock = {0, row->isnull[column], false};

	if (!clock.isnull)
	{
		clock.value = DatumGetTimestampTz(row->values[column]);
		clock.infinite = TIMESTAMP_NOT_FINITE(clock.value);
	}
	return clock;
}

/*
 * row_event_time computes the event time from the row's clocks.
 */
SzTimeVerdict
row_event_time(const SourceRow *row, const SzClockRules *rules, TimestampTz *time)
{
	return sz_event_time(rules, clock_of(row, SRC_OCCURRED_AT), clock_of(row, SRC_SENT_AT),
						 clock_of(row, SRC_RECEIVED_AT), time);
}

/*
 * row_is_shifted tells whether an event time differs from the row's own time.
 */
bool
row_is_shifted(const SourceRow *row, TimestampTz event_time, bool by_receipt)
{
	SourceColumn column = by_receipt ? SRC_RECEIVED_AT : SRC_OCCURRED_AT;

	return row->isnull[column] || DatumGetTimestampTz(row->values[column]) != event_time;
}

/*
 * check_time sets the event time and its flags.
 */
static bool
check_time(const SourceRow *row, const SzClockRules *rules, RecordParts *parts, RowFault *fault)
{
	switch (row_event_time(row, rules, &parts->event_time))
	{
		case SZ_TIME_AS_GIVEN:
		case SZ_TIME_FROM_RECEIPT:
			return true;
		case SZ_TIME_CORRECTED:
			parts->flags |= RECORD_CORRECTED;
			return true;
		case SZ_TIME_CLAMPED:
			parts->flags |= RECORD_CLAMPED;
			return true;
		case SZ_TIME_MISSING:
			return blame(fault, "no_time",
						 "The row has neither an event time nor a time of receipt.");
		case SZ_TIME_INFINITE:
			return blame(fault, "infinite_time", "One of the row's clocks says infinity.");
		case SZ_TIME_TOO_OLD:
			return blame(fault, "too_old",
						 "The event time lies further before the time of receipt than the "
						 "pipeline's oldest allows.");
		case SZ_TIME_OUT_OF_RANGE:
			break;
	}
	return blame(fault, "time_out_of_range",
				 "The corrected event time is out of the range of timestamps.");
}

/*
 * check_value packs the key or an id; false if it is too long.
 */
static bool
check_value(const SourceRow *row, SourceColumn column, const KeyType *type, Size limit,
			Datum *value)
{
	if (key_type_content_length(type, row->values[column]) > limit)
		return false;
	*value = key_type_pack(type, row->values[column]);
	return true;
}

/*
 * check_identity sets the key and the ids.
 */
static bool
check_identity(const SourceRow *row, const RecordFormat *format, RecordParts *parts,
			   RowFault *fault)
{
	if (row->isnull[SRC_SESSION_KEY])
		return blame(fault, "null_key", "The session key is NULL.");
	if (row->isnull[SRC_RAW_ID])
		return blame(fault, "null_raw_id", "The raw id is NULL.");
	if (!check_value(row, SRC_SESSION_KEY, &format->key, RECORD_MAX_KEY, &parts->key))
		return blame(fault, "key_too_long",
					 psprintf("The session key has %zu bytes; %d is the most.",
							  key_type_content_length(&format->key, row->values[SRC_SESSION_KEY]),
							  RECORD_MAX_KEY));
	if (!check_value(row, SRC_RAW_ID, &format->raw_id, RECORD_MAX_RAW_ID, &parts->raw_id))
		return blame(fault, "raw_id_too_long",
					 psprintf("The raw id has %zu bytes; %d is the most.",
							  key_type_content_length(&format->raw_id, row->values[SRC_RAW_ID]),
							  RECORD_MAX_RAW_ID));
	if (row->isnull[SRC_EVENT_ID])
		parts->flags |= RECORD_NO_EVENT_ID;
	else if (!check_value(row, SRC_EVENT_ID, &format->event_id, RECORD_MAX_EVENT_ID,
						  &parts->event_id))
		return blame(fault, "event_id_too_long",
					 psprintf("The event id has %zu bytes; %d is the most.",
							  key_type_content_length(&format->event_id, row->values[SRC_EVENT_ID]),
							  RECORD_MAX_EVENT_ID));
	return true;
}

/*
 * take_attributes sets the parts' attributes.
 */
static inline void
take_attributes(const SourceRow *row, const RecordFormat *format, RecordParts *parts)
{
	for (int i = 0; i < format->nattributes; i++)
	{
		SourceColumn column = format->columns[i];

		parts->attributes[i] = (TextView){NULL, 0};
		if (!row->isnull[column] && !format->is_judged[i])
			parts->attributes[i] =
				value_bytes(format->attributes[i], row->values[column], &parts->words[i]);
	}
}

/*
 * check_zones reports a zone that the server does not know.  No name at all is taken as NULL.
 */
static bool
check_zones(const SourceRow *row, const RecordFormat *format, RecordParts *parts, RowFault *fault)
{
	static const char *const names[ZONE_RULES] = {
		[ZONE_OF_MIDNIGHT] = "midnight", [ZONE_OF_DAYS] = "time_zone"};

	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
	{
		TextView *zone = format->zone[rule] < 0 ? NULL : &parts->attributes[format->zone[rule]];

		if (zone != NULL && zone->len == 0)
			*zone = row->is_sealed ? format->sealed_zone[rule] : (TextView){NULL, 0};
		if (zone != NULL && !row_zones_know(format->zones, *zone))
			return blame(fault, "unknown_zone",
						 psprintf("The server knows no time zone \"%.*s\", which is the row's for "
								  "%s.",
								  pg_mbcliplen(zone->data, zone->len, ZONE_SHOWN), zone->data,
								  names[rule]));
	}
	return true;
}

/*
 * blame_contract sets the fault of a row that violates a contract, and returns false.
 */
static bool
blame_contract(RowFault *fault, const ContractVerdict *verdict, const RecordParts *parts)
{
	if (verdict->contract == NULL)
		(void) blame(fault, "unplanned", "No contract is for events of this name.");
	else
		(void) blame(fault, "contract",
					 psprintf("Version %s of the contract, at \"%s\", %s: %s",
							  verdict->contract->version, verdict->path, verdict->rule,
							  verdict->message));
	fault->verdict = *verdict;
	fault->event_time = parts->event_time;
	fault->is_shifted = (parts->flags & RECORD_SHIFTED) != 0;
	return false;
}

/*
 * check_contracts judges a row by the contracts.  What is sealed is not judged again, and with it
 * no row before the horizon is.
 */
static inline bool
check_contracts(const SourceRow *row, const RecordFormat *format, RecordParts *parts,
				RowFault *fault)
{
	ContractVerdict verdict = {0};

	parts->warned = false;
	if (format->judge == NULL || row->is_sealed || parts->event_time < format->judged_since)
		return true;
	return contract_judge_row(format->judge, row, &verdict, &parts->warned) ||
		   blame_contract(fault, &verdict, parts);
}

/*
 * is_true tells whether one of the row's booleans is true.
 */
static inline bool
is_true(const SourceRow *row, SourceColumn column)
{
	return !row->isnull[column] && DatumGetBool(row->values[column]);
}

/*
 * clock_or_none returns a clock of a row that has no infinite clock; DT_NOBEGIN for NULL.
 */
static inline TimestampTz
clock_or_none(const SourceRow *row, SourceColumn column)
{
	return row->isnull[column] ? DT_NOBEGIN : DatumGetTimestampTz(row->values[column]);
}

/*
 * take_origin sets the row's origin, if it is wanted.
 */
static inline void
take_origin(const SourceRow *row, const RecordFormat *format, RecordParts *parts)
{
	if (row->is_sealed)
		parts->flags |= RECORD_SEALED;
	if (row->is_sealed ? !format->sealed_origins : parts->event_time >= format->sealed_before)
		return;
	parts->flags |= RECORD_ORIGIN;
	memset(&parts->origin, 0, sizeof(parts->origin));
	parts->origin.occurred_at = clock_or_none(row, SRC_OCCURRED_AT);
	parts->origin.sent_at = clock_or_none(row, SRC_SENT_AT);
	parts->origin.received_at = clock_or_none(row, SRC_RECEIVED_AT);
	parts->origin.table = row->raw_table;
	parts->origin.tid = row->raw_ctid;
}

/*
 * row_to_parts computes the parts of a row's record.
 */
bool
row_to_parts(const SourceRow *row, const SzClockRules *clock, const RecordFormat *format,
			 RecordParts *parts, Size *size, RowFault *fault)
{
	if (row->error != NULL)
		return blame(fault, "bad_expression", row->error);
	parts->flags = 0;
	if (!check_identity(row, format, parts, fault) || !check_time(row, clock, parts, fault))
		return false;
	if (row_is_shifted(row, parts->event_time, format->by_receipt))
		parts->flags |= RECORD_SHIFTED;
	parts->key_hash = key_type_stable_hash(&format->key, parts->key, 0);
	if (is_true(row, SRC_RESTART))
		parts->flags |= RECORD_RESTART;
	if (is_true(row, SRC_PAGE_VIEW))
		parts->flags |= RECORD_PAGE_VIEW;
	take_attributes(row, format, parts);
	if (format->zones != NULL && !check_zones(row, format, parts, fault))
		return false;
	if (!check_contracts(row, format, parts, fault))
		return false;
	take_origin(row, format, parts);
	*size = record_size(format, parts);
	if (*size > RECORD_MAX_SIZE)
		return blame(fault, "too_large",
					 psprintf("What the pipeline needs of the row has %zu bytes; %zu is the most.",
							  *size, RECORD_MAX_SIZE));
	return true;
}
