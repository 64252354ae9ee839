/*
 * wait_event.c
 *		The names under which pg_stat_activity shows what a process of ours waits for.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "compat.h"
#include "wait_event.h"

#define SZ_WAIT_EVENT_NAME(id, name) [id] = name,

static const char *const names[] = {SZ_WAIT_EVENTS(SZ_WAIT_EVENT_NAME)};

/* 0: the server has not been asked yet. */
static uint32 numbers[SZ_WAIT_EVENT_COUNT];

/*
 * sz_wait_event returns the number that the server has given to a name.
 */
uint32
sz_wait_event(SzWaitEvent event)
{
	if (numbers[event] == 0)
		numbers[event] = sz_wait_event_new(names[event]);
	return numbers[event];
}
