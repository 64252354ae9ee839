/*
 * definition_table.h
 *		The extension's own tables of attributes, measures and dimensions.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DEFINITION_TABLE_H
#define SESSIONIZE_DEFINITION_TABLE_H

#include "catalog/definition.h"
#include "spi/statement.h"

/* Read what was added to a pipeline, into CurrentMemoryContext. */
extern const Definition *definition_load(int32 pipeline, SqlAccess access);

/* Write an attribute, which may be there already. */
extern void
definition_set_attribute(int32 pipeline, int number, const AttributeDefinition *attribute);

/* Add a dimension; remove it. */
extern void definition_add_dimension(int32 pipeline, const DimensionDefinition *dimension);
extern void definition_drop_dimension(int32 pipeline, int number);

/* Note that the views have the columns of all measures and dimensions. */
extern void definition_set_visible(int32 pipeline);

/* Add a measure; remove it. */
extern void definition_add_measure(int32 pipeline, const MeasureDefinition *measure);
extern void definition_drop_measure(int32 pipeline, int number);

#endif /* SESSIONIZE_DEFINITION_TABLE_H */
