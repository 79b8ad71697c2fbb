/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of hv_netvsc share: the adapter (one a net_device), the session with the host
 * (one from each opening of the primary channel to its closing) and the channels of a session.
 *
 * Locks, outermost first: RTNL; netvsc_gate::lock; a transmit queue's lock; the two spinlocks.
 */
#ifndef HVIC_NETVSC_H
#define HVIC_NETVSC_H

#include <linux/completion.h>
#include <linux/ethtool.h>
#include <linux/hrtimer.h>
#include <linux/hyperv.h>
#include <linux/kref.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/timer.h>
#include <linux/u64_stats_sync.h>
#include <linux/workqueue.h>
#include <net/xdp.h>

#include "wire_nvsp.h"
#include "wire_rndis.h"

struct bpf_prog;
struct hvic_ring_tx;
struct netlink_ext_ack;

/* How long the host is waited for, in jiffies; tests bring a shorter patience of their own. */
#ifndef NETVSC_HOST_TIMEOUT
/* The longest that any wait lasts. */
#define NETVSC_HOST_TIMEOUT	(10 * HZ)
/* How long a host that missed an answer once is waited for again. */
#define NETVSC_SILENT_TIMEOUT	HZ
/* The end of a session waits for frames that the host still has. */
#define NETVSC_DRAIN_TIMEOUT	(5 * HZ)
/* Users of the link's state hear of one change a second; we make one in two. */
#define NETVSC_LINK_INTERVAL	(2 * HZ)
#endif
/* That a received packet waits at most for a message to be given back with, in jiffies. */
#define NETVSC_ACK_DELAY	2
/* Between two looks at "has the channel been rescinded?" while waiting, in jiffies. */
#define NETVSC_WAIT_SLICE	(HZ / 10)

#define NETVSC_MAX_CHANNELS	64
#define NETVSC_DEFAULT_CHANNELS	16
#define NETVSC_SEND_TABLE	NVSP_SEND_TABLE_ENTRIES
#define NETVSC_HASH_KEY		40
#define NETVSC_MAX_RX_TABLE	256
#define NETVSC_DEFAULT_RX_TABLE	128

#define NETVSC_MIN_MTU		68
#define NETVSC_MAX_MTU		(65535 - ETH_HLEN)
/* The longest frame that the host may hand us: a coalesced one with its VLAN tag. */
#define NETVSC_MAX_FRAME	(65535 + ETH_HLEN + 4)

#define NETVSC_RECV_BUFFER_ID	0xcafe
#define NETVSC_SEND_BUFFER_ID	0
#define NETVSC_RECV_BUFFER_MAX	(31U << 20)
#define NETVSC_RECV_BUFFER_OLD	(15U << 20)	/* hosts of NVSP 2 and before */
#define NETVSC_SEND_BUFFER_MAX	(15U << 20)
#define NETVSC_RECV_SECTION	1728
#define NETVSC_SEND_SECTION	6144
#define NETVSC_DEFAULT_RECV	((16U << 20) / NETVSC_RECV_SECTION)
#define NETVSC_DEFAULT_SEND	((1U << 20) / NETVSC_SEND_SECTION)
#define NETVSC_MIN_SECTIONS	10

#define NETVSC_TX_SLOTS		1024		/* a power of two */
#define NETVSC_TX_USECS		100		/* that a message waits for more frames */
#define NETVSC_MAX_TX_USECS	1000
#define NETVSC_STREAM_WINDOW	DIV_ROUND_UP(HZ, 100)	/* jiffies: tx_hold.c */
#define NETVSC_TX_HEADER	128		/* room for the RNDIS header and every PPI */
#define NETVSC_NO_SECTION	U32_MAX
#define NETVSC_RX_ACKS		512		/* a power of two */
#define NETVSC_XDP_HEADROOM	256

/* What ethtool -N decides for each protocol: hash the ports too. */
#define NETVSC_L4_TCP4		BIT(0)
#define NETVSC_L4_TCP6		BIT(1)
#define NETVSC_L4_UDP4		BIT(2)
#define NETVSC_L4_UDP6		BIT(3)
#define NETVSC_L4_ALL		(NETVSC_L4_TCP4 | NETVSC_L4_TCP6 | NETVSC_L4_UDP4 | NETVSC_L4_UDP6)

#define NETVSC_HW_FEATURES	(NETIF_F_RXCSUM | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | \
				 NETIF_F_TSO | NETIF_F_TSO6 | NETIF_F_LRO | NETIF_F_SG | \
				 NETIF_F_RXHASH)

/*
 * Transaction ids on the wire. The top byte says who waits for the completion; the rest is never
 * used twice, so that a completion that the host makes up, repeats or delays matches nothing.
 */
enum netvsc_id_kind {
	NETVSC_ID_NVSP	= 1,	/* a call of nvsp.c */
	NETVSC_ID_RNDIS	= 2,	/* a control message of rndis.c */
	NETVSC_ID_TX	= 3,	/* a slot of tx_queue.c: generation above, slot in the low 16 bits */
};

#define NETVSC_ID_SHIFT		56
#define NETVSC_ID(kind, rest)	(((u64)(kind) << NETVSC_ID_SHIFT) | (rest))
#define NETVSC_ID_KIND(id)	((unsigned int)((id) >> NETVSC_ID_SHIFT))

/* Memory shared with the host by a GPADL, and who owns it. */
enum netvsc_buffer_state {
	NETVSC_BUFFER_NONE,	/* no memory */
	NETVSC_BUFFER_OURS,	/* allocated, the host knows nothing of it */
	NETVSC_BUFFER_SHARED,	/* the GPADL exists; the host may write */
	NETVSC_BUFFER_OFFERED,	/* the host accepted it by NVSP; a revoke is due */
};

struct netvsc_buffer {
	enum netvsc_buffer_state state;
	void *data;			/* where we read and write it */
	void *memory;			/* what vzalloc() gave, == data but in an SNP guest */
	u32 size;			/* bytes */
	u32 section_size;		/* bytes, chosen by the host */
	u32 sections;
	struct vmbus_gpadl gpadl;
};

/* One message that the host owns, or may own: what to give back when it is completed. */
struct netvsc_tx_slot {
	u64 cookie;			/* the id on the wire while the host owns it, else 0 */
	struct sk_buff *skbs;		/* a chain by ->next; NULL for XDP */
	struct netvsc_dma *dma;		/* bounce mappings of an isolated guest */
	u32 section;
	u32 generation;
	u32 bytes;			/* of the frames, for statistics */
	u32 bql_bytes;			/* what the queue limit was charged */
	u16 packets;
};

/* The message being put together for the host, at most one a channel; under the queue's lock. */
enum netvsc_tx_state {
	NETVSC_TX_EMPTY,
	NETVSC_TX_OPEN,			/* copied into a section that has room for more */
	NETVSC_TX_SEALED,		/* complete; kept while the ring has no room */
};

struct netvsc_tx_msg {
	enum netvsc_tx_state state;
	bool charged;			/* the byte queue limit knows of it */
	bool held;			/* it waited: tx_hold.c */
	u16 slot;
	u16 frames;			/* RNDIS messages in it */
	u16 ranges;
	u16 pages;			/* page numbers that the ranges take */
	u32 section_used;
	struct hv_page_buffer range[MAX_PAGE_BUFFER_COUNT];
};

/* Whether messages wait for more frames; under the queue's lock. */
struct netvsc_tx_hold {
	struct hrtimer timer;
	bool armed;			/* the timer runs */
	bool stream;			/* those of this window may wait */
	u8 misses;			/* times that waits in vain ended it, in a row */
	s8 score;			/* what the last waits brought */
	u32 frames;			/* of this window */
	u32 received;			/* by the session before it */
	unsigned long since;		/* jiffies; may be yet to come */
	ktime_t until;			/* when the message that waits is sent */
};

struct netvsc_tx_stats {
	u64 packets;
	u64 bytes;
	u64 xdp_xmit;
	struct u64_stats_sync syncp;
};

struct netvsc_rx_stats {
	u64 packets;
	u64 bytes;
	u64 broadcast;
	u64 multicast;
	u64 xdp_drop;
	u64 xdp_redirect;
	u64 xdp_tx;
	struct u64_stats_sync syncp;
};

/* Free slots travel in a ring of one producer (NAPI) and one consumer (the queue's lock holder). */
struct netvsc_tx {
	struct netvsc_tx_slot *slots;
	void **headers;			/* pages of NETVSC_TX_HEADER bytes a slot */
	u16 *free;
	u32 free_head;
	u32 section_hint;
	struct netvsc_tx_msg msg;
	struct netvsc_tx_hold hold;
	struct netvsc_tx_stats *stats;	/* the adapter's, of this queue */

	u32 free_tail ____cacheline_aligned_in_smp;
	atomic_t outstanding;		/* messages that the host owns */
	u32 done_packets, done_bytes;	/* for the byte queue limit, in one poll */
};

/* A transfer-page packet to give back to the host. */
struct netvsc_rx_ack {
	u64 id;
	u32 status;
};

struct netvsc_rx {
	struct netvsc_rx_ack *acks;
	u32 ack_head;			/* under the lock of the outbound ring */
	u32 ack_tail;
	u32 ack_frames;			/* since there was none to give back, at least */
	u32 ack_sections;		/* likewise, those that they lie in */
	unsigned long ack_since;	/* jiffies, when there was none before */
	u32 range;			/* next range of the packet being worked on */
	u32 sections;			/* that those before it lie in */
	u32 received;			/* frames, ever; others read it */
	u32 status;			/* what that packet will be acknowledged with */
	struct sk_buff *partial;	/* a coalesced frame that lacks its end */
	struct rndis_rx_meta partial_meta;
	struct page *xdp_page;
	bool xdp_flush;
	struct netvsc_rx_stats *stats;	/* the adapter's, of this queue */
};

struct netvsc_channel {
	struct netvsc_session *session;
	struct vmbus_channel *vmbus;
	u16 index;
	bool open;			/* opened by us and polled */
	struct napi_struct napi;
	struct timer_list retry;	/* polls again when nothing else would */
	struct bpf_prog __rcu *prog;
	struct xdp_rxq_info xdp_rxq;
	struct netvsc_rx rx;
	struct netvsc_tx tx;
};

/* How a session is, or is to be, set up. */
struct netvsc_config {
	u32 channels;
	u32 recv_sections, recv_section_size;
	u32 send_sections, send_section_size;
};

enum netvsc_session_state {
	NETVSC_CONNECTING,		/* the primary channel is open; nothing published */
	NETVSC_READY,			/* RNDIS answers; no frames yet */
	NETVSC_RUNNING,			/* the packet filter lets frames through */
	NETVSC_CLOSING,			/* nothing new is sent */
};

/* One connection with the host: from the opening of the primary channel to its closing. */
struct netvsc_session {
	struct net_device *net;
	struct hv_device *hv;
	enum netvsc_session_state state;
	bool tx_disable;		/* completions do not wake the queues */
	unsigned long ack_delay;	/* jiffies that a received packet may wait */
	bool silent;			/* a wait timed out; the next ones are short */
	u32 nvsp_version;
	u32 max_packets;		/* RNDIS messages in one send, the host's limit */
	u32 max_transfer;		/* bytes in one send section */
	u32 align;			/* of RNDIS messages within a send, bytes */
	u32 filter;			/* the packet filter that the host has */
	u32 mtu;			/* that the host was told */
	u32 host_mtu;			/* most that the host carries; 0 if it does not say */
	bool link_down;
	u8 mac[ETH_ALEN];

	struct netvsc_buffer recv;
	struct netvsc_buffer send;
	unsigned long *send_map;	/* a bit a send section */

	spinlock_t calls_lock;		/* the lists, and the answers of their members */
	struct list_head nvsp_calls;
	struct list_head rndis_calls;
	u64 last_id;
	u32 last_rndis_id;

	u32 max_channels;		/* with the primary; what the host offers us */
	u32 num_channels;
	struct netvsc_channel *channel[NETVSC_MAX_CHANNELS];
	wait_queue_head_t subchannels;
	atomic_t tried_channels;	/* subchannels offered so far, opened or not */
	struct work_struct subchannel_work;
};

/*
 * The bus hands us subchannels from its own work item, at times of the host's choosing. The gate
 * says which session, if any, wants them; it outlives the adapter for a call that is under way.
 */
struct netvsc_gate {
	struct kref ref;
	struct mutex lock;
	struct netvsc_session *session;
};

/* In the order of the in-tree driver's ethtool -S. */
struct netvsc_counters {
	unsigned long tx_scattered;
	unsigned long tx_no_memory;
	unsigned long tx_no_space;
	unsigned long tx_too_big;
	unsigned long tx_busy;
	unsigned long tx_send_full;
	unsigned long rx_comp_busy;
	unsigned long rx_no_memory;
	unsigned long stop_queue;
	unsigned long wake_queue;
	unsigned long vlan_error;
	/* ours */
	unsigned long host_bad_packet;
	unsigned long host_bad_completion;
	unsigned long host_bad_frame;
	unsigned long host_timeout;
	unsigned long tx_held;
};

struct netvsc_vf_stats {
	u64 rx_packets;
	u64 rx_bytes;
	u64 tx_packets;
	u64 tx_bytes;
	struct u64_stats_sync syncp;
	u32 tx_dropped;
};

/* Link changes that wait for their work item; newer ones replace older ones. */
#define NETVSC_LINK_UP		BIT(0)
#define NETVSC_LINK_DOWN	BIT(1)
#define NETVSC_LINK_FLAP	BIT(2)

/* The adapter: netdev_priv(). */
struct netvsc_adapter {
	struct net_device *net;
	struct hv_device *hv;
	struct netvsc_session __rcu *session;
	struct netvsc_gate *gate;
	struct list_head list;
	struct netvsc_config *saved;	/* across suspend */
	struct bpf_prog *saved_prog;
	u32 msg_enable;
	u32 tx_csum;			/* RNDIS_CSUM_*: what the host checksums for us */
	u32 l4_hash;
	u32 tx_usecs;			/* that a message may wait for more frames; 0: none does */
	u32 speed;			/* Mbit/s */
	u8 duplex;

	u32 tx_table[NETVSC_SEND_TABLE];
	u16 rx_table[NETVSC_MAX_RX_TABLE];
	u32 rx_table_size;		/* 0: the host has no RSS */
	u8 rss_key[NETVSC_HASH_KEY];

	struct delayed_work link_work;
	unsigned long link_changed;	/* jiffies */
	spinlock_t link_lock;
	u32 link_events;
	struct delayed_work rx_mode_work;

	struct net_device __rcu *vf;
	struct netvsc_vf_stats __percpu *vf_stats;
	struct delayed_work vf_takeover;
	struct delayed_work vf_namespace;
	struct completion vf_assigned;
	u32 vf_present;
	u32 vf_serial;
	bool path_is_vf;

	struct netvsc_counters counters;
	struct netvsc_tx_stats tx_stats[NETVSC_MAX_CHANNELS];
	struct netvsc_rx_stats rx_stats[NETVSC_MAX_CHANNELS];
};

static inline bool netvsc_rescinded(const struct netvsc_session *s)
{
	return READ_ONCE(s->hv->channel->rescind);
}

static inline struct netdev_queue *netvsc_txq(const struct netvsc_channel *ch)
{
	return netdev_get_tx_queue(ch->session->net, ch->index);
}

static inline u64 netvsc_next_id(struct netvsc_session *s, enum netvsc_id_kind kind)
{
	lockdep_assert_held(&s->calls_lock);
	return NETVSC_ID(kind, ++s->last_id);
}

/* main.c */
extern unsigned int netvsc_ring_bytes;
extern const struct net_device_ops netvsc_netdev_ops;
extern struct list_head netvsc_adapters;		/* under RTNL */
void netvsc_tx_enable(struct netvsc_session *s);
void netvsc_tx_disable(struct netvsc_session *s);

/* config.c */
void netvsc_config_now(struct netvsc_session *s, struct netvsc_config *config);
void netvsc_detach(struct netvsc_adapter *a, struct netvsc_session *s);
int netvsc_attach(struct netvsc_adapter *a, const struct netvsc_config *config,
		  struct bpf_prog *prog, bool lower);
int netvsc_reconfigure(struct netvsc_adapter *a, struct netvsc_session *s,
		       const struct netvsc_config *want, int mtu);
int netvsc_quiesce(struct netvsc_session *s);

/* device.c */
struct netvsc_session *netvsc_session_open(struct netvsc_adapter *a,
					   const struct netvsc_config *config);
void netvsc_session_close(struct netvsc_session *s);
int netvsc_session_start(struct netvsc_session *s);
int netvsc_session_stop(struct netvsc_session *s);
int netvsc_open_subchannels(struct netvsc_session *s);
int netvsc_wait(struct netvsc_session *s, struct completion *done, const char *what);
int netvsc_post(struct netvsc_session *s, const struct nvsp_msg *msg, u64 id, u32 flags);

/* channel.c */
struct netvsc_channel *netvsc_channel_alloc(struct netvsc_session *s, u16 index);
void netvsc_channel_free(struct netvsc_channel *ch);
int netvsc_channel_open(struct netvsc_channel *ch, struct vmbus_channel *vmbus);
void netvsc_channel_quiet(struct netvsc_channel *ch);
void netvsc_subchannel_offered(struct vmbus_channel *vmbus);
struct netvsc_gate *netvsc_gate_alloc(void);
void netvsc_gate_set(struct netvsc_adapter *a, struct netvsc_session *s);
void netvsc_gate_detach(struct netvsc_adapter *a);

/* nvsp.c */
int netvsc_nvsp_connect(struct netvsc_session *s, const struct netvsc_config *config);
void netvsc_nvsp_disconnect(struct netvsc_session *s);
void netvsc_nvsp_release(struct netvsc_session *s);
int netvsc_nvsp_subchannels(struct netvsc_session *s, u32 want, u32 *got);
int netvsc_nvsp_datapath(struct netvsc_session *s, bool vf);
void netvsc_nvsp_completion(struct netvsc_session *s, u64 id, const void *data, u32 len);
void netvsc_nvsp_inband(struct netvsc_session *s, const void *data, u32 len);

/* rndis.c */
int netvsc_rndis_init(struct netvsc_session *s);
void netvsc_rndis_halt(struct netvsc_session *s);
int netvsc_rndis_query(struct netvsc_session *s, u32 oid, const void *in, u32 in_len,
		       void *out, u32 *out_len);
int netvsc_rndis_set(struct netvsc_session *s, u32 oid, const void *in, u32 in_len);
bool netvsc_rndis_answer(struct netvsc_session *s, const void *data, u32 len);
void netvsc_rndis_sent(struct netvsc_session *s, u64 id, bool accepted);
void netvsc_rndis_abandon(struct netvsc_session *s, bool host_gone);

/* oid.c */
int netvsc_oid_setup(struct netvsc_adapter *a, struct netvsc_session *s);
int netvsc_oid_filter(struct netvsc_session *s, u32 filter);
int netvsc_oid_set_mac(struct netvsc_session *s, const u8 *mac);
int netvsc_oid_set_rsc(struct netvsc_session *s, bool on);
int netvsc_oid_set_rss(struct netvsc_adapter *a, struct netvsc_session *s, const u8 *key);
void netvsc_rx_mode_work(struct work_struct *w);

/* tx.c */
netdev_tx_t netvsc_start_xmit(struct sk_buff *skb, struct net_device *net);
netdev_features_t netvsc_features_check(struct sk_buff *skb, struct net_device *net,
					netdev_features_t features);
u16 netvsc_select_queue(struct net_device *net, struct sk_buff *skb, struct net_device *sb);
int netvsc_tx_frame(struct netvsc_channel *ch, const void *data, u32 len);

/* tx_queue.c */
int netvsc_tx_alloc(struct netvsc_channel *ch);
void netvsc_tx_free(struct netvsc_channel *ch);
void netvsc_tx_abandon(struct netvsc_channel *ch, bool host_gone);
struct netvsc_tx_slot *netvsc_tx_slot_get(struct netvsc_tx *tx, u16 *index);
void *netvsc_tx_header(struct netvsc_tx *tx, u16 index);
u32 netvsc_tx_section_get(struct netvsc_channel *ch);
void *netvsc_tx_section(struct netvsc_session *s, u32 section);
void netvsc_tx_submit(struct netvsc_channel *ch);
void netvsc_tx_drop(struct netvsc_channel *ch);
void netvsc_tx_stop(struct netvsc_channel *ch);
void netvsc_tx_completion(struct netvsc_channel *ch, u64 id, int budget);
void netvsc_tx_poll_end(struct netvsc_channel *ch, int budget);

/* tx_hold.c */
void netvsc_tx_hold_init(struct netvsc_channel *ch);
void netvsc_tx_hold_end(struct netvsc_channel *ch);
bool netvsc_tx_hold(struct netvsc_channel *ch, const struct sk_buff *skb);
void netvsc_tx_full(struct netvsc_channel *ch);
void netvsc_tx_release(struct netvsc_session *s);

/* rx.c */
int netvsc_poll(struct napi_struct *napi, int budget);
void netvsc_rx_abandon(struct netvsc_channel *ch);

/* rx_ack.c */
void netvsc_ack_add(struct netvsc_channel *ch, u64 id, u32 status, u32 frames, u32 sections);
bool netvsc_acks_full(const struct netvsc_channel *ch);
bool netvsc_ack_put(struct netvsc_channel *ch, struct hvic_ring_tx *ring);
bool netvsc_ack_send(struct netvsc_channel *ch);
void netvsc_ack_poll_end(struct netvsc_channel *ch);
bool netvsc_rx_idle(const struct netvsc_channel *ch);

/* link.c */
void netvsc_link_indicate(struct netvsc_session *s, const void *data, u32 len);
void netvsc_link_forget(struct netvsc_adapter *a);
void netvsc_link_work(struct work_struct *w);

/* stats.c */
void netvsc_vf_totals(struct netvsc_adapter *a, struct netvsc_vf_stats *total);
void netvsc_get_stats64(struct net_device *net, struct rtnl_link_stats64 *t);
int netvsc_get_sset_count(struct net_device *net, int set);
void netvsc_get_strings(struct net_device *net, u32 set, u8 *data);
void netvsc_get_ethtool_stats(struct net_device *net, struct ethtool_stats *stats, u64 *data);

/* ethtool.c */
extern const struct ethtool_ops netvsc_ethtool_ops;

/* xdp.c */
u32 netvsc_xdp_run(struct netvsc_channel *ch, struct bpf_prog *prog, const void *data, u32 len,
		   struct xdp_buff *xdp);
struct bpf_prog *netvsc_xdp_prog(struct netvsc_session *s);
int netvsc_xdp_set(struct netvsc_session *s, struct bpf_prog *prog,
		   struct netlink_ext_ack *extack);
int netvsc_xdp_set_vf(struct net_device *vf, struct bpf_prog *prog);
int netvsc_bpf(struct net_device *net, struct netdev_bpf *bpf);
int netvsc_xdp_xmit(struct net_device *net, int n, struct xdp_frame **frames, u32 flags);

/* vf.c */
bool netvsc_vf_ready(struct netvsc_adapter *a, struct net_device *vf);
netdev_tx_t netvsc_vf_xmit(struct netvsc_adapter *a, struct net_device *vf, struct sk_buff *skb);
void netvsc_vf_associate(struct netvsc_session *s, u32 present, u32 serial);
void netvsc_vf_adopt(struct netvsc_adapter *a);
void netvsc_vf_release(struct netvsc_adapter *a);
void netvsc_vf_new_session(struct netvsc_adapter *a);
void netvsc_vf_takeover_work(struct work_struct *w);
void netvsc_vf_namespace_work(struct work_struct *w);
int netvsc_vf_register_notifier(void);
void netvsc_vf_unregister_notifier(void);

#endif
