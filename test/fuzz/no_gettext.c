/*
 * no_gettext.c
 *		Messages untranslated: glibc's gettext waits for ever for its own lock in a server that
 *		AddressSanitizer is loaded into before all else.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
extern char *bindtextdomain(const char *domain, const char *directory);
extern char *bind_textdomain_codeset(const char *domain, const char *codeset);
extern char *textdomain(const char *domain);
extern char *gettext(const char *message);
extern char *dgettext(const char *domain, const char *message);
extern char *ngettext(const char *one, const char *many, unsigned long n);
extern char *dngettext(const char *domain, const char *one, const char *many, unsigned long n);

char *
bindtextdomain(const char *domain, const char *directory)
{
	(void) domain;
	return (char *) directory;
}

char *
bind_textdomain_codeset(const char *domain, const char *codeset)
{
	(void) domain;
	return (char *) codeset;
}

char *
textdomain(const char *domain)
{
	return (char *) domain;
}

char *
gettext(const char *message)
{
	return (char *) message;
}

char *
dgettext(const char *domain, const char *message)
{
	(void) domain;
	return (char *) message;
}

char *
ngettext(const char *one, const char *many, unsigned long n)
{
	return (char *) (n == 1 ? one : many);
}

char *
dngettext(const char *domain, const char *one, const char *many, unsigned long n)
{
	(void) domain;
	return (char *) (n == 1 ? one : many);
}
