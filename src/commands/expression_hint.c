/*
 * expression_hint.c
 *		Finds alternatives to an expression that a pipeline can't have.
 *
 * Each alternative was parsed and tested before it is proposed, so that a hint is never refused in
 * turn.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "commands/expression_hint.h"
#include "utils/expression.h"
#include "utils/subtransaction.h"

/* A text to be parsed and tested. */
typedef struct Trial
{
	Relation raw;
	const char *text;
	ExpressionTest test;
	Node *expression; /* the text after parsing */
	bool passes;
} Trial;

/*
 * constant_text returns SQL text of a constant of type text; NULL for other types and expressions.
 */
static char *
constant_text(Node *expression)
{
	const Const *constant = (const Const *) expression;

	if (!IsA(expression, Const) ||
		(constant->consttype != TEXTOID && constant->consttype != UNKNOWNOID))
		return NULL;
	if (constant->constisnull)
		return pstrdup("NULL");
	return quote_literal_cstr(constant->consttype == TEXTOID
								  ? TextDatumGetCString(constant->constvalue)
								  : DatumGetCString(constant->constvalue));
}

/*
 * expression_operand_text returns SQL text of an expression that an operator or a cast can follow.
 */
char *
expression_operand_text(Relation raw, Node *expression)
{
	char *constant = constant_text(expression);
	char *text = constant != NULL ? constant : expression_text(raw, expression, NULL);

	if (constant != NULL || text[0] == '(' || IsA(expression, Var) || IsA(expression, FuncExpr))
		return text;
	return psprintf("(%s)", text);
}

/*
 * text_of returns SQL text that converts an operand to text.  For dates, times and intervals it is
 * the text of a number, since their own text form depends on settings.
 */
static char *
text_of(const char *operand, Oid type)
{
	switch (getBaseType(type))
	{
		case DATEOID:
			return psprintf("(%s - date '1970-01-01')::text", operand);
		case TIMESTAMPTZOID:
			return psprintf("extract(epoch FROM %s AT TIME ZONE 'UTC')::text", operand);
		case TIMESTAMPOID:
		case INTERVALOID:
			return psprintf("extract(epoch FROM %s)::text", operand);
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case UNKNOWNOID:
			return pstrdup(operand);
		default:
			return psprintf("%s::text", operand);
	}
}

/*
 * try_text parses and tests a text.  Parsing it may fail.
 */
static void
try_text(void *arg)
{
	Trial *trial = arg;

	trial->expression = expression_parse(trial->raw, "hint", trial->text);
	trial->passes = trial->test(trial->expression);
}

/*
 * passes tells whether a text can be parsed and passes its test.
 */
static bool
passes(Trial *trial)
{
	char *message;

	return trial->text != NULL && try_whatever_fails(try_text, trial, &message) && trial->passes;
}

/* The parts of a value: their SQL texts and types. */
typedef struct Parts
{
	List *operands;
	List *types; /* OIDs */
} Parts;

/*
 * add_fields adds the fields of a composite value to the parts.
 */
static void
add_fields(Relation raw, Node *expression, Parts *parts)
{
	TupleDesc desc = lookup_rowtype_tupdesc(getBaseType(exprType(expression)), -1);
	char *text = expression_text(raw, expression, NULL);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute field = TupleDescAttr(desc, i);

		if (field->attisdropped)
			continue;
		parts->operands = lappend(
			parts->operands, psprintf("(%s).%s", text, quote_identifier(NameStr(field->attname))));
		parts->types = lappend_oid(parts->types, field->atttypid);
	}
	ReleaseTupleDesc(desc);
}

/*
 * as_given returns the value below conversions to text or JSON.
 */
static Node *
as_given(Node *expression)
{
	expression = expression_strip(expression);
	if (IsA(expression, CoerceViaIO))
		return as_given((Node *) ((CoerceViaIO *) expression)->arg);
	if (IsA(expression, FuncExpr))
	{
		FuncExpr *call = (FuncExpr *) expression;

		switch (call->funcid)
		{
			case F_TO_JSON:
			case F_TO_JSONB:
			case F_ROW_TO_JSON_RECORD:
			case F_ROW_TO_JSON_RECORD_BOOL:
				return as_given(linitial(call->args));
			default:
				break;
		}
	}
	return expression;
}

/*
 * find_parts finds the parts of a row, a composite value, or a call of json[b]_build_array.
 */
static void
find_parts(Relation raw, Node *expression, Parts *parts)
{
	List *members = NIL;
	ListCell *cell;

	if (IsA(expression, RowExpr))
		members = castNode(RowExpr, expression)->args;
	else if (IsA(expression, FuncExpr) &&
			 (((FuncExpr *) expression)->funcid == F_JSON_BUILD_ARRAY_ANY ||
			  ((FuncExpr *) expression)->funcid == F_JSONB_BUILD_ARRAY_ANY))
		members = ((FuncExpr *) expression)->args;
	else if (type_is_rowtype(getBaseType(exprType(expression))))
		add_fields(raw, expression, parts);
	foreach (cell, members)
	{
		parts->operands = lappend(parts->operands, expression_operand_text(raw, lfirst(cell)));
		parts->types = lappend_oid(parts->types, exprType(lfirst(cell)));
	}
}

/*
 * array_of returns SQL text of an array of the parts, as they are or as text; NULL if there are
 * none.
 */
static char *
array_of(const Parts *parts, bool as_text)
{
	StringInfoData sql;
	ListCell *operand;
	ListCell *type;

	if (parts->operands == NIL)
		return NULL;
	initStringInfo(&sql);
	appendStringInfoString(&sql, "ARRAY[");
	forboth (operand, parts->operands, type, parts->types)
		appendStringInfo(&sql, "%s%s", foreach_current_index(operand) > 0 ? ", " : "",
						 as_text ? text_of(lfirst(operand), lfirst_oid(type))
								 : (char *) lfirst(operand));
	appendStringInfoChar(&sql, ']');
	return sql.data;
}

/*
 * expression_hint_id tests candidates one after the other.
 */
char *
expression_hint_id(Relation raw, Node *expression, ExpressionTest test)
{
	Parts parts = {NIL, NIL};
	const char *candidates[6];
	char *operand;

	expression = as_given(expression);
	operand = expression_operand_text(raw, expression);
	find_parts(raw, expression, &parts);
	candidates[0] = array_of(&parts, false);
	candidates[1] = array_of(&parts, true);
	candidates[2] = operand;
	candidates[3] = text_of(operand, exprType(expression));
	candidates[4] = psprintf("%s::jsonb", operand);
	candidates[5] = psprintf("%s::jsonb[]", operand);
	for (size_t i = 0; i < lengthof(candidates); i++)
	{
		Trial trial = {.raw = raw, .text = candidates[i], .test = test};

		if (passes(&trial))
			return pstrdup(trial.text);
	}
	return NULL;
}

/*
 * joined returns SQL text for a call of concat() or concat_ws() by operators.  Both functions
 * ignore NULL; the text ignores it except in the first value.
 */
static char *
joined(Relation raw, const FuncExpr *call)
{
	bool has_separator = call->funcid == F_CONCAT_WS;
	char *separator = has_separator ? expression_operand_text(raw, linitial(call->args)) : NULL;
	StringInfoData sql;

	initStringInfo(&sql);
	for (int i = has_separator ? 1 : 0; i < list_length(call->args); i++)
	{
		Node *argument = list_nth(call->args, i);
		char *text = text_of(expression_operand_text(raw, argument), exprType(argument));

		if (sql.len == 0)
			appendStringInfoString(&sql, text);
		else if (has_separator)
			appendStringInfo(&sql, " || coalesce(%s || %s, '')", separator, text);
		else if (IsA(argument, Const))
			appendStringInfo(&sql, " || %s", text);
		else
			appendStringInfo(&sql, " || coalesce(%s, '')", text);
	}
	return sql.data;
}

/*
 * is_concat tells whether a node is a call of concat() or concat_ws() without VARIADIC.
 */
static bool
is_concat(Node *node)
{
	FuncExpr *call = (FuncExpr *) node;

	return IsA(node, FuncExpr) && !call->funcvariadic &&
		   (call->funcid == F_CONCAT ||
			(call->funcid == F_CONCAT_WS && list_length(call->args) > 1));
}

/* A tree in which calls of concat() and concat_ws() are to be replaced. */
typedef struct Replacement
{
	Relation raw;
	Node *expression;
	bool has_calls;
	char *text; /* the result, as SQL; NULL: none */
} Replacement;

/*
 * replace_concat replaces the calls in a tree, as an expression_tree_mutator.
 */
static Node *
replace_concat(Node *node, void *arg)
{
	Replacement *replacement = arg;

	if (node == NULL)
		return NULL;
	if (!is_concat(node))
		return expression_tree_mutator(node, replace_concat, arg);
	replacement->has_calls = true;
	return expression_parse(replacement->raw, "hint", joined(replacement->raw, (FuncExpr *) node));
}

/*
 * replace replaces the calls, and sets the result if it is immutable.  Parsing may fail.
 */
static void
replace(void *arg)
{
	Replacement *replacement = arg;
	Node *expression = replace_concat(replacement->expression, replacement);

	if (replacement->has_calls && expression_is_immutable(expression))
		replacement->text = expression_text(replacement->raw, expression, NULL);
}

/*
 * expression_hint_concat replaces a call at the top, or the calls within an expression.
 */
char *
expression_hint_concat(Relation raw, Node *expression)
{
	Replacement replacement = {raw, expression_strip(expression), false, NULL};
	char *message;

	if (is_concat(replacement.expression))
	{
		Trial trial = {.raw = raw,
					   .text = joined(raw, (FuncExpr *) replacement.expression),
					   .test = expression_is_immutable};

		return passes(&trial) ? pstrdup(trial.text) : NULL;
	}
	if (!try_whatever_fails(replace, &replacement, &message) || replacement.text == NULL)
		return NULL;
	return pstrdup(replacement.text);
}
