/*
 * contracts.h
 *		Registering, changing and dropping versions of contracts.
 *
 * The pipeline is locked against refreshes and other changes.  Each function notes in the change
 * what follows (contract_change.h); where it is given the pipeline as well, this is as it is now, and is
 * loaded again if its columns change.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CONTRACTS_H
#define SESSIONIZE_CONTRACTS_H

#include "fmgr.h"

#include "catalog/contract_catalog.h"
#include "catalog/pipeline.h"
#include "commands/contract_change.h"

/*
 * The pipeline of a function's first argument, locked.  Error in a transaction that is read-only or
 * has one snapshot for all.
 */
extern Pipeline *contract_lock_pipeline(FunctionCallInfo fcinfo, const char *function);

/*
 * Register a version, that is not active.  Error unless all of it is in order; compatibility is
 * left to the caller (contract_check.h), as it is below: it is about what the contract has in the
 * end.
 */
extern void contract_register(ContractChange *change, Pipeline **pipeline, Contract *contract);

/* Have a version of a contract be active, 0: none.  Returns whether anything changed. */
extern bool contract_activate(ContractChange *change, const ContractName *name, int32 number);

/*
 * Give a version what another one has, but for the schema.  Returns whether anything changed.
 */
extern bool contract_alter(ContractChange *change, const Contract *present, const Contract *wanted);

/* The names of what two versions differ in, beside their schemas; empty if there is nothing. */
extern char *contract_differences(const Contract *a, const Contract *b);

/* Error if a version that is registered is given another schema. */
extern void contract_check_same_schema(const Contract *present, const Contract *given);

/* The version that the arguments of create_contract() describe, and whether it is to be active. */
extern Contract contract_of_call(FunctionCallInfo fcinfo, bool *activate);

/* Drop a version.  Error if it is active, or if others refer to it. */
extern void contract_drop(ContractChange *change, Pipeline **pipeline, const Contract *contract);

#endif /* SESSIONIZE_CONTRACTS_H */
