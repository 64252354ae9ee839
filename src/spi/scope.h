/*
 * scope.h
 *		Stretches of code that run under pinned settings, or as another role.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SCOPE_H
#define SESSIONIZE_SCOPE_H

#include "catalog/pipeline.h"

/*
 * pinned_settings_enter sets search_path to pg_catalog, pg_temp, and the settings that the text form of
 * a value depends on to fixed values, until pinned_settings_leave with its result or an error.
 */
extern int pinned_settings_enter(void);
extern void pinned_settings_leave(int guc_level);

/*
 * untranslated_messages_enter has errors speak the server's own language, whatever lc_messages is, until
 * pinned_settings_leave with its result or an error: for messages that become data.
 */
extern int untranslated_messages_enter(void);

/* As owner_scope_enter (pipeline.h), for any role.  owner_scope_leave ends it. */
extern void role_scope_enter(OwnerScope *scope, Oid role);

#endif /* SESSIONIZE_SCOPE_H */
