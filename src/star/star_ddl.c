/*
 * star_ddl.c
 *		The schema of a pipeline: its tables, views and indexes, made and dropped.
 *
 * Facts have no foreign keys: a check for each row costs more than the row, and verify() checks the
 * same without.  fact_event has no index by session: random uuids make it the dearest of all, and a session's
 * events are found by its key and times.  Nothing asks fact_event_key for more than these two, and few events of a key
 * have the same time: so it has no further columns, and no time is spent looking for equal entries.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/pipeline.h"
#include "catalog/star_relations.h"
#include "source/sealed_rows.h"
#include "spi/sql.h"
#include "star/star_ddl.h"
#include "star/star_views.h"

static const struct
{
	const char *column;
	const char *comment;
} star_columns[] = {
	{"fact_session.date_key", "day of started_at in the pipeline's time zone"},
	{"fact_session.ended_at", "time of the last event, inclusive"},
	{"fact_session.user_key", "the user at ended_at"},
	{"fact_session.entry_page_key", "page of the first page view; 0 without one"},
	{"fact_session.exit_page_key", "page of the last page view; 0 without one"},
	{"fact_session.is_bounce", "the session has one event"},
	{"fact_session.duplicates", "raw rows that are further copies of the session's events"},
	{"fact_session.conflicts", "those of the duplicates that differ from the event"},
	{"fact_session.shifted",
	 "raw rows of the session, duplicates as well, whose event time is not occurred_at as it is in the row"},
	{"fact_session.copies_until",
	 "time of the last further copy of the session's events, where it comes after ended_at; else -infinity"},
	{"dim_user.valid_from", "the first event of this user_id; -infinity for the key's first"},
	{"dim_user.valid_to", "the first event of the next; infinity for the last"},
	{"dim_date.week", "ISO 8601 week, of iso_year"},
	{"dim_date.day_of_week", "1 Monday to 7 Sunday"},
	{"sessions.expires_at", "ended_at + gap: from then on an event starts a new session"},
	{"sessions_live.expires_at", "ended_at + gap: from then on an event starts a new session"},
	{"sessions.date", "day of started_at in the pipeline's time zone"},
	{"session_alias.new_session_id",
	 "the session that has the first of the old one's time now; NULL where none has any of it"},
	{"session_alias.reason",
	 "moved: the session begins elsewhere, so it has another id; merged: into one that was there; gone"},
	{"late.raw_table", "the table or partition the raw row lies in"},
	{"late.first_seen", "when a refresh or rebuild first found it so"},
	{"dirty.lane", "hash bucket of the key, the unit in which refreshes lock"},
	{"dirty.session_key", "NULL: rows without a key, or whose key could not be computed"},
	{"dirty.lo", "the least event time of the changed rows; -infinity where one has none, or another than it "
				 "gives itself"},
	{"dirty.hi", "the greatest; infinity where it is not known"},
	{"refreshed.noted_by", "the transaction that wrote the key"},
	{"backfill.piece", "keys with the same number are done in one transaction, 0 first"},
	{"backfill.session_key", "NULL: rows without a key, or whose key could not be computed"},
	{"backfill.last_at", "the key's last event when the rebuild began; -infinity where it has none"},
	{"backfill.stale",
	 "what the star has of the key does not count: it was never built, or its rules have changed"},
	{"source.raw_table", "the table or partition the raw row lies in"},
	{"source.raw_ctid", "and where in it, as long as nothing rewrites it"},
};

/* The indexes of the facts and of dim_user, in the order in which they are made; %s is the schema. */
static const struct
{
	const char *name;
	const char *table;
	bool is_constraint;
	const char *create;
	const char *drop;
} star_indexes[] = {
	{"fact_session_pkey", "fact_session", true,
	 "ALTER TABLE %s.fact_session ADD CONSTRAINT fact_session_pkey PRIMARY KEY (session_id)",
	 "ALTER TABLE %s.fact_session DROP CONSTRAINT fact_session_pkey"},
	{"fact_session_key", "fact_session", false,
	 "CREATE INDEX fact_session_key ON %s.fact_session (session_key, started_at)",
	 "DROP INDEX %s.fact_session_key"},
	{"fact_session_shifted", "fact_session", false,
	 "CREATE INDEX fact_session_shifted ON %s.fact_session (session_key) WHERE shifted > 0",
	 "DROP INDEX %s.fact_session_shifted"},
	{"fact_session_copies", "fact_session", false,
	 "CREATE INDEX fact_session_copies ON %s.fact_session (session_key) WHERE copies_until > '-infinity'",
	 "DROP INDEX %s.fact_session_copies"},
	{"fact_event_key", "fact_event", false,
	 "CREATE INDEX fact_event_key ON %s.fact_event (session_key, event_time) WITH (deduplicate_items = off)",
	 "DROP INDEX %s.fact_event_key"},
	{"dim_user_pkey", "dim_user", true,
	 "ALTER TABLE %s.dim_user ADD CONSTRAINT dim_user_pkey PRIMARY KEY (user_key)",
	 "ALTER TABLE %s.dim_user DROP CONSTRAINT dim_user_pkey"},
	{"dim_user_session_key_valid_from_key", "dim_user", true,
	 "ALTER TABLE %s.dim_user ADD CONSTRAINT dim_user_session_key_valid_from_key UNIQUE (session_key, "
	 "valid_from)",
	 "ALTER TABLE %s.dim_user DROP CONSTRAINT dim_user_session_key_valid_from_key"},
};

/*
 * The tables of these indexes.  Without them each has a statistics object, NAME_bare, which stands for them in a dump: that makes
 * it when it has the table's rows, as it makes indexes.
 */
static const struct
{
	const char *table;
	const char *columns;
} bare_tables[] = {{"fact_session", "session_key, started_at"},
				   {"fact_event", "session_key, event_time"},
				   {"dim_user", "session_key, valid_from"}};

/*
 * star_has tells whether the pipeline's schema has a relation of this name.
 */
static bool
star_has(const Pipeline *pipeline, const char *name)
{
	return OidIsValid(get_relname_relid(name, pipeline->schema));
}

/*
 * create_dimensions makes the dimension tables, each with its member 0.
 */
static void
create_dimensions(const char *schema, const char *key_type)
{
	sql_executef(
		"CREATE TABLE %s.dim_date (date_key int PRIMARY KEY, date date UNIQUE, year int, quarter int, "
		"month int, month_name text, week int, iso_year int, day int, day_of_week int, day_name text, "
		"is_weekend boolean);"
		"INSERT INTO %s.dim_date (date_key) VALUES (0)",
		schema, schema);
	sql_executef("CREATE TABLE %s.dim_user (user_key int GENERATED BY DEFAULT AS IDENTITY, "
				 "session_key %s, user_id text COLLATE \"C\", valid_from timestamptz NOT NULL, "
				 "valid_to timestamptz NOT NULL, is_current boolean NOT NULL);"
				 "INSERT INTO %s.dim_user (user_key, valid_from, valid_to, is_current) "
				 "VALUES (0, '-infinity', 'infinity', true)",
				 schema, key_type, schema);
	/* hash, since a btree has no room for long values */
	sql_executef("CREATE TABLE %s.dim_page (page_key int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, "
				 "page text COLLATE \"C\", EXCLUDE USING hash (page WITH =));"
				 "INSERT INTO %s.dim_page (page_key) VALUES (0)",
				 schema, schema);
	sql_executef("CREATE TABLE %s.dim_event (event_key int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, "
				 "event_name text COLLATE \"C\", EXCLUDE USING hash (event_name WITH =));"
				 "INSERT INTO %s.dim_event (event_key) VALUES (0)",
				 schema, schema);
}

/*
 * append_typed_columns appends those of fact_event's three columns of user-chosen types that are
 * aligned as asked; TYPALIGN_CHAR also takes those of variable length, which go last.
 */
static void
append_typed_columns(StringInfo columns, const Pipeline *pipeline, char wanted)
{
	static const struct
	{
		const char *name;
		SourceColumn column;
		const char *constraint;
	} typed[] = {{"session_key", SRC_SESSION_KEY, " NOT NULL"},
				 {"event_id", SRC_EVENT_ID, ""},
				 {"raw_id", SRC_RAW_ID, " NOT NULL"}};

	for (size_t i = 0; i < lengthof(typed); i++)
	{
		Oid type = pipeline->types[typed[i].column];
		int16 length;
		bool by_value;
		char align;

		get_typlenbyvalalign(type, &length, &by_value, &align);
		if (length < 0)
			align = TYPALIGN_CHAR;
		if (align == wanted)
			appendStringInfo(columns, ", %s %s%s", typed[i].name, sql_column_type(type), typed[i].constraint);
	}
}

/*
 * create_fact_event makes fact_event, its columns ordered by alignment, widest first.
 */
static void
create_fact_event(const Pipeline *pipeline, const char *schema)
{
	StringInfoData columns;

	initStringInfo(&columns);
	appendStringInfoString(&columns, "event_time timestamptz NOT NULL");
	append_typed_columns(&columns, pipeline, TYPALIGN_DOUBLE);
	appendStringInfoString(&columns,
						   ", user_key int NOT NULL, event_key int NOT NULL, page_key int NOT NULL, "
						   "date_key int NOT NULL");
	append_typed_columns(&columns, pipeline, TYPALIGN_INT);
	append_typed_columns(&columns, pipeline, TYPALIGN_SHORT);
	appendStringInfoString(&columns, ", session_id uuid NOT NULL, page_view boolean NOT NULL");
	append_typed_columns(&columns, pipeline, TYPALIGN_CHAR);
	sql_executef("CREATE TABLE %s.fact_event (%s)", schema, columns.data);
}

/*
 * create_sealed makes the table of sealed rows, its columns ordered by alignment, and that of late ones.
 */
static void
create_sealed(const Pipeline *pipeline, const char *schema)
{
	StringInfoData columns;

	initStringInfo(&columns);
	appendStringInfoString(&columns, "occurred_at timestamptz, sent_at timestamptz, received_at timestamptz");
	append_typed_columns(&columns, pipeline, TYPALIGN_DOUBLE);
	append_typed_columns(&columns, pipeline, TYPALIGN_INT);
	append_typed_columns(&columns, pipeline, TYPALIGN_SHORT);
	appendStringInfoString(&columns, ", restart boolean, page_view boolean");
	append_typed_columns(&columns, pipeline, TYPALIGN_CHAR);
	appendStringInfoString(
		&columns, ", event_name text COLLATE \"C\", user_id text COLLATE \"C\", page text COLLATE \"C\"");
	sql_executef("CREATE TABLE %s.sealed (%s);"
				 "CREATE INDEX sealed_key ON %s.sealed (session_key)",
				 schema, columns.data, schema);
	sql_executef(
		"CREATE TABLE %s.late (session_key %s NOT NULL, event_time timestamptz NOT NULL, event_id %s, "
		"raw_id %s NOT NULL, received_at timestamptz, raw_table regclass NOT NULL, "
		"first_seen timestamptz NOT NULL DEFAULT now());"
		"CREATE INDEX late_key ON %s.late (session_key)",
		schema, sql_column_type(pipeline->types[SRC_SESSION_KEY]),
		sql_column_type(pipeline->types[SRC_EVENT_ID]), sql_column_type(pipeline->types[SRC_RAW_ID]), schema);
}

/*
 * create_tables makes the facts, the quarantine, the dirty log and the rebuild's notes.
 */
static void
create_tables(const Pipeline *pipeline, const char *schema, const char *key_type)
{
	if (pipeline->store_events)
		create_fact_event(pipeline, schema);
	sql_executef("CREATE TABLE %s.fact_session (session_id uuid NOT NULL, session_key %s NOT NULL, "
				 "user_key int NOT NULL, date_key int NOT NULL, started_at timestamptz NOT NULL, "
				 "ended_at timestamptz NOT NULL, events bigint NOT NULL, page_views bigint NOT NULL, "
				 "distinct_pages bigint NOT NULL, entry_page_key int NOT NULL, exit_page_key int NOT NULL, "
				 "is_bounce boolean NOT NULL, duplicates bigint NOT NULL, conflicts bigint NOT NULL, "
				 "shifted bigint NOT NULL, copies_until timestamptz NOT NULL) "
				 "WITH (fillfactor = 80)",
				 schema, key_type);
	sql_executef(
		"CREATE TABLE %s.quarantine (quarantine_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, "
		"raw_id text COLLATE \"C\", session_key %s, reason text NOT NULL, detail text, "
		"received_at timestamptz, raw_row jsonb, first_seen timestamptz NOT NULL DEFAULT now());"
		/* hash, since a key may be too long for a btree: that may be why it is here */
		"CREATE INDEX quarantine_key ON %s.quarantine USING hash (session_key);"
		"CREATE INDEX quarantine_without_key ON %s.quarantine (quarantine_id) WHERE session_key" SQL_IS_NULL,
		schema, key_type, schema, schema);
	sql_executef("CREATE TABLE %s.session_alias (old_session_id uuid NOT NULL, new_session_id uuid, "
				 "session_key %s NOT NULL, at timestamptz NOT NULL DEFAULT now(), reason text NOT NULL);"
				 "CREATE INDEX session_alias_old ON %s.session_alias (old_session_id);"
				 "CREATE INDEX session_alias_key ON %s.session_alias (session_key)",
				 schema, key_type, schema, schema);
	/* rows come and go all the time, and their number says nothing: vacuum by how many have gone */
	sql_executef("CREATE TABLE %s.dirty (lane smallint NOT NULL, session_key %s, lo timestamptz NOT NULL, "
				 "hi timestamptz NOT NULL, logged_at timestamptz NOT NULL) WITH "
				 "(autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)",
				 schema, key_type);
	sql_executef("CREATE UNLOGGED TABLE %s.refreshed (session_key %s, noted_by xid8 NOT NULL DEFAULT "
				 "pg_current_xact_id())",
				 schema, key_type);
	sql_executef(
		"CREATE TABLE %s.backfill (last_at timestamptz NOT NULL, piece int NOT NULL, stale boolean NOT "
		"NULL, session_key %s);"
		"CREATE INDEX backfill_piece ON %s.backfill (piece);"
		/* hash, since a key may be too long for a btree */
		"CREATE INDEX backfill_key ON %s.backfill USING hash (session_key)",
		schema, key_type, schema, schema);
}

/*
 * identify_rows says by what a publication knows the rows of those tables that have no primary key: else one of all tables
 * would keep us from changing them.
 */
static void
identify_rows(const Pipeline *pipeline, const char *schema)
{
	static const char *const tables[] = {"fact_event", "session_alias", SEALED_TABLE,
										 LATE_TABLE,   "dirty",         "backfill"};

	for (size_t i = 0; i < lengthof(tables); i++)
		if (star_has(pipeline, tables[i]))
			sql_executef("ALTER TABLE %s.%s REPLICA IDENTITY FULL", schema, tables[i]);
}

/*
 * comment_on_everything says what the schema, its relations and their less obvious columns are.
 */
static void
comment_on_everything(const Pipeline *pipeline, const char *schema)
{
	sql_executef("COMMENT ON SCHEMA %s IS %s", schema,
				 quote_literal_cstr(psprintf("pg_sessionize pipeline %s", pipeline->name)));
	for (int i = 0; i < STAR_RELATIONS; i++)
		if (star_has(pipeline, star_relations[i].name))
			sql_executef("COMMENT ON %s %s.%s IS %s", star_relations[i].is_view ? "VIEW" : "TABLE", schema,
						 star_relations[i].name, quote_literal_cstr(star_relations[i].comment));
	for (size_t i = 0; i < lengthof(star_columns); i++)
		sql_executef("COMMENT ON COLUMN %s.%s IS %s", schema, star_columns[i].column,
					 quote_literal_cstr(star_columns[i].comment));
}

/*
 * star_create makes the schema and everything in it.
 */
void
star_create(Pipeline *pipeline, const char *source_query)
{
	const char *schema = quote_identifier(pipeline->name);
	char *key_type = sql_column_type(pipeline->types[SRC_SESSION_KEY]);

	sql_executef("CREATE SCHEMA %s", schema);
	pipeline->schema = get_namespace_oid(pipeline->name, false);
	sql_executef("CREATE VIEW %s." SOURCE_VIEW " AS %s", schema, source_query);
	pipeline->source_view = get_relname_relid(SOURCE_VIEW, pipeline->schema);
	create_dimensions(schema, key_type);
	create_tables(pipeline, schema, key_type);
	pipeline->dirty_log = get_relname_relid(DIRTY_TABLE, pipeline->schema);
	create_sealed(pipeline, schema);
	identify_rows(pipeline, schema);
	star_create_indexes(pipeline);
	star_create_views(pipeline);
	comment_on_everything(pipeline, schema);
}

/*
 * star_is_marked_bare tells whether a table is known to have no indexes.
 */
bool
star_is_marked_bare(const Pipeline *pipeline, const char *table)
{
	List *name = list_make2(makeString(pipeline->name), makeString(psprintf("%s_bare", table)));

	return OidIsValid(get_statistics_object_oid(name, true));
}

/*
 * mark_bare notes of the tables that they have no indexes, or no longer that.
 */
static void
mark_bare(const Pipeline *pipeline, bool bare)
{
	const char *schema = quote_identifier(pipeline->name);

	for (size_t i = 0; i < lengthof(bare_tables); i++)
	{
		const char *table = bare_tables[i].table;

		if (!star_has(pipeline, table) || star_is_marked_bare(pipeline, table) == bare)
			continue;
		if (bare)
			sql_executef("CREATE STATISTICS %s.%s_bare (ndistinct) ON %s FROM %s.%s", schema, table,
						 bare_tables[i].columns, schema, table);
		else
			sql_executef("DROP STATISTICS %s.%s_bare", schema, table);
	}
}

/*
 * star_create_indexes makes those of the indexes that are missing.
 */
void
star_create_indexes(const Pipeline *pipeline)
{
	mark_bare(pipeline, false);
	for (size_t i = 0; i < lengthof(star_indexes); i++)
		if (star_has(pipeline, star_indexes[i].table) && !star_has(pipeline, star_indexes[i].name))
			sql_executef(star_indexes[i].create, quote_identifier(pipeline->name));
}

/*
 * star_has_indexes tells whether no index is missing.
 */
bool
star_has_indexes(const Pipeline *pipeline)
{
	for (size_t i = 0; i < lengthof(star_indexes); i++)
		if (star_has(pipeline, star_indexes[i].table) && !star_has(pipeline, star_indexes[i].name))
			return false;
	return true;
}

/*
 * constraint_is_needed tells whether a view or a foreign key depends on a constraint.
 */
static bool
constraint_is_needed(const Pipeline *pipeline, const char *table, const char *constraint)
{
	return sql_executef("SELECT FROM pg_constraint AS c JOIN pg_depend AS d ON d.deptype = 'n' "
						"AND (d.refclassid, d.refobjid) IN (('pg_constraint'::regclass, c.oid), "
						"('pg_class'::regclass, c.conindid)) "
						"WHERE c.conname = '%s' AND c.conrelid = %u",
						constraint, get_relname_relid(table, pipeline->schema)) > 0;
}

/*
 * star_drop_indexes drops the indexes, but a constraint that is needed stays.
 */
void
star_drop_indexes(const Pipeline *pipeline)
{
	for (size_t i = 0; i < lengthof(star_indexes); i++)
		if (star_has(pipeline, star_indexes[i].name) &&
			!(star_indexes[i].is_constraint &&
			  constraint_is_needed(pipeline, star_indexes[i].table, star_indexes[i].name)))
			sql_executef(star_indexes[i].drop, quote_identifier(pipeline->name));
	mark_bare(pipeline, true);
}

/*
 * drop_relations drops those of our views, or tables, that are there, all in one statement: they
 * may depend on each other.
 */
static void
drop_relations(const Pipeline *pipeline, bool views, const char *behavior)
{
	const char *schema = quote_identifier(get_namespace_name(pipeline->schema));
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < STAR_RELATIONS; i++)
		if (star_relations[i].is_view == views &&
			get_rel_relkind(get_relname_relid(star_relations[i].name, pipeline->schema)) ==
				(views ? RELKIND_VIEW : RELKIND_RELATION))
			appendStringInfo(&list, "%s%s.%s", list.len > 0 ? ", " : "", schema, star_relations[i].name);
	if (list.len > 0)
		sql_executef("DROP %s %s %s", views ? "VIEW" : "TABLE", list.data, behavior);
	pfree(list.data);
}

/*
 * star_drop drops what star_create made and is still there, then the schema.
 */
void
star_drop(const Pipeline *pipeline, bool cascade)
{
	const char *behavior = cascade ? "CASCADE" : "RESTRICT";

	drop_relations(pipeline, true, behavior);
	drop_relations(pipeline, false, behavior);
	sql_executef("DROP SCHEMA %s %s", quote_identifier(get_namespace_name(pipeline->schema)), behavior);
}
