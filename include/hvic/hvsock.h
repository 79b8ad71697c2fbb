/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hyper-V sockets on the wire: a service is a GUID with a vsock port in it, a connection is a
 * channel of its own. Each packet carries a struct vmbus_pipe_header and bytes of the stream; no
 * bytes mean that its sender has no more (half-close).
 */
#ifndef HVIC_HVSOCK_H
#define HVIC_HVSOCK_H

#include <linux/types.h>

#include <hvic/vmbus.h>

/* A service is 00000000-facb-11e6-bd58-64006a7986d3 with the port in its first field. */
#define HVSOCK_SERVICE_TAIL \
	0xcb, 0xfa, 0xe6, 0x11, 0xbd, 0x58, 0x64, 0x00, 0x6a, 0x79, 0x86, 0xd3

struct hvsock_service_id {
	__le32 port;
	__u8 tail[12];		/* HVSOCK_SERVICE_TAIL */
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct hvsock_service_id, 16);
VMBUS_WIRE_OFFSET(struct hvsock_service_id, tail, 4);

/*
 * The user-defined area of an offer with VMBUS_OFFER_FLAG_TLNPI_PROVIDER. When the host connects,
 * the offer's class is the guest's service and its instance any GUID (the port in it is the
 * peer's); when the guest asked, class and instance are the service and the endpoint of its
 * TL_CONNECT_REQUEST.
 */
struct hvsock_offer {
	__le32 pipe_mode;	/* VMBUS_PIPE_MODE_BYTE */
	__u8 for_guest_accept;	/* 1: the host connects; 0: what the guest asked for */
	__u8 for_container;
	__le32 version;		/* HVSOCK_OFFER_V* */
	struct vmbus_wire_guid silo_id;
	__u8 padding[2];
} VMBUS_WIRE_PACKED;
VMBUS_WIRE_SIZE(struct hvsock_offer, 28);
VMBUS_WIRE_OFFSET(struct hvsock_offer, for_guest_accept, 4);
VMBUS_WIRE_OFFSET(struct hvsock_offer, version, 6);
VMBUS_WIRE_OFFSET(struct hvsock_offer, silo_id, 10);

#define HVSOCK_OFFER_V0		0u	/* no silo */
#define HVSOCK_OFFER_V1		1u

/* Most bytes of the stream in one packet. */
#define HVSOCK_PAYLOAD_MAX	16384u

#endif
