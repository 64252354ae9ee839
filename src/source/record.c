/*
 * record.c
 *		A raw row as the derivation keeps it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "port/pg_bswap.h"

#include "catalog/pipeline_contracts.h"
#include "source/record.h"

/*
 * record_format_init sets a format's types.
 */
void
record_format_init(RecordFormat *format, const Oid *types, int ncolumns, const bool *zone_by_row)
{
	int zone = ATTRIBUTE_COUNT + ncolumns - SRC_NCOLUMNS; /* the first after the attributes */

	key_type_init_id(&format->key, types[SRC_SESSION_KEY]);
	key_type_init_id(&format->event_id, types[SRC_EVENT_ID]);
	key_type_init_id(&format->raw_id, types[SRC_RAW_ID]);
	format->nattributes = kept_columns(ncolumns, zone_by_row, format->columns);
	for (int i = 0; i < format->nattributes; i++)
	{
		format->attributes[i] = value_layout(types[format->columns[i]]);
		format->is_judged[i] = column_is_judged(format->columns[i], types[format->columns[i]]);
	}
	for (ZoneRule rule = 0; rule < ZONE_RULES; rule++)
		format->zone[rule] = zone_by_row[rule] ? zone++ : -1;
	format->zones = zone > ATTRIBUTE_COUNT + ncolumns - SRC_NCOLUMNS ? row_zones_create() : NULL;
}

/*
 * attributes_size returns the size of the attributes in a record.
 */
static inline Size
attributes_size(const RecordFormat *format, const RecordParts *parts)
{
	Size size = (format->nattributes + 1) * sizeof(uint32);

	for (int i = 0; i < format->nattributes; i++)
		size += parts->attributes[i].len;
	return size;
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
	size += MAXALIGN(attributes_size(format, parts));
	if (parts->flags & RECORD_ORIGIN)
		size += MAXALIGN(sizeof(RecordOrigin));
	return size;
}

/*
 * put_attributes writes the attributes.
 */
static inline void
put_attributes(const RecordFormat *format, const RecordParts *parts, char *to)
{
	uint32 *offsets = (uint32 *) to;
	uint32 end = (format->nattributes + 1) * sizeof(uint32);

	for (int i = 0; i < format->nattributes; i++)
	{
		const TextView *attribute = &parts->attributes[i];

		offsets[i] = attribute->data != NULL ? end : (end | RECORD_NULL_ATTRIBUTE);
		if (attribute->data != NULL)
			memcpy(to + end, attribute->data, attribute->len);
		end += attribute->len;
	}
	offsets[format->nattributes] = end;
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
	record->attributes = to - start;
	put_attributes(format, parts, to);
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
 * compare_bytes orders two values by their bytes, NULL last.
 */
static int
compare_bytes(TextView a, TextView b)
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
 * number_of_attributes returns how many attributes a record has.
 */
static inline int
number_of_attributes(const Record *record)
{
	uint32 begin = record_attribute_offsets(record)[0] & ~RECORD_NULL_ATTRIBUTE;

	return (int) (begin / sizeof(uint32)) - 1;
}

/*
 * compare_attributes orders two records by their attributes.
 */
static int
compare_attributes(const Record *a, const Record *b)
{
	int order = 0;

	for (int i = 0; i < number_of_attributes(a) && order == 0; i++)
		order = compare_bytes(record_attribute(a, i), record_attribute(b, i));
	return order;
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
		order = compare_attributes(a, b);
	if (order == 0)
		order = (int) (a->flags & RECORD_CONTENT_FLAGS) - (int) (b->flags & RECORD_CONTENT_FLAGS);
	/* equal values may have different bytes, as 1.0 and 1.00 */
	if (order == 0)
		order = memcmp(a, b, Min(a->attributes, b->attributes));
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
 * sortable_bytes writes a value in a form whose bytes sort like compare_bytes, and returns its end:
 * a zero byte becomes 0, 1, and 0, 0 ends the value.
 */
static char *
sortable_bytes(char *to, TextView value)
{
	*to++ = value.data == NULL ? 2 : 1;
	if (value.data == NULL)
		return to;
	for (uint32 i = 0; i < value.len; i++)
	{
		*to++ = value.data[i];
		if (value.data[i] == '\0')
			*to++ = 1;
	}
	*to++ = '\0';
	*to++ = '\0';
	return to;
}

/*
 * plain_bytes reads a value that sortable_bytes wrote, and returns its end.  Unless "to" is NULL it
 * appends the value there.
 */
static const char *
plain_bytes(const char *from, char **to)
{
	if (*from++ == 2)
		return from;
	while (from[0] != '\0' || from[1] != '\0')
	{
		if (to != NULL)
			*(*to)++ = *from;
		from += *from == '\0' ? 2 : 1;
	}
	return from + 2;
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
 * record_sortable_size returns the maximal size of a record in sortable form: each byte of an
 * attribute may become two.
 */
Size
record_sortable_size(const Record *record)
{
	return (Size) record->size * 2 + 3 * KEPT_COLUMNS_MAX + 4 * sizeof(uint64);
}

/*
 * record_to_sortable writes a record in a form whose bytes sort like compare_content.
 */
Size
record_to_sortable(const RecordFormat *format, const Record *record, char *to)
{
	uint16 flags = pg_hton16(record->flags & RECORD_CONTENT_FLAGS);
	char *start = to;

	*to++ = record->flags & RECORD_SEALED ? 0 : 1;
	for (int i = 0; i < format->nattributes; i++)
		to = sortable_bytes(to, record_attribute(record, i));
	memcpy(to, &flags, sizeof(flags));
	to += sizeof(flags);
	memcpy(to, record, record->attributes);
	to += record->attributes;
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
 * skip_attributes returns the end of the attributes in a sortable form that begins with them.
 */
static const char *
skip_attributes(const RecordFormat *format, const char *from)
{
	for (int i = 0; i < format->nattributes; i++)
		from = plain_bytes(from, NULL);
	return from;
}

/*
 * restore_attributes writes a record's attributes from a sortable form that begins with them.
 */
static void
restore_attributes(const RecordFormat *format, const char *from, char *to)
{
	uint32 *offsets = (uint32 *) to;
	char *end = to + (format->nattributes + 1) * sizeof(uint32);

	for (int i = 0; i < format->nattributes; i++)
	{
		offsets[i] = (uint32) (end - to) | (*from == 2 ? RECORD_NULL_ATTRIBUTE : 0);
		from = plain_bytes(from, &end);
	}
	offsets[format->nattributes] = (uint32) (end - to);
}

/*
 * record_of_sortable_size returns the size of the record that has this sortable form.
 */
Size
record_of_sortable_size(const RecordFormat *format, const char *from)
{
	Record header;

	memcpy(&header, skip_attributes(format, from + 1) + sizeof(uint16), sizeof(header));
	return header.size;
}

/*
 * record_of_sortable restores a record from its sortable form.
 */
void
record_of_sortable(const RecordFormat *format, const char *from, Record *record)
{
	const char *rest = skip_attributes(format, from + 1) + sizeof(uint16);

	memcpy(record, rest, sizeof(Record));
	memset((char *) record + record->attributes, 0, record->size - record->attributes);
	memcpy(record, rest, record->attributes);
	restore_attributes(format, from + 1, (char *) record + record->attributes);
	if (record->flags & RECORD_ORIGIN)
		memcpy(unconstify(RecordOrigin *, record_origin(record)),
			   rest + record->attributes + 3 * sizeof(uint64), sizeof(RecordOrigin));
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

	if ((a->flags & told) != (b->flags & told))
		return false;
	for (int i = 0; i < ATTRIBUTE_COUNT; i++)
		if (!text_view_equal(record_attribute(a, i), record_attribute(b, i)))
			return false;
	return true;
}
