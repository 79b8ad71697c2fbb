// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the files in sysfs, by their names, with what lsvmbus and scripts expect in them: of a
 * device, of a channel, closed and open, with a monitor and without, and of the bus.
 */
#include <linux/device.h>
#include <linux/sysfs.h>

#include "fixture.h"

#define RELID	7

struct files {
	char *text;			/* a page */
	struct vmbus_channel *channel;
};

static void nothing(void *context)
{
}

static int files_start(struct kunit *test)
{
	struct vmbus_msg_offer offer = fake_offer(RELID, &fake_nic, 1, 0);
	struct files *files = kunit_kzalloc(test, sizeof(*files), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, files);
	test->priv = files;
	bus_init(test);
	files->text = (char *)get_zeroed_page(GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, files->text);
	offer.monitor_allocated = 1;
	offer.monitor_id = 37;
	fake_host_offer(&offer);
	fake_host_settle();
	files->channel = bus_channel(RELID);
	KUNIT_ASSERT_NOT_NULL(test, files->channel);
	return 0;
}

static void files_end(struct kunit *test)
{
	struct files *files = test->priv;

	bus_exit(test);
	free_page((unsigned long)files->text);
}

static struct attribute *find(const struct attribute_group **groups, const char *name)
{
	struct attribute **attr;

	for (; *groups; groups++)
		for (attr = (*groups)->attrs; *attr; attr++)
			if (!strcmp((*attr)->name, name))
				return *attr;
	return NULL;
}

/* Read a device's file. */
static ssize_t read_device(struct kunit *test, const char *name)
{
	struct files *files = test->priv;
	struct hv_device *dev = files->channel->device_obj;
	struct device_attribute *attr = bus_device_file(dev, name);

	KUNIT_ASSERT_NOT_NULL_MSG(test, attr, "%s", name);
	return attr->show(&dev->device, NULL, files->text);
}

/* Read a channel's. */
static ssize_t read_channel(struct kunit *test, const char *name)
{
	struct files *files = test->priv;
	const struct kobj_type *type = files->channel->kobj.ktype;
	struct attribute *attr = find(type->default_groups, name);

	KUNIT_ASSERT_NOT_NULL_MSG(test, attr, "%s", name);
	return type->sysfs_ops->show(&files->channel->kobj, attr, files->text);
}

struct expected_file {
	const char *name, *text;	/* no text: there is none now */
};

static void expect(struct kunit *test, ssize_t (*read)(struct kunit *test, const char *name),
		   const struct expected_file *file, unsigned int n)
{
	struct files *files = test->priv;

	for (; n--; file++) {
		ssize_t len = read(test, file->name);

		if (file->text) {
			KUNIT_EXPECT_EQ_MSG(test, len, (ssize_t)strlen(file->text), "%s",
					    file->name);
			KUNIT_EXPECT_STREQ_MSG(test, files->text, file->text, "%s", file->name);
		} else {
			KUNIT_EXPECT_EQ_MSG(test, len, (ssize_t)-EINVAL, "%s", file->name);
		}
	}
}

/* A trigger of the group, a latency of the monitor, and whom it signals, in both pages. */
static void fill_monitors(void)
{
	struct vmbus_monitor_page *page;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		page = (void *)vmbus_connection.monitor_pages[i];
		page->group[1].pending = cpu_to_le32(32 + i);
		page->latency[1][5] = cpu_to_le16(100 + i);
		page->param[1][5].connection_id = cpu_to_le32(200 + i);
	}
}

static void files_of_a_device(struct kunit *test)
{
	static const struct expected_file files[] = {
		{ "id", "7\n" },
		{ "state", "2\n" },
		{ "monitor_id", "37\n" },
		{ "class_id", "{f8615163-df3e-46c5-913f-f2d2f965ed0e}\n" },
		{ "device_id", "{76543210-0000-0000-0000-000000000001}\n" },
		{ "modalias", "vmbus:635161f83edfc546913ff2d2f965ed0e\n" },
		{ "vendor", "0x1414\n" },
		{ "device", "0x3\n" },
		{ "driver_override", "(null)\n" },
		{ "server_monitor_pending", "32\n" }, { "client_monitor_pending", "33\n" },
		{ "server_monitor_latency", "100\n" }, { "client_monitor_latency", "101\n" },
		{ "server_monitor_conn_id", "200\n" }, { "client_monitor_conn_id", "201\n" },
		/* There is no ring yet. */
		{ "out_intr_mask" }, { "out_read_index" }, { "out_write_index" },
		{ "out_read_bytes_avail" }, { "out_write_bytes_avail" },
		{ "in_intr_mask" }, { "in_read_index" }, { "in_write_index" },
		{ "in_read_bytes_avail" }, { "in_write_bytes_avail" },
	};

	fill_monitors();
	expect(test, read_device, files, ARRAY_SIZE(files));
}

static void files_of_an_open_device(struct kunit *test)
{
	static const struct expected_file files[] = {
		{ "state", "3\n" },
		{ "out_intr_mask", "0\n" }, { "out_read_index", "8\n" },
		{ "out_write_index", "64\n" }, { "out_read_bytes_avail", "56\n" },
		{ "out_write_bytes_avail", "4040\n" },
		{ "in_intr_mask", "1\n" }, { "in_read_index", "4088\n" },
		{ "in_write_index", "16\n" }, { "in_read_bytes_avail", "24\n" },
		{ "in_write_bytes_avail", "4072\n" },
	};
	struct vmbus_channel *channel = ((struct files *)test->priv)->channel;
	struct hv_ring_buffer *ring;

	KUNIT_ASSERT_EQ(test, vmbus_open(channel, 2 * PAGE_SIZE, 2 * PAGE_SIZE, NULL, 0, nothing,
					 NULL), 0);
	ring = channel->outbound.ring_buffer;
	ring->read_index = 8;
	ring->write_index = 64;
	ring = channel->inbound.ring_buffer;
	ring->interrupt_mask = 1;
	ring->read_index = 4088;
	ring->write_index = 16;
	expect(test, read_device, files, ARRAY_SIZE(files));
	vmbus_close(channel);
}

static void files_of_a_channel(struct kunit *test)
{
	static const struct expected_file files[] = {
		{ "out_mask" }, { "in_mask" }, { "read_avail" }, { "write_avail" },
		{ "interrupts", "0\n" }, { "events", "0\n" }, { "intr_in_full", "11\n" },
		{ "intr_out_empty", "12\n" }, { "out_full_first", "13\n" },
		{ "out_full_total", "14\n" }, { "subchannel_id", "0\n" },
		{ "monitor_id", "37\n" }, { "pending", "33\n" }, { "latency", "101\n" },
	};
	struct files *f = test->priv;
	struct vmbus_channel *channel = f->channel;

	channel->intr_in_full = 11;
	channel->intr_out_empty = 12;
	channel->out_full_first = 13;
	channel->out_full_total = 14;
	fill_monitors();
	expect(test, read_channel, files, ARRAY_SIZE(files));

	channel->target_cpu = 0;
	KUNIT_EXPECT_EQ(test, read_channel(test, "cpu"), (ssize_t)2);
	KUNIT_EXPECT_STREQ(test, f->text, "0\n");
}

static void files_of_an_open_channel(struct kunit *test)
{
	static const struct expected_file files[] = {
		{ "out_mask", "1\n" }, { "in_mask", "0\n" }, { "read_avail", "24\n" },
		{ "write_avail", "4040\n" }, { "events", "1\n" }, { "interrupts", "1\n" },
	};
	struct vmbus_channel *channel = ((struct files *)test->priv)->channel;
	struct hv_ring_buffer *ring;

	KUNIT_ASSERT_EQ(test, vmbus_open(channel, 2 * PAGE_SIZE, 2 * PAGE_SIZE, NULL, 0, nothing,
					 NULL), 0);
	vmbus_set_event(channel);
	fake_hv_event(0, RELID);
	ring = channel->outbound.ring_buffer;
	ring->interrupt_mask = 1;
	ring->read_index = 8;
	ring->write_index = 64;
	ring = channel->inbound.ring_buffer;
	ring->read_index = 4088;
	ring->write_index = 16;
	expect(test, read_channel, files, ARRAY_SIZE(files));
	vmbus_close(channel);
}

/* Files that are there only with a monitor. */
static void files_without_a_monitor(struct kunit *test)
{
	struct vmbus_channel *with = ((struct files *)test->priv)->channel;
	struct vmbus_channel *without = bus_offer(test, 8, &fake_nic, 8, 0);
	const struct attribute_group *device = vmbus_dev_groups[1];
	const struct attribute_group *channel = with->kobj.ktype->default_groups[1];

	KUNIT_EXPECT_EQ(test, device->is_visible(&with->device_obj->device.kobj,
						 device->attrs[0], 0), 0444);
	KUNIT_EXPECT_EQ(test, device->is_visible(&without->device_obj->device.kobj,
						 device->attrs[0], 0), 0);
	KUNIT_EXPECT_EQ(test, channel->is_visible(&with->kobj, channel->attrs[0], 0), 0444);
	KUNIT_EXPECT_EQ(test, channel->is_visible(&without->kobj, channel->attrs[0], 0), 0);
}

/* Every channel of the device and its CPU, a line each. */
static void files_list_channels(struct kunit *test)
{
	struct files *files = test->priv;

	bus_offer(test, 9, &fake_nic, 1, 1)->target_cpu = 0;
	files->channel->target_cpu = 0;
	KUNIT_EXPECT_EQ(test, read_device(test, "channel_vp_mapping"), (ssize_t)8);
	KUNIT_EXPECT_STREQ(test, files->text, "7:0\n9:0\n");
}

/* Somebody still has a device open whose channel has gone. */
static void files_of_a_device_without_channel(struct kunit *test)
{
	static const char *const names[] = {
		"id", "state", "class_id", "out_intr_mask", "in_write_bytes_avail",
		"channel_vp_mapping", "client_monitor_latency",
	};
	struct files *files = test->priv;
	struct hv_device *dev = files->channel->device_obj;
	unsigned int i;

	dev->channel = NULL;
	for (i = 0; i < ARRAY_SIZE(names); i++)
		KUNIT_EXPECT_EQ_MSG(test, read_device(test, names[i]), (ssize_t)-ENODEV, "%s",
				    names[i]);
	dev->channel = files->channel;
}

/* A channel's files are read or written as their mode says. */
static void files_refuse_the_other_way(struct kunit *test)
{
	struct vmbus_channel *channel = ((struct files *)test->priv)->channel;
	const struct kobj_type *type = channel->kobj.ktype;
	struct attribute *attr = find(type->default_groups, "interrupts");

	KUNIT_EXPECT_EQ(test, type->sysfs_ops->store(&channel->kobj, attr, "1", 1), (ssize_t)-EIO);
}

static struct vmbus_channel *seen_going;
static ssize_t seen_length;

/* A program reads a device's file while the bus takes the device away. */
static int read_of_going(struct notifier_block *nb, unsigned long action, void *data)
{
	struct attribute *attr = find(vmbus_dev_groups, "client_monitor_pending");
	char *text = (char *)get_zeroed_page(GFP_KERNEL);

	if (!text || action != BUS_NOTIFY_DEL_DEVICE || !vmbus_connection.monitor_pages[1])
		goto out;
	seen_going = device_to_hv_device((struct device *)data)->channel;
	seen_length = container_of(attr, struct device_attribute, attr)->show(data, NULL, text);
out:
	free_page((unsigned long)text);
	return NOTIFY_DONE;
}

static struct notifier_block going_notifier = { .notifier_call = read_of_going };

/* What the files show is there as long as they are, also when the bus is unloaded. */
static void files_of_a_device_that_goes(struct kunit *test)
{
	struct vmbus_channel *channel = ((struct files *)test->priv)->channel;

	seen_going = NULL;
	fill_monitors();
	KUNIT_ASSERT_EQ(test, bus_register_notifier(fake_machine.bus, &going_notifier), 0);
	bus_unload(test);
	KUNIT_EXPECT_PTR_EQ(test, seen_going, channel);
	/* "33\n" */
	KUNIT_EXPECT_EQ(test, seen_length, (ssize_t)3);
	KUNIT_EXPECT_NULL(test, vmbus_connection.monitor_pages[1]);
}

static void files_of_the_bus(struct kunit *test)
{
	struct files *files = test->priv;
	struct attribute *attr = find(fake_machine.bus->bus_groups, "hibernation");

	KUNIT_ASSERT_NOT_NULL(test, attr);
	KUNIT_EXPECT_EQ(test, container_of(attr, struct bus_attribute, attr)
			->show(fake_machine.bus, files->text), (ssize_t)2);
	KUNIT_EXPECT_TRUE(test, !strcmp(files->text, "0\n") || !strcmp(files->text, "1\n"));
}

static struct kunit_case files_cases[] = {
	KUNIT_CASE(files_of_a_device),
	KUNIT_CASE(files_of_an_open_device),
	KUNIT_CASE(files_of_a_channel),
	KUNIT_CASE(files_of_an_open_channel),
	KUNIT_CASE(files_without_a_monitor),
	KUNIT_CASE(files_list_channels),
	KUNIT_CASE(files_of_a_device_without_channel),
	KUNIT_CASE(files_refuse_the_other_way),
	KUNIT_CASE(files_of_a_device_that_goes),
	KUNIT_CASE(files_of_the_bus),
	{ }
};

struct kunit_suite files_suite = {
	.name = "hv-vmbus-files",
	.init = files_start,
	.exit = files_end,
	.test_cases = files_cases,
};
