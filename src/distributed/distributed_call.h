/*
 * distributed_call.h
 *		Calls for distributed pipelines.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_DISTRIBUTED_CALL_H
#define SESSIONIZE_DISTRIBUTED_CALL_H

/* Have calls for distributed pipelines made on their shards (pipeline_function.h). */
extern void distributed_call_install(void);

#endif /* SESSIONIZE_DISTRIBUTED_CALL_H */
