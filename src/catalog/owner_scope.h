/*
 * owner_scope.h
 *		Stretches of code that run as a pipeline's owner, or as the owner of the extension's
 *		tables.
 *
 * owner_scope_leave (scope.h) ends either.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_OWNER_SCOPE_H
#define SESSIONIZE_OWNER_SCOPE_H

#include "catalog/pipeline.h"
#include "spi/scope.h"

/* Work as the pipeline's owner; an error if the pipeline has a fault, unless it is detached. */
extern void owner_scope_enter(OwnerScope *scope, const Pipeline *pipeline);

/* Work as the role that owns the extension's own tables. */
extern void extension_scope_enter(OwnerScope *scope);

#endif /* SESSIONIZE_OWNER_SCOPE_H */
