/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device that is up, with a tap where the stack gets its frames: what the suites about frames
 * start from.
 */
#ifndef HVIC_NETVSC_TESTS_TRAFFIC_H
#define HVIC_NETVSC_TESTS_TRAFFIC_H

#include <linux/if_ether.h>
#include <linux/netdevice.h>
#include <linux/skbuff.h>

#include "fake_host.h"

#define SECTION		6144	/* bytes of a send section */
#define HEADER		44	/* of a frame's RNDIS message without infos */
#define ETHERTYPE	0x88b5	/* for experiments */
#define MOST		8	/* frames that the tap remembers */

/* A frame as the stack got it. */
struct got {
	u32 len, hash;
	u16 tci, ip_check, queue;
	u8 ip_summed, type;
	bool vlan;
	u8 last;
};

struct traffic {
	struct fake_host *host;
	struct fake_channel *ch;	/* the primary */
	struct net_device *net;
	struct netvsc_adapter *a;
	struct netvsc_session *s;
	struct packet_type tap;
	struct got got[MOST];
	u32 count;
	bool up;
	u32 words[FAKE_SECTION / 4];	/* room for a message */
	void *more;			/* a suite's own */
};

/* Frames of traffic_skb() that the driver is through with. */
extern atomic_t traffic_freed;
/* Completions of sends. */
extern const u32 sent_ok[2], sent_badly[2];

int traffic_start(struct kunit *test, void (*setup)(struct fake_host *host));
void traffic_four_queues(struct fake_host *host);
void traffic_settle(struct traffic *t);
void traffic_end(struct traffic *t);
void traffic_exit(struct kunit *test);
int traffic_set_mtu(struct traffic *t, int mtu);
int traffic_get_rxfh(struct net_device *net, u32 *table, u8 *key, u8 *hfunc);
int traffic_set_rxfh(struct net_device *net, u32 *table, u8 *key, u8 hfunc);
int traffic_get_rxfh_fields(struct net_device *net, u32 flow, u64 *fields);
int traffic_set_rxfh_fields(struct net_device *net, u32 flow, u64 fields);
u32 traffic_frame(u32 *words, const u32 *infos, u32 info_words, u32 len, u8 last);
void traffic_receive(struct kunit *test, u32 channel, u32 frames);
bool traffic_acked(struct traffic *t, u32 acks, u32 bad);
struct sk_buff *traffic_skb(struct kunit *test, struct traffic *t, u32 len);
struct sk_buff *traffic_ip4(struct kunit *test, struct traffic *t, u8 protocol, u32 len);
struct sk_buff *traffic_ip6(struct kunit *test, struct traffic *t, u8 protocol, u32 len);
netdev_tx_t traffic_send(struct traffic *t, struct sk_buff *skb, bool more);

#endif
