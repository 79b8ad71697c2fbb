/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host for the driver to talk to, within the test: it keeps the rings, answers as a good host
 * does unless the test takes a message away from it, and remembers what it saw.
 */
#ifndef HVIC_NETVSC_TESTS_FAKE_HOST_H
#define HVIC_NETVSC_TESTS_FAKE_HOST_H

#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/hyperv.h>
#include <linux/netdevice.h>

struct netvsc_adapter;
struct netvsc_session;

#define FAKE_CHANNELS	4u	/* that a host can offer, with the primary */
#define FAKE_SENT	1100	/* packets remembered */
#define FAKE_SECTION	1728	/* bytes of a receive section */
#define FAKE_OBJECT	1300	/* bytes of the largest object that the driver sets */

/* A packet of frames that the driver sent. */
struct fake_sent {
	u64 id;
	u16 type, channel;
	u32 section, used, ranges, range_bytes, pages;
	u32 crc;		/* of what the ranges hold */
	u8 head[128];		/* of the first range */
};

/* What the driver set by an object id. */
struct fake_object {
	u32 oid, count, len;
	u8 data[FAKE_OBJECT];
};

struct fake_channel {
	struct vmbus_channel vmbus;
	struct fake_host *host;
	struct page *in, *out;
	void (*event)(void *context);
	void *event_context;
	bool open;
};

struct fake_host {
	struct hv_device hv;
	struct fake_channel *channel;	/* FAKE_CHANNELS of them, the primary first */
	spinlock_t lock;		/* the inbound rings, what was seen */
	void (*offered)(struct vmbus_channel *subchannel);
	struct work_struct offer_work;
	u32 offers_due;

	/* What the driver shares. */
	void *recv, *send;
	u32 recv_bytes, send_bytes;
	u32 gpadls;			/* that there are */
	u32 gpadls_at_close;		/* when the primary closed */
	void *refused;			/* memory whose sharing failed */
	u32 open;			/* channels that are */

	/* How it behaves. */
	u32 newest;			/* NVSP version */
	int open_error[FAKE_CHANNELS];
	int gpadl_error;		/* of the next one */
	u32 busy;			/* sends to come that find no room */
	bool keeps;			/* does not give back what was shared */
	u32 max_packets;		/* in one send */
	u32 align;			/* shift of their alignment */
	u32 mtu;			/* 0: does not say */
	u32 queues, table;		/* of RSS; 0 queues: it has none */
	u32 grants;			/* subchannels */
	u32 offers;			/* of those that it grants */
	bool offers_lro, link_down;
	const char *name;		/* the interface's */
	u32 refuse;			/* the object that it fails to query or set */
	bool hold;			/* reads nothing of what the driver sends */
	/* Messages by a test's own rules; true when the host is to do no more about it. */
	bool (*on_nvsp)(struct fake_host *host, const u32 *msg, u64 id);
	bool (*on_rndis)(struct fake_host *host, const u32 *msg, u64 id);

	/* What it saw. */
	u32 nvsp[140];			/* messages by type */
	u32 versions[8], num_versions;
	u32 ndis_config[3];		/* frame size, 0, capabilities */
	u32 path;			/* 1: the VF's */
	u32 rndis[9];			/* likewise */
	u32 filter;
	struct fake_object set[4];	/* all but the filter */
	u32 acks, bad_acks;		/* of received packets; those without success */
	u64 last_ack;
	u32 tampered;			/* packets that make no sense */
	struct fake_sent sent[FAKE_SENT];
	u32 num_sent;
	u32 next_section;		/* of the receive buffer */
	void *scratch;			/* the test's */
};

/* fake_bus.c */
extern u32 fake_vmbus_proto_version;
extern bool fake_isolation;
extern struct hv_driver *fake_driver;
void fake_bus_init(struct fake_host *host);
void fake_read(struct fake_host *host);
void fake_packet(struct fake_channel *ch, u16 type, u64 id, const void *more, u32 more_len,
		 const void *payload, u32 len);
void fake_kick(struct fake_channel *ch);
void fake_complete(struct fake_channel *ch, u64 id, const u32 *words, u32 n);
void fake_ranges(struct fake_channel *ch, u64 id, const u32 *ranges, u32 count);
u32 fake_message(struct fake_host *host, const void *data, u32 len);
void fake_rndis(struct fake_channel *ch, const u32 *words, u32 n);

/* fake_host.c */
struct fake_host *fake_host_new(struct kunit *test);
void fake_host_free(struct fake_host *host);
int fake_host_probe(struct fake_host *host);
void fake_host_remove(struct fake_host *host);
struct netvsc_adapter *fake_host_adapter(struct fake_host *host);
struct netvsc_session *fake_host_session(struct fake_host *host);
int fake_host_up(struct fake_host *host);
const struct fake_object *fake_host_set(struct fake_host *host, u32 oid);

/* driver.c */
extern int (*fake_driver_load)(void);
extern void (*fake_driver_unload)(void);

/* Waits for what others than the test do, a bounded time. */
#define fake_wait(what) ({						\
	unsigned long until_ = jiffies + 10 * HZ;			\
									\
	while (!(what) && time_before(jiffies, until_))			\
		msleep(20);						\
	!!(what);							\
})

#endif
