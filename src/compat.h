/*
 * compat.h
 *		The only place that knows PostgreSQL's versions (15 to 19, and the development of 20).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COMPAT_H
#define SESSIONIZE_COMPAT_H

#include "postgres.h"

#include "access/attmap.h"
#include "access/tableam.h"
#include "access/tupdesc.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "commands/explain.h"
#include "executor/executor.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "nodes/pathnodes.h"
#include "utils/acl.h"
#include "utils/wait_event.h"
#include "utils/memutils.h"
#include "utils/rel.h"
/* included by postgres.h up to PostgreSQL 15 */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#include "rewrite/rewriteHandler.h"
#endif

#if PG_VERSION_NUM < 150000
#error "pg_sessionize needs PostgreSQL 15 or later"
#endif

/* PostgreSQL 16 has one function for the privileges of all kinds of objects. */
#if PG_VERSION_NUM >= 160000
#define sz_database_aclcheck(database, role, mode)                                                 \
	object_aclcheck(DatabaseRelationId, (database), (role), (mode))
#define sz_schema_aclcheck(schema, role, mode)                                                     \
	object_aclcheck(NamespaceRelationId, (schema), (role), (mode))
#define sz_function_aclcheck(function, role, mode)                                                 \
	object_aclcheck(ProcedureRelationId, (function), (role), (mode))
#define sz_relation_ownercheck(relation, role)                                                     \
	object_ownercheck(RelationRelationId, (relation), (role))
#define sz_database_ownercheck(database, role)                                                     \
	object_ownercheck(DatabaseRelationId, (database), (role))
#define sz_extension_ownercheck(extension, role)                                                   \
	object_ownercheck(ExtensionRelationId, (extension), (role))
#else
#define sz_database_aclcheck(database, role, mode) pg_database_aclcheck((database), (role), (mode))
#define sz_schema_aclcheck(schema, role, mode)     pg_namespace_aclcheck((schema), (role), (mode))
#define sz_function_aclcheck(function, role, mode) pg_proc_aclcheck((function), (role), (mode))
#define sz_relation_ownercheck(relation, role)     pg_class_ownercheck((relation), (role))
#define sz_database_ownercheck(database, role)     pg_database_ownercheck((database), (role))
#define sz_extension_ownercheck(extension, role)   pg_extension_ownercheck((extension), (role))
#endif

/* PostgreSQL 18 defines pg_noreturn, which stands before the declaration. */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/* PostgreSQL 19 tells the planner's hook what EXPLAIN wants to know. */
#if PG_VERSION_NUM >= 190000
#define SZ_PLANNER_PARAMETERS                                                                      \
	Query *parse, const char *query_string, int cursor_options, ParamListInfo bound_params,        \
		ExplainState *explain
#define SZ_PLANNER_ARGUMENTS parse, query_string, cursor_options, bound_params, explain
#else
#define SZ_PLANNER_PARAMETERS                                                                      \
	Query *parse, const char *query_string, int cursor_options, ParamListInfo bound_params
#define SZ_PLANNER_ARGUMENTS parse, query_string, cursor_options, bound_params
#endif

/* PostgreSQL 18 can leave room in front of a minimal tuple. */
#if PG_VERSION_NUM >= 180000
#define sz_form_minimal_tuple(desc, values, isnull)                                                \
	heap_form_minimal_tuple((desc), (values), (isnull), 0)
#else
#define sz_form_minimal_tuple(desc, values, isnull)                                                \
	heap_form_minimal_tuple((desc), (values), (isnull))
#endif

/* PostgreSQL 19 wants a call when all columns of a tuple descriptor are initialized. */
#if PG_VERSION_NUM >= 190000
#define sz_finish_tuple_desc(desc) TupleDescFinalize(desc)
#else
#define sz_finish_tuple_desc(desc) ((void) (desc))
#endif

/* PostgreSQL 16 names relations' files by locators. */
#if PG_VERSION_NUM >= 160000
#define sz_relation_file(rel) ((rel)->rd_locator.relNumber)
#else
#define sz_relation_file(rel) ((rel)->rd_node.relNode)
#endif

/* PostgreSQL 17 lets the caller give the memory of a lexer of JSON. */
#if PG_VERSION_NUM >= 170000
#define sz_json_lexer(text, length, encoding)                                                      \
	makeJsonLexContextCstringLen(NULL, (text), (length), (encoding), true)
#else
#define sz_json_lexer(text, length, encoding)                                                      \
	makeJsonLexContextCstringLen((text), (length), (encoding), true)
#endif

/* PostgreSQL 17 lets a partitioned table have an identity column. */
#define SZ_PARTITIONED_IDENTITY (PG_VERSION_NUM >= 170000)

/* PostgreSQL 17 has infinite intervals. */
#if PG_VERSION_NUM >= 170000
#define SZ_INTERVAL_NOT_FINITE(value) INTERVAL_NOT_FINITE(value)
#else
#define SZ_INTERVAL_NOT_FINITE(value) false
#endif

/*
 * sz_check_select raises the error that a SELECT of these columns would raise if the current user
 * lacks the privilege.  The bitmapset has attribute numbers minus
 * FirstLowInvalidHeapAttributeNumber.
 */
static inline void
sz_check_select(Relation rel, Bitmapset *columns)
{
	RangeTblEntry *rte = makeNode(RangeTblEntry);
#if PG_VERSION_NUM >= 160000
	RTEPermissionInfo *privileges = makeNode(RTEPermissionInfo);
#else
	RangeTblEntry *privileges = rte;
#endif

	rte->rtekind = RTE_RELATION;
	rte->relid = RelationGetRelid(rel);
	rte->relkind = rel->rd_rel->relkind;
	rte->rellockmode = AccessShareLock;
	privileges->relid = RelationGetRelid(rel);
	privileges->requiredPerms = ACL_SELECT;
	privileges->selectedCols = columns;
#if PG_VERSION_NUM >= 160000
	rte->perminfoindex = 1;
	ExecCheckPermissions(list_make1(rte), list_make1(privileges), true);
#else
	ExecCheckRTPerms(list_make1(rte), true);
#endif
}

/*
 * sz_is_virtual tells whether a column is computed when it is read, not stored (PostgreSQL 18).
 */
static inline bool
sz_is_virtual(Form_pg_attribute att)
{
#ifdef ATTRIBUTE_GENERATED_VIRTUAL
	return att->attgenerated == ATTRIBUTE_GENERATED_VIRTUAL;
#else
	(void) att;
	return false;
#endif
}

/*
 * sz_expand_virtual replaces a relation's virtual columns (PostgreSQL 18) by their expressions.
 */
static inline Node *
sz_expand_virtual(Node *node, Relation rel, int rt_index)
{
#ifdef ATTRIBUTE_GENERATED_VIRTUAL
	return expand_generated_columns_in_expr(node, rel, rt_index);
#else
	(void) rel;
	(void) rt_index;
	return node;
#endif
}

/* PostgreSQL 16 has a third argument; here no attribute may be missing. */
#if PG_VERSION_NUM >= 160000
#define sz_attrmap_by_name(from, to) build_attrmap_by_name((from), (to), false)
#else
#define sz_attrmap_by_name(from, to) build_attrmap_by_name((from), (to))
#endif

/*
 * PostgreSQL 16 can leave indexes out, and PostgreSQL 19 takes flags; here all indexes get entries.
 */
#if PG_VERSION_NUM >= 190000
#define sz_insert_index_tuples(result, slot, estate)                                               \
	ExecInsertIndexTuples((result), (estate), 0, (slot), NIL, NULL)
#elif PG_VERSION_NUM >= 160000
#define sz_insert_index_tuples(result, slot, estate)                                               \
	ExecInsertIndexTuples((result), (slot), (estate), false, false, NULL, NIL, false)
#else
#define sz_insert_index_tuples(result, slot, estate)                                               \
	ExecInsertIndexTuples((result), (slot), (estate), false, false, NULL, NIL)
#endif

/* PostgreSQL 18 can count what an index scan does, and PostgreSQL 19 takes flags for scans. */
#if PG_VERSION_NUM >= 190000
#define sz_index_beginscan(table, index, snapshot, nkeys)                                          \
	index_beginscan((table), (index), (snapshot), NULL, (nkeys), 0, SO_NONE)
#define sz_table_beginscan(table, snapshot) table_beginscan((table), (snapshot), 0, NULL, SO_NONE)
#define sz_table_beginscan_parallel(table, parallel)                                               \
	table_beginscan_parallel((table), (parallel), SO_NONE)
#elif PG_VERSION_NUM >= 180000
#define sz_index_beginscan(table, index, snapshot, nkeys)                                          \
	index_beginscan((table), (index), (snapshot), NULL, (nkeys), 0)
#else
#define sz_index_beginscan(table, index, snapshot, nkeys)                                          \
	index_beginscan((table), (index), (snapshot), (nkeys), 0)
#endif
#if PG_VERSION_NUM < 190000
#define sz_table_beginscan(table, snapshot)          table_beginscan((table), (snapshot), 0, NULL)
#define sz_table_beginscan_parallel(table, parallel) table_beginscan_parallel((table), (parallel))
#endif

/*
 * PostgreSQL 19 takes options for deletes and updates.  Concurrent writers of the row are waited
 * for.
 */
#if PG_VERSION_NUM >= 190000
#define sz_table_delete(table, tid, command, snapshot, failure)                                    \
	table_tuple_delete((table), (tid), (command), 0, (snapshot), InvalidSnapshot, true, (failure))
#define sz_table_update(table, tid, slot, command, snapshot, failure, mode, indexes)               \
	table_tuple_update((table), (tid), (slot), (command), 0, (snapshot), InvalidSnapshot, true,    \
					   (failure), (mode), (indexes))
#else
#define sz_table_delete(table, tid, command, snapshot, failure)                                    \
	table_tuple_delete((table), (tid), (command), (snapshot), InvalidSnapshot, true, (failure),    \
					   false)
#define sz_table_update(table, tid, slot, command, snapshot, failure, mode, indexes)               \
	table_tuple_update((table), (tid), (slot), (command), (snapshot), InvalidSnapshot, true,       \
					   (failure), (mode), (indexes))
#endif

/*
 * Which indexes need an entry for an updated row: all or none or, since PostgreSQL 16, only those
 * that summarize.
 */
#if PG_VERSION_NUM >= 160000
typedef TU_UpdateIndexes SzUpdateIndexes;
#define SZ_UPDATE_NO_INDEX           TU_None
#define sz_update_all_indexes(which) ((which) == TU_All)
#if PG_VERSION_NUM >= 190000
#define sz_update_index_tuples(result, slot, estate, which)                                        \
	ExecInsertIndexTuples((result), (estate),                                                      \
						  EIIT_IS_UPDATE |                                                         \
							  ((which) == TU_Summarizing ? EIIT_ONLY_SUMMARIZING : 0),             \
						  (slot), NIL, NULL)
#else
#define sz_update_index_tuples(result, slot, estate, which)                                        \
	ExecInsertIndexTuples((result), (slot), (estate), true, false, NULL, NIL,                      \
						  (which) == TU_Summarizing)
#endif
#else
typedef bool SzUpdateIndexes;
#define SZ_UPDATE_NO_INDEX           false
#define sz_update_all_indexes(which) (which)
#define sz_update_index_tuples(result, slot, estate, which)                                        \
	ExecInsertIndexTuples((result), (slot), (estate), true, false, NULL, NIL)
#endif

/* A StringInfo over bytes that are only read; a function since PostgreSQL 17. */
#if PG_VERSION_NUM >= 170000
#define sz_read_only_string_info(buf, bytes, size) initReadOnlyStringInfo((buf), (bytes), (size))
#else
#define sz_read_only_string_info(buf, bytes, size)                                                 \
	((buf)->data = (bytes), (buf)->len = (size), (buf)->maxlen = 0, (buf)->cursor = 0)
#endif

/* tuplesort_getdatum has an argument "copy" since PostgreSQL 16; before, it always copied. */
#if PG_VERSION_NUM >= 160000
#define sz_tuplesort_getdatum(sort, value, isnull)                                                 \
	tuplesort_getdatum((sort), true, true, (value), (isnull), NULL)
#else
#define sz_tuplesort_getdatum(sort, value, isnull)                                                 \
	tuplesort_getdatum((sort), true, (value), (isnull), NULL)
#endif

/*
 * The number of relations that EXPLAIN tells apart; without that of GROUP BY since PostgreSQL 18.
 */
#if PG_VERSION_NUM >= 180000
#define sz_explained_relations(es) ((es)->rtable_size)
#else
#define sz_explained_relations(es) list_length((es)->rtable)
#endif

/*
 * What the planner has left of GROUP BY when redundant columns are dropped, since PostgreSQL 16.
 */
#if PG_VERSION_NUM >= 160000
#define sz_group_clause(root) ((root)->processed_groupClause)
#else
#define sz_group_clause(root) ((root)->parse->groupClause)
#endif

/* PostgreSQL 18 counts disabled nodes apart from the cost. */
#if PG_VERSION_NUM >= 180000
#define sz_take_over_disabled_nodes(path, input) ((path)->disabled_nodes = (input)->disabled_nodes)
#else
#define sz_take_over_disabled_nodes(path, input) ((void) (path), (void) (input))
#endif

/* PostgreSQL 17 lets extensions name what they wait for. */
#if PG_VERSION_NUM >= 170000
#define sz_wait_event_new(name) WaitEventExtensionNew(name)
#else
#define sz_wait_event_new(name) ((void) (name), (uint32) PG_WAIT_EXTENSION)
#endif

#endif /* SESSIONIZE_COMPAT_H */
