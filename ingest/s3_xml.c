/*
 * s3_xml.c
 *		Reading the XML of S3's answers.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdlib.h>
#include <string.h>

#include "s3_xml.h"
#include "text.h"

#define PATH_SIZE 512

typedef struct Reader
{
	const char *at;
	const char *end;
	char path[PATH_SIZE]; /* of the element that is open */
	size_t path_length;
	Text text;
	S3XmlTake take;
	void *context;
} Reader;

/*
 * begins returns whether something is next.
 */
static bool
begins(const Reader *reader, const char *word)
{
	size_t length = strlen(word);

	return (size_t) (reader->end - reader->at) >= length && memcmp(reader->at, word, length) == 0;
}

/*
 * is_space returns whether a byte is white space.
 */
static bool
is_space(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/*
 * skip_past goes on behind the next occurrence of a word.
 */
static bool
skip_past(Reader *reader, const char *word)
{
	for (; reader->at < reader->end; reader->at++)
		if (begins(reader, word))
		{
			reader->at += strlen(word);
			return true;
		}
	return false;
}

/*
 * skip_space goes on behind white space.
 */
static void
skip_space(Reader *reader)
{
	while (reader->at < reader->end && is_space(*reader->at))
		reader->at++;
}

/*
 * clear empties the text.
 */
static void
clear(Reader *reader)
{
	reader->text.length = 0;
	text_put(&reader->text, "");
}

/*
 * put_character adds a character as UTF-8.
 */
static bool
put_character(Reader *reader, unsigned long code)
{
	char bytes[4];
	size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char first[] = {0, 0, 0xC0, 0xE0, 0xF0};

	if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
		return false;
	for (size_t i = length; i-- > 1; code >>= 6)
		bytes[i] = (char) (0x80 | (code & 0x3F));
	bytes[0] = (char) (first[length] | code);
	text_add(&reader->text, bytes, length);
	return true;
}

/*
 * read_number reads the rest of an entity that is a number.
 */
static bool
read_number(Reader *reader)
{
	int base = begins(reader, "x") ? 16 : 10;
	char digits[10] = {0};
	size_t length = 0;
	char *end;
	unsigned long code;

	if (base == 16)
		reader->at++;
	while (reader->at < reader->end && *reader->at != ';' && length < sizeof(digits) - 1)
		digits[length++] = *reader->at++;
	if (strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") != length)
		return false;
	code = strtoul(digits, &end, base);
	return length > 0 && skip_past(reader, ";") && put_character(reader, code);
}

/*
 * read_entity reads what begins with "&".
 */
static bool
read_entity(Reader *reader)
{
	static const struct
	{
		const char *name;
		const char *text;
	} entities[] = {
		{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}};

	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (begins(reader, entities[i].name))
		{
			reader->at += strlen(entities[i].name);
			text_put(&reader->text, entities[i].text);
			return true;
		}
	if (!begins(reader, "&#"))
		return false;
	reader->at += 2;
	return read_number(reader);
}

/*
 * read_text reads up to the next tag.  Outside of all elements there is white space only.
 */
static bool
read_text(Reader *reader)
{
	while (reader->at < reader->end && *reader->at != '<')
	{
		const char *from = reader->at;

		if (*from == '&' && reader->path_length > 0)
		{
			if (!read_entity(reader))
				return false;
			continue;
		}
		while (reader->at < reader->end && *reader->at != '<' && *reader->at != '&')
			if (!is_space(*reader->at++) && reader->path_length == 0)
				return false;
		if (reader->at == from)
			return false;
		text_add(&reader->text, from, (size_t) (reader->at - from));
	}
	return true;
}

/*
 * name_length returns the length of the name that is next; 0: there is none.
 */
static size_t
name_length(const Reader *reader)
{
	const char *at = reader->at;

	while (at < reader->end && !is_space(*at) && strchr("<>/='\"&", *at) == NULL)
		at++;
	return (size_t) (at - reader->at);
}

/*
 * end_element ends the element that is open.
 */
static bool
end_element(Reader *reader)
{
	char *slash = strrchr(reader->path, '/');

	if (reader->text.failed || !reader->take(reader->context, reader->path, reader->text.data))
		return false;
	reader->path_length = (size_t) (slash - reader->path);
	*slash = '\0';
	clear(reader);
	return true;
}

/*
 * read_open reads a tag that opens an element.
 */
static bool
read_open(Reader *reader)
{
	size_t length;
	char quote = '\0';
	bool empty = false;

	reader->at++;
	length = name_length(reader);
	if (length == 0 || reader->path_length + 1 + length >= PATH_SIZE)
		return false;
	reader->path[reader->path_length++] = '/';
	memcpy(reader->path + reader->path_length, reader->at, length);
	reader->path_length += length;
	reader->path[reader->path_length] = '\0';
	clear(reader);
	for (reader->at += length; reader->at < reader->end; reader->at++)
	{
		if (quote == '\0' && *reader->at == '>')
		{
			reader->at++;
			return !empty || end_element(reader);
		}
		empty = quote == '\0' && *reader->at == '/';
		if (quote == '\0' && (*reader->at == '"' || *reader->at == '\''))
			quote = *reader->at;
		else if (*reader->at == quote)
			quote = '\0';
	}
	return false;
}

/*
 * read_close reads a tag that closes an element, which must be the one that is open.
 */
static bool
read_close(Reader *reader)
{
	const char *slash = strrchr(reader->path, '/');
	size_t length;

	reader->at += 2;
	length = name_length(reader);
	if (slash == NULL || strlen(slash + 1) != length || memcmp(slash + 1, reader->at, length) != 0)
		return false;
	reader->at += length;
	skip_space(reader);
	if (!begins(reader, ">"))
		return false;
	reader->at++;
	return end_element(reader);
}

/*
 * read_document reads one element with all that is in it, and what may be around it.
 */
static bool
read_document(Reader *reader)
{
	bool read = false;

	if (begins(reader, "\xEF\xBB\xBF"))
		reader->at += 3;
	skip_space(reader);
	if (begins(reader, "<?xml") && !skip_past(reader, "?>"))
		return false;
	while (reader->at < reader->end)
	{
		bool done;

		if (*reader->at != '<')
			done = read_text(reader);
		else if (begins(reader, "<!--"))
			done = skip_past(reader, "-->");
		else if (begins(reader, "</"))
			done = read_close(reader);
		else
		{
			done = (!read || reader->path_length > 0) && read_open(reader);
			read = true;
		}
		if (!done)
			return false;
	}
	return read && reader->path_length == 0;
}

/*
 * s3_xml_read reads a document.
 */
bool
s3_xml_read(const char *bytes, size_t length, S3XmlTake take, void *context)
{
	Reader reader = {.at = bytes, .end = bytes + length, .take = take, .context = context};
	bool done;

	clear(&reader);
	done = bytes != NULL && read_document(&reader);
	text_free(&reader.text);
	return done;
}
