/*
 * funnel_mode.h
 *		The modes of a funnel as users write them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FUNNEL_MODE_H
#define SESSIONIZE_FUNNEL_MODE_H

#include "postgres.h"

#include "core/funnel.h"

/* The modes named in a text, separated by commas; an error if one is unknown. */
extern uint32 funnel_mode_parse(const text *modes);

/* Whether a combination of modes is valid. */
extern bool funnel_mode_is_valid(uint32 mode);

#endif /* SESSIONIZE_FUNNEL_MODE_H */
