/*
 * funnel_chains.h
 *		The depth of a funnel in those modes in which events between a chain's events matter.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FUNNEL_CHAINS_H
#define SESSIONIZE_FUNNEL_CHAINS_H

#include "core/funnel_rules.h"
#include "core/step_log.h"

/* sz_funnel_depth for strict_deduplication, and for strict_order without allow_reentry. */
extern int
sz_funnel_chains(const SzFunnel *funnel, const SzStepEvent *events, uint32_t count, int64_t *times);

#endif /* SESSIONIZE_FUNNEL_CHAINS_H */
