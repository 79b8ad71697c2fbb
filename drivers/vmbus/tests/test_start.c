// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: loading and unloading the bus: on a machine that has none, out of memory at each step, and
 * again and again. A failed start leaves nothing behind.
 */
#include "fixture.h"

static int start_init(struct kunit *test)
{
	return bus_prepare(test);
}

static void start_finds_no_hyperv(struct kunit *test)
{
	fake_machine.no_hyperv = true;
	KUNIT_EXPECT_EQ(test, bus_load(), -ENODEV);
	KUNIT_EXPECT_EQ(test, fake_host.num_posted, 0u);
}

/* The root partition loads the module for its symbols; it has no host. */
static void start_in_the_root_partition(struct kunit *test)
{
	fake_machine.root = true;
	KUNIT_EXPECT_EQ(test, bus_load(), 0);
	KUNIT_EXPECT_EQ(test, fake_host.num_posted, 0u);
	KUNIT_EXPECT_NULL(test, fake_machine.bus);
	fake_bus_unload();
	fake_machine.root = false;
	fake_machine.no_hyperv = true;
	KUNIT_EXPECT_EQ(test, bus_load(), -ENODEV);
}

static void start_finds_no_device(struct kunit *test)
{
	fake_machine.no_bus = true;
	KUNIT_EXPECT_EQ(test, bus_load(), -ENODEV);
	fake_machine.no_bus = false;
	fake_machine.bad_resources = true;
	KUNIT_EXPECT_EQ(test, bus_load(), -ENODEV);
	KUNIT_EXPECT_NULL(test, fake_machine.bus);
}

static void expect_nothing_left(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, fake_hv.handler);
	KUNIT_EXPECT_TRUE(test, cpumask_empty(&fake_hv.enabled));
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_hv.enables), atomic_read(&fake_hv.disables));
	KUNIT_EXPECT_TRUE(test, !vmbus_cpus);
	KUNIT_EXPECT_NULL(test, vmbus_connection.channels);
	KUNIT_EXPECT_NULL(test, vmbus_connection.work_queue);
	KUNIT_EXPECT_NULL(test, vmbus_connection.int_page);
	KUNIT_EXPECT_NULL(test, fake_machine.kexec);
	KUNIT_EXPECT_NULL(test, fake_machine.device);
}

/* Pages of no CPU, of the first alone; no tables; no bus type, interrupt, monitor page. */
static void start_fails_step_by_step(struct kunit *test)
{
	int pages, table, enables;

	for (pages = 0; pages < num_present_cpus(); pages++) {
		fake_hv.pages_left = pages;
		KUNIT_EXPECT_EQ(test, bus_load(), -ENOMEM);
		expect_nothing_left(test);
	}
	fake_hv.pages_left = -1;

	/* The table of CPUs' loads, then that of relids. */
	for (table = 0; table < 2; table++) {
		atomic_set(&fake_machine.allocations, table);
		atomic_set(&fake_machine.failures, 1);
		KUNIT_EXPECT_EQ(test, bus_load(), -ENOMEM);
		KUNIT_EXPECT_EQ(test, atomic_read(&fake_machine.failures), 0);
		expect_nothing_left(test);
	}

	fake_machine.bus_error = -EEXIST;
	KUNIT_EXPECT_EQ(test, bus_load(), -EEXIST);
	expect_nothing_left(test);
	fake_machine.bus_error = 0;

	enables = atomic_read(&fake_hv.enables);
	fake_machine.threaded = true;
	fake_machine.thread_error = -ENOMEM;
	KUNIT_EXPECT_EQ(test, bus_load(), -ENOMEM);
	expect_nothing_left(test);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_hv.enables), enables);
	fake_machine.threaded = false;

	fake_hv.irq_error = -EBUSY;
	KUNIT_EXPECT_EQ(test, bus_load(), -EBUSY);
	expect_nothing_left(test);
	/* No SynIC without somebody who takes its interrupts. */
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_hv.enables), enables);
	fake_hv.irq_error = 0;

	fake_machine.share_error = -EIO;
	for (fake_machine.shares_left = 0; fake_machine.shares_left < 2;) {
		unsigned int at = fake_machine.shares_left;

		KUNIT_EXPECT_EQ(test, bus_load(), -EIO);
		expect_nothing_left(test);
		fake_machine.shares_left = at + 1;
	}
	fake_machine.share_error = 0;
	KUNIT_EXPECT_EQ(test, fake_host.num_posted, 0u);

	/* It was not the machine's fault. */
	KUNIT_EXPECT_EQ(test, bus_load(), 0);
}

/* Each CPU's SynIC and clock are on while the bus is loaded, and only then. */
static void start_again_and_again(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, bus_load(), 0);
		KUNIT_EXPECT_TRUE(test, cpumask_equal(&fake_hv.enabled, cpu_online_mask));
		KUNIT_EXPECT_EQ(test, atomic_read(&fake_machine.clocks), (int)num_online_cpus());
		KUNIT_EXPECT_PTR_EQ(test, fake_hv.bus, &fake_machine.device->dev);
		KUNIT_EXPECT_EQ(test, vmbus_irq_number, FAKE_INTERRUPT);
		KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_REQUEST_OFFERS], i + 1);
		KUNIT_EXPECT_NOT_NULL(test, fake_machine.kexec);
		KUNIT_EXPECT_NOT_NULL(test, fake_machine.crash);
		bus_unload(test);
		expect_nothing_left(test);
		KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_UNLOAD], i + 1);
		KUNIT_EXPECT_TRUE(test, fake_host.unloaded);
	}
}

/* The devices are there when the start returns, and gone when the end does. */
static void start_brings_devices(struct kunit *test)
{
	fake_host.offers[0] = fake_offer(1, &fake_nic, 1, 0);
	fake_host.offers[1] = fake_offer(2, &fake_scsi, 2, 0);
	fake_host.offers[2] = fake_offer(2047, &fake_shutdown, 3, 0);
	fake_host.num_offers = 3;
	KUNIT_ASSERT_EQ(test, bus_load(), 0);
	KUNIT_ASSERT_NOT_NULL(test, bus_channel(1));
	KUNIT_ASSERT_NOT_NULL(test, bus_channel(2));
	KUNIT_ASSERT_NOT_NULL(test, bus_channel(2047));
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(1)->device_obj);
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(2)->device_obj);
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(2047)->device_obj);
	bus_unload(test);
	/* The host forgot them with the connection: no relid goes back. */
	KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_RELID_RELEASED], 0u);
}

/* The host never says that it has offered all: the start does not wait for ever. */
static void start_without_the_end_of_offers(struct kunit *test)
{
	struct vmbus_msg_header end = { .type = cpu_to_le32(VMBUS_MSG_ALL_OFFERS_DELIVERED) };
	unsigned long start = jiffies;

	fake_host.offers[0] = fake_offer(1, &fake_nic, 1, 0);
	fake_host.num_offers = 1;
	fake_host.no_end_of_offers = true;
	KUNIT_EXPECT_EQ(test, bus_load(), 0);
	KUNIT_EXPECT_TRUE(test, time_in_range(jiffies, start + HZ, start + 10 * HZ));
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(1));
	/* It comes at last, and a device after it. */
	fake_host_send(&end, sizeof(end));
	KUNIT_EXPECT_NOT_NULL(test, bus_offer(test, 2, &fake_nic, 2, 0));
}

static bool offer_before_the_answer(const struct fake_posted *posted)
{
	struct vmbus_msg_offer offer = fake_offer(3, &fake_nic, 1, 0);

	if (posted->bytes[0] == VMBUS_MSG_INITIATE_CONTACT)
		fake_host_offer(&offer);
	return false;
}

/* Devices of a host that then is no host leave nothing behind, nor those that nobody asked for. */
static void start_is_offered_too_much(struct kunit *test)
{
	fake_host.answer = offer_before_the_answer;
	fake_host.newest = VMBUS_WIRE_V6_0;
	fake_host.oldest = VMBUS_WIRE_V6_0;
	KUNIT_EXPECT_EQ(test, bus_load(), -EDOM);
	KUNIT_EXPECT_TRUE(test, list_empty(&vmbus_connection.chn_list));
	expect_nothing_left(test);

	fake_host.oldest = VMBUS_WIRE_V5_3;
	fake_host.newest = VMBUS_WIRE_V5_3;
	KUNIT_ASSERT_EQ(test, bus_load(), 0);
	KUNIT_EXPECT_NULL(test, bus_channel(3));
	fake_host.answer = NULL;
	bus_offer(test, 3, &fake_nic, 1, 0);
}

static bool offer_at_once(const struct fake_posted *posted)
{
	struct vmbus_msg_version_response response = {
		.header.type = cpu_to_le32(VMBUS_MSG_VERSION_RESPONSE),
		.supported = 1,
		.msg_conn_id = cpu_to_le32(fake_host.msg_conn_id),
	};
	struct vmbus_msg_offer offer = fake_offer(3, &fake_scsi, 1, 0);
	const struct vmbus_msg_initiate_contact *msg = (const void *)posted->bytes;
	unsigned long until = jiffies + HZ / 2;

	if (posted->bytes[0] != VMBUS_MSG_INITIATE_CONTACT ||
	    le32_to_cpu(msg->version) > VMBUS_WIRE_V5_1)
		return false;
	fake_host.contacted = true;
	fake_host.version = VMBUS_WIRE_V5_1;
	fake_host_send(&response, sizeof(response));
	/* The guest leaves again at once. */
	while (READ_ONCE(vmbus_connection.conn_state) == CONNECTING && time_before(jiffies, until))
		cond_resched();
	fake_host_offer(&offer);
	return true;
}

/* Nor those of a host that is too old, which may have offered something before it is left. */
static void start_is_offered_in_vain(struct kunit *test)
{
	fake_machine.isolated = true;
	fake_host.answer = offer_at_once;
	fake_host.newest = VMBUS_WIRE_V5_1;
	KUNIT_EXPECT_EQ(test, bus_load(), -EINVAL);
	KUNIT_EXPECT_TRUE(test, list_empty(&vmbus_connection.chn_list));
	expect_nothing_left(test);
}

static u16 refuse_request_offers(const struct fake_posted *posted)
{
	return posted->bytes[0] == VMBUS_MSG_REQUEST_OFFERS ? HV_STATUS_INVALID_PARAMETER :
	       HV_STATUS_SUCCESS;
}

static void start_without_offers(struct kunit *test)
{
	fake_hv.status = refuse_request_offers;
	KUNIT_EXPECT_EQ(test, bus_load(), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_hv.refused), 1);
}

/* Drivers that come without a bus, as of another hypervisor's, are told so. */
static void start_has_no_drivers_before(struct kunit *test)
{
	struct bus_driver driver = { };

	KUNIT_EXPECT_EQ(test, bus_driver_register(test, &driver, &fake_nic), -ENODEV);
	vmbus_driver_unregister(&driver.hv);
}

static struct kunit_case start_cases[] = {
	KUNIT_CASE(start_finds_no_hyperv),
	KUNIT_CASE(start_in_the_root_partition),
	KUNIT_CASE(start_finds_no_device),
	KUNIT_CASE(start_fails_step_by_step),
	KUNIT_CASE(start_again_and_again),
	KUNIT_CASE(start_brings_devices),
	KUNIT_CASE(start_without_the_end_of_offers),
	KUNIT_CASE(start_is_offered_too_much),
	KUNIT_CASE(start_is_offered_in_vain),
	KUNIT_CASE(start_without_offers),
	KUNIT_CASE(start_has_no_drivers_before),
	{ }
};

struct kunit_suite start_suite = {
	.name = "hv-vmbus-start",
	.init = start_init,
	.exit = bus_exit,
	.test_cases = start_cases,
};
