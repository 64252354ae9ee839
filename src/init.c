/*
 * init.c
 *		What happens when the library is loaded.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"

PG_MODULE_MAGIC;
