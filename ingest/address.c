/*
 * address.c
 *		Reading, comparing and truncating addresses.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

/*
 * unmap makes an IPv4 address of one that is inside of IPv6.
 */
static void
unmap(Address *address)
{
	if (address->family != AF_INET6 || memcmp(address->bytes, mapped, sizeof(mapped)) != 0)
		return;
	address->family = AF_INET;
	memmove(address->bytes, address->bytes + 12, 4);
	memset(address->bytes + 4, 0, 12);
}

/*
 * address_of_socket returns the address of a socket.
 */
Address
address_of_socket(const struct sockaddr *socket)
{
	Address address = {0};

	if (socket == NULL)
		return address;
	address.family = socket->sa_family;
	if (socket->sa_family == AF_INET)
		memcpy(address.bytes, &((const struct sockaddr_in *) socket)->sin_addr, 4);
	else if (socket->sa_family == AF_INET6)
		memcpy(address.bytes, &((const struct sockaddr_in6 *) socket)->sin6_addr, 16);
	else
		address.family = 0;
	unmap(&address);
	return address;
}

/*
 * address_parse reads an address, without its port.
 */
bool
address_parse(const char *text, size_t length, Address *address)
{
	char copy[ADDRESS_TEXT_SIZE];
	char *start = copy;
	char *colon;

	memset(address, 0, sizeof(*address));
	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (*start == '[')
	{
		start++;
		start[strcspn(start, "]")] = '\0';
	}
	else if ((colon = strchr(start, ':')) != NULL && strchr(colon + 1, ':') == NULL)
		*colon = '\0';
	address->family = strchr(start, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(address->family, start, address->bytes) != 1)
	{
		address->family = 0;
		return false;
	}
	unmap(address);
	return true;
}

/*
 * address_range_parse reads a range.
 */
bool
address_range_parse(const char *text, AddressRange *range)
{
	size_t length = strcspn(text, "/");
	char *end;
	int max;

	if (!address_parse(text, length, &range->address))
		return false;
	max = range->address.family == AF_INET ? 32 : 128;
	range->bits = max;
	if (text[length] == '\0')
		return true;
	range->bits = (int) strtol(text + length + 1, &end, 10);
	return end > text + length + 1 && *end == '\0' && range->bits >= 0 && range->bits <= max;
}

/*
 * address_truncate keeps the first bits.
 */
Address
address_truncate(const Address *address, int bits4, int bits6)
{
	Address result = *address;
	int bits = address->family == AF_INET ? bits4 : bits6;

	for (int i = 0; i < 16; i++)
	{
		int keep = bits - 8 * i;

		if (keep <= 0)
			result.bytes[i] = 0;
		else if (keep < 8)
			result.bytes[i] &= (unsigned char) (0xFF << (8 - keep));
	}
	return result;
}

/*
 * address_equal compares addresses.
 */
bool
address_equal(const Address *a, const Address *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/*
 * address_in returns whether an address lies in one of several ranges.
 */
bool
address_in(const Address *address, const AddressRange *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		Address cut = address_truncate(address, ranges[i].bits, ranges[i].bits);
		Address range = address_truncate(&ranges[i].address, ranges[i].bits, ranges[i].bits);

		if (address_equal(&cut, &range))
			return true;
	}
	return false;
}

/*
 * address_is_loopback returns whether an address is this machine's own.
 */
bool
address_is_loopback(const Address *address)
{
	static const unsigned char loopback6[16] = {[15] = 1};

	return address->family == AF_INET
			   ? address->bytes[0] == 127
			   : address->family == AF_INET6 && memcmp(address->bytes, loopback6, 16) == 0;
}

/*
 * address_text writes an address; nothing for none.
 */
void
address_text(const Address *address, char text[ADDRESS_TEXT_SIZE])
{
	if (address->family == 0 ||
		inet_ntop(address->family, address->bytes, text, ADDRESS_TEXT_SIZE) == NULL)
		text[0] = '\0';
}
