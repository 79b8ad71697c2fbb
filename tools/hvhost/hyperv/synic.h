/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The synthetic interrupt controller, host side: messages into a SIMP slot and event flags
 * into a SIEFP page of a virtual processor, then the SINT. TLFS chapters "Synthetic interrupt
 * controller" and "Inter-partition communication".
 */
#ifndef HVHOST_HYPERV_SYNIC_H
#define HVHOST_HYPERV_SYNIC_H

#include <stddef.h>
#include <stdint.h>

#define HV_MESSAGE_PAYLOAD_MAX	240	/* bytes */
#define HV_EVENT_FLAGS_MAX	2048	/* flags of one SINT */

struct synic;

/**
 * synic_post_message() - put one message into the slot of a SINT
 * @synic: the controller
 * @vp: virtual processor index
 * @sint: 0 to 15
 * @type: HVMSG_* (1 is a channel message)
 * @payload: at most HV_MESSAGE_PAYLOAD_MAX bytes
 * @len: its length in bytes
 *
 * Any thread.
 *
 * Return: 0; -EBUSY when the slot is taken: its message-pending flag is set now and
 * synic_on_slot_free()'s function is called when the guest ends the message; -ENXIO when that
 * processor does not exist or has no message page; -EINVAL for a bad @sint or @len.
 */
int synic_post_message(struct synic *synic, uint32_t vp, unsigned int sint, uint32_t type,
		       const void *payload, size_t len);

/**
 * synic_signal_event() - set an event flag and raise the SINT if the flag was clear
 * @flag: 0 to HV_EVENT_FLAGS_MAX - 1
 * Any thread.
 * Return: 1 when an interrupt was raised, 0 when the flag was set already, -ENXIO, -EINVAL.
 */
int synic_signal_event(struct synic *synic, uint32_t vp, unsigned int sint, unsigned int flag);

/**
 * synic_on_slot_free() - who is told that a busy slot may be free again
 * @fn: called with @arg on any thread; it should queue work and return
 */
void synic_on_slot_free(struct synic *synic,
			void (*fn)(void *arg, uint32_t vp, unsigned int sint), void *arg);

/**
 * synic_bind_signal() - let SIGNAL_EVENT on a connection id kick an eventfd
 * @conn_id: connection id, 24 bits
 * @fd: eventfd, the caller's; -1 unbinds
 *
 * With KVM_HYPERV_EVENTFD the guest's signal does not leave the kernel; where that is missing
 * the hypercall exit writes the eventfd.
 * Return: 0 or -errno.
 */
int synic_bind_signal(struct synic *synic, uint32_t conn_id, int fd);

#endif
