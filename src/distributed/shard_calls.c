/*
 * shard_calls.c
 *		Which calls a distributed pipeline takes, and how the results of its shards become one.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "distributed/shard_calls.h"

/*
 * Not among them: what links keys of different shards (identity), takes the raw table away
 * (detach_source), or gives the pipeline to another role, and what looks at a sample of all events
 * to infer or to try something.
 */
static const ShardCall shard_calls[] = {
	{"rebuild", SHARD_RESULT_NONE, true, false, NULL},
	{"refresh", SHARD_RESULT_NONE, true, false, NULL},
	{"verify", SHARD_RESULT_ALL, false, false, NULL},
	{"reconcile", SHARD_RESULT_SUM, false, false, NULL},
	{"seal", SHARD_RESULT_SUM, false, false, NULL},
	{"erase_user", SHARD_RESULT_SUM, false, true, NULL},
	{"mark_dirty", SHARD_RESULT_NONE, false, true, NULL},
	{"retry_errors", SHARD_RESULT_SUM, false, false, NULL},
	{"enable_capture", SHARD_RESULT_NONE, false, false, NULL},
	{"schedule", SHARD_RESULT_SAME, false, false, NULL},
	{"unschedule", SHARD_RESULT_NONE, false, false, NULL},
	{"pause", SHARD_RESULT_NONE, false, false, NULL},
	{"resume", SHARD_RESULT_NONE, false, false, NULL},
	{"set_fuse", SHARD_RESULT_NONE, false, false, NULL},
	{"release_fuse", SHARD_RESULT_SUM, false, false, NULL},
	{"alter_pipeline", SHARD_RESULT_SUM, true, false, NULL},
	{"add_measure", SHARD_RESULT_NONE, true, false, NULL},
	{"drop_measure", SHARD_RESULT_NONE, true, false, NULL},
	{"add_dimension", SHARD_RESULT_NONE, true, false, NULL},
	{"drop_dimension", SHARD_RESULT_NONE, true, false, NULL},
	{"create_rollup", SHARD_RESULT_NONE, true, false, NULL},
	{"drop_rollup", SHARD_RESULT_NONE, true, false, NULL},
	{"enable_event_counts", SHARD_RESULT_NONE, false, false, NULL},
	{"event_counts", SHARD_RESULT_GROUPS, false, false, NULL},
	{"create_contract", SHARD_RESULT_SUM, true, false, NULL},
	{"activate_contract", SHARD_RESULT_SUM, true, false, NULL},
	{"deactivate_contract", SHARD_RESULT_SUM, true, false, NULL},
	{"alter_contract", SHARD_RESULT_SUM, true, false, NULL},
	{"drop_contract", SHARD_RESULT_NONE, true, false, NULL},
	{"set_contract_rules", SHARD_RESULT_SUM, true, false, NULL},
	{"set_naming_rule", SHARD_RESULT_SUM, true, false, NULL},
	{"apply_tracking_plan", SHARD_RESULT_SAME, true, false, NULL},
	{"contract_violations", SHARD_RESULT_SAME, false, false, NULL},
	{"set_quarantine_rules", SHARD_RESULT_SUM, false, false, NULL},
	{"replay_quarantine", SHARD_RESULT_SUM, false, false, NULL},
	{"create_pipeline", SHARD_RESULT_NONE, false, false, "create_distributed"},
	{"drop_pipeline", SHARD_RESULT_NONE, false, false, "drop_distributed"},
	{"grant_reader", SHARD_RESULT_NONE, false, false, "grant_distributed_reader"},
	{"revoke_reader", SHARD_RESULT_NONE, false, false, "revoke_distributed_reader"},
};

/*
 * shard_call_find returns the call of a function.
 */
const ShardCall *
shard_call_find(const char *function)
{
	for (size_t i = 0; i < lengthof(shard_calls); i++)
		if (strcmp(shard_calls[i].function, function) == 0)
			return &shard_calls[i];
	return NULL;
}
