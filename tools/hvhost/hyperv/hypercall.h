/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The hypercalls that KVM leaves to user space, HvCallPostMessage and HvCallSignalEvent, and the
 * one by which an isolated guest shares its memory.
 */
#ifndef HVHOST_HYPERV_HYPERCALL_H
#define HVHOST_HYPERV_HYPERCALL_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "vmm/memory.h"

#define HV_STATUS_SUCCESS			0x00
#define HV_STATUS_INVALID_HYPERCALL_CODE	0x02
#define HV_STATUS_INVALID_HYPERCALL_INPUT	0x03
#define HV_STATUS_INVALID_ALIGNMENT		0x04
#define HV_STATUS_INVALID_PARAMETER		0x05
#define HV_STATUS_INVALID_CONNECTION_ID		0x12

/* HvCallModifySparseGpaPageHostVisibility: what the host may do with pages. */
#define VISIBILITY_NONE				0
#define VISIBILITY_READ_WRITE			3

/* Where the calls go; the functions return HV_STATUS_*. Called on vCPU threads. */
struct hypercall_ops {
	uint16_t (*post_message)(void *arg, uint32_t conn_id, uint32_t type,
				 const void *payload, size_t len);
	uint16_t (*signal_event)(void *arg, uint32_t conn_id, uint16_t flag);
	void *arg;
};

struct hypercalls {
	struct guest_memory *mem;
	struct hypercall_ops ops;
	uint64_t post_message, signal_event, visibility, unknown, failed;	/* counters */
};

/**
 * hypercall() - carry out one hypercall
 * @input: the input value: code in bits 0 to 15, fast in bit 16
 * @param0: input GPA, or the first 8 bytes of input when fast
 * Any thread.
 * Return: the hypercall result value.
 */
uint64_t hypercall(struct hypercalls *hc, uint64_t input, uint64_t param0);

json_t *hypercall_stats(const struct hypercalls *hc);

#endif
