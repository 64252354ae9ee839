/*
 * base64_digit.h
 *		The digits of base64, for whoever reads it: the extension and the collector.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef SESSIONIZE_BASE64_DIGIT_H
#define SESSIONIZE_BASE64_DIGIT_H

/*
 * base64_digit returns the number that a digit of either alphabet stands for, or -1.  A space was a
 * plus sign that a form or query has taken for one.
 */
static inline int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-' || c == ' ')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

#endif /* SESSIONIZE_BASE64_DIGIT_H */
