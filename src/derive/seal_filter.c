/*
 * seal_filter.c
 *		Tells which of a key's records count under a seal.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "derive/seal_filter.h"

/*
 * is_of_head tells whether a record is the same row as the sealed records seen last.
 */
static bool
is_of_head(const SealFilter *filter, const Record *record)
{
	const RecordFormat *format = filter->format;
	const Record *head = filter->head;

	return head != NULL && head->event_time == record->event_time &&
		   head->key_hash == record->key_hash &&
		   key_type_compare(&format->key, record_key(format, head), record_key(format, record)) ==
			   0 &&
		   record_same_row(format, head, record);
}

/*
 * note_sealed takes note of a sealed record, the first of equal ones or another one.
 */
static void
note_sealed(SealFilter *filter, const Record *record)
{
	bool is_first = !is_of_head(filter, record);

	if (is_first)
	{
		filter->head = record;
		filter->unmatched = 0;
	}
	filter->unmatched++;
	filter->counts.sealed++;
	if (filter->sealed != NULL)
		filter->sealed(filter->arg, record, is_first);
}

/*
 * seal_filter_keeps tells whether a record counts.
 */
bool
seal_filter_keeps(SealFilter *filter, const Record *record)
{
	if (record->flags & RECORD_SEALED)
	{
		note_sealed(filter, record);
		return true;
	}
	if (filter->unmatched > 0 && is_of_head(filter, record))
	{
		filter->unmatched--;
		filter->counts.twins++;
		if (filter->twin != NULL)
			filter->twin(filter->arg, record);
		return false;
	}
	if (record->event_time >= filter->format->sealed_before)
		return true;
	filter->counts.late++;
	if (filter->late != NULL)
		filter->late(filter->arg, record);
	return false;
}
