/*
 * record.c
 *		One raw row as the derivation keeps it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "pipeline/record.h"

/*
 * text_size returns the bytes a text takes in a record.
 */
static inline Size
text_size(TextView text)
{
	return text.data == NULL ? 0 : text.len;
}

/*
 * record_size returns the size of a record of these parts.
 */
Size
record_size(const RecordFormat *format, const RecordParts *parts)
{
	Size size = RECORD_HEADER + MAXALIGN(value_stored_size(&format->key, parts->key));

	if (!(parts->flags & RECORD_NO_EVENT_ID))
		size += MAXALIGN(value_stored_size(&format->event_id, parts->event_id));
	size += MAXALIGN(value_stored_size(&format->raw_id, parts->raw_id));
	size += MAXALIGN(text_size(parts->name) + text_size(parts->user) + text_size(parts->page));
	if (parts->flags & RECORD_ORIGIN)
		size += MAXALIGN(sizeof(RecordOrigin));
	return size;
}

/*
 * put_text writes a text and returns where the next one goes.
 */
static char *
put_text(char *to, TextView text, uint32 *len)
{
	if (text.data == NULL)
	{
		*len = RECORD_NULL_TEXT;
		return to;
	}
	memcpy(to, text.data, text.len);
	*len = text.len;
	return to + text.len;
}

/*
 * record_write writes a record.
 */
void
record_write(const RecordFormat *format, const RecordParts *parts, Size size, Record *record)
{
	char *start = (char *) record;
	char *to = start + RECORD_HEADER;

	memset(record, 0, size);
	record->key_hash = parts->key_hash;
	record->event_time = parts->event_time;
	record->size = size;
	record->flags = parts->flags;

	value_store(&format->key, parts->key, to);
	to += MAXALIGN(value_stored_size(&format->key, parts->key));
	record->event_id = to - start;
	if (!(parts->flags & RECORD_NO_EVENT_ID))
	{
		value_store(&format->event_id, parts->event_id, to);
		to += MAXALIGN(value_stored_size(&format->event_id, parts->event_id));
	}
	record->raw_id = to - start;
	value_store(&format->raw_id, parts->raw_id, to);
	to += MAXALIGN(value_stored_size(&format->raw_id, parts->raw_id));
	record->texts = to - start;
	to = put_text(to, parts->name, &record->name_len);
	to = put_text(to, parts->user, &record->user_len);
	(void) put_text(to, parts->page, &record->page_len);
	if (parts->flags & RECORD_ORIGIN)
		memcpy(unconstify(RecordOrigin *, record_origin(record)), &parts->origin, sizeof(RecordOrigin));
}

/*
 * record_hash_id fills id_hash in.
 */
void
record_hash_id(const RecordFormat *format, Record *record)
{
	if (!(record->flags & RECORD_NO_EVENT_ID))
		record->id_hash =
			(uint32) value_hash(&format->event_id, record_event_id(format, record), format->seed);
}

/*
 * compare_identity orders two records of one key by (event_time, event_id, raw_id).
 */
static inline int
compare_identity(const RecordFormat *format, const Record *a, const Record *b)
{
	int a_null = a->flags & RECORD_NO_EVENT_ID;
	int b_null = b->flags & RECORD_NO_EVENT_ID;
	int order;

	if (a->event_time != b->event_time)
		return a->event_time < b->event_time ? -1 : 1;
	if (a_null != b_null)
		return a_null ? 1 : -1;
	if (!a_null)
	{
		order = value_compare(&format->event_id, record_event_id(format, a), record_event_id(format, b));
		if (order != 0)
			return order;
	}
	return value_compare(&format->raw_id, record_raw_id(format, a), record_raw_id(format, b));
}

/*
 * record_same_row tells whether two records of one key are of the same row, as far as anybody can tell.
 */
bool
record_same_row(const RecordFormat *format, const Record *a, const Record *b)
{
	return compare_identity(format, a, b) == 0;
}

/*
 * record_compare orders two records of one key.
 */
int
record_compare(const RecordFormat *format, const Record *a, const Record *b)
{
	int order = compare_identity(format, a, b);

	if (order != 0)
		return order;
	if ((a->flags ^ b->flags) & RECORD_SEALED)
		return a->flags & RECORD_SEALED ? -1 : 1;
	return memcmp(a, b, Min(a->size, b->size));
}

/*
 * record_compare_all orders two records of any keys.
 */
int
record_compare_all(const RecordFormat *format, const Record *a, const Record *b)
{
	int order = value_compare(&format->key, record_key(format, a), record_key(format, b));

	return order != 0 ? order : record_compare(format, a, b);
}

/*
 * record_same_payload tells whether two copies of an event say the same.
 */
bool
record_same_payload(const Record *a, const Record *b)
{
	const uint16 told = RECORD_RESTART | RECORD_PAGE_VIEW;

	return (a->flags & told) == (b->flags & told) && text_view_equal(record_name(a), record_name(b)) &&
		   text_view_equal(record_user(a), record_user(b)) && text_view_equal(record_page(a), record_page(b));
}
