/*
 * unicode_category.c
 *		The general categories of Unicode, as \p{...} names them.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "contract/unicode_category.h"

#define LAST_CODE_POINT 0x10FFFF

/* A category: two letters, of which the first one is that of a group of categories. */
typedef struct Category
{
	const char *name;
	const char *ranges;
} Category;

static const Category categories[] = {
#include "contract/unicode_category_list.h"
};

/* The long names; a short one of a single letter is that of a group. */
static const struct
{
	const char *name;
	const char *category;
} names[] = {
	{"Letter", "L"},
	{"Cased_Letter", "LC"},
	{"Uppercase_Letter", "Lu"},
	{"Lowercase_Letter", "Ll"},
	{"Titlecase_Letter", "Lt"},
	{"Modifier_Letter", "Lm"},
	{"Other_Letter", "Lo"},
	{"Mark", "M"},
	{"Combining_Mark", "M"},
	{"Nonspacing_Mark", "Mn"},
	{"Spacing_Mark", "Mc"},
	{"Enclosing_Mark", "Me"},
	{"Number", "N"},
	{"Decimal_Number", "Nd"},
	{"digit", "Nd"},
	{"Letter_Number", "Nl"},
	{"Other_Number", "No"},
	{"Punctuation", "P"},
	{"punct", "P"},
	{"Connector_Punctuation", "Pc"},
	{"Dash_Punctuation", "Pd"},
	{"Open_Punctuation", "Ps"},
	{"Close_Punctuation", "Pe"},
	{"Initial_Punctuation", "Pi"},
	{"Final_Punctuation", "Pf"},
	{"Other_Punctuation", "Po"},
	{"Symbol", "S"},
	{"Math_Symbol", "Sm"},
	{"Currency_Symbol", "Sc"},
	{"Modifier_Symbol", "Sk"},
	{"Other_Symbol", "So"},
	{"Separator", "Z"},
	{"Space_Separator", "Zs"},
	{"Line_Separator", "Zl"},
	{"Paragraph_Separator", "Zp"},
	{"Other", "C"},
	{"Control", "Cc"},
	{"cntrl", "Cc"},
	{"Format", "Cf"},
	{"Surrogate", "Cs"},
	{"Private_Use", "Co"},
	{"Unassigned", "Cn"},
};

/*
 * belongs tells whether a category is one that a short name means.
 */
static bool
belongs(const char *category, TextView name)
{
	if (category[0] != name.data[0])
		return false;
	if (name.len == 1 || category[1] == name.data[1])
		return true;
	/* cased letters are a group of three categories */
	return name.data[1] == 'C' && name.data[0] == 'L' && strchr("ult", category[1]) != NULL;
}

/*
 * short_name returns the short name of a category.
 */
static TextView
short_name(TextView name)
{
	for (Size i = 0; i < lengthof(names); i++)
	{
		if (text_view_is(name, names[i].name))
			return (TextView){names[i].category, (uint32) strlen(names[i].category)};
	}
	return name;
}

/*
 * add_ranges adds the ranges of a category.
 */
static void
add_ranges(CharSet *set, const char *ranges)
{
	while (*ranges != '\0')
	{
		char *end;
		uint32 first = (uint32) strtoul(ranges, &end, 16);
		uint32 last = *end == '-' ? (uint32) strtoul(end + 1, &end, 16) : first;

		char_set_add(set, first, last);
		ranges = *end == ' ' ? end + 1 : end;
	}
}

/*
 * unicode_category_add adds the characters of a category.
 */
bool
unicode_category_add(CharSet *set, TextView name)
{
	bool found = false;

	if (text_view_is(name, "Any") || text_view_is(name, "ASCII"))
	{
		char_set_add(set, 0, text_view_is(name, "Any") ? LAST_CODE_POINT : 0x7F);
		return true;
	}
	name = short_name(name);
	for (Size i = 0; i < lengthof(categories) && (name.len == 1 || name.len == 2); i++)
	{
		if (!belongs(categories[i].name, name))
			continue;
		add_ranges(set, categories[i].ranges);
		found = true;
	}
	return found;
}
