/*
 * contract_check.c
 *		What a version of a contract must fulfil to be registered.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "catalog/pipeline_contracts.h"
#include "commands/contract_check.h"
#include "compat.h"
#include "contract/compatibility.h"
#include "contract/contract_version.h"
#include "contract/json_view.h"
#include "contract/schema_compile.h"
#include "contract/uri.h"
#include "utils/expression.h"

/* So many bytes of a name fit into an index together with a version. */
#define EVENT_NAME_MAX 1000
#define ABOUT_MAX      1000

/* How a version must fit to the versions before it. */
typedef struct CompatibilityRule
{
	const char *name;
	const char *adjective; /* NULL: it need not */
	CompatibilityMode mode;
	bool is_transitive; /* to all of them, not only to the last */
} CompatibilityRule;

static const CompatibilityRule rules[] = {
	{"NONE", NULL, COMPATIBLE_NONE, false},
	{"BACKWARD", "backward compatible", COMPATIBLE_BACKWARD, false},
	{"FORWARD", "forward compatible", COMPATIBLE_FORWARD, false},
	{"FULL", "fully compatible", COMPATIBLE_FULL, false},
	{"BACKWARD_TRANSITIVE", "backward compatible", COMPATIBLE_BACKWARD, true},
	{"FORWARD_TRANSITIVE", "forward compatible", COMPATIBLE_FORWARD, true},
	{"FULL_TRANSITIVE", "fully compatible", COMPATIBLE_FULL, true},
};

/*
 * contract_check_name reports a name that no contract can have.
 */
void
contract_check_name(const ContractName *name)
{
	if (name->event_name != NULL &&
		(name->event_name[0] == '\0' || strlen(name->event_name) > EVENT_NAME_MAX))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("event_name must have 1 to %d bytes", EVENT_NAME_MAX),
						errhint("NULL stands for all events.")));
	if (name->about == NULL || name->about[0] == '\0' || strlen(name->about) > ABOUT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("about must have 1 to %d bytes", ABOUT_MAX),
				 errhint("Name the column of type jsonb that the contract is about, such as about "
						 "=> 'properties', or give an expression; '*' is the whole raw row.")));
}

/*
 * hint_about gives the error about a column that does not exist a hint, as an error context
 * callback.
 */
static void
hint_about(void *arg)
{
	if (geterrcode() == ERRCODE_UNDEFINED_COLUMN)
		errhint("Say what the contract is about: about => 'column', for a column of type jsonb of "
				"table %s, an expression over its columns, or '*' for the whole row.",
				RelationGetRelationName((Relation) arg));
}

/*
 * contract_about_parse parses what a contract is about.
 */
Node *
contract_about_parse(Relation raw, const char *about)
{
	ErrorContextCallback callback = {error_context_stack, hint_about, raw};
	Node *expression;

	if (about == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("about must say what the documents are"),
				 errhint("Name a column of type jsonb, such as about => 'properties', or give an "
						 "expression; '*' is the whole raw row.")));
	if (strcmp(about, CONTRACT_ABOUT_ROW) == 0)
		return NULL;
	error_context_stack = &callback;
	expression = expression_parse(raw, "about", about);
	error_context_stack = callback.previous;
	if (getBaseType(exprType(expression)) != JSONBOID)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("argument about must be of type jsonb, not %s",
							   format_type_be(exprType(expression))),
						errhint("Name a column of type jsonb or cast it, for instance: about => "
								"%s",
								quote_literal_cstr(psprintf("(%s)::jsonb", about)))));
	expression_check_immutable(expression, "about", about, NULL);
	/* of a domain, the value */
	return expression_convert(expression, JSONBOID, false);
}

/*
 * contract_check_mode reports a mode that there is none of.
 */
void
contract_check_mode(const char *mode)
{
	int found = mode == NULL ? -1 : contract_mode_find(mode);

	if (found < 0 || found == CONTRACT_COUNT)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						mode == NULL ? errmsg("mode must not be null")
									 : errmsg("there is no mode \"%s\"", mode),
						errhint("It is quarantine, which keeps events with a violation out of the "
								"sessions, warn, which only counts them, or reject, which has the "
								"insert fail.")));
}

/*
 * find_rule returns the rule of a name, in any case; NULL if there is none.
 */
static const CompatibilityRule *
find_rule(const char *name)
{
	for (int i = 0; name != NULL && i < (int) lengthof(rules); i++)
		if (pg_strcasecmp(rules[i].name, name) == 0)
			return &rules[i];
	return NULL;
}

/*
 * contract_read_compatibility returns the rule that a name means.
 */
char *
contract_read_compatibility(const char *given)
{
	const CompatibilityRule *rule = find_rule(given);

	if (rule == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						given == NULL ? errmsg("compatibility must not be null")
									  : errmsg("there is no compatibility \"%s\"", given),
						errhint("It is NONE, BACKWARD, FORWARD, FULL, BACKWARD_TRANSITIVE, "
								"FORWARD_TRANSITIVE or FULL_TRANSITIVE.")));
	return pstrdup(rule->name);
}

/* Looks for the contracts that a schema refers to. */
typedef struct Lookup
{
	const Pipeline *pipeline;
	List *found; /* their numbers */
} Lookup;

/*
 * is_meta_schema tells whether a URI is that of a meta-schema, which all schemas may refer to.
 */
static bool
is_meta_schema(const char *uri)
{
	SchemaSource nothing = {NULL, NULL};

	return schema_source_find(&nothing, uri) != NULL;
}

/*
 * version_list returns a list of contracts and versions for messages.
 */
static char *
version_list(const List *contracts)
{
	StringInfoData list;
	ListCell *cell;

	initStringInfo(&list);
	foreach (cell, contracts)
	{
		const Contract *contract = lfirst(cell);

		appendStringInfo(&list, "%sversion %s of the %s", list.len > 0 ? ", " : "",
						 contract->version, contract_text(&contract->name));
	}
	return list.data;
}

/*
 * report_not_found reports a URI that no contract has.
 */
pg_noreturn static void
report_not_found(const Pipeline *pipeline, const char *uri)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("the schema refers to \"%s\", which is the \"$id\" of no contract of "
					"pipeline \"%s\"",
					uri, pipeline->name),
			 errhint("Register the contract with that \"$id\" first: SELECT "
					 "sessionize.create_contract(%s, ...); or refer to a schema inside this one, "
					 "such as \"#/$defs/name\".",
					 quote_literal_cstr(pipeline->name))));
}

/*
 * lookup_contract returns the schema of the contract that has a URI.  Of type SchemaLookup.
 */
static const Jsonb *
lookup_contract(void *arg, const char *uri)
{
	Lookup *lookup = arg;
	List *found = NIL;

	if (is_meta_schema(uri))
		return NULL;
	if (uri_split((TextView){uri, (uint32) strlen(uri)}).scheme.data != NULL)
		found = contract_with_id(lookup->pipeline->id, uri);
	if (found == NIL)
		report_not_found(lookup->pipeline, uri);
	if (list_length(found) > 1)
		ereport(
			ERROR,
			(errcode(ERRCODE_AMBIGUOUS_ALIAS),
			 errmsg("the schema refers to \"%s\", which is the \"$id\" of several contracts", uri),
			 errdetail("It is that of %s.", version_list(found)),
			 errhint("Register the schema that is meant with an \"$id\" of its own, for "
					 "instance one with its version in it.")));
	lookup->found =
		list_append_unique_int(lookup->found, ((const Contract *) linitial(found))->number);
	return ((const Contract *) linitial(found))->schema;
}

/*
 * check_id reports an "$id" that would make the references of others ambiguous.
 */
static void
check_id(const Pipeline *pipeline, const Jsonb *schema)
{
	JsonView root = json_root(schema);
	JsonView id;
	char *uri;
	ListCell *cell;

	if (root.kind != JSON_OBJECT || !json_get(root, (TextView) TEXT_VIEW("$id"), &id) ||
		id.kind != JSON_STRING)
		return;
	uri = pnstrdup(id.data, id.len);
	if (id.len > 0 && uri[id.len - 1] == '#')
		uri[id.len - 1] = '\0';
	if (is_meta_schema(uri))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the \"$id\" of a contract can't be \"%s\"", uri),
						errdetail("It is that of a meta-schema."),
						errhint("Give the schema an \"$id\" of its own, or none. \"$schema\" says "
								"which draft it is written in.")));
	foreach (cell, contract_with_id(pipeline->id, uri))
	{
		const Contract *other = lfirst(cell);
		List *referrers = contract_referrers(pipeline->id, other->number);

		if (referrers != NIL)
			ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
							errmsg("\"%s\" is the \"$id\" of version %s of the %s", uri,
								   other->version, contract_text(&other->name)),
							errdetail("The %s refers to it: it must mean one schema.",
									  version_list(list_make1(linitial(referrers)))),
							errhint("Give the schema an \"$id\" of its own, for instance one with "
									"its version in it.")));
	}
}

/*
 * check_references reports a schema that is not in order, and returns the numbers of the contracts
 * that it refers to.
 */
static List *
check_references(const Pipeline *pipeline, const Jsonb *schema)
{
	Lookup lookup = {pipeline, NIL};
	SchemaSource source = {lookup_contract, &lookup};
	SchemaOptions options = {.assert_format = true, .strict = true};
	MemoryContext memory =
		AllocSetContextCreate(CurrentMemoryContext, "sessionize contract", ALLOCSET_DEFAULT_SIZES);
	List *found;

	(void) schema_compile(schema, &source, options, memory);
	found = list_copy(lookup.found);
	MemoryContextDelete(memory);
	return found;
}

/*
 * contract_check_schema reports a schema that is not in order.
 */
List *
contract_check_schema(const Pipeline *pipeline, const Jsonb *schema)
{
	check_id(pipeline, schema);
	return check_references(pipeline, schema);
}

/*
 * contract_check_tried reports a schema that is not in order.
 */
Jsonb *
contract_check_tried(const Pipeline *pipeline, const Jsonb *schema)
{
	return contract_documents_of(pipeline->id, check_references(pipeline, schema));
}

/*
 * check_place reports a version that has no place beside another one.
 */
static void
check_place(const Contract *contract, const char *key, const Contract *other)
{
	const char *other_key = contract_version_key(other->version);

	if (!contract_version_same_style(key, other_key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("version %s can't be ordered among those of the %s", contract->version,
						contract_text(&contract->name)),
				 errdetail("It has a version %s.", other->version),
				 errhint("Versions of one contract are all SchemaVers, such as 1-0-0, or all "
						 "semantic versions, such as 1.0.0.")));
	if (strcmp(key, other_key) == 0 && strcmp(contract->version, other->version) != 0)
		ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
						errmsg("version %s of the %s has the precedence of version %s",
							   contract->version, contract_text(&contract->name), other->version),
						errdetail("What follows a \"+\" does not count."),
						errhint("Choose a higher version.")));
}

/*
 * contract_check_version reports a version that has no place among others.
 */
void
contract_check_version(const Contract *contract, const List *versions)
{
	const char *key = contract_version_key(contract->version);
	const char *superseded;
	ListCell *cell;

	foreach (cell, versions)
		check_place(contract, key, lfirst(cell));
	if (contract->supersedes == NULL)
		return;
	superseded = contract_version_key(contract->supersedes);
	if (!contract_version_same_style(key, superseded) || strcmp(superseded, key) >= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("version %s can't supersede version %s", contract->version,
							   contract->supersedes),
						errhint("supersedes is an earlier version of the same contract.")));
}

/*
 * report_incompatible reports that a version is not compatible with an earlier one.  is_new: it is
 * the version that is being registered.
 */
pg_noreturn static void
report_incompatible(const Pipeline *pipeline, const Contract *contract, const Contract *earlier,
					const Compatibility *answer, bool is_new)
{
	const ContractName *name = &contract->name;

	ereport(ERROR,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg("version %s of the %s is not %s with version %s", contract->version,
					contract_text(name), find_rule(contract->compatibility)->adjective,
					earlier->version),
			 errdetail("At \"%s\": %s.", answer->path, answer->reason),
			 is_new ? errhint("Change the schema so that it is (properties that are not required "
							  "can always be added to an open object), or break it on purpose by "
							  "compatibility => 'NONE'.")
					: errhint("If version %s need not be, say so first: %s", contract->version,
							  contract_call(pipeline->name, "alter_contract", name,
											contract->version, "compatibility => 'NONE'"))));
}

/*
 * lookup_registered returns the schema of the contract that has a URI, for versions that are
 * registered.  Of type SchemaLookup.
 */
static const Jsonb *
lookup_registered(void *arg, const char *uri)
{
	const Pipeline *pipeline = arg;
	List *found = contract_with_id(pipeline->id, uri);

	return list_length(found) == 1 ? ((const Contract *) linitial(found))->schema : NULL;
}

/*
 * check_pair reports that a version is not compatible with an earlier one as it promises.
 */
static void
check_pair(const Pipeline *pipeline, const Contract *contract, const Contract *earlier, bool is_new)
{
	CompatibilityMode mode = find_rule(contract->compatibility)->mode;
	SchemaSource source = {lookup_registered, unconstify(Pipeline *, pipeline)};
	Compatibility answer;

	CHECK_FOR_INTERRUPTS();
	if (mode == COMPATIBLE_NONE)
		return;
	answer = compare_contracts_with(earlier->schema, contract->schema, mode, &source);
	if (!answer.compatible)
		report_incompatible(pipeline, contract, earlier, &answer, is_new);
}

/*
 * compare_versions orders versions, the latest first.  Of type list_sort_comparator.
 */
static int
compare_versions(const ListCell *a, const ListCell *b)
{
	return strcmp(contract_version_key(((const Contract *) lfirst(b))->version),
				  contract_version_key(((const Contract *) lfirst(a))->version));
}

/*
 * earlier_versions returns the versions before one, the latest first.
 */
static List *
earlier_versions(const Contract *contract, const List *versions)
{
	const char *key = contract_version_key(contract->version);
	List *earlier = NIL;
	ListCell *cell;

	foreach (cell, versions)
		if (strcmp(contract_version_key(((const Contract *) lfirst(cell))->version), key) < 0)
			earlier = lappend(earlier, lfirst(cell));
	list_sort(earlier, compare_versions);
	return earlier;
}

/*
 * contract_check_compatible reports that a version breaks what it promises.
 */
void
contract_check_compatible(const Pipeline *pipeline, const Contract *contract, const List *versions)
{
	ListCell *cell;

	foreach (cell, earlier_versions(contract, versions))
	{
		check_pair(pipeline, contract, lfirst(cell), true);
		if (!find_rule(contract->compatibility)->is_transitive)
			break;
	}
}

/*
 * contract_check_inserted reports that a new version breaks what later ones promise.
 */
void
contract_check_inserted(const Pipeline *pipeline, const Contract *contract, const List *versions)
{
	const char *key = contract_version_key(contract->version);
	List *all = list_copy(versions);
	ListCell *cell;
	const Contract *next = NULL; /* the version after it */

	list_sort(all, compare_versions);
	foreach (cell, all)
	{
		const Contract *later = lfirst(cell);

		if (strcmp(contract_version_key(later->version), key) <= 0)
			break;
		if (find_rule(later->compatibility)->is_transitive)
			check_pair(pipeline, later, contract, false);
		next = later;
	}
	if (next != NULL && !find_rule(next->compatibility)->is_transitive)
		check_pair(pipeline, next, contract, false);
}

/*
 * contract_check_removed reports that the version after one promises what does not hold without
 * that one.
 */
void
contract_check_removed(const Pipeline *pipeline, const Contract *contract, const List *versions)
{
	List *earlier = earlier_versions(contract, versions);
	const char *key = contract_version_key(contract->version);
	const Contract *next = NULL;
	ListCell *cell;

	foreach (cell, versions)
	{
		const Contract *other = lfirst(cell);
		const char *other_key = contract_version_key(other->version);

		if (strcmp(other_key, key) > 0 &&
			(next == NULL || strcmp(other_key, contract_version_key(next->version)) < 0))
			next = other;
	}
	if (next != NULL && earlier != NIL)
		check_pair(pipeline, next, linitial(earlier), false);
}
