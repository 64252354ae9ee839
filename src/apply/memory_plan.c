/*
 * memory_plan.c
 *		How much memory each part of a long job gets, out of one budget.
 *
 * What is held at once adds up to the budget (maintenance_work_mem), even where every part fills its share.
 * Whatever does not fit into a share goes through temporary files, so the shares decide how fast a job is
 * and nothing else.  They are chosen for the default of 64 MB, of which each of the 64 parts is 1 MB:
 *
 * - A piece takes a quarter of the derivation's share (derive.c).  In a rebuild the share of a table is as
 *   much, so that the sessions of a piece can be compared in memory even where each raw row is a session.  A refresh has smaller pieces, of some hundred keys.
 * - The rest of the derivation's share holds raw rows that wait for their piece.  A refresh seldom reads
 *   more than fit; a rebuild of a large table never fits, whatever the share.
 * - A dictionary that is too small is looked up again and again: it has room for some ten thousand pages.
 * - A first build compares nothing: all it can use is room for raw rows.
 *
 * The shares of a rebuild of a star that has rows add up to less than two budgets.  With 16, 8, 1, 0, 4, 4
 * they would fit into one, and a rebuild would be as fast, in twice as many pieces.
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

/* Two dictionaries, and four tables with three quarters more for their differences. */
#define SUM_OF_PARTS(derivation, stored, quarantine, queue, dictionary, table)                               \
	((derivation) + (stored) + (quarantine) + (queue) + 2 * (dictionary) + 7 * (table))

#define DEFINE_SHARES(name, parts, ...)                                                                      \
	StaticAssertDecl(SUM_OF_PARTS(__VA_ARGS__) <= (parts), "the shares exceed the budget");                  \
	static const Shares name = {__VA_ARGS__}

DEFINE_SHARES(refresh_shares, PARTS, 22, 8, 1, 4, 4, 3);
DEFINE_SHARES(first_build_shares, PARTS, 48, 0, 1, 0, 4, 1);
DEFINE_SHARES(rebuild_shares, 2 * PARTS, 32, 16, 1, 0, 4, 8);

/*
 * A verify compares four tables at once.  A row takes half as much memory again when it is compared as
 * its raw row does in a piece, which is a quarter of the derivation's share: so a table's share is more
 * than one and a half of that, and the events of a piece are compared without a sort.
 */
#define VERIFY_DERIVATION 20
#define VERIFY_STORED     3
#define VERIFY_TABLE      8

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

	return (MemoryPlan){.derivation = part * shares->derivation,
						/* the tables of a pipeline that has a seal get five quarters of it (stored_star.c) */
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
 * memory_plan_of_rebuild returns the plan of a rebuild by pieces.
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

	return (VerifyPlan){
		.derivation = part * VERIFY_DERIVATION, .stored = part * VERIFY_STORED, .table = part * VERIFY_TABLE};
}
