/*
 * webhook_send.c
 *		Sending a delivery to the URL of a webhook.
 *
 * Redirects are not followed: whoever could make the receiver's address redirect would have the
 * deliveries.  A 200 that answers too late counts as no answer, and is sent again.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "log.h"
#include "webhook_send.h"

#ifdef WITH_WEBHOOK

#include <curl/curl.h>

#define CONNECT_FACTOR 2 /* a connection may take half of a delivery's time */
#define MAX_ANSWER     65536

struct WebhookSender
{
	CURL *curl;
	const char *url;
	struct curl_slist *headers; /* those of the settings */
	WebhookSecrets secrets;
	size_t answer_length;
	const atomic_bool *stop;
	char curl_error[CURL_ERROR_SIZE];
};

/*
 * log_target logs where deliveries go, without what may be secret.
 */
static void
log_target(const WebhookSender *sender)
{
	const char *host = strstr(sender->url, "://") + 3;
	size_t length = strcspn(host, "/?#");
	const char *at = memrchr(host, '@', length);

	if (at != NULL)
	{
		length -= (size_t) (at + 1 - host);
		host = at + 1;
	}
	log_info("notices of incidents are delivered to %.*s, %s", (int) length, host,
			 sender->secrets.count > 0 ? "signed" : "without a signature");
}

/*
 * is_own_header tells whether a header is one that the program writes itself.
 */
static bool
is_own_header(const char *header, size_t length)
{
	static const char *const own[] = {"content-type", "content-length", "transfer-encoding",
									  "connection", "expect"};

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (length == strlen(own[i]) && strncasecmp(header, own[i], length) == 0)
			return true;
	return length >= 8 && strncasecmp(header, "webhook-", 8) == 0;
}

/*
 * add_header adds a header of the settings, which is NAME: VALUE.
 */
static bool
add_header(WebhookSender *sender, const char *header)
{
	size_t length = strspn(header, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
								   "!#$%&'*+-.^_`|~");
	struct curl_slist *headers;

	if (length == 0 || header[length] != ':' || strpbrk(header, "\r\n") != NULL ||
		is_own_header(header, length))
	{
		log_error("webhook-header: \"%.*s\" is not the name of a header that can be set, followed "
				  "by : and a value",
				  (int) length, header);
		return false;
	}
	headers = curl_slist_append(sender->headers, header);
	if (headers == NULL)
		return false;
	sender->headers = headers;
	return true;
}

/*
 * drop_answer takes the answer's body, of which nothing is needed.
 */
static size_t
drop_answer(char *bytes, size_t size, size_t count, void *arg)
{
	WebhookSender *sender = arg;

	(void) bytes;
	sender->answer_length += size * count;
	return sender->answer_length > MAX_ANSWER ? 0 : size * count;
}

/*
 * look_whether_to_stop ends a delivery when the program ends.
 */
static int
look_whether_to_stop(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const WebhookSender *sender = arg;

	(void) a;
	(void) b;
	(void) c;
	(void) d;
	return atomic_load(sender->stop);
}

/*
 * set_options sets what is the same for all deliveries.
 */
static void
set_options(WebhookSender *sender, const Options *options)
{
	CURL *curl = sender->curl;
	long timeout = (long) options->webhook_timeout * 1000;

	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, sender->curl_error);
	curl_easy_setopt(curl, CURLOPT_URL, sender->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout / CONNECT_FACTOR);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "pg_sessionize_ingest");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop_answer);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, sender);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_whether_to_stop);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, sender);
	if (*options->webhook_ca != '\0')
		curl_easy_setopt(curl, CURLOPT_CAINFO, options->webhook_ca);
}

/*
 * prepare reads the settings.
 */
static bool
prepare(WebhookSender *sender, const Options *options)
{
	const OptionList *headers = &options->webhook_headers;

	if (strncasecmp(sender->url, "https://", 8) != 0 && strncasecmp(sender->url, "http://", 7) != 0)
	{
		log_error("webhook: the URL must begin with https:// or http://");
		return false;
	}
	if (!webhook_secrets_read(&sender->secrets, options->webhook_secret_file))
		return false;
	for (size_t i = 0; i < headers->count; i++)
		if (!add_header(sender, headers->values[i]))
			return false;
	if (sender->curl == NULL)
		return false;
	set_options(sender, options);
	log_target(sender);
	return true;
}

/*
 * webhook_sender_open prepares to send.
 */
WebhookSender *
webhook_sender_open(const Options *options, const atomic_bool *stop)
{
	WebhookSender *sender = calloc(1, sizeof(WebhookSender));

	if (sender == NULL)
		return NULL;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	sender->url = options->webhook;
	sender->stop = stop;
	sender->curl = curl_easy_init();
	if (prepare(sender, options))
		return sender;
	webhook_sender_close(sender);
	return NULL;
}

/*
 * add_own adds a header, NAME: VALUE, to a list; the list is freed if there is no memory.
 */
static struct curl_slist *
add_own(struct curl_slist *list, const char *name, const char *value)
{
	Text line = {0};
	struct curl_slist *longer;

	text_printf(&line, "%s: %s", name, value);
	longer = line.failed ? NULL : curl_slist_append(list, line.data);
	text_free(&line);
	if (longer == NULL)
		curl_slist_free_all(list);
	return longer;
}

/*
 * headers_of returns the headers of a delivery; NULL if there is no memory.
 */
static struct curl_slist *
headers_of(const WebhookSender *sender, const char *id, const char *body)
{
	char timestamp[24];
	Text signatures = {0};
	struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");

	snprintf(timestamp, sizeof(timestamp), "%lld", (long long) time(NULL));
	list = list == NULL ? NULL : add_own(list, "webhook-id", id);
	list = list == NULL ? NULL : add_own(list, "webhook-timestamp", timestamp);
	webhook_sign(&signatures, &sender->secrets, id, timestamp, body);
	if (list != NULL && sender->secrets.count > 0)
		list = add_own(list, "webhook-signature", signatures.failed ? "" : signatures.data);
	for (const struct curl_slist *own = sender->headers; own != NULL && list != NULL;
		 own = own->next)
	{
		struct curl_slist *longer = curl_slist_append(list, own->data);

		if (longer == NULL)
			curl_slist_free_all(list);
		list = longer;
	}
	text_free(&signatures);
	return list;
}

/*
 * judge tells what an answer means.
 */
static WebhookOutcome
judge(WebhookSender *sender, char *error, double *retry_after)
{
	long status = 0;
	curl_off_t seconds = 0;

	curl_easy_getinfo(sender->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status / 100 == 2)
		return WEBHOOK_DELIVERED;
	snprintf(error, WEBHOOK_ERROR_SIZE, "the receiver answers %ld", status);
	curl_easy_getinfo(sender->curl, CURLINFO_RETRY_AFTER, &seconds);
	*retry_after = (double) seconds;
	return status == 429 || status == 503 ? WEBHOOK_BUSY : WEBHOOK_REFUSED;
}

/*
 * webhook_send sends a body.
 */
WebhookOutcome
webhook_send(WebhookSender *sender, const char *id, const char *body, char *error,
			 double *retry_after)
{
	struct curl_slist *headers = headers_of(sender, id, body);
	CURLcode code = CURLE_OUT_OF_MEMORY;

	*retry_after = 0;
	sender->answer_length = 0;
	sender->curl_error[0] = '\0';
	if (headers != NULL)
	{
		curl_easy_setopt(sender->curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(sender->curl, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(sender->curl, CURLOPT_POSTFIELDSIZE, (long) strlen(body));
		code = curl_easy_perform(sender->curl);
		curl_easy_setopt(sender->curl, CURLOPT_HTTPHEADER, NULL);
		curl_slist_free_all(headers);
	}
	/* an answer that is too long is an answer */
	if (code == CURLE_OK || code == CURLE_WRITE_ERROR)
		return judge(sender, error, retry_after);
	snprintf(error, WEBHOOK_ERROR_SIZE, "%.200s",
			 *sender->curl_error != '\0' ? sender->curl_error : curl_easy_strerror(code));
	return WEBHOOK_UNREACHED;
}

/*
 * webhook_sender_close frees a sender.
 */
void
webhook_sender_close(WebhookSender *sender)
{
	if (sender == NULL)
		return;
	if (sender->curl != NULL)
		curl_easy_cleanup(sender->curl);
	curl_slist_free_all(sender->headers);
	explicit_bzero(&sender->secrets, sizeof(sender->secrets));
	free(sender);
}

#else

/*
 * webhook_sender_open tells that this program has no webhooks.
 */
WebhookSender *
webhook_sender_open(const Options *options, const atomic_bool *stop)
{
	(void) options;
	(void) stop;
	log_error("webhook: the program was built without libcurl; on Debian: sudo apt-get install "
			  "libcurl4-openssl-dev, and build it again");
	return NULL;
}

/*
 * webhook_send is never called.
 */
WebhookOutcome
webhook_send(WebhookSender *sender, const char *id, const char *body, char *error,
			 double *retry_after)
{
	(void) sender;
	(void) id;
	(void) body;
	*error = '\0';
	*retry_after = 0;
	return WEBHOOK_UNREACHED;
}

/*
 * webhook_sender_close has nothing to free.
 */
void
webhook_sender_close(WebhookSender *sender)
{
	(void) sender;
}

#endif /* WITH_WEBHOOK */
