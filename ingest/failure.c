/*
 * failure.c
 *		Keeping why something failed.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "failure.h"

/*
 * fail_with keeps a sentence, without the white space at its end.
 */
bool
fail_with(Failure *failure, const char *format, ...)
{
	va_list arguments;
	size_t length;

	if (has_failed(failure))
		return false;
	va_start(arguments, format);
	vsnprintf(failure->text, sizeof(failure->text), format, arguments);
	va_end(arguments);
	length = strlen(failure->text);
	while (length > 0 && strchr(" \n", failure->text[length - 1]) != NULL)
		failure->text[--length] = '\0';
	if (length == 0)
		strcpy(failure->text, "it failed without a reason");
	return false;
}

/*
 * has_failed returns whether there is a reason.
 */
bool
has_failed(const Failure *failure)
{
	return failure->text[0] != '\0';
}
