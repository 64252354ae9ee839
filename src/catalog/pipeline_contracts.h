/*
 * pipeline_contracts.h
 *		The contracts by which a pipeline's raw rows are judged.
 *
 * A contract is about a document, an expression of type jsonb, which is a column of the view
 * "source" as attributes are (definition.h).  Such a column is read and judged, and nothing keeps
 * it: neither records nor the table "sealed" have it.  Its type tells, since no value that is kept
 * is of type jsonb.  The version that an event names is such a column, too.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PIPELINE_CONTRACTS_H
#define SESSIONIZE_PIPELINE_CONTRACTS_H

#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "catalog/definition.h"
#include "catalog/pipeline.h"
#include "spi/statement.h"

/* Whether an attribute that was added to the view "source" is read and judged only. */
static inline bool
attribute_is_judged(Oid type)
{
	return type == JSONBOID;
}

/* The same of a column of the view.  A session key, say, of type jsonb is kept. */
static inline bool
column_is_judged(int column, Oid type)
{
	return column >= SRC_NCOLUMNS && attribute_is_judged(type);
}

/*
 * What the names of these columns begin with: a number follows, and another one where the name is
 * taken.
 */
#define CONTRACT_DOCUMENT "document_"
#define CONTRACT_VERSION  "contract_version"

/* What becomes of an event that violates a contract, or that has none. */
typedef enum ContractMode
{
	CONTRACT_COUNT, /* of unplanned events only: nothing */
	CONTRACT_WARN,
	CONTRACT_QUARANTINE,
	CONTRACT_REJECT /* the statement fails; an event that is there is quarantined */
} ContractMode;

/* What a mode means for an event that is in the raw table. */
static inline ContractMode
contract_mode_derived(ContractMode mode)
{
	return Min(mode, CONTRACT_QUARANTINE);
}

/* A version of a contract that events may be checked by. */
typedef struct JudgedContract
{
	const char *event_name; /* NULL: it is for all events */
	const char *version;
	SourceColumn column; /* with the document that it is about */
	ContractMode mode;
	bool is_active;
	const Jsonb *schema;
	const Jsonb *documents; /* what the schema refers to: an object of schemas by URI */
} JudgedContract;

/*
 * The contracts, in the order of event names with NULL first, columns and versions.  Only if events
 * name versions are there any that are not active.
 */
typedef struct PipelineContracts
{
	int count;
	JudgedContract *list;
	int version; /* the column with the version that an event names; -1: no event names any */
	ContractMode unplanned;
} PipelineContracts;

/*
 * Whether an insert may fail: there is a contract of mode "reject" by which events may be checked.
 * contracts may be NULL.
 */
extern bool pipeline_contracts_reject(const PipelineContracts *contracts);

/* The name of a mode; the mode of a name, or -1. */
extern const char *contract_mode_name(ContractMode mode);
extern int contract_mode_find(const char *name);

/*
 * The column of the view "source" that the user's expression was given for; -1 if there is none.
 * name begins the column's name.
 */
extern int
pipeline_contract_column(const Definition *definition, const char *name, const char *given);

/*
 * Read a pipeline's contracts into CurrentMemoryContext; NULL if there is nothing to judge by.  The
 * definition is the pipeline's.
 */
extern const PipelineContracts *
pipeline_contracts_load(int32 pipeline, const Definition *definition, SqlAccess access);

/* A copy for a pipeline whose columns are others: columns has the new one for each column. */
extern const PipelineContracts *
pipeline_contracts_moved(const PipelineContracts *contracts, const SourceColumn *columns);

/* Append what a derivation depends on, as text. */
extern void pipeline_contracts_append_text(const PipelineContracts *contracts, StringInfo text);

/*
 * Write contracts as bytes that another process can read; the result of reading points into them,
 * which must be aligned to 8 bytes.
 */
extern void pipeline_contracts_write(const PipelineContracts *contracts, StringInfo to);
extern const PipelineContracts *pipeline_contracts_read(const char *from);

#endif /* SESSIONIZE_PIPELINE_CONTRACTS_H */
