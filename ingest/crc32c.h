/*
 * crc32c.h
 *		CRC-32C (Castagnoli), the checksum of frames and of the spool's files.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#ifndef INGEST_CRC32C_H
#define INGEST_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of length bytes. */
extern uint32_t crc32c(const void *bytes, size_t length);

/*
 * The checksum of bytes that follow others whose checksum is crc; 0 is the checksum of no bytes.
 */
extern uint32_t crc32c_extend(uint32_t crc, const void *bytes, size_t length);

/* The same by tables alone, as on a processor without an instruction for it; for tests. */
extern uint32_t crc32c_extend_by_tables(uint32_t crc, const void *bytes, size_t length);

#endif /* INGEST_CRC32C_H */
