/*
 * subtransaction.h
 *		Work that may fail on the data it meets, without failing the whole.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBTRANSACTION_H
#define SESSIONIZE_SUBTRANSACTION_H

#include "postgres.h"

/*
 * try_in_subtransaction does work(arg) and returns true.  Where that fails because of the data (a value out of
 * range, a violated domain, an exception raised by a user's function, too deep a document), what it did is
 * rolled back, *message, if not NULL, is set to the error's message in CurrentMemoryContext, and the result is
 * false.  All other errors (a cancel, no memory, a full disk, a missing table) go on as they are.
 */
extern bool try_in_subtransaction(void (*work)(void *arg), void *arg, char **message);

/*
 * The same where what took too long (pass_limit.h) is no other piece of the data's fault: *too_slow
 * says that this was why it failed.
 */
extern bool try_within_limit(void (*work)(void *arg), void *arg, char **message, bool *too_slow);

/* The same for every error but one that somebody or the server wants: a cancel, a shutdown. */
extern bool try_whatever_fails(void (*work)(void *arg), void *arg, char **message);

typedef enum TryResult
{
	TRY_DONE,
	TRY_DATA_ERROR, /* try_in_subtransaction would be false */
	TRY_OTHER_ERROR
} TryResult;

/*
 * The same in the middle of a statement of somebody else's, who has nothing to do with the work: only what
 * would have stopped him as well goes on as it is, a cancel, no memory, a full or broken disk.
 */
extern TryResult try_for_others(void (*work)(void *arg), void *arg);

#endif /* SESSIONIZE_SUBTRANSACTION_H */
