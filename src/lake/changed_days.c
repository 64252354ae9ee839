/*
 * changed_days.c
 *		The days on which rows of the star change, for exports.
 *
 * An event has the id of its session, not the day.  Most events that change are of sessions that
 * change as well, whose days are known.  The days of the others are looked up when all rows are
 * written: then the session of each event is in the table, or its row was told when it went.
 *
 * A row of dim_user may change while the facts that refer to it stay as they are.  Its surrogate key
 * is noted, and the export looks for the days of these facts.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "utils/array.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "catalog/extension_sql.h"
#include "catalog/star_relation.h"
#include "lake/changed_days.h"
#include "spi/statement.h"
#include "star/star.h"
#include "star/star_read.h"

/* A number that was noted, and how many rows have it. */
typedef struct NotedNumber
{
	int32 number;
	char status;
	int64 rows;
} NotedNumber;

#define SH_PREFIX            number_table
#define SH_ELEMENT_TYPE      NotedNumber
#define SH_KEY_TYPE          int32
#define SH_KEY               number
#define SH_HASH_KEY(tb, key) murmurhash32((uint32) (key))
#define SH_EQUAL(tb, a, b)   ((a) == (b))
#define SH_SCOPE             static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A session of which the row, or an event, has changed. */
typedef struct NotedSession
{
	pg_uuid_t id;
	char status;
	bool day_is_known; /* the row itself has changed */
} NotedSession;

#define SH_PREFIX            session_set
#define SH_ELEMENT_TYPE      NotedSession
#define SH_KEY_TYPE          pg_uuid_t
#define SH_KEY               id
#define SH_HASH_KEY(tb, key) hash_bytes((key).data, UUID_LEN)
#define SH_EQUAL(tb, a, b)   (memcmp((a).data, (b).data, UUID_LEN) == 0)
#define SH_SCOPE             static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct ChangedDays
{
	const Pipeline *pipeline;
	MemoryContext row_context; /* what was noted since the last write */
	int session_id;            /* the columns of fact_session */
	int session_date;
	int event_session; /* the column of fact_event */
	int user_member;   /* the columns of dim_user */
	int user_key;
	bool member_by_value;
	int16 member_length;
	number_table_hash *days;  /* date keys */
	number_table_hash *users; /* surrogate keys of dim_user */
	session_set_hash *sessions;
	NotedSession *last; /* that of the last event; NULL: none */
};

/*
 * begin_rows prepares for rows.
 */
static void
begin_rows(ChangedDays *days)
{
	MemoryContextReset(days->row_context);
	days->days = number_table_create(days->row_context, 64, NULL);
	days->users = number_table_create(days->row_context, 64, NULL);
	days->sessions = session_set_create(days->row_context, 64, NULL);
	days->last = NULL;
}

/*
 * changed_days_create returns no days.
 */
ChangedDays *
changed_days_create(MemoryContext parent, const Pipeline *pipeline)
{
	const StarTable *sessions = star_table(pipeline, STAR_FACT_SESSION);
	const StarTable *users = star_table(pipeline, STAR_DIM_USER);
	MemoryContext context;
	ChangedDays *days;

	if (!pipeline->has_exports)
		return NULL;
	context = AllocSetContextCreate(parent, "sessionize changed days", ALLOCSET_SMALL_SIZES);
	days = MemoryContextAllocZero(context, sizeof(ChangedDays));
	days->pipeline = pipeline;
	days->row_context =
		AllocSetContextCreate(context, "sessionize changed rows", ALLOCSET_DEFAULT_SIZES);
	days->session_id = star_column_number(sessions, "session_id");
	days->session_date = star_column_number(sessions, "date_key");
	if (pipeline->store_events)
		days->event_session =
			star_column_number(star_table(pipeline, STAR_FACT_EVENT), "session_id");
	days->user_member = star_column_number(users, star_dimension(pipeline, DIMENSION_USER)->member);
	days->user_key = ROW_EXTRA(users);
	get_typlenbyval(star_dimension(pipeline, DIMENSION_USER)->type, &days->member_length,
					&days->member_by_value);
	begin_rows(days);
	return days;
}

/*
 * add_number notes a number once more.
 */
static inline void
add_number(number_table_hash *numbers, int32 number)
{
	bool found;
	NotedNumber *noted = number_table_insert(numbers, number, &found);

	noted->rows = (found ? noted->rows : 0) + 1;
}

/*
 * find_session returns what is noted of a session.
 */
static NotedSession *
find_session(ChangedDays *days, Datum id)
{
	bool found;
	NotedSession *session = session_set_insert(days->sessions, *DatumGetUUIDP(id), &found);

	if (!found)
		session->day_is_known = false;
	return session;
}

/*
 * add_session notes the day of a row of fact_session, which is returned.  It is counted unless it is
 * the day that the row had before.
 */
static int32
add_session(ChangedDays *days, const Datum *row, const bool *isnull, int32 counted)
{
	int32 day = isnull[days->session_date] ? 0 : DatumGetInt32(row[days->session_date]);

	find_session(days, row[days->session_id])->day_is_known = true;
	if (day != counted)
		add_number(days->days, day);
	/* an insertion may have moved it */
	days->last = NULL;
	return day;
}

/*
 * changed_days_note_session notes a row of fact_session.
 */
void
changed_days_note_session(ChangedDays *days, const Datum *values, const bool *isnull,
						  const TupleTableSlot *stored)
{
	int32 counted = -1;

	if (stored != NULL)
		counted = add_session(days, stored->tts_values, stored->tts_isnull, counted);
	if (values != NULL)
		(void) add_session(days, values, isnull, counted);
}

/*
 * add_event notes the session of an event.  Most events are of the session of the one before.
 */
static inline void
add_event(ChangedDays *days, Datum session)
{
	if (days->last == NULL || memcmp(&days->last->id, DatumGetUUIDP(session), UUID_LEN) != 0)
		days->last = find_session(days, session);
}

/*
 * changed_days_note_event notes a row of fact_event.
 */
void
changed_days_note_event(ChangedDays *days, const Datum *values, const TupleTableSlot *stored)
{
	if (stored != NULL)
		add_event(days, stored->tts_values[days->event_session]);
	if (values != NULL)
		add_event(days, values[days->event_session]);
}

/*
 * is_same_member tells whether two rows of dim_user name the same user.
 */
static bool
is_same_member(const ChangedDays *days, const Datum *values, const bool *isnull,
			   const TupleTableSlot *stored)
{
	int member = days->user_member;

	if (isnull[member] || stored->tts_isnull[member])
		return isnull[member] == stored->tts_isnull[member];
	return datum_image_eq(values[member], stored->tts_values[member], days->member_by_value,
						  days->member_length);
}

/*
 * changed_days_note_user notes a row of dim_user.  Facts refer to one that comes or goes only if
 * they change themselves.
 */
void
changed_days_note_user(ChangedDays *days, const Datum *values, const bool *isnull,
					   const TupleTableSlot *stored)
{
	if (values != NULL && stored != NULL && !is_same_member(days, values, isnull, stored))
		add_number(days->users, (int32) DatumGetInt64(stored->tts_values[days->user_key]));
}

/*
 * add_days notes the day of a row (date_key, number of rows).
 */
static void
add_days(void *arg, const SqlRow *row)
{
	number_table_hash *numbers = arg;
	bool found;
	NotedNumber *noted = number_table_insert(numbers, sql_row_int4(row, 1), &found);

	noted->rows = (found ? noted->rows : 0) + sql_row_int8(row, 2);
}

/*
 * look_up_days notes the days of the sessions that have not changed themselves.
 */
static void
look_up_days(ChangedDays *days)
{
	Datum *ids =
		MemoryContextAllocHuge(CurrentMemoryContext, (days->sessions->members + 1) * sizeof(Datum));
	int count = 0;
	session_set_iterator iterator;
	NotedSession *session;
	ArrayType *array;

	session_set_start_iterate(days->sessions, &iterator);
	while ((session = session_set_iterate(days->sessions, &iterator)) != NULL)
		if (!session->day_is_known)
			ids[count++] = UUIDPGetDatum(&session->id);
	if (count == 0)
		return;
	array = construct_array(ids, count, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
	(void) sql_visit(
		star_sql(days->pipeline, "SELECT f.date_key, count(*) FROM ONLY @fact_session AS f "
								 "WHERE f.session_id = ANY ($1) GROUP BY f.date_key"),
		SQL_READ_WRITE, SQL_VALUES(SQL_DATUM(UUIDARRAYOID, PointerGetDatum(array), false)),
		add_days, days->days);
}

/*
 * A statement that writes a note of each number, in a column, for each export of the pipeline that
 * has days.
 */
#define NEW_NOTES                                                                                  \
	"new AS (SELECT e.export_name, n.number, n.rows FROM sessionize.export AS e, "                 \
	"unnest($2, $3) AS n (number, rows) WHERE e.pipeline_id = $1 "                                 \
	"AND e.tables && '{sessions,events}') "

#define WRITE_NOTES                                                                                \
	"WITH " NEW_NOTES                                                                              \
	"INSERT INTO sessionize.export_note (pipeline_id, export_name, %1$s, changed_rows) "           \
	"SELECT $1, w.export_name, w.number, w.rows FROM new AS w"

/*
 * The same, and the notes that there are of the same numbers are merged into the new ones.  What an
 * export is about to forget is in its snapshot, and this transaction is not.  So notes must not be
 * merged into one that has been committed: it might be forgotten with them.
 */
#define MERGE_NOTES                                                                                \
	"WITH " NEW_NOTES ", old AS (SELECT o.note_id FROM sessionize.export_note AS o JOIN new AS w " \
	"ON w.export_name = o.export_name AND w.number = o.%1$s WHERE o.pipeline_id = $1 "             \
	"FOR UPDATE OF o SKIP LOCKED), "                                                               \
	"gone AS (DELETE FROM sessionize.export_note AS o USING old AS d WHERE o.note_id = d.note_id " \
	"RETURNING o.export_name, o.%1$s AS number, o.changed_rows, o.noted_at) "                      \
	"INSERT INTO sessionize.export_note (pipeline_id, export_name, %1$s, changed_rows, noted_at) " \
	"SELECT $1, w.export_name, w.number, w.rows + coalesce(sum(g.changed_rows), 0)::bigint, "      \
	"coalesce(min(g.noted_at), now()) FROM new AS w LEFT JOIN gone AS g "                          \
	"ON g.export_name = w.export_name AND g.number = w.number "                                    \
	"GROUP BY w.export_name, w.number, w.rows"

/* Of so many transactions that write notes, one merges them, so that there are few of a day. */
#define MERGED_ONE_IN 8

/*
 * write_numbers writes a note of each number.
 */
static void
write_numbers(const ChangedDays *days, const char *column, number_table_hash *numbers)
{
	Datum *values = palloc((numbers->members + 1) * sizeof(Datum));
	Datum *rows = palloc((numbers->members + 1) * sizeof(Datum));
	bool merges =
		!IsolationUsesXactSnapshot() && pg_prng_uint32(&pg_global_prng_state) % MERGED_ONE_IN == 0;
	int count = 0;
	number_table_iterator iterator;
	NotedNumber *noted;

	number_table_start_iterate(numbers, &iterator);
	while ((noted = number_table_iterate(numbers, &iterator)) != NULL)
	{
		values[count] = Int32GetDatum(noted->number);
		rows[count++] = Int64GetDatum(noted->rows);
	}
	if (count == 0)
		return;
	(void) extension_run(
		merges ? psprintf(MERGE_NOTES, column) : psprintf(WRITE_NOTES, column), SQL_READ_WRITE,
		SQL_VALUES(SQL_INT4(days->pipeline->id),
				   SQL_DATUM(INT4ARRAYOID,
							 PointerGetDatum(construct_array(values, count, INT4OID, sizeof(int32),
															 true, TYPALIGN_INT)),
							 false),
				   SQL_DATUM(INT8ARRAYOID,
							 PointerGetDatum(construct_array(rows, count, INT8OID, sizeof(int64),
															 FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)),
							 false)));
}

/*
 * changed_days_write writes the notes.
 */
void
changed_days_write(ChangedDays *days)
{
	MemoryContext oldcontext;

	if (days == NULL || days->sessions->members + days->users->members == 0)
		return;
	oldcontext = MemoryContextSwitchTo(days->row_context);
	look_up_days(days);
	write_numbers(days, "date_key", days->days);
	write_numbers(days, "user_key", days->users);
	MemoryContextSwitchTo(oldcontext);
	begin_rows(days);
}

/*
 * changed_days_of_keys notes the days of keys that are about to be erased, and the erasure, since
 * former files may have keys that the star no longer has.
 */
void
changed_days_of_keys(const Pipeline *pipeline, const KeyRelation *keys)
{
	ChangedDays *days = changed_days_create(CurrentMemoryContext, pipeline);

	if (days == NULL)
		return;
	key_relation_visit(
		keys,
		star_sql(pipeline,
				 "SELECT f.date_key, count(*) FROM ONLY @fact_session AS f, " KEY_ROWS
				 " AS k WHERE f.session_key %s k.session_key GROUP BY f.date_key",
				 key_equals_sql(pipeline->types[SRC_SESSION_KEY])),
		add_days, days->days);
	write_numbers(days, "date_key", days->days);
	extension_run("INSERT INTO sessionize.export_note (pipeline_id, export_name, erased, "
				  "changed_rows) SELECT e.pipeline_id, e.export_name, true, 0 "
				  "FROM sessionize.export AS e WHERE e.pipeline_id = $1",
				  SQL_READ_WRITE, SQL_VALUES(SQL_INT4(pipeline->id)));
}

/*
 * changed_days_of_all notes all days.
 */
void
changed_days_of_all(const Pipeline *pipeline)
{
	ChangedDays *days = changed_days_create(CurrentMemoryContext, pipeline);

	if (days == NULL)
		return;
	(void) sql_visit(star_sql(pipeline, "SELECT f.date_key, count(*) FROM ONLY @fact_session AS f "
										"GROUP BY f.date_key"),
					 SQL_READ_WRITE, SQL_NO_VALUES, add_days, days->days);
	write_numbers(days, "date_key", days->days);
}
