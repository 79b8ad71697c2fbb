// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: offers, of every number, length and kind: first channels, subchannels, sockets, unknown
 * devices, twins, in one rush; and what an isolated guest takes.
 */
#include "fixture.h"

static bool dropped(const struct vmbus_msg_offer *offer)
{
	u32 relid = le32_to_cpu(offer->relid);

	fake_host_offer(offer);
	fake_host_settle();
	return !bus_channel(relid);
}

static void offer_becomes_a_device(struct kunit *test)
{
	struct vmbus_msg_offer offer = fake_offer(17, &fake_nic, 0x5a, 0);
	struct vmbus_channel *channel;
	struct hv_device *dev;

	offer.monitor_id = 77;
	offer.monitor_allocated = 1;
	offer.connection_id = cpu_to_le32(0x10011);
	offer.dedicated_interrupt = cpu_to_le16(1);
	KUNIT_ASSERT_FALSE(test, dropped(&offer));
	channel = bus_channel(17);
	KUNIT_EXPECT_EQ(test, channel->state, CHANNEL_OPEN_STATE);
	KUNIT_EXPECT_EQ(test, channel->sig_event, 0x10011ull);
	KUNIT_EXPECT_TRUE(test, channel->is_dedicated_interrupt);
	/* 32 triggers a group */
	KUNIT_EXPECT_EQ(test, channel->monitor_grp, 2);
	KUNIT_EXPECT_EQ(test, channel->monitor_bit, 13);
	KUNIT_EXPECT_EQ(test, channel->device_id, (u16)HV_NIC);

	dev = channel->device_obj;
	KUNIT_ASSERT_NOT_NULL(test, dev);
	KUNIT_EXPECT_TRUE(test, guid_equal(&dev->dev_type, &fake_nic));
	KUNIT_EXPECT_STREQ(test, dev_name(&dev->device), "76543210-0000-0000-0000-00000000005a");
	KUNIT_EXPECT_EQ(test, dev->vendor_id, 0x1414);
	KUNIT_EXPECT_PTR_EQ(test, dev->device.bus, fake_machine.bus);
	KUNIT_EXPECT_PTR_EQ(test, dev->device.parent, &fake_machine.device->dev);
	KUNIT_EXPECT_TRUE(test, channel->kobj.state_in_sysfs);
}

static void offer_of_each_number(struct kunit *test)
{
	static const struct {
		u32 relid;
		bool good;
	} relids[] = {
		{ 0, false }, { 1, true }, { 2, true }, { 63, true }, { 64, true }, { 2046, true },
		{ 2047, true }, { 2048, false }, { 2049, false }, { 0x7fffffff, false },
		{ 0x80000001, false }, { 0xfffffffe, false }, { 0xffffffff, false },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(relids); i++) {
		struct vmbus_msg_offer offer = fake_offer(relids[i].relid, &fake_nic, i, 0);

		KUNIT_EXPECT_EQ_MSG(test, relids[i].good, !dropped(&offer), "relid %u",
				    relids[i].relid);
	}
}

/* A byte less is no offer; more is a newer host's. */
static void offer_of_each_length(struct kunit *test)
{
	static const struct {
		u8 len;
		bool good;
	} lengths[] = {
		{ 8, false }, { 12, false }, { 184, false }, { 195, false }, { 196, true },
		{ 197, true }, { 240, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		struct vmbus_msg_offer offer = fake_offer(1 + i, &fake_nic, i, 0);
		u8 bytes[240] = { };

		memcpy(bytes, &offer, sizeof(offer));
		fake_host.channels[1 + i].offered = true;
		KUNIT_ASSERT_TRUE(test, fake_hv_message(0, 1, bytes, sizeof(bytes),
							lengths[i].len));
		fake_host_settle();
		KUNIT_EXPECT_EQ_MSG(test, lengths[i].good, !!bus_channel(1 + i), "%u bytes",
				    lengths[i].len);
	}
}

/* The second of a number, and a second first channel of a device, do not replace what is there. */
static void offer_twice(struct kunit *test)
{
	struct vmbus_channel *first = bus_offer(test, 3, &fake_nic, 1, 0);
	struct vmbus_msg_offer offer = fake_offer(3, &fake_scsi, 2, 0);

	fake_host_offer(&offer);
	fake_host_settle();
	KUNIT_EXPECT_PTR_EQ(test, bus_channel(3), first);
	KUNIT_EXPECT_EQ(test, first->device_id, (u16)HV_NIC);

	offer = fake_offer(4, &fake_nic, 1, 0);
	KUNIT_EXPECT_TRUE(test, dropped(&offer));
	/* The host may withdraw what was not taken, and has its number back. */
	fake_host_rescind(4);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, fake_host.channels[4].released, 1u);

	/* The same instance of another type is another device; both cannot have one name. */
	offer = fake_offer(5, &fake_scsi, 1, 0);
	KUNIT_EXPECT_FALSE(test, dropped(&offer));
	KUNIT_EXPECT_NULL(test, bus_channel(5)->device_obj);
	fake_host_rescind(5);
	fake_host_settle();
	KUNIT_EXPECT_NULL(test, bus_channel(5));
	KUNIT_EXPECT_EQ(test, fake_host.channels[5].released, 1u);
}

/* Types that no driver knows, or that are of no use to Linux, are devices all the same. */
static void offer_of_unknown_types(struct kunit *test)
{
	static const guid_t unused[] = {
		GUID_INIT(0xf8e65716, 0x3cb3, 0x4a06, 0x9a, 0x60, 0x18, 0x89, 0xc5, 0xcc, 0xca, 0xb5),
		GUID_INIT(0x276aacf4, 0xac15, 0x426c, 0x98, 0xdd, 0x75, 0x21, 0xad, 0x3f, 0x01, 0xfe),
		GUID_INIT(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	};
	unsigned int i;

	KUNIT_EXPECT_EQ(test, bus_offer(test, 1, &fake_unknown, 1, 0)->device_id, (u16)HV_UNKNOWN);
	for (i = 0; i < ARRAY_SIZE(unused); i++)
		KUNIT_EXPECT_EQ(test, bus_offer(test, 2 + i, &unused[i], 2 + i, 0)->device_id,
				(u16)HV_UNKNOWN);
}

/* Whatever flags and fields say, the offer is taken; only hvsock means anything. */
static void offer_of_any_flags(struct kunit *test)
{
	static const u16 flags[] = { 0, 0x0001, 0x0017, 0x0700, 0xdfff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct vmbus_msg_offer offer = fake_offer(1 + i, &fake_nic, i, 0);

		offer.flags = cpu_to_le16(flags[i]);
		offer.mmio_mb = cpu_to_le16(0xffff);
		offer.mmio_mb_optional = cpu_to_le16(0xffff);
		offer.monitor_id = 0xff;
		offer.monitor_allocated = 0xfe | (i & 1);
		offer.dedicated_interrupt = cpu_to_le16(i & 1 ? 0xffff : 0xfffe);
		memset(offer.u.user_defined, 0xff, sizeof(offer.u.user_defined));
		KUNIT_ASSERT_FALSE(test, dropped(&offer));
		KUNIT_EXPECT_EQ(test, bus_channel(1 + i)->is_dedicated_interrupt, i & 1);
		KUNIT_EXPECT_EQ(test, (u32)bus_channel(1 + i)->offermsg.monitor_allocated, i & 1);
		KUNIT_EXPECT_FALSE(test, is_hvsock_channel(bus_channel(1 + i)));
	}
}

static struct vmbus_channel *new_sub;
static unsigned int new_subs;

static void on_subchannel(struct vmbus_channel *channel)
{
	new_sub = channel;
	new_subs++;
}

static void offer_of_subchannels(struct kunit *test)
{
	struct vmbus_msg_offer orphan = fake_offer(8, &fake_nic, 9, 1);
	struct vmbus_channel *primary = bus_offer(test, 1, &fake_nic, 1, 0), *sub;

	new_subs = 0;
	vmbus_set_sc_create_callback(primary, on_subchannel);
	sub = bus_offer(test, 2, &fake_nic, 1, 1);
	KUNIT_EXPECT_PTR_EQ(test, sub->primary_channel, primary);
	KUNIT_EXPECT_PTR_EQ(test, new_sub, sub);
	KUNIT_EXPECT_NULL(test, sub->device_obj);
	KUNIT_EXPECT_TRUE(test, sub->kobj.state_in_sysfs);
	KUNIT_EXPECT_EQ(test, new_subs, 1u);

	/* Nobody is told of the next. */
	vmbus_set_sc_create_callback(primary, NULL);
	bus_offer(test, 3, &fake_nic, 1, 0xffff);
	KUNIT_EXPECT_EQ(test, new_subs, 1u);
	KUNIT_EXPECT_EQ(test, atomic_read(&vmbus_connection.nr_chan_close_on_suspend), 2);

	/* Without a first channel there is nobody whose it could be. */
	KUNIT_EXPECT_TRUE(test, dropped(&orphan));
}

/* A socket is a device of its own, by its flag, whatever its GUIDs. */
static void offer_of_sockets(struct kunit *test)
{
	struct vmbus_msg_offer offer = fake_offer(1, &fake_nic, 1, 0);

	offer.flags = cpu_to_le16(VMBUS_OFFER_FLAG_TLNPI_PROVIDER);
	KUNIT_ASSERT_FALSE(test, dropped(&offer));
	KUNIT_EXPECT_EQ(test, bus_channel(1)->device_id, (u16)HV_UNKNOWN);
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(1)->device_obj);
	KUNIT_EXPECT_EQ(test, atomic_read(&vmbus_connection.nr_chan_close_on_suspend), 1);

	/* Its subchannel index means nothing. */
	offer = fake_offer(2, &fake_nic, 2, 7);
	offer.flags = cpu_to_le16(VMBUS_OFFER_FLAG_TLNPI_PROVIDER);
	KUNIT_ASSERT_FALSE(test, dropped(&offer));
	KUNIT_EXPECT_NULL(test, bus_channel(2)->primary_channel);
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(2)->device_obj);

	/* They go when the host withdraws them. */
	fake_host_rescind(1);
	fake_host_rescind(2);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, atomic_read(&vmbus_connection.nr_chan_close_on_suspend), 0);
	KUNIT_EXPECT_EQ(test, fake_host.channels[1].released, 1u);
	KUNIT_EXPECT_EQ(test, fake_host.channels[2].released, 1u);
}

/* Offers and rescinds in one rush, some while others are still being handled. */
static void offer_in_a_rush(struct kunit *test)
{
	u32 relid;

	for (relid = 1; relid <= 64; relid++) {
		struct vmbus_msg_offer offer = fake_offer(relid, relid & 1 ? &fake_nic : &fake_scsi,
							  relid, 0);

		KUNIT_ASSERT_TRUE(test, fake_host_offer(&offer));
		if (relid > 8 && relid % 4 == 0)
			KUNIT_ASSERT_TRUE(test, fake_host_rescind(relid - 8));
	}
	fake_host_settle();
	for (relid = 1; relid <= 64; relid++) {
		bool gone = relid % 4 == 0 && relid > 0 && relid <= 56 && relid >= 4;

		KUNIT_EXPECT_EQ_MSG(test, !gone, !!bus_channel(relid), "relid %u", relid);
		KUNIT_EXPECT_EQ_MSG(test, gone, fake_host.channels[relid].released, "relid %u",
				    relid);
	}
}

/* Withdrawn and at once offered again: the new device waits for the old one's end. */
static void offer_again_after_rescind(struct kunit *test)
{
	struct vmbus_msg_offer again = fake_offer(21, &fake_nic, 1, 0);
	struct vmbus_channel *channel = bus_offer(test, 20, &fake_nic, 1, 0);
	struct device *dev = get_device(&channel->device_obj->device);

	*fake_param_response_timeout = 5;
	fake_host_rescind(20);
	fake_host_offer(&again);
	fake_hv_idle();
	flush_workqueue(vmbus_connection.work_queue);
	flush_workqueue(vmbus_rescind_queue);
	/* The old device lives while somebody holds it, and its name is in use until it is gone. */
	KUNIT_EXPECT_PTR_EQ(test, bus_channel(20), channel);
	KUNIT_ASSERT_NOT_NULL(test, bus_channel(21));
	KUNIT_EXPECT_FALSE(test, READ_ONCE(bus_channel(21)->probe_done));
	put_device(dev);
	fake_host_settle();
	KUNIT_EXPECT_NULL(test, bus_channel(20));
	KUNIT_ASSERT_NOT_NULL(test, bus_channel(21));
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(21)->device_obj);
}

/*
 * Out of memory: a message stays in its slot until there is some; an offer without a channel is
 * dropped, a channel without a device stays idle; both go when the host withdraws them.
 */
static void offer_without_memory(struct kunit *test)
{
	struct vmbus_msg_offer offer = fake_offer(1, &fake_nic, 1, 0);

	/* Copying the message from its slot. */
	atomic_set(&fake_machine.failures, 3);
	fake_host_offer(&offer);
	KUNIT_EXPECT_TRUE(test, fake_wait(!atomic_read(&fake_machine.failures)));
	fake_host_settle();
	KUNIT_ASSERT_NOT_NULL(test, bus_channel(1));
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(1)->device_obj);

	/* The channel: the next allocation. */
	offer = fake_offer(2, &fake_nic, 2, 0);
	atomic_set(&fake_machine.allocations, 1);
	atomic_set(&fake_machine.failures, 1);
	KUNIT_EXPECT_TRUE(test, dropped(&offer));

	/* The device: the next but one. */
	offer = fake_offer(3, &fake_nic, 3, 0);
	atomic_set(&fake_machine.allocations, 2);
	atomic_set(&fake_machine.failures, 1);
	KUNIT_EXPECT_FALSE(test, dropped(&offer));
	KUNIT_EXPECT_NULL(test, bus_channel(3)->device_obj);

	fake_host_rescind(2);
	fake_host_rescind(3);
	fake_host_settle();
	KUNIT_EXPECT_NULL(test, bus_channel(3));
	KUNIT_EXPECT_EQ(test, fake_host.channels[2].released, 1u);
	KUNIT_EXPECT_EQ(test, fake_host.channels[3].released, 1u);
}

/* Only devices that are fit to be served by a hostile host. */
static void offer_to_an_isolated_guest(struct kunit *test)
{
	static const guid_t keyboard = GUID_INIT(0xf912ad6d, 0x2b17, 0x48ea, 0xbd, 0x65, 0xf9, 0x27,
						 0xa6, 0x1c, 0x76, 0x84);
	struct {
		const guid_t *class;
		bool good;
	} classes[] = {
		{ &fake_nic, true }, { &fake_scsi, true }, { &fake_shutdown, true },
		{ &keyboard, false }, { &fake_unknown, false },
	};
	struct vmbus_msg_offer offer;
	unsigned int i;

	fake_machine.isolated = true;
	for (i = 0; i < ARRAY_SIZE(classes); i++) {
		offer = fake_offer(1 + i, classes[i].class, i, 0);
		KUNIT_EXPECT_EQ_MSG(test, classes[i].good, !dropped(&offer), "class %u", i);
	}
	offer = fake_offer(30, &fake_unknown, 30, 0);
	offer.flags = cpu_to_le16(VMBUS_OFFER_FLAG_TLNPI_PROVIDER);
	KUNIT_EXPECT_FALSE(test, dropped(&offer));
}

static struct kunit_case offer_cases[] = {
	KUNIT_CASE(offer_becomes_a_device),
	KUNIT_CASE(offer_of_each_number),
	KUNIT_CASE(offer_of_each_length),
	KUNIT_CASE(offer_twice),
	KUNIT_CASE(offer_of_unknown_types),
	KUNIT_CASE(offer_of_any_flags),
	KUNIT_CASE(offer_of_subchannels),
	KUNIT_CASE(offer_of_sockets),
	KUNIT_CASE(offer_in_a_rush),
	KUNIT_CASE(offer_again_after_rescind),
	KUNIT_CASE(offer_without_memory),
	KUNIT_CASE(offer_to_an_isolated_guest),
	{ }
};

struct kunit_suite offer_suite = {
	.name = "hv-vmbus-offer",
	.init = bus_init,
	.exit = bus_exit,
	.test_cases = offer_cases,
};
