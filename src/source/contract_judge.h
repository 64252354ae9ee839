/*
 * contract_judge.h
 *		Judging raw rows by contracts.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CONTRACT_JUDGE_H
#define SESSIONIZE_CONTRACT_JUDGE_H

#include "catalog/pipeline_contracts.h"
#include "source/source_mapping.h"

/* What is wrong with a row. */
typedef struct ContractVerdict
{
	const JudgedContract *contract; /* that is violated; NULL: the event has none */
	const char *rule; /* a keyword of JSON Schema, or why the contract could not be applied */
	const char *path; /* a JSON pointer into the document */
	const char *message;
} ContractVerdict;

typedef struct ContractJudge ContractJudge;

/* What a judge decides. */
typedef enum JudgePurpose
{
	JUDGE_EVENTS, /* of which rows no event can be made */
	JUDGE_INSERTS /* which rows must not come into the raw table: by mode "reject" alone */
} JudgePurpose;

/*
 * A judge by these contracts, which it refers to; in CurrentMemoryContext.  All schemas are
 * compiled.
 */
extern ContractJudge *
contract_judge_create(const PipelineContracts *contracts, JudgePurpose purpose);

/*
 * Whether a contract is about a row, of which no more is read than the event name.  Otherwise the
 * row is judged without any of its documents.
 */
extern bool contract_judge_concerns(const ContractJudge *judge, const SourceRow *row);

/*
 * Judge a row that is not filtered.  Returns false and sets *verdict, in CurrentMemoryContext, if
 * the row is to be kept out.  If an event can be made of it all the same, *warned is set to true
 * where a contract of mode "warn" is violated.
 */
extern bool contract_judge_row(const ContractJudge *judge, const SourceRow *row,
							   ContractVerdict *verdict, bool *warned);

#endif /* SESSIONIZE_CONTRACT_JUDGE_H */
