/*
 * s3_settings.c
 *		Reading credentials, region and endpoint.
 *
 * The environment counts first, then the profile's section of the credentials file, then that of the
 * config file.  Keys are taken from one place as a whole: the id of one place with the secret of
 * another, or with its session token, is nobody's.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "s3_settings.h"
#include "text.h"

#define DEFAULT_REGION  "us-east-1"
#define DEFAULT_PROFILE "default"

/* A file of profiles that is being read. */
typedef struct Profiles
{
	const char *profile;
	const char *prefix; /* of the names of sections other than the default one */
	bool within;        /* the profile's section */
	bool within_s3;     /* the lines below "s3 =" there */
	S3Settings *found;
} Profiles;

/*
 * variable returns a variable of the environment; NULL if it is empty.
 */
static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

/*
 * first_variable returns the first of two variables that there is.
 */
static const char *
first_variable(const char *name, const char *other)
{
	const char *value = variable(name);

	return value != NULL ? value : variable(other);
}

/*
 * forget frees a text that may be secret.
 */
static void
forget(char **text)
{
	if (*text != NULL)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

/*
 * set keeps a copy of a value; no value is kept as none.
 */
static bool
set(char **place, const char *value)
{
	forget(place);
	return value == NULL || *value == '\0' || (*place = strdup(value)) != NULL;
}

/*
 * trim returns a text without the white space around it.
 */
static char *
trim(char *text)
{
	size_t length;

	while (isspace((unsigned char) *text))
		text++;
	length = strlen(text);
	while (length > 0 && isspace((unsigned char) text[length - 1]))
		text[--length] = '\0';
	return text;
}

/*
 * enter enters a section, whose name has brackets around it.
 */
static void
enter(Profiles *profiles, char *line)
{
	size_t length = strlen(profiles->prefix);
	char *name = line + 1;

	name[strcspn(name, "]")] = '\0';
	name = trim(name);
	profiles->within_s3 = false;
	profiles->within = strcmp(name, DEFAULT_PROFILE) == 0
						   ? strcmp(profiles->profile, DEFAULT_PROFILE) == 0
						   : strncmp(name, profiles->prefix, length) == 0 &&
								 strcmp(trim(name + length), profiles->profile) == 0;
}

/*
 * place_of finds where a profile's value goes; NULL: it is of no interest.
 */
static char **
place_of(const Profiles *profiles, const char *name)
{
	S3Settings *found = profiles->found;
	const struct
	{
		const char *name;
		char **place;
	} places[] = {
		{"aws_access_key_id", &found->access_key},    {"aws_secret_access_key", &found->secret_key},
		{"aws_session_token", &found->session_token}, {"region", &found->region},
		{"endpoint_url", &found->endpoint},           {"ca_bundle", &found->ca}};

	if (profiles->within_s3)
		return strcmp(name, "addressing_style") == 0 ? &found->style : NULL;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i].name, name) == 0)
			return places[i].place;
	return NULL;
}

/*
 * take_line takes a line of a file: a section, a comment or a value.  Lines that begin with white
 * space belong to the value above them.
 */
static bool
take_line(Profiles *profiles, char *line)
{
	bool nested = *line == ' ' || *line == '\t';
	char *equals;
	char **place;

	line = trim(line);
	if (*line == '[')
		enter(profiles, line);
	if (!profiles->within || strchr("#;[", *line) != NULL || (equals = strchr(line, '=')) == NULL)
		return true;
	*equals = '\0';
	line = trim(line);
	if (!nested)
		profiles->within_s3 = strcmp(line, "s3") == 0;
	else if (!profiles->within_s3)
		return true;
	place = place_of(profiles, line);
	return place == NULL || set(place, trim(equals + 1));
}

/*
 * find_file makes the path of a file that a variable names, or that is in the home directory.
 */
static bool
find_file(Text *path, const char *name, const char *standard)
{
	const char *value = variable(name);
	const char *home = variable("HOME");

	if (value == NULL && home == NULL)
		return false;
	if (value != NULL && (value[0] != '~' || value[1] != '/' || home == NULL))
		text_put(path, value);
	else
		text_printf(path, "%s/%s", home, value != NULL ? value + 2 : standard);
	return !path->failed;
}

/*
 * read_file reads a profile's section of a file; one that is not there has none.
 */
static bool
read_file(Profiles *profiles, const char *path, Failure *failure)
{
	FILE *file = fopen(path, "re");
	bool done = true;
	char *line = NULL;
	size_t size = 0;

	if (file == NULL)
		return errno == ENOENT || errno == ENOTDIR ||
			   fail_with(failure, "could not read the file \"%s\": %s", path, strerror(errno));
	while (done && getline(&line, &size, file) >= 0)
		done = take_line(profiles, line);
	if (!done)
		fail_with(failure, "there is no memory for the file \"%s\"", path);
	else if (ferror(file))
		done = fail_with(failure, "could not read the file \"%s\": %s", path, strerror(errno));
	if (line != NULL)
		explicit_bzero(line, size);
	free(line);
	fclose(file);
	return done;
}

/*
 * read_profile reads the profile's sections of both files.
 */
static bool
read_profile(const char *profile, S3Settings *credentials, S3Settings *config, Failure *failure)
{
	Profiles of_credentials = {profile, "", false, false, credentials};
	Profiles of_config = {profile, "profile ", false, false, config};
	Text paths[2] = {{0}, {0}};
	bool done = true;

	if (find_file(&paths[0], "AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"))
		done = read_file(&of_credentials, paths[0].data, failure);
	if (done && find_file(&paths[1], "AWS_CONFIG_FILE", ".aws/config"))
		done = read_file(&of_config, paths[1].data, failure);
	text_free(&paths[0]);
	text_free(&paths[1]);
	return done;
}

/*
 * take_keys takes the keys from the first place that has one.
 */
static bool
take_keys(S3Settings *settings, const S3Settings *const *places, size_t count, const char *profile,
		  Failure *failure)
{
	for (size_t i = 0; i < count; i++)
	{
		const S3Settings *place = places[i];

		if (place->access_key == NULL && place->secret_key == NULL)
			continue;
		if (place->access_key == NULL || place->secret_key == NULL)
			return fail_with(failure,
							 "of the credentials for S3 there is only one half: "
							 "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together, as do "
							 "aws_access_key_id and aws_secret_access_key in the profile \"%s\"",
							 profile);
		return (set(&settings->access_key, place->access_key) &&
				set(&settings->secret_key, place->secret_key) &&
				set(&settings->session_token, place->session_token)) ||
			   fail_with(failure, "there is no memory for the credentials of S3");
	}
	return fail_with(failure,
					 "there are no credentials for S3: set AWS_ACCESS_KEY_ID and "
					 "AWS_SECRET_ACCESS_KEY in the program's environment, or have them in the "
					 "profile \"%s\" of ~/.aws/credentials; where a role is assumed, \"aws "
					 "configure export-credentials --format env\" prints them",
					 profile);
}

/*
 * either returns a value, or another one if there is none.
 */
static const char *
either(const char *value, const char *other)
{
	return value != NULL ? value : other;
}

/*
 * take_rest takes what is not secret.
 */
static bool
take_rest(S3Settings *settings, const S3Settings *credentials, const S3Settings *config,
		  Failure *failure)
{
	const char *region = first_variable("AWS_REGION", "AWS_DEFAULT_REGION");
	const char *endpoint = first_variable("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
	size_t length;

	region = either(region, either(credentials->region, config->region));
	endpoint = either(endpoint, either(credentials->endpoint, config->endpoint));
	if (region == NULL && endpoint == NULL)
		return fail_with(failure, "the region of the bucket is not known: set AWS_REGION in the "
								  "program's environment, or region in the profile of "
								  "~/.aws/config");
	if (!set(&settings->region, either(region, DEFAULT_REGION)) ||
		!set(&settings->endpoint, endpoint) || !set(&settings->style, config->style) ||
		!set(&settings->ca, either(variable("AWS_CA_BUNDLE"), config->ca)))
		return fail_with(failure, "there is no memory for the settings of S3");
	for (length = endpoint != NULL ? strlen(endpoint) : 0;
		 length > 0 && endpoint[length - 1] == '/'; length--)
		settings->endpoint[length - 1] = '\0';
	return true;
}

/*
 * s3_settings_read reads them.
 */
bool
s3_settings_read(S3Settings *settings, Failure *failure)
{
	const char *profile =
		either(first_variable("AWS_PROFILE", "AWS_DEFAULT_PROFILE"), DEFAULT_PROFILE);
	S3Settings environment = {0};
	S3Settings credentials = {0};
	S3Settings config = {0};
	const S3Settings *const places[] = {&environment, &credentials, &config};
	bool done;

	*settings = (S3Settings){0};
	done = set(&environment.access_key, variable("AWS_ACCESS_KEY_ID")) &&
		   set(&environment.secret_key, variable("AWS_SECRET_ACCESS_KEY")) &&
		   set(&environment.session_token, variable("AWS_SESSION_TOKEN"));
	if (!done)
		fail_with(failure, "there is no memory for the credentials of S3");
	done = done && read_profile(profile, &credentials, &config, failure) &&
		   take_keys(settings, places, 3, profile, failure) &&
		   take_rest(settings, &credentials, &config, failure);
	s3_settings_free(&environment);
	s3_settings_free(&credentials);
	s3_settings_free(&config);
	return done;
}

/*
 * s3_settings_free forgets them.
 */
void
s3_settings_free(S3Settings *settings)
{
	forget(&settings->access_key);
	forget(&settings->secret_key);
	forget(&settings->session_token);
	forget(&settings->region);
	forget(&settings->endpoint);
	forget(&settings->style);
	forget(&settings->ca);
}
