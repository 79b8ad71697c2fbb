/* SPDX-License-Identifier: GPL-2.0 */
/*
 * <linux/hyperv.h> of the target kernel, then what newer ones have in it and the target lacks.
 * Nothing comes before the kernel's own part, so that the types which decide symbol CRCs are
 * those of the kernel. HVIC_BUS is defined for the bus, which brings the functions that others
 * call.
 */
#ifndef HVIC_COMPAT_LINUX_HYPERV_H
#define HVIC_COMPAT_LINUX_HYPERV_H

#include_next <linux/hyperv.h>

/* ---- constants ---- */

#ifndef VERSION_WIN10_V5_3
#define VERSION_WIN10_V5_3		((5 << 16) | 3)
#endif

#ifndef VMBUS_RQST_ADDR_ANY
#define VMBUS_RQST_ADDR_ANY		U64_MAX
#endif

#ifndef VMBUS_DEFAULT_MAX_PKT_SIZE
#define VMBUS_DEFAULT_MAX_PKT_SIZE	4096
#endif

#ifndef HVPFN_DOWN
#define HVPFN_DOWN(x)			((x) >> HV_HYP_PAGE_SHIFT)
#endif

#ifndef HV_IMC_GUID
#define HV_IMC_GUID \
	.guid = GUID_INIT(0xc376c1c3, 0xd276, 0x48d2, 0x90, 0xa9, \
			  0xc0, 0x47, 0x48, 0x07, 0x2c, 0x60)
#endif

#ifndef ICMSG_HDR
#define ICMSG_HDR	(sizeof(struct vmbuspipe_hdr) + sizeof(struct icmsg_hdr))
#define IC_VERSION_NEGOTIATION_MAX_VER_COUNT	100
#define ICMSG_NEGOTIATE_PKT_SIZE(frameworks, services) \
	(ICMSG_HDR + offsetof(struct icmsg_negotiate, icversion_data) + \
	 ((frameworks) + (services)) * sizeof(struct ic_version))
#endif

/* ---- messages ---- */

#ifndef HVIC_HAVE_MODIFYCHANNEL_RESPONSE
#define CHANNELMSG_MODIFYCHANNEL_RESPONSE	24
#define CHANNELMSG_COUNT			25

struct vmbus_channel_modifychannel_response {
	struct vmbus_channel_message_header header;
	u32 child_relid;
	u32 status;
} __packed;

#ifdef HVIC_BUS
int hvic_send_modifychannel(struct vmbus_channel *channel, u32 target_vp);
#define vmbus_send_modifychannel(...)	hvic_send_modifychannel(__VA_ARGS__)
#endif

static inline bool is_hvsock_offer(const struct vmbus_channel_offer_channel *offer)
{
	return offer->offer.chn_flags & VMBUS_CHANNEL_TLNPI_PROVIDER_OFFER;
}
#endif

#if !defined(HVIC_HAVE_NEGOTIATE_BUFLEN) && defined(HVIC_BUS)
bool hvic_prep_negotiate_resp(struct icmsg_hdr *icmsghdrp, u8 *buf, u32 buflen,
			      const int *fw_version, int fw_vercnt, const int *srv_version,
			      int srv_vercnt, int *nego_fw_version, int *nego_srv_version);
#define vmbus_prep_negotiate_resp(...)	hvic_prep_negotiate_resp(__VA_ARGS__)
#endif

/* ---- devices ---- */

#ifdef HVIC_HAVE_ALLOWED_IN_ISOLATED
#define hvic_isolated_init(allowed)	.allowed_in_isolated = (allowed),
#define hvic_isolated(device)		((device)->allowed_in_isolated)
#else
#define hvic_isolated_init(allowed)
#define hvic_isolated(device)		false
#endif

#ifdef HVIC_HAVE_PREF_RING_SIZE
#define hvic_pref_ring_init(size)	.pref_ring_size = (size),
#else
#define hvic_pref_ring_init(size)
#endif

#ifdef HVIC_HAVE_HV_DEVICE_DMA
#define hvic_device_dma_init(dev)					\
do {									\
	(dev)->device.dma_parms = &(dev)->dma_parms;			\
	(dev)->device.dma_mask = &(dev)->dma_mask;			\
	dma_set_mask(&(dev)->device, DMA_BIT_MASK(64));			\
} while (0)
#else
/* Nobody can map for them: see <linux/dma-mapping.h>. */
#define hvic_device_dma_init(dev)	do { } while (0)
#endif

/* ---- GPADLs ---- */

#ifdef HVIC_HAVE_VMBUS_GPADL
#define hvic_ring_handle(channel)	((channel)->ringbuffer_gpadlhandle.gpadl_handle)
#else
#define hvic_ring_handle(channel)	((channel)->ringbuffer_gpadlhandle)

struct vmbus_gpadl {
	u32 gpadl_handle;
	u32 size;
	void *buffer;
	bool decrypted;
};

#ifdef HVIC_BUS
int hvic_establish_gpadl(struct vmbus_channel *channel, void *kbuffer, u32 size,
			 struct vmbus_gpadl *gpadl);
int hvic_teardown_gpadl(struct vmbus_channel *channel, struct vmbus_gpadl *gpadl);
#else
static inline int hvic_establish_gpadl(struct vmbus_channel *channel, void *kbuffer, u32 size,
				       struct vmbus_gpadl *gpadl)
{
	gpadl->decrypted = false;
	gpadl->buffer = kbuffer;
	gpadl->size = size;
	return vmbus_establish_gpadl(channel, kbuffer, size, &gpadl->gpadl_handle);
}

static inline int hvic_teardown_gpadl(struct vmbus_channel *channel, struct vmbus_gpadl *gpadl)
{
	int ret = vmbus_teardown_gpadl(channel, gpadl->gpadl_handle);

	if (!ret)
		gpadl->gpadl_handle = 0;
	return ret;
}
#endif
#define vmbus_establish_gpadl(...)	hvic_establish_gpadl(__VA_ARGS__)
#define vmbus_teardown_gpadl(...)	hvic_teardown_gpadl(__VA_ARGS__)
#endif

/* ---- packets and their ids ---- */

#ifdef HVIC_HAVE_PKT_BUFFER
#define hvic_set_max_pkt_size(channel, size)	((channel)->max_pkt_size = (size))
#else
#define hvic_set_max_pkt_size(channel, size)	do { } while (0)

static inline u32 hv_pkt_len(const struct vmpacket_descriptor *desc)
{
	return desc->len8 << 3;
}
#endif

/*
 * Drivers set the number of ranges in a packet since they may send several; that is when
 * vmbus_sendpacket_pagebuffer() went. Before, the bus said that there is one.
 */
#ifdef HVIC_HAVE_SENDPACKET_PAGEBUFFER
#define hvic_mpb_one_range(desc)	((desc)->rangecount = 1)
#else
#define hvic_mpb_one_range(desc)	do { } while (0)
#endif

#ifdef HVIC_HAVE_REQUEST_ID_CALLBACK
/* The ids on the wire are the driver's own. */
static inline void hvic_no_request_ids(struct vmbus_channel *channel)
{
	channel->next_request_id_callback = NULL;
	channel->request_addr_callback = NULL;
	channel->rqstor_size = 0;
}

/* An id for a request, or VMBUS_NO_RQSTOR. */
static inline u64 hvic_request_id(struct vmbus_channel *channel, u64 request)
{
	return channel->next_request_id_callback ?
	       channel->next_request_id_callback(channel, request) : VMBUS_NO_RQSTOR;
}

static inline void hvic_request_forget(struct vmbus_channel *channel, u64 id)
{
	if (channel->request_addr_callback)
		channel->request_addr_callback(channel, id);
}
#else
#define lock_requestor(channel, flags) \
	spin_lock_irqsave(&(channel)->requestor.req_lock, flags)
#define unlock_requestor(channel, flags) \
	spin_unlock_irqrestore(&(channel)->requestor.req_lock, flags)

static inline void hvic_no_request_ids(struct vmbus_channel *channel)
{
	channel->rqstor_size = 0;
}

#ifdef HVIC_BUS
u64 hvic_next_request_id(struct vmbus_channel *channel, u64 rqst_addr);
u64 hvic_request_addr(struct vmbus_channel *channel, u64 trans_id);
#define vmbus_next_request_id(...)	hvic_next_request_id(__VA_ARGS__)
#define vmbus_request_addr(...)	hvic_request_addr(__VA_ARGS__)
#define hvic_request_id			hvic_next_request_id
#define hvic_request_forget		hvic_request_addr
#endif
#endif

#if !defined(HVIC_HAVE_REQUEST_ADDR_MATCH) && defined(HVIC_BUS)
u64 __vmbus_request_addr_match(struct vmbus_channel *channel, u64 trans_id, u64 rqst_addr);
u64 vmbus_request_addr_match(struct vmbus_channel *channel, u64 trans_id, u64 rqst_addr);
#endif

#if !defined(HVIC_HAVE_SENDPACKET_GETID) && defined(HVIC_BUS)
int vmbus_sendpacket_getid(struct vmbus_channel *channel, void *buffer, u32 bufferlen,
			   u64 requestid, u64 *trans_id, enum vmbus_packet_type type, u32 flags);
#endif

#endif
