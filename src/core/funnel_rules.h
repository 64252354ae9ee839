/*
 * funnel_rules.h
 *		What counts as getting through the steps of a funnel.
 *
 * A chain of depth k is k events, one for each of the steps 1 to k, that satisfy them in the order of
 * time, the last no later than within after the first.  The depth of a group is that of its deepest
 * chain.  Events at the same time may be taken in any order, and one event may stand for several
 * steps, unless the mode says otherwise:
 *
 *	strict_increase			each step's event is later than that of the step before
 *	strict_once				one event stands for one step only
 *	strict_order			the events of a chain are neighbours: nothing lies between them
 *	allow_reentry			to strict_order: events that satisfy any step may lie between
 *	strict_deduplication	between the events of steps i and i + 1 lies none that satisfies one of the
 *							steps 1 to i + 1
 *
 * What lies between two events is decided by the log's order, (time, steps as a number), and
 * strict_order and strict_deduplication take events in that order only.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FUNNEL_RULES_H
#define SESSIONIZE_FUNNEL_RULES_H

#include <stdbool.h>
#include <stdint.h>

#define SZ_FUNNEL_STRICT_INCREASE      0x01
#define SZ_FUNNEL_STRICT_ONCE          0x02
#define SZ_FUNNEL_STRICT_ORDER         0x04
#define SZ_FUNNEL_ALLOW_REENTRY        0x08
#define SZ_FUNNEL_STRICT_DEDUPLICATION 0x10

typedef struct SzFunnel
{
	uint64_t within;
	int nsteps;
	uint32_t mode;
} SzFunnel;

/*
 * sz_funnel_needs_all returns whether events that satisfy no step make a difference.
 */
static inline bool
sz_funnel_needs_all(uint32_t mode)
{
	return (mode & SZ_FUNNEL_STRICT_ORDER) != 0;
}

#endif /* SESSIONIZE_FUNNEL_RULES_H */
