/*
 * profile_statistics.h
 *		How often each part of the schema that a profile proposes occurred.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_PROFILE_STATISTICS_H
#define SESSIONIZE_PROFILE_STATISTICS_H

#include "postgres.h"

#include "contract/profile.h"

/* An array of objects as JSON, one for each schema in the schema of profile_schema. */
extern char *profile_statistics(const Profile *profile);

#endif /* SESSIONIZE_PROFILE_STATISTICS_H */
