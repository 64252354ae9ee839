/*
 * memory_plan.c
 *		How much memory each part of a long job gets, out of one budget.
 *
 * The parts that are in memory at the same time add up to the budget (maintenance_work_mem), even
 * if each uses all of its share.  Whatever exceeds a share goes through temporary files, so the
 * shares decide only how fast a job is.  They are chosen for the default of 64 MB, of which each of
 * the 64 parts is 1 MB:
 *
 * - A piece takes a quarter of the derivation's share (derive.c).  In a rebuild the share of a table
 *   is as large, so that the sessions of a piece can be compared in memory even if each raw row is a
 *   session.  A refresh has smaller pieces, of some hundred keys.
 * - The rest of the derivation's share is for raw rows that wait for their piece.  A refresh seldom
 *   reads more than fit; the rows of a large table never fit, whatever the share.
 * - If a dictionary is too small, its members are looked up again and again.  It has room for about
 *   ten thousand pages.
 * - A first build compares nothing: all it can use is room for raw rows.
 *
 * The shares of a rebuild of a star that has rows add up to less than two budgets.  With the
 * shares 16, 8, 1, 0, 4, 4 they would fit into one, and a rebuild would be as fast, in twice as
 * many pieces.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "apply/memory_plan.h"

#define PARTS 64

/* Parts of the budget. */
typedef struct Shares
{
	int derivation;
	int stored;
	int quarantine;
	int queue;
	int dictionary;
	int table;
} Shares;

/* Two dictionaries, and four tables, each with another three quarters for its differences. */
#define SUM_OF_PARTS(derivation, stored, quarantine, queue, dictionary, table)                     \
	((derivation) + (stored) + (quarantine) + (queue) + 2 * (dictionary) + 7 * (table))

#define DEFINE_SHARES(name, parts, ...)                                                            \
	StaticAssertDecl(SUM_OF_PARTS(__VA_ARGS__) <= (parts), "the shares exceed the budget");        \
	static const Shares name = {__VA_ARGS__}

DEFINE_SHARES(refresh_shares, PARTS, 22, 8, 1, 4, 4, 3);
DEFINE_SHARES(first_build_shares, PARTS, 48, 0, 1, 0, 4, 1);
DEFINE_SHARES(rebuild_shares, 2 * PARTS, 32, 16, 1, 0, 4, 8);

/*
 * A verify compares four tables at once.  An event takes half as much memory again when it is
 * compared as its raw row takes in a piece, which is a quarter of the derivation's share.  So a
 * table's share is one and a half of that quarter, and no comparison needs a sort.  As much is for
 * the rows of a table that wait, so that a verify of a small star writes no temporary files.
 */
#define VERIFY_DERIVATION 16
#define VERIFY_STORED     6
#define VERIFY_TABLE      6

StaticAssertDecl(VERIFY_DERIVATION + 4 * (VERIFY_STORED + VERIFY_TABLE) <= PARTS,
				 "the shares exceed the budget");

/*
 * part_of returns one part of a budget.
 */
static inline Size
part_of(Size budget)
{
	return Max(budget, 64 * 1024) / PARTS;
}

/*
 * plan_of_shares returns the plan for a budget.
 */
static MemoryPlan
plan_of_shares(const Shares *shares, Size budget)
{
	Size part = part_of(budget);

	return (MemoryPlan){
		.derivation = part * shares->derivation,
		/* with a seal, the tables get five quarters of this (stored_star.c) */
		.stored = part * shares->stored / 5 * 4,
		.quarantine = part * shares->quarantine,
		.queue = part * shares->queue,
		.writer = {.dictionary = part * shares->dictionary, .table = part * shares->table}};
}

/*
 * memory_plan_of_refresh returns the plan of an attempt of a refresh.
 */
MemoryPlan
memory_plan_of_refresh(Size budget)
{
	return plan_of_shares(&refresh_shares, budget);
}

/*
 * memory_plan_of_rebuild returns the plan of a rebuild by hash pieces.
 */
MemoryPlan
memory_plan_of_rebuild(Size budget, bool is_first)
{
	return plan_of_shares(is_first ? &first_build_shares : &rebuild_shares, budget);
}

/*
 * memory_plan_of_verify returns the plan of a verify.
 */
VerifyPlan
memory_plan_of_verify(Size budget)
{
	Size part = part_of(budget);

	return (VerifyPlan){.derivation = part * VERIFY_DERIVATION,
						.stored = part * VERIFY_STORED,
						.table = part * VERIFY_TABLE};
}
