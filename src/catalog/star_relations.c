/*
 * star_relations.c
 *		The tables and views of a pipeline's schema: their names and what they are.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/star_relations.h"

const StarRelation star_relations[STAR_RELATIONS] = {
	{"sessions_live", true, "sessions, as they would be if refreshed now"},
	{"events_live", true, "events, as they would be if refreshed now"},
	{"sessions", true, "one row for each session, dimensions joined"},
	{"events", true, "one row for each event, dimensions joined"},
	{"source", true, "the raw rows in the pipeline's words: what each column is taken from"},
	{"fact_event", false, "one row for each event: deduplicated, valid, assigned to its session"},
	{"fact_session", false, "one row for each session"},
	{"dim_date", false, "days; member 0 is unknown"},
	{"dim_user", false,
	 "which user a session key was, and when (slowly changing, type 2); member 0 is unknown"},
	{"dim_page", false, "pages; member 0 is unknown"},
	{"dim_event", false, "event names; member 0 is unknown"},
	{"quarantine", false, "raw rows of which no event can be made, and why"},
	{"session_alias", false, "ids of sessions that are no more, and which session their events are in now"},
	{"sealed", false,
	 "raw rows as they were sealed, in the words of the view source: they count whatever becomes of the raw "
	 "rows"},
	{"late", false,
	 "raw rows with event times before the seal's horizon that are not sealed: they don't count"},
	{"dirty", false, "the log of keys whose raw rows have changed and wait for a refresh"},
	{"refreshed", false, "keys that refreshes have written while a rebuild was at work; of no use after it"},
	{"backfill", false, "keys that a rebuild, newest first, has yet to do"},
};
