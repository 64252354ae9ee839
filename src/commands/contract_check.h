/*
 * contract_check.h
 *		What a version of a contract must fulfil to be registered.
 *
 * Each function raises an error that says what to do, unless all is in order.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_CONTRACT_CHECK_H
#define SESSIONIZE_CONTRACT_CHECK_H

#include "nodes/nodes.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"

#include "catalog/contract_catalog.h"
#include "catalog/pipeline.h"

/* The whole raw row is a document, too. */
#define CONTRACT_ABOUT_ROW "*"

/* The name of an event, of a contract, and what the contract is about. */
extern void contract_check_name(const ContractName *name);

/*
 * What a contract is about: an immutable expression over the raw row, which is returned as one of
 * type jsonb; NULL for the whole row.
 */
extern Node *contract_about_parse(Relation raw, const char *about);

/* The name of a mode. */
extern void contract_check_mode(const char *mode);

/* The rule that a name means, in capital letters. */
extern char *contract_read_compatibility(const char *given);

/*
 * The schema.  Returns the numbers of the pipeline's contracts that it refers to, by way of others
 * as well.
 */
extern List *contract_check_schema(const Pipeline *pipeline, const Jsonb *schema);

/*
 * The same of a schema that is not going to be registered, or is already.  Returns the documents
 * that it refers to, as an object of schemas by URI.
 */
extern Jsonb *contract_check_tried(const Pipeline *pipeline, const Jsonb *schema);

/*
 * The place of a version among those that the contract has, and what it supersedes; the version
 * itself may be one of them.
 */
extern void contract_check_version(const Contract *contract, const List *versions);

/*
 * Compatibility: each version fulfils what it promises about the version before it, or about all
 * versions before it.  The versions are those that the contract has.  The first function checks
 * what a version promises; the second one what later versions do, when a version is registered; the
 * third one what the next version does, when a version is dropped.
 */
extern void
contract_check_compatible(const Pipeline *pipeline, const Contract *contract, const List *versions);
extern void
contract_check_inserted(const Pipeline *pipeline, const Contract *contract, const List *versions);
extern void
contract_check_removed(const Pipeline *pipeline, const Contract *contract, const List *versions);

#endif /* SESSIONIZE_CONTRACT_CHECK_H */
