/*
 * star_ddl.h
 *		The schema of a pipeline: makes its tables and indexes, and drops them.
 *
 * All functions run SQL as the current user: enter the owner's scope first.  The order of
 * fact_event's columns depends on the types of the keys, so as to lose little space to padding:
 * find columns by name.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_STAR_DDL_H
#define SESSIONIZE_STAR_DDL_H

#include "catalog/definition.h"
#include "catalog/star_relation.h"

/*
 * Make the schema, its tables and their indexes, and the view "source" with the given query.  The
 * pipeline must have its id, name, types and store_events; sets schema, source_view and dirty_log.
 * The other views are made by star_create_views (star_views.h).
 */
extern void star_create(Pipeline *pipeline, const char *source_query);

/*
 * Comment on the schema, its relations and their columns; given has what the user's arguments, or
 * their defaults, map to the columns of the view "source".
 */
extern void star_comment(const Pipeline *pipeline, const char *const given[SRC_NCOLUMNS]);

/* Comment on a relation, if it exists, and its columns; on its columns, or the column of a name. */
extern void star_comment_relation(const Pipeline *pipeline, StarRelationId relation);
extern void
star_comment_columns(const Pipeline *pipeline, StarRelationId relation, const char *name);

/* Comment on the columns of the view "source", as star_comment does. */
extern void star_comment_source(const Pipeline *pipeline, const char *const given[SRC_NCOLUMNS]);

/* Comment on an attribute's columns, which are in the view "source" and the table "sealed". */
extern void star_comment_attribute(const Pipeline *pipeline, const AttributeDefinition *attribute);

/* Make a table that the definition has by now. */
extern void star_create_table(const Pipeline *pipeline, StarRelationId relation);

/* An error context callback that says what to do where something depends on what is dropped. */
extern void star_hint_dependents(void *arg);

/* Run a statement that drops views or tables; what depends on them is not dropped. */
extern void star_drop_by(const char *sql);

/* Drop the table of a dimension that the definition has no more. */
extern void star_drop_table(const Pipeline *pipeline, const char *name);

/* Add to a table the column of this name that the definition has by now; drop a column. */
extern void star_add_column(const Pipeline *pipeline, StarRelationId relation, const char *name);
extern void star_drop_column(const Pipeline *pipeline, StarRelationId relation, const char *name);

/*
 * Give the columns that have the type of a key or an id, and those of attributes in the table
 * "sealed", the types that they have in another pipeline with the same definition, and convert
 * their values. Columns of measures and dimensions whose values can't all be converted become NULL.
 * star_converted_sql returns the SQL that converts a value; star_type_converts tells whether the
 * server has a cast that does so for every value, other than by way of its text.
 */
extern void star_alter_types(const Pipeline *before, const Pipeline *after);
extern char *star_converted_sql(const char *value, Oid from, Oid to);
extern bool star_type_converts(Oid from, Oid to);

/* Make the tables that have a flag of star_relation.h; make their indexes; drop the tables. */
extern void star_add_tables(const Pipeline *pipeline, int flag);
extern void star_add_indexes(const Pipeline *pipeline, int flag);
extern void star_drop_tables(const Pipeline *pipeline, int flag);

/* Drop the relations that star_create made, as far as they exist, and the schema. */
extern void star_drop(const Pipeline *pipeline, bool cascade);

/*
 * The indexes and constraints of the facts and of dim_user, without which a first load is faster.
 * star_create_indexes makes the missing ones; star_drop_indexes keeps constraints that something
 * depends on.
 */
extern bool star_has_indexes(const Pipeline *pipeline);
extern void star_create_indexes(const Pipeline *pipeline);
extern void star_drop_indexes(const Pipeline *pipeline);

/*
 * Whether a table lacks its indexes because a rebuild that did not end has dropped them.  While a
 * dump is restored, this is known only once the table's rows are loaded.
 */
extern bool star_is_marked_bare(const Pipeline *pipeline, StarRelationId table);

#endif /* SESSIONIZE_STAR_DDL_H */
