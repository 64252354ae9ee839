/*
 * schema_compile.h
 *		Compiling a JSON Schema.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SCHEMA_COMPILE_H
#define SESSIONIZE_SCHEMA_COMPILE_H

#include "postgres.h"

#include "contract/program.h"
#include "contract/schema_options.h"
#include "contract/schema_source.h"

/*
 * Compile a schema.  The program lies in a memory context of its own, inside parent.  Errors name
 * the place in the schema.
 */
extern SchemaProgram *schema_compile(const Jsonb *schema, const SchemaSource *source,
									 SchemaOptions options, MemoryContext parent);

#endif /* SESSIONIZE_SCHEMA_COMPILE_H */
