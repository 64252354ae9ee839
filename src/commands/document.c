/*
 * document.c
 *		A pipeline's definition as a document.
 *
 * Names, types and defaults of arguments are those of the SQL functions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "nodes/value.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "commands/document.h"
#include "compat.h"

const DocumentKind document_pipeline = {"create_pipeline", 2, "a pipeline"};
const DocumentKind document_identity = {"enable_identity", 1, "persons"};

/* The key of an object that describes persons. */
#define IDENTITY "identity"

/* The keys of the lists, and what their elements are. */
static const char *const list_keys[DOCUMENT_LISTS] = {[DOCUMENT_MEASURES] = "measures",
													  [DOCUMENT_DIMENSIONS] = "dimensions",
													  [DOCUMENT_ROLLUPS] = "rollups"};
const DocumentKind document_kinds[DOCUMENT_LISTS] = {
	[DOCUMENT_MEASURES] = {"add_measure", 1, "a measure"},
	[DOCUMENT_DIMENSIONS] = {"add_dimension", 1, "a dimension"},
	[DOCUMENT_ROLLUPS] = {"create_rollup", 1, "a rollup"}};

/* Hints that show an element. */
static const char *const examples[DOCUMENT_LISTS] = {
	[DOCUMENT_MEASURES] = "{\"name\": \"events_seen\", \"kind\": \"count\"}",
	[DOCUMENT_DIMENSIONS] =
		"{\"name\": \"campaign\", \"attributes\": {\"source\": \"utm_source\"}}",
	[DOCUMENT_ROLLUPS] = "{\"name\": \"sessions_by_day\", \"by\": [\"day\", \"entry_page\"]}"};

/* A function's arguments. */
typedef struct Signature
{
	int count;
	Oid *types;
	char **names;
	List *defaults; /* Expr *, of the last arguments */
} Signature;

/*
 * takes_document tells whether a function has itself an argument for a document.
 */
static bool
takes_document(Oid function)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool takes = false;
	Oid *types;
	char **names;
	char *modes;
	int count = get_func_arg_info(tuple, &types, &names, &modes);

	for (int i = 0; i < count; i++)
		takes |= strcmp(names[i], "definition") == 0;
	ReleaseSysCache(tuple);
	return takes;
}

/*
 * find_function returns the OID of a kind's function.
 */
static Oid
find_function(const DocumentKind *kind)
{
	List *name = list_make2(makeString("sessionize"), makeString(pstrdup(kind->function)));
	FuncCandidateList candidate = FuncnameGetCandidates(name, -1, NIL, false, false, false, false);
	Oid found = InvalidOid;
	int most = 0;

	for (; candidate != NULL; candidate = candidate->next)
		if (candidate->nargs > most && !takes_document(candidate->oid))
		{
			most = candidate->nargs;
			found = candidate->oid;
		}
	return found;
}

/*
 * read_signature returns the arguments of a kind's function.
 */
static Signature
read_signature(const DocumentKind *kind)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(find_function(kind)));
	Signature signature = {0};
	char *modes;
	bool isnull;
	Datum defaults;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "function sessionize.%s is missing", kind->function);
	signature.count = get_func_arg_info(tuple, &signature.types, &signature.names, &modes);
	defaults = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proargdefaults, &isnull);
	if (!isnull)
		signature.defaults = stringToNode(TextDatumGetCString(defaults));
	ReleaseSysCache(tuple);
	return signature;
}

/*
 * find_argument returns the number of a key's argument, and reports a key that is none.
 */
static int
find_argument(const DocumentKind *kind, const Signature *signature, const char *key)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = kind->apart; i < signature->count; i++)
	{
		if (strcmp(signature->names[i], key) == 0)
			return i;
		appendStringInfo(&list, "%s%s", i > kind->apart ? ", " : "", signature->names[i]);
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("the definition of %s has no key \"%s\"", kind->what, key),
					errhint("Its keys are %s.", list.data)));
}

/*
 * array_text returns an array of strings as the text of a value of type text[].
 */
static char *
array_text(const char *key, const JsonbValue *array)
{
	Datum *elements = palloc(Max(array->val.binary.len, 1) * sizeof(Datum));
	JsonbIterator *iterator = JsonbIteratorInit(array->val.binary.data);
	JsonbIteratorToken token;
	JsonbValue value;
	int count = 0;
	Oid output;
	bool is_varlena;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		if (value.type != jbvString)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("key \"%s\" of the definition must have an array of strings", key),
					 errhint("For instance: \"%s\": [\"day\"]", key)));
		elements[count++] =
			PointerGetDatum(cstring_to_text_with_len(value.val.string.val, value.val.string.len));
	}
	getTypeOutputInfo(TEXTARRAYOID, &output, &is_varlena);
	return OidOutputFunctionCall(output, PointerGetDatum(construct_array(elements, count, TEXTOID,
																		 -1, false, TYPALIGN_INT)));
}

/*
 * value_text returns the value of a member that is an argument of this type; NULL for null.
 */
static char *
value_text(const char *key, Oid type, const JsonbValue *value)
{
	Jsonb *json = JsonbValueToJsonb(unconstify(JsonbValue *, value));

	if (type == JSONBOID && value->type != jbvNull)
		return JsonbToCString(NULL, &json->root, VARSIZE(json));
	if (type == TEXTARRAYOID && value->type == jbvBinary &&
		JsonContainerIsArray(value->val.binary.data))
		return array_text(key, value);
	switch (value->type)
	{
		case jbvNull:
			return NULL;
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvNumeric:
			return DatumGetCString(
				DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		default:
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("key \"%s\" of the definition has an array or an object", key),
							errhint("Its value is a string, a number, true, false or null.")));
	}
}

/*
 * read_argument reads a member that is an argument.
 */
static DocumentMember
read_argument(const DocumentKind *kind, const Signature *signature, char *key,
			  const JsonbValue *value)
{
	Oid type = signature->types[find_argument(kind, signature, key)];

	return (DocumentMember){key, value_text(key, type, value)};
}

/*
 * find_list returns the list of this key; DOCUMENT_LISTS if there is none.
 */
static DocumentList
find_list(const char *key)
{
	DocumentList list = 0;

	while (list < DOCUMENT_LISTS && strcmp(list_keys[list], key) != 0)
		list++;
	return list;
}

/*
 * read_object reads an object, and reports a value that is none.
 */
static List *
read_object(const DocumentKind *kind, const char *example, const Signature *signature,
			const JsonbValue *element)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	List *members = NIL;
	char *key = NULL;

	if (element->type != jbvBinary || !JsonContainerIsObject(element->val.binary.data))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the definition of %s must be an object", kind->what),
						errhint("For instance: %s", example)));
	iterator = JsonbIteratorInit(element->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		DocumentMember *member;

		if (token == WJB_KEY)
			key = pnstrdup(value.val.string.val, value.val.string.len);
		if (token != WJB_VALUE)
			continue;
		member = palloc(sizeof(DocumentMember));
		*member = read_argument(kind, signature, key, &value);
		members = lappend(members, member);
	}
	return members;
}

/*
 * document_object reads an object that describes something.
 */
List *
document_object(const DocumentKind *kind, const char *example, const JsonbValue *object)
{
	Signature signature = read_signature(kind);

	return read_object(kind, example, &signature, object);
}

/*
 * read_list reads a list, and reports a value that is none.
 */
static List *
read_list(DocumentList list, const JsonbValue *array)
{
	Signature signature = read_signature(&document_kinds[list]);
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	List *elements = NIL;

	if (array->type != jbvBinary || !JsonContainerIsArray(array->val.binary.data))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the value of \"%s\" in a definition must be an array", list_keys[list]),
				 errhint("For instance: \"%s\": [%s]", list_keys[list], examples[list])));
	iterator = JsonbIteratorInit(array->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_ELEM)
			elements = lappend(
				elements, read_object(&document_kinds[list], examples[list], &signature, &value));
	return elements;
}

/*
 * read_member reads a member of a document.
 */
static void
read_member(Document *document, const Signature *signature, char *key, const JsonbValue *value)
{
	DocumentList list = find_list(key);
	DocumentMember *member;

	if (list < DOCUMENT_LISTS)
	{
		document->lists[list] = read_list(list, value);
		return;
	}
	if (strcmp(key, IDENTITY) == 0)
	{
		Signature limits = read_signature(&document_identity);

		document->identity = read_object(
			&document_identity, "\"" IDENTITY "\": {\"max_users_per_key\": 10}", &limits, value);
		document->has_identity = true;
		return;
	}
	member = palloc(sizeof(DocumentMember));
	*member = read_argument(&document_pipeline, signature, key, value);
	document->arguments = lappend(document->arguments, member);
}

/*
 * document_read reads a document.
 */
Document *
document_read(Jsonb *jsonb)
{
	Document *document = palloc0(sizeof(Document));
	Signature signature = read_signature(&document_pipeline);
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	char *key = NULL;

	if (!JsonContainerIsObject(&jsonb->root))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the definition of %s must be an object", document_pipeline.what),
						errhint("SELECT sessionize.definition(...) shows the definition of a "
								"pipeline there is.")));
	iterator = JsonbIteratorInit(&jsonb->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
			read_member(document, &signature, key, &value);
	}
	return document;
}

/*
 * set_default sets an argument to its default, a constant.
 */
static void
set_default(FunctionCallInfo call, const Signature *signature, int argument)
{
	int first = signature->count - list_length(signature->defaults);
	Node *value;

	call->args[argument].isnull = true;
	if (argument < first)
		return;
	value = (Node *) expression_planner(list_nth(signature->defaults, argument - first));
	if (!IsA(value, Const))
		elog(ERROR, "the default of argument %s is no constant", signature->names[argument]);
	call->args[argument].value = ((Const *) value)->constvalue;
	call->args[argument].isnull = ((Const *) value)->constisnull;
}

/*
 * report_key names the key in whose value an error is, as an error context callback.
 */
static void
report_key(void *arg)
{
	errcontext("key \"%s\" of the definition", ((const DocumentMember *) arg)->key);
}

/*
 * set_argument sets an argument to a member's value.
 */
static void
set_argument(NullableDatum *argument, Oid type, DocumentMember *member)
{
	ErrorContextCallback callback = {error_context_stack, report_key, member};
	Oid input;
	Oid parameter;

	argument->isnull = member->value == NULL;
	if (member->value == NULL)
		return;
	getTypeInputInfo(type, &input, &parameter);
	error_context_stack = &callback;
	argument->value = OidInputFunctionCall(input, member->value, parameter, -1);
	error_context_stack = callback.previous;
}

/*
 * document_call returns a call with an object's members as arguments.
 */
FunctionCallInfo
document_call(const DocumentKind *kind, const List *object)
{
	Signature signature = read_signature(kind);
	FunctionCallInfo call = palloc0(SizeForFunctionCallInfo(signature.count));
	ListCell *cell;

	InitFunctionCallInfoData(*call, NULL, signature.count, DEFAULT_COLLATION_OID, NULL, NULL);
	for (int i = 0; i < signature.count; i++)
		set_default(call, &signature, i);
	foreach (cell, object)
	{
		DocumentMember *member = lfirst(cell);
		int argument = find_argument(kind, &signature, member->key);

		set_argument(&call->args[argument], signature.types[argument], member);
	}
	return call;
}
