/*
 * webhook_sign.c
 *		Signatures of deliveries.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hmac.h"
#include "log.h"
#include "webhook_sign.h"

#define PREFIX   "whsec_"
#define MAX_FILE 1024

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/*
 * decode_base64 decodes a secret; false if it is none, or has another length.
 */
static bool
decode_base64(const char *text, size_t length, uint8_t *bytes, size_t *count)
{
	uint32_t bits = 0;
	int have = 0;

	*count = 0;
	while (length > 0 && text[length - 1] == '=')
		length--;
	for (size_t i = 0; i < length; i++)
	{
		const char *digit = text[i] == '\0' ? NULL : strchr(digits, text[i]);

		if (digit == NULL)
			return false;
		bits = bits << 6 | (uint32_t) (digit - digits);
		have += 6;
		if (have < 8)
			continue;
		if (*count == WEBHOOK_SECRET_SIZE)
			return false;
		have -= 8;
		bytes[(*count)++] = (uint8_t) (bits >> have);
	}
	return *count >= WEBHOOK_SECRET_LEAST;
}

/*
 * take_secrets takes the lines of a text.
 */
static bool
take_secrets(WebhookSecrets *secrets, const char *text, const char *where)
{
	while (*(text += strspn(text, " \t\r\n")) != '\0')
	{
		size_t length = strcspn(text, " \t\r\n");
		size_t prefix = strncmp(text, PREFIX, strlen(PREFIX)) == 0 ? strlen(PREFIX) : 0;

		if (secrets->count == WEBHOOK_SECRETS)
		{
			log_error("%s has more than %d secrets", where, WEBHOOK_SECRETS);
			return false;
		}
		if (!decode_base64(text + prefix, length - prefix, secrets->bytes[secrets->count],
						   &secrets->lengths[secrets->count]))
		{
			log_error(
				"%s has a secret that is not %d to %d bytes in base64; \"openssl rand -base64 "
				"32\" makes one",
				where, WEBHOOK_SECRET_LEAST, WEBHOOK_SECRET_SIZE);
			return false;
		}
		secrets->count++;
		text += length;
	}
	if (secrets->count == 0)
		log_error("%s has no secret", where);
	return secrets->count > 0;
}

/*
 * webhook_secrets_read reads the secrets.
 */
bool
webhook_secrets_read(WebhookSecrets *secrets, const char *file)
{
	const char *variable = getenv("WEBHOOK_SECRET");
	char text[MAX_FILE + 1];
	struct stat status;
	size_t length;
	FILE *stream;

	secrets->count = 0;
	if (*file == '\0')
		return variable == NULL || take_secrets(secrets, variable, "WEBHOOK_SECRET");
	stream = fopen(file, "r");
	if (stream == NULL)
	{
		log_error("the secret \"%s\" can't be read: %s", file, strerror(errno));
		return false;
	}
	if (fstat(fileno(stream), &status) == 0 && (status.st_mode & (S_IROTH | S_IWOTH)) != 0)
		log_warning("everybody on this machine can read the secret \"%s\"; chmod o= takes it away",
					file);
	length = fread(text, 1, MAX_FILE, stream);
	text[length] = '\0';
	(void) fclose(stream);
	return take_secrets(secrets, text, file);
}

/*
 * put_base64 adds a digest in base64.
 */
static void
put_base64(Text *text, const uint8_t *bytes)
{
	for (int i = 0; i < SHA256_SIZE; i += 3)
	{
		uint32_t bits = (uint32_t) bytes[i] << 16;
		char four[4];

		for (int j = 1; j < 3 && i + j < SHA256_SIZE; j++)
			bits |= (uint32_t) bytes[i + j] << (16 - 8 * j);
		for (int j = 0; j < 4; j++)
			four[j] = i + j > SHA256_SIZE ? '=' : digits[bits >> (18 - 6 * j) & 63];
		text_add(text, four, sizeof(four));
	}
}

/*
 * webhook_sign signs a delivery.
 */
void
webhook_sign(Text *signatures, const WebhookSecrets *secrets, const char *id, const char *timestamp,
			 const char *body)
{
	for (int i = 0; i < secrets->count; i++)
	{
		uint8_t digest[SHA256_SIZE];
		Sha256 hash;

		hmac_begin(&hash, secrets->bytes[i], secrets->lengths[i]);
		sha256_add(&hash, id, strlen(id));
		sha256_add(&hash, ".", 1);
		sha256_add(&hash, timestamp, strlen(timestamp));
		sha256_add(&hash, ".", 1);
		sha256_add(&hash, body, strlen(body));
		hmac_end(&hash, secrets->bytes[i], secrets->lengths[i], digest);
		text_put(signatures, i == 0 ? "v1," : " v1,");
		put_base64(signatures, digest);
	}
}
