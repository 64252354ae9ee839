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
 * Set search_path to pg_catalog, pg_temp, and fix the settings that the text form of a value
 * depends on, until pinned_settings_leave is called with the result, or until an error.
 */
extern int pinned_settings_enter(void);
extern void pinned_settings_leave(int guc_level);

/* Set one more setting until then. */
extern void setting_pin(const char *name, const char *value);

/*
 * Have error messages untranslated, whatever lc_messages is, until pinned_settings_leave is called
 * with the result, or until an error. For messages that are stored as data.
 */
extern int untranslated_messages_enter(void);

/*
 * Work as a role: with its user id, under SECURITY_RESTRICTED_OPERATION and the pinned settings. A
 * scope must not extend over a transaction's end: leave it before a commit, and enter it again
 * afterwards. An error leaves it, since it ends the transaction or subtransaction.
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
