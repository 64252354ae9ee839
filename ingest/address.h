/*
 * address.h
 *		Addresses of clients and proxies.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_ADDRESS_H
#define INGEST_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#define ADDRESS_TEXT_SIZE 64

/* IPv4 has four bytes; an IPv4 address inside of IPv6 is IPv4. */
typedef struct Address
{
	int family; /* AF_INET, AF_INET6, or 0 for none */
	unsigned char bytes[16];
} Address;

typedef struct AddressRange
{
	Address address;
	int bits;
} AddressRange;

extern Address address_of_socket(const struct sockaddr *socket);

/* An address as it stands in X-Forwarded-For: 1.2.3.4, 1.2.3.4:5, 2001:db8::1 or [2001:db8::1]:5. */
extern bool address_parse(const char *text, size_t length, Address *address);

/* ADDRESS or ADDRESS/BITS. */
extern bool address_range_parse(const char *text, AddressRange *range);

extern bool address_in(const Address *address, const AddressRange *ranges, size_t count);

/* Only the first bits of an address, the others zero. */
extern Address address_truncate(const Address *address, int bits4, int bits6);

extern bool address_equal(const Address *a, const Address *b);
extern bool address_is_loopback(const Address *address);
extern void address_text(const Address *address, char text[ADDRESS_TEXT_SIZE]);

#endif /* INGEST_ADDRESS_H */
