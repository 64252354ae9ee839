/*
 * funnel_mode.h
 *		The modes of a funnel as the user writes them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_FUNNEL_MODE_H
#define SESSIONIZE_FUNNEL_MODE_H

#include "postgres.h"

#include "core/funnel.h"

/* The modes named in a text, between commas; error where one is unknown. */
extern uint32 funnel_mode_parse(const text *modes);

/* Whether there is such a combination of modes. */
extern bool funnel_mode_is_valid(uint32 mode);

#endif /* SESSIONIZE_FUNNEL_MODE_H */
