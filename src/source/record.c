/*
 * record.c
 *		A raw row as the derivation keeps it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "port/pg_bswap.h"

#include "source/record.h"

/*
 * text_size returns the number of bytes of a text in a record.
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
	Size size = RECORD_HEADER + key_type_room(&format->key, parts->key);

	if (!(parts->flags & RECORD_NO_EVENT_ID))
		size += key_type_room(&format->event_id, parts->event_id);
	size += key_type_room(&format->raw_id, parts->raw_id);
	size += MAXALIGN(text_size(parts->name) + text_size(parts->user) + text_size(parts->page));
	if (parts->flags & RECORD_ORIGIN)
		size += MAXALIGN(sizeof(RecordOrigin));
	return size;
}

/*
 * put_text writes a text and returns its end.
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

	key_type_store(&format->key, parts->key, to);
	to += key_type_room(&format->key, parts->key);
	record->event_id = to - start;
	if (!(parts->flags & RECORD_NO_EVENT_ID))
	{
		key_type_store(&format->event_id, parts->event_id, to);
		to += key_type_room(&format->event_id, parts->event_id);
	}
	record->raw_id = to - start;
	key_type_store(&format->raw_id, parts->raw_id, to);
	to += key_type_room(&format->raw_id, parts->raw_id);
	record->texts = to - start;
	to = put_text(to, parts->name, &record->name_len);
	to = put_text(to, parts->user, &record->user_len);
	(void) put_text(to, parts->page, &record->page_len);
	if (parts->flags & RECORD_ORIGIN)
		memcpy(unconstify(RecordOrigin *, record_origin(record)), &parts->origin,
			   sizeof(RecordOrigin));
}

/*
 * record_hash_id sets id_hash.
 */
void
record_hash_id(const RecordFormat *format, Record *record)
{
	if (!(record->flags & RECORD_NO_EVENT_ID))
		record->id_hash = (uint32) key_type_stable_hash(
			&format->event_id, record_event_id(format, record), format->seed);
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
		order = key_type_compare(&format->event_id, record_event_id(format, a),
								 record_event_id(format, b));
		if (order != 0)
			return order;
	}
	return key_type_compare(&format->raw_id, record_raw_id(format, a), record_raw_id(format, b));
}

/*
 * record_same_row tells whether two records of one key may be of the same row.
 */
bool
record_same_row(const RecordFormat *format, const Record *a, const Record *b)
{
	return compare_identity(format, a, b) == 0;
}

/*
 * compare_texts orders two texts by their bytes, NULL last.
 */
static int
compare_texts(TextView a, TextView b)
{
	int order;

	if (a.data == NULL || b.data == NULL)
		return (a.data == NULL) - (b.data == NULL);
	order = memcmp(a.data, b.data, Min(a.len, b.len));
	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/*
 * compare_origins orders two origins by their clocks, as far as both records have one.
 */
static int
compare_origins(const Record *a, const Record *b)
{
	const RecordOrigin *left;
	const RecordOrigin *right;

	if (!(a->flags & b->flags & RECORD_ORIGIN))
		return 0;
	left = record_origin(a);
	right = record_origin(b);
	if (left->occurred_at != right->occurred_at)
		return left->occurred_at < right->occurred_at ? -1 : 1;
	if (left->sent_at != right->sent_at)
		return left->sent_at < right->sent_at ? -1 : 1;
	if (left->received_at != right->received_at)
		return left->received_at < right->received_at ? -1 : 1;
	return memcmp(left, right, sizeof(RecordOrigin));
}

/*
 * compare_content orders two records with the same key, time and ids by their other contents, since
 * a raw id need not be unique.
 */
static int
compare_content(const Record *a, const Record *b)
{
	int order = (b->flags & RECORD_SEALED) - (a->flags & RECORD_SEALED);

	if (order == 0)
		order = compare_texts(record_name(a), record_name(b));
	if (order == 0)
		order = compare_texts(record_user(a), record_user(b));
	if (order == 0)
		order = compare_texts(record_page(a), record_page(b));
	if (order == 0)
		order = (int) (a->flags & RECORD_CONTENT_FLAGS) - (int) (b->flags & RECORD_CONTENT_FLAGS);
	/* equal values may have different bytes, as 1.0 and 1.00 */
	if (order == 0)
		order = memcmp(a, b, Min(a->texts, b->texts));
	return order != 0 ? order : compare_origins(a, b);
}

/*
 * record_compare orders two records of one key.
 */
int
record_compare(const RecordFormat *format, const Record *a, const Record *b)
{
	int order = compare_identity(format, a, b);

	return order != 0 ? order : compare_content(a, b);
}

/*
 * sortable_text writes a text in a form whose bytes sort like compare_texts, and returns its end. A
 * text has no zero bytes.
 */
static char *
sortable_text(char *to, TextView text)
{
	*to++ = text.data == NULL ? 2 : 1;
	if (text.data == NULL)
		return to;
	memcpy(to, text.data, text.len);
	to += text.len;
	*to++ = '\0';
	return to;
}

/*
 * plain_text reads a text that sortable_text wrote, appends it to a record's texts, and returns its
 * end.
 */
static const char *
plain_text(const char *from, char **texts)
{
	Size len;

	if (*from++ == 2)
		return from;
	len = strlen(from);
	memcpy(*texts, from, len);
	*texts += len;
	return from + len + 1;
}

/*
 * sortable_time writes a time in a form whose bytes sort like the times.
 */
static char *
sortable_time(char *to, TimestampTz time)
{
	uint64 number = pg_hton64((uint64) time ^ (UINT64CONST(1) << 63));

	memcpy(to, &number, sizeof(number));
	return to + sizeof(number);
}

/*
 * record_sortable_size returns the maximal size of a record in sortable form.
 */
Size
record_sortable_size(const Record *record)
{
	return record->size + 16 + 3 * sizeof(uint64);
}

/*
 * record_to_sortable writes a record in a form whose bytes sort like compare_content.
 */
Size
record_to_sortable(const Record *record, char *to)
{
	uint16 flags = pg_hton16(record->flags & RECORD_CONTENT_FLAGS);
	char *start = to;

	*to++ = record->flags & RECORD_SEALED ? 0 : 1;
	to = sortable_text(to, record_name(record));
	to = sortable_text(to, record_user(record));
	to = sortable_text(to, record_page(record));
	memcpy(to, &flags, sizeof(flags));
	to += sizeof(flags);
	memcpy(to, record, record->texts);
	to += record->texts;
	if (record->flags & RECORD_ORIGIN)
	{
		const RecordOrigin *origin = record_origin(record);

		to = sortable_time(to, origin->occurred_at);
		to = sortable_time(to, origin->sent_at);
		to = sortable_time(to, origin->received_at);
		memcpy(to, origin, sizeof(RecordOrigin));
		to += sizeof(RecordOrigin);
	}
	return to - start;
}

/*
 * record_of_sortable_size returns the size of the record that has this sortable form.
 */
Size
record_of_sortable_size(const char *from)
{
	Record header;

	from++;
	for (int text = 0; text < 3; text++)
		from += *from == 2 ? 1 : strlen(from) + 1;
	memcpy(&header, from + sizeof(uint16), sizeof(header));
	return header.size;
}

/*
 * record_of_sortable restores a record from its sortable form.
 */
void
record_of_sortable(const char *from, Record *record)
{
	const char *texts = ++from;
	char *to;

	for (int text = 0; text < 3; text++)
		from += *from == 2 ? 1 : strlen(from) + 1;
	from += sizeof(uint16);
	memcpy(record, from, sizeof(Record));
	memset((char *) record + record->texts, 0, record->size - record->texts);
	memcpy(record, from, record->texts);
	to = (char *) record + record->texts;
	for (int text = 0; text < 3; text++)
		texts = plain_text(texts, &to);
	if (record->flags & RECORD_ORIGIN)
		memcpy(unconstify(RecordOrigin *, record_origin(record)),
			   from + record->texts + 3 * sizeof(uint64), sizeof(RecordOrigin));
}

/*
 * record_compare_all orders two records of any keys.
 */
int
record_compare_all(const RecordFormat *format, const Record *a, const Record *b)
{
	int order = key_type_compare(&format->key, record_key(format, a), record_key(format, b));

	return order != 0 ? order : record_compare(format, a, b);
}

/*
 * record_same_payload tells whether two copies of an event have the same payload.
 */
bool
record_same_payload(const Record *a, const Record *b)
{
	const uint16 told = RECORD_RESTART | RECORD_PAGE_VIEW;

	return (a->flags & told) == (b->flags & told) &&
		   text_view_equal(record_name(a), record_name(b)) &&
		   text_view_equal(record_user(a), record_user(b)) &&
		   text_view_equal(record_page(a), record_page(b));
}
