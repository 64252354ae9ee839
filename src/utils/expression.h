/*
 * expression.h
 *		SQL expressions over one row of a raw table: from the user's text to a checked tree, and
 *		back to text.
 *
 * A user's text is parsed only by itself, as one expression. Statements contain only the text that
 * PostgreSQL makes of the tree. So a text can't inject anything but an expression.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EXPRESSION_H
#define SESSIONIZE_EXPRESSION_H

#include "postgres.h"

#include "nodes/primnodes.h"
#include "utils/rel.h"

/*
 * Turn the name of a column, or else an expression, into a tree. Errors call it argument argname.
 * Aggregates, window functions, subqueries, set-returning functions, parameters, system columns and
 * whole rows are errors.
 */
extern Node *expression_parse(Relation raw, const char *argname, const char *text);

/*
 * Like expression_parse, for an expression over columns that are no table's: range table index 1.
 */
extern Node *expression_parse_over(TupleDesc columns, const char *argname, const char *text);

/*
 * Convert an expression to a type; explicit allows conversions that need a cast. NULL if there is
 * no such conversion.
 */
extern Node *expression_convert(Node *expression, Oid type, bool explicit);

/* Whether the expression always gives the same value for the same row. */
extern bool expression_is_immutable(Node *expression);

/*
 * Error unless the expression is immutable. better is an expression to suggest; NULL if there is
 * none.
 */
extern void expression_check_immutable(Node *expression, const char *argname, const char *text,
									   const char *better);

/* The expression as the planner simplifies it, to be compared with the expressions of an index. */
extern Node *expression_simplify(Node *expression);

/* The expression without outer nodes that only change its type or collation and not the value. */
extern Node *expression_strip(Node *expression);

/* Whether a simplified expression can't raise an error, whatever the row's values are. */
extern bool expression_cannot_fail(Node *expression);

/* Whether an expression calls functions that did not come with the server. */
extern bool expression_calls_users(Node *expression);

/*
 * The SQL text of an expression. With an alias, each column is prefixed by it. Names are qualified
 * as far as the current search_path makes it necessary.
 */
extern char *expression_text(Relation raw, Node *expression, const char *alias);

#endif /* SESSIONIZE_EXPRESSION_H */
