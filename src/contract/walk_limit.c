/*
 * walk_limit.c
 *		Checking documents some of which are beyond the limits of what can be checked.
 *
 * The validator's errors are caught here, without a subtransaction, which a parallel worker could
 * not begin: the validator reads memory and allocates memory, and has nothing else to give back.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/walk_limit.h"

/*
 * is_fault_of_data tells whether an error of the validator says that a document can't be checked:
 * it is too deep, takes too many steps, or a regular expression fails on it.
 */
static bool
is_fault_of_data(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_PROGRAM_LIMIT_EXCEEDED ||
		   error->sqlerrcode == ERRCODE_STATEMENT_TOO_COMPLEX ||
		   error->sqlerrcode == ERRCODE_INVALID_PARAMETER_VALUE ||
		   error->sqlerrcode == ERRCODE_INVALID_REGULAR_EXPRESSION;
}

/*
 * limit_message says in words which do not depend on the session's language why a document could
 * not be checked.
 */
static const char *
limit_message(int sqlerrcode)
{
	switch (sqlerrcode)
	{
		case ERRCODE_STATEMENT_TOO_COMPLEX:
			return "is nested too deeply to be checked";
		case ERRCODE_INVALID_REGULAR_EXPRESSION:
			return "can't be matched by a regular expression of the contract";
		default:
			return "takes too many steps to be checked";
	}
}

/*
 * limit_violation returns the violation of a document that could not be checked.
 */
static ViolationList
limit_violation(int sqlerrcode)
{
	Violation *violation = palloc0(sizeof(Violation));

	violation->instance_path = violation->schema_path = pstrdup("");
	violation->keyword = "limit";
	violation->message = pstrdup(limit_message(sqlerrcode));
	return (ViolationList){.violations = violation, .count = 1};
}

/*
 * check_violations tells whether a document is valid, and else what is wrong.
 */
bool
check_violations(const SchemaProgram *program, const Jsonb *document, uint32 limit,
				 ViolationList *list)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool is_valid = false;

	PG_TRY();
	{
		is_valid = validate_document(program, document);
		if (!is_valid && list != NULL)
			*list = find_violations(program, document, limit);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (!is_fault_of_data(error))
			PG_RE_THROW();
		FlushErrorState();
		is_valid = false;
		if (list != NULL)
			*list = limit_violation(error->sqlerrcode);
	}
	PG_END_TRY();
	return is_valid;
}
