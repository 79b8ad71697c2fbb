/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A channel with what the bus knows of it beside struct vmbus_channel. Where the target's struct
 * has the member, it is used; elsewhere it is kept here, since the struct cannot grow.
 */
#ifndef HVIC_COMPAT_VMBUS_OWN_CHANNEL_H
#define HVIC_COMPAT_VMBUS_OWN_CHANNEL_H

#include <linux/hyperv.h>
#include <linux/mm.h>
#include <linux/sizes.h>

/* Every channel is allocated as one of these; the kernel's struct comes first. */
struct vmbus_own_channel {
	struct vmbus_channel channel;
#ifndef HVIC_HAVE_RESCIND_REF
	bool rescind_seen;
#endif
#ifndef HVIC_HAVE_VMBUS_GPADL
	struct vmbus_gpadl ring_gpadl;
#endif
#ifndef HVIC_HAVE_PKT_BUFFER
	void *pkt_buffer;
	u32 pkt_buffer_size;
#endif
};

#define hvic_own(channel_)	container_of(channel_, struct vmbus_own_channel, channel)

/* Whether the host has rescinded it already. */
#ifdef HVIC_HAVE_RESCIND_REF
#define hvic_rescind_seen(channel)	((channel)->rescind_ref)
#else
#define hvic_rescind_seen(channel)	(hvic_own(channel)->rescind_seen)
#endif

/* The GPADL of the rings, and showing its handle to drivers. */
#ifdef HVIC_HAVE_VMBUS_GPADL
#define hvic_ring_gpadl(channel)	(&(channel)->ringbuffer_gpadlhandle)
#define hvic_ring_gpadl_show(channel)	do { } while (0)
#else
#define hvic_ring_gpadl(channel)	(&hvic_own(channel)->ring_gpadl)
#define hvic_ring_gpadl_show(channel) \
	((channel)->ringbuffer_gpadlhandle = hvic_ring_gpadl(channel)->gpadl_handle)
#endif

/*
 * The private copy of the packet that was received last. Drivers of a kernel without one do not
 * say how long their packets are: none is known whose are longer than this.
 */
#ifdef HVIC_HAVE_PKT_BUFFER
#define hvic_pkt_buffer(channel)	((channel)->inbound.pkt_buffer)
#define hvic_pkt_buffer_size(channel)	((channel)->inbound.pkt_buffer_size)

static inline int hvic_pkt_buffer_alloc(struct hv_ring_buffer_info *rbi, u32 size)
{
	rbi->pkt_buffer = kzalloc(size, GFP_KERNEL);
	if (!rbi->pkt_buffer)
		return -ENOMEM;
	rbi->pkt_buffer_size = size;
	return 0;
}

static inline void hvic_pkt_buffer_free(struct hv_ring_buffer_info *rbi)
{
	kfree(rbi->pkt_buffer);
	rbi->pkt_buffer = NULL;
	rbi->pkt_buffer_size = 0;
}

/* Before the rings of a channel are set up. Return: bytes of the largest packet, or -errno. */
static inline int hvic_pkt_size(struct vmbus_channel *channel)
{
	if (!channel->max_pkt_size)
		channel->max_pkt_size = VMBUS_DEFAULT_MAX_PKT_SIZE;
	return channel->max_pkt_size;
}

static inline void hvic_own_free(struct vmbus_channel *channel)
{
}
#else
#define hvic_pkt_buffer(channel)	(hvic_own(channel)->pkt_buffer)
#define hvic_pkt_buffer_size(channel)	(hvic_own(channel)->pkt_buffer_size)

static inline int hvic_pkt_buffer_alloc(struct hv_ring_buffer_info *rbi, u32 size)
{
	return 0;
}

static inline void hvic_pkt_buffer_free(struct hv_ring_buffer_info *rbi)
{
}

/* The copy is the channel's, from its first opening to its end. */
static inline int hvic_pkt_size(struct vmbus_channel *channel)
{
	struct vmbus_own_channel *own = hvic_own(channel);

	if (!own->pkt_buffer)
		own->pkt_buffer = kvmalloc(SZ_64K, GFP_KERNEL);
	if (!own->pkt_buffer)
		return -ENOMEM;
	own->pkt_buffer_size = SZ_64K;
	return SZ_64K;
}

static inline void hvic_own_free(struct vmbus_channel *channel)
{
	kvfree(hvic_own(channel)->pkt_buffer);
}
#endif

#endif
