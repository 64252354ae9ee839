/*
 * agent.c
 *		The words of a user agent, found in one pass.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "miscadmin.h"

#include "web/agent.h"

/* Words longer than this are in no list. */
#define MAX_WORD 32

/* Names of bots and numbers of versions are no longer. */
#define MAX_NAME   64
#define MAX_DIGITS 8

typedef enum WordRole
{
	IS_FACT,
	IS_BROWSER,
	IS_BOT
} WordRole;

typedef struct AgentWord
{
	TextView word;
	WordRole role;
	AgentFact fact;
	const char *next; /* what must follow the word of a browser or a bot */
	const char *name; /* a browser's name */
	uint32 rank;      /* the place in the list */
} AgentWord;

#define FACT(word, fact)    {TEXT_VIEW(word), IS_FACT, AGENT_##fact, NULL, NULL, 0},
#define BROWSER(word, name) {TEXT_VIEW(word), IS_BROWSER, 0, "/", name, 0},
#define APP(word, name)     {TEXT_VIEW(word), IS_BROWSER, 0, " ", name, 0},
#define BOT(word, next)     {TEXT_VIEW(word), IS_BOT, 0, next, NULL, 0},

static const AgentWord word_list[] = {
#include "web/agent_list.h"
};

/* The reading of one user agent. */
typedef struct Reading
{
	Agent *agent;
	uint32 from; /* the word at hand */
	uint32 to;
	uint32 rank; /* of the browser found so far */
} Reading;

/*
 * compare_words compares two words of the list by their bytes.
 */
static int
compare_words(const void *a, const void *b)
{
	const TextView *x = &((const AgentWord *) a)->word;
	const TextView *y = &((const AgentWord *) b)->word;
	int order = memcmp(x->data, y->data, Min(x->len, y->len));

	return order != 0 ? order : (x->len > y->len) - (x->len < y->len);
}

/*
 * find_word returns the row of a word in lower case, or NULL.  The list is sorted at first use.
 */
static const AgentWord *
find_word(TextView word)
{
	static AgentWord sorted[lengthof(word_list)];
	static bool is_sorted = false;
	AgentWord key = {.word = word};

	if (!is_sorted)
	{
		memcpy(sorted, word_list, sizeof(word_list));
		for (uint32 i = 0; i < lengthof(sorted); i++)
			sorted[i].rank = i;
		qsort(sorted, lengthof(sorted), sizeof(AgentWord), compare_words);
		is_sorted = true;
	}
	return bsearch(&key, sorted, lengthof(sorted), sizeof(AgentWord), compare_words);
}

/*
 * is_digit tells whether a character is a digit.
 */
static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * is_word_character tells whether a character is a part of a word.
 */
static inline bool
is_word_character(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/*
 * is_name_character tells whether a character is a part of the name of a bot.
 */
static inline bool
is_name_character(char c)
{
	return is_word_character(c) || c == '-' || c == '.';
}

/*
 * follows tells whether a text comes at a position.
 */
static bool
follows(TextView text, uint32 position, const char *what)
{
	size_t length = strlen(what);

	return text.len - position >= length && memcmp(text.data + position, what, length) == 0;
}

/*
 * note_bot notes the first bot by the name around the word at hand, as it is written.
 */
static void
note_bot(Reading *reading)
{
	TextView text = reading->agent->text;
	uint32 from = reading->from;
	uint32 to = reading->to;

	if (reading->agent->bot.data != NULL)
		return;
	while (from > 0 && to - from < MAX_NAME && is_name_character(text.data[from - 1]))
		from--;
	while (to < text.len && to - from < MAX_NAME && is_name_character(text.data[to]))
		to++;
	reading->agent->bot = (TextView){text.data + from, to - from};
}

/*
 * ends_as_bot tells whether a word in lower case ends as the names of bots do.  Cubot makes phones.
 */
static bool
ends_as_bot(const char *word, uint32 length)
{
	if (length == 5 && memcmp(word, "cubot", 5) == 0)
		return false;
	return (length >= 3 && memcmp(word + length - 3, "bot", 3) == 0) ||
		   (length >= 6 && memcmp(word + length - 6, "spider", 6) == 0) ||
		   (length >= 7 && memcmp(word + length - 7, "crawler", 7) == 0);
}

/*
 * is_fire_device tells whether a word is the model of an Amazon tablet (KFMAWI) or television
 * (AFTMM), by its first letters: all are capitals.
 */
static bool
is_fire_device(TextView text, const Reading *reading, const char *first)
{
	uint32 length = reading->to - reading->from;

	if (length < 4 || length > 7 || memcmp(text.data + reading->from, first, strlen(first)) != 0)
		return false;
	for (uint32 i = reading->from; i < reading->to; i++)
	{
		if (text.data[i] < 'A' || text.data[i] > 'Z')
			return false;
	}
	return true;
}

/*
 * has_number tells whether a digit comes at a position or one character after it.
 */
static bool
has_number(TextView text, uint32 position)
{
	if (position < text.len && !is_digit(text.data[position]))
		position++;
	return position < text.len && is_digit(text.data[position]);
}

/*
 * note_fact notes the position of a fact: the first, or the first with a number after it.
 */
static void
note_fact(Agent *agent, AgentFact fact, uint32 position)
{
	uint32 known = agent->facts[fact];

	if (known == 0 || (!has_number(agent->text, known) && has_number(agent->text, position)))
		agent->facts[fact] = position;
}

/*
 * note_word notes what the word at hand says, which is given in lower case.
 */
static void
note_word(Reading *reading, TextView word)
{
	Agent *agent = reading->agent;
	const AgentWord *row = find_word(word);

	if (row == NULL)
	{
		if (ends_as_bot(word.data, word.len))
			note_bot(reading);
		else if (is_fire_device(agent->text, reading, "KF"))
			note_fact(agent, AGENT_TABLET, reading->to);
		else if (is_fire_device(agent->text, reading, "AFT"))
			note_fact(agent, AGENT_TV, reading->to);
	}
	else if (row->role == IS_FACT)
		note_fact(agent, row->fact, reading->to);
	else if (!follows(agent->text, reading->to, row->next))
		return;
	else if (row->role == IS_BOT)
		note_bot(reading);
	else if (agent->browser == NULL || row->rank < reading->rank)
	{
		agent->browser = row->name;
		agent->browser_at = reading->to;
		reading->rank = row->rank;
	}
}

/*
 * skip_url returns the end of the URL whose scheme is the word at hand, or the word's end if it is
 * none; words in URLs say nothing, but bots give a URL after a plus sign.
 */
static uint32
skip_url(Reading *reading)
{
	TextView text = reading->agent->text;
	uint32 at = reading->to;

	if (!follows(text, at, "://"))
		return at;
	if (reading->from > 0 && text.data[reading->from - 1] == '+')
		reading->agent->has_contact = true;
	while (at < text.len && memchr(" ;,()\"", text.data[at], 6) == NULL)
		at++;
	return at;
}

/*
 * agent_read finds the words of a user agent.
 */
Agent
agent_read(TextView text)
{
	Agent agent = {.text = text};
	Reading reading = {.agent = &agent};
	char lower[MAX_WORD];
	uint32 at = 0;

	while (at < text.len)
	{
		uint32 end = at;

		while (end < text.len && is_word_character(text.data[end]))
		{
			char c = text.data[end];

			if (end - at < MAX_WORD)
				lower[end - at] = c >= 'A' && c <= 'Z' ? c + 32 : c;
			end++;
		}
		reading.from = at;
		reading.to = end;
		at = end == at ? at + 1 : skip_url(&reading);
		if (at == end && end - reading.from <= MAX_WORD)
			note_word(&reading, (TextView){lower, end - reading.from});
	}
	return agent;
}

/*
 * digits_end returns the end of the digits at a position, or the position if they are too many.
 */
static uint32
digits_end(TextView text, uint32 position)
{
	uint32 end = position;

	while (end < text.len && is_digit(text.data[end]) && end - position <= MAX_DIGITS)
		end++;
	return end - position > MAX_DIGITS ? position : end;
}

/*
 * agent_version reads a version.
 */
TextView
agent_version(TextView text, uint32 position)
{
	uint32 major;
	uint32 minor;
	char *version;

	if (position < text.len && !is_digit(text.data[position]))
		position++;
	major = digits_end(text, position);
	if (major == position)
		return (TextView){NULL, 0};
	minor = major;
	if (major < text.len && (text.data[major] == '.' || text.data[major] == '_'))
		minor = digits_end(text, major + 1);
	if (minor <= major + 1)
		return (TextView){text.data + position, major - position};
	version = palloc(minor - position);
	memcpy(version, text.data + position, minor - position);
	version[major - position] = '.';
	return (TextView){version, minor - position};
}
