/*
 * parallel_read.c
 *		Reading the tables of a source with parallel workers.
 *
 * Each process reads its share of each table's blocks. A worker turns its rows into records, or
 * faulty rows, and sends them in batches. The leader reads rows of its own while no worker has sent
 * anything.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog/pipeline.h"
#include "catalog/pipeline_contracts.h"
#include "catalog/quarantine_rules.h"
#include "source/contract_judge.h"
#include "source/faulty_row.h"
#include "source/parallel_read.h"
#include "source/raw_scan.h"
#include "source/row_validate.h"
#include "source/source_mapping.h"
#include "wait_event.h"

/* The keys of the shared memory's contents. The scans of the tables begin at KEY_SCANS. */
enum
{
	KEY_STATE,
	KEY_TARGETS,
	KEY_CONTRACTS,
	KEY_QUARANTINE,
	KEY_TABLES,
	KEY_QUEUES,
	KEY_SCANS
};

/* The size of a worker's queue and of a batch. A batch should fit into the processor's cache. */
#define QUEUE_SIZE ((Size) 256 * 1024)
#define BATCH_SIZE ((Size) 32 * 1024)

/* So many rows the leader reads before it looks at the queues again. */
#define LEADER_ROWS 64

/* What a worker has to know. */
typedef struct SharedState
{
	Oid source;
	int ncolumns;
	Oid types[SRC_MAX_COLUMNS];
	bool zone_by_row[ZONE_RULES];
	TimestampTz sealed_before;
	TimestampTz judged_since;
	SzClockRules clock;
	Index varno;
	int ntables;
	bool has_contracts;
	Size quarantine; /* the bytes of the quarantine's rules; 0: there are none */
} SharedState;

/* What follows a message's header: records, of which there may be none, or faulty rows. */
typedef enum MessageKind
{
	MESSAGE_RECORDS,
	MESSAGE_FAULTY
} MessageKind;

typedef struct Message
{
	uint64 kind;
	int64 filtered; /* so many rows were filtered since the last message of records */
	int64 warned;   /* so many of the records since then violate a contract */
} Message;

/* A faulty row in a message: its length, and the tuple's data. */
typedef struct FaultyPart
{
	uint64 len;
	char data[FLEXIBLE_ARRAY_MEMBER];
} FaultyPart;

#define MESSAGE_HEADER MAXALIGN(sizeof(Message))

/* The share of the tables that this process reads. */
typedef struct Share
{
	const SourceMapping *mapping;
	Oid source;
	const Oid *tables;
	int ntables;
	shm_toc *toc;
	int next;      /* the next table to open */
	RawScan *scan; /* NULL if no table is open */
} Share;

typedef struct Leader
{
	ParallelContext *parallel;
	const RowTaker *taker;
	Share share;
	shm_mq_handle *queues[PARALLEL_READ_MAX_WORKERS]; /* NULL once the worker has detached */
	int open_queues;
} Leader;

/* A message that is being put together; it begins with its header. */
typedef struct Batch
{
	char *data;
	Size size;
	Size used;
} Batch;

typedef struct Sender
{
	shm_mq_handle *queue;
	RecordFormat format;
	SzClockRules clock;
	TupleDesc faulty_desc;
	Batch records;
	Batch faulty;
	int64 filtered;
	int64 warned;
	bool is_detached; /* the leader does not receive any more */
} Sender;

/*
 * next_row returns the next row of this process's share.
 */
static const SourceRow *
next_row(Share *share)
{
	for (;;)
	{
		const SourceRow *row;

		if (share->scan == NULL)
		{
			if (share->next == share->ntables)
				return NULL;
			share->scan = raw_scan_open(share->mapping, share->source, share->tables[share->next]);
			raw_scan_begin(share->scan, shm_toc_lookup(share->toc, KEY_SCANS + share->next, false));
			share->next++;
		}
		row = raw_scan_next(share->scan);
		if (row != NULL)
			return row;
		raw_scan_close(share->scan);
		share->scan = NULL;
	}
}

/*
 * begin_batch begins an empty batch.
 */
static void
begin_batch(Batch *batch, MessageKind kind)
{
	*batch = (Batch){palloc0(BATCH_SIZE), BATCH_SIZE, MESSAGE_HEADER};
	((Message *) batch->data)->kind = kind;
}

/*
 * send_batch sends what was collected, and for records how many rows were filtered.  It waits for
 * room in the queue.
 */
static void
send_batch(Sender *sender, Batch *batch)
{
	Message *message = (Message *) batch->data;

	message->filtered = message->warned = 0;
	if (message->kind == MESSAGE_RECORDS)
	{
		message->filtered = sender->filtered;
		message->warned = sender->warned;
		sender->filtered = sender->warned = 0;
	}
	if ((batch->used > MESSAGE_HEADER || message->filtered > 0) &&
		shm_mq_send(sender->queue, batch->used, message, false, false) == SHM_MQ_DETACHED)
		sender->is_detached = true;
	batch->used = MESSAGE_HEADER;
}

/*
 * room_for returns room for so many bytes in a batch.
 */
static void *
room_for(Sender *sender, Batch *batch, Size size)
{
	char *room;

	size = MAXALIGN(size);
	if (batch->used + size > batch->size)
	{
		send_batch(sender, batch);
		if (MESSAGE_HEADER + size > batch->size)
		{
			batch->size = MESSAGE_HEADER + size;
			batch->data = repalloc_huge(batch->data, batch->size);
		}
	}
	room = batch->data + batch->used;
	batch->used += size;
	return room;
}

/*
 * send_faulty sends a faulty row.
 */
static void
send_faulty(Sender *sender, const SourceRow *row, const RowFault *fault)
{
	HeapTuple tuple = faulty_row_form(sender->faulty_desc, &sender->format, row, fault);
	Size size = MAXALIGN(offsetof(FaultyPart, data) + tuple->t_len);
	FaultyPart *part = room_for(sender, &sender->faulty, size);

	part->len = tuple->t_len;
	memcpy(part->data, tuple->t_data, tuple->t_len);
}

/*
 * send_row sends a row, as a record or as a faulty row. A row that is filtered is only counted.
 */
static void
send_row(Sender *sender, const SourceRow *row)
{
	RecordParts parts;
	RowFault fault;
	Size size;

	if (row->is_filtered)
		sender->filtered++;
	else if (!row_to_parts(row, &sender->clock, &sender->format, &parts, &size, &fault))
		send_faulty(sender, row, &fault);
	else
	{
		record_write(&sender->format, &parts, size, room_for(sender, &sender->records, size));
		sender->warned += parts.warned;
	}
}

/*
 * send_share sends this worker's share of the rows.
 */
static void
send_share(Sender *sender, Share *share)
{
	const SourceRow *row;

	while (!sender->is_detached && (row = next_row(share)) != NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(raw_scan_row_context(share->scan));

		send_row(sender, row);
		MemoryContextSwitchTo(caller);
	}
	if (!sender->is_detached)
		send_batch(sender, &sender->records);
	if (!sender->is_detached)
		send_batch(sender, &sender->faulty);
	if (share->scan != NULL)
		raw_scan_close(share->scan);
}

/*
 * queue_address returns the address of a worker's queue.
 */
static shm_mq *
queue_address(shm_toc *toc, int worker)
{
	return (shm_mq *) ((char *) shm_toc_lookup(toc, KEY_QUEUES, false) + worker * QUEUE_SIZE);
}

/*
 * lock_tables locks the raw table and its parts, as the leader has done.
 */
static void
lock_tables(const Share *share)
{
	int i;

	LockRelationOid(share->source, AccessShareLock);
	for (i = 0; i < share->ntables; i++)
		LockRelationOid(share->tables[i], AccessShareLock);
}

/*
 * begin_sending prepares to send rows.
 */
static void
begin_sending(Sender *sender, const SharedState *state, shm_toc *toc)
{
	begin_batch(&sender->records, MESSAGE_RECORDS);
	begin_batch(&sender->faulty, MESSAGE_FAULTY);
	record_format_init(&sender->format, state->types, state->ncolumns, state->zone_by_row);
	sender->format.sealed_before = state->sealed_before;
	sender->format.judged_since = state->judged_since;
	if (state->has_contracts)
		sender->format.judge = contract_judge_create(
			pipeline_contracts_read(shm_toc_lookup(toc, KEY_CONTRACTS, false)), JUDGE_EVENTS);
	sender->format.quarantine =
		quarantine_rules_read(shm_toc_lookup(toc, KEY_QUARANTINE, false), state->quarantine);
	sender->faulty_desc = faulty_row_desc(&sender->format.key);
}

/*
 * sessionize_read_worker is the entry point of a parallel worker.
 */
void
sessionize_read_worker(dsm_segment *segment, shm_toc *toc)
{
	const SharedState *state = shm_toc_lookup(toc, KEY_STATE, false);
	shm_mq *queue = queue_address(toc, ParallelWorkerNumber);
	SourceMapping mapping = {.varno = state->varno, .ncolumns = state->ncolumns};
	Sender sender = {.clock = state->clock};
	Share share = {&mapping, state->source, NULL, state->ntables, toc, 0, NULL};

	shm_mq_set_sender(queue, MyProc);
	sender.queue = shm_mq_attach(queue, segment, NULL);
	begin_sending(&sender, state, toc);
	mapping.targets = stringToNode(shm_toc_lookup(toc, KEY_TARGETS, false));
	source_mapping_find_mapped(&mapping);
	sender.format.by_receipt = !mapping.is_mapped[SRC_OCCURRED_AT];
	share.tables = shm_toc_lookup(toc, KEY_TABLES, false);
	lock_tables(&share);
	send_share(&sender, &share);
	shm_mq_detach(sender.queue);
}

/*
 * take_faulty passes on the faulty rows in a message, from "part" up to "end".
 */
static void
take_faulty(const Leader *leader, const char *part, const char *end)
{
	while (part < end)
	{
		const FaultyPart *faulty = (const FaultyPart *) part;
		HeapTupleData tuple = {.t_len = (uint32) faulty->len,
							   .t_data = (HeapTupleHeader) unconstify(FaultyPart *, faulty)->data};

		ItemPointerSetInvalid(&tuple.t_self);
		leader->taker->faulty(leader->taker->arg, &tuple);
		part += MAXALIGN(offsetof(FaultyPart, data) + faulty->len);
	}
}

/*
 * take_message passes on the rows in a worker's message.
 */
static void
take_message(const Leader *leader, const char *message, Size size)
{
	const Message *header = (const Message *) message;
	Size offset = MESSAGE_HEADER;

	if (header->kind == MESSAGE_FAULTY)
	{
		take_faulty(leader, message + MESSAGE_HEADER, message + size);
		return;
	}
	leader->taker->filtered(leader->taker->arg, header->filtered);
	leader->taker->warned(leader->taker->arg, header->warned);
	while (offset < size)
	{
		const Record *record = (const Record *) (message + offset);

		leader->taker->record(leader->taker->arg, record);
		offset += record->size;
	}
}

/*
 * take_messages takes a message from each worker that has sent one; false if none has.
 */
static bool
take_messages(Leader *leader)
{
	bool any = false;
	int i;

	for (i = 0; i < leader->parallel->nworkers_launched; i++)
	{
		shm_mq_result result;
		Size size;
		void *message;

		if (leader->queues[i] == NULL)
			continue;
		result = shm_mq_receive(leader->queues[i], &size, &message, true);
		if (result == SHM_MQ_SUCCESS)
		{
			take_message(leader, message, size);
			any = true;
		}
		else if (result == SHM_MQ_DETACHED)
		{
			leader->queues[i] = NULL;
			leader->open_queues--;
		}
	}
	return any;
}

/*
 * read_some reads some rows of the leader's share; false after the last row.
 */
static bool
read_some(Leader *leader)
{
	const SourceRow *row = NULL;
	int i;

	for (i = 0; i < LEADER_ROWS && (row = next_row(&leader->share)) != NULL; i++)
	{
		MemoryContext caller = MemoryContextSwitchTo(raw_scan_row_context(leader->share.scan));

		leader->taker->row(leader->taker->arg, row);
		MemoryContextSwitchTo(caller);
	}
	return row != NULL;
}

/*
 * lead passes on all rows, from the workers and of the leader's share.
 */
static void
lead(Leader *leader)
{
	bool reading = true;

	while (reading || leader->open_queues > 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (take_messages(leader))
			continue;
		if (reading)
			reading = read_some(leader);
		else if (leader->open_queues > 0)
		{
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, -1,
							 sz_wait_event(SZ_WAIT_PARALLEL_READ));
			ResetLatch(MyLatch);
		}
	}
}

/* What the workers get as text or bytes. */
typedef struct SharedTexts
{
	const char *targets;
	StringInfo contracts;
	StringInfo quarantine;
} SharedTexts;

/*
 * estimate reserves shared memory for the state, the targets, the tables, the queues and the scans.
 */
static void
estimate(ParallelContext *parallel, List *tables, const SharedTexts *texts)
{
	shm_toc_estimator *estimator = &parallel->estimator;
	ListCell *cell;

	shm_toc_estimate_chunk(estimator, sizeof(SharedState));
	shm_toc_estimate_chunk(estimator, strlen(texts->targets) + 1);
	shm_toc_estimate_chunk(estimator, texts->contracts->len);
	shm_toc_estimate_chunk(estimator, texts->quarantine->len);
	shm_toc_estimate_chunk(estimator, list_length(tables) * sizeof(Oid));
	shm_toc_estimate_chunk(estimator, mul_size(parallel->nworkers, QUEUE_SIZE));
	foreach (cell, tables)
	{
		Relation table = table_open(lfirst_oid(cell), NoLock);

		shm_toc_estimate_chunk(estimator, table_parallelscan_estimate(table, GetActiveSnapshot()));
		table_close(table, NoLock);
	}
	shm_toc_estimate_keys(estimator, KEY_SCANS + list_length(tables));
}

/*
 * share_bytes writes bytes to shared memory.
 */
static void
share_bytes(ParallelContext *parallel, uint64 key, const char *bytes, Size len)
{
	shm_toc_insert(parallel->toc, key, memcpy(shm_toc_allocate(parallel->toc, len), bytes, len));
}

/*
 * share_state writes what the workers have to know to shared memory.
 */
static void
share_state(ParallelContext *parallel, const Pipeline *pipeline, const SourceMapping *mapping,
			List *tables, const SharedTexts *texts)
{
	SharedState *state = shm_toc_allocate(parallel->toc, sizeof(SharedState));

	state->source = pipeline->source;
	state->ncolumns = pipeline->ncolumns;
	memcpy(state->types, pipeline->types, sizeof(state->types));
	memcpy(state->zone_by_row, pipeline->zone_by_row, sizeof(state->zone_by_row));
	state->sealed_before = pipeline->sealed_before;
	state->judged_since = pipeline->judged_since;
	state->clock = pipeline->clock;
	state->varno = mapping->varno;
	state->ntables = list_length(tables);
	shm_toc_insert(parallel->toc, KEY_STATE, state);
	state->has_contracts = pipeline->contracts != NULL;
	state->quarantine = (Size) texts->quarantine->len;
	share_bytes(parallel, KEY_TARGETS, texts->targets, strlen(texts->targets) + 1);
	share_bytes(parallel, KEY_CONTRACTS, texts->contracts->data, texts->contracts->len);
	share_bytes(parallel, KEY_QUARANTINE, texts->quarantine->data, texts->quarantine->len);
}

/*
 * share_tables writes the tables and their scans to shared memory, and returns the tables there.
 */
static const Oid *
share_tables(ParallelContext *parallel, List *tables)
{
	Oid *oids = shm_toc_allocate(parallel->toc, list_length(tables) * sizeof(Oid));
	Snapshot snapshot = GetActiveSnapshot();
	int i;

	for (i = 0; i < list_length(tables); i++)
	{
		Relation table = table_open(list_nth_oid(tables, i), NoLock);
		ParallelTableScanDesc scan =
			shm_toc_allocate(parallel->toc, table_parallelscan_estimate(table, snapshot));

		oids[i] = list_nth_oid(tables, i);
		table_parallelscan_initialize(table, scan, snapshot);
		shm_toc_insert(parallel->toc, KEY_SCANS + i, scan);
		table_close(table, NoLock);
	}
	shm_toc_insert(parallel->toc, KEY_TABLES, oids);
	return oids;
}

/*
 * share_queues creates a queue for each worker.
 */
static void
share_queues(Leader *leader)
{
	ParallelContext *parallel = leader->parallel;
	char *queues = shm_toc_allocate(parallel->toc, mul_size(parallel->nworkers, QUEUE_SIZE));
	int i;

	shm_toc_insert(parallel->toc, KEY_QUEUES, queues);
	for (i = 0; i < parallel->nworkers; i++)
	{
		shm_mq *queue = shm_mq_create(queues + i * QUEUE_SIZE, QUEUE_SIZE);

		shm_mq_set_receiver(queue, MyProc);
		leader->queues[i] = shm_mq_attach(queue, parallel->seg, NULL);
	}
}

/*
 * launch starts as many workers as are available.
 */
static void
launch(Leader *leader)
{
	ParallelContext *parallel = leader->parallel;
	int i;

	LaunchParallelWorkers(parallel);
	leader->open_queues = parallel->nworkers_launched;
	for (i = 0; i < parallel->nworkers_launched; i++)
		shm_mq_set_handle(leader->queues[i], parallel->worker[i].bgwhandle);
}

/*
 * parallel_read reads all rows of the tables.
 */
bool
parallel_read(const Pipeline *pipeline, const SourceMapping *mapping, List *tables, int workers,
			  const RowTaker *taker)
{
	Leader leader = {
		.taker = taker,
		.share = {mapping, pipeline->source, NULL, list_length(tables), NULL, 0, NULL}};
	SharedTexts texts = {nodeToString(mapping->targets), makeStringInfo(), makeStringInfo()};
	bool possible;

	if (pipeline->contracts != NULL)
		pipeline_contracts_write(pipeline->contracts, texts.contracts);
	quarantine_rules_write(pipeline->quarantine, texts.quarantine);
	EnterParallelMode();
	leader.parallel =
		CreateParallelContext("$libdir/pg_sessionize", "sessionize_read_worker", workers);
	estimate(leader.parallel, tables, &texts);
	InitializeParallelDSM(leader.parallel);
	possible = leader.parallel->seg != NULL;
	if (possible)
	{
		share_state(leader.parallel, pipeline, mapping, tables, &texts);
		leader.share.tables = share_tables(leader.parallel, tables);
		leader.share.toc = leader.parallel->toc;
		share_queues(&leader);
		launch(&leader);
		lead(&leader);
		WaitForParallelWorkersToFinish(leader.parallel);
	}
	DestroyParallelContext(leader.parallel);
	ExitParallelMode();
	return possible;
}
