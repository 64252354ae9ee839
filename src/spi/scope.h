/*
 * scope.h
 *		Stretches of code that run under pinned settings, or as another role.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SCOPE_H
#define SESSIONIZE_SCOPE_H

#include "postgres.h"

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

/*
 * Work as a role: user id, SECURITY_RESTRICTED_OPERATION and the pinned settings.  Not across a transaction's end: leave
 * before a commit, enter again after it.  An error leaves by itself.
 */
typedef struct OwnerScope
{
	Oid save_user;
	int save_sec_context;
	int guc_level;
} OwnerScope;

extern void role_scope_enter(OwnerScope *scope, Oid role);
extern void owner_scope_leave(OwnerScope *scope);

#endif /* SESSIONIZE_SCOPE_H */
