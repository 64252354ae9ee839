/*
 * subtransaction.h
 *		Running work in a subtransaction, in which it may fail because of the data.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SUBTRANSACTION_H
#define SESSIONIZE_SUBTRANSACTION_H

#include "postgres.h"

/* Tells whether an error is one that the caller of the work wants to handle. */
typedef bool (*ErrorFilter)(const ErrorData *error);

/*
 * Whether an error is due to the data: one of classes 21, 22, 23, 2F, 38, 39, 54 and P0.
 */
extern bool is_data_error(const ErrorData *error);

/*
 * Run work(arg) and return NULL. If the work raises an error for which may_be() is true, the work is
 * rolled back and the error returned, in CurrentMemoryContext. All other errors are raised again.
 */
extern ErrorData *try_or_catch(void (*work)(void *arg), void *arg, ErrorFilter may_be);

/*
 * try_in_subtransaction runs work(arg) and returns true. If the work fails because of the data (a
 * value out of range, a violated domain, an exception raised by a user's function, too deep a
 * document), it is rolled back, *message is set to the error's message in CurrentMemoryContext
 * unless message is NULL, and the result is false. All other errors (a cancel, no memory, a full
 * disk, a missing table) are raised.
 */
extern bool try_in_subtransaction(void (*work)(void *arg), void *arg, char **message);

/*
 * Like try_in_subtransaction, but also return false if the work was cancelled for lack of progress
 * (pass_limit.h), which is taken for the fault of the data. *too_slow tells whether this was so.
 */
extern bool try_within_limit(void (*work)(void *arg), void *arg, char **message, bool *too_slow);

/*
 * Like try_in_subtransaction, but return false for every error except for an operator's
 * intervention: a cancel or a shutdown.
 */
extern bool try_whatever_fails(void (*work)(void *arg), void *arg, char **message);

typedef enum TryResult
{
	TRY_DONE,
	TRY_DATA_ERROR, /* try_in_subtransaction would return false */
	TRY_OTHER_ERROR
} TryResult;

/*
 * For work inside of a statement of a user who has nothing to do with the work. Only errors are
 * raised that would have stopped the statement anyhow: a cancel, no memory, a full or broken disk.
 */
extern TryResult try_for_others(void (*work)(void *arg), void *arg);

/* Run work(arg) and undo all that it has done in the database.  Errors are raised as they are. */
extern void run_and_undo(void (*work)(void *arg), void *arg);

#endif /* SESSIONIZE_SUBTRANSACTION_H */
