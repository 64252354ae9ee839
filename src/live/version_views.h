/*
 * version_views.h
 *		The views of the versions of session keys, by the dimensions that the user has added.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_VERSION_VIEWS_H
#define SESSIONIZE_VERSION_VIEWS_H

#include "catalog/pipeline.h"

/*
 * Make or replace the views; comment on them.  A view has no rows until the star has the members.
 * Both run as the pipeline's owner, with pinned settings.
 */
extern void version_views_create(const Pipeline *pipeline);
extern void version_views_comment(const Pipeline *pipeline);

#endif /* SESSIONIZE_VERSION_VIEWS_H */
