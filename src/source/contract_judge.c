/*
 * contract_judge.c
 *		Judging raw rows by contracts.
 *
 * Contracts are grouped: those of one event name (or those for all events) about one document,
 * which are versions of each other.  Of each group that an event has at most one version applies.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "compat.h"
#include "contract/program_cache.h"
#include "contract/walk_limit.h"
#include "source/contract_judge.h"
#include "utils/text_view.h"

/* The versions of one contract: a part of the judge's list. */
typedef struct ContractGroup
{
	int first;
	int end;
	int active; /* -1: none is */
} ContractGroup;

/* The groups of an event name: a part of the judge's groups. */
typedef struct EventGroups
{
	TextView name; /* no data: of all events */
	int first;
	int end;
	bool counts; /* one of the contracts matters to the judge */
} EventGroups;

struct ContractJudge
{
	const PipelineContracts *contracts;
	ContractMode keeps_out;   /* the least mode whose violation keeps a row out */
	ContractMode least;       /* contracts of a lesser mode do not matter */
	CachedProgram **programs; /* of each contract */
	ContractGroup *groups;
	int nevents;
	EventGroups *events; /* in the order of names */
	EventGroups all;     /* of all events; empty if there are none */
	MemoryContextCallback callback;
};

/*
 * release_programs gives the compiled schemas back, when the judge's memory goes.
 */
static void
release_programs(void *arg)
{
	ContractJudge *judge = arg;

	for (int i = 0; i < judge->contracts->count; i++)
		if (judge->programs[i] != NULL)
			cached_program_release(judge->programs[i]);
}

/*
 * is_same_text tells whether two texts, NULL for none, are equal.
 */
static inline bool
is_same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/*
 * add_contract puts the next contract into its group; the contracts of a group follow each other.
 */
static void
add_contract(ContractJudge *judge, int *ngroups, int i)
{
	const JudgedContract *contract = &judge->contracts->list[i];
	const JudgedContract *before = i == 0 ? NULL : contract - 1;
	bool same_event = before != NULL && is_same_text(before->event_name, contract->event_name);
	EventGroups *event;
	ContractGroup *group;

	if (contract->event_name == NULL)
		event = &judge->all;
	else if (same_event)
		event = &judge->events[judge->nevents - 1];
	else
	{
		event = &judge->events[judge->nevents++];
		event->name = (TextView){contract->event_name, strlen(contract->event_name)};
	}
	if (!same_event)
		event->first = *ngroups;
	if (!same_event || before->column != contract->column)
		judge->groups[(*ngroups)++] = (ContractGroup){.first = i, .active = -1};
	event->end = *ngroups;
	group = &judge->groups[*ngroups - 1];
	group->end = i + 1;
	event->counts |= contract->mode >= judge->least;
	if (contract->is_active)
		group->active = i;
}

/*
 * contract_judge_create creates a judge.
 */
ContractJudge *
contract_judge_create(const PipelineContracts *contracts, JudgePurpose purpose)
{
	ContractJudge *judge = palloc0(sizeof(ContractJudge));
	int ngroups = 0;

	judge->contracts = contracts;
	judge->keeps_out = purpose == JUDGE_INSERTS ? CONTRACT_REJECT : CONTRACT_QUARANTINE;
	judge->least = purpose == JUDGE_INSERTS ? CONTRACT_REJECT : CONTRACT_WARN;
	judge->programs = palloc0(contracts->count * sizeof(CachedProgram *));
	judge->groups = palloc0(contracts->count * sizeof(ContractGroup));
	judge->events = palloc0(contracts->count * sizeof(EventGroups));
	judge->callback = (MemoryContextCallback){.func = release_programs, .arg = judge};
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &judge->callback);
	for (int i = 0; i < contracts->count; i++)
	{
		const JudgedContract *contract = &contracts->list[i];
		ProgramKey key = {contract->schema, contract->documents, true};

		add_contract(judge, &ngroups, i);
		judge->programs[i] = cached_program_get(&key);
	}
	return judge;
}

/*
 * compare_names orders two names by their bytes.
 */
static inline int
compare_names(TextView a, TextView b)
{
	int order = memcmp(a.data, b.data, Min(a.len, b.len));

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/*
 * find_event returns the groups of an event name; NULL if there are none.
 */
static const EventGroups *
find_event(const ContractJudge *judge, TextView name)
{
	int low = 0;
	int high = judge->nevents;

	while (low < high)
	{
		int middle = (low + high) / 2;
		int order = compare_names(name, judge->events[middle].name);

		if (order == 0)
			return &judge->events[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/*
 * version_of returns the version that an event names; no data if it names none.
 */
static TextView
version_of(const ContractJudge *judge, const SourceRow *row)
{
	int column = judge->contracts->version;
	JsonbValue value;
	Jsonb *version;

	if (column < 0 || row->isnull[column])
		return (TextView){NULL, 0};
	version = DatumGetJsonbP(row->values[column]);
	if (!JB_ROOT_IS_SCALAR(version) || !JsonbExtractScalar(&version->root, &value) ||
		value.type != jbvString)
		return (TextView){NULL, 0};
	return (TextView){value.val.string.val, value.val.string.len};
}

/*
 * choose_version returns the number of the contract of a group that an event is checked by: the
 * version that it names, if that is registered, else the active one; -1 if there is none.
 */
static int
choose_version(const ContractJudge *judge, const ContractGroup *group, TextView named)
{
	for (int i = group->first; named.data != NULL && i < group->end; i++)
		if (text_view_is(named, judge->contracts->list[i].version))
			return i;
	return group->active;
}

/*
 * null_document returns the document of a row that has none: null.
 */
static const Jsonb *
null_document(void)
{
	JsonbValue null = {.type = jbvNull};

	return JsonbValueToJsonb(&null);
}

/*
 * check_document tells whether a document fulfils a contract, and else sets what is wrong.
 */
static bool
check_document(const SchemaProgram *program, const Jsonb *document, ContractVerdict *verdict)
{
	ViolationList list;

	if (check_violations(program, document, 1, &list))
		return true;
	verdict->rule = list.violations[0].keyword;
	verdict->path = list.violations[0].instance_path;
	verdict->message = list.violations[0].message;
	return false;
}

/*
 * check_group checks a row by one contract.  A violation is a matter of the contract's mode, which
 * is returned; CONTRACT_COUNT: there is none.
 */
static ContractMode
check_group(const ContractJudge *judge, const ContractGroup *group, const SourceRow *row,
			TextView named, ContractVerdict *verdict)
{
	int number = choose_version(judge, group, named);
	const JudgedContract *contract;
	const Jsonb *document;

	if (number < 0)
		return CONTRACT_COUNT;
	contract = &judge->contracts->list[number];
	if (contract->mode < judge->least)
		return CONTRACT_COUNT;
	document = row->isnull[contract->column] ? null_document()
											 : DatumGetJsonbP(row->values[contract->column]);
	if (check_document(cached_program(judge->programs[number]), document, verdict))
		return CONTRACT_COUNT;
	verdict->contract = contract;
	return contract->mode;
}

/*
 * check_groups checks a row by the contracts of some groups, until one keeps it out.
 */
static bool
check_groups(const ContractJudge *judge, const EventGroups *event, const SourceRow *row,
			 TextView named, ContractVerdict *verdict, bool *warned)
{
	for (int i = event->first; i < event->end; i++)
	{
		ContractMode mode = check_group(judge, &judge->groups[i], row, named, verdict);

		if (mode >= judge->keeps_out)
			return false;
		*warned |= mode == CONTRACT_WARN;
	}
	return true;
}

/*
 * check_unplanned judges a row whose event has no contract.
 */
static bool
check_unplanned(const ContractJudge *judge, ContractVerdict *verdict, bool *warned)
{
	*warned |= judge->contracts->unplanned == CONTRACT_WARN;
	if (judge->contracts->unplanned < judge->keeps_out)
		return true;
	*verdict = (ContractVerdict){
		.rule = "unplanned", .path = "", .message = "there is no contract for events of this name"};
	return false;
}

/*
 * event_of returns the groups of a row's event name; NULL if there are none.
 */
static inline const EventGroups *
event_of(const ContractJudge *judge, const SourceRow *row)
{
	const text *name;

	if (row->isnull[SRC_EVENT_NAME])
		return NULL;
	name = DatumGetTextPP(row->values[SRC_EVENT_NAME]);
	return find_event(judge, (TextView){VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)});
}

/*
 * contract_judge_concerns tells whether a contract is about a row.
 */
bool
contract_judge_concerns(const ContractJudge *judge, const SourceRow *row)
{
	const EventGroups *event;

	if (judge->all.counts)
		return true;
	event = event_of(judge, row);
	return event != NULL && event->counts;
}

/*
 * contract_judge_row judges a row.
 */
bool
contract_judge_row(const ContractJudge *judge, const SourceRow *row, ContractVerdict *verdict,
				   bool *warned)
{
	const EventGroups *event = event_of(judge, row);
	TextView named = {NULL, 0};

	if (event != NULL || judge->all.end > judge->all.first)
		named = version_of(judge, row);
	if (!check_groups(judge, &judge->all, row, named, verdict, warned))
		return false;
	if (event == NULL)
		return check_unplanned(judge, verdict, warned);
	return check_groups(judge, event, row, named, verdict, warned);
}
