/*
 * funnel.h
 *		How many steps of a funnel, in order and within a time, the events of one group complete.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FUNNEL_H
#define SESSIONIZE_FUNNEL_H

#include "core/funnel_rules.h"
#include "core/step_log.h"

/*
 * The depth of a group's events, which are in the log's order (step_log.h).  times, unless NULL,
 * has room for nsteps and gets the times of one of the deepest chains: of those, one that is
 * complete first; of those, the one whose first step is earliest, then the second, and so on.
 */
extern int
sz_funnel_depth(const SzFunnel *funnel, const SzStepEvent *events, uint32_t count, int64_t *times);

#endif /* SESSIONIZE_FUNNEL_H */
