/*
 * row_zones.c
 *		Time zones by the names that rows have, fast enough to be looked up for every event.
 *
 * Most events have the zone of the event before, so that one is compared first.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include <ctype.h>

#include "utils/datetime.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "utils/row_zones.h"

/* The cache is emptied when it has so many names: more than there are zones. */
#define NAMES_MAX 1024

typedef struct RowZone
{
	char name[TZ_STRLEN_MAX + 1]; /* the hash key */
	uint32 length;
	pg_tz *zone;     /* NULL: not known */
	LocalDays *days; /* NULL: not needed so far */
} RowZone;

struct RowZones
{
	MemoryContext context; /* of the names */
	HTAB *names;
	RowZone *last; /* the name that was asked for last; NULL: none */
	LocalDays *utc;
};

/* The names in pg_timezone_names that a POSIX specification could look like, but for Etc/GMT. */
static const char *const posix_like[] = {"EST5EDT", "CST6CDT", "MST7MDT", "PST8PDT",
										 "GMT0",    "GMT+0",   "GMT-0"};

/* The beginning of the names of zones that are so many hours from UTC, and the most hours. */
#define GMT_BEGIN "Etc/GMT"
#define GMT_WEST  12
#define GMT_EAST  14

/*
 * zone_by_name returns a time zone.
 */
pg_tz *
zone_by_name(const char *name)
{
	pg_tz *zone = strlen(name) > TZ_STRLEN_MAX ? NULL : pg_tzset(name);

	return zone != NULL && pg_tz_acceptable(zone) ? zone : NULL;
}

/*
 * empty makes the table of names, or makes it anew.
 */
static void
empty(RowZones *zones)
{
	HASHCTL control = {
		.keysize = TZ_STRLEN_MAX + 1, .entrysize = sizeof(RowZone), .hcxt = zones->context};

	MemoryContextReset(zones->context);
	zones->last = NULL;
	zones->names =
		hash_create("sessionize zones", 64, &control, HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

/*
 * row_zones_create creates a cache.
 */
RowZones *
row_zones_create(void)
{
	RowZones *zones = palloc0(sizeof(RowZones));

	zones->utc = local_days_create(zone_by_name("UTC"), LOCAL_DAYS_FEW);
	zones->context = AllocSetContextCreate(CurrentMemoryContext, "sessionize zones of rows",
										   ALLOCSET_DEFAULT_SIZES);
	empty(zones);
	return zones;
}

/*
 * is_gmt tells whether a name is that of a zone which is so many hours from UTC, such as Etc/GMT+5.
 */
static bool
is_gmt(const char *name)
{
	const char *sign = name + strlen(GMT_BEGIN);
	char *end;
	long hours;

	if (pg_strncasecmp(name, GMT_BEGIN, strlen(GMT_BEGIN)) != 0)
		return false;
	if (strcmp(sign, "0") == 0)
		return true;
	if ((*sign != '+' && *sign != '-') || !isdigit((unsigned char) sign[1]) ||
		(sign[1] == '0' && sign[2] != '\0'))
		return false;
	hours = strtol(sign + 1, &end, 10);
	return *end == '\0' && hours <= (*sign == '+' ? GMT_WEST : GMT_EAST);
}

/*
 * is_name tells whether a name is no POSIX specification, each of which has a digit.
 */
static bool
is_name(const char *name)
{
	if (strpbrk(name, "0123456789") == NULL || is_gmt(name))
		return true;
	for (size_t i = 0; i < lengthof(posix_like); i++)
		if (pg_strcasecmp(posix_like[i], name) == 0)
			return true;
	return false;
}

/*
 * zone_is_posix tells whether a name is a POSIX specification.
 */
bool
zone_is_posix(const char *name)
{
	return !is_name(name);
}

/*
 * find returns the entry of a name that is not NULL; NULL if no zone's name is so long.
 */
static RowZone *
find(RowZones *zones, TextView name)
{
	char key[TZ_STRLEN_MAX + 1];
	RowZone *entry;
	bool found;

	if (zones->last != NULL && zones->last->length == name.len &&
		memcmp(zones->last->name, name.data, name.len) == 0)
		return zones->last;
	if (name.len > TZ_STRLEN_MAX)
		return NULL;
	memcpy(key, name.data, name.len);
	key[name.len] = '\0';
	entry = hash_search(zones->names, key, HASH_FIND, NULL);
	if (entry == NULL)
	{
		if (hash_get_num_entries(zones->names) >= NAMES_MAX)
			empty(zones);
		entry = hash_search(zones->names, key, HASH_ENTER, &found);
		entry->length = name.len;
		entry->zone = is_name(key) ? zone_by_name(key) : NULL;
		entry->days = NULL;
	}
	zones->last = entry;
	return entry;
}

/*
 * row_zones_know tells whether a zone is known.
 */
bool
row_zones_know(RowZones *zones, TextView name)
{
	const RowZone *entry;

	if (name.data == NULL)
		return true;
	entry = find(zones, name);
	return entry != NULL && entry->zone != NULL;
}

/*
 * row_zones_days returns the days of a zone.
 */
LocalDays *
row_zones_days(RowZones *zones, TextView name)
{
	RowZone *entry;

	if (name.data == NULL)
		return zones->utc;
	entry = find(zones, name);
	if (entry == NULL || entry->zone == NULL)
		elog(ERROR, "a record has a time zone that is not known");
	if (entry->days == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(zones->context);

		entry->days = local_days_create(entry->zone, LOCAL_DAYS_FEW);
		MemoryContextSwitchTo(caller);
	}
	return entry->days;
}
