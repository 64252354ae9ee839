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
	{"rebuild", SHARD_RESULT_NONE, true},
	{"refresh", SHARD_RESULT_NONE},
	{"verify", SHARD_RESULT_ALL},
	{"reconcile", SHARD_RESULT_SUM},
	{"seal", SHARD_RESULT_SUM},
	{"erase_user", SHARD_RESULT_SUM},
	{"mark_dirty", SHARD_RESULT_SUM},
	{"retry_errors", SHARD_RESULT_SUM},
	{"enable_capture", SHARD_RESULT_NONE},
	{"schedule", SHARD_RESULT_SAME},
	{"unschedule", SHARD_RESULT_NONE},
	{"pause", SHARD_RESULT_NONE},
	{"resume", SHARD_RESULT_NONE},
	{"set_fuse", SHARD_RESULT_NONE},
	{"release_fuse", SHARD_RESULT_SUM},
	{"alter_pipeline", SHARD_RESULT_SUM, true},
	{"add_measure", SHARD_RESULT_NONE, true},
	{"drop_measure", SHARD_RESULT_NONE, true},
	{"add_dimension", SHARD_RESULT_NONE, true},
	{"drop_dimension", SHARD_RESULT_NONE, true},
	{"create_rollup", SHARD_RESULT_NONE, true},
	{"drop_rollup", SHARD_RESULT_NONE, true},
	{"enable_event_counts", SHARD_RESULT_NONE},
	{"event_counts", SHARD_RESULT_GROUPS},
	{"create_contract", SHARD_RESULT_SUM, true},
	{"activate_contract", SHARD_RESULT_SUM, true},
	{"deactivate_contract", SHARD_RESULT_SUM, true},
	{"alter_contract", SHARD_RESULT_SUM, true},
	{"drop_contract", SHARD_RESULT_NONE, true},
	{"set_contract_rules", SHARD_RESULT_SUM, true},
	{"set_naming_rule", SHARD_RESULT_SUM, true},
	{"apply_tracking_plan", SHARD_RESULT_SAME, true},
	{"contract_violations", SHARD_RESULT_SAME},
	{"set_quarantine_rules", SHARD_RESULT_SUM},
	{"replay_quarantine", SHARD_RESULT_SUM},
	{"create_pipeline", .own = "create_distributed"},
	{"drop_pipeline", .own = "drop_distributed"},
	{"grant_reader", .own = "grant_distributed_reader"},
	{"revoke_reader", .own = "revoke_distributed_reader"},
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
