/*
 * hold.h
 *		Statements that no process of ours may stand in the way of.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_HOLD_H
#define SESSIONIZE_HOLD_H

/* At load, where there is shared memory. */
extern void hold_install(void);

#endif /* SESSIONIZE_HOLD_H */
