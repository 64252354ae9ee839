/*
 * rollup_table.h
 *		The extension's own table of rollups.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_ROLLUP_TABLE_H
#define SESSIONIZE_ROLLUP_TABLE_H

#include "catalog/rollup_definition.h"
#include "spi/statement.h"

/* The rollups of a pipeline that has any, in CurrentMemoryContext. */
extern const RollupList *rollups_load(int32 pipeline, SqlAccess access);

/* Write, change or remove the row of a rollup. */
extern void rollup_add(int32 pipeline, const RollupDefinition *rollup);
extern void rollup_set_filled(int32 pipeline, int number);
extern void rollup_remove(int32 pipeline, int number);

#endif /* SESSIONIZE_ROLLUP_TABLE_H */
