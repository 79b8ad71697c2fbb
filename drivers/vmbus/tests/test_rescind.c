// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the host withdraws channels: idle, in a probe, opening, open, closing, first or
 * subchannel, a socket's, twice, unknown. Each number goes back once, when nobody uses it.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/fs.h>

#include "fixture.h"

static u32 released(u32 relid)
{
	return fake_host.channels[relid].released;
}

static void rescind_of_an_idle_channel(struct kunit *test)
{
	static const u32 relids[] = { 1, 2, 2047 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(relids); i++) {
		bus_offer(test, relids[i], &fake_nic, i, 0);
		fake_host_rescind(relids[i]);
		/* A second one, before or after the first was handled, changes nothing. */
		fake_host_rescind(relids[i]);
		fake_host_settle();
		KUNIT_EXPECT_NULL(test, bus_channel(relids[i]));
		KUNIT_EXPECT_GE(test, released(relids[i]), 1u);
		/* The number is as good as new. */
		bus_offer(test, relids[i], &fake_scsi, 10 + i, 0);
	}
}

/* Numbers that mean nothing go back, as the host asks. */
static bool count_released(const struct fake_posted *posted)
{
	return posted->bytes[0] == VMBUS_MSG_RELID_RELEASED;
}

static void rescind_of_unknown_numbers(struct kunit *test)
{
	static const u32 relids[] = { 0, 3, 2047, 2048, 0x80000000, 0xffffffff };
	const struct vmbus_msg_relid *msg;
	unsigned int i;

	fake_host.answer = count_released;
	for (i = 0; i < ARRAY_SIZE(relids); i++) {
		fake_host_rescind(relids[i]);
		fake_host_settle();
		KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_RELID_RELEASED], i + 1);
		msg = fake_host_posted(VMBUS_MSG_RELID_RELEASED, i);
		KUNIT_ASSERT_NOT_NULL(test, msg);
		KUNIT_EXPECT_EQ(test, le32_to_cpu(msg->relid), relids[i]);
	}
}

/* A rescind of every length: a byte less is none. */
static void rescind_of_each_length(struct kunit *test)
{
	static const struct {
		u8 len;
		bool good;
	} lengths[] = { { 8, false }, { 11, false }, { 12, true }, { 13, true }, { 240, true } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		u32 relid = 10 + i, words[60] = { VMBUS_MSG_RESCIND_OFFER, 0, relid };

		bus_offer(test, relid, &fake_nic, relid, 0);
		fake_host.channels[relid].rescinds++;
		KUNIT_ASSERT_TRUE(test, fake_hv_message(0, 1, words, sizeof(words),
							lengths[i].len));
		fake_host_settle();
		KUNIT_EXPECT_EQ_MSG(test, !bus_channel(relid), lengths[i].good, "%u bytes",
				    lengths[i].len);
	}
}

/* ---- with a driver ---- */

static int open_probe(struct hv_device *dev)
{
	return bus_open(dev->channel);
}

static void close_remove(struct hv_device *dev)
{
	vmbus_close(dev->channel);
}

static void rescind_of_an_open_channel(struct kunit *test)
{
	struct bus_driver driver = { .on_probe = open_probe, .on_remove = close_remove };

	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &driver, &fake_nic), 0);
	bus_offer(test, 5, &fake_nic, 1, 0);
	KUNIT_EXPECT_EQ(test, driver.probes, 1u);
	KUNIT_EXPECT_TRUE(test, fake_host.channels[5].open);
	fake_host_rescind(5);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, driver.removes, 1u);
	KUNIT_EXPECT_NULL(test, bus_channel(5));
	/* Closed first, then released; the ring needs no teardown any more. */
	KUNIT_EXPECT_EQ(test, fake_host.channels[5].closes, 1u);
	KUNIT_EXPECT_EQ(test, released(5), 1u);
	KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_GPADL_TEARDOWN], 0u);
	vmbus_driver_unregister(&driver.hv);
}

static struct completion probe_goes_on;
static atomic_t in_probe;

static int slow_probe(struct hv_device *dev)
{
	atomic_inc(&in_probe);
	wait_for_completion_timeout(&probe_goes_on, 5 * HZ);
	return bus_open(dev->channel);
}

/* The removal waits for the probe, which finds out that there is nothing to open. */
static void rescind_in_a_probe(struct kunit *test)
{
	struct bus_driver driver = { .on_probe = slow_probe, .on_remove = close_remove };
	struct vmbus_msg_offer offer = fake_offer(5, &fake_nic, 1, 0);

	init_completion(&probe_goes_on);
	atomic_set(&in_probe, 0);
	KUNIT_ASSERT_EQ(test, bus_driver_register(test, &driver, &fake_nic), 0);
	fake_host_offer(&offer);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&in_probe)));
	fake_host_rescind(5);
	fake_hv_idle();
	flush_workqueue(vmbus_connection.work_queue);
	msleep(20);
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(5));
	KUNIT_EXPECT_EQ(test, released(5), 0u);
	complete(&probe_goes_on);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, driver.probes, 1u);
	KUNIT_EXPECT_EQ(test, driver.removes, 0u);
	KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_OPEN_CHANNEL], 0u);
	KUNIT_EXPECT_NULL(test, bus_channel(5));
	KUNIT_EXPECT_EQ(test, released(5), 1u);
	vmbus_driver_unregister(&driver.hv);
}

static bool rescind_at_teardown(const struct fake_posted *posted)
{
	const struct vmbus_msg_gpadl_teardown *msg = (const void *)posted->bytes;

	if (posted->bytes[0] != VMBUS_MSG_GPADL_TEARDOWN)
		return false;
	fake_host_rescind(le32_to_cpu(msg->relid));
	return true;
}

/* While it is being closed: the close ends, and the ring is ours. */
static void rescind_while_closing(struct kunit *test)
{
	struct vmbus_channel *channel = bus_offer(test, 5, &fake_nic, 1, 0);
	struct hv_device *dev = channel->device_obj;

	get_device(&dev->device);
	KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
	fake_host.answer = rescind_at_teardown;
	KUNIT_EXPECT_EQ(test, vmbus_disconnect_ring(channel), 0);
	KUNIT_EXPECT_FALSE(test, channel->ringbuffer_gpadlhandle.decrypted);
	vmbus_free_ring(channel);
	put_device(&dev->device);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, released(5), 1u);
}

/* Of an open channel nobody is called any more, and nothing is sent, from the rescind on. */
static void rescind_silences_the_callback(struct kunit *test)
{
	struct vmbus_channel *channel = bus_offer(test, 5, &fake_nic, 1, 0);
	struct hv_device *dev = channel->device_obj;
	u64 interrupts;

	get_device(&dev->device);
	KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
	fake_hv_event(0, 5);
	interrupts = channel->interrupts;
	KUNIT_EXPECT_EQ(test, interrupts, 1ull);
	fake_host_rescind(5);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(channel->rescind)));
	KUNIT_EXPECT_NULL(test, channel->onchannel_callback);
	fake_hv_event(0, 5);
	KUNIT_EXPECT_EQ(test, channel->interrupts, interrupts);
	KUNIT_EXPECT_EQ(test, vmbus_send_modifychannel(channel, 0), -ENODEV);
	vmbus_close(channel);
	put_device(&dev->device);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, released(5), 1u);
}

/* ---- subchannels ---- */

static void rescind_of_an_idle_subchannel(struct kunit *test)
{
	struct vmbus_channel *primary = bus_offer(test, 1, &fake_nic, 1, 0);

	bus_offer(test, 2, &fake_nic, 1, 1);
	bus_offer(test, 3, &fake_nic, 1, 2);
	fake_host_rescind(3);
	fake_host_settle();
	KUNIT_EXPECT_NULL(test, bus_channel(3));
	KUNIT_EXPECT_EQ(test, released(3), 1u);
	KUNIT_EXPECT_TRUE(test, list_is_singular(&primary->sc_list));
	KUNIT_EXPECT_EQ(test, atomic_read(&vmbus_connection.nr_chan_close_on_suspend), 1);
}

/* An open one stays until its first channel is closed. */
static void rescind_of_an_open_subchannel(struct kunit *test)
{
	struct vmbus_channel *primary = bus_offer(test, 1, &fake_nic, 1, 0);
	struct vmbus_channel *sub = bus_offer(test, 2, &fake_nic, 1, 1);

	KUNIT_ASSERT_EQ(test, bus_open(primary), 0);
	KUNIT_ASSERT_EQ(test, bus_open(sub), 0);
	fake_host_rescind(2);
	fake_host_settle();
	KUNIT_EXPECT_PTR_EQ(test, bus_channel(2), sub);
	KUNIT_EXPECT_EQ(test, released(2), 0u);
	vmbus_close(primary);
	fake_host_settle();
	KUNIT_EXPECT_NULL(test, bus_channel(2));
	KUNIT_EXPECT_EQ(test, fake_host.channels[2].closes, 1u);
	KUNIT_EXPECT_EQ(test, released(2), 1u);
}

/* The first channel goes before its subchannels, which then are nobody's. */
static void rescind_of_the_first_before_the_others(struct kunit *test)
{
	struct vmbus_msg_offer late = fake_offer(4, &fake_nic, 1, 3);

	bus_offer(test, 1, &fake_nic, 1, 0);
	bus_offer(test, 2, &fake_nic, 1, 1);
	bus_offer(test, 3, &fake_nic, 1, 2);
	fake_host_rescind(1);
	fake_host_settle();
	KUNIT_EXPECT_NULL(test, bus_channel(1));
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(2));
	/* One more, too late. */
	fake_host_offer(&late);
	fake_host_settle();
	KUNIT_EXPECT_NULL(test, bus_channel(4));
	fake_host_rescind(3);
	fake_host_rescind(2);
	fake_host_rescind(4);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, released(1), 1u);
	KUNIT_EXPECT_EQ(test, released(2), 1u);
	KUNIT_EXPECT_EQ(test, released(3), 1u);
	KUNIT_EXPECT_EQ(test, released(4), 1u);
	KUNIT_EXPECT_EQ(test, atomic_read(&vmbus_connection.nr_chan_close_on_suspend), 0);

	/* Subchannels that are left when the bus goes. */
	bus_offer(test, 11, &fake_nic, 2, 0);
	bus_offer(test, 12, &fake_nic, 2, 1);
	bus_offer(test, 13, &fake_nic, 3, 0);
	bus_offer(test, 14, &fake_nic, 3, 1);
	fake_host_rescind(11);
	fake_host_settle();
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(12));
}

static atomic_t subs_added;

static void slow_subchannel(struct vmbus_channel *channel)
{
	atomic_inc(&subs_added);
	wait_for_completion_timeout(&probe_goes_on, 5 * HZ);
}

/* A subchannel is being added while the device goes: the device waits. */
static void rescind_while_a_subchannel_comes(struct kunit *test)
{
	struct vmbus_channel *primary = bus_offer(test, 1, &fake_nic, 1, 0);
	struct vmbus_msg_offer offer = fake_offer(2, &fake_nic, 1, 1);

	init_completion(&probe_goes_on);
	atomic_set(&subs_added, 0);
	vmbus_set_sc_create_callback(primary, slow_subchannel);
	fake_host_offer(&offer);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&subs_added)));
	fake_host_rescind(1);
	fake_hv_idle();
	flush_workqueue(vmbus_connection.work_queue);
	msleep(20);
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(1));
	complete(&probe_goes_on);
	fake_host_settle();
	KUNIT_EXPECT_NULL(test, bus_channel(1));
	fake_host_rescind(2);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, released(1), 1u);
	KUNIT_EXPECT_EQ(test, released(2), 1u);
}

struct write_work {
	struct work_struct work;
	struct completion done;
	struct file *file;
	ssize_t ret;
};

static void write_zero(struct work_struct *work)
{
	struct write_work *write = container_of(work, struct write_work, work);
	loff_t at = 0;

	write->ret = kernel_write(write->file, "0", 1, &at);
	complete(&write->done);
}

/* A channel's file "cpu", as a program opens it. */
static struct file *open_cpu(struct vmbus_channel *channel)
{
	char *directory = kobject_get_path(&channel->kobj, GFP_KERNEL);
	char *path = directory ? kasprintf(GFP_KERNEL, "/sys%s/cpu", directory) : NULL;
	struct file *file = path ? filp_open(path, O_WRONLY, 0) : ERR_PTR(-ENOMEM);

	kfree(path);
	kfree(directory);
	return file;
}

/* Somebody is in a file of the channel, at the mutex, behind the removal that has it next. */
static void rescind_while_a_file_is_written(struct kunit *test)
{
	struct vmbus_channel *sub;
	struct write_work write;

	bus_offer(test, 1, &fake_nic, 1, 0);
	sub = bus_offer(test, 2, &fake_nic, 1, 1);
	init_completion(&write.done);
	INIT_WORK_ONSTACK(&write.work, write_zero);
	write.file = open_cpu(sub);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(write.file), "%ld", PTR_ERR(write.file));

	mutex_lock(&vmbus_connection.channel_mutex);
	fake_host_rescind(2);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(sub->rescind)));
	msleep(50);
	queue_work(system_unbound_wq, &write.work);
	msleep(50);
	KUNIT_EXPECT_FALSE(test, completion_done(&write.done));
	mutex_unlock(&vmbus_connection.channel_mutex);

	if (wait_for_completion_timeout(&write.done, 5 * HZ)) {
		/* The channel was gone when the write had its turn. */
		KUNIT_EXPECT_EQ(test, write.ret, (ssize_t)-EIO);
		flush_work(&write.work);
		filp_close(write.file, NULL);
		fake_host_settle();
		KUNIT_EXPECT_NULL(test, bus_channel(2));
		KUNIT_EXPECT_EQ(test, released(2), 1u);
	} else {
		KUNIT_FAIL(test, "removal and write wait for each other");
		/* For ever: its work stays on this stack. */
		flush_work(&write.work);
	}
	destroy_work_on_stack(&write.work);
}

/* The number comes back at once, for a directory of the same name. */
static bool offer_at_release(const struct fake_posted *posted)
{
	const struct vmbus_msg_relid *msg = (const void *)posted->bytes;
	struct vmbus_msg_offer offer = fake_offer(2, &fake_nic, 1, 1);

	if (posted->bytes[0] != VMBUS_MSG_RELID_RELEASED || le32_to_cpu(msg->relid) != 2 ||
	    released(2))
		return false;
	fake_host.channels[2].rescinds--;
	fake_host.channels[2].released++;
	fake_host_offer(&offer);
	return true;
}

static void rescind_and_the_same_again(struct kunit *test)
{
	struct vmbus_channel *sub;

	bus_offer(test, 1, &fake_nic, 1, 0);
	bus_offer(test, 2, &fake_nic, 1, 1);
	fake_host.answer = offer_at_release;
	fake_host_rescind(2);
	fake_host_settle();
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, released(2), 1u);
	sub = bus_channel(2);
	KUNIT_ASSERT_NOT_NULL(test, sub);
	KUNIT_EXPECT_TRUE(test, sub->kobj.state_in_sysfs);
}

/* ---- sockets ---- */

static unsigned int told;

static void on_rescind(struct vmbus_channel *channel)
{
	told++;
}

static struct vmbus_channel *socket_offer(struct kunit *test, u32 relid)
{
	struct vmbus_msg_offer offer = fake_offer(relid, &fake_unknown, relid, 0);

	offer.flags = cpu_to_le16(VMBUS_OFFER_FLAG_TLNPI_PROVIDER);
	KUNIT_ASSERT_TRUE(test, fake_host_offer(&offer));
	fake_host_settle();
	KUNIT_ASSERT_NOT_NULL(test, bus_channel(relid));
	return bus_channel(relid);
}

/* The socket's driver is told, and takes the device away when it is done with it. */
static void rescind_of_a_socket(struct kunit *test)
{
	struct vmbus_channel *channel = socket_offer(test, 6);

	told = 0;
	vmbus_set_chn_rescind_callback(channel, on_rescind);
	KUNIT_ASSERT_EQ(test, bus_open(channel), 0);
	fake_host_rescind(6);
	fake_host_settle();
	KUNIT_EXPECT_EQ(test, told, 1u);
	KUNIT_EXPECT_PTR_EQ(test, bus_channel(6), channel);
	KUNIT_EXPECT_EQ(test, released(6), 0u);
	vmbus_close(channel);
	vmbus_hvsock_device_unregister(channel);
	fake_host_settle();
	KUNIT_EXPECT_NULL(test, bus_channel(6));
	KUNIT_EXPECT_EQ(test, released(6), 1u);
}

/* A closed socket whose channel the host does not withdraw keeps its device. */
static void rescind_of_a_socket_never(struct kunit *test)
{
	struct vmbus_channel *channel = socket_offer(test, 6);
	unsigned long start = jiffies;

	vmbus_set_chn_rescind_callback(channel, on_rescind);
	vmbus_hvsock_device_unregister(channel);
	KUNIT_EXPECT_TRUE(test, time_in_range(jiffies, start + HZ, start + 8 * HZ));
	KUNIT_EXPECT_PTR_EQ(test, bus_channel(6), channel);
	KUNIT_EXPECT_NOT_NULL(test, channel->device_obj);
	KUNIT_EXPECT_EQ(test, released(6), 0u);
}

/* Nothing of it is handled once the bus has left the host. */
static void rescind_after_the_end(struct kunit *test)
{
	bus_offer(test, 1, &fake_nic, 1, 0);
	KUNIT_EXPECT_EQ(test, vmbus_unload(false), 0);
	fake_host_settle();
	fake_host_rescind(1);
	fake_host_settle();
	KUNIT_EXPECT_NOT_NULL(test, bus_channel(1));
	KUNIT_EXPECT_EQ(test, fake_host.count[VMBUS_MSG_RELID_RELEASED], 0u);
}

static struct kunit_case rescind_cases[] = {
	KUNIT_CASE(rescind_of_an_idle_channel),
	KUNIT_CASE(rescind_of_unknown_numbers),
	KUNIT_CASE(rescind_of_each_length),
	KUNIT_CASE(rescind_of_an_open_channel),
	KUNIT_CASE(rescind_in_a_probe),
	KUNIT_CASE(rescind_while_closing),
	KUNIT_CASE(rescind_silences_the_callback),
	KUNIT_CASE(rescind_of_an_idle_subchannel),
	KUNIT_CASE(rescind_of_an_open_subchannel),
	KUNIT_CASE(rescind_of_the_first_before_the_others),
	KUNIT_CASE(rescind_while_a_subchannel_comes),
	KUNIT_CASE(rescind_while_a_file_is_written),
	KUNIT_CASE(rescind_and_the_same_again),
	KUNIT_CASE(rescind_of_a_socket),
	KUNIT_CASE(rescind_of_a_socket_never),
	KUNIT_CASE(rescind_after_the_end),
	{ }
};

struct kunit_suite rescind_suite = {
	.name = "hv-vmbus-rescind",
	.init = bus_init,
	.exit = bus_exit,
	.test_cases = rescind_cases,
};
