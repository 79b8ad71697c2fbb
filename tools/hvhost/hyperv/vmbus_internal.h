/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the VMBus server share. Everything is the main loop's unless a comment
 * names the device's loop or a lock.
 */
#ifndef HVHOST_HYPERV_VMBUS_INTERNAL_H
#define HVHOST_HYPERV_VMBUS_INTERNAL_H

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "hvic/vmbus.h"
#include "hyperv/gpadl.h"
#include "hyperv/hostile.h"
#include "hyperv/packet.h"
#include "hyperv/ring.h"
#include "hyperv/synic.h"
#include "hyperv/vmbus.h"

#define VMBUS_IN_QUEUE_MAX	1024	/* messages posted and not yet handled */
#define VMBUS_OUT_QUEUE_MAX	4096	/* with more waiting, the guest's posts are refused */
#define VMBUS_GPADLS_MAX	8192
#define VMBUS_GPADL_RAW_MAX	(16u << 20)	/* bytes of page lists that are not complete */

/* The connection. CLOSING: channels and GPADLs of the last one are still in use by VSPs. */
enum conn_state {
	CONN_DISCONNECTED,
	CONN_CONNECTED,
	CONN_CLOSING,
};

/*
 * A channel, as the guest was told of it.
 * IDLE: not offered on this connection. OFFERED: the guest knows the relid. OPEN: rings in use.
 * REVOKED: rescinded, the relid is the guest's until it releases it. RELEASED: gone for the
 * guest. Apart from it, "busy": the VSP has it open or has not ended its close; until then
 * the rings' memory is in use.
 */
enum channel_state {
	CHANNEL_IDLE,
	CHANNEL_OFFERED,
	CHANNEL_OPEN,
	CHANNEL_REVOKED,
	CHANNEL_RELEASED,
	CHANNEL_STATES
};

/* A GPADL. ASSEMBLING: body messages are due. STANDING: GPADL_CREATED was sent. TEARING: the
 * guest wants it back, a VSP or a ring still uses it. GONE: out of the table.
 */
enum gpadl_state {
	GPADL_ASSEMBLING,
	GPADL_STANDING,
	GPADL_TEARING,
	GPADL_GONE,
	GPADL_STATES
};

/* Written on the device's loop, read by stats on it. */
struct channel_counters {
	uint64_t packets_in, packets_out;
	uint64_t bytes_in, bytes_out;
	uint64_t signals_in, signals_out, signals_merged;
	uint64_t ring_full, bad_packets;
};

struct vmbus_channel {
	struct vmbus_device *dev;
	struct vmbus_channel *next;	/* of the device */
	unsigned int index;
	uint32_t relid;

	/* main loop */
	enum channel_state state;
	bool busy;
	uint32_t bound_conn_id;		/* bound while open, else 0 */
	unsigned int monitor;		/* its monitor id plus 1; 0: none */
	struct vmbus_gpadl *ring_gpadl;
	bool reopen;			/* an OPEN_CHANNEL waits for the VSP's close */
	struct vmbus_msg_open reopen_msg;

	/* the device's loop */
	void *priv;
	bool live;			/* between start and stop */
	bool broken;			/* the guest corrupted a ring */
	bool close_done;
	bool want_signal;
	bool kicked;
	enum { TURN_NONE, TURN_POLL, TURN_NOW } turn_due;
	unsigned int budget;		/* packets that one readable() may still take */
	int event_fd;
	uint32_t target_vp;
	unsigned int sint;
	struct loop_timer *turn;	/* end of the loop's turn */
	uint8_t **pages;
	struct ring_in in;
	struct ring_out out;
	void *packet;			/* private copy of the packet that was received last */
	size_t packet_cap;
	struct ranges ranges;
	struct channel_counters counters;
	struct hostile_stream hostile;
	struct loop_timer *echoes;	/* of a hostile host, or NULL */
};

struct vmbus_device {
	struct vmbus_server *server;
	struct vmbus_device *next;
	struct loop *loop;
	const struct vsp_ops *ops;
	struct vmbus_guid instance;
	uint64_t serial;
	unsigned int number;		/* the 0 of "scsi0" */
	char name[32];
	void *priv;
	bool removing;
	bool bouncing;			/* rescinded, and offered again when the guest let go */
	struct vmbus_channel *channels;	/* the primary first */
};

struct out_message {
	struct out_message *next;
	uint32_t vp;
	unsigned int sint;
	size_t len;
	uint8_t payload[HV_MESSAGE_PAYLOAD_MAX];
};

/* Messages that a hostile host may send again. */
#define HOSTILE_SENT_MAX	16u

struct hostile_sent {
	uint8_t bytes[HV_MESSAGE_PAYLOAD_MAX];
	size_t len;
};

struct vmbus_contact {
	uint32_t version;
	uint32_t vp;
	unsigned int sint;
	uint64_t monitor_gpa;		/* of the guest's page of triggers; 0: none */
	bool valid;			/* VP and monitor pages make sense */
};

struct vmbus_server {
	struct loop *loop;
	struct guest_memory *mem;
	struct synic *synic;
	struct vmbus_server_config config;

	enum conn_state conn;
	uint32_t version;
	uint32_t vp;			/* where messages go */
	unsigned int sint;
	uint64_t monitor_gpa;
	bool offers_sent;
	bool unload_owed;		/* UNLOAD_RESPONSE when CLOSING ends */
	bool contact_waits;		/* answered when CLOSING ends */
	struct vmbus_contact contact;

	vmbus_tl_connect_fn tl_connect;	/* NULL: no service listens */
	void *tl_connect_arg;

	struct vmbus_device *devices;
	uint64_t next_serial;
	struct vmbus_channel *by_relid[VMBUS_RELID_MAX + 1];

	struct vmbus_channel *by_monitor[VMBUS_MONITOR_GROUPS * VMBUS_MONITOR_TRIGGERS];
	struct loop_timer *monitor_timer;
	uint64_t monitor_signals;

	struct out_message *out;
	struct out_message **out_tail;
	struct loop_timer *out_retry;
	atomic_uint in_queue;
	atomic_uint out_queue;

	pthread_mutex_t lock;		/* the two below, from any thread */
	struct vmbus_gpadl *gpadls;
	int signal_fd[VMBUS_RELID_MAX + 1];	/* -1: not open */
	unsigned int nr_gpadls;
	size_t raw_bytes;

	uint64_t messages_in, messages_out, bad_messages, busy_slots, timed_retries, lost_messages;
	uint64_t contacts;		/* that were answered with a version */
	uint64_t unloads;
	unsigned int open_at_unload;	/* channels, when the last unload came */
	unsigned int logged;

	struct hostile hostile;
	struct hostile_stream hostile_messages;
	struct loop_timer *echoes;	/* of a hostile host, or NULL */
	struct hostile_sent hostile_sent[HOSTILE_SENT_MAX];
	unsigned int nr_hostile_sent;
};

/* vmbus_server.c */
void vmbus_log(struct vmbus_server *server, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** vmbus_bad_message() - count and log one that cannot be obeyed. */
void vmbus_bad_message(struct vmbus_server *server, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** vmbus_check_closed() - end CLOSING if nothing is in use any more. */
void vmbus_check_closed(struct vmbus_server *server);
void vmbus_initiate_contact(struct vmbus_server *server, const void *msg, size_t len,
			    uint32_t conn_id);
void vmbus_unload(struct vmbus_server *server, const void *msg, size_t len);
const char *vmbus_conn_state_name(const struct vmbus_server *server);

/* vmbus_message.c */
/** vmbus_send() - queue a message to the guest behind those that wait; fills in the type. */
void vmbus_send(struct vmbus_server *server, enum vmbus_msg_type type, void *msg, size_t len);
void vmbus_send_to(struct vmbus_server *server, uint32_t vp, unsigned int sint,
		   enum vmbus_msg_type type, void *msg, size_t len);
/** vmbus_queue() - the same with a whole message, as it is. */
void vmbus_queue(struct vmbus_server *server, uint32_t vp, unsigned int sint, const void *bytes,
		 size_t len);
int vmbus_message_init(struct vmbus_server *server);
void vmbus_message_drop_all(struct vmbus_server *server);

/* vmbus_offer.c */
void vmbus_request_offers(struct vmbus_server *server, const void *msg, size_t len);
void vmbus_relid_released(struct vmbus_server *server, const void *msg, size_t len);
/** vmbus_channel_revoke() - close and rescind a channel. */
void vmbus_channel_revoke(struct vmbus_channel *ch);
/** vmbus_device_bounce() - rescind a device; it is offered anew when the guest let go. */
void vmbus_device_bounce(struct vmbus_device *dev);
/** vmbus_device_check_gone() - free what no one knows any more; may free the device. */
void vmbus_device_check_gone(struct vmbus_device *dev);
/** vmbus_devices_disconnect() - the connection is over: no channel is offered any more. */
void vmbus_devices_disconnect(struct vmbus_server *server);
/** vmbus_channels_open() - how many channels are open. */
unsigned int vmbus_channels_open(const struct vmbus_server *server);
/** vmbus_devices_idle() - whether no VSP is busy with a channel. */
bool vmbus_devices_idle(const struct vmbus_server *server);

/* vmbus_open.c */
void vmbus_open(struct vmbus_server *server, const void *msg, size_t len);
void vmbus_close(struct vmbus_server *server, const void *msg, size_t len);
void vmbus_modify(struct vmbus_server *server, const void *msg, size_t len);
/** vmbus_channel_close() - close it if it is open; VSP and rings first, then subchannels. */
void vmbus_channel_close(struct vmbus_channel *ch);
/** vmbus_channel_closed() - the VSP called close_done; main loop. */
void vmbus_channel_closed(void *channel);
void channel_set_state(struct vmbus_channel *ch, enum channel_state state);
const char *vmbus_channel_state_name(const struct vmbus_channel *ch);

/* vmbus_monitor.c */
int vmbus_monitor_init(struct vmbus_server *server);
/** vmbus_monitor_get() - the monitor id of a channel that is to have one, or -1. */
int vmbus_monitor_get(struct vmbus_channel *ch);
void vmbus_monitor_put(struct vmbus_channel *ch);
/** vmbus_monitor_opened() - look at the guest's page from now on. */
void vmbus_monitor_opened(struct vmbus_channel *ch);

/* vmbus_gpadl.c */
void vmbus_gpadl_header(struct vmbus_server *server, const void *msg, size_t len);
void vmbus_gpadl_body(struct vmbus_server *server, const void *msg, size_t len);
void vmbus_gpadl_teardown(struct vmbus_server *server, const void *msg, size_t len);
/** vmbus_gpadl_find() - a standing one of this channel or its primary, no reference. */
struct vmbus_gpadl *vmbus_gpadl_find(struct vmbus_channel *ch, uint32_t handle);
/** vmbus_gpadls_drop() - take those of @relid (0: all) from the guest, without an answer. */
void vmbus_gpadls_drop(struct vmbus_server *server, uint32_t relid);
/** vmbus_gpadls_check() - finish teardowns that had to wait. */
void vmbus_gpadls_check(struct vmbus_server *server);

/* channel.c: on the device's loop */
struct channel_start {
	struct vmbus_channel *ch;
	uint8_t **pages;		/* becomes the channel's */
	uint32_t nr_out, nr_in;		/* pages of the guest's outbound and inbound ring */
	uint32_t target_vp;
	unsigned int sint;
	uint8_t user_data[VMBUS_USER_DATA_SIZE];
	int status;			/* out: 0, or what the guest is told */
};

/** channel_reserve() - make room for @total bytes. Return: as vmbus_channel_send(). */
int channel_reserve(struct vmbus_channel *ch, uint32_t total);
/** channel_sent() - what was put into the room is whole. */
void channel_sent(struct vmbus_channel *ch, uint32_t total);
void channel_start(void *start);
void channel_stop(void *channel);
void channel_free(struct vmbus_channel *ch);
json_t *channel_stats(struct vmbus_channel *ch);

#endif
