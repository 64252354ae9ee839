/*
 * init.c
 *		What happens when the library is loaded.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"

#include "functions/session_table.h"

PG_MODULE_MAGIC;

extern void _PG_init(void);

/*
 * _PG_init installs the hooks.
 */
void
_PG_init(void)
{
	session_table_install();
}
