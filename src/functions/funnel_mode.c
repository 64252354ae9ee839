/*
 * funnel_mode.c
 *		The modes of a funnel as users write them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "functions/funnel_mode.h"

typedef struct ModeName
{
	const char *name;
	uint32 mode;
} ModeName;

static const ModeName mode_names[] = {
	{"strict_increase", SZ_FUNNEL_STRICT_INCREASE},
	{"strict_once", SZ_FUNNEL_STRICT_ONCE},
	{"strict_order", SZ_FUNNEL_STRICT_ORDER},
	{"strict_deduplication", SZ_FUNNEL_STRICT_DEDUPLICATION},
	{"allow_reentry", SZ_FUNNEL_ALLOW_REENTRY},
};

/*
 * funnel_mode_is_valid tells whether a combination of modes is valid.
 */
bool
funnel_mode_is_valid(uint32 mode)
{
	uint32 known = 0;

	for (int i = 0; i < (int) lengthof(mode_names); i++)
		known |= mode_names[i].mode;
	if ((mode & ~known) != 0)
		return false;
	return (mode & SZ_FUNNEL_ALLOW_REENTRY) == 0 || (mode & SZ_FUNNEL_STRICT_ORDER) != 0;
}

/*
 * find_mode returns the mode with a name, which is not terminated by zero.
 */
static uint32
find_mode(const char *name, Size length)
{
	for (int i = 0; i < (int) lengthof(mode_names); i++)
	{
		if (strlen(mode_names[i].name) == length && memcmp(mode_names[i].name, name, length) == 0)
			return mode_names[i].mode;
	}
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		 errmsg("unknown mode \"%s\"", pnstrdup(name, length)),
		 errhint("Modes, between commas where there are several, are strict_increase, strict_once, "
				 "strict_order, allow_reentry and strict_deduplication.")));
	pg_unreachable();
}

/*
 * funnel_mode_parse returns the modes named in a text.
 */
uint32
funnel_mode_parse(const text *modes)
{
	char *list = text_to_cstring(modes);
	const char *at = list + strspn(list, " ");
	uint32 mode = 0;

	while (*at != '\0')
	{
		Size length = strcspn(at, ",");
		const char *next = at + length;

		while (length > 0 && at[length - 1] == ' ')
			length--;
		mode |= find_mode(at, length);
		at = next;
		if (*at == ',')
			at += 1 + strspn(at + 1, " ");
	}
	if (!funnel_mode_is_valid(mode))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("allow_reentry is a variant of strict_order"),
						errhint("Write 'strict_order, allow_reentry'.")));
	pfree(list);
	return mode;
}
