/*
 * agent.h
 *		The words of a user agent, found in one pass.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_AGENT_H
#define SESSIONIZE_AGENT_H

#include "postgres.h"

#include "utils/text_view.h"

typedef enum AgentFact
{
	AGENT_WINDOWS,
	AGENT_NT,
	AGENT_PHONE,
	AGENT_IEMOBILE,
	AGENT_IPHONE,
	AGENT_IPOD,
	AGENT_IPAD,
	AGENT_IOS,
	AGENT_IPADOS,
	AGENT_MACINTOSH,
	AGENT_MACOS,
	AGENT_OS,
	AGENT_X,
	AGENT_TVOS,
	AGENT_ANDROID,
	AGENT_CROS,
	AGENT_TIZEN,
	AGENT_WEBOS,
	AGENT_KAIOS,
	AGENT_LINUX,
	AGENT_FREEBSD,
	AGENT_OPENBSD,
	AGENT_BLACKBERRY,
	AGENT_SYMBIAN,
	AGENT_PLAYSTATION,
	AGENT_NINTENDO,
	AGENT_XBOX,
	AGENT_TV,
	AGENT_TABLET,
	AGENT_MOBILE,
	AGENT_MOZILLA,
	AGENT_WEBKIT,
	AGENT_VERSION,
	AGENT_MINI,
	AGENT_WV,
	AGENT_RV,
	AGENT_MSIE,
	AGENT_TRIDENT,
	AGENT_SAFARI,
	AGENT_FACTS
} AgentFact;

/* What a user agent has. A position is that of the character after a word of its kind: the
 * first that has a number after it, or else the first. */
typedef struct Agent
{
	TextView text;
	uint32 facts[AGENT_FACTS]; /* positions, 0 for what there is not */
	const char *browser;       /* the name of the browser listed first, or NULL */
	uint32 browser_at;         /* the position after its word */
	TextView bot;              /* the name of the first bot as written; no data: none */
	bool has_contact;          /* "+http://", as bots give it */
} Agent;

extern Agent agent_read(TextView text);

/*
 * The version, major[.minor], that begins at a position of a user agent or one character after it;
 * its data is NULL if there is none.
 */
extern TextView agent_version(TextView text, uint32 position);

#endif /* SESSIONIZE_AGENT_H */
