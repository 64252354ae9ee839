/*
 * star_writer.c
 *		The sink of a rebuild or refresh: writes what is derived, in natural keys, as rows of the
 *		star.
 *
 * A session or event with a member that is not known yet, such as a page, waits until there is a
 * batch of such rows, so that one query finds the surrogate keys of all their members.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/uuid.h"

#include "apply/star_writer.h"
#include "catalog/definition.h"
#include "catalog/pipeline.h"
#include "catalog/star_relation.h"
#include "counters/counters.h"
#include "derive/derive.h"
#include "lake/changed_days.h"
#include "rollup/rollup_changes.h"
#include "star/calendar.h"
#include "star/dimension.h"
#include "star/star.h"
#include "star/star_read.h"
#include "star/stored_star.h"
#include "utils/pass_limit.h"
#include "utils/pause.h"
#include "utils/value_bytes.h"
#include "utils/version_list.h"

#define BATCH_ROWS 1024

/* How many columns of a table may have the surrogate key of a dictionary. */
#define MAX_MEMBERS (8 + DIMENSIONS_MAX)

/*
 * The surrogate keys of a derived row.  Members, in the order of their columns, may be unresolved.
 */
typedef struct RowKeys
{
	int32 user_key;
	const DimensionMember *members[MAX_MEMBERS];
} RowKeys;

/*
 * A derived row that waits for surrogate keys.  Its texts that become surrogate keys are not valid
 * any more.
 */
typedef struct WaitingRow
{
	RowKeys keys;
	union
	{
		DerivedSession session;
		DerivedEvent event;
	} derived;
} WaitingRow;

/* How the value of a column is fetched. */
typedef enum ColumnGroup
{
	COLUMNS_OF_WORDS, /* the field has eight bytes, which are the Datum */
	COLUMNS_OF_USERS,
	COLUMNS_OF_DATES,
	COLUMNS_OF_MEMBERS,
	COLUMNS_OF_OTHERS, /* star_field_value fetches it */
	COLUMN_GROUPS
} ColumnGroup;

typedef struct ColumnSource
{
	uint16 column;
	StarField field;
} ColumnSource;

/*
 * The columns of a table by group, side by side in memory: each value of each row is looked up
 * here, and a loop over one group costs fewer mispredicted branches than a switch for each column.
 */
typedef struct TableSource
{
	int ends[COLUMN_GROUPS];
	ColumnSource columns[ROW_MAX_WIDTH];
} TableSource;

/* A column that has the surrogate key of a member of a dictionary. */
typedef struct MemberColumn
{
	Dimension *dimension;
	StarField text;
} MemberColumn;

/* A fact table, and the rows of it that wait. */
typedef struct FactWriter
{
	StarRelationId relation;
	Size size;      /* of a derived row, without room for further attributes */
	StarField user; /* when the version of its user begins */
	int nmembers;
	MemberColumn members[MAX_MEMBERS];
	int nmeasures;
	size_t measures; /* where a derived row points to its measures, and how they are stored */
	ValueLayout *measure_layouts;
	int nwaiting;
	WaitingRow *waiting; /* room for BATCH_ROWS */
} FactWriter;

struct StarWriter
{
	MemoryContext context;
	MemoryContext piece_context;
	MemoryContext batch_context; /* values of waiting rows */
	MemoryContext user_context;  /* values of a version of a user */
	const Pipeline *pipeline;
	WriterMemory memory;
	Oid user_sequence;
	int ndimensions;
	Dimension **dimensions; /* NULL: not a dictionary */
	Calendar *calendar;
	VersionList *versions;  /* of the key being written */
	KeyMeter *meter;        /* NULL: rows are not counted */
	IndexQueue *queue;      /* for session ids; NULL: none */
	PersonChanges *persons; /* told of changes of dim_user; NULL: nobody is told */
	int user_id;            /* number of dim_user's column user_id */
	LeftOut *left_out;      /* of the piece; NULL: none */
	FailedKeyTaker failed;  /* NULL: a key that fails is an error */
	void *failed_arg;
	bool skip_key; /* the key being derived is left out */
	FactWriter sessions;
	FactWriter events;
	RollupChanges *session_rollups; /* NULL: there are none */
	RollupChanges *event_rollups;
	ChangedDays *days;                       /* NULL: nothing is exported */
	TableSource sources[STAR_OWN_DIMENSION]; /* of the tables in pieces */
	TableWriter *tables[STAR_OWN_DIMENSION]; /* of the piece; NULL: not written */
};

/*
 * init_fact prepares the writer of a fact table: it finds the columns with surrogate keys.
 */
static void
init_fact(StarWriter *writer, FactWriter *fact, StarRelationId relation, Size size)
{
	const StarTable *table = star_table(writer->pipeline, relation);

	fact->relation = relation;
	fact->size = size;
	fact->waiting = palloc(BATCH_ROWS * sizeof(WaitingRow));
	for (int i = 0; i < table->ncolumns; i++)
	{
		const StarColumn *column = &table->columns[i];

		if (column->dimension == DIMENSION_USER)
			fact->user = column->field;
		if (!star_dimension(writer->pipeline, column->dimension)->is_dictionary)
			continue;
		if (fact->nmembers == MAX_MEMBERS)
			elog(ERROR, "a fact table has too many columns of members");
		fact->members[fact->nmembers++] =
			(MemberColumn){writer->dimensions[column->dimension], column->field};
	}
}

/*
 * group_of returns how the value of a column is fetched.
 */
static ColumnGroup
group_of(const StarColumn *column)
{
	StarFieldKind kind = column->field.kind;

	switch (column->dimension)
	{
		case DIMENSION_NONE:
			break;
		case DIMENSION_USER:
			return COLUMNS_OF_USERS;
		case DIMENSION_DATE:
			return COLUMNS_OF_DATES;
		default:
			return COLUMNS_OF_MEMBERS;
	}
	if (kind == FIELD_DATUM || (FLOAT8PASSBYVAL && (kind == FIELD_INT8 || kind == FIELD_TIME)))
		return COLUMNS_OF_WORDS;
	return COLUMNS_OF_OTHERS;
}

/*
 * init_source collects where the values of a table's columns come from.
 */
static void
init_source(TableSource *source, const StarTable *table)
{
	int n = 0;

	for (ColumnGroup group = 0; group < COLUMN_GROUPS; group++)
	{
		for (int i = 0; i < table->ncolumns; i++)
			if (group_of(&table->columns[i]) == group)
				source->columns[n++] = (ColumnSource){i, table->columns[i].field};
		source->ends[group] = n;
	}
}

/*
 * init_measures looks up how the values of a fact's measures are stored.
 */
static void
init_measures(const StarWriter *writer, FactWriter *fact, bool of_events, size_t offset)
{
	const Definition *definition = writer->pipeline->definition;

	fact->nmeasures = definition_measures(writer->pipeline, of_events);
	fact->measures = offset;
	fact->measure_layouts = palloc0(Max(fact->nmeasures, 1) * sizeof(ValueLayout));
	for (int i = 0; definition != NULL && i < definition->nmeasures; i++)
		if (definition->measures[i].of_events == of_events)
			fact->measure_layouts[definition->measures[i].index] =
				value_layout(measure_type(writer->pipeline, &definition->measures[i]));
}

/*
 * init_dimensions prepares the dictionaries.  The memory is planned for those of pages and of event
 * names; all share it.
 */
static void
init_dimensions(StarWriter *writer)
{
	const Pipeline *pipeline = writer->pipeline;
	Size limit;

	writer->ndimensions = star_dimension_count(pipeline);
	limit = 2 * writer->memory.dictionary / (2 + writer->ndimensions - DIMENSION_OWN);
	writer->dimensions = palloc0(writer->ndimensions * sizeof(Dimension *));
	for (int i = 0; i < writer->ndimensions; i++)
		if (star_dimension(pipeline, i)->is_dictionary)
			writer->dimensions[i] = dimension_create(writer->context, pipeline, i, limit);
}

/*
 * star_writer_create makes a writer for many pieces.
 */
StarWriter *
star_writer_create(MemoryContext parent, const Pipeline *pipeline, WriterMemory memory)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "sessionize star writer", ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	StarWriter *writer = palloc0(sizeof(StarWriter));

	writer->context = context;
	writer->piece_context =
		AllocSetContextCreate(context, "sessionize piece", ALLOCSET_DEFAULT_SIZES);
	writer->batch_context =
		AllocSetContextCreate(context, "sessionize batch", ALLOCSET_DEFAULT_SIZES);
	writer->user_context =
		AllocSetContextCreate(context, "sessionize user", ALLOCSET_DEFAULT_SIZES);
	writer->pipeline = pipeline;
	writer->memory = memory;
	writer->user_sequence = star_sequence(pipeline, star_table(pipeline, STAR_DIM_USER));
	init_dimensions(writer);
	for (int i = 0; i < STAR_OWN_DIMENSION; i++)
		if (star_table(pipeline, i) != NULL && star_table(pipeline, i)->in_pieces)
			init_source(&writer->sources[i], star_table(pipeline, i));
	init_fact(writer, &writer->sessions, STAR_FACT_SESSION, sizeof(DerivedSession));
	init_fact(writer, &writer->events, STAR_FACT_EVENT,
			  offsetof(DerivedEvent, attributes) +
				  pipeline_attributes(pipeline) * sizeof(TextView));
	init_measures(writer, &writer->sessions, false, offsetof(DerivedSession, measures));
	init_measures(writer, &writer->events, true, offsetof(DerivedEvent, measures));
	writer->session_rollups = rollup_changes_create(context, pipeline, STAR_FACT_SESSION);
	writer->event_rollups = rollup_changes_create(context, pipeline, STAR_FACT_EVENT);
	writer->days = changed_days_create(context, pipeline);
	writer->calendar = calendar_create(context, pipeline);
	writer->versions = version_list_create();
	MemoryContextSwitchTo(oldcontext);
	return writer;
}

/*
 * is_left_out tells whether a key is left out.
 */
static inline bool
is_left_out(const StarWriter *writer, Datum key)
{
	return writer->left_out != NULL && stale_keys_has(writer->left_out->keys, key, false);
}

/*
 * put_row writes a derived row with its surrogate keys, and returns its own.  keys is NULL if the
 * table refers to no user and to no dictionary.
 */
static inline int32
put_row(StarWriter *writer, StarRelationId relation, const void *derived, const RowKeys *keys)
{
	const TableSource *source = &writer->sources[relation];
	const ColumnSource *const columns = source->columns;
	Datum values[ROW_MAX_WIDTH];
	bool isnull[ROW_MAX_WIDTH];
	int member = 0;
	int i = 0;

	memset(isnull, 0, sizeof(isnull));
	for (int end = source->ends[COLUMNS_OF_WORDS]; i < end; i++)
		values[columns[i].column] = *(const Datum *) star_field_at(columns[i].field, derived);
	for (int end = source->ends[COLUMNS_OF_USERS]; i < end; i++)
		values[columns[i].column] = Int32GetDatum(keys->user_key);
	for (int end = source->ends[COLUMNS_OF_DATES]; i < end; i++)
		values[columns[i].column] = Int32GetDatum(
			calendar_date_key(writer->calendar, star_field_day(columns[i].field, derived)));
	for (int end = source->ends[COLUMNS_OF_MEMBERS]; i < end; i++)
		values[columns[i].column] = Int32GetDatum(keys->members[member++]->key);
	for (int end = source->ends[COLUMNS_OF_OTHERS]; i < end; i++)
		values[columns[i].column] =
			star_field_value(columns[i].field, derived, &isnull[columns[i].column]);
	return table_writer_put(writer->tables[relation], values, isnull);
}

/*
 * write_user writes a version of a key's user.
 */
static void
write_user(void *arg, const DerivedUser *user)
{
	StarWriter *writer = arg;
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->user_context);
	UserVersion version = {user->valid_from, 0};

	/* the versions of a key's user come before its sessions and events */
	writer->skip_key = is_left_out(writer, user->session_key);
	if (!writer->skip_key)
	{
		version.user_key = put_row(writer, STAR_DIM_USER, user, NULL);
		if (user->is_first)
		{
			version_list_reset(writer->versions);
			if (writer->meter != NULL)
				key_meter_next_key(writer->meter);
		}
		version_list_add(writer->versions, version);
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(writer->user_context);
}

/*
 * write_rows writes the waiting rows of a fact table.
 */
static void
write_rows(StarWriter *writer, FactWriter *fact)
{
	for (int i = 0; i < fact->nwaiting; i++)
		(void) put_row(writer, fact->relation, &fact->waiting[i].derived, &fact->waiting[i].keys);
	fact->nwaiting = 0;
}

/*
 * write_waiting resolves the texts of all waiting rows, and writes the rows.
 */
static void
write_waiting(StarWriter *writer)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->batch_context);
	RefreshPhase phase = refresh_timer_phase(REFRESH_APPLY);

	pass_progress();
	for (int i = 0; i < writer->ndimensions; i++)
		if (writer->dimensions[i] != NULL)
			dimension_resolve(writer->dimensions[i]);
	write_rows(writer, &writer->sessions);
	write_rows(writer, &writer->events);
	for (int i = 0; i < writer->ndimensions; i++)
		if (writer->dimensions[i] != NULL)
			dimension_trim(writer->dimensions[i]);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextReset(writer->batch_context);
	(void) refresh_timer_phase(phase);
}

/*
 * keep_text copies a text into the current context.
 */
static void
keep_text(TextView *view)
{
	if (view->data != NULL)
		view->data = memcpy(palloc(Max(view->len, 1)), view->data, view->len);
}

/*
 * keep_field copies the value of a field that is a pointer.
 */
static void
keep_field(const StarWriter *writer, const StarColumn *column, void *derived)
{
	void *at = unconstify(void *, star_field_at(column->field, derived));
	int16 length;
	bool by_value;

	if (column->field.kind == FIELD_TEXT)
	{
		keep_text(at);
		return;
	}
	if (column->field.kind != FIELD_DATUM && column->field.kind != FIELD_NULLABLE)
		return;
	if (column->field.kind == FIELD_NULLABLE && ((NullableDatum *) at)->isnull)
		return;
	get_typlenbyval(star_column_type(column, writer->pipeline), &length, &by_value);
	/* the value is the first member of a NullableDatum */
	*(Datum *) at = datumCopy(*(Datum *) at, by_value, length);
}

/*
 * keep_measures copies the measures of a derived row.
 */
static void
keep_measures(const FactWriter *fact, void *derived)
{
	NullableDatum **measures = (NullableDatum **) ((char *) derived + fact->measures);
	NullableDatum *kept;

	if (fact->nmeasures == 0)
		return;
	kept = palloc(fact->nmeasures * sizeof(NullableDatum));
	for (int i = 0; i < fact->nmeasures; i++)
	{
		ValueLayout layout = fact->measure_layouts[i];

		kept[i] = (*measures)[i];
		if (!kept[i].isnull)
			kept[i].value = datumCopy(kept[i].value, layout.typbyval, layout.typlen);
	}
	*measures = kept;
}

/*
 * let_wait adds a copy of a derived row to the waiting rows.
 */
static void
let_wait(StarWriter *writer, FactWriter *fact, const void *derived, const RowKeys *keys)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->batch_context);
	const StarTable *table = star_table(writer->pipeline, fact->relation);
	WaitingRow *row = &fact->waiting[fact->nwaiting++];

	row->keys = *keys;
	memcpy(&row->derived, derived, fact->size);
	keep_measures(fact, &row->derived);
	for (int i = 0; i < table->ncolumns; i++)
		if (table->columns[i].dimension == DIMENSION_NONE)
			keep_field(writer, &table->columns[i], &row->derived);
	MemoryContextSwitchTo(oldcontext);
	if (fact->nwaiting == BATCH_ROWS)
		write_waiting(writer);
}

/*
 * user_key_of returns the surrogate key of the version of the key's user that begins at valid_from.
 */
static inline int32
user_key_of(StarWriter *writer, TimestampTz valid_from)
{
	const UserVersion *version = version_list_at(writer->versions, valid_from);

	if (version->valid_from != valid_from)
		elog(ERROR, "a derived row refers to a user version that was not derived");
	return version->user_key;
}

/*
 * same_text tells whether two texts have the same bytes.
 */
static inline bool
same_text(TextView a, TextView b)
{
	return a.len == b.len && a.data != NULL && b.data != NULL && memcmp(a.data, b.data, a.len) == 0;
}

/*
 * find_keys finds the surrogate keys of a derived row.  It returns whether all are known.
 */
static inline bool
find_keys(StarWriter *writer, const FactWriter *fact, const void *derived, RowKeys *keys)
{
	bool resolved = true;
	TextView last = {NULL, 0};

	keys->user_key = user_key_of(writer, star_field_time(fact->user, derived));
	for (int i = 0; i < fact->nmembers; i++)
	{
		const MemberColumn *column = &fact->members[i];
		TextView text = star_field_text(column->text, derived);

		/* a session that is left by the page it was entered by is looked up once */
		if (i > 0 && column->dimension == column[-1].dimension && same_text(text, last))
			keys->members[i] = keys->members[i - 1];
		else
			keys->members[i] = dimension_member(column->dimension, text);
		resolved &= keys->members[i]->resolved;
		last = text;
	}
	return resolved;
}

/*
 * write_fact writes a row of a fact table, or lets it wait.
 */
static inline void
write_fact(StarWriter *writer, FactWriter *fact, const void *derived)
{
	RowKeys keys;

	if (find_keys(writer, fact, derived, &keys))
		(void) put_row(writer, fact->relation, derived, &keys);
	else
		let_wait(writer, fact, derived, &keys);
}

/*
 * write_session writes a session.
 */
static void
write_session(void *arg, const DerivedSession *session)
{
	StarWriter *writer = arg;

	if (writer->skip_key)
	{
		writer->left_out->rows.kept += session->events + session->duplicates;
		return;
	}
	if (writer->meter != NULL)
		key_meter_add(writer->meter, session->session_key, session->events + session->duplicates);
	write_fact(writer, &writer->sessions, session);
}

/*
 * write_event writes an event.
 */
static void
write_event(void *arg, const DerivedEvent *event)
{
	StarWriter *writer = arg;

	if (!writer->skip_key)
		write_fact(writer, &writer->events, event);
}

/*
 * star_writer_set_meter sets the meter.
 */
void
star_writer_set_meter(StarWriter *writer, KeyMeter *meter)
{
	writer->meter = meter;
}

/*
 * star_writer_set_persons sets who is told of changes of dim_user.
 */
void
star_writer_set_persons(StarWriter *writer, PersonChanges *persons)
{
	const StarTable *table = star_table(writer->pipeline, STAR_DIM_USER);

	writer->persons = persons;
	writer->user_id =
		star_column_number(table, star_dimension(writer->pipeline, DIMENSION_USER)->member);
}

/*
 * add_pair adds the pair of a row of dim_user, if it has a user, to those that may have changed.
 */
static void
add_pair(const StarWriter *writer, const Datum *values, const bool *isnull)
{
	int key = star_table(writer->pipeline, STAR_DIM_USER)->session_key;

	if (!isnull[writer->user_id])
		person_changes_add(writer->persons, values[key], values[writer->user_id]);
}

/*
 * user_changes notes a row of dim_user that changes: the pairs before and after, for the persons.
 */
static void
user_changes(void *arg, const Datum *values, const bool *isnull, const TupleTableSlot *stored)
{
	const StarWriter *writer = arg;

	if (writer->persons != NULL && values != NULL)
		add_pair(writer, values, isnull);
	if (writer->persons != NULL && stored != NULL)
		add_pair(writer, stored->tts_values, stored->tts_isnull);
	if (writer->days != NULL)
		changed_days_note_user(writer->days, values, isnull, stored);
}

/*
 * session_changes notes a row of fact_session that changes.
 */
static void
session_changes(void *arg, const Datum *values, const bool *isnull, const TupleTableSlot *stored)
{
	const StarWriter *writer = arg;

	if (writer->session_rollups != NULL)
		rollup_changes_note(writer->session_rollups, values, isnull, stored);
	if (writer->days != NULL)
		changed_days_note_session(writer->days, values, isnull, stored);
}

/*
 * event_changes notes a row of fact_event that changes.
 */
static void
event_changes(void *arg, const Datum *values, const bool *isnull, const TupleTableSlot *stored)
{
	const StarWriter *writer = arg;

	if (writer->event_rollups != NULL)
		rollup_changes_note(writer->event_rollups, values, isnull, stored);
	if (writer->days != NULL)
		changed_days_note_event(writer->days, values, stored);
}

/*
 * star_writer_set_queue sets the queue.
 */
void
star_writer_set_queue(StarWriter *writer, IndexQueue *queue)
{
	writer->queue = queue;
}

/*
 * star_writer_set_failed sets the function.
 */
void
star_writer_set_failed(StarWriter *writer, FailedKeyTaker failed, void *arg)
{
	writer->failed = failed;
	writer->failed_arg = arg;
}

/*
 * pass_failed passes on a key that can't be derived.
 */
static void
pass_failed(void *arg, Datum session_key, const char *message)
{
	StarWriter *writer = arg;

	if (!is_left_out(writer, session_key))
		writer->failed(writer->failed_arg, session_key, message);
}

/*
 * write_late writes a late row, which comes before the versions of its key's user.
 */
static void
write_late(void *arg, const DerivedRow *row)
{
	StarWriter *writer = arg;
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->batch_context);

	if (is_left_out(writer, row->session_key))
		writer->left_out->rows.late++;
	else
		(void) put_row(writer, STAR_LATE, row, NULL);
	MemoryContextSwitchTo(oldcontext);
}

/*
 * In the order of writing: users come before the facts that refer to them, and are deleted after
 * them.
 */
static const StarRelationId written_tables[] = {STAR_DIM_USER, STAR_FACT_SESSION, STAR_FACT_EVENT,
												STAR_LATE};

/*
 * listen has a function told of the changes of a table, if the piece is written to it.
 */
static void
listen(StarWriter *writer, StarRelationId table,
	   void (*changes)(void *, const Datum *, const bool *, const TupleTableSlot *))
{
	if (writer->tables[table] != NULL)
		table_writer_set_listener(writer->tables[table], (RowListener){changes, writer});
}

/*
 * begin_piece opens the tables.
 */
static void
begin_piece(StarWriter *writer, int piece, StoredStar *stored)
{
	for (size_t i = 0; i < lengthof(written_tables); i++)
	{
		StarRelationId id = written_tables[i];
		const StarTable *table = star_table(writer->pipeline, id);

		writer->tables[id] = NULL;
		if (stored->rows[id] != NULL)
			writer->tables[id] = table_writer_begin(
				writer->piece_context, writer->pipeline, table, stored->rows[id], piece,
				table->surrogate ? writer->user_sequence : InvalidOid,
				id == STAR_FACT_SESSION ? writer->queue : NULL, writer->memory.table);
	}
	if (writer->persons != NULL || writer->days != NULL)
		listen(writer, STAR_DIM_USER, user_changes);
	if (writer->session_rollups != NULL || writer->days != NULL)
		listen(writer, STAR_FACT_SESSION, session_changes);
	if (writer->event_rollups != NULL || writer->days != NULL)
		listen(writer, STAR_FACT_EVENT, event_changes);
}

/*
 * end_piece writes waiting rows and differences, and then deletes.
 */
static void
end_piece(StarWriter *writer, WriteCounts *written)
{
	RefreshPhase phase = refresh_timer_phase(REFRESH_APPLY);

	version_list_reset(writer->versions);
	write_waiting(writer);
	calendar_save(writer->calendar);
	for (size_t i = 0; i < lengthof(written_tables); i++)
		if (writer->tables[written_tables[i]] != NULL)
			table_writer_flush(writer->tables[written_tables[i]]);
	for (size_t i = lengthof(written_tables); i-- > 0;)
		if (writer->tables[written_tables[i]] != NULL)
			table_writer_end(writer->tables[written_tables[i]], written);
	MemoryContextReset(writer->piece_context);
	(void) refresh_timer_phase(phase);
}

/*
 * star_writer_write_changes writes what the changes of the pieces add up to.
 */
void
star_writer_write_changes(StarWriter *writer)
{
	changed_days_write(writer->days);
	rollup_changes_write(writer->session_rollups);
	rollup_changes_write(writer->event_rollups);
	PAUSE_POINT("rollup-written");
}

/*
 * star_writer_piece writes one piece of the derivation.
 */
void
star_writer_piece(StarWriter *writer, Derivation *derivation, int piece, StoredStar *stored,
				  LeftOut *left_out, DeriveCounts *derived, WriteCounts *written)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->piece_context);
	DeriveSink sink = {.session = write_session, .user = write_user, .arg = writer};

	memset(written, 0, sizeof(WriteCounts));
	writer->left_out = left_out;
	if (left_out != NULL)
		left_out->rows = (StarRows){0};
	begin_piece(writer, piece, stored);
	if (writer->tables[STAR_FACT_EVENT] != NULL)
		sink.event = write_event;
	if (writer->tables[STAR_LATE] != NULL)
		sink.late = write_late;
	if (writer->failed != NULL)
		sink.failed = pass_failed;
	derive_piece(derivation, piece, &sink, derived);
	end_piece(writer, written);
	MemoryContextSwitchTo(oldcontext);
}
