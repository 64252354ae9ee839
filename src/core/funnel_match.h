/*
 * funnel_match.h
 *		Which steps events at one and the same time can stand for, each event for one step only.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FUNNEL_MATCH_H
#define SESSIONIZE_FUNNEL_MATCH_H

#include "core/step_log.h"

/*
 * For each step k from 1 to nsteps, base[k] becomes the least i such that the steps i + 1 to k can be
 * given to different events; k itself where no event satisfies step k.  base does not descend.
 */
extern void
sz_funnel_match(const SzStepEvent *events, uint32_t count, int nsteps, int base[SZ_MAX_STEPS + 1]);

#endif /* SESSIONIZE_FUNNEL_MATCH_H */
