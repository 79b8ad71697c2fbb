// SPDX-License-Identifier: GPL-2.0
/*
 * GPADLs: lists of the guest's pages that the host may use under a handle. Ownership: from the
 * first message of vmbus_establish_gpadl() until GPADL_TORNDOWN the memory is the host's too;
 * while that is so, struct vmbus_gpadl's decrypted is true and nobody may free it.
 * Exports symbols of upstream's channel.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "syms_channel.h"

#include "vmbus.h"
#include "trace.h"

/* Page numbers in the first message and in each that follows. */
#define HEADER_PFNS	((HV_MESSAGE_PAYLOAD_BYTE_COUNT - \
			  sizeof(struct vmbus_channel_gpadl_header) - \
			  sizeof(struct gpa_range)) / sizeof(u64))
#define BODY_PFNS	((HV_MESSAGE_PAYLOAD_BYTE_COUNT - \
			  sizeof(struct vmbus_channel_gpadl_body)) / sizeof(u64))

static_assert(HEADER_PFNS == 26);
static_assert(BODY_PFNS == 28);

/* The host takes one HV_HYP_PAGE of a ring's header, which is PAGE_SIZE long. */
#define HEADER_GAP	(PAGE_SIZE - HV_HYP_PAGE_SIZE)

/**
 * vmbus_gpadl_send_page() - where the second ring starts in a ring GPADL
 * @send_offset: bytes of the first ring
 * Return: in HV_HYP_PAGEs
 */
u32 vmbus_gpadl_send_page(u32 send_offset)
{
	return (send_offset - HEADER_GAP) >> HV_HYP_PAGE_SHIFT;
}

/* A list of pages being turned into messages. */
struct gpadl_pages {
	void *buffer;
	bool is_ring;
	u32 send_page;		/* vmbus_gpadl_send_page() of a ring */
	u32 count;
	u32 next;
};

static u64 gpadl_next_pfn(struct gpadl_pages *pages)
{
	u32 i = pages->next++;
	size_t offset = (size_t)i << HV_HYP_PAGE_SHIFT;

	/* Past the first ring's header, and past the second's. */
	if (pages->is_ring && i)
		offset += i <= pages->send_page ? HEADER_GAP : 2 * HEADER_GAP;
	return virt_to_hvpfn(pages->buffer + offset);
}

static u32 gpadl_fill(struct gpadl_pages *pages, u64 *pfn, u32 max)
{
	u32 i, n = min(max, pages->count - pages->next);

	for (i = 0; i < n; i++)
		pfn[i] = gpadl_next_pfn(pages);
	return n;
}

static int gpadl_send_bodies(struct gpadl_pages *pages, u32 handle)
{
	union {
		struct vmbus_channel_gpadl_body body;
		u8 bytes[HV_MESSAGE_PAYLOAD_BYTE_COUNT];
	} msg;
	u32 number = 0, n;
	int ret;

	while (pages->next < pages->count) {
		memset(&msg, 0, sizeof(msg));
		msg.body.header.msgtype = CHANNELMSG_GPADL_BODY;
		msg.body.msgnumber = number++;
		msg.body.gpadl = handle;
		n = gpadl_fill(pages, msg.body.pfn, BODY_PFNS);

		ret = vmbus_post(&msg, struct_size(&msg.body, pfn, n), true);
		trace_vmbus_establish_gpadl_body(&msg.body, ret);
		if (ret)
			return ret;
	}
	return 0;
}

/* Return: 0 established; -EDQUOT, -ENODEV: not the host's; other: nobody knows. */
static int gpadl_send(struct vmbus_channel *channel, struct gpadl_pages *pages, u32 size,
		      u32 handle)
{
	struct vmbus_request req = {
		.channel = channel,
		.response_type = CHANNELMSG_GPADL_CREATED,
		.relid = channel->offermsg.child_relid,
		.id = handle,
	};
	union {
		struct vmbus_channel_gpadl_header header;
		u8 bytes[HV_MESSAGE_PAYLOAD_BYTE_COUNT];
	} msg = { };
	struct gpa_range *range = (void *)(&msg.header + 1);
	u32 n;
	int ret;

	msg.header.header.msgtype = CHANNELMSG_GPADL_HEADER;
	msg.header.child_relid = channel->offermsg.child_relid;
	msg.header.gpadl = handle;
	msg.header.rangecount = 1;
	msg.header.range_buflen = sizeof(*range) + pages->count * sizeof(u64);
	range->byte_offset = 0;
	range->byte_count = size;
	n = gpadl_fill(pages, range->pfn_array, HEADER_PFNS);

	ret = vmbus_request_send(&req, &msg, sizeof(msg.header) + struct_size(range, pfn_array, n));
	trace_vmbus_establish_gpadl_header(&msg.header, ret);
	if (ret)
		return ret == -ENODEV ? ret : -EDQUOT;

	ret = gpadl_send_bodies(pages, handle);
	if (ret) {
		vmbus_request_abandon(&req);
		return ret;
	}

	ret = vmbus_request_wait(&req);
	if (ret)
		return ret;
	if (req.response.gpadl.creation_status) {
		pr_err("channel %u: host refused a GPADL of %u bytes with status 0x%x\n",
		       channel->offermsg.child_relid, size, req.response.gpadl.creation_status);
		return -EDQUOT;
	}
	return 0;
}

/*
 * The host did not say that it is done with the memory. Callers that free vmalloc() memory by
 * mistake do not give its pages to anyone else: they keep a reference for ever.
 */
static void gpadl_leak(struct vmbus_channel *channel, void *buffer, u32 size, int err)
{
	u32 offset;

	pr_err("channel %u: host may still use %u bytes of guest memory (%d), leaking them\n",
	       channel->offermsg.child_relid, size, err);
	if (!is_vmalloc_addr(buffer))
		return;
	for (offset = 0; offset < size; offset += PAGE_SIZE)
		get_page(vmalloc_to_page(buffer + offset));
}

/**
 * vmbus_gpadl_establish() - give memory to the host under a new handle
 * @channel: the channel that it belongs to
 * @type: HV_GPADL_RING when the pages are two rings
 * @buffer: page aligned, physically contiguous or from vmalloc()
 * @size: bytes
 * @send_offset: bytes of the first ring, 0 for a buffer
 * @gpadl: filled in
 *
 * May sleep. After an error with @gpadl->decrypted set the memory must not be freed.
 *
 * Return: 0; -EINVAL: more pages than a GPADL can have (32 MiB); -EDQUOT: refused; -ENODEV:
 * rescinded; -ETIMEDOUT; as vmbus_post().
 */
int vmbus_gpadl_establish(struct vmbus_channel *channel, enum hv_gpadl_type type,
			  void *buffer, u32 size, u32 send_offset, struct vmbus_gpadl *gpadl)
{
	struct gpadl_pages pages = { .buffer = buffer, .is_ring = type == HV_GPADL_RING };
	u32 host_size = size, handle;
	int ret;

	gpadl->decrypted = false;
	if (pages.is_ring) {
		host_size -= 2 * HEADER_GAP;
		pages.send_page = vmbus_gpadl_send_page(send_offset);
	}
	pages.count = DIV_ROUND_UP(host_size, HV_HYP_PAGE_SIZE);
	if (!pages.count || pages.count > (U16_MAX - sizeof(struct gpa_range)) / sizeof(u64))
		return -EINVAL;

	gpadl->decrypted = true;
	ret = set_memory_decrypted((unsigned long)buffer, PFN_UP(size));
	if (ret) {
		gpadl_leak(channel, buffer, size, ret);
		return ret;
	}

	handle = atomic_inc_return(&vmbus_connection.next_gpadl_handle) - 1;
	ret = gpadl_send(channel, &pages, host_size, handle);
	if (!ret) {
		gpadl->gpadl_handle = handle;
		gpadl->buffer = buffer;
		gpadl->size = size;
		return 0;
	}

	if (ret != -EDQUOT && ret != -ENODEV)
		gpadl_leak(channel, buffer, size, ret);
	else if (!set_memory_encrypted((unsigned long)buffer, PFN_UP(size)))
		gpadl->decrypted = false;
	return ret;
}

/**
 * vmbus_establish_gpadl() - give a buffer to the host
 * @channel: the channel that it belongs to
 * @kbuffer: page aligned, physically contiguous or from vmalloc()
 * @size: bytes
 * @gpadl: filled in
 * See vmbus_gpadl_establish().
 */
int vmbus_establish_gpadl(struct vmbus_channel *channel, void *kbuffer, u32 size,
			  struct vmbus_gpadl *gpadl)
{
	return vmbus_gpadl_establish(channel, HV_GPADL_BUFFER, kbuffer, size, 0, gpadl);
}
EXPORT_SYMBOL_GPL(vmbus_establish_gpadl);

/**
 * vmbus_teardown_gpadl() - take memory back from the host
 * @channel: the channel that it belongs to
 * @gpadl: was established
 *
 * May sleep. After an error, with @gpadl->decrypted set, the memory must not be freed.
 *
 * Return: 0; -ETIMEDOUT; as vmbus_post(); the error of set_memory_encrypted().
 */
int vmbus_teardown_gpadl(struct vmbus_channel *channel, struct vmbus_gpadl *gpadl)
{
	struct vmbus_request req = {
		.channel = channel,
		.response_type = CHANNELMSG_GPADL_TORNDOWN,
		.id = gpadl->gpadl_handle,
	};
	struct vmbus_channel_gpadl_teardown msg = {
		.header.msgtype = CHANNELMSG_GPADL_TEARDOWN,
		.child_relid = channel->offermsg.child_relid,
		.gpadl = gpadl->gpadl_handle,
	};
	int ret;

	ret = vmbus_request_send(&req, &msg, sizeof(msg));
	trace_vmbus_teardown_gpadl(&msg, ret);
	if (!ret)
		ret = vmbus_request_wait(&req);
	/* The host withdraws a channel after it has let go of its memory. */
	if (ret == -ENODEV)
		ret = 0;
	if (ret) {
		gpadl_leak(channel, gpadl->buffer, gpadl->size, ret);
		return ret;
	}

	gpadl->gpadl_handle = 0;
	ret = set_memory_encrypted((unsigned long)gpadl->buffer, PFN_UP(gpadl->size));
	if (ret)
		gpadl_leak(channel, gpadl->buffer, gpadl->size, ret);
	else
		gpadl->decrypted = false;
	return ret;
}
EXPORT_SYMBOL_GPL(vmbus_teardown_gpadl);
