// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the mouse's driver between a host, which describes a mouse well, badly or not at all, and
 * the kernel's HID and input layers, of which the suite sees the events.
 */
#include <linux/hid.h>
#include <linux/input.h>
#include <linux/slab.h>

#include "fake_host.h"
#include "mouse_bytes.h"
#include "suites.h"

/* More than the waits for a silent host add up to. */
#define BOUND	(3 * HZ)

static const u8 approved[] = { PIPE(13), HEADER(1, 5), 0, 0, 2, 0, 1 };
static const u8 refused[] = { PIPE(13), HEADER(1, 5), 0, 0, 2, 0, 0 };

/* HID 1.11, E.10: three buttons and two axes, as three bytes. */
static const u8 mouse_desc[] = {
	0x05, 0x01, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x01, 0xa1, 0x00, 0x05, 0x09, 0x19, 0x01, 0x29,
	0x03, 0x15, 0x00, 0x25, 0x01, 0x95, 0x03, 0x75, 0x01, 0x81, 0x02, 0x95, 0x01, 0x75, 0x05,
	0x81, 0x01, 0x05, 0x01, 0x09, 0x30, 0x09, 0x31, 0x15, 0x81, 0x25, 0x7f, 0x75, 0x08, 0x95,
	0x02, 0x81, 0x06, 0xc0, 0xc0,
};

/* ---- the input layer's end ---- */

static struct seen {
	struct input_dev *dev;		/* the mouse */
	unsigned int events;
	int x, y, left;
} seen;

static void on_event(struct input_handle *handle, unsigned int type, unsigned int code, int value)
{
	if (type == EV_SYN)
		return;
	seen.events++;
	if (type == EV_REL && code == REL_X)
		seen.x += value;
	if (type == EV_REL && code == REL_Y)
		seen.y += value;
	if (type == EV_KEY && code == BTN_LEFT)
		seen.left = value;
}

static int on_connect(struct input_handler *handler, struct input_dev *dev,
		      const struct input_device_id *id)
{
	struct input_handle *handle = kzalloc(sizeof(*handle), GFP_KERNEL);
	int ret;

	if (!handle)
		return -ENOMEM;
	handle->dev = dev;
	handle->handler = handler;
	handle->name = "hvic-kunit";
	ret = input_register_handle(handle);
	if (!ret) {
		ret = input_open_device(handle);
		if (ret)
			input_unregister_handle(handle);
	}
	if (ret)
		kfree(handle);
	else
		seen.dev = dev;
	return ret;
}

static void on_disconnect(struct input_handle *handle)
{
	seen.dev = NULL;
	input_close_device(handle);
	input_unregister_handle(handle);
	kfree(handle);
}

static const struct input_device_id ids[] = {
	{
		.flags = INPUT_DEVICE_ID_MATCH_BUS | INPUT_DEVICE_ID_MATCH_VENDOR |
			 INPUT_DEVICE_ID_MATCH_PRODUCT | INPUT_DEVICE_ID_MATCH_VERSION,
		.bustype = BUS_VIRTUAL, .vendor = 0x045e, .product = 0x0621,
		.version = 0x1234,	/* which the machine's own has not */
	},
	{ }
};

static struct input_handler listener = {
	.name = "hvic-kunit",
	.id_table = ids,
	.event = on_event,
	.connect = on_connect,
	.disconnect = on_disconnect,
};

/* ---- the host's end ---- */

/* What the host says of its mouse. */
struct mouse {
	const u8 *response;
	u32 response_len;
	u8 *info;			/* not the constant's: it is built for each test */
	u32 info_len;
	bool info_first, goes_away;
};

static void greet(struct fake_host *host, const u8 *data, u32 len)
{
	const struct mouse *mouse = host->scratch;

	if (data[8] != 0)
		return;			/* that it got the description */
	if (mouse->info_first)
		fake_host_say(host, mouse->info, mouse->info_len);
	if (mouse->response)
		fake_host_say(host, mouse->response, mouse->response_len);
	if (mouse->info && !mouse->info_first)
		fake_host_say(host, mouse->info, mouse->info_len);
	WRITE_ONCE(host->channel.vmbus.rescind, mouse->goes_away);
}

/* The driver is in the middle of sending: its interrupt comes a little later. */
struct interrupt {
	struct delayed_work work;
	struct fake_host *host;
};

static void interrupt_work(struct work_struct *work)
{
	struct interrupt *interrupt = container_of(work, struct interrupt, work.work);

	fake_channel_kick(&interrupt->host->channel);
}

static int probe(struct fake_host *host)
{
	struct interrupt interrupt = { .host = host };
	int ret;

	INIT_DELAYED_WORK_ONSTACK(&interrupt.work, interrupt_work);
	schedule_delayed_work(&interrupt.work, HZ / 10);
	ret = host->driver ? fake_host_resume(host) : fake_host_probe(host);
	cancel_delayed_work_sync(&interrupt.work);
	destroy_delayed_work_on_stack(&interrupt.work);
	return ret;
}

static u8 *info_of(struct kunit *test, const u8 *desc, u32 desc_len, u32 *len)
{
	static const u8 head[] = {
		HEADER(2, 0), 32, 0, 0, 0, 0x5e, 0x04, 0x21, 0x06, 0x34, 0x12,
		[8 + 32] = 9, 0x21, 1, 1, 0, 1, 0x22,
	};
	u8 *info = kunit_kzalloc(test, INFO_REPORT_AT + desc_len, GFP_KERNEL);
	const u8 pipe[] = { PIPE((INFO_REPORT_AT - 8 + desc_len) & 0xffff) };

	KUNIT_ASSERT_NOT_NULL(test, info);
	memcpy(info, pipe, sizeof(pipe));
	info[6] = (INFO_REPORT_AT - 8 + desc_len) >> 16;
	memcpy(info + 8, head, sizeof(head));
	info[INFO_REPORT_LEN_AT] = desc_len;
	info[INFO_REPORT_LEN_AT + 1] = desc_len >> 8;
	memcpy(info + INFO_REPORT_AT, desc, desc_len);
	*len = INFO_REPORT_AT + desc_len;
	return info;
}

static void good_mouse(struct kunit *test, struct mouse *mouse)
{
	*mouse = (struct mouse) { .response = approved, .response_len = sizeof(approved) };
	mouse->info = info_of(test, mouse_desc, sizeof(mouse_desc), &mouse->info_len);
}

static struct fake_host *new_host(struct kunit *test, struct mouse *mouse)
{
	struct fake_host *host = fake_host_new(test);

	host->on_message = greet;
	host->scratch = mouse;
	seen.events = 0;
	seen.x = 0;
	seen.y = 0;
	seen.left = 0;
	return host;
}

static void report(struct fake_host *host, const u8 *data, u32 len)
{
	u8 message[64] = { PIPE(8 + len), HEADER(4, len) };

	memcpy(message + 16, data, len);
	fake_host_say(host, message, 16 + len);
	fake_channel_kick(&host->channel);
}

static int mouse_init(struct kunit *test)
{
	struct mouse *mouse = kunit_kzalloc(test, sizeof(*mouse), GFP_KERNEL);
	int ret;

	KUNIT_ASSERT_NOT_NULL(test, mouse);
	ret = input_register_handler(&listener);
	if (ret)
		return ret;
	ret = fake_mouse_load();
	if (ret)
		return ret;
	good_mouse(test, mouse);
	test->priv = new_host(test, mouse);
	return 0;
}

static void mouse_exit(struct kunit *test)
{
	if (!test->priv)
		return;
	fake_host_free(test, test->priv);
	KUNIT_EXPECT_NULL(test, seen.dev);
	fake_mouse_unload();
	input_unregister_handler(&listener);
}

static void mouse_comes_and_goes(struct kunit *test)
{
	static const u8 ack[] = { PIPE(9), HEADER(3, 1), 0 };
	static const u8 moves[] = { 0x01, 5, 0xfd };	/* the left button, 5, -3 */
	struct fake_host *host = test->priv;

	KUNIT_ASSERT_EQ(test, probe(host), 0);
	KUNIT_EXPECT_EQ(test, host->messages, 2u);
	KUNIT_EXPECT_EQ(test, host->last_len, (u32)sizeof(ack));
	KUNIT_EXPECT_EQ(test, memcmp(host->last, ack, sizeof(ack)), 0);
	KUNIT_ASSERT_NOT_NULL(test, seen.dev);
	KUNIT_EXPECT_STREQ(test, seen.dev->name, "Microsoft Vmbus HID-compliant Mouse");
	KUNIT_EXPECT_EQ(test, seen.dev->id.version, 0x1234);
	KUNIT_EXPECT_TRUE(test, test_bit(BTN_MIDDLE, seen.dev->keybit));
	KUNIT_EXPECT_TRUE(test, test_bit(REL_Y, seen.dev->relbit));
	KUNIT_EXPECT_TRUE(test, device_may_wakeup(&host->hv.device));

	report(host, moves, sizeof(moves));
	KUNIT_EXPECT_EQ(test, seen.x, 5);
	KUNIT_EXPECT_EQ(test, seen.y, -3);
	KUNIT_EXPECT_EQ(test, seen.left, 1);
	fake_host_remove(host);
	KUNIT_EXPECT_NULL(test, seen.dev);
	KUNIT_EXPECT_FALSE(test, device_may_wakeup(&host->hv.device));
}

static void mouse_refused(struct kunit *test)
{
	static const u8 empty_response[] = { PIPE(8), HEADER(1, 0) };
	static const struct {
		const char *what;
		const u8 *response;
		u32 response_len;
		/* of the description: nothing (0), good (-1), or its byte at an offset changed */
		int at;
		u8 byte;
		int ret;
	} cases[] = {
		{ "refused", refused, sizeof(refused), -1, 0, -ENODEV },
		{ "no answer", NULL, 0, 0, 0, -ETIMEDOUT },
		{ "a description without an answer", NULL, 0, -1, 0, -ETIMEDOUT },
		{ "an answer cut short", empty_response, sizeof(empty_response), -1, 0, -EBADMSG },
		{ "a head cut short", approved, 8, -1, 0, -ETIMEDOUT },
		{ "no description", approved, sizeof(approved), 0, 0, -ETIMEDOUT },
		{ "a descriptor of no length", approved, sizeof(approved), INFO_LENGTH_AT, 0,
		  -EBADMSG },
		{ "a descriptor longer than the message", approved, sizeof(approved),
		  INFO_LENGTH_AT, 0xff, -EBADMSG },
		{ "no report descriptor", approved, sizeof(approved), INFO_REPORT_LEN_AT, 0,
		  -EBADMSG },
		{ "a report descriptor cut short", approved, sizeof(approved), INFO_REPORT_LEN_AT,
		  sizeof(mouse_desc) + 7, -EBADMSG },
		{ "a huge report descriptor cut short", approved, sizeof(approved),
		  INFO_REPORT_LEN_AT + 1, 0xff, -EBADMSG },
		{ "another kind of message", approved, sizeof(approved), 8, 3, -ETIMEDOUT },
		{ "part of a message", approved, sizeof(approved), 0, 2, -ETIMEDOUT },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mouse mouse;
		struct fake_host *host = new_host(test, &mouse);
		unsigned long start = jiffies;

		good_mouse(test, &mouse);
		mouse.response = cases[i].response;
		mouse.response_len = cases[i].response_len;
		if (cases[i].at > 0 || cases[i].byte)
			mouse.info[cases[i].at] = cases[i].byte;
		else if (!cases[i].at)
			mouse.info = NULL;
		KUNIT_EXPECT_EQ_MSG(test, probe(host), cases[i].ret, "%s", cases[i].what);
		KUNIT_EXPECT_TRUE_MSG(test, time_before(jiffies, start + BOUND), "%s",
				      cases[i].what);
		KUNIT_EXPECT_NULL(test, seen.dev);
		fake_host_free(test, host);
	}
}

static void mouse_without_bus(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct mouse *mouse = host->scratch;

	host->channel.open_error = -ENODEV;
	KUNIT_EXPECT_EQ(test, probe(host), -ENODEV);
	host->channel.open_error = 0;
	/* The bus does not take the driver, and then it does. */
	fake_mouse_unload();
	fake_register_error = -EBUSY;
	KUNIT_EXPECT_EQ(test, fake_mouse_load(), -EBUSY);
	fake_register_error = 0;
	KUNIT_EXPECT_EQ(test, fake_mouse_load(), 0);
	/* The request cannot be sent; then what the guest says to the description. */
	host->send_error = -EAGAIN;
	KUNIT_EXPECT_EQ(test, probe(host), -EAGAIN);
	host->send_errors_after = 1;
	KUNIT_EXPECT_EQ(test, probe(host), -EAGAIN);
	host->send_error = 0;
	mouse->goes_away = true;
	mouse->response = NULL;
	KUNIT_EXPECT_EQ(test, probe(host), -ENODEV);
	KUNIT_EXPECT_FALSE(test, host->channel.open);
	mouse->goes_away = false;
	mouse->response = approved;
	KUNIT_EXPECT_EQ(test, probe(host), 0);
}

/* A mouse behind items that say nothing: what is lost of the descriptor is lost of the mouse. */
static u8 *padded(struct kunit *test, u32 len)
{
	u8 *desc = kunit_kzalloc(test, len, GFP_KERNEL);
	u32 at = 0, pad = len - sizeof(mouse_desc);

	KUNIT_ASSERT_NOT_NULL(test, desc);
	if (pad & 1)
		desc[at++] = 0x04;	/* usage page, without data */
	for (; at < pad; at += 2) {
		desc[at] = 0x05;
		desc[at + 1] = 0x01;
	}
	memcpy(desc + pad, mouse_desc, sizeof(mouse_desc));
	return desc;
}

static void mouse_descriptors(struct kunit *test)
{
	/* As it is; about a page, as the in-tree bus copies; Linux's usual bound; the protocol's. */
	static const u32 sizes[] = {
		sizeof(mouse_desc), sizeof(mouse_desc) + 1, 4022, 4023, 4024, HID_MAX_DESCRIPTOR_SIZE,
		HID_MAX_DESCRIPTOR_SIZE + 1, 32768, 65534, 65535,
	};
	static const u8 moves[] = { 0, 1, 1 };
	/* Of no input device: a vendor's own, and what is no descriptor. */
	static const u8 vendor[] = {
		0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x09, 0x02, 0x75, 0x08, 0x95, 0x02, 0x81,
		0x02, 0xc0,
	};
	struct fake_host *host = test->priv;
	struct mouse *mouse = host->scratch;
	u8 nonsense = 0xfe;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		u8 *desc = padded(test, sizes[i]);

		mouse->info = info_of(test, desc, sizes[i], &mouse->info_len);
		KUNIT_ASSERT_EQ_MSG(test, probe(host), 0, "%u bytes", sizes[i]);
		KUNIT_EXPECT_NOT_NULL_MSG(test, seen.dev, "%u bytes", sizes[i]);
		seen.x = 0;
		report(host, moves, sizeof(moves));
		KUNIT_EXPECT_EQ_MSG(test, seen.x, 1, "%u bytes", sizes[i]);
		fake_host_remove(host);
	}

	mouse->info = info_of(test, vendor, sizeof(vendor), &mouse->info_len);
	KUNIT_EXPECT_EQ(test, probe(host), 0);
	KUNIT_EXPECT_NULL(test, seen.dev);
	report(host, moves, 2);
	fake_host_remove(host);
	/* What HID does not understand is a device without a driver. */
	mouse->info = info_of(test, &nonsense, 1, &mouse->info_len);
	KUNIT_EXPECT_EQ(test, probe(host), 0);
	KUNIT_EXPECT_NULL(test, seen.dev);
	report(host, moves, sizeof(moves));
	KUNIT_EXPECT_EQ(test, seen.x, 1);
}

static void mouse_reports(struct kunit *test)
{
	static const u8 moves[] = { 0, 2, 3, 99, 99 };
	static const u8 lies[] = { PIPE(11), HEADER(4, 4), 1, 1, 1, 0, 0, 0, 0, 0 };
	static const u8 empty[] = { PIPE(8), HEADER(4, 0) };
	static const u8 unknown[] = { PIPE(11), HEADER(5, 3), 1, 1, 1, 0, 0, 0, 0, 0 };
	struct fake_host *host = test->priv;
	struct mouse *mouse = host->scratch;
	u8 *longest = kunit_kzalloc(test, 16 + HID_MAX_BUFFER_SIZE + 8, GFP_KERNEL);
	const u8 head[] = { PIPE(8 + HID_MAX_BUFFER_SIZE), HEADER(4, HID_MAX_BUFFER_SIZE), 0, 7 };
	unsigned int events;

	KUNIT_ASSERT_NOT_NULL(test, longest);
	KUNIT_ASSERT_EQ(test, probe(host), 0);
	/* longer than the descriptor says; shorter, which HID fills with zeros or drops */
	report(host, moves, 5);
	KUNIT_EXPECT_EQ(test, seen.x, 2);
	KUNIT_EXPECT_EQ(test, seen.y, 3);
	report(host, moves, 2);
	KUNIT_EXPECT_EQ(test, seen.y, 3);
	seen.x = 0;
	memcpy(longest, head, sizeof(head));
	fake_host_say(host, longest, 16 + HID_MAX_BUFFER_SIZE);
	fake_channel_kick(&host->channel);
	KUNIT_EXPECT_EQ(test, seen.x, 7);

	/* What is no report; words that nobody waits for. */
	events = seen.events;
	fake_host_say(host, lies, sizeof(lies));
	fake_host_say(host, empty, sizeof(empty));
	fake_host_say(host, unknown, sizeof(unknown));
	fake_host_say(host, unknown, 8);
	fake_host_say(host, refused, sizeof(refused));
	fake_host_say(host, mouse->info, mouse->info_len);
	/* one byte more than HID takes, and more than the driver has room for */
	longest[4] = (8 + HID_MAX_BUFFER_SIZE + 1) & 0xff;
	longest[12] = (HID_MAX_BUFFER_SIZE + 1) & 0xff;
	fake_host_say(host, longest, 16 + HID_MAX_BUFFER_SIZE + 8);
	fake_channel_packet(&host->channel, VM_PKT_COMP, 1, longest, 64);
	fake_channel_kick(&host->channel);
	KUNIT_EXPECT_EQ(test, seen.events, events);
	KUNIT_EXPECT_EQ(test, host->messages, 2u);
	report(host, moves, 3);
	KUNIT_EXPECT_EQ(test, seen.x, 9);
}

/* Reports before there is a mouse, answers that come twice. */
static void mouse_noise(struct kunit *test)
{
	static const u8 noisy[] = {
		PIPE(13), HEADER(1, 5), 0, 0, 2, 0, 1, 0, 0, 0,
	};
	struct fake_host *host = test->priv;
	struct mouse *mouse = host->scratch;

	/* The description comes before it is due, and again when it is. */
	mouse->response = noisy;
	mouse->response_len = sizeof(noisy);
	mouse->info_first = true;
	KUNIT_EXPECT_EQ(test, probe(host), -ETIMEDOUT);
	mouse->info_first = false;
	KUNIT_EXPECT_EQ(test, probe(host), 0);
	KUNIT_EXPECT_NOT_NULL(test, seen.dev);
	fake_host_say(host, approved, sizeof(approved));
	fake_channel_kick(&host->channel);
}

static void mouse_sleeps(struct kunit *test)
{
	static const u8 moves[] = { 0, 1, 1 };
	struct fake_host *host = test->priv;
	struct mouse *mouse = host->scratch;
	u8 other[sizeof(mouse_desc)];

	KUNIT_ASSERT_EQ(test, probe(host), 0);
	KUNIT_EXPECT_EQ(test, fake_host_suspend(host), 0);
	KUNIT_EXPECT_FALSE(test, host->channel.open);
	KUNIT_EXPECT_EQ(test, probe(host), 0);
	KUNIT_EXPECT_EQ(test, host->messages, 4u);
	report(host, moves, sizeof(moves));
	KUNIT_EXPECT_EQ(test, seen.x, 1);

	/* Described differently: of the mouse that is there nothing changes. */
	KUNIT_EXPECT_EQ(test, fake_host_suspend(host), 0);
	memcpy(other, mouse_desc, sizeof(other));
	other[15] = 5;			/* buttons */
	mouse->info = info_of(test, other, sizeof(other), &mouse->info_len);
	KUNIT_EXPECT_EQ(test, probe(host), 0);
	report(host, moves, sizeof(moves));
	KUNIT_EXPECT_EQ(test, seen.x, 2);

	/* Refused: no channel, and the mouse stays until it is removed. */
	KUNIT_EXPECT_EQ(test, fake_host_suspend(host), 0);
	mouse->response = refused;
	KUNIT_EXPECT_EQ(test, probe(host), -ENODEV);
	KUNIT_EXPECT_FALSE(test, host->channel.open);
	KUNIT_EXPECT_NOT_NULL(test, seen.dev);
	fake_host_remove(host);
	KUNIT_EXPECT_NULL(test, seen.dev);
}

/* A report wakes the system, once there is a mouse; what else the host says does not. */
static void mouse_wakes(struct kunit *test)
{
	struct fake_host *host = test->priv;

	if (!IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "no sleep");
	KUNIT_ASSERT_EQ(test, probe(host), 0);
#ifdef CONFIG_PM_SLEEP
	{
		static const u8 moves[] = { 0, 1, 1 };
		struct wakeup_source *source = host->hv.device.power.wakeup;

		KUNIT_ASSERT_NOT_NULL(test, source);
		KUNIT_EXPECT_EQ(test, source->event_count, 0ul);
		report(host, moves, sizeof(moves));
		KUNIT_EXPECT_EQ(test, source->event_count, 1ul);
		fake_host_say(host, approved, sizeof(approved));
		fake_channel_kick(&host->channel);
		KUNIT_EXPECT_EQ(test, source->event_count, 1ul);
	}
#endif
	fake_host_remove(host);
	KUNIT_EXPECT_FALSE(test, device_may_wakeup(&host->hv.device));
}

static void mouse_raw_requests(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct hid_device *hid;
	u8 *buf = kunit_kzalloc(test, 8, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test, probe(host), 0);
	KUNIT_ASSERT_NOT_NULL(test, seen.dev);
	/* The protocol has no such thing, and nothing goes to the host. */
	hid = input_get_drvdata(seen.dev);
	KUNIT_EXPECT_EQ(test, hid_hw_raw_request(hid, 0, buf, 3, HID_INPUT_REPORT,
						 HID_REQ_GET_REPORT), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, host->messages, 2u);
	KUNIT_EXPECT_EQ(test, !!(hid->claimed & HID_CLAIMED_HIDRAW), IS_ENABLED(CONFIG_HIDRAW));
}

static struct kunit_case mouse_cases[] = {
	KUNIT_CASE(mouse_comes_and_goes),
	KUNIT_CASE(mouse_refused),
	KUNIT_CASE(mouse_without_bus),
	KUNIT_CASE(mouse_descriptors),
	KUNIT_CASE(mouse_reports),
	KUNIT_CASE(mouse_noise),
	KUNIT_CASE(mouse_sleeps),
	KUNIT_CASE(mouse_wakes),
	KUNIT_CASE(mouse_raw_requests),
	{}
};

struct kunit_suite mouse_suite = {
	.name = "hid-hyperv-device",
	.init = mouse_init,
	.exit = mouse_exit,
	.test_cases = mouse_cases,
};
