/*
 * session_group_node.h
 *		The executor's part of the node SessionGroup.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_SESSION_GROUP_NODE_H
#define SESSIONIZE_SESSION_GROUP_NODE_H

#include "postgres.h"

#include "nodes/extensible.h"

/* Make the node's state. */
extern Node *session_group_create_state(CustomScan *plan);

#endif /* SESSIONIZE_SESSION_GROUP_NODE_H */
