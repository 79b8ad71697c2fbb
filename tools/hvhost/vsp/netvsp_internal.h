/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Shared by the files of the network VSP: the device, its channels, its buffers. Everything
 * here belongs to the device's loop.
 */
#ifndef HVHOST_VSP_NETVSP_INTERNAL_H
#define HVHOST_VSP_NETVSP_INTERNAL_H

#include <stdbool.h>
#include <stdint.h>

#include <hvic/network.h>
#include <hvic/vmbus.h>

#include "backend/net.h"
#include "control.h"
#include "hyperv/vmbus.h"
#include "vsp/netvsp_frame.h"
#include "vsp/rndis.h"

#define NETVSP_DEFAULT_FRAME	1514u	/* bytes, until the guest says otherwise */
#define NETVSP_MIN_FRAME	(68u + FRAME_ETH_HLEN)
#define NETVSP_MAX_MTU		9000u
#define NETVSP_SLOT_FOOTER	36u	/* bytes of a sub-allocation that guests do not expect used */
#define NETVSP_SLOTS_RESERVED	4u	/* sub-allocations that only control messages take */
#define NETVSP_CONTROL_QUEUE	64u	/* control messages that wait for a sub-allocation */
#define NETVSP_TX_QUEUE		512u	/* frames that wait for the back end */
#define NETVSP_RECV_BUDGET	256u	/* packets taken from a ring in one turn */
#define NETVSP_SLOT_NONE	0xffffffffu

struct netvsp;

/* A sub-allocation of the receive buffer. The guest owns its bytes in NETVSP_SLOT_GUEST only. */
enum netvsp_slot_state {
	NETVSP_SLOT_FREE,
	NETVSP_SLOT_QUEUED,	/* filled, in its channel's list */
	NETVSP_SLOT_GUEST,	/* sent, until the packet's completion */
};

struct netvsp_slot {
	enum netvsp_slot_state state;
	uint8_t channel;
	uint32_t len;		/* bytes of the RNDIS message */
	uint32_t next;		/* in the free list, the channel's list or the packet */
	uint64_t xid;		/* of the packet that starts with this slot, else 0 */
};

struct netvsp_counters {
	uint64_t tx_packets, tx_bytes;	/* from the guest */
	uint64_t rx_packets, rx_bytes;	/* to the guest */
	uint64_t rx_messages;		/* transfer-page packets that carried rx_packets */
	uint64_t tx_messages;		/* NVSP packets that carried tx_packets */
};

struct netvsp_channel {
	struct netvsp *nic;
	struct vmbus_channel *ch;	/* NULL: not open */
	unsigned int index;
	uint32_t head, tail;		/* slots to send */
	unsigned int queued;
	bool completion_waits;		/* the ring had no room for the one below */
	uint64_t completion_xid;
	struct nvsp_msg completion;
	size_t completion_len;
	struct netvsp_counters count;
};

/* Why something was lost; the order is that of the names in netvsp_config.c. */
enum netvsp_drop {
	NETVSP_DROP_RX_CLOSED,		/* the guest has not set the device up */
	NETVSP_DROP_RX_FILTER,
	NETVSP_DROP_RX_TOO_LONG,
	NETVSP_DROP_RX_NO_BUFFER,
	NETVSP_DROP_RX_LINK_DOWN,
	NETVSP_DROP_TX_LINK_DOWN,
	NETVSP_DROP_TX_BAD_LENGTH,
	NETVSP_DROP_TX_BAD_OFFLOAD,	/* the info does not describe the frame */
	NETVSP_DROP_TX_OFFLOAD_OFF,	/* the guest uses what it has switched off */
	NETVSP_DROP_TX_UNMAPPED,	/* pages outside of the guest's RAM */
	NETVSP_DROP_TX_NOT_READY,	/* data before INITIALIZE */
	NETVSP_DROP_CONTROL,		/* an answer found no place */
	NETVSP_REFUSED_MESSAGE,		/* wrong state, version, length or type */
	NETVSP_BAD_RNDIS,
	NETVSP_BAD_COMPLETION,
	NETVSP_NR_DROPS,
};

enum netvsp_state {
	NETVSP_CLOSED,
	NETVSP_OPENED,		/* no version yet */
	NETVSP_NEGOTIATED,
};

struct netvsp_message {		/* a control message on its way to the guest */
	struct netvsp_message *next;
	size_t len;
	uint8_t data[];
};

struct netvsp_frame {		/* a frame on its way to the back end */
	struct netvsp_frame *next;
	size_t len;
	uint8_t data[];
};

struct netvsp {
	struct loop *loop;		/* the device's own */
	struct loop *main_loop;
	struct net_backend *backend;

	/* the specification */
	uint32_t max_version;
	unsigned int mtu;		/* the most that the guest may choose */
	unsigned int max_channels;

	enum netvsp_state state;
	uint32_t version;
	uint64_t capabilities;		/* NVSP_NDIS_CAP_* of the guest */
	bool vf_path;			/* the guest sends through its VF */
	struct rndis_nic rndis;

	struct netvsp_channel channels[NVSP_MAX_CHANNELS];
	unsigned int nr_subchannels;	/* granted */
	unsigned int nr_open;		/* with the primary */
	bool send_table_due, vf_due;	/* in-band messages that wait for room */
	uint32_t vf_allocated, vf_serial;

	/* receive buffer */
	struct vmbus_gpadl *recv_gpadl;
	uint16_t recv_id;
	uint32_t slot_size, nr_slots, nr_free, free_slots;
	struct netvsp_slot *slots;
	uint64_t dirty;			/* channels with slots to send */
	uint32_t generation;		/* upper half of transaction ids */
	struct netvsp_message *control, **control_tail;
	unsigned int nr_control;

	/* send buffer */
	struct vmbus_gpadl *send_gpadl;
	uint16_t send_id;
	uint32_t nr_sections;

	/* to the back end */
	struct netvsp_frame *tx_head, **tx_tail;
	unsigned int nr_tx;
	bool tx_blocked;		/* the queue is full: channels are not read */
	bool tx_has_vlan;		/* of the packet being sent */
	uint16_t tx_tci;

	uint64_t drops[NETVSP_NR_DROPS];
	uint64_t large_sends, segments, checksums_filled, checksums_verified, vlan_in, vlan_out;

	uint8_t transfer[RNDIS_MAX_TRANSFER];	/* the guest's bytes, copied before they are read */
	uint8_t segment[NET_FRAME_MAX];
	uint8_t tagged[NET_FRAME_MAX + FRAME_VLAN_HLEN];
};

/* netvsp.c */
extern const struct vsp_ops netvsp_ops;
size_t netvsp_msg_size(const struct netvsp *nic);

/** netvsp_complete() - answer a packet; waits in @nc when the ring is full. @len 0: empty. */
void netvsp_complete(struct netvsp_channel *nc, uint64_t xid, const struct nvsp_msg *msg,
		     size_t len);

/** netvsp_send_inband() - send the in-band messages that are due, as far as there is room. */
void netvsp_send_inband(struct netvsp *nic);

/* netvsp_tx.c: from the guest */
uint32_t netvsp_tx(struct netvsp_channel *nc, const struct vmbus_packet *pkt,
		   const struct nvsp_msg_send_rndis_packet *rndis);
void netvsp_tx_drain(void *arg);	/* the back end takes frames again */
void netvsp_tx_drop(struct netvsp *nic);

/* netvsp_rx.c: to the guest */
void netvsp_rx_deliver(void *arg, const void *frame, size_t len);
void netvsp_rx_flush(void *arg);

/** netvsp_rx_room() - frames that the guest has buffers for; 0 while it is not set up. */
unsigned int netvsp_rx_room(void *arg);

void netvsp_rx_flush_channel(struct netvsp_channel *nc);
void netvsp_rx_completed(struct netvsp_channel *nc, const struct vmbus_packet *pkt);

/** netvsp_rx_setup() - take the receive buffer, cut it into slots. Return: 0 or -EINVAL. */
int netvsp_rx_setup(struct netvsp *nic, struct vmbus_gpadl *gpadl, uint16_t id);
void netvsp_rx_drop(struct netvsp *nic);		/* give the buffer up */
void netvsp_rx_drop_channel(struct netvsp_channel *nc);

/** netvsp_send_control() - queue an RNDIS control message and send what can be sent. */
void netvsp_send_control(struct netvsp *nic, const void *data, size_t len);
void netvsp_pump_control(struct netvsp *nic);

/* netvsp_config.c */
struct netvsp *netvsp_new(struct loop *loop, const char *spec, unsigned int index,
			  uint32_t max_version, struct error *err);
void netvsp_free(struct netvsp *nic);
void netvsp_stats(struct netvsp *nic, json_t *object);

/** netvsp_set_link() - on the loop: plug the cable, pull it, or tell of another network. */
void netvsp_set_link(struct netvsp *nic, bool up, bool change);

#endif
