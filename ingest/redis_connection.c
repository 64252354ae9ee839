/*
 * redis_connection.c
 *		Connecting to Redis.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "redis_connection.h"

#define CONNECT_SECONDS 5
#define ANSWER_SECONDS  10

/*
 * ask takes the answer of a command; NULL, and an error, if it is one.
 */
static redisReply *
ask(redisContext *redis, void *answer, char *error)
{
	redisReply *reply = answer;

	if (reply == NULL)
		snprintf(error, REDIS_ERROR_SIZE, "no answer: %s", redis->errstr);
	else if (reply->type == REDIS_REPLY_ERROR)
	{
		snprintf(error, REDIS_ERROR_SIZE, "an error: %s", reply->str);
		freeReplyObject(reply);
		reply = NULL;
	}
	return reply;
}

/*
 * info_value finds a value in the text that INFO returns.
 */
static void
info_value(const char *info, const char *name, char *value, size_t size)
{
	const char *found = info;
	size_t length = strlen(name);

	value[0] = '\0';
	while ((found = strstr(found, name)) != NULL)
	{
		if ((found == info || found[-1] == '\n') && found[length] == ':')
		{
			snprintf(value, size, "%.*s", (int) strcspn(found + length + 1, "\r\n"),
					 found + length + 1);
			return;
		}
		found += length;
	}
}

/*
 * check_server refuses a Redis that throws away what nobody has read, or can't tell that it has.
 */
static bool
check_server(redisContext *redis, const char *server, char *error)
{
	redisReply *info = ask(redis, redisCommand(redis, "INFO"), error);
	char version[32];
	char policy[64];
	char limit[32];
	char log_file[8];

	if (info == NULL)
		return false;
	info_value(info->str, "redis_version", version, sizeof(version));
	info_value(info->str, "maxmemory_policy", policy, sizeof(policy));
	info_value(info->str, "maxmemory", limit, sizeof(limit));
	info_value(info->str, "aof_enabled", log_file, sizeof(log_file));
	freeReplyObject(info);
	if (atoi(version) < 7)
		snprintf(error, REDIS_ERROR_SIZE,
				 "version 7.0 or later is needed, since earlier ones can't tell that entries were "
				 "trimmed; this is: %s",
				 version);
	else if (strcmp(policy, "noeviction") != 0 && strcmp(limit, "0") != 0)
		snprintf(
			error, REDIS_ERROR_SIZE,
			"the server throws away keys when its memory is full, also streams that nobody has "
			"read; set maxmemory-policy to noeviction, it is: %s",
			policy);
	else
	{
		if (strcmp(log_file, "1") != 0)
			log_warning("Redis at %s has no append-only file: a crash loses what it has accepted",
						server);
		return true;
	}
	return false;
}

/*
 * open_connection opens a connection to HOST:PORT or a socket.
 */
static redisContext *
open_connection(const char *server)
{
	const struct timeval patience = {.tv_sec = CONNECT_SECONDS};
	const char *colon = strrchr(server, ':');
	char host[256];

	if (server[0] == '/')
		return redisConnectUnixWithTimeout(server, patience);
	snprintf(host, sizeof(host), "%.*s",
			 colon == NULL ? (int) strlen(server) : (int) (colon - server), server);
	return redisConnectWithTimeout(host, colon == NULL ? 6379 : atoi(colon + 1), patience);
}

/*
 * authenticate gives the password, if there is one.
 */
static bool
authenticate(redisContext *redis, char *error)
{
	const char *password = getenv("REDIS_PASSWORD");
	const char *user = getenv("REDIS_USER");
	redisReply *reply;

	if (password == NULL)
		return true;
	reply = ask(redis,
				user == NULL ? redisCommand(redis, "AUTH %s", password)
							 : redisCommand(redis, "AUTH %s %s", user, password),
				error);
	freeReplyObject(reply);
	return reply != NULL;
}

/*
 * redis_connect connects.
 */
redisContext *
redis_connect(const char *server, char *error)
{
	const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
	redisContext *redis = open_connection(server);

	snprintf(error, REDIS_ERROR_SIZE, "no memory");
	if (redis == NULL)
		return NULL;
	if (redis->err != 0)
		snprintf(error, REDIS_ERROR_SIZE, "can't connect: %s", redis->errstr);
	else if (redisSetTimeout(redis, patience) == REDIS_OK && authenticate(redis, error) &&
			 check_server(redis, server, error))
		return redis;
	redisFree(redis);
	return NULL;
}
