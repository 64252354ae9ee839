/*
 * expression_hint.h
 *		Finds alternatives to an expression that a pipeline can't have.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EXPRESSION_HINT_H
#define SESSIONIZE_EXPRESSION_HINT_H

#include "postgres.h"

#include "nodes/primnodes.h"
#include "utils/rel.h"

/*
 * SQL text of an expression, in parentheses if need be, so that an operator or a cast can follow.
 */
extern char *expression_operand_text(Relation raw, Node *expression);

/* Tells whether a parsed expression is acceptable. */
typedef bool (*ExpressionTest)(Node *expression);

/*
 * SQL text of an expression that passes the test and distinguishes the same rows as this one, whose
 * type does not sort and hash (several columns as a row or a JSON array, JSON, a point).  NULL if
 * none is found.
 */
extern char *expression_hint_id(Relation raw, Node *expression, ExpressionTest test);

/*
 * SQL text of the expression with concat() and concat_ws(), which are not immutable, replaced by
 * operators.  NULL if it has no such calls, or is still not immutable without them.
 */
extern char *expression_hint_concat(Relation raw, Node *expression);

#endif /* SESSIONIZE_EXPRESSION_HINT_H */
