/*
 * funnel_rules.h
 *		What counts as getting through the steps of a funnel.
 *
 * A chain of depth k is k events, one for each of the steps 1 to k, that satisfy the steps in the
 * order of time, the last one no later than within after the first.  The depth of a group is that
 * of its deepest chain.  Events at the same time may be taken in any order, and one event may
 * complete several steps, unless the mode says otherwise:
 *
 *	strict_increase			each step's event is later than the event of the step before
 *	strict_once				one event completes one step only
 *	strict_order			the events of a chain are neighbours: no event lies between them
 *	allow_reentry			with strict_order: events that satisfy any step may lie between them
 *	strict_deduplication	no event that satisfies one of the steps 1 to i + 1 lies between the
 *							events of steps i and i + 1
 *
 *	exclude					no event that satisfies one of the conditions in between[i] lies
 *							between the events of steps i and i + 1
 *
 * The log's order (time, steps as a number) decides what lies between two events, and strict_order,
 * strict_deduplication and exclude only take events in that order.  Conditions that are excluded
 * have the bits of an event's mask after those of the steps.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FUNNEL_RULES_H
#define SESSIONIZE_FUNNEL_RULES_H

#include "core/step_log.h"

#define SZ_FUNNEL_STRICT_INCREASE      0x01
#define SZ_FUNNEL_STRICT_ONCE          0x02
#define SZ_FUNNEL_STRICT_ORDER         0x04
#define SZ_FUNNEL_ALLOW_REENTRY        0x08
#define SZ_FUNNEL_STRICT_DEDUPLICATION 0x10
#define SZ_FUNNEL_EXCLUDE              0x20

/* between[i]: conditions that must not come between steps i and i + 1, for i from 1. */
typedef struct SzFunnelExclusions
{
	uint32_t between[SZ_MAX_STEPS];
} SzFunnelExclusions;

typedef struct SzFunnel
{
	uint64_t within;
	int nsteps;
	uint32_t mode;
	const SzFunnelExclusions *exclusions; /* with SZ_FUNNEL_EXCLUDE */
} SzFunnel;

/*
 * sz_funnel_needs_all tells whether events that satisfy no step make a difference.
 */
static inline bool
sz_funnel_needs_all(uint32_t mode)
{
	return (mode & SZ_FUNNEL_STRICT_ORDER) != 0;
}

#endif /* SESSIONIZE_FUNNEL_RULES_H */
