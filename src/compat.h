/*
 * compat.h
 *		The only place that knows PostgreSQL's versions (15 to 18).
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_COMPAT_H
#define SESSIONIZE_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "pg_sessionize needs PostgreSQL 15 or later"
#endif

#endif /* SESSIONIZE_COMPAT_H */
