/*
 * duckdb_library.h
 *		DuckDB's library, which is loaded when it is needed: the part of its C API that is used.
 *
 * The declarations are of the stable C API: structures of a known form, handles, and functions that
 * keep their meaning from one version to the next.  DuckDB is in few distributions; a library that
 * is loaded by its path can be put anywhere, and who exports nothing needs none.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_DUCKDB_LIBRARY_H
#define INGEST_DUCKDB_LIBRARY_H

#include <stdbool.h>
#include <stdint.h>

#include "failure.h"

typedef uint64_t duckdb_idx;
typedef struct duckdb_database_handle *duckdb_database;
typedef struct duckdb_connection_handle *duckdb_connection;
typedef struct duckdb_config_handle *duckdb_config;
typedef struct duckdb_appender_handle *duckdb_appender;
typedef struct duckdb_type_handle *duckdb_type;
typedef struct duckdb_chunk_handle *duckdb_chunk;
typedef struct duckdb_vector_handle *duckdb_vector;

/* What a statement returns: its members are the library's own. */
typedef struct duckdb_result
{
	duckdb_idx column_count;
	duckdb_idx row_count;
	duckdb_idx rows_changed;
	void *columns;
	char *error;
	void *data;
} duckdb_result;

/* A string in a vector; up to 12 bytes are in the structure itself. */
typedef struct duckdb_string
{
	union
	{
		struct
		{
			uint32_t length;
			char prefix[4];
			char *bytes;
		} pointer;
		struct
		{
			uint32_t length;
			char bytes[12];
		} inlined;
	} value;
} duckdb_string;

#define DUCKDB_INLINED 12

/* duckdb_state */
#define DUCKDB_OK 0

/*
 * The functions, each with what it returns and takes; a call is library.open_ext(...).  All are
 * looked up by the name with duckdb_ before it.
 */
#define DUCKDB_FUNCTIONS(F)                                                                        \
	F(const char *, library_version, (void) )                                                      \
	F(void, free, (void *memory))                                                                  \
	F(int, create_config, (duckdb_config * config))                                                \
	F(int, set_config, (duckdb_config config, const char *name, const char *value))                \
	F(void, destroy_config, (duckdb_config * config))                                              \
	F(int, open_ext,                                                                               \
	  (const char *path, duckdb_database *database, duckdb_config config, char **error))           \
	F(void, close, (duckdb_database * database))                                                   \
	F(int, connect, (duckdb_database database, duckdb_connection * connection))                    \
	F(void, disconnect, (duckdb_connection * connection))                                          \
	F(int, query, (duckdb_connection connection, const char *sql, duckdb_result *result))          \
	F(void, destroy_result, (duckdb_result * result))                                              \
	F(const char *, result_error, (duckdb_result * result))                                        \
	F(duckdb_idx, column_count, (duckdb_result * result))                                          \
	F(duckdb_chunk, fetch_chunk, (duckdb_result result))                                           \
	F(duckdb_chunk, create_data_chunk, (duckdb_type * types, duckdb_idx count))                    \
	F(void, destroy_data_chunk, (duckdb_chunk * chunk))                                            \
	F(void, data_chunk_reset, (duckdb_chunk chunk))                                                \
	F(duckdb_idx, data_chunk_get_size, (duckdb_chunk chunk))                                       \
	F(void, data_chunk_set_size, (duckdb_chunk chunk, duckdb_idx size))                            \
	F(duckdb_vector, data_chunk_get_vector, (duckdb_chunk chunk, duckdb_idx column))               \
	F(duckdb_idx, vector_size, (void) )                                                            \
	F(void *, vector_get_data, (duckdb_vector vector))                                             \
	F(uint64_t *, vector_get_validity, (duckdb_vector vector))                                     \
	F(void, vector_ensure_validity_writable, (duckdb_vector vector))                               \
	F(void, vector_assign_string_element_len,                                                      \
	  (duckdb_vector vector, duckdb_idx row, const char *bytes, duckdb_idx length))                \
	F(void, destroy_logical_type, (duckdb_type * type))                                            \
	F(int, appender_create,                                                                        \
	  (duckdb_connection connection, const char *schema, const char *table,                        \
	   duckdb_appender *appender))                                                                 \
	F(duckdb_type, appender_column_type, (duckdb_appender appender, duckdb_idx column))            \
	F(const char *, appender_error, (duckdb_appender appender))                                    \
	F(int, append_data_chunk, (duckdb_appender appender, duckdb_chunk chunk))                      \
	F(int, appender_close, (duckdb_appender appender))                                             \
	F(int, appender_destroy, (duckdb_appender * appender))

#define DUCKDB_DECLARE(returns, name, arguments) returns(*name) arguments;

typedef struct DuckdbLibrary
{
	DUCKDB_FUNCTIONS(DUCKDB_DECLARE)
} DuckdbLibrary;

/*
 * Load the library from a path; empty: from what PG_SESSIONIZE_DUCKDB says, or else from where the
 * system looks for libraries.  It stays loaded.  NULL, and failure says how to get it.
 */
extern const DuckdbLibrary *duckdb_library(const char *path, Failure *failure);

#endif /* INGEST_DUCKDB_LIBRARY_H */
