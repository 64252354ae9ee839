/*
 * dirty_mark.h
 *		Where in a dirty log the rows begin that a claim may find.
 *
 * Rows that a claim has deleted stay in the table while any snapshot may see them, so a transaction that lies about for
 * hours would make each claim read what all claims before it have taken.  The mark is a block: no row in a lower one can
 * become visible to a new snapshot.  Readers of the log begin there as well, if their snapshot is new enough.  It lies in shared memory; without it, as after a restart, claims begin at the first block.
 *
 * Claims raise it.  They examine which blocks have nothing left but dead rows, while others go on appending, so whoever appends
 * says where, after the row is in the table and before its transaction commits, and the mark goes back there.
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

/* A claim's look at the log. */
typedef struct DirtyExamination
{
	uint64 number; /* 0: there is no mark to raise */
	BlockNumber first;
	TimestampTz began;
} DirtyExamination;

/*
 * dirty_mark_begin begins an examination, which sets first: the block at which a claim begins whose snapshot was taken before.
 * Now and then that is 0, so that a row that somebody else has put into the table is found as well.
 */
extern void dirty_mark_begin(DirtyExamination *examination, Relation log);

/* Look which blocks from first on have only dead rows, and raise the mark past them. */
extern void dirty_mark_end(const DirtyExamination *examination, Relation log);

/* Rows were put into this block, none of them into a lower one.  Before the transaction commits or is prepared. */
extern void dirty_mark_appended(Relation log, BlockNumber block);

/* Is there a mark, so that rows should go to the table's end, not into what room is left in front of it? */
extern bool dirty_mark_is_set(Relation log);

/*
 * The first block in which the snapshot may see a row, as far as the mark tells: 0 for one that is older than that.  For readers, who hold
 * a lock on the log.  Rows that somebody else has put into the table by hand may lie below.
 */
extern BlockNumber dirty_mark_for(Relation log, Snapshot snapshot);

/* Ask for the shared memory; at load, in the postmaster. */
extern void dirty_mark_install(void);

#endif /* SESSIONIZE_DIRTY_MARK_H */
