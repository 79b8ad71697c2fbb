// SPDX-License-Identifier: GPL-2.0
/*
 * The host of the suites. What is posted is remembered where it is posted and answered on a work
 * queue, as another machine would: the bus may hold any lock meanwhile.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "../vmbus.h"
#include "fake_host.h"

struct fake_host fake_host;

const guid_t fake_nic = GUID_INIT(0xf8615163, 0xdf3e, 0x46c5, 0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65,
				  0xed, 0x0e);
const guid_t fake_scsi = GUID_INIT(0xba6163d9, 0x04a1, 0x4d29, 0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1,
				   0xdc, 0x7f);
const guid_t fake_shutdown = GUID_INIT(0x0e0b6031, 0x5213, 0x4934, 0x81, 0x8b, 0x38, 0xd9, 0x0c,
				       0xed, 0x39, 0xdb);
const guid_t fake_unknown = GUID_INIT(0x01234567, 0x89ab, 0xcdef, 0x01, 0x23, 0x45, 0x67, 0x89,
				      0xab, 0xcd, 0xef);

static DEFINE_SPINLOCK(posted_lock);
static struct workqueue_struct *host_queue;
static struct work_struct host_work;

static void wrong(const char *why)
{
	if (!fake_host.wrong++)
		fake_host.why = why;
}

/* ---- answers ---- */

/**
 * fake_host_send() - send a channel message
 * @msg: starts with struct vmbus_msg_header
 * @len: its bytes
 * May sleep. Return: whether the guest could be given it.
 */
bool fake_host_send(const void *msg, u32 len)
{
	u32 vp = fake_host.target_vp;

	return fake_hv_message(vp < nr_cpu_ids ? vp : 0, 1, msg, len, len);
}

/**
 * fake_host_status() - send one of the answers that are a relid, an id and a status
 * @type: VMBUS_MSG_OPEN_RESULT, _GPADL_CREATED, _GPADL_TORNDOWN or _MODIFY_CHANNEL_RESPONSE
 * @relid: where the answer has one
 * @id: open id or GPADL handle, where it has one
 * @status: where it has one
 * May sleep. Return: as fake_host_send().
 */
bool fake_host_status(u32 type, u32 relid, u32 id, u32 status)
{
	struct vmbus_msg_open_result three = {
		.header.type = cpu_to_le32(type),
		.relid = cpu_to_le32(relid),
		.open_id = cpu_to_le32(id),
		.status = cpu_to_le32(status),
	};
	struct vmbus_msg_modify_channel_response two = {
		.header.type = cpu_to_le32(type),
		.relid = cpu_to_le32(relid),
		.status = cpu_to_le32(status),
	};
	struct vmbus_msg_gpadl_torndown one = {
		.header.type = cpu_to_le32(type),
		.gpadl = cpu_to_le32(id),
	};

	if (type == VMBUS_MSG_GPADL_TORNDOWN)
		return fake_host_send(&one, sizeof(one));
	if (type == VMBUS_MSG_MODIFY_CHANNEL_RESPONSE)
		return fake_host_send(&two, sizeof(two));
	return fake_host_send(&three, sizeof(three));
}

/**
 * fake_offer() - the message that offers a channel, with nothing special
 * @relid: its number
 * @class: the device's type
 * @instance: tells devices apart
 * @subchannel: 0 for a device's first channel
 */
struct vmbus_msg_offer fake_offer(u32 relid, const guid_t *class, u8 instance, u16 subchannel)
{
	struct vmbus_msg_offer offer = {
		.header.type = cpu_to_le32(VMBUS_MSG_OFFER_CHANNEL),
		.instance_id.b = { 0x10, 0x32, 0x54, 0x76, [15] = instance },
		.subchannel_index = cpu_to_le16(subchannel),
		.relid = cpu_to_le32(relid),
		.dedicated_interrupt = cpu_to_le16(1),
		.connection_id = cpu_to_le32(VMBUS_CONN_ID_CHANNEL(relid, 0, 1)),
	};

	export_guid(offer.class_id.b, class);
	return offer;
}

/** fake_host_offer() - offer a channel. May sleep. Return: as fake_host_send(). */
bool fake_host_offer(const struct vmbus_msg_offer *offer)
{
	u32 relid = le32_to_cpu(offer->relid);

	if (relid < FAKE_RELIDS)
		fake_host.channels[relid].offered = true;
	return fake_host_send(offer, sizeof(*offer));
}

/** fake_host_rescind() - withdraw a channel. May sleep. Return: as fake_host_send(). */
bool fake_host_rescind(u32 relid)
{
	struct vmbus_msg_relid msg = {
		.header.type = cpu_to_le32(VMBUS_MSG_RESCIND_OFFER),
		.relid = cpu_to_le32(relid),
	};

	if (relid < FAKE_RELIDS)
		fake_host.channels[relid].rescinds++;
	return fake_host_send(&msg, sizeof(msg));
}

/* ---- books ---- */

/** fake_host_gpadl() - the GPADL of a handle, whole or not. Return: NULL: there is none. */
struct fake_gpadl *fake_host_gpadl(u32 handle)
{
	struct fake_gpadl *gpadl;

	list_for_each_entry(gpadl, &fake_host.gpadls, node)
		if (gpadl->handle == handle)
			return gpadl;
	return NULL;
}

/** fake_host_num_gpadls() - how many the guest has with the host. */
unsigned int fake_host_num_gpadls(void)
{
	struct fake_gpadl *gpadl;
	unsigned int n = 0;

	list_for_each_entry(gpadl, &fake_host.gpadls, node)
		n++;
	return n;
}

static void forget_gpadl(struct fake_gpadl *gpadl)
{
	list_del(&gpadl->node);
	kvfree(gpadl);
}

/* The guest's memory of one channel, or of all (relid 0). */
static void forget_gpadls(u32 relid)
{
	struct fake_gpadl *gpadl, *next;

	list_for_each_entry_safe(gpadl, next, &fake_host.gpadls, node)
		if (!relid || gpadl->relid == relid)
			forget_gpadl(gpadl);
}

/* Return: the channel of a message, NULL when the guest may not speak of it. */
static struct fake_channel *channel_of(__le32 relid)
{
	u32 at = le32_to_cpu(relid);

	if (at && at < FAKE_RELIDS && fake_host.channels[at].offered)
		return &fake_host.channels[at];
	wrong("a message about a channel that is not offered");
	return NULL;
}

static bool is_silent(u32 type)
{
	return fake_host.silent & BIT(type);
}

static void on_contact(const struct fake_posted *posted)
{
	const struct vmbus_msg_initiate_contact *msg = (const void *)posted->bytes;
	struct vmbus_msg_version_response response = {
		.header.type = cpu_to_le32(VMBUS_MSG_VERSION_RESPONSE),
		.msg_conn_id = cpu_to_le32(fake_host.msg_conn_id),
	};
	u32 version = le32_to_cpu(msg->version);

	if (posted->connection != (version >= VMBUS_WIRE_V5_0 ? 4 : 1))
		wrong("contact at the wrong connection");
	if (version >= VMBUS_WIRE_V5_0 && msg->u.target.sint != 2)
		wrong("contact with another SINT");
	if (!msg->parent_to_child_monitor || !msg->child_to_parent_monitor ||
	    (version < VMBUS_WIRE_V5_0 && !msg->u.interrupt_page))
		wrong("contact without the shared pages");

	memset(fake_host.channels, 0, sizeof(fake_host.channels));
	forget_gpadls(0);
	fake_host.unloaded = false;
	fake_host.contacted = true;
	fake_host.target_vp = le32_to_cpu(msg->target_vp);
	if (is_silent(VMBUS_MSG_INITIATE_CONTACT))
		return;
	if (version >= fake_host.oldest && version <= fake_host.newest) {
		fake_host.version = version;
		response.supported = fake_host.supported;
		response.conn_state = fake_host.conn_state;
	}
	fake_host_send(&response, sizeof(response));
}

static void on_request_offers(const struct fake_posted *posted)
{
	struct vmbus_msg_header end = { .type = cpu_to_le32(VMBUS_MSG_ALL_OFFERS_DELIVERED) };
	unsigned int i;

	if (is_silent(VMBUS_MSG_REQUEST_OFFERS))
		return;
	for (i = 0; i < fake_host.num_offers; i++)
		fake_host_offer(&fake_host.offers[i]);
	if (!fake_host.no_end_of_offers)
		fake_host_send(&end, sizeof(end));
}

static void gpadl_pages(struct fake_gpadl *gpadl, const void *pfns, u32 bytes)
{
	if (bytes % 8 || bytes / 8 > gpadl->count - gpadl->got) {
		wrong("a GPADL with more pages than it said");
		return;
	}
	memcpy(gpadl->pfns + gpadl->got, pfns, bytes);
	gpadl->got += bytes / 8;
	if (gpadl->got < gpadl->count || is_silent(VMBUS_MSG_GPADL_HEADER))
		return;
	fake_host_status(VMBUS_MSG_GPADL_CREATED, gpadl->relid, gpadl->handle,
			 fake_host.gpadl_status);
	if (fake_host.gpadl_status)
		forget_gpadl(gpadl);
}

static void on_gpadl_header(const struct fake_posted *posted)
{
	const struct vmbus_msg_gpadl_header *msg = (const void *)posted->bytes;
	const struct vmbus_wire_gpa_range *range = (const void *)msg->ranges;
	u32 bytes = le32_to_cpu(range->byte_count), offset = le32_to_cpu(range->byte_offset);
	u32 count = DIV_ROUND_UP(offset + bytes, VMBUS_PAGE_SIZE);
	struct fake_gpadl *gpadl;

	if (!channel_of(msg->relid))
		return;
	if (fake_host_gpadl(le32_to_cpu(msg->gpadl)))
		wrong("a GPADL handle that is in use");
	if (le16_to_cpu(msg->range_count) != 1 || offset || !count ||
	    le16_to_cpu(msg->range_buflen) != sizeof(*range) + 8 * count)
		wrong("a GPADL header that does not add up");
	gpadl = kvzalloc(struct_size(gpadl, pfns, count), GFP_KERNEL);
	if (!gpadl)
		return;
	gpadl->handle = le32_to_cpu(msg->gpadl);
	gpadl->relid = le32_to_cpu(msg->relid);
	gpadl->bytes = bytes;
	gpadl->offset = offset;
	gpadl->count = count;
	list_add_tail(&gpadl->node, &fake_host.gpadls);
	gpadl_pages(gpadl, range->pfn, posted->len - sizeof(*msg) - sizeof(*range));
}

static void on_gpadl_body(const struct fake_posted *posted)
{
	const struct vmbus_msg_gpadl_body *msg = (const void *)posted->bytes;
	struct fake_gpadl *gpadl = fake_host_gpadl(le32_to_cpu(msg->gpadl));

	if (!gpadl || le32_to_cpu(msg->msg_number) != gpadl->bodies++) {
		wrong("a GPADL body out of order");
		return;
	}
	gpadl_pages(gpadl, msg->ranges, posted->len - sizeof(*msg));
}

static void on_gpadl_teardown(const struct fake_posted *posted)
{
	const struct vmbus_msg_gpadl_teardown *msg = (const void *)posted->bytes;
	struct fake_channel *channel = channel_of(msg->relid);
	u32 handle = le32_to_cpu(msg->gpadl);
	struct fake_gpadl *gpadl = fake_host_gpadl(handle);

	if (!gpadl || gpadl->relid != le32_to_cpu(msg->relid)) {
		wrong("teardown of a GPADL that is not there");
		return;
	}
	if (channel && channel->open && channel->gpadl == handle)
		wrong("teardown of an open channel's ring");
	if (is_silent(VMBUS_MSG_GPADL_TEARDOWN))
		return;
	forget_gpadl(gpadl);
	fake_host_status(VMBUS_MSG_GPADL_TORNDOWN, 0, handle, 0);
}

static void on_open(const struct fake_posted *posted)
{
	const struct vmbus_msg_open *msg = (const void *)posted->bytes;
	struct fake_channel *channel = channel_of(msg->relid);
	u32 relid = le32_to_cpu(msg->relid);
	struct fake_gpadl *gpadl = fake_host_gpadl(le32_to_cpu(msg->ring_gpadl));

	if (!channel)
		return;
	if (channel->open)
		wrong("open of an open channel");
	if (!gpadl || gpadl->relid != relid || gpadl->got != gpadl->count ||
	    le32_to_cpu(msg->downstream_page_offset) >= gpadl->count)
		wrong("open without a ring");
	channel->opens++;
	channel->gpadl = le32_to_cpu(msg->ring_gpadl);
	channel->open_id = le32_to_cpu(msg->open_id);
	channel->target_vp = le32_to_cpu(msg->target_vp);
	channel->downstream = le32_to_cpu(msg->downstream_page_offset);
	channel->open = !fake_host.open_status && !fake_host.rescind_at_open;
	if (fake_host.rescind_at_open)
		fake_host_rescind(relid);
	else if (!is_silent(VMBUS_MSG_OPEN_CHANNEL))
		fake_host_status(VMBUS_MSG_OPEN_RESULT, relid, channel->open_id,
				 fake_host.open_status);
}

static void on_close(const struct fake_posted *posted)
{
	const struct vmbus_msg_relid *msg = (const void *)posted->bytes;
	struct fake_channel *channel = channel_of(msg->relid);

	if (!channel)
		return;
	if (!channel->open)
		wrong("close of a channel that is not open");
	channel->open = false;
	channel->closes++;
}

static void on_released(const struct fake_posted *posted)
{
	const struct vmbus_msg_relid *msg = (const void *)posted->bytes;
	u32 relid = le32_to_cpu(msg->relid);
	struct fake_channel *channel;

	if (relid >= FAKE_RELIDS || !fake_host.channels[relid].rescinds) {
		wrong("release of a relid that was not withdrawn");
		return;
	}
	channel = &fake_host.channels[relid];
	if (channel->open)
		wrong("release of an open channel's relid");
	channel->rescinds--;
	channel->offered = false;
	channel->released++;
	forget_gpadls(relid);
}

static void on_modify(const struct fake_posted *posted)
{
	const struct vmbus_msg_modify_channel *msg = (const void *)posted->bytes;
	struct fake_channel *channel = channel_of(msg->relid);

	if (!channel)
		return;
	if (!channel->open || fake_host.version < VMBUS_WIRE_V4_1)
		wrong("another CPU for a channel that cannot have one");
	channel->modifies++;
	if (!fake_host.modify_status)
		channel->target_vp = le32_to_cpu(msg->target_vp);
	if (fake_host.version >= VMBUS_WIRE_V5_3 && !is_silent(VMBUS_MSG_MODIFY_CHANNEL))
		fake_host_status(VMBUS_MSG_MODIFY_CHANNEL_RESPONSE, le32_to_cpu(msg->relid), 0,
				 fake_host.modify_status);
}

static void on_unload(const struct fake_posted *posted)
{
	struct vmbus_msg_header response = {
		.type = cpu_to_le32(VMBUS_MSG_UNLOAD_RESPONSE),
	};

	if (fake_host.version < VMBUS_WIRE_V3_0)
		wrong("unload of a host that is too old for it");
	if (is_silent(VMBUS_MSG_UNLOAD))
		return;
	forget_gpadls(0);
	fake_host.unloaded = true;
	fake_host.contacted = false;
	fake_host_send(&response, sizeof(response));
}

static void on_tl_connect(const struct fake_posted *posted)
{
}

/* What a guest sends: its bytes (at least, where @more), and what the host does about it. */
static const struct {
	void (*handle)(const struct fake_posted *posted);
	u32 len;
	bool more;
} messages[VMBUS_MSG_TYPES] = {
	[VMBUS_MSG_REQUEST_OFFERS] = { on_request_offers, 8 },
	[VMBUS_MSG_OPEN_CHANNEL] = { on_open, 148 },
	[VMBUS_MSG_CLOSE_CHANNEL] = { on_close, 12 },
	[VMBUS_MSG_GPADL_HEADER] = { on_gpadl_header, 36, true },
	[VMBUS_MSG_GPADL_BODY] = { on_gpadl_body, 24, true },
	[VMBUS_MSG_GPADL_TEARDOWN] = { on_gpadl_teardown, 16 },
	[VMBUS_MSG_RELID_RELEASED] = { on_released, 12 },
	[VMBUS_MSG_INITIATE_CONTACT] = { on_contact, 40 },
	[VMBUS_MSG_UNLOAD] = { on_unload, 8 },
	[VMBUS_MSG_TL_CONNECT_REQUEST] = { on_tl_connect, 40 },
	[VMBUS_MSG_MODIFY_CHANNEL] = { on_modify, 16 },
};

static void handle(const struct fake_posted *posted)
{
	const struct vmbus_msg_header *header = (const void *)posted->bytes;
	u32 type = le32_to_cpu(header->type);
	bool contact = type == VMBUS_MSG_INITIATE_CONTACT;

	if (posted->type != 1 || type >= VMBUS_MSG_TYPES || !messages[type].handle) {
		wrong("a message that no guest sends");
		return;
	}
	fake_host.count[type]++;
	if (messages[type].more ? posted->len < messages[type].len :
				  posted->len != messages[type].len)
		wrong("a message of another length");
	if (!contact && !fake_host.contacted)
		wrong("a message without a connection");
	if (!contact && posted->connection !=
	    (fake_host.version >= VMBUS_WIRE_V5_0 ? fake_host.msg_conn_id : 1))
		wrong("a message at the wrong connection");
	if (!fake_host.answer || !fake_host.answer(posted))
		messages[type].handle(posted);
}

/* ---- the queue ---- */

static void host_run(struct work_struct *work)
{
	/* What was counted is there: pairs with host_receive(). */
	while (fake_host.num_handled < smp_load_acquire(&fake_host.num_posted))
		handle(&fake_host.posted[fake_host.num_handled++]);
}

static void host_receive(const struct fake_posted *posted)
{
	unsigned long flags;

	spin_lock_irqsave(&posted_lock, flags);
	if (fake_host.num_posted < FAKE_POSTED) {
		fake_host.posted[fake_host.num_posted] = *posted;
		/* It is there before it counts. */
		smp_store_release(&fake_host.num_posted, fake_host.num_posted + 1);
	} else {
		wrong("more messages than a test's host remembers");
	}
	spin_unlock_irqrestore(&posted_lock, flags);
	queue_work(host_queue, &host_work);
}

/**
 * fake_host_posted() - a message that the guest posted
 * @type: enum vmbus_msg_type
 * @nth: of this type, from 0
 * Return: its bytes or NULL.
 */
const void *fake_host_posted(u32 type, unsigned int nth)
{
	/* Pairs with host_receive(). */
	u32 i, n = smp_load_acquire(&fake_host.num_posted);

	for (i = 0; i < n; i++) {
		const struct vmbus_msg_header *header = (const void *)fake_host.posted[i].bytes;

		if (le32_to_cpu(header->type) == type && !nth--)
			return header;
	}
	return NULL;
}

/**
 * fake_host_settle() - wait until host and bus have done all they have to do
 * May sleep. What waits for a silent host is waited for as well.
 */
void fake_host_settle(void)
{
	struct vmbus_connection *bus = &vmbus_connection;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		flush_workqueue(host_queue);
		fake_hv_idle();
		if (!bus->work_queue)
			continue;
		flush_workqueue(bus->work_queue);
		flush_workqueue(bus->handle_primary_chan_wq);
		flush_workqueue(bus->handle_sub_chan_wq);
		flush_workqueue(vmbus_rescind_queue);
	}
	flush_workqueue(host_queue);
}

/** fake_host_good() - from now on the host answers everything, and well. */
void fake_host_good(void)
{
	fake_host.answer = NULL;
	fake_host.silent = 0;
	fake_host.open_status = 0;
	fake_host.gpadl_status = 0;
	fake_host.modify_status = 0;
	fake_host.rescind_at_open = false;
	fake_hv.status = NULL;
	fake_hv.deaf = false;
}

/** fake_host_reset() - a host of protocol 5.3 without devices. Return: 0 or -ENOMEM. */
int fake_host_reset(void)
{
	memset(&fake_host, 0, sizeof(fake_host));
	INIT_LIST_HEAD(&fake_host.gpadls);
	fake_host.oldest = VMBUS_WIRE_V2_4;
	fake_host.newest = VMBUS_WIRE_V5_3;
	fake_host.supported = 1;
	fake_host.msg_conn_id = 0x1004;
	INIT_WORK(&host_work, host_run);
	host_queue = alloc_ordered_workqueue("fake_host", 0);
	fake_hv.receive = host_receive;
	return host_queue ? 0 : -ENOMEM;
}

/** fake_host_stop() - the host does nothing more, and forgets all. */
void fake_host_stop(void)
{
	fake_hv.receive = NULL;
	if (host_queue)
		destroy_workqueue(host_queue);
	host_queue = NULL;
	forget_gpadls(0);
}
