/*
 * memo.c
 *		The latest results of a function, for calls with the same arguments.
 *
 * Copyright (c) 2026, the pg_sessionize authors
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "compat.h"
#include "web/memo.h"

/* Results that are larger than this together with their inputs are not kept. */
#define MEMO_MAX_SIZE ((Size) 8192)

/* The length that stands for a text that is NULL. */
#define NULL_LENGTH PG_UINT32_MAX

static MemoryContext memory = NULL;

/*
 * length_of returns what is written for the length of a text.
 */
static inline uint32
length_of(TextView text)
{
	return text.data == NULL ? NULL_LENGTH : text.len;
}

/*
 * hash_of returns a hash of the inputs.
 */
static uint64
hash_of(const MemoInputs *inputs)
{
	uint64 hash = 0;

	for (int i = 0; i < MEMO_INPUTS; i++)
	{
		hash = hash_combine64(hash, length_of(inputs->text[i]));
		if (inputs->text[i].data != NULL)
			hash = hash_bytes_extended((const unsigned char *) inputs->text[i].data,
									   (int) inputs->text[i].len, hash);
	}
	return hash;
}

/*
 * inputs_size returns the size of the inputs as they are kept.
 */
static Size
inputs_size(const MemoInputs *inputs)
{
	Size size = 0;

	for (int i = 0; i < MEMO_INPUTS; i++)
		size += sizeof(uint32) + inputs->text[i].len;
	return size;
}

/*
 * write_inputs writes the inputs.
 */
static void
write_inputs(char *to, const MemoInputs *inputs)
{
	for (int i = 0; i < MEMO_INPUTS; i++)
	{
		uint32 length = length_of(inputs->text[i]);

		memcpy(to, &length, sizeof(length));
		to += sizeof(length);
		if (length != NULL_LENGTH)
			memcpy(to, inputs->text[i].data, length);
		to += inputs->text[i].len;
	}
}

/*
 * same_inputs tells whether inputs are those that are kept.
 */
static bool
same_inputs(const char *kept, const MemoInputs *inputs)
{
	for (int i = 0; i < MEMO_INPUTS; i++)
	{
		uint32 length = length_of(inputs->text[i]);

		if (memcmp(kept, &length, sizeof(length)) != 0)
			return false;
		kept += sizeof(length);
		if (length == NULL_LENGTH)
			continue;
		if (memcmp(kept, inputs->text[i].data, length) != 0)
			return false;
		kept += length;
	}
	return true;
}

/*
 * memo_find returns the result of an earlier call.
 */
struct varlena *
memo_find(const Memo *memo, MemoInputs *inputs)
{
	const MemoEntry *entry;
	Size size;

	inputs->hash = hash_of(inputs);
	entry = &memo->entries[inputs->hash % MEMO_SLOTS];
	if (entry->bytes == NULL || entry->hash != inputs->hash)
		return NULL;
	size = VARSIZE(entry->bytes);
	if (!same_inputs(entry->bytes + size, inputs))
		return NULL;
	return memcpy(palloc(size), entry->bytes, size);
}

/*
 * memo_keep keeps a result in the place of one with the same remainder of the hash.
 */
void
memo_keep(Memo *memo, const MemoInputs *inputs, const struct varlena *result)
{
	MemoEntry *entry = &memo->entries[inputs->hash % MEMO_SLOTS];
	Size size = VARSIZE(result);
	char *bytes;

	if (size + inputs_size(inputs) > MEMO_MAX_SIZE)
		return;
	if (memory == NULL)
		memory = AllocSetContextCreate(TopMemoryContext,
									   "results of functions over values of "
									   "trackers",
									   ALLOCSET_DEFAULT_SIZES);
	bytes = MemoryContextAlloc(memory, size + inputs_size(inputs));
	memcpy(bytes, result, size);
	write_inputs(bytes + size, inputs);
	if (entry->bytes != NULL)
		pfree(entry->bytes);
	entry->bytes = bytes;
	entry->hash = inputs->hash;
}
