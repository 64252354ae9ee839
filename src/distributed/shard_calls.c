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
 * (detach_source), or gives the pipeline to another role, what looks at a sample of all events to
 * infer or to try something, and exports, which are of one database's notes.
 */
static const ShardCall shard_calls[] = {
	{"rebuild", SHARD_RESULT_NONE, SHARD_CALL_CHANGES, NULL},
	{"refresh", SHARD_RESULT_NONE, SHARD_CALL_CHANGES, NULL},
	{"verify", SHARD_RESULT_ALL, 0, NULL},
	{"reconcile", SHARD_RESULT_SUM, 0, NULL},
	{"seal", SHARD_RESULT_SUM, 0, NULL},
	{"erase_user", SHARD_RESULT_SUM, SHARD_CALL_HAS_KEY | SHARD_CALL_REACHES_ALL, NULL},
	{"mark_dirty", SHARD_RESULT_NONE, SHARD_CALL_HAS_KEY, NULL},
	{"retry_errors", SHARD_RESULT_SUM, 0, NULL},
	{"enable_capture", SHARD_RESULT_NONE, 0, NULL},
	{"schedule", SHARD_RESULT_SAME, 0, NULL},
	{"unschedule", SHARD_RESULT_NONE, 0, NULL},
	{"pause", SHARD_RESULT_NONE, 0, NULL},
	{"resume", SHARD_RESULT_NONE, 0, NULL},
	{"set_fuse", SHARD_RESULT_NONE, SHARD_CALL_IS_KEPT, NULL},
	{"release_fuse", SHARD_RESULT_SUM, 0, NULL},
	{"alter_pipeline", SHARD_RESULT_SUM, SHARD_CALL_CHANGES, NULL},
	{"add_measure", SHARD_RESULT_NONE, SHARD_CALL_CHANGES, NULL},
	{"drop_measure", SHARD_RESULT_NONE, SHARD_CALL_CHANGES, NULL},
	{"add_dimension", SHARD_RESULT_NONE, SHARD_CALL_CHANGES, NULL},
	{"drop_dimension", SHARD_RESULT_NONE, SHARD_CALL_CHANGES, NULL},
	{"create_rollup", SHARD_RESULT_NONE, SHARD_CALL_CHANGES, NULL},
	{"drop_rollup", SHARD_RESULT_NONE, SHARD_CALL_CHANGES, NULL},
	{"enable_event_counts", SHARD_RESULT_NONE, SHARD_CALL_IS_KEPT, NULL},
	{"event_counts", SHARD_RESULT_GROUPS, 0, NULL},
	{"create_contract", SHARD_RESULT_SUM, SHARD_CALL_CHANGES, NULL},
	{"activate_contract", SHARD_RESULT_SUM, SHARD_CALL_CHANGES, NULL},
	{"deactivate_contract", SHARD_RESULT_SUM, SHARD_CALL_CHANGES, NULL},
	{"alter_contract", SHARD_RESULT_SUM, SHARD_CALL_CHANGES, NULL},
	{"drop_contract", SHARD_RESULT_NONE, SHARD_CALL_CHANGES, NULL},
	{"set_contract_rules", SHARD_RESULT_SUM, SHARD_CALL_CHANGES, NULL},
	{"set_naming_rule", SHARD_RESULT_SUM, SHARD_CALL_CHANGES, NULL},
	{"apply_tracking_plan", SHARD_RESULT_SAME, SHARD_CALL_CHANGES, NULL},
	{"contract_violations", SHARD_RESULT_SAME, 0, NULL},
	{"set_quarantine_rules", SHARD_RESULT_SUM, SHARD_CALL_IS_KEPT, NULL},
	{"replay_quarantine", SHARD_RESULT_SUM, 0, NULL},
	{"create_pipeline", SHARD_RESULT_NONE, 0, "create_distributed"},
	{"drop_pipeline", SHARD_RESULT_NONE, 0, "drop_distributed"},
	{"grant_reader", SHARD_RESULT_NONE, 0, "grant_distributed_reader"},
	{"revoke_reader", SHARD_RESULT_NONE, 0, "revoke_distributed_reader"},
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
