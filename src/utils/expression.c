/*
 * expression.c
 *		SQL expressions over one row of a raw table.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_proc.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parser.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/ruleutils.h"

#include "utils/expression.h"

/* The text that is being parsed, for error messages. */
typedef struct ParseWhere
{
	const char *argname;
	const char *text;
} ParseWhere;

/*
 * report_where adds the argument to an error, and makes the error's position one in the argument's
 * text.
 */
static void
report_where(void *arg)
{
	const ParseWhere *where = arg;
	int position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(where->text);
	}
	errcontext("argument %s: %s", where->argname, where->text);
}

/*
 * reject reports an expression with a part that is not allowed.
 */
static void
reject(const char *argname, const char *what)
{
	ereport(
		ERROR,
		(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
		 errmsg("argument %s must not contain %s", argname, what),
		 errhint("Give the name of a column of the raw table, or an expression over columns of one "
				 "row, such as coalesce(anonymous_id, user_id).")));
}

/*
 * parse_alone returns the raw parse tree of a text that must be a single expression.
 */
static Node *
parse_alone(const char *argname, const char *text)
{
	List *list = raw_parser(text, RAW_PARSE_PLPGSQL_EXPR);
	SelectStmt *select = castNode(SelectStmt, linitial_node(RawStmt, list)->stmt);
	ResTarget *target;

	if (select->targetList == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR), errmsg("argument %s holds no expression", argname),
				 errhint("Pass '' to map nothing, or leave it out for the default.")));
	if (list_length(select->targetList) != 1 || select->distinctClause || select->fromClause ||
		select->whereClause || select->groupClause || select->havingClause ||
		select->windowClause || select->sortClause || select->limitOffset || select->limitCount ||
		select->lockingClause)
		reject(argname, "more than one expression");
	target = linitial_node(ResTarget, select->targetList);
	if (target->name != NULL)
		reject(argname, "a column alias");
	if (IsA(target->val, ColumnRef) && IsA(linitial(((ColumnRef *) target->val)->fields), A_Star))
		reject(argname, "whole rows");
	return target->val;
}

/*
 * has_column tells whether the table has a column with exactly this name.
 */
static bool
has_column(Relation raw, const char *name)
{
	return strlen(name) < NAMEDATALEN && get_attnum(RelationGetRelid(raw), name) > 0;
}

/*
 * reject_row_references_walker reports references to whole rows and system columns.
 */
static bool
reject_row_references_walker(Node *node, void *argname)
{
	if (node == NULL)
		return false;
	if (IsA(node, Var))
	{
		if (((Var *) node)->varattno < 0)
			reject(argname, "system columns");
		if (((Var *) node)->varattno == 0)
			reject(argname, "whole rows");
		return false;
	}
	return expression_tree_walker(node, reject_row_references_walker, argname);
}

/*
 * analyze turns a raw parse tree into an expression tree over the columns that pstate knows, and
 * frees pstate.
 */
static Node *
analyze(ParseState *pstate, const ParseWhere *where, Node *parsed)
{
	const char *argname = where->argname;
	Node *expression;

	pstate->p_sourcetext = where->text;
	expression = transformExpr(pstate, parsed, EXPR_KIND_OTHER);
	if (pstate->p_hasAggs)
		reject(argname, "aggregate functions");
	if (pstate->p_hasWindowFuncs)
		reject(argname, "window functions");
	if (pstate->p_hasSubLinks)
		reject(argname, "subqueries");
	if (expression_returns_set(expression))
		reject(argname, "set-returning functions");
	assign_expr_collations(pstate, expression);
	reject_row_references_walker(expression, unconstify(char *, argname));
	free_parsestate(pstate);
	return expression;
}

/*
 * table_columns returns a parse state that knows the columns of a table.
 */
static ParseState *
table_columns(Relation raw)
{
	ParseState *pstate = make_parsestate(NULL);

	addNSItemToQuery(pstate,
					 addRangeTableEntryForRelation(pstate, raw, AccessShareLock, NULL, true, true),
					 true, true, true);
	return pstate;
}

/*
 * find_column returns the column of a tuple descriptor that a reference names; NULL if there is
 * none.
 */
static Node *
find_column(ParseState *pstate, ColumnRef *reference)
{
	TupleDesc desc = pstate->p_ref_hook_state;
	Node *name = linitial(reference->fields);

	if (list_length(reference->fields) != 1 || !IsA(name, String))
		return NULL;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);

		if (strcmp(NameStr(column->attname), strVal(name)) == 0)
			return (Node *) makeVar(1, (AttrNumber) (i + 1), column->atttypid, column->atttypmod,
									column->attcollation, 0);
	}
	return NULL;
}

/*
 * expression_parse_over turns an expression over the columns of a tuple descriptor into a tree.
 */
Node *
expression_parse_over(TupleDesc columns, const char *argname, const char *text)
{
	ParseWhere where = {argname, text};
	ErrorContextCallback callback = {error_context_stack, report_where, &where};
	ParseState *pstate = make_parsestate(NULL);
	Node *expression;

	error_context_stack = &callback;
	pstate->p_pre_columnref_hook = find_column;
	pstate->p_ref_hook_state = columns;
	expression = analyze(pstate, &where, parse_alone(argname, text));
	error_context_stack = callback.previous;
	return expression;
}

/*
 * expression_parse turns the name of a column, or else an expression, into an expression tree.
 */
Node *
expression_parse(Relation raw, const char *argname, const char *text)
{
	ParseWhere where = {argname, text};
	ErrorContextCallback callback = {error_context_stack, report_where, &where};
	Node *parsed;
	Node *expression;

	error_context_stack = &callback;
	if (has_column(raw, text))
	{
		ColumnRef *column = makeNode(ColumnRef);

		column->fields = list_make1(makeString(pstrdup(text)));
		column->location = -1;
		parsed = (Node *) column;
	}
	else
		parsed = parse_alone(argname, text);
	expression = analyze(table_columns(raw), &where, parsed);
	error_context_stack = callback.previous;
	return expression;
}

/*
 * expression_convert converts an expression to a type; NULL if there is no such conversion.
 */
Node *
expression_convert(Node *expression, Oid type, bool explicit)
{
	ParseState *pstate = make_parsestate(NULL);
	Node *result;

	result = coerce_to_target_type(pstate, expression, exprType(expression), type, -1,
								   explicit ? COERCION_EXPLICIT : COERCION_IMPLICIT,
								   COERCE_EXPLICIT_CAST, -1);
	if (result != NULL)
		assign_expr_collations(pstate, result);
	free_parsestate(pstate);
	return result;
}

/*
 * expression_simplify returns the expression as the planner simplifies it.
 */
Node *
expression_simplify(Node *expression)
{
	return (Node *) expression_planner(copyObject((Expr *) expression));
}

/*
 * is_mutable tells whether a function is not immutable, and if so sets *found.
 */
static bool
is_mutable(Oid function, void *found)
{
	if (func_volatile(function) == PROVOLATILE_IMMUTABLE)
		return false;
	*(Oid *) found = function;
	return true;
}

/*
 * find_mutable_walker finds the first function that is not immutable.
 */
static bool
find_mutable_walker(Node *node, void *found)
{
	if (node == NULL)
		return false;
	return check_functions_in_node(node, is_mutable, found) ||
		   expression_tree_walker(node, find_mutable_walker, found);
}

/*
 * expression_is_immutable tells whether an expression depends on nothing but the row.
 */
bool
expression_is_immutable(Node *expression)
{
	return !contain_mutable_functions(expression_simplify(expression));
}

/*
 * expression_check_immutable reports an expression that depends on more than the row.
 */
void
expression_check_immutable(Node *expression, const char *argname, const char *text,
						   const char *better)
{
	Node *simple = expression_simplify(expression);
	Oid function = InvalidOid;

	if (!contain_mutable_functions(simple))
		return;
	(void) find_mutable_walker(simple, &function);
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
		 errmsg("argument %s must be immutable: %s", argname, text),
		 OidIsValid(function)
			 ? errdetail("Function %s is not, so the result may depend on more than the row.",
						 format_procedure(function))
			 : errdetail("The result may depend on more than the row."),
		 better != NULL
			 ? errhint("Use %s => %s", argname, quote_literal_cstr(better))
			 : errhint(
				   "Store the value in a column of its own, or call a function of yours that is "
				   "declared IMMUTABLE. A timestamp without time zone becomes immutable by "
				   "AT TIME ZONE 'UTC'.")));
}

/*
 * expression_strip removes changes of type and collation that leave the value as it is.
 */
Node *
expression_strip(Node *expression)
{
	for (;;)
	{
		if (IsA(expression, RelabelType))
			expression = (Node *) ((RelabelType *) expression)->arg;
		else if (IsA(expression, CollateExpr))
			expression = (Node *) ((CollateExpr *) expression)->arg;
		else
			return expression;
	}
}

/*
 * may_raise tells whether a function may raise an error because of its arguments.
 */
static bool
may_raise(Oid function, void *context pg_attribute_unused())
{
	/* a leakproof function reveals nothing of its arguments, not even by an error */
	if (function >= FirstNormalObjectId)
		return true;
	switch (function)
	{
		case F_JSONB_OBJECT_FIELD_TEXT:
		case F_NUMERIC_EQ:
		case F_NUMERIC_NE:
		case F_NUMERIC_LT:
		case F_NUMERIC_LE:
		case F_NUMERIC_GT:
		case F_NUMERIC_GE:
			return false;
		default:
			return !get_func_leakproof(function);
	}
}

/*
 * may_fail_walker finds a node that may raise an error.
 */
static bool
may_fail_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Var:
		case T_Const:
		case T_RelabelType:
		case T_CollateExpr:
		case T_CoalesceExpr:
		case T_CaseExpr:
		case T_CaseWhen:
		case T_CaseTestExpr:
		case T_NullTest:
		case T_BooleanTest:
		case T_BoolExpr:
		case T_OpExpr:
		case T_ScalarArrayOpExpr:
		case T_FuncExpr:
		case T_List:
			return check_functions_in_node(node, may_raise, context) ||
				   expression_tree_walker(node, may_fail_walker, context);
		default:
			return true;
	}
}

/*
 * expression_cannot_fail tells whether no value can make the expression fail.
 */
bool
expression_cannot_fail(Node *expression)
{
	return !may_fail_walker(expression, NULL);
}

/*
 * is_users tells whether a function did not come with the server.
 */
static bool
is_users(Oid function, void *context pg_attribute_unused())
{
	return function >= FirstNormalObjectId;
}

/*
 * calls_users_walker finds a node that calls such a function, or a domain, whose constraints may
 * call one.
 */
static bool
calls_users_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	return IsA(node, CoerceToDomain) || check_functions_in_node(node, is_users, context) ||
		   expression_tree_walker(node, calls_users_walker, context);
}

/*
 * expression_calls_users tells whether an expression calls functions that did not come with the
 * server.
 */
bool
expression_calls_users(Node *expression)
{
	return calls_users_walker(expression, NULL);
}

/*
 * expression_text returns the SQL text of an expression.
 */
char *
expression_text(Relation raw, Node *expression, const char *alias)
{
	List *context = deparse_context_for(alias != NULL ? alias : RelationGetRelationName(raw),
										RelationGetRelid(raw));

	return deparse_expression(expression, context, alias != NULL, false);
}
