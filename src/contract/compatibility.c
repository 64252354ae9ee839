/*
 * compatibility.c
 *		The SQL function contract_compatible(): whether one version of a contract is compatible with
 *		another one.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "contract/compatibility.h"
#include "contract/subset_budget.h"
#include "contract/subset_others.h"
#include "contract/subset_show.h"
#include "utils/arguments.h"

PG_FUNCTION_INFO_V1(sz_contract_compatible);

typedef struct ModeName
{
	const char *name;
	CompatibilityMode mode;
} ModeName;

static const ModeName mode_names[] = {{"none", COMPATIBLE_NONE},
									  {"backward", COMPATIBLE_BACKWARD},
									  {"forward", COMPATIBLE_FORWARD},
									  {"full", COMPATIBLE_FULL}};

CompatibilityMode
compatibility_mode(const char *name)
{
	for (int i = 0; i < (int) lengthof(mode_names); i++)
		if (strcmp(mode_names[i].name, name) == 0)
			return mode_names[i].mode;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("there is no compatibility mode \"%s\"", name),
					errhint("Use \"none\", \"backward\", \"forward\" or \"full\".")));
}

/*
 * compare_one_way tells whether one version accepts all that another one accepts.
 */
static bool
compare_one_way(const SubsetDocument *from, const SubsetDocument *to, Compatibility *answer)
{
	SubsetProof proof;

	subset_start(&proof, subset_show, from, to);
	answer->compatible = subset_show(&proof, subset_premise(subset_root(from)), subset_root(to));
	answer->path = answer->compatible ? NULL : proof.path;
	answer->reason = answer->compatible ? NULL : proof.reason;
	return answer->compatible;
}

/*
 * compare_documents compares two versions that are not identical.
 */
static void
compare_documents(const SubsetDocument *old_version, const SubsetDocument *new_version,
				  CompatibilityMode mode, Compatibility *answer)
{
	if ((mode & COMPATIBLE_BACKWARD) != 0 && !compare_one_way(old_version, new_version, answer))
		return;
	if ((mode & COMPATIBLE_FORWARD) != 0)
		compare_one_way(new_version, old_version, answer);
}

/*
 * compare_contracts_with compares two versions that refer to documents of a source.
 */
Compatibility
compare_contracts_with(const Jsonb *old_schema, const Jsonb *new_schema, CompatibilityMode mode,
					   const SchemaSource *source)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext memory =
		AllocSetContextCreate(caller, "sessionize contract versions", ALLOCSET_DEFAULT_SIZES);
	SubsetOthers others;
	Compatibility answer = {true, NULL, NULL};
	SubsetDocument *old_version;
	SubsetDocument *new_version;

	MemoryContextSwitchTo(memory);
	subset_budget_begin();
	old_version = subset_document(old_schema, "the old version");
	new_version = subset_document(new_schema, "the new version");
	others = subset_others(source);
	if (source != NULL)
		old_version->others = new_version->others = &others;
	if (VARSIZE(old_schema) != VARSIZE(new_schema) ||
		memcmp(old_schema, new_schema, VARSIZE(old_schema)) != 0)
		compare_documents(old_version, new_version, mode, &answer);
	MemoryContextSwitchTo(caller);
	if (!answer.compatible)
	{
		answer.path = pstrdup(answer.path);
		answer.reason = pstrdup(answer.reason);
	}
	MemoryContextDelete(memory);
	return answer;
}

/*
 * sz_contract_compatible tells whether two versions of a contract are compatible.
 */
Datum
sz_contract_compatible(PG_FUNCTION_ARGS)
{
	CompatibilityMode mode = compatibility_mode(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	SchemaSource source = schema_source_in_object(PG_GETARG_JSONB_P(3));
	Compatibility answer;
	Datum values[3] = {0};
	bool isnull[3] = {false, true, true};

	answer = compare_contracts_with(PG_GETARG_JSONB_P(0), PG_GETARG_JSONB_P(1), mode, &source);
	values[0] = BoolGetDatum(answer.compatible);
	if (!answer.compatible)
	{
		values[1] = CStringGetTextDatum(answer.path);
		values[2] = CStringGetTextDatum(answer.reason);
		isnull[1] = isnull[2] = false;
	}
	return result_row(fcinfo, values, isnull);
}
