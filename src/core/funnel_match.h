/*
 * funnel_match.h
 *		Which steps events at the same time can complete, if each event completes one step only.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FUNNEL_MATCH_H
#define SESSIONIZE_FUNNEL_MATCH_H

#include "core/step_log.h"

/*
 * For each step k from 1 to nsteps, set base[k] to the least i such that the steps i + 1 to k can
 * be completed by different events; to k if no event satisfies step k.  base never descends.
 */
extern void
sz_funnel_match(const SzStepEvent *events, uint32_t count, int nsteps, int base[SZ_MAX_STEPS + 1]);

#endif /* SESSIONIZE_FUNNEL_MATCH_H */
