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
	{"rebuild", SHARD_RESULT_NONE, true, NULL},
	{"refresh", SHARD_RESULT_NONE, false, NULL},
	{"verify", SHARD_RESULT_ALL, false, NULL},
	{"reconcile", SHARD_RESULT_SUM, false, NULL},
	{"seal", SHARD_RESULT_SUM, false, NULL},
	{"erase_user", SHARD_RESULT_SUM, false, NULL},
	{"mark_dirty", SHARD_RESULT_SUM, false, NULL},
	{"retry_errors", SHARD_RESULT_SUM, false, NULL},
	{"enable_capture", SHARD_RESULT_NONE, false, NULL},
	{"schedule", SHARD_RESULT_SAME, false, NULL},
	{"unschedule", SHARD_RESULT_NONE, false, NULL},
	{"pause", SHARD_RESULT_NONE, false, NULL},
	{"resume", SHARD_RESULT_NONE, false, NULL},
	{"set_fuse", SHARD_RESULT_NONE, false, NULL},
	{"release_fuse", SHARD_RESULT_SUM, false, NULL},
	{"alter_pipeline", SHARD_RESULT_SUM, true, NULL},
	{"add_measure", SHARD_RESULT_NONE, true, NULL},
	{"drop_measure", SHARD_RESULT_NONE, true, NULL},
	{"add_dimension", SHARD_RESULT_NONE, true, NULL},
	{"drop_dimension", SHARD_RESULT_NONE, true, NULL},
	{"create_rollup", SHARD_RESULT_NONE, true, NULL},
	{"drop_rollup", SHARD_RESULT_NONE, true, NULL},
	{"enable_event_counts", SHARD_RESULT_NONE, false, NULL},
	{"event_counts", SHARD_RESULT_GROUPS, false, NULL},
	{"create_contract", SHARD_RESULT_SUM, true, NULL},
	{"activate_contract", SHARD_RESULT_SUM, true, NULL},
	{"deactivate_contract", SHARD_RESULT_SUM, true, NULL},
	{"alter_contract", SHARD_RESULT_SUM, true, NULL},
	{"drop_contract", SHARD_RESULT_NONE, true, NULL},
	{"set_contract_rules", SHARD_RESULT_SUM, true, NULL},
	{"set_naming_rule", SHARD_RESULT_SUM, true, NULL},
	{"apply_tracking_plan", SHARD_RESULT_SAME, true, NULL},
	{"contract_violations", SHARD_RESULT_SAME, false, NULL},
	{"set_quarantine_rules", SHARD_RESULT_SUM, false, NULL},
	{"replay_quarantine", SHARD_RESULT_SUM, false, NULL},
	{"create_pipeline", SHARD_RESULT_NONE, false, "create_distributed"},
	{"drop_pipeline", SHARD_RESULT_NONE, false, "drop_distributed"},
	{"grant_reader", SHARD_RESULT_NONE, false, "grant_distributed_reader"},
	{"revoke_reader", SHARD_RESULT_NONE, false, "revoke_distributed_reader"},
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
