// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: packets on an open channel, byte for byte in the ring, and how the host is told of them:
 * a hypercall, a bit in the shared page, or a monitor's trigger.
 */
#include "fixture.h"

#define RELID	7

static void nothing(void *context)
{
}

static int packet_init(struct kunit *test)
{
	struct vmbus_channel *channel;

	bus_init(test);
	channel = bus_offer(test, RELID, &fake_nic, 1, 0);
	KUNIT_ASSERT_EQ(test, vmbus_open(channel, 2 * PAGE_SIZE, 2 * PAGE_SIZE, NULL, 0, nothing,
					 NULL), 0);
	test->priv = channel;
	return 0;
}

static void packet_exit(struct kunit *test)
{
	if (test->priv)
		vmbus_close(test->priv);
	bus_exit(test);
}

static const u32 *outbound(struct vmbus_channel *channel, u32 offset)
{
	return (void *)channel->outbound.ring_buffer + PAGE_SIZE + offset;
}

/* The descriptor's fields, then payload and padding; behind it where it started. */
static void packet_lies_in_the_ring(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	u8 payload[13] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 };
	const u32 *at = outbound(channel, 0);
	u64 id = 0;

	KUNIT_EXPECT_EQ(test, vmbus_sendpacket_getid(channel, payload, 13, 0x1122334455667788, &id,
						     VM_PKT_DATA_INBAND, 1), 0);
	/* type 6, 16 bytes of descriptor; 32 in all, asks for a completion */
	KUNIT_EXPECT_EQ(test, at[0], 0x00020006u);
	KUNIT_EXPECT_EQ(test, at[1], 0x00010004u);
	KUNIT_EXPECT_EQ(test, at[2], 0x55667788u);
	KUNIT_EXPECT_EQ(test, at[3], 0x11223344u);
	KUNIT_EXPECT_EQ(test, memcmp(at + 4, payload, 13), 0);
	KUNIT_EXPECT_EQ(test, memcmp((u8 *)at + 29, "\0\0\0", 3), 0);
	KUNIT_EXPECT_EQ(test, at[9], 0u);
	KUNIT_EXPECT_EQ(test, id, 0x1122334455667788ull);
	KUNIT_EXPECT_EQ(test, channel->outbound.ring_buffer->write_index, 40u);

	KUNIT_EXPECT_EQ(test, vmbus_sendpacket(channel, payload, 0, 5, VM_PKT_COMP, 0), 0);
	at = outbound(channel, 40);
	KUNIT_EXPECT_EQ(test, at[0], 0x0002000bu);
	KUNIT_EXPECT_EQ(test, at[1], 0x00000002u);
	KUNIT_EXPECT_EQ(test, at[5], 40u);
}

static void packet_with_pages(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	struct {
		struct vmbus_packet_mpb_array head;
		u64 pfns[2];
	} packet = { .head = { .rangecount = 1, .range = { .len = 5000, .offset = 7 } } };
	u32 size = offsetof(struct vmbus_packet_mpb_array, range.pfn_array) + 16;
	const u32 *at = outbound(channel, 0);
	u8 payload[8] = { 0xaa };

	packet.head.range.pfn_array[0] = 0x100;
	packet.head.range.pfn_array[1] = 0x101;
	KUNIT_EXPECT_EQ(test, vmbus_sendpacket_mpb_desc(channel, &packet.head, size, payload, 8,
							0x42), 0);
	/* type 9; descriptor, reserved word, count, one range with two pages: 48 bytes */
	KUNIT_EXPECT_EQ(test, at[0], 0x00060009u);
	KUNIT_EXPECT_EQ(test, at[1], 0x00010007u);
	KUNIT_EXPECT_EQ(test, at[2], 0x42u);
	KUNIT_EXPECT_EQ(test, at[4], 0u);
	KUNIT_EXPECT_EQ(test, at[5], 1u);
	KUNIT_EXPECT_EQ(test, at[6], 5000u);
	KUNIT_EXPECT_EQ(test, at[7], 7u);
	KUNIT_EXPECT_EQ(test, at[8], 0x100u);
	KUNIT_EXPECT_EQ(test, at[10], 0x101u);
	KUNIT_EXPECT_EQ(test, at[12], 0xaau);
}

static void packet_that_does_not_fit(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	void *payload = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);
	struct hv_ring_buffer *ring = channel->outbound.ring_buffer;

	KUNIT_ASSERT_NOT_NULL(test, payload);
	/* Its length has 16 bits of 8 bytes. */
	KUNIT_EXPECT_EQ(test, vmbus_sendpacket(channel, payload, 0x7ffe9, 1, VM_PKT_DATA_INBAND,
					       0), -EMSGSIZE);
	KUNIT_EXPECT_EQ(test, vmbus_sendpacket(channel, payload, 0xffffffff, 1, VM_PKT_DATA_INBAND,
					       0), -EMSGSIZE);
	/* A full ring would look empty: a byte stays free. */
	KUNIT_EXPECT_EQ(test, vmbus_sendpacket(channel, payload, PAGE_SIZE - 24, 1,
					       VM_PKT_DATA_INBAND, 0), -EAGAIN);
	KUNIT_EXPECT_EQ(test, vmbus_sendpacket(channel, payload, PAGE_SIZE - 32, 1,
					       VM_PKT_DATA_INBAND, 0), 0);
	KUNIT_EXPECT_EQ(test, vmbus_sendpacket(channel, payload, 8, 1, VM_PKT_DATA_INBAND, 0),
			-EAGAIN);

	ring->read_index = 4;
	KUNIT_EXPECT_EQ(test, vmbus_sendpacket(channel, payload, 8, 1, VM_PKT_DATA_INBAND, 0),
			-EIO);
	ring->read_index = ring->write_index;
	channel->rescind = true;
	KUNIT_EXPECT_EQ(test, vmbus_sendpacket(channel, payload, 8, 1, VM_PKT_DATA_INBAND, 0),
			-ENODEV);
	channel->rescind = false;
}

static u64 rescind_meanwhile(struct vmbus_channel *channel, u64 request)
{
	channel->rescind = true;
	return vmbus_next_request_id(channel, request);
}

/* With a table of ids the wire has those, and their number is the limit. */
static void packet_with_request_ids(struct kunit *test)
{
	struct vmbus_channel *channel = test->priv;
	u8 payload[8] = { };
	unsigned int i;
	u64 id;

	vmbus_close(channel);
	channel->rqstor_size = 2;
	channel->next_request_id_callback = vmbus_next_request_id;
	channel->request_addr_callback = vmbus_request_addr;
	KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
	for (i = 1; i <= 2; i++) {
		KUNIT_EXPECT_EQ(test, vmbus_sendpacket_getid(channel, payload, 8, 0xabc0 + i, &id,
							     VM_PKT_DATA_INBAND, 1), 0);
		KUNIT_EXPECT_EQ(test, id, (u64)i);
	}
	KUNIT_EXPECT_EQ(test, vmbus_sendpacket_getid(channel, payload, 8, 0xabc3, &id,
						     VM_PKT_DATA_INBAND, 1), -EAGAIN);
	KUNIT_EXPECT_EQ(test, channel->outbound.ring_buffer->write_index, 64u);
	/* What asks for no completion needs none. */
	KUNIT_EXPECT_EQ(test, vmbus_sendpacket_getid(channel, payload, 8, 0xabc4, &id,
						     VM_PKT_DATA_INBAND, 0), 0);
	KUNIT_EXPECT_EQ(test, id, 0xabc4ull);
	KUNIT_EXPECT_EQ(test, vmbus_request_addr(channel, 2), 0xabc2ull);

	/* The channel goes while the packet is written: the caller keeps the request, no id is lost. */
	channel->next_request_id_callback = rescind_meanwhile;
	KUNIT_EXPECT_EQ(test, vmbus_sendpacket(channel, payload, 8, 0xabc5, VM_PKT_DATA_INBAND, 1),
			-ENODEV);
	channel->rescind = false;
	KUNIT_EXPECT_EQ(test, vmbus_request_addr(channel, 2), (u64)VMBUS_RQST_ERROR);
	channel->next_request_id_callback = NULL;
	channel->request_addr_callback = NULL;
}

/* The host puts a packet of @len payload bytes, a multiple of 8, into the ring. */
static void host_packet(struct vmbus_channel *channel, u64 id, const void *payload, u32 len)
{
	struct hv_ring_buffer *ring = channel->inbound.ring_buffer;
	u8 *at = (void *)ring + PAGE_SIZE + ring->write_index;
	struct vmpacket_descriptor desc = {
		.type = VM_PKT_DATA_INBAND,
		.offset8 = 2,
		.len8 = 2 + len / 8,
		.trans_id = id,
	};

	memcpy(at, &desc, 16);
	memcpy(at + 16, payload, len);
	/* The packet is there before the index tells of it. */
	virt_store_release(&ring->write_index, ring->write_index + 16 + len + 8);
}

static void packet_is_received(struct kunit *test)
{
	static const u64 payload[] = { 0x1111, 0x2222 };
	struct vmbus_channel *channel = test->priv;
	struct {
		struct vmpacket_descriptor desc;
		u64 payload[2];
	} raw;
	u64 buffer[2], id;
	u32 len;

	KUNIT_EXPECT_EQ(test, vmbus_recvpacket(channel, buffer, sizeof(buffer), &len, &id), 0);
	KUNIT_EXPECT_EQ(test, len, 0u);
	KUNIT_EXPECT_EQ(test, id, 0ull);
	host_packet(channel, 0x77, payload, 16);
	host_packet(channel, 0x78, payload, 8);
	KUNIT_EXPECT_EQ(test, vmbus_recvpacket(channel, buffer, 0, &len, &id), -EINVAL);
	/* It stays until somebody has room for it. */
	KUNIT_EXPECT_EQ(test, vmbus_recvpacket(channel, buffer, 15, &len, &id), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, len, 16u);
	KUNIT_EXPECT_EQ(test, vmbus_recvpacket_raw(channel, &raw, 31, &len, &id), -ENOBUFS);
	KUNIT_EXPECT_EQ(test, len, 32u);
	KUNIT_EXPECT_EQ(test, vmbus_recvpacket(channel, buffer, 16, &len, &id), 0);
	KUNIT_EXPECT_EQ(test, len, 16u);
	KUNIT_EXPECT_EQ(test, id, 0x77ull);
	KUNIT_EXPECT_EQ(test, memcmp(buffer, payload, 16), 0);

	KUNIT_EXPECT_EQ(test, vmbus_recvpacket_raw(channel, &raw, sizeof(raw), &len, &id), 0);
	KUNIT_EXPECT_EQ(test, len, 24u);
	KUNIT_EXPECT_EQ(test, id, 0x78ull);
	KUNIT_EXPECT_EQ(test, raw.desc.type, (u16)VM_PKT_DATA_INBAND);
	KUNIT_EXPECT_EQ(test, raw.payload[0], 0x1111ull);
	KUNIT_EXPECT_EQ(test, vmbus_recvpacket_raw(channel, &raw, sizeof(raw), &len, &id), 0);
	KUNIT_EXPECT_EQ(test, len, 0u);
	KUNIT_EXPECT_EQ(test, channel->inbound.ring_buffer->read_index, 72u);
}

/* One of the ways to tell the host, by what the offer said of the channel. */
static void packet_is_told(struct kunit *test)
{
	static const struct {
		bool monitor, low_latency, dedicated;
		u8 monitor_id;
		bool hypercall, page_bit;
		int group;		/* of the trigger, -1: none */
	} ways[] = {
		{ false, false, true, 0, true, false, -1 },
		{ false, false, false, 0, true, true, -1 },
		{ true, false, true, 0, false, true, 0 },
		{ true, false, true, 127, false, true, 3 },
		{ true, true, true, 37, true, false, -1 },
		{ true, false, true, 128, true, false, -1 },	/* there are four groups */
		{ true, false, false, 255, true, true, -1 },
	};
	struct hv_monitor_page *monitor = vmbus_connection.monitor_pages[1];
	unsigned int i, group;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		u32 relid = 100 + i, signals;
		struct vmbus_msg_offer offer = fake_offer(relid, &fake_nic, relid, 0);
		struct vmbus_channel *channel;
		u8 *page = vmbus_connection.int_page;

		offer.monitor_allocated = ways[i].monitor;
		offer.monitor_id = ways[i].monitor_id;
		offer.dedicated_interrupt = cpu_to_le16(ways[i].dedicated);
		KUNIT_ASSERT_TRUE(test, fake_host_offer(&offer));
		fake_host_settle();
		channel = bus_channel(relid);
		KUNIT_ASSERT_NOT_NULL(test, channel);
		channel->low_latency = ways[i].low_latency;

		signals = atomic_read(&fake_hv.signals);
		fake_hv.last_signal = 0;
		vmbus_setevent(channel);
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&fake_hv.signals) - signals,
				    (u32)ways[i].hypercall, "way %u", i);
		if (ways[i].hypercall)
			KUNIT_EXPECT_EQ(test, fake_hv.last_signal, 0x10000ull + relid);
		/* Guest to host is the upper half of the page. */
		KUNIT_EXPECT_EQ_MSG(test, !!(page[2048 + relid / 8] & (1 << relid % 8)),
				    ways[i].page_bit, "way %u", i);
		for (group = 0; group < 4; group++) {
			u32 bit = group == ways[i].group ? 1u << ways[i].monitor_id % 32 : 0;

			KUNIT_EXPECT_EQ_MSG(test, monitor->trigger_group[group].pending, bit,
					    "way %u group %u", i, group);
			monitor->trigger_group[group].pending = 0;
		}
	}
}

static struct kunit_case packet_cases[] = {
	KUNIT_CASE(packet_lies_in_the_ring),
	KUNIT_CASE(packet_with_pages),
	KUNIT_CASE(packet_that_does_not_fit),
	KUNIT_CASE(packet_with_request_ids),
	KUNIT_CASE(packet_is_received),
	KUNIT_CASE(packet_is_told),
	{ }
};

struct kunit_suite packet_suite = {
	.name = "hv-vmbus-packet",
	.init = packet_init,
	.exit = packet_exit,
	.test_cases = packet_cases,
};
