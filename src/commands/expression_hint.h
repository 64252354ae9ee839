/*
 * expression_hint.h
 *		What to type in place of an expression that a pipeline can't keep.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_EXPRESSION_HINT_H
#define SESSIONIZE_EXPRESSION_HINT_H

#include "postgres.h"

#include "nodes/primnodes.h"
#include "utils/rel.h"

/* SQL text of an expression that an operator or a cast can follow. */
extern char *expression_operand_text(Relation raw, Node *expression);

/* Whether an expression that was parsed is one that can be kept. */
typedef bool (*ExpressionTest)(Node *expression);

/*
 * An expression that tells the same rows apart as one of a type that does not sort and hash
 * (several columns as a row or a JSON array, JSON, a point) and passes a test; NULL where none is
 * known.
 */
extern char *expression_hint_id(Relation raw, Node *expression, ExpressionTest test);

/*
 * The expression without concat() and concat_ws(), which are not immutable; NULL where it has
 * neither, or others that are not.
 */
extern char *expression_hint_concat(Relation raw, Node *expression);

#endif /* SESSIONIZE_EXPRESSION_HINT_H */
