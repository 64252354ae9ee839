/*
 * quarantine_rules.c
 *		How much a pipeline's quarantine keeps of a raw row besides what is wrong with it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "catalog/quarantine_rules.h"
#include "compat.h"
#include "core/core.h"
#include "core/hash.h"
#include "utils/arguments.h"

/*
 * quarantine_rules_set_time finds from which time on rows have copies.
 */
void
quarantine_rules_set_time(QuarantineRules *rules)
{
	TimestampTz now = GetCurrentTimestamp();

	rules->kept_since = DT_NOBEGIN;
	if (rules->kept_for < (uint64) now - (uint64) MIN_TIMESTAMP)
		rules->kept_since = now - (int64) rules->kept_for;
}

/*
 * quarantine_rules_make makes rules.
 */
QuarantineRules *
quarantine_rules_make(const JsonPath *producer, double copies, const Interval *kept_for)
{
	QuarantineRules *rules = palloc(sizeof(QuarantineRules));

	rules->producer = producer;
	rules->copies = copies;
	rules->kept_for = kept_for == NULL ? SZ_NO_LIMIT : sz_interval_usecs(kept_for, "copies_kept");
	quarantine_rules_set_time(rules);
	return rules;
}

/*
 * part_of returns a number from 0 to 1, exclusive, that is a hash of a text; 0 if there is none.
 */
static double
part_of(TextView text)
{
	SzHash128 hash;

	if (text.data == NULL)
		return 0;
	hash = sz_hash_bytes_wide(text.data, text.len);
	return (double) (hash.half[0] >> 11) / (double) (UINT64CONST(1) << 53);
}

/*
 * quarantine_rules_keep tells whether a copy is kept.
 */
bool
quarantine_rules_keep(const QuarantineRules *rules, TextView raw_id, TimestampTz time)
{
	if (rules == NULL)
		return true;
	if (time < rules->kept_since)
		return false;
	return rules->copies >= 1 || part_of(raw_id) < rules->copies;
}

/*
 * quarantine_rules_write writes rules as bytes.
 */
void
quarantine_rules_write(const QuarantineRules *rules, StringInfo to)
{
	if (rules == NULL)
		return;
	appendBinaryStringInfo(to, (const char *) rules, sizeof(QuarantineRules));
	if (rules->producer != NULL)
		appendBinaryStringInfo(to, (const char *) rules->producer, (int) VARSIZE(rules->producer));
}

/*
 * quarantine_rules_read reads rules that were written.
 */
const QuarantineRules *
quarantine_rules_read(const char *from, Size len)
{
	QuarantineRules *rules;

	if (len == 0)
		return NULL;
	rules = palloc(sizeof(QuarantineRules));
	memcpy(rules, from, sizeof(QuarantineRules));
	rules->producer = NULL;
	if (len > sizeof(QuarantineRules))
		rules->producer = (const JsonPath *) (from + sizeof(QuarantineRules));
	return rules;
}
