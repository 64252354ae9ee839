/*
 * funnel_mode.h
 *		The modes of a funnel as users write them: names between commas, and exclusions such as
 *		exclude 4 between 1 and 2.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FUNNEL_MODE_H
#define SESSIONIZE_FUNNEL_MODE_H

#include "postgres.h"

#include "core/funnel.h"

typedef struct FunnelMode
{
	uint32 mode;
	uint32 excluded; /* the conditions that are excluded, and therefore no steps */
	int last;        /* the last step that an exclusion names; 0: none */
	SzFunnelExclusions exclusions;
} FunnelMode;

/* The modes named in a text, separated by commas; an error if one is unknown. */
extern void funnel_mode_parse(const text *modes, FunnelMode *mode);

/* Set all of a funnel but within; an error if the mode does not fit so many conditions. */
extern void funnel_mode_apply(const FunnelMode *mode, int nconditions, SzFunnel *funnel);

/* Whether a combination of modes is valid. */
extern bool funnel_mode_is_valid(uint32 mode);

#endif /* SESSIONIZE_FUNNEL_MODE_H */
