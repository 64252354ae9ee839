/*
 * funnel_mode.c
 *		The modes of a funnel as users write them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "port/pg_bitutils.h"
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
	uint32 known = SZ_FUNNEL_EXCLUDE;

	for (int i = 0; i < (int) lengthof(mode_names); i++)
		known |= mode_names[i].mode;
	if ((mode & ~known) != 0)
		return false;
	return (mode & SZ_FUNNEL_ALLOW_REENTRY) == 0 || (mode & SZ_FUNNEL_STRICT_ORDER) != 0;
}

/*
 * find_mode returns the mode with a name.
 */
static uint32
find_mode(const char *name)
{
	for (int i = 0; i < (int) lengthof(mode_names); i++)
	{
		if (strcmp(mode_names[i].name, name) == 0)
			return mode_names[i].mode;
	}
	ereport(
		ERROR,
		(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown mode \"%s\"", name),
		 errhint(
			 "Modes, between commas where there are several, are strict_increase, strict_once, "
			 "strict_order, allow_reentry, strict_deduplication and exclude 4 between 1 and 2.")));
	pg_unreachable();
}

/*
 * take_word skips a word, and blanks before it; false if something else comes.
 */
static bool
take_word(const char **at, const char *word)
{
	const char *start = *at + strspn(*at, " ");
	Size length = strlen(word);

	if (strncmp(start, word, length) != 0 || (start[length] != ' ' && start[length] != '\0'))
		return false;
	*at = start + length;
	return true;
}

/*
 * take_number skips a number from 1 to SZ_MAX_STEPS, and blanks before it; false if something else
 * comes.
 */
static bool
take_number(const char **at, int *number)
{
	const char *start = *at + strspn(*at, " ");
	Size length = strspn(start, "0123456789");

	*number = length >= 1 && length <= 2 ? atoi(start) : 0;
	*at = start + length;
	return *number >= 1 && *number <= SZ_MAX_STEPS && (**at == ' ' || **at == '\0');
}

/*
 * add_exclusion adds an exclusion: exclude CONDITION, or exclude CONDITION between STEP and STEP.
 */
static void
add_exclusion(FunnelMode *mode, const char *name)
{
	const char *at = name;
	int condition = 0;
	int from = 1;
	int to = SZ_MAX_STEPS;
	bool valid = take_word(&at, "exclude") && take_number(&at, &condition);

	if (valid && *at != '\0')
	{
		valid = take_word(&at, "between") && take_number(&at, &from) && take_word(&at, "and") &&
				take_number(&at, &to) && *at == '\0' && from < to;
		mode->last = Max(mode->last, to);
	}
	if (!valid)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid exclusion \"%s\"", name),
				 errhint("Write exclude 4 between 1 and 2, or exclude 4 for all steps, where "
						 "4 is a condition after the last step.")));
	mode->mode |= SZ_FUNNEL_EXCLUDE;
	mode->excluded |= UINT32_C(1) << (condition - 1);
	for (int step = from; step < to; step++)
		mode->exclusions.between[step] |= UINT32_C(1) << (condition - 1);
}

/*
 * add_mode adds a mode or an exclusion.
 */
static void
add_mode(FunnelMode *mode, const char *name)
{
	const char *at = name;

	if (take_word(&at, "exclude"))
		add_exclusion(mode, name);
	else
		mode->mode |= find_mode(name);
}

/*
 * funnel_mode_parse reads the modes named in a text.
 */
void
funnel_mode_parse(const text *modes, FunnelMode *mode)
{
	char *list = text_to_cstring(modes);
	char *at = list + strspn(list, " ");

	memset(mode, 0, sizeof(*mode));
	while (*at != '\0')
	{
		Size length = strcspn(at, ",");
		char *next = at + length + (at[length] == ',' ? 1 : 0);

		while (length > 0 && at[length - 1] == ' ')
			length--;
		at[length] = '\0';
		add_mode(mode, at);
		at = next + strspn(next, " ");
	}
	if (!funnel_mode_is_valid(mode->mode))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("allow_reentry is a variant of strict_order"),
						errhint("Write 'strict_order, allow_reentry'.")));
	pfree(list);
}

/*
 * report_excluded reports exclusions that do not fit the conditions.
 */
static void
report_excluded(const FunnelMode *mode, int nconditions, int nsteps)
{
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					mode->last > nsteps && nsteps > 0
						? errmsg("there is no step %d", mode->last)
						: errmsg("the conditions that are excluded are not the last ones"),
					errdetail("The number of conditions is %d, that of the excluded ones %d.",
							  nconditions, pg_popcount32(mode->excluded)),
					errhint("Give the steps first, and after them the conditions to exclude: of 4 "
							"conditions, the last is excluded by exclude 4 between 1 and 2.")));
}

/*
 * funnel_mode_apply sets the mode and the number of steps of a funnel.
 */
void
funnel_mode_apply(const FunnelMode *mode, int nconditions, SzFunnel *funnel)
{
	int nsteps = nconditions - pg_popcount32(mode->excluded);
	uint64 last_ones = (UINT64CONST(1) << nconditions) - (UINT64CONST(1) << Max(nsteps, 0));

	if (mode->excluded != 0 && (nsteps < 1 || mode->excluded != last_ones || mode->last > nsteps))
		report_excluded(mode, nconditions, nsteps);
	funnel->nsteps = nsteps;
	funnel->mode = mode->mode;
	funnel->exclusions = mode->excluded != 0 ? &mode->exclusions : NULL;
}
