/*
 * expression.h
 *		SQL expressions over one row of a raw table: the user's text made into a checked tree, and
 *		back into text.
 *
 * A text is only ever parsed, by itself, as one expression; what goes into a statement of ours is the
 * text PostgreSQL makes of the tree.  So no text can say more than an expression.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EXPRESSION_H
#define SESSIONIZE_EXPRESSION_H

#include "postgres.h"

#include "nodes/primnodes.h"
#include "utils/rel.h"

/*
 * Make a tree of the name of a column, or else of an expression.  argname says in errors whose value it
 * is.  The tree has no aggregates, window functions, subqueries, set-returning functions, parameters,
 * system columns and whole rows.
 */
extern Node *expression_parse(Relation raw, const char *argname, const char *text);

/* Convert to a type; explicit allows what only a cast may do.  NULL where there is no such conversion. */
extern Node *expression_convert(Node *expression, Oid type, bool explicit);

/* Whether the tree gives the same for the same row, always. */
extern bool expression_is_immutable(Node *expression);

/*
 * Error unless it does; better is an expression to type in place of text, NULL where none is known.
 */
extern void
expression_check_immutable(Node *expression, const char *argname, const char *text, const char *better);

/* As the planner simplifies it, to compare with the expressions of an index. */
extern Node *expression_simplify(Node *expression);

/* The tree without what only makes it seen as another type of the same form, or under another collation. */
extern Node *expression_strip(Node *expression);

/* Whether a simplified tree can be evaluated on every row, whatever the values, without an error. */
extern bool expression_cannot_fail(Node *expression);

/* Whether a simplified tree calls functions that did not come with the server. */
extern bool expression_calls_users(Node *expression);

/*
 * SQL text of the tree.  With an alias each column is prefixed by it.  Names are qualified as the
 * search_path of the moment makes necessary.
 */
extern char *expression_text(Relation raw, Node *expression, const char *alias);

#endif /* SESSIONIZE_EXPRESSION_H */
