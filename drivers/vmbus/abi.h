/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Types of the bus that are part of its binary interface though <linux/hyperv.h> does not
 * show them: vmbus_connection is exported, its CRC covers every member of these structs by name
 * and order, and uio_hv_generic maps int_page and monitor_pages. Nothing may be added here;
 * what only this bus knows is in vmbus.h.
 */
#ifndef HVIC_VMBUS_ABI_H
#define HVIC_VMBUS_ABI_H

/* Monitored notifications: one trigger bit a channel, 4 groups of 32. TLFS, "Monitor page". */
union hv_monitor_trigger_group {
	u64 as_uint64;
	struct {
		u32 pending;
		u32 armed;
	};
};

struct hv_monitor_parameter {
	union hv_connection_id connectionid;
	u16 flagnumber;
	u16 rsvdz;
};

union hv_monitor_trigger_state {
	u32 asu32;

	struct {
		u32 group_enable:4;
		u32 rsvdz:28;
	};
};

struct hv_monitor_page {
	union hv_monitor_trigger_state trigger_state;
	u32 rsvdz1;

	union hv_monitor_trigger_group trigger_group[4];
	u64 rsvdz2[3];

	s32 next_checktime[4][32];

	u16 latency[4][32];
	u64 rsvdz3[32];

	struct hv_monitor_parameter parameter[4][32];

	u8 rsvdz4[1984];
};

static_assert(sizeof(struct hv_monitor_page) == 4096);
static_assert(offsetof(struct hv_monitor_page, latency) == 0x240);
static_assert(offsetof(struct hv_monitor_page, parameter) == 0x440);

enum vmbus_connect_state {
	DISCONNECTED,
	CONNECTING,
	CONNECTED,
	DISCONNECTING
};

struct vmbus_connection {
	u32 msg_conn_id;		/* where messages go: 1, 4, or what the host said */

	atomic_t offer_in_progress;	/* unused: offers and rescinds share an ordered queue */

	enum vmbus_connect_state conn_state;

	atomic_t next_gpadl_handle;

	struct completion  unload_event;	/* UNLOAD_RESPONSE came */

	void *int_page;			/* shared event bits: upper half is guest to host */
	void *send_int_page;
	void *recv_int_page;

	struct hv_monitor_page *monitor_pages[2];	/* host to guest, guest to host */
	struct list_head chn_msg_list;	/* struct vmbus_request, waiting for a response */
	spinlock_t channelmsg_lock;	/* chn_msg_list, and setting a channel's rescind */

	struct list_head chn_list;	/* primary channels */
	struct mutex channel_mutex;	/* chn_list, sc_lists, relid map, target CPUs */

	struct vmbus_channel **channels;	/* by relid; read under RCU */

	struct workqueue_struct *work_queue;	/* offers and rescinds, in the host's order */
	struct workqueue_struct *handle_primary_chan_wq;
	struct workqueue_struct *handle_sub_chan_wq;
#include "../../compat/vmbus/connection_later.h"

	atomic_t nr_chan_close_on_suspend;	/* subchannels and hvsock channels alive */
	struct completion ready_for_suspend_event;	/* unused */

	atomic_t nr_chan_fixup_on_resume;	/* primaries that wait to be offered again */
	struct completion ready_for_resume_event;
};

extern struct vmbus_connection vmbus_connection;
extern const struct vmbus_device vmbus_devs[];

#endif
