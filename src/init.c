/*
 * init.c
 *		What happens when the library is loaded.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "fmgr.h"

#include "functions/session_group.h"
#include "functions/session_table.h"
#include "guc.h"

PG_MODULE_MAGIC;

extern void _PG_init(void);

/*
 * _PG_init defines the settings and installs the hooks.
 */
void
_PG_init(void)
{
	sz_define_settings();
	session_table_install();
	session_group_install();
}
