/*
 * registry_client.c
 *		Asking a schema registry, with libcurl.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <jansson.h>

#include "json_writer.h"
#include "registry_client.h"

#define MAX_ANSWER     (16 * 1024 * 1024)
#define MAX_REDIRECTS  3L
#define CONNECT_FACTOR 2 /* a connection may take half of a request's time */

struct RegistryClient
{
	RegistrySettings settings;
	CURL *curl;
	struct curl_slist *headers;
	JsonWriter answer;
	char curl_error[CURL_ERROR_SIZE];
};

/*
 * take_answer keeps a part of the answer.
 */
static size_t
take_answer(char *bytes, size_t size, size_t count, void *arg)
{
	JsonWriter *answer = arg;

	json_put(answer, bytes, size * count);
	return answer->overflowed ? 0 : size * count;
}

/*
 * set_options sets what is the same for all requests.
 */
static void
set_options(RegistryClient *client)
{
	const RegistrySettings *settings = &client->settings;
	CURL *curl = client->curl;

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->curl_error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &client->answer);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "pg_sessionize_ingest");
	curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, MAX_REDIRECTS);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, settings->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, settings->timeout_ms / CONNECT_FACTOR);
	if (settings->user != NULL)
	{
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(curl, CURLOPT_USERNAME, settings->user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, settings->password);
	}
	if (settings->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, settings->ca_file);
	if (settings->cert_file != NULL)
		curl_easy_setopt(curl, CURLOPT_SSLCERT, settings->cert_file);
	if (settings->key_file != NULL)
		curl_easy_setopt(curl, CURLOPT_SSLKEY, settings->key_file);
}

/*
 * registry_client_open prepares a client.
 */
RegistryClient *
registry_client_open(const RegistrySettings *settings, char *error)
{
	RegistryClient *client = calloc(1, sizeof(RegistryClient));

	snprintf(error, REGISTRY_ERROR_SIZE, "out of memory");
	if (client == NULL)
		return NULL;
	client->settings = *settings;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	client->curl = curl_easy_init();
	client->headers =
		curl_slist_append(NULL, "Accept: application/vnd.schemaregistry.v1+json, application/json");
	if (client->curl != NULL && client->headers != NULL)
	{
		set_options(client);
		return client;
	}
	registry_client_close(client);
	return NULL;
}

/*
 * says_unknown tells whether an answer with status 404 comes from a registry, which has a number of
 * its own in it, and not from some other server at this address.
 */
static bool
says_unknown(const char *body)
{
	json_t *json = json_loads(body, 0, NULL);
	json_int_t code = json_integer_value(json_object_get(json, "error_code"));

	json_decref(json);
	return code / 100 == 404 || code == 404;
}

/*
 * judge_answer tells what an answer means.
 */
static RegistryOutcome
judge_answer(RegistryClient *client, const char *path, long status, char *error)
{
	if (status == 200)
		return REGISTRY_OK;
	snprintf(error, REGISTRY_ERROR_SIZE, "the schema registry answers %ld to %.200s: %.200s",
			 status, path, client->answer.text);
	return status == 404 && says_unknown(client->answer.text) ? REGISTRY_UNKNOWN : REGISTRY_FAILED;
}

/*
 * get_url makes a request.  Errors name its path only: an address may have a password in it.
 */
static RegistryOutcome
get_url(RegistryClient *client, const char *url, const char *path, char *error)
{
	CURLcode code;
	long status = 0;

	json_reset(&client->answer, MAX_ANSWER);
	client->curl_error[0] = '\0';
	curl_easy_setopt(client->curl, CURLOPT_URL, url);
	code = curl_easy_perform(client->curl);
	if (code == CURLE_OK)
		json_put(&client->answer, "", 1);
	if (code != CURLE_OK || client->answer.overflowed)
	{
		snprintf(error, REGISTRY_ERROR_SIZE, "could not ask the schema registry for %.200s: %s",
				 path,
				 client->curl_error[0] != '\0' ? client->curl_error : curl_easy_strerror(code));
		return REGISTRY_FAILED;
	}
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	return judge_answer(client, path, status, error);
}

/*
 * registry_client_get asks one registry after the other until one can tell.
 */
RegistryOutcome
registry_client_get(RegistryClient *client, const char *path, const char **body, char *error)
{
	RegistryOutcome outcome = REGISTRY_FAILED;
	const char *base = client->settings.urls;

	snprintf(error, REGISTRY_ERROR_SIZE, "the schema registry has no address");
	while (*base != '\0' && outcome == REGISTRY_FAILED)
	{
		size_t length = strcspn(base, ",");
		size_t kept = length;
		char url[2048];

		while (kept > 0 && (base[kept - 1] == '/' || base[kept - 1] == ' '))
			kept--;
		if (kept > 0 &&
			(size_t) snprintf(url, sizeof(url), "%.*s%s", (int) kept, base, path) < sizeof(url))
			outcome = get_url(client, url, path, error);
		base += length;
		base += strspn(base, ", ");
	}
	*body = client->answer.text;
	return outcome;
}

/*
 * registry_client_escape escapes a part of a path.
 */
char *
registry_client_escape(const char *part)
{
	char *escaped = curl_easy_escape(NULL, part, 0);
	char *copy = escaped != NULL ? strdup(escaped) : NULL;

	curl_free(escaped);
	return copy;
}

/*
 * registry_client_close frees a client.
 */
void
registry_client_close(RegistryClient *client)
{
	if (client == NULL)
		return;
	if (client->curl != NULL)
		curl_easy_cleanup(client->curl);
	curl_slist_free_all(client->headers);
	json_free(&client->answer);
	free(client);
}
