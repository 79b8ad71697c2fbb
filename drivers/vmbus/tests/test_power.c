// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: leaving a host and coming back: unload, panic, crash, kexec, hibernation and suspend, with
 * hosts that answer and hosts that do not. The fake kernel holds the bus's hooks; tests pull them.
 */
#include <linux/pm.h>
#include <linux/syscore_ops.h>

#include "fixture.h"

static bool unload_answered(void)
{
	return fake_host.count[VMBUS_MSG_UNLOAD] == 1 && fake_host.unloaded;
}

static void power_unloads(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, vmbus_unload(false), 0);
	KUNIT_EXPECT_FALSE(test, vmbus_connected());
	KUNIT_EXPECT_TRUE(test, unload_answered());
	/* There is nothing to leave any more. */
	KUNIT_EXPECT_EQ(test, vmbus_unload(false), 0);
	KUNIT_EXPECT_EQ(test, vmbus_unload(true), 0);
	KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_UNLOAD], 1u);
}

static void power_unloads_in_silence(struct kunit *test)
{
	unsigned long start = jiffies;

	fake_host.silent = BIT(VMBUS_MSG_UNLOAD);
	KUNIT_EXPECT_EQ(test, vmbus_unload(false), -ETIMEDOUT);
	KUNIT_EXPECT_TRUE(test, time_in_range(jiffies, start + HZ, start + 5 * HZ));
	KUNIT_EXPECT_FALSE(test, vmbus_connected());
}

static u16 refuse_unload(const struct fake_posted *posted)
{
	return posted->bytes[0] == VMBUS_MSG_UNLOAD ? HV_STATUS_INVALID_PARAMETER :
	       HV_STATUS_SUCCESS;
}

/* What the host could not be told to let go of, or did not let go of, is not freed. */
static void power_keeps_shared_pages(struct kunit *test)
{
	struct page *int_page, *monitor;
	unsigned int round;

	for (round = 0; round < 3; round++) {
		int_page = virt_to_page(vmbus_connection.int_page);
		monitor = virt_to_page(vmbus_connection.monitor_pages[1]);
		if (round == 0)
			fake_host.silent = BIT(VMBUS_MSG_UNLOAD);
		else if (round == 1)
			fake_hv.status = refuse_unload;
		/* The third is too old to be told. */
		fake_bus_unload();
		KUNIT_EXPECT_EQ_MSG(test, page_count(int_page), 1, "round %u", round);
		KUNIT_EXPECT_EQ_MSG(test, page_count(monitor), 1, "round %u", round);
		fake_host_good();
		fake_host.newest = round == 1 ? VMBUS_WIRE_V2_4 : VMBUS_WIRE_V5_3;
		KUNIT_ASSERT_EQ(test, bus_load(), 0);
	}
}

/* Pages that cannot be made private again stay allocated too. */
static void power_cannot_unshare(struct kunit *test)
{
	struct page *monitor = virt_to_page(vmbus_connection.monitor_pages[0]);

	fake_machine.unshare_error = -EIO;
	bus_unload(test);
	KUNIT_EXPECT_EQ(test, page_count(monitor), 1);
}

/* ---- panic and crash: nothing sleeps, no interrupt comes ---- */

static void power_panics(struct kunit *test)
{
	fake_hv.deaf = true;
	atomic_notifier_call_chain(&fake_machine.panic, 0, NULL);
	KUNIT_EXPECT_TRUE(test, unload_answered());
	KUNIT_EXPECT_EQ(test, fake_hv_slot(0)->header.message_type, HVMSG_NONE);
	/* A crash that follows has nothing to say. */
	atomic_notifier_call_chain(&fake_machine.panic, 0, NULL);
	KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_UNLOAD], 1u);
}

/* The answer may be behind another message, or on another CPU than this one. */
static void power_panics_with_full_slots(struct kunit *test)
{
	static const u32 nothing[] = { 25, 0 };
	unsigned int cpu;

	fake_hv.deaf = true;
	for_each_online_cpu(cpu)
		KUNIT_ASSERT_TRUE(test, fake_hv_message(cpu, 1, nothing, 8, 8));
	fake_host.target_vp = num_online_cpus() - 1;
	atomic_notifier_call_chain(&fake_machine.panic, 0, NULL);
	KUNIT_EXPECT_TRUE(test, unload_answered());
	for_each_online_cpu(cpu)
		KUNIT_EXPECT_EQ(test, fake_hv_slot(cpu)->header.message_type, HVMSG_NONE);
}

static void power_panics_in_silence(struct kunit *test)
{
	unsigned long start = jiffies;

	fake_hv.deaf = true;
	fake_host.silent = BIT(VMBUS_MSG_UNLOAD);
	atomic_notifier_call_chain(&fake_machine.panic, 0, NULL);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 20 * HZ));
	KUNIT_EXPECT_FALSE(test, vmbus_connected());
}

/* The crash kernel finds the SynIC of the CPU that it starts on as it was at boot. */
static void power_crashes(struct kunit *test)
{
	unsigned int cpu;

	fake_hv.deaf = true;
	cpu = get_cpu();
	fake_machine.crash(NULL);
	put_cpu();
	KUNIT_EXPECT_TRUE(test, unload_answered());
	KUNIT_EXPECT_FALSE(test, cpumask_test_cpu(cpu, &fake_hv.enabled));
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_machine.clock_ends), 1);
}

/* The next kernel is given a machine without clocks and SynICs. */
static void power_kexecs(struct kunit *test)
{
	fake_machine.kexec();
	KUNIT_EXPECT_TRUE(test, unload_answered());
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&fake_hv.enabled));
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_machine.clock_ends), 1);
}

/* ---- suspend ---- */

static void power_suspends_the_synic(struct kunit *test)
{
	unsigned int enables = atomic_read(&fake_hv.enables);

	KUNIT_EXPECT_EQ(test, fake_machine.syscore->suspend(hvic_syscore_none), 0);
	KUNIT_EXPECT_FALSE(test, cpumask_test_cpu(0, &fake_hv.enabled));
	KUNIT_EXPECT_EQ(test, bus_on_cpu(0, vmbus_cpu_online), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_hv.enables), (int)enables + 1);
	atomic_dec(&fake_machine.clocks);
}

static int resume_on_cpu(unsigned int cpu)
{
	fake_machine.syscore->resume(hvic_syscore_none);
	return 0;
}

static void power_resumes_the_synic(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, fake_machine.syscore->suspend(hvic_syscore_none), 0);
	bus_on_cpu(0, resume_on_cpu);
	KUNIT_EXPECT_TRUE(test, cpumask_equal(&fake_hv.enabled, cpu_online_mask));
	KUNIT_EXPECT_NOT_NULL(test, bus_offer(test, 1, &fake_nic, 1, 0));
}

/* What the host offers when it is contacted again. */
static void offer_again(u32 first, unsigned int devices)
{
	unsigned int i;

	for (i = 0; i < devices; i++)
		fake_host.offers[i] = fake_offer(first + i, &fake_nic, 1 + i, 0);
	fake_host.num_offers = devices;
}

/* Devices stay; their channels come back with other numbers. */
static void power_hibernates(struct kunit *test)
{
	struct device *dev = &fake_machine.device->dev;
	struct vmbus_channel *one, *two;

	one = bus_offer(test, 1, &fake_nic, 1, 0);
	two = bus_offer(test, 2, &fake_nic, 2, 0);
	KUNIT_ASSERT_EQ(test, vmbus_bus_pm.freeze_noirq(dev), 0);
	KUNIT_EXPECT_TRUE(test, unload_answered());
	KUNIT_EXPECT_NULL(test, bus_channel(1));
	KUNIT_EXPECT_NULL(test, bus_channel(2));

	offer_again(101, 2);
	KUNIT_ASSERT_EQ(test, vmbus_bus_pm.thaw_noirq(dev), 0);
	fake_host_settle();
	KUNIT_EXPECT_TRUE(test, vmbus_connected());
	KUNIT_EXPECT_PTR_EQ(test, bus_channel(101), one);
	KUNIT_EXPECT_PTR_EQ(test, bus_channel(102), two);
	KUNIT_EXPECT_EQ(test, one->sig_event, 0x10000ull + 101);
	KUNIT_EXPECT_EQ(test, bus_open(one), 0);
	KUNIT_EXPECT_TRUE(test, fake_host.channels[101].open);
	vmbus_close(one);

	/* And once more. */
	KUNIT_ASSERT_EQ(test, vmbus_bus_pm.poweroff_noirq(dev), 0);
	offer_again(1, 2);
	KUNIT_ASSERT_EQ(test, vmbus_bus_pm.restore_noirq(dev), 0);
	fake_host_settle();
	KUNIT_EXPECT_PTR_EQ(test, bus_channel(1), one);
}

/* Subchannels and sockets do not survive: the host has to take them before. */
static void power_hibernates_without_subchannels(struct kunit *test)
{
	struct device *dev = &fake_machine.device->dev;
	struct vmbus_msg_offer socket = fake_offer(9, &fake_unknown, 9, 0);

	bus_offer(test, 1, &fake_nic, 1, 0);
	bus_offer(test, 2, &fake_nic, 1, 1);
	socket.flags = cpu_to_le16(VMBUS_OFFER_FLAG_TLNPI_PROVIDER);
	fake_host_offer(&socket);
	fake_host_settle();
	/* A guest that suspends may give a socket's number back unasked. */
	fake_host.channels[9].rescinds++;
	/* The subchannel stays: no suspend, and all goes on. */
	KUNIT_EXPECT_EQ(test, vmbus_bus_pm.freeze_noirq(dev), -EBUSY);
	KUNIT_EXPECT_TRUE(test, vmbus_connected());
	/* The socket went without being asked. */
	KUNIT_EXPECT_NULL(test, bus_channel(9));
	KUNIT_EXPECT_NOT_NULL(test, bus_offer(test, 3, &fake_nic, 3, 0));

	fake_host_rescind(2);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, vmbus_bus_pm.freeze_noirq(dev), 0);
	/* Offers in the dark are dropped; they will come again. */
	offer_again(1, 1);
	fake_host_offer(&fake_host.offers[0]);
	fake_host_settle();
	KUNIT_EXPECT_NULL(test, bus_channel(1));
	offer_again(1, 3);
	KUNIT_EXPECT_EQ(test, vmbus_bus_pm.thaw_noirq(dev), 0);
	fake_host_settle();
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(1));
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(3));
}

struct freeze_work {
	struct work_struct work;
	int ret;
};

static void freeze(struct work_struct *work)
{
	container_of(work, struct freeze_work, work)->ret =
		vmbus_bus_pm.freeze_noirq(&fake_machine.device->dev);
}

static struct completion probe_goes_on;

static int slow_probe(struct hv_device *dev)
{
	wait_for_completion_timeout(&probe_goes_on, 10 * HZ);
	return 0;
}

/* What comes while a suspend is tried is not lost when it is refused. */
static void power_cannot_hibernate_and_is_told(struct kunit *test)
{
	struct vmbus_msg_offer slow = fake_offer(4, &fake_scsi, 4, 0);
	struct vmbus_msg_offer brief = fake_offer(5, &fake_nic, 5, 0);
	struct vmbus_msg_offer late = fake_offer(6, &fake_nic, 6, 0);
	struct bus_driver driver = { .on_probe = slow_probe };
	struct freeze_work suspend = { };

	init_completion(&probe_goes_on);
	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &driver, &fake_scsi), 0);
	bus_offer(test, 1, &fake_nic, 1, 0);
	bus_offer(test, 2, &fake_nic, 1, 1);
	bus_offer(test, 3, &fake_nic, 3, 0);
	/* The suspend waits for the probe's end. */
	fake_host_offer(&slow);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(driver.probes)));
	INIT_WORK_ONSTACK(&suspend.work, freeze);
	queue_work(system_unbound_wq, &suspend.work);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(vmbus_offers_held)));

	fake_host_rescind(3);
	fake_host_offer(&brief);
	fake_host_rescind(5);
	fake_host_offer(&late);
	KUNIT_EXPECT_TRUE(test, fake_hv_idle());
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(3));
	KUNIT_EXPECT_NULL(test, bus_channel(6));
	complete(&probe_goes_on);
	flush_work(&suspend.work);
	destroy_work_on_stack(&suspend.work);
	/* For the subchannel. */
	KUNIT_EXPECT_EQ(test, suspend.ret, -EBUSY);
	fake_host_settle();
	KUNIT_EXPECT_NULL(test, bus_channel(3));
	KUNIT_EXPECT_EQ(test, fake_host.channels[3].released, 1u);
	/* In the order in which it came. */
	KUNIT_EXPECT_NULL(test, bus_channel(5));
	KUNIT_EXPECT_EQ(test, fake_host.channels[5].released, 1u);
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(6));
	vmbus_driver_unregister(&driver.hv);
}

/* A device that does not come back is missed, and the next suspend refused. */
static void power_misses_a_device(struct kunit *test)
{
	struct device *dev = &fake_machine.device->dev;

	bus_offer(test, 1, &fake_nic, 1, 0);
	bus_offer(test, 2, &fake_nic, 2, 0);
	KUNIT_ASSERT_EQ(test, vmbus_bus_pm.freeze_noirq(dev), 0);
	offer_again(1, 1);
	KUNIT_EXPECT_EQ(test, vmbus_bus_pm.thaw_noirq(dev), 0);
	fake_host_settle();
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(1));
	KUNIT_EXPECT_NULL(test, bus_channel(2));
	KUNIT_EXPECT_EQ(test, vmbus_bus_pm.freeze_noirq(dev), -EBUSY);
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(1));
}

/* Another host than before, or none. */
static void power_resumes_elsewhere(struct kunit *test)
{
	struct device *dev = &fake_machine.device->dev;

	KUNIT_ASSERT_EQ(test, vmbus_bus_pm.freeze_noirq(dev), 0);
	fake_host.newest = VMBUS_WIRE_V5_2;
	KUNIT_EXPECT_EQ(test, vmbus_bus_pm.thaw_noirq(dev), -ECONNREFUSED);
	KUNIT_EXPECT_FALSE(test, vmbus_connected());
	fake_host.newest = VMBUS_WIRE_V5_3;
	fake_host.silent = BIT(VMBUS_MSG_INITIATE_CONTACT);
	KUNIT_EXPECT_EQ(test, vmbus_bus_pm.thaw_noirq(dev), -ETIMEDOUT);
}

/* ---- devices ---- */

static void power_of_devices(struct kunit *test)
{
	struct bus_driver driver = { };
	struct device *dev;

	dev = &bus_offer(test, 1, &fake_nic, 1, 0)->device_obj->device;
	KUNIT_EXPECT_EQ(test, vmbus_device_pm.freeze_noirq(dev), 0);
	KUNIT_EXPECT_EQ(test, vmbus_device_pm.thaw_noirq(dev), 0);

	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &driver, &fake_nic), 0);
	KUNIT_ASSERT_NOT_NULL(test, dev->driver);
	KUNIT_EXPECT_EQ(test, vmbus_device_pm.freeze_noirq(dev), 0);
	KUNIT_EXPECT_EQ(test, vmbus_device_pm.restore_noirq(dev), 0);
	KUNIT_EXPECT_EQ(test, driver.suspends, 1u);
	KUNIT_EXPECT_EQ(test, driver.resumes, 1u);
	/* A driver that cannot keeps the machine from it. */
	driver.hv.suspend = NULL;
	driver.hv.resume = NULL;
	KUNIT_EXPECT_EQ(test, vmbus_device_pm.poweroff_noirq(dev), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, vmbus_device_pm.thaw_noirq(dev), -EOPNOTSUPP);
	vmbus_driver_unregister(&driver.hv);
}

static struct kunit_case power_cases[] = {
	KUNIT_CASE(power_unloads),
	KUNIT_CASE(power_unloads_in_silence),
	KUNIT_CASE(power_keeps_shared_pages),
	KUNIT_CASE(power_cannot_unshare),
	KUNIT_CASE(power_panics),
	KUNIT_CASE(power_panics_with_full_slots),
	KUNIT_CASE(power_panics_in_silence),
	KUNIT_CASE(power_crashes),
	KUNIT_CASE(power_kexecs),
	KUNIT_CASE(power_suspends_the_synic),
	KUNIT_CASE(power_resumes_the_synic),
	KUNIT_CASE(power_hibernates),
	KUNIT_CASE(power_hibernates_without_subchannels),
	KUNIT_CASE(power_cannot_hibernate_and_is_told),
	KUNIT_CASE(power_misses_a_device),
	KUNIT_CASE(power_resumes_elsewhere),
	KUNIT_CASE(power_of_devices),
	{ }
};

struct kunit_suite power_suite = {
	.name = "hv-vmbus-power",
	.init = bus_init,
	.exit = bus_exit,
	.test_cases = power_cases,
};
