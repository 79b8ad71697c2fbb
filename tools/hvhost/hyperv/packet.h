/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a packet from the guest's ring says: its descriptor and page lists, checked. Pure.
 */
#ifndef HVHOST_HYPERV_PACKET_H
#define HVHOST_HYPERV_PACKET_H

#include "hyperv/ranges.h"
#include "hyperv/vmbus.h"

/**
 * packet_parse() - turn a private copy of a packet into a struct vmbus_packet
 * @pkt: filled in; points into @bytes and @ranges
 * @mem: the guest's RAM
 * @bytes: descriptor and payload, without the trailer, 8-byte aligned
 * @len: their length in bytes
 * @ranges: arrays for a GPA-direct packet's pages
 *
 * A page outside of RAM makes the packet unmapped: it comes without ranges.
 * Return: 0; -EBADMSG for a descriptor or a list that is malformed, of an unknown type or with
 * unknown flags; -ENOMEM.
 */
int packet_parse(struct vmbus_packet *pkt, const struct guest_memory *mem, const void *bytes,
		 uint32_t len, struct ranges *ranges);

#endif
