/*
 * s3_request.c
 *		Requests to S3, by libcurl.
 *
 * libcurl signs what is sent (AWS Signature Version 4).  What it signs are the URL and the headers as
 * they are given here: so the path and the query are encoded and in the order that the signature wants
 * them in, and x-amz-content-sha256 has the hash of what is sent.  Left to itself, libcurl 7.88 sends
 * no such header, which S3 insists on, and signs a query in any order.  CURLOPT_PATH_AS_IS is not to
 * be had with signatures (libcurl 8.23), so keys with parts "." and "..", which libcurl would resolve
 * to other keys, are refused.
 *
 * A request is made again after errors that pass.  If one may have been done although nobody said so,
 * the answer tells it.  SIGTERM ends a request and all waiting; what is asked afterwards, such as to
 * remove files that no log names, has some seconds for all of it.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hmac.h"
#include "log.h"
#include "s3_request.h"
#include "s3_settings.h"
#include "s3_xml.h"
#include "steady_clock.h"

#define CONNECT_SECONDS 10L
#define STOP_SECONDS    10.0
#define LEAST_ATTEMPTS  3 /* also when the time is over, as it may be after one slow upload */
#define FIRST_WAIT      0.2
#define LONGEST_WAIT    10.0
#define LONGEST_ASKED   60.0 /* of what Retry-After may say */
#define MAX_ERROR       ((size_t) 64 * 1024)
#define MAX_PUT         (INT64_C(5) * 1024 * 1024 * 1024)
#define COPY_SIZE       ((size_t) 256 * 1024)
#define HASH_SIZE       (2 * SHA256_SIZE + 1)

struct S3Client
{
	CURL *curl;
	Failure *failure;
	LakeSettings settings;
	S3Settings keys;
	char *bucket;
	Text base;      /* the URL of the bucket, without "/" at its end */
	double ends_at; /* after the program was told to end; 0: it was not */
	char curl_error[CURL_ERROR_SIZE];
};

/* A request that is being made. */
typedef struct Call
{
	S3Client *client;
	const S3Request *request;
	S3Answer *answer;
	Text url;
	struct curl_slist *headers;
	FILE *file; /* of request->path */
	int64_t size;
	int64_t sent;
	size_t contents_before;
	Text error; /* the body of an answer that is none of success */
	bool was_stopped;
	double asked; /* Retry-After */
} Call;

/* What to check, by S3's word for an error. */
static const struct
{
	const char *code;
	const char *hint;
} hints[] = {
	{"AccessDenied", "check that the credentials' policy allows s3:ListBucket on the bucket, and "
					 "s3:GetObject, s3:PutObject and s3:DeleteObject on its objects"},
	{"InvalidAccessKeyId", "check AWS_ACCESS_KEY_ID, or the profile's aws_access_key_id"},
	{"SignatureDoesNotMatch", "check AWS_SECRET_ACCESS_KEY, or the profile's "
							  "aws_secret_access_key, and AWS_REGION"},
	{"ExpiredToken", "the credentials have expired; get new ones and run the export again"},
	{"InvalidToken", "check AWS_SESSION_TOKEN, which belongs to the same credentials as the keys"},
	{"RequestTimeTooSkewed", "check the clock of this machine"},
	{"NoSuchBucket", "check the bucket's name in the export's location, or create the bucket"},
	{"PermanentRedirect", "check AWS_REGION: the bucket is in another region"},
	{"TemporaryRedirect", "check AWS_REGION, or wait: the bucket was created a short time ago"},
	{"AuthorizationHeaderMalformed", "check AWS_REGION: the bucket is in another region"},
	{"IllegalLocationConstraintException", "check AWS_REGION: the bucket is in another region"},
	{"NotImplemented", "the store does not know what is asked of it; upgrade it"},
	{"EntityTooLarge", "say a smaller --file-bytes"},
};

/*
 * s3_put_encoded adds a text in which all bytes but the unreserved ones have a percent sign.
 */
void
s3_put_encoded(Text *url, const char *text, bool slashes)
{
	static const char plain[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *text != '\0'; text++)
	{
		if (strchr(plain, *text) != NULL || (slashes && *text == '/'))
			text_add(url, text, 1);
		else
			text_printf(url, "%%%02X", (unsigned int) (unsigned char) *text);
	}
}

/*
 * s3_is_plain returns whether a key has no parts that a URL can't have.
 */
bool
s3_is_plain(const char *key)
{
	while (*key != '\0')
	{
		size_t length = strcspn(key, "/");

		if (length == 0 || (length <= 2 && strncmp(key, "..", length) == 0))
			return false;
		key += length + (key[length] == '/' ? 1 : 0);
	}
	return true;
}

/*
 * put_base makes the bucket's URL.  Where nobody has said how: a bucket with dots in its name would
 * have no certificate as a host, and a custom endpoint may be an address.
 */
static void
put_base(S3Client *client)
{
	const S3Settings *keys = &client->keys;
	const char *style = client->settings.s3_style;
	const char *scheme_end;
	char standard[256];
	const char *endpoint = keys->endpoint;
	bool by_path;

	if (strcmp(style, "auto") == 0 && keys->style != NULL)
		style = keys->style;
	by_path =
		strcmp(style, "path") == 0 || (strcmp(style, "virtual") != 0 &&
									   (endpoint != NULL || strchr(client->bucket, '.') != NULL));
	if (endpoint == NULL)
	{
		snprintf(standard, sizeof(standard), "https://s3.%s.amazonaws.com%s", keys->region,
				 strncmp(keys->region, "cn-", 3) == 0 ? ".cn" : "");
		endpoint = standard;
	}
	scheme_end = strstr(endpoint, "://") + 3;
	if (by_path)
		text_printf(&client->base, "%s/%s", endpoint, client->bucket);
	else
		text_printf(&client->base, "%.*s%s.%s", (int) (scheme_end - endpoint), endpoint,
					client->bucket, scheme_end);
}

/*
 * check_settings refuses an endpoint that is no URL, or a region that can't be a part of one.
 */
static bool
check_settings(const S3Client *client)
{
	const char *endpoint = client->keys.endpoint;
	const char *region = client->keys.region;

	if (endpoint != NULL &&
		((strncmp(endpoint, "http://", 7) != 0 && strncmp(endpoint, "https://", 8) != 0) ||
		 strpbrk(endpoint, "?#@ ") != NULL))
		return fail_with(client->failure, "AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL is no URL such "
										  "as https://s3.example.com");
	if (strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(region))
		return fail_with(client->failure,
						 "\"%s\" is no region, such as eu-central-1; check "
						 "AWS_REGION",
						 region);
	return true;
}

/*
 * s3_client_open opens a client.
 */
S3Client *
s3_client_open(const char *bucket, const LakeSettings *settings, Failure *failure)
{
	S3Client *client = calloc(1, sizeof(S3Client));

	if (client == NULL)
	{
		fail_with(failure, "there is no memory for the lake");
		return NULL;
	}
	client->failure = failure;
	client->settings = *settings;
	client->bucket = strdup(bucket);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	client->curl = curl_easy_init();
	if (s3_settings_read(&client->keys, failure) && check_settings(client))
	{
		if (client->bucket != NULL && client->curl != NULL)
			put_base(client);
		if (client->base.length > 0 && !client->base.failed)
		{
			log_debug("the lake is at %s, region %s", client->base.data, client->keys.region);
			return client;
		}
		fail_with(failure, "there is no memory for the lake");
	}
	s3_client_close(client);
	return NULL;
}

/*
 * s3_client_close frees a client.
 */
void
s3_client_close(S3Client *client)
{
	if (client->curl != NULL)
		curl_easy_cleanup(client->curl);
	s3_settings_free(&client->keys);
	text_free(&client->base);
	free(client->bucket);
	free(client);
}

/*
 * is_over returns whether nothing is to be asked any more: the program was told to end some seconds
 * ago.
 */
static bool
is_over(S3Client *client)
{
	if (!atomic_load(client->settings.stop))
		return false;
	if (client->ends_at == 0)
		client->ends_at = steady_seconds() + STOP_SECONDS;
	return steady_seconds() >= client->ends_at;
}

/*
 * look_whether_to_stop ends a request when the program was told to end while it was made.
 */
static int
look_whether_to_stop(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const Call *call = arg;

	(void) a;
	(void) b;
	(void) c;
	(void) d;
	return is_over(call->client) ||
		   (!call->was_stopped && atomic_load(call->client->settings.stop));
}

/*
 * take_body takes a part of an answer's body.
 */
static size_t
take_body(char *bytes, size_t size, size_t count, void *arg)
{
	Call *call = arg;
	size_t length = size * count;
	long status = 0;

	curl_easy_getinfo(call->client->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status / 100 != 2)
	{
		if (call->error.length + length <= MAX_ERROR)
			text_add(&call->error, bytes, length);
		return length;
	}
	if (call->request->contents == NULL)
		return length;
	text_add(call->request->contents, bytes, length);
	return call->request->contents->failed ? 0 : length;
}

/*
 * give_body gives a part of what is put.
 */
static size_t
give_body(char *buffer, size_t size, size_t count, void *arg)
{
	Call *call = arg;
	size_t length = size * count;

	if (call->file != NULL)
	{
		length = fread(buffer, 1, length, call->file);
		return ferror(call->file) ? CURL_READFUNC_ABORT : length;
	}
	if (length > call->request->length - (size_t) call->sent)
		length = call->request->length - (size_t) call->sent;
	if (length > 0)
		memcpy(buffer, call->request->bytes + call->sent, length);
	call->sent += (int64_t) length;
	return length;
}

/*
 * seek_body goes to a place in what is put, when libcurl has to send it once more.
 */
static int
seek_body(void *arg, curl_off_t offset, int origin)
{
	Call *call = arg;

	if (origin != SEEK_SET || offset < 0 || offset > call->size)
		return CURL_SEEKFUNC_FAIL;
	call->sent = offset;
	if (call->file == NULL)
		return CURL_SEEKFUNC_OK;
	clearerr(call->file);
	return fseeko(call->file, offset, SEEK_SET) == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

/*
 * hash_body writes the SHA-256 of what is put, in hexadecimal digits.
 */
static bool
hash_body(Call *call, char hex[HASH_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	Sha256 hash;

	sha256_begin(&hash);
	if (call->file == NULL && call->request->length > 0)
		sha256_add(&hash, call->request->bytes, call->request->length);
	else if (call->file != NULL)
	{
		char *buffer = malloc(COPY_SIZE);
		size_t n = 0;

		while (buffer != NULL && (n = fread(buffer, 1, COPY_SIZE, call->file)) > 0)
			sha256_add(&hash, buffer, n);
		if (buffer == NULL || ferror(call->file))
		{
			free(buffer);
			return fail_with(call->client->failure, "could not read the file \"%s\": %s",
							 call->request->path, strerror(errno));
		}
		free(buffer);
	}
	sha256_end(&hash, digest);
	for (int i = 0; i < SHA256_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	return true;
}

/*
 * open_file opens the local file that is put.
 */
static bool
open_file(Call *call)
{
	const char *path = call->request->path;
	struct stat status;

	call->file = fopen(path, "re");
	if (call->file == NULL || fstat(fileno(call->file), &status) != 0)
		return fail_with(call->client->failure, "could not read the file \"%s\": %s", path,
						 strerror(errno));
	if (status.st_size > MAX_PUT)
		return fail_with(call->client->failure,
						 "the file for the object \"%s\" has %" PRId64
						 " bytes, and S3 takes at most 5 GB at a time: say a smaller --file-bytes",
						 call->request->key, (int64_t) status.st_size);
	call->size = status.st_size;
	return true;
}

/*
 * add_header adds a header.
 */
static bool
add_header(Call *call, const char *name, const char *value)
{
	struct curl_slist *longer;
	Text line = {0};

	text_printf(&line, "%s: ", name);
	text_put(&line, value);
	longer = line.failed ? NULL : curl_slist_append(call->headers, line.data);
	if (line.data != NULL)
		explicit_bzero(line.data, line.length);
	text_free(&line);
	if (longer != NULL)
		call->headers = longer;
	return longer != NULL;
}

/*
 * prepare makes what is the same in all attempts.
 */
static bool
prepare(Call *call)
{
	const S3Request *request = call->request;
	S3Client *client = call->client;
	char hash[HASH_SIZE];

	call->size = (int64_t) request->length;
	if (request->path != NULL && !open_file(call))
		return false;
	if (!hash_body(call, hash))
		return false;
	text_put(&call->url, client->base.data);
	text_put(&call->url, "/");
	if (request->key != NULL)
		s3_put_encoded(&call->url, request->key, true);
	if (request->query != NULL)
	{
		text_put(&call->url, "?");
		text_put(&call->url, request->query);
	}
	if (call->url.failed || !add_header(call, "x-amz-content-sha256", hash) ||
		(client->keys.session_token != NULL &&
		 !add_header(call, "x-amz-security-token", client->keys.session_token)) ||
		(request->only_if_absent && !add_header(call, "If-None-Match", "*")))
		return fail_with(client->failure, "there is no memory for a request to S3");
	return true;
}

/*
 * set_common sets what is the same for all requests.
 */
static void
set_common(Call *call)
{
	S3Client *client = call->client;
	CURL *curl = client->curl;
	char signature[128];

	snprintf(signature, sizeof(signature), "aws:amz:%.100s:s3", client->keys.region);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->curl_error);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "pg_sessionize_ingest/" INGEST_VERSION);
	curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, signature);
	curl_easy_setopt(curl, CURLOPT_USERNAME, client->keys.access_key);
	curl_easy_setopt(curl, CURLOPT_PASSWORD, client->keys.secret_key);
	if (client->keys.ca != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, client->keys.ca);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long) client->settings.s3_timeout);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_whether_to_stop);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, call);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
}

/*
 * set_request sets what is this request's.
 */
static void
set_request(Call *call)
{
	CURL *curl = call->client->curl;

	curl_easy_setopt(curl, CURLOPT_URL, call->url.data);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, call->headers);
	if (strcmp(call->request->method, "PUT") != 0)
	{
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call->request->method);
		return;
	}
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t) call->size);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
	curl_easy_setopt(curl, CURLOPT_READDATA, call);
	curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_body);
	curl_easy_setopt(curl, CURLOPT_SEEKDATA, call);
}

/*
 * copy_plain copies a text without what would break a line of the log.
 */
static void
copy_plain(char *to, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text != '\0' && n < size - 1; text++)
		to[n++] = (unsigned char) *text < ' ' || *text == '\x7F' ? ' ' : *text;
	to[n] = '\0';
}

/*
 * take_error takes what S3 says of an error.
 */
static bool
take_error(void *context, const char *path, const char *text)
{
	S3Answer *answer = context;

	if (strcmp(path, "/Error/Code") == 0)
		copy_plain(answer->code, sizeof(answer->code), text);
	else if (strcmp(path, "/Error/Message") == 0)
		copy_plain(answer->message, sizeof(answer->message), text);
	return true;
}

/*
 * was_sent returns whether a request that had no answer may have come to the server.
 */
static bool
was_sent(CURLcode code)
{
	switch (code)
	{
		case CURLE_COULDNT_RESOLVE_PROXY:
		case CURLE_COULDNT_RESOLVE_HOST:
		case CURLE_COULDNT_CONNECT:
		case CURLE_SSL_CONNECT_ERROR:
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_URL_MALFORMAT:
		case CURLE_UNSUPPORTED_PROTOCOL:
			return false;
		default:
			return true;
	}
}

/*
 * passes returns whether it may help to make a request again.
 */
static bool
passes(CURLcode code, const S3Answer *answer)
{
	switch (code)
	{
		case CURLE_OK:
			break;
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_URL_MALFORMAT:
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_OUT_OF_MEMORY:
		case CURLE_READ_ERROR:
		case CURLE_WRITE_ERROR:
		case CURLE_ABORTED_BY_CALLBACK:
			return false;
		default:
			return true;
	}
	switch (answer->status)
	{
		case 409: /* somebody else is putting the same object */
		case 429:
		case 500:
		case 502:
		case 503:
		case 504:
			return true;
		case 400:
			return strcmp(answer->code, "RequestTimeout") == 0;
		default:
			return false;
	}
}

/*
 * judge notes what an attempt has come to; returns whether it may help to make it again.
 */
static bool
judge(Call *call, CURLcode code)
{
	S3Client *client = call->client;
	S3Answer *answer = call->answer;
	curl_off_t seconds = 0;

	if (code == CURLE_OK)
	{
		curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &answer->status);
		curl_easy_getinfo(client->curl, CURLINFO_RETRY_AFTER, &seconds);
		if (call->error.length > 0)
			(void) s3_xml_read(call->error.data, call->error.length, take_error, answer);
	}
	else if (code == CURLE_ABORTED_BY_CALLBACK)
		snprintf(answer->message, sizeof(answer->message), "the export was told to end");
	else
		copy_plain(answer->message, sizeof(answer->message),
				   *client->curl_error != '\0' ? client->curl_error : curl_easy_strerror(code));
	call->asked = (double) seconds;
	if ((code != CURLE_OK && was_sent(code)) || answer->status / 100 == 5)
		answer->unsure = true;
	return passes(code, answer);
}

/*
 * attempt makes a request once; returns whether it may help to make it again.
 */
static bool
attempt(Call *call)
{
	S3Client *client = call->client;
	CURLcode code = CURLE_ABORTED_BY_CALLBACK;
	bool unsure = call->answer->unsure;
	bool again;

	*call->answer = (S3Answer){.unsure = unsure};
	call->error.length = 0;
	call->was_stopped = atomic_load(client->settings.stop);
	if (call->request->contents != NULL)
		call->request->contents->length = call->contents_before;
	*client->curl_error = '\0';
	if (is_over(client))
	{
		snprintf(call->answer->message, S3_MESSAGE_SIZE, "the export was told to end");
		return false;
	}
	curl_easy_reset(client->curl);
	set_common(call);
	set_request(call);
	if (seek_body(call, 0, SEEK_SET) == CURL_SEEKFUNC_OK)
		code = curl_easy_perform(client->curl);
	again = judge(call, code);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	return again;
}

/*
 * random_part returns a number from 0.5 to 1, so that those who failed together don't come again
 * together.
 */
static double
random_part(void)
{
	unsigned short number = 0;

	(void) getrandom(&number, sizeof(number), GRND_NONBLOCK);
	return 0.5 + number / 131072.0;
}

/*
 * pause_before waits before the next attempt; false if the program was told to end.
 */
static bool
pause_before(Call *call, int attempts)
{
	double wait = FIRST_WAIT;
	double until;

	for (int i = 1; i < attempts && wait < LONGEST_WAIT; i++)
		wait *= 2;
	if (wait > LONGEST_WAIT)
		wait = LONGEST_WAIT;
	wait *= random_part();
	if (call->asked > wait)
		wait = call->asked < LONGEST_ASKED ? call->asked : LONGEST_ASKED;
	log_debug("%s %s: %ld %s %s; once more in %.1f s", call->request->method, call->url.data,
			  call->answer->status, call->answer->code, call->answer->message, wait);
	for (until = steady_seconds() + wait; steady_seconds() < until;)
	{
		if (atomic_load(call->client->settings.stop))
			return false;
		usleep(50000);
	}
	return true;
}

/*
 * send_prepared makes a prepared request until it is done, or nothing is left to try.
 */
static void
send_prepared(Call *call)
{
	double until = steady_seconds() + (double) call->client->settings.s3_retry;
	int attempts = 0;

	do
	{
		if (!attempt(call))
			return;
		attempts++;
	} while ((attempts < LEAST_ATTEMPTS || steady_seconds() < until) &&
			 pause_before(call, attempts));
}

/*
 * s3_send makes a request.
 */
bool
s3_send(S3Client *client, const S3Request *request, S3Answer *answer)
{
	Call call = {
		.client = client,
		.request = request,
		.answer = answer,
		.contents_before = request->contents != NULL ? request->contents->length : 0,
	};

	*answer = (S3Answer){0};
	if (prepare(&call))
		send_prepared(&call);
	if (call.file != NULL)
		fclose(call.file);
	curl_slist_free_all(call.headers);
	text_free(&call.url);
	text_free(&call.error);
	return answer->status / 100 == 2;
}

/*
 * hint_for returns what to check after an error; empty: that can't be said.
 */
static const char *
hint_for(const S3Answer *answer)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if (strcmp(hints[i].code, answer->code) == 0)
			return hints[i].hint;
	if (answer->status == 0)
		return "check AWS_ENDPOINT_URL_S3, AWS_REGION and the network";
	if (answer->status == 403)
		return hints[0].hint;
	if (answer->status / 100 == 3)
		return "check AWS_REGION and AWS_ENDPOINT_URL_S3";
	if (answer->status / 100 == 5 || answer->status == 409 || answer->status == 429)
		return "run the export again later";
	return "";
}

/*
 * s3_fail says why a request failed.
 */
bool
s3_fail(S3Client *client, const S3Request *request, const S3Answer *answer, const char *what)
{
	const char *hint = hint_for(answer);
	char status[32] = "";

	if (answer->status != 0)
		snprintf(status, sizeof(status), "the store answers %ld ", answer->status);
	return fail_with(client->failure, "could not %s \"s3://%s/%s\": %s%s%s%s%s%s", what,
					 client->bucket, request->key != NULL ? request->key : "", status, answer->code,
					 *answer->code != '\0' && *answer->message != '\0' ? ": " : "", answer->message,
					 *hint != '\0' ? "; " : "", hint);
}
