/*
 * dirty_mark.h
 *		The block of a dirty log at which claims and readers may begin.
 *
 * Rows that a claim has deleted stay in the table as long as any snapshot may see them. So while a
 * long transaction is open, each claim would read again what all claims before it have deleted. The
 * mark is a block such that no row in a lower block can become visible to a new snapshot. Claims
 * begin at the mark, and so do readers whose snapshot is new enough. The mark is kept in shared
 * memory; without it, as after a restart, claims begin at the first block.
 *
 * Claims move the mark forward: they examine which blocks have only dead rows. Meanwhile others
 * append rows. So a writer reports the block of its rows, when they are in the table and before its
 * transaction commits, and the mark is set back to this block.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DIRTY_MARK_H
#define SESSIONIZE_DIRTY_MARK_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "storage/block.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

/* A claim's examination of the log. */
typedef struct DirtyExamination
{
	uint64 number; /* 0 if the mark is not to be moved */
	BlockNumber first;
	TimestampTz began;
} DirtyExamination;

/*
 * dirty_mark_begin begins an examination and sets "first", the block at which a claim begins whose
 * snapshot was taken before the call. Now and then this is block 0, so that a row is found that
 * somebody has inserted by hand.
 */
extern void dirty_mark_begin(DirtyExamination *examination, Relation log);

/* Find out which blocks from "first" on have only dead rows, and move the mark past them. */
extern void dirty_mark_end(const DirtyExamination *examination, Relation log);

/*
 * Report that rows were inserted into this block, and none into a lower one. To be called before
 * the transaction commits or is prepared.
 */
extern void dirty_mark_appended(Relation log, BlockNumber block);

/*
 * Whether there is a mark, so that rows should go to the table's end and not into free space before
 * it.
 */
extern bool dirty_mark_is_set(Relation log);

/*
 * The first block in which the snapshot may see a row, as far as the mark tells; 0 for a snapshot
 * that is older than the mark. For readers, who hold a lock on the log. Rows that somebody has
 * inserted by hand may lie below this block.
 */
extern BlockNumber dirty_mark_for(Relation log, Snapshot snapshot);

/* Request the shared memory; initialize it or attach to it (init.c). */
extern void dirty_mark_request(void);
extern void dirty_mark_attach(void);

#endif /* SESSIONIZE_DIRTY_MARK_H */
