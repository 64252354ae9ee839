/*
 * device.c
 *		The device, the system and the browser behind a user agent and client hints.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "web/agent.h"
#include "web/device.h"

/* A name for what a user agent or the client hints give; lists end with NULL. */
typedef struct Naming
{
	const char *given;
	const char *name;
} Naming;

/* Windows by number: of the user agent's Windows NT, and of the client hints. */
static const Naming nt_versions[] = {{"10.0", "10"},   {"6.3", "8.1"}, {"6.2", "8"},  {"6.1", "7"},
									 {"6.0", "Vista"}, {"5.2", "XP"},  {"5.1", "XP"}, {NULL, NULL}};
static const Naming hint_versions[] = {{"0.1", "7"}, {"0.2", "8"}, {"0.3", "8.1"}, {NULL, NULL}};

/* Systems that a word of the user agent names, in order: the first that is there counts. */
typedef struct SystemRule
{
	AgentFact word;
	const char *os;
	AgentFact version_after;
} SystemRule;

static const SystemRule system_rules[] = {{AGENT_IEMOBILE, "Windows Phone", AGENT_PHONE},
										  {AGENT_WINDOWS, "Windows", AGENT_NT},
										  {AGENT_IPAD, "iPadOS", AGENT_OS},
										  {AGENT_IPHONE, "iOS", AGENT_OS},
										  {AGENT_IPOD, "iOS", AGENT_OS},
										  {AGENT_IPADOS, "iPadOS", AGENT_IPADOS},
										  {AGENT_IOS, "iOS", AGENT_IOS},
										  {AGENT_TVOS, "tvOS", AGENT_TVOS},
										  {AGENT_TIZEN, "Tizen", AGENT_TIZEN},
										  {AGENT_WEBOS, "webOS", AGENT_WEBOS},
										  {AGENT_KAIOS, "KaiOS", AGENT_KAIOS},
										  {AGENT_ANDROID, "Android", AGENT_ANDROID},
										  {AGENT_CROS, "ChromeOS", AGENT_CROS},
										  {AGENT_PLAYSTATION, "PlayStation", AGENT_PLAYSTATION},
										  {AGENT_NINTENDO, "Nintendo", AGENT_NINTENDO},
										  {AGENT_BLACKBERRY, "BlackBerry", AGENT_BLACKBERRY},
										  {AGENT_SYMBIAN, "Symbian", AGENT_SYMBIAN},
										  {AGENT_MACINTOSH, "macOS", AGENT_X},
										  {AGENT_MACOS, "macOS", AGENT_MACOS},
										  {AGENT_FREEBSD, "FreeBSD", AGENT_FREEBSD},
										  {AGENT_OPENBSD, "OpenBSD", AGENT_OPENBSD},
										  {AGENT_LINUX, "Linux", AGENT_LINUX}};

/* Systems by the name that client hints give. */
static const Naming hint_platforms[] = {{"Windows", "Windows"},
										{"macOS", "macOS"},
										{"Mac OS X", "macOS"},
										{"Android", "Android"},
										{"iOS", "iOS"},
										{"Linux", "Linux"},
										{"Chrome OS", "ChromeOS"},
										{"ChromeOS", "ChromeOS"},
										{"Chromium OS", "ChromeOS"},
										{NULL, NULL}};

/*
 * text_of returns a word as a text view; NULL gives one without data.
 */
static TextView
text_of(const char *word)
{
	return (TextView){word, word == NULL ? 0 : (uint32) strlen(word)};
}

/*
 * has tells whether a user agent has a fact.
 */
static inline bool
has(const Agent *agent, AgentFact fact)
{
	return agent->facts[fact] != 0;
}

/*
 * look_up returns the name that a list gives for a text, or NULL.
 */
static const char *
look_up(const Naming *list, TextView text)
{
	for (; list->given != NULL; list++)
	{
		if (text_view_is(text, list->given))
			return list->name;
	}
	return NULL;
}

/*
 * version_after returns the version after a word of the user agent.
 */
static TextView
version_after(const Agent *agent, AgentFact fact)
{
	if (!has(agent, fact))
		return (TextView){NULL, 0};
	return agent_version(agent->text, agent->facts[fact]);
}

/*
 * is_desktop_ipad tells whether an iPad pretends to be a Macintosh, as far as that shows.
 */
static bool
is_desktop_ipad(const Agent *agent)
{
	return has(agent, AGENT_MACINTOSH) && has(agent, AGENT_MOBILE);
}

/*
 * set_os_of_agent finds the system that the user agent names.
 */
static void
set_os_of_agent(Device *device, const Agent *agent)
{
	if (has(agent, AGENT_WINDOWS) && has(agent, AGENT_PHONE))
	{
		device->os = "Windows Phone";
		device->os_version = version_after(agent, AGENT_PHONE);
		return;
	}
	if (is_desktop_ipad(agent))
	{
		device->os = "iPadOS";
		return;
	}
	for (int i = 0; i < (int) lengthof(system_rules) && device->os == NULL; i++)
	{
		if (has(agent, system_rules[i].word))
		{
			device->os = system_rules[i].os;
			device->os_version = version_after(agent, system_rules[i].version_after);
		}
	}
	if (device->os != NULL && strcmp(device->os, "Windows") == 0)
	{
		const char *name = look_up(nt_versions, device->os_version);

		if (name != NULL)
			device->os_version = text_of(name);
	}
	else if (device->os != NULL && strcmp(device->os, "Linux") == 0)
		device->os_version = (TextView){NULL, 0};
}

/*
 * hinted_version returns the version of a system by the client hints.
 */
static TextView
hinted_version(const char *os, TextView given)
{
	TextView version = given.data == NULL ? given : agent_version(given, 0);
	const char *name;
	int major;

	if (version.data == NULL || strcmp(os, "Windows") != 0)
		return version;
	name = look_up(hint_versions, version);
	if (name != NULL)
		return text_of(name);
	major = 0;
	for (uint32 i = 0; i < version.len && version.data[i] != '.'; i++)
		major = major * 10 + (version.data[i] - '0');
	return major == 0 ? (TextView){NULL, 0} : text_of(major >= 13 ? "11" : "10");
}

/*
 * set_os_of_hints lets the client hints say which system it is.
 */
static void
set_os_of_hints(Device *device, const ClientHints *hints)
{
	const char *os = look_up(hint_platforms, hints->platform);
	TextView version;

	if (os == NULL)
		return;
	if (device->os == NULL || strcmp(os, device->os) != 0)
		device->os_version = (TextView){NULL, 0};
	device->os = os;
	version = hinted_version(os, hints->platform_version);
	if (version.data != NULL)
		device->os_version = version;
}

/*
 * set_plain_browser finds a browser that has no word of its own: Safari, Internet Explorer, or the
 * view for web pages of an app.
 */
static void
set_plain_browser(Device *device, const Agent *agent)
{
	if (has(agent, AGENT_MSIE) || has(agent, AGENT_TRIDENT))
	{
		device->browser = text_of("Internet Explorer");
		device->browser_version =
			version_after(agent, has(agent, AGENT_MSIE) ? AGENT_MSIE : AGENT_RV);
	}
	else if (has(agent, AGENT_SAFARI))
	{
		device->browser = text_of(has(agent, AGENT_ANDROID) ? "Android Browser" : "Safari");
		device->browser_version = version_after(agent, AGENT_VERSION);
	}
	else if (has(agent, AGENT_WEBKIT) && has(agent, AGENT_MOBILE))
		device->browser = text_of("WebView");
}

/*
 * set_browser_of_agent finds the browser that the user agent names.
 */
static void
set_browser_of_agent(Device *device, const Agent *agent)
{
	if (agent->browser == NULL)
	{
		set_plain_browser(device, agent);
		return;
	}
	device->browser = text_of(agent->browser);
	device->browser_version = agent_version(agent->text, agent->browser_at);
	if (text_view_is(device->browser, "Opera") && has(agent, AGENT_MINI))
	{
		device->browser = text_of("Opera Mini");
		device->browser_version = version_after(agent, AGENT_MINI);
	}
	else if (text_view_is(device->browser, "Opera") && has(agent, AGENT_VERSION) &&
			 !has(agent, AGENT_WEBKIT))
		device->browser_version = version_after(agent, AGENT_VERSION);
	else if (text_view_is(device->browser, "Chrome") && has(agent, AGENT_WV))
		device->browser = text_of("WebView");
}

/*
 * set_browser finds the browser: a brand of the client hints counts before the user agent, and
 * Chromium's brand, which many browsers have, counts after it.
 */
static void
set_browser(Device *device, const Agent *agent, const ClientHints *hints)
{
	TextView version = hints->browser != NULL ? hints->browser_version : hints->chromium_version;

	set_browser_of_agent(device, agent);
	if (hints->browser != NULL)
		device->browser = text_of(hints->browser);
	else if (hints->is_chromium && device->browser.data == NULL)
		device->browser = text_of("Chromium");
	else
		return;
	device->browser_version = version.data == NULL ? version : agent_version(version, 0);
}

/*
 * set_bot finds out whether it is a bot, which gives its own name as that of the browser.
 */
static void
set_bot(Device *device, const Agent *agent, const ClientHints *hints)
{
	if (agent->bot.data == NULL && !agent->has_contact && !hints->is_headless)
		return;
	device->is_bot = true;
	if (agent->bot.data != NULL)
	{
		uint32 end = (uint32) (agent->bot.data - agent->text.data) + agent->bot.len;

		device->browser = agent->bot;
		device->browser_version = agent_version(agent->text, end);
	}
	else if (hints->is_headless)
		device->browser = text_of("HeadlessChrome");
	else
	{
		device->browser = (TextView){NULL, 0};
		device->browser_version = (TextView){NULL, 0};
	}
}

/*
 * android_class returns the class of a device with Android: a browser without "Mobile" is a
 * tablet's.
 */
static const char *
android_class(const Agent *agent, const ClientHints *hints)
{
	if (hints->has_mobile)
		return hints->is_mobile ? "mobile" : "tablet";
	return has(agent, AGENT_MOBILE) || !has(agent, AGENT_MOZILLA) ? "mobile" : "tablet";
}

/*
 * hand_class returns the class of a device that is held in the hand, or NULL.
 */
static const char *
hand_class(const char *os, const Agent *agent, const ClientHints *hints)
{
	static const char *const phones[] = {"iOS", "Windows Phone", "KaiOS", "BlackBerry", "Symbian"};

	if (strcmp(os, "iPadOS") == 0 || hints->is_tablet)
		return "tablet";
	if (has(agent, AGENT_TABLET) && strcmp(os, "Windows") != 0)
		return "tablet";
	if (strcmp(os, "Android") == 0)
		return android_class(agent, hints);
	for (int i = 0; i < (int) lengthof(phones); i++)
	{
		if (strcmp(os, phones[i]) == 0)
			return "mobile";
	}
	if (hints->has_mobile)
		return hints->is_mobile ? "mobile" : NULL;
	if (has(agent, AGENT_MOBILE) &&
		(strcmp(os, "Linux") == 0 || strcmp(os, "Tizen") == 0 || os[0] == '\0'))
		return "mobile";
	return NULL;
}

/*
 * class_of returns the class of a device: the first that fits.
 */
static const char *
class_of(const Device *device, const Agent *agent, const ClientHints *hints)
{
	static const char *const desktops[] = {"Windows", "macOS",   "ChromeOS",
										   "Linux",   "FreeBSD", "OpenBSD"};
	const char *os = device->os == NULL ? "" : device->os;
	const char *class;

	if (device->is_bot)
		return "bot";
	if (has(agent, AGENT_PLAYSTATION) || has(agent, AGENT_NINTENDO) || has(agent, AGENT_XBOX))
		return "console";
	if (has(agent, AGENT_TV) || has(agent, AGENT_TVOS) || has(agent, AGENT_WEBOS))
		return "tv";
	class = hand_class(os, agent, hints);
	if (class != NULL)
		return class;
	if (strcmp(os, "Tizen") == 0)
		return "tv";
	for (int i = 0; i < (int) lengthof(desktops); i++)
	{
		if (strcmp(os, desktops[i]) == 0)
			return "desktop";
	}
	return "unknown";
}

/*
 * device_of says what is behind a user agent and client hints.
 */
Device
device_of(TextView user_agent, const ClientHints *hints)
{
	Device device = {.class = NULL};
	Agent agent = agent_read(user_agent);

	set_os_of_agent(&device, &agent);
	set_os_of_hints(&device, hints);
	set_browser(&device, &agent, hints);
	set_bot(&device, &agent, hints);
	device.class = class_of(&device, &agent, hints);
	return device;
}
