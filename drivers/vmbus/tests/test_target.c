// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: which CPU a channel interrupts: where new channels go, moving an open one with hosts that
 * acknowledge it and hosts that do not, and CPUs that come and go. Needs two CPUs for most of it.
 */
#include <linux/cpu.h>
#include <linux/sysfs.h>

#include "fixture.h"

#define RELID	7

/* A CPU that is not the connect CPU. */
#define OTHER	1

static int target_init(struct kunit *test)
{
	bus_init(test);
	if (num_online_cpus() < 2)
		kunit_skip(test, "one CPU");
	return 0;
}

/* The bus again, with a host of another version. */
static void with_version(struct kunit *test, u32 version)
{
	bus_unload(test);
	fake_host.newest = version;
	KUNIT_ASSERT_EQ(test, bus_load(), 0);
}

/* As if written to the channel's file "cpu". */
static ssize_t write_cpu(struct vmbus_channel *channel, const char *text)
{
	const struct kobj_type *type = channel->kobj.ktype;
	struct attribute **attr = type->default_groups[0]->attrs;

	for (; *attr; attr++)
		if (!strcmp((*attr)->name, "cpu"))
			return type->sysfs_ops->store(&channel->kobj, *attr, text, strlen(text));
	return -ENOENT;
}

/* Channels of performance devices are spread; others go to the connect CPU. */
static void target_of_new_channels(struct kunit *test)
{
	struct vmbus_channel *channel;
	unsigned int on[2] = { }, i;

	for (i = 0; i < 4; i++) {
		channel = bus_offer(test, 1 + i, &fake_shutdown, 1 + i, 0);
		KUNIT_EXPECT_EQ(test, channel->target_cpu, 0u);
	}
	for (i = 0; i < 2 * num_online_cpus(); i++) {
		channel = bus_offer(test, 10 + i, &fake_scsi, 10 + i, 0);
		KUNIT_ASSERT_TRUE(test, cpu_online(channel->target_cpu));
		if (channel->target_cpu < 2)
			on[channel->target_cpu]++;
	}
	KUNIT_EXPECT_EQ(test, on[0], 2u);
	KUNIT_EXPECT_EQ(test, on[1], 2u);
}

/* A device's own channels come first apart, whatever else is where. */
static void target_of_subchannels(struct kunit *test)
{
	struct vmbus_channel *primary, *sub;
	unsigned int i;

	primary = bus_offer(test, 1, &fake_nic, 1, 0);
	sub = bus_offer(test, 2, &fake_nic, 1, 1);
	KUNIT_EXPECT_NE(test, primary->target_cpu, sub->target_cpu);
	/* The load is even again; two more devices with one channel each. */
	for (i = 3; i < 5; i++)
		bus_offer(test, i, &fake_scsi, i, 0);
	primary = bus_offer(test, 5, &fake_nic, 5, 0);
	sub = bus_offer(test, 6, &fake_nic, 5, 1);
	KUNIT_EXPECT_NE(test, primary->target_cpu, sub->target_cpu);
	/* What goes makes room. */
	i = sub->target_cpu;
	fake_host_rescind(6);
	fake_host_settle();
	sub = bus_offer(test, 6, &fake_nic, 5, 1);
	KUNIT_EXPECT_EQ(test, sub->target_cpu, i);
}

static u32 moved_from, moved_to;

static void on_move(struct vmbus_channel *channel, u32 old, u32 new)
{
	moved_from = old;
	moved_to = new;
}

/* The host acknowledges (5.3), and the driver is told. */
static void target_is_moved(struct kunit *test)
{
	struct vmbus_channel *channel = bus_offer(test, RELID, &fake_nic, 1, 0);
	struct fake_channel *at_host = &fake_host.channels[RELID];
	u32 first = channel->target_cpu, second = !first;

	channel->change_target_cpu_callback = on_move;
	/* Only an open one can be moved. */
	KUNIT_EXPECT_EQ(test, write_cpu(channel, second ? "1" : "0"), (ssize_t)-EIO);
	KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
	KUNIT_EXPECT_EQ(test, at_host->target_vp, first);
	KUNIT_EXPECT_EQ(test, write_cpu(channel, second ? "1" : "0"), (ssize_t)1);
	KUNIT_EXPECT_EQ(test, channel->target_cpu, second);
	KUNIT_EXPECT_EQ(test, at_host->target_vp, second);
	KUNIT_EXPECT_EQ(test, at_host->modifies, 1u);
	KUNIT_EXPECT_EQ(test, moved_from, first);
	KUNIT_EXPECT_EQ(test, moved_to, second);
	/* It is there already. */
	KUNIT_EXPECT_EQ(test, write_cpu(channel, second ? "1\n" : "0\n"), (ssize_t)2);
	KUNIT_EXPECT_EQ(test, at_host->modifies, 1u);

	fake_host.modify_status = 0xc0000001;
	KUNIT_EXPECT_EQ(test, write_cpu(channel, first ? "1" : "0"), (ssize_t)-EIO);
	KUNIT_EXPECT_EQ(test, channel->target_cpu, second);
	KUNIT_EXPECT_EQ(test, vmbus_send_modifychannel(channel, first), -EAGAIN);
	vmbus_close(channel);
}

static void on_foreign_move(struct vmbus_channel *channel, u32 old, u32 new)
{
	moved_to = UINT_MAX;
}

static int probe_opens(struct hv_device *dev)
{
	dev->channel->change_target_cpu_callback = on_foreign_move;
	return bus_open(dev->channel);
}

static void remove_closes(struct hv_device *dev)
{
	vmbus_close(dev->channel);
}

/* The driver before is not told: of one that opened the channel, and of one that could not. */
static void target_is_moved_for_the_next_driver(struct kunit *test)
{
	struct vmbus_channel *channel = bus_offer(test, RELID, &fake_nic, 1, 0);
	struct vmbus_channel *sub = bus_offer(test, RELID + 1, &fake_nic, 1, 1);
	unsigned int round;

	for (round = 0; round < 2; round++) {
		struct bus_driver driver = { .on_probe = probe_opens, .on_remove = remove_closes };

		sub->change_target_cpu_callback = round ? NULL : on_foreign_move;
		fake_host.open_status = round;
		KUNIT_ASSERT_EQ(test, bus_driver_register(test, &driver, &fake_nic), 0);
		KUNIT_EXPECT_EQ(test, driver.probes, 1u);
		if (!round)
			KUNIT_EXPECT_EQ(test, bus_open(sub), 0);
		vmbus_driver_unregister(&driver.hv);
		KUNIT_EXPECT_EQ(test, driver.removes, 1 - round);
		fake_host.open_status = 0;

		moved_to = 0;
		KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
		KUNIT_ASSERT_EQ(test, bus_open(sub), 0);
		KUNIT_EXPECT_EQ(test, write_cpu(channel, channel->target_cpu ? "0" : "1"),
				(ssize_t)1);
		KUNIT_EXPECT_EQ(test, write_cpu(sub, sub->target_cpu ? "0" : "1"), (ssize_t)1);
		KUNIT_EXPECT_EQ_MSG(test, moved_to, 0u, "round %u", round);
		vmbus_close(channel);
	}
}

static void target_that_is_none(struct kunit *test)
{
	static const struct {
		const char *text;
		int ret;
	} texts[] = {
		{ "", -EIO }, { "x", -EIO }, { "-1", -EIO }, { "4294967296", -EIO },
		{ "4294967295", -EINVAL }, { "100000", -EINVAL }, { "0x", -EIO },
		{ "0x1", -EIO }, { "1 1", -EIO }, { " ", -EIO }, { "100000 \n", -EINVAL },
		{ "0000000000000000001", -EIO },
	};
	struct vmbus_channel *channel = bus_offer(test, RELID, &fake_nic, 1, 0);
	unsigned int i;

	KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		KUNIT_EXPECT_EQ_MSG(test, write_cpu(channel, texts[i].text),
				    (ssize_t)texts[i].ret, "\"%s\"", texts[i].text);
	KUNIT_EXPECT_EQ(test, fake_host.channels[RELID].modifies, 0u);
	vmbus_close(channel);
}

static bool modify_another(const struct fake_posted *posted)
{
	if (posted->bytes[0] == VMBUS_MSG_MODIFY_CHANNEL)
		fake_host_status(VMBUS_MSG_MODIFY_CHANNEL_RESPONSE, RELID + 1, 0, 0xbad);
	return false;
}

/* No acknowledgement, or one about another channel: the channel stays where it was. */
static void target_is_not_acknowledged(struct kunit *test)
{
	struct vmbus_channel *channel = bus_offer(test, RELID, &fake_nic, 1, 0);
	u32 first = channel->target_cpu;

	KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
	fake_host.answer = modify_another;
	KUNIT_EXPECT_EQ(test, vmbus_send_modifychannel(channel, first), 0);
	fake_host.silent = BIT(VMBUS_MSG_MODIFY_CHANNEL);
	KUNIT_EXPECT_EQ(test, vmbus_send_modifychannel(channel, !first), -ETIMEDOUT);
	KUNIT_EXPECT_EQ(test, write_cpu(channel, first ? "0" : "1"), (ssize_t)-EIO);
	KUNIT_EXPECT_EQ(test, channel->target_cpu, first);
	vmbus_close(channel);
}

static u16 refuse_modify(const struct fake_posted *posted)
{
	return posted->bytes[0] == VMBUS_MSG_MODIFY_CHANNEL ? HV_STATUS_INVALID_PARAMETER :
	       HV_STATUS_SUCCESS;
}

/* Before 5.3 nothing comes back, before 4.1 there is no such message. */
static void target_with_old_hosts(struct kunit *test)
{
	struct vmbus_channel *channel;
	u32 first;

	with_version(test, VMBUS_WIRE_V5_2);
	channel = bus_offer(test, RELID, &fake_nic, 1, 0);
	first = channel->target_cpu;
	KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
	KUNIT_EXPECT_EQ(test, write_cpu(channel, first ? "0" : "1"), (ssize_t)1);
	KUNIT_EXPECT_EQ(test, channel->target_cpu, !first);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, fake_host.channels[RELID].target_vp, (u32)!first);
	fake_hv.status = refuse_modify;
	KUNIT_EXPECT_EQ(test, vmbus_send_modifychannel(channel, 0), -EIO);
	vmbus_close(channel);

	with_version(test, VMBUS_WIRE_V4_0);
	channel = bus_offer(test, RELID, &fake_nic, 1, 0);
	KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
	KUNIT_EXPECT_EQ(test, write_cpu(channel, "0"), (ssize_t)-EIO);
	KUNIT_EXPECT_EQ(test, fake_host.channels[RELID].modifies, 0u);
	vmbus_close(channel);
}

/* ---- CPUs coming and going ---- */

/* The CPU's callback says no, and its SynIC goes on. */
static void expect_stays(struct kunit *test, unsigned int cpu)
{
	KUNIT_EXPECT_EQ(test, bus_on_cpu(cpu, vmbus_cpu_offline), -EBUSY);
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(cpu, &fake_hv.enabled));
}

/* It says yes, its SynIC and clock stop, and start again. */
static void expect_goes(struct kunit *test, unsigned int cpu)
{
	int clocks = atomic_read(&fake_machine.clocks);

	KUNIT_EXPECT_EQ(test, bus_on_cpu(cpu, vmbus_cpu_offline), 0);
	KUNIT_EXPECT_FALSE(test, cpumask_test_cpu(cpu, &fake_hv.enabled));
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_machine.clocks), clocks - 1);
	KUNIT_EXPECT_EQ(test, bus_on_cpu(cpu, vmbus_cpu_online), 0);
	KUNIT_EXPECT_TRUE(test, cpumask_test_cpu(cpu, &fake_hv.enabled));
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_machine.clocks), clocks);
}

static void cpu_without_channels(struct kunit *test)
{
	/* The host sends its messages to the connect CPU. */
	expect_stays(test, 0);
	expect_goes(test, OTHER);
	with_version(test, VMBUS_WIRE_V2_4);
	expect_goes(test, OTHER);
	/* Once there is no connection, any may go. */
	vmbus_unload(false);
	expect_goes(test, 0);
	/* For the end of this round. */
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&fake_hv.enabled, cpu_online_mask));
}

/* Of a device's channels that interrupt the CPU, first and others, open and not. */
static void cpu_with_channels(struct kunit *test)
{
	struct vmbus_channel *primary, *sub, *plain;

	primary = bus_offer(test, 1, &fake_nic, 1, 0);
	sub = bus_offer(test, 2, &fake_nic, 1, 1);
	plain = bus_offer(test, 3, &fake_shutdown, 3, 0);
	KUNIT_ASSERT_EQ(test, bus_open(primary), 0);
	KUNIT_ASSERT_EQ(test, bus_open(plain), 0);
	KUNIT_ASSERT_EQ(test, vmbus_send_modifychannel(plain, OTHER), 0);
	plain->target_cpu = OTHER;
	expect_goes(test, OTHER);
	/* An open one is moved by the host, another when it is opened. */
	KUNIT_EXPECT_EQ(test, primary->target_cpu, 0u);
	KUNIT_EXPECT_EQ(test, sub->target_cpu, 0u);
	KUNIT_EXPECT_EQ(test, plain->target_cpu, 0u);
	KUNIT_EXPECT_EQ(test, fake_host.channels[1].target_vp, 0u);
	KUNIT_EXPECT_EQ(test, fake_host.channels[3].target_vp, 0u);
	KUNIT_ASSERT_EQ(test, bus_open(sub), 0);
	KUNIT_EXPECT_EQ(test, fake_host.channels[2].target_vp, 0u);
	vmbus_close(plain);
	vmbus_close(primary);
}

/* The channel cannot be moved: the CPU stays. */
static void cpu_with_a_bound_channel(struct kunit *test)
{
	struct vmbus_channel *channel = bus_offer(test, 1, &fake_shutdown, 1, 0);

	KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
	KUNIT_ASSERT_EQ(test, write_cpu(channel, "1"), (ssize_t)1);
	fake_host.modify_status = 1;
	expect_stays(test, OTHER);
	fake_host.modify_status = 0;
	channel->rescind = true;
	expect_stays(test, OTHER);
	channel->rescind = false;
	channel->state = CHANNEL_OPENING_STATE;
	expect_stays(test, OTHER);
	channel->state = CHANNEL_OPENED_STATE;
	KUNIT_EXPECT_EQ(test, channel->target_cpu, (u32)OTHER);
	expect_goes(test, OTHER);
	KUNIT_EXPECT_EQ(test, channel->target_cpu, 0u);
	vmbus_close(channel);
}

/* A subchannel of a host that does not say when it has moved. */
static void cpu_with_an_old_host(struct kunit *test)
{
	struct vmbus_channel *primary, *sub;

	with_version(test, VMBUS_WIRE_V5_2);
	primary = bus_offer(test, 1, &fake_nic, 1, 0);
	sub = bus_offer(test, 2, &fake_nic, 1, 1);
	primary->target_cpu = 0;
	sub->target_cpu = OTHER;
	expect_stays(test, OTHER);
	sub->target_cpu = 0;
	expect_goes(test, OTHER);
	primary->target_cpu = OTHER;
	expect_stays(test, OTHER);
	sub->target_cpu = 0;
	primary->target_cpu = OTHER;
}

/* An interrupt that nobody has served yet is not lost with the CPU. */
static void cpu_with_a_pending_event(struct kunit *test)
{
	union hv_synic_event_flags *flags = per_cpu_ptr(vmbus_cpus, OTHER)->event_page;

	bus_offer(test, 1984, &fake_shutdown, 1, 0);
	set_bit(2047, flags[2].flags);
	expect_stays(test, OTHER);
	clear_bit(2047, flags[2].flags);
	/* Flag 0 is nobody's, and so are those beyond the channels. */
	set_bit(0, flags[2].flags);
	expect_goes(test, OTHER);
	bus_unload(test);
	KUNIT_ASSERT_EQ(test, bus_load(), 0);
	bus_offer(test, 1983, &fake_shutdown, 1, 0);
	flags = per_cpu_ptr(vmbus_cpus, OTHER)->event_page;
	set_bit(1984, flags[2].flags);
	expect_goes(test, OTHER);
}

/* A CPU whose page of the paravisor could not be mapped. */
static void cpu_without_event_flags(struct kunit *test)
{
	struct vmbus_cpu *context = per_cpu_ptr(vmbus_cpus, OTHER);
	void *page = context->event_page;

	context->event_page = NULL;
	KUNIT_EXPECT_EQ(test, bus_on_cpu(OTHER, vmbus_cpu_offline), 0);
	context->event_page = page;
	KUNIT_EXPECT_EQ(test, bus_on_cpu(OTHER, vmbus_cpu_online), 0);
}

static struct kunit_case target_cases[] = {
	KUNIT_CASE(target_of_new_channels),
	KUNIT_CASE(target_of_subchannels),
	KUNIT_CASE(target_is_moved),
	KUNIT_CASE(target_is_moved_for_the_next_driver),
	KUNIT_CASE(target_that_is_none),
	KUNIT_CASE(target_is_not_acknowledged),
	KUNIT_CASE(target_with_old_hosts),
	KUNIT_CASE(cpu_without_channels),
	KUNIT_CASE(cpu_with_channels),
	KUNIT_CASE(cpu_with_a_bound_channel),
	KUNIT_CASE(cpu_with_an_old_host),
	KUNIT_CASE(cpu_with_a_pending_event),
	KUNIT_CASE(cpu_without_event_flags),
	{ }
};

struct kunit_suite target_suite = {
	.name = "hv-vmbus-target",
	.init = target_init,
	.exit = bus_exit,
	.test_cases = target_cases,
};
