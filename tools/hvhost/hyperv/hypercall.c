// SPDX-License-Identifier: GPL-2.0
/*
 * Decodes hypercalls: checks the input's address and size once, takes a private copy, hands it
 * on. TLFS, chapters "Hypercall Interface" and "Inter-Partition Communication"; what
 * HvCallModifySparseGpaPageHostVisibility has in it is that of Linux's hv_mark_gpa_visibility().
 */
#include "hyperv/hypercall.h"

#include <stdbool.h>
#include <string.h>

#include "vmm/isolation.h"

#define CODE_POST_MESSAGE	0x005c
#define CODE_SIGNAL_EVENT	0x005d
#define INPUT_CODE(input)	((input) & 0xffff)
#define INPUT_FAST		(1ull << 16)
#define INPUT_REPS(input)	((input) >> 32 & 0xfff)
#define INPUT_FIRST_REP(input)	((input) >> 48 & 0xfff)
#define STATUS_MASK		0xffffu
#define RESULT_REPS(count)	((uint64_t)(count) << 32)
#define MESSAGE_PAYLOAD_MAX	240
#define PARTITION_SELF		(~0ull)

struct post_message_input {
	uint32_t conn_id;
	uint32_t reserved;
	uint32_t type;
	uint32_t size;
};

struct signal_event_input {
	uint32_t conn_id;
	uint16_t flag;
	uint16_t reserved;
};

/* Input must be aligned, within one page, and in RAM. */
static uint16_t input_at(const struct hypercalls *hc, uint64_t gpa, size_t len,
			 const void **input)
{
	if (gpa & 7)
		return HV_STATUS_INVALID_ALIGNMENT;
	if ((gpa & (GUEST_PAGE_SIZE - 1)) + len > GUEST_PAGE_SIZE)
		return HV_STATUS_INVALID_PARAMETER;
	*input = guest_ptr(hc->mem, gpa, len);
	return *input ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PARAMETER;
}

static uint16_t post_message(struct hypercalls *hc, bool fast, uint64_t gpa)
{
	uint8_t payload[MESSAGE_PAYLOAD_MAX];
	struct post_message_input in;
	const void *input;
	uint16_t status;

	if (fast)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	status = input_at(hc, gpa, sizeof(in), &input);
	if (status)
		return status;
	memcpy(&in, input, sizeof(in));
	if (in.size > sizeof(payload))
		return HV_STATUS_INVALID_PARAMETER;
	status = input_at(hc, gpa, sizeof(in) + in.size, &input);
	if (status)
		return status;
	memcpy(payload, (const uint8_t *)input + sizeof(in), in.size);
	return hc->ops.post_message(hc->ops.arg, in.conn_id, in.type, payload, in.size);
}

static uint16_t signal_event(struct hypercalls *hc, bool fast, uint64_t param)
{
	struct signal_event_input in;
	const void *input = &param;
	uint16_t status;

	if (!fast) {
		status = input_at(hc, param, sizeof(in), &input);
		if (status)
			return status;
	}
	memcpy(&in, input, sizeof(in));
	if (in.reserved)
		return HV_STATUS_INVALID_PARAMETER;
	return hc->ops.signal_event(hc->ops.arg, in.conn_id, in.flag);
}

/* A list of page numbers follows. */
struct visibility_input {
	uint64_t partition;
	uint32_t visibility;	/* bits 0 and 1: the host may read, may write */
	uint32_t reserved;
};

/* Return: the status, and how many of the list are done with. */
static uint64_t modify_visibility(struct hypercalls *hc, uint64_t input, uint64_t gpa)
{
	unsigned int count = INPUT_REPS(input), i = INPUT_FIRST_REP(input);
	struct visibility_input in;
	const uint8_t *bytes;
	const void *at;
	uint16_t status;

	if ((input & INPUT_FAST) || i >= count)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	status = input_at(hc, gpa, sizeof(in) + count * sizeof(uint64_t), &at);
	if (status)
		return status;
	memcpy(&in, at, sizeof(in));
	if (in.partition != PARTITION_SELF || in.reserved ||
	    (in.visibility != VISIBILITY_NONE && in.visibility != VISIBILITY_READ_WRITE))
		return HV_STATUS_INVALID_PARAMETER;
	for (bytes = (const uint8_t *)at + sizeof(in); i < count; i++) {
		uint64_t pfn;

		memcpy(&pfn, bytes + i * sizeof(pfn), sizeof(pfn));
		if (guest_memory_share(hc->mem, pfn, in.visibility != VISIBILITY_NONE))
			return HV_STATUS_INVALID_PARAMETER | RESULT_REPS(i);
	}
	return RESULT_REPS(count);
}

static void counted(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

uint64_t hypercall(struct hypercalls *hc, uint64_t input, uint64_t param0)
{
	bool fast = input & INPUT_FAST;
	uint64_t status;

	switch (INPUT_CODE(input)) {
	case CODE_POST_MESSAGE:
		counted(&hc->post_message);
		status = post_message(hc, fast, param0);
		break;
	case CODE_SIGNAL_EVENT:
		counted(&hc->signal_event);
		status = signal_event(hc, fast, param0);
		break;
	case ISOLATION_CALL:
		if (hc->mem->shared) {
			counted(&hc->visibility);
			status = modify_visibility(hc, input, param0);
			break;
		}
		/* fall through */
	default:
		counted(&hc->unknown);
		return HV_STATUS_INVALID_HYPERCALL_CODE;
	}
	if (status & STATUS_MASK)
		counted(&hc->failed);
	return status;
}

json_t *hypercall_stats(const struct hypercalls *hc)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I}",
			 "post_message", (json_int_t)hc->post_message,
			 "signal_event", (json_int_t)hc->signal_event,
			 "visibility", (json_int_t)hc->visibility,
			 "unknown", (json_int_t)hc->unknown,
			 "failed", (json_int_t)hc->failed);
}
