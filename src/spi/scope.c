/*
 * scope.c
 *		Stretches of code that run under pinned settings, or as another role.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"

#include "spi/scope.h"

/*
 * The settings that the text form of a row depends on, and row_security: a policy must not hide raw
 * rows from a pipeline silently, so a query to which one applies is to be an error.
 */
static const struct
{
	const char *name;
	const char *value;
} pinned_settings[] = {
	{"search_path", "pg_catalog, pg_temp"},
	{"TimeZone", "UTC"},
	{"DateStyle", "ISO, YMD"},
	{"IntervalStyle", "postgres"},
	{"extra_float_digits", "1"},
	{"bytea_output", "hex"},
	{"xmlbinary", "base64"},
	{"lc_monetary", "C"},
	{"quote_all_identifiers", "off"},
	{"row_security", "off"},
};

/*
 * Settings of Citus, pinned where it is loaded: what a pipeline makes stays on its server, and the
 * tables that are shards are found like others.
 */
static const char *const citus_settings[] = {"citus.enable_ddl_propagation",
											 "citus.override_table_visibility"};

/*
 * setting_pin sets a setting until the current level ends.
 */
void
setting_pin(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
}

/*
 * pinned_settings_enter sets the settings to fixed values.
 */
int
pinned_settings_enter(void)
{
	int level = NewGUCNestLevel();

	for (size_t i = 0; i < lengthof(pinned_settings); i++)
		setting_pin(pinned_settings[i].name, pinned_settings[i].value);
	for (size_t i = 0; i < lengthof(citus_settings); i++)
		if (GetConfigOption(citus_settings[i], true, false) != NULL)
			setting_pin(citus_settings[i], "off");
	return level;
}

/*
 * pinned_settings_leave restores the settings.
 */
void
pinned_settings_leave(int guc_level)
{
	AtEOXact_GUC(false, guc_level);
}

/*
 * untranslated_messages_enter sets lc_messages, with the rights of a superuser that this takes.
 */
int
untranslated_messages_enter(void)
{
	int level = NewGUCNestLevel();

	(void) set_config_option("lc_messages", "C", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
							 false);
	return level;
}

/*
 * role_scope_enter switches to the given role, under pinned settings.
 */
void
role_scope_enter(OwnerScope *scope, Oid role)
{
	GetUserIdAndSecContext(&scope->save_user, &scope->save_sec_context);
	SetUserIdAndSecContext(role, scope->save_sec_context | SECURITY_LOCAL_USERID_CHANGE |
									 SECURITY_RESTRICTED_OPERATION);
	scope->guc_level = pinned_settings_enter();
}

/*
 * owner_scope_leave restores the former role and settings.
 */
void
owner_scope_leave(OwnerScope *scope)
{
	pinned_settings_leave(scope->guc_level);
	SetUserIdAndSecContext(scope->save_user, scope->save_sec_context);
}
