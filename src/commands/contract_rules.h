/*
 * contract_rules.h
 *		How events find their contracts, and what becomes of those that have none.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CONTRACT_RULES_H
#define SESSIONIZE_CONTRACT_RULES_H

#include "commands/contract_change.h"

/* The rules, as the user gave them. */
typedef struct ContractRules
{
	const char *version; /* the expression of the version that an event names; NULL: none */
	const char *unplanned;
} ContractRules;

/* Set the rules of a pipeline, which is as it is now.  Returns whether anything changed. */
extern bool
contract_rules_set(ContractChange *change, Pipeline *pipeline, const ContractRules *rules);

#endif /* SESSIONIZE_CONTRACT_RULES_H */
