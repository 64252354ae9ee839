/*
 * contract_catalog.h
 *		The extension's own table of contracts, and their schemas, compiled.
 *
 * A version of a contract never gets another schema, and what its schema refers to can neither be
 * dropped nor come to be ambiguous.  So what a schema means is settled when it is registered.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CONTRACT_CATALOG_H
#define SESSIONIZE_CONTRACT_CATALOG_H

#include "nodes/pg_list.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "contract/program_cache.h"
#include "spi/statement.h"

/* What a contract is for; its versions have it in common. */
typedef struct ContractName
{
	const char *event_name; /* NULL: all events */
	const char *about;
} ContractName;

/* A contract in messages: contract for event "x" about "y". */
extern char *contract_text(const ContractName *name);

/*
 * A call of a function with a contract's name as its arguments, and with a version and one more
 * argument unless these are NULL.
 */
extern char *contract_call(const char *pipeline, const char *function, const ContractName *name,
						   const char *version, const char *argument);

/* A version of a contract. */
typedef struct Contract
{
	int32 number; /* of the pipeline's; that of a version that was dropped may be given again */
	ContractName name;
	const char *version;
	int16 document; /* the number of what it is about */
	const Jsonb *schema;
	const char *mode;
	bool is_active;
	const char *compatibility;
	const char *contact; /* NULL: not known; so are the next three */
	const char *description;
	const char *supersedes;
	const TimestampTz *deprecated_at;
} Contract;

/* Everything in CurrentMemoryContext, and as this transaction sees it with its own changes. */

/* All versions (Contract *) of a contract, or of all contracts, in the order of registration. */
extern List *contract_versions(int32 pipeline, const ContractName *name);
extern List *contract_all(int32 pipeline);

/* A version of a contract; NULL if there is none. */
extern Contract *contract_find(int32 pipeline, const ContractName *name, const char *version);

/* Which versions of contracts a pipeline has at all. */
typedef enum ContractPresence
{
	CONTRACTS_NONE,
	CONTRACTS_REGISTERED, /* but none of them is active */
	CONTRACTS_ACTIVE
} ContractPresence;

extern ContractPresence contract_presence(int32 pipeline);

/*
 * Add a version, that is not active, and the numbers of the contracts that it refers to; its number
 * is set.
 */
extern void contract_insert(int32 pipeline, Contract *contract, const List *refers_to);

/* Write what a version has, but for its schema. */
extern void contract_update(int32 pipeline, const Contract *contract);

/*
 * Have this version of a contract be active and no other one; 0: none.  Returns whether anything
 * changed.
 */
extern bool contract_set_active(int32 pipeline, const ContractName *name, int32 number);

extern void contract_delete(int32 pipeline, int32 number);

/* The contracts (Contract *) whose schemas have an "$id". */
extern List *contract_with_id(int32 pipeline, const char *id);

/* The contracts (Contract *) that refer to one, by way of others as well. */
extern List *contract_referrers(int32 pipeline, int32 number);

/*
 * The schemas that a contract refers to, as an object of schemas by URI: all that its schema has to
 * be compiled with.
 */
extern Jsonb *contract_documents(int32 pipeline, int32 number);

/* The schemas of contracts, by their numbers, as such an object. */
extern Jsonb *contract_documents_of(int32 pipeline, const List *numbers);

/*
 * The compiled schema of a contract, to be released with cached_program_release().  It depends on
 * the bytes of the schema and of the documents only, so it can't be out of date.  Formats are
 * asserted.
 */
extern CachedProgram *contract_program(const Jsonb *schema, const Jsonb *documents);

#endif /* SESSIONIZE_CONTRACT_CATALOG_H */
