/*
 * subset_proof.c
 *		What all parts of a proof share: the count of its steps, and why it has failed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "contract/subset_budget.h"
#include "contract/subset_proof.h"

/* More schemas than this are not looked at: the search for a proof may be exponential. */
#define MAX_STEPS 50000

void
subset_start(SubsetProof *proof, SubsetShow show, const SubsetDocument *from,
			 const SubsetDocument *to)
{
	memset(proof, 0, sizeof(SubsetProof));
	proof->show = show;
	proof->from = from;
	proof->to = to;
}

void
subset_step(SubsetProof *proof)
{
	check_stack_depth();
	subset_spend(1);
	if (++proof->steps > MAX_STEPS)
		subset_too_large(
			psprintf("More than %d pairs of schemas would have to be compared.", MAX_STEPS));
}

/*
 * name_versions replaces {to} and {from} in the format of a message.
 */
static char *
name_versions(const SubsetProof *proof, const SubsetSchema *schema, const char *format)
{
	const char *to = schema->document->called;
	const char *from = strcmp(to, proof->to->called) == 0 ? proof->from->called : proof->to->called;
	StringInfoData out;

	initStringInfo(&out);
	while (*format != '\0')
	{
		if (strncmp(format, "{to}", 4) == 0)
		{
			appendStringInfoString(&out, to);
			format += 4;
		}
		else if (strncmp(format, "{from}", 6) == 0)
		{
			appendStringInfoString(&out, from);
			format += 6;
		}
		else
			appendStringInfoChar(&out, *format++);
	}
	return out.data;
}

static void
set_reason(SubsetProof *proof, const SubsetSchema *schema, SubsetKeyword keyword,
		   const char *before, const char *format, va_list args) pg_attribute_printf(5, 0);

/*
 * set_reason notes why a keyword refuses.
 */
static void
set_reason(SubsetProof *proof, const SubsetSchema *schema, SubsetKeyword keyword,
		   const char *before, const char *format, va_list args)
{
	char *template = name_versions(proof, schema, format);
	StringInfoData out;
	char text[1000];

	initStringInfo(&out);
	vsnprintf(text, sizeof(text), template, args);
	appendStringInfo(&out, "%s%s", before, text);
	proof->path = subset_path(schema, subset_keyword_name(keyword));
	proof->reason = out.data;
}

bool
subset_refuse(SubsetProof *proof, const SubsetSchema *schema, SubsetKeyword keyword,
			  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_reason(proof, schema, keyword, "", format, args);
	va_end(args);
	return false;
}

bool
subset_unproven(SubsetProof *proof, const SubsetSchema *schema, SubsetKeyword keyword,
				const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set_reason(proof, schema, keyword, "can't be shown to be compatible: ", format, args);
	va_end(args);
	return false;
}

bool
subset_malformed(SubsetProof *proof, const SubsetSchema *schema, SubsetKeyword keyword)
{
	return subset_unproven(proof, schema, keyword,
						   "%s of {to} does not have a value that JSON Schema allows",
						   subset_keyword_name(keyword));
}
