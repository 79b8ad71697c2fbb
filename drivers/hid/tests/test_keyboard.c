// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the keyboard's driver between a host, which greets well, refuses, is cut short or silent,
 * and a serio port, of which the suite is the listener.
 */
#include <linux/serio.h>
#include <linux/slab.h>

#include "fake_host.h"
#include "suites.h"

/* More than the waits for a silent host add up to. */
#define BOUND	(3 * HZ)

static const u8 accepted[] = { 2, 0, 0, 0, 1, 0, 0, 0 };
static const u8 refused[] = { 2, 0, 0, 0, 0, 0, 0, 0 };
static const u8 a_down[] = { 3, 0, 0, 0, 0x1e, 0, 0, 0, 0, 0, 0, 0 };
static const u8 a_up[] = { 3, 0, 0, 0, 0x1e, 0, 0, 0, 2, 0, 0, 0 };

/* The serio port and what came out of it. */
static struct serio *port;
static u8 typed[64];
static unsigned int num_typed;

void fake_serio_register_port(struct serio *serio, struct module *owner)
{
	port = serio;
}

void fake_serio_unregister_port(struct serio *serio)
{
	port = NULL;
	kfree(serio);
}

irqreturn_t fake_serio_interrupt(struct serio *serio, unsigned char byte, unsigned int flags)
{
	if (serio == port && num_typed < sizeof(typed))
		typed[num_typed++] = byte;
	return IRQ_HANDLED;
}

/* What a host says to the greeting, one message after the other. */
struct greeting {
	const u8 *says[3];
	u32 len[3];
	bool goes_away;
};

static const struct greeting good = { { accepted }, { sizeof(accepted) } };

static void greet(struct fake_host *host, const u8 *data, u32 len)
{
	const struct greeting *greeting = host->scratch;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(greeting->says) && greeting->says[i]; i++)
		fake_host_say(host, greeting->says[i], greeting->len[i]);
	fake_channel_kick(&host->channel);
	WRITE_ONCE(host->channel.vmbus.rescind, greeting->goes_away);
}

static struct fake_host *new_host(struct kunit *test, const struct greeting *greeting)
{
	struct fake_host *host = fake_host_new(test);

	host->on_message = greet;
	host->scratch = (void *)greeting;
	num_typed = 0;
	return host;
}

static int keyboard_init(struct kunit *test)
{
	int ret = fake_keyboard_load();

	if (!ret)
		test->priv = new_host(test, &good);
	return ret;
}

static void keyboard_exit(struct kunit *test)
{
	if (!test->priv)
		return;
	fake_host_free(test, test->priv);
	KUNIT_EXPECT_NULL(test, port);
	fake_keyboard_unload();
}

static void type(struct fake_host *host, const u8 *event)
{
	fake_host_say(host, event, 12);
	fake_channel_kick(&host->channel);
}

static void keyboard_comes_and_goes(struct kunit *test)
{
	static const u8 request[] = { 1, 0, 0, 0, 0, 0, 1, 0 };
	struct fake_host *host = test->priv;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	KUNIT_EXPECT_EQ(test, host->messages, 1u);
	KUNIT_EXPECT_EQ(test, host->last_len, (u32)sizeof(request));
	KUNIT_EXPECT_EQ(test, memcmp(host->last, request, sizeof(request)), 0);
	KUNIT_ASSERT_NOT_NULL(test, port);
	KUNIT_EXPECT_EQ(test, port->id.type, SERIO_8042_XL);
	KUNIT_EXPECT_STREQ(test, port->name, dev_name(&host->hv.device));
	KUNIT_EXPECT_PTR_EQ(test, port->dev.parent, &host->hv.device);

	/* Only to who listens. */
	type(host, a_down);
	KUNIT_EXPECT_EQ(test, num_typed, 0u);
	KUNIT_EXPECT_EQ(test, port->start(port), 0);
	type(host, a_down);
	KUNIT_EXPECT_EQ(test, num_typed, 1u);
	port->stop(port);
	type(host, a_up);
	KUNIT_EXPECT_EQ(test, num_typed, 1u);
	fake_host_remove(host);
	KUNIT_EXPECT_NULL(test, port);
}

static void keyboard_bytes(struct kunit *test)
{
	static const struct {
		u8 code, high, flags;
		u8 bytes[3];
		u8 num;
	} cases[] = {
		{ 0x1e, 0, 0, { 0x1e }, 1 }, { 0x1e, 0, 2, { 0x9e }, 1 },
		{ 0x1d, 0, 4, { 0xe0, 0x1d }, 2 }, { 0x1d, 0, 6, { 0xe0, 0x9d }, 2 },
		/* pause: e1 1d 45 e1 9d c5 */
		{ 0x1d, 0, 8, { 0xe1, 0x1d }, 2 }, { 0x45, 0, 0, { 0x45 }, 1 },
		{ 0x1d, 0, 10, { 0xe1, 0x9d }, 2 }, { 0x45, 0, 2, { 0xc5 }, 1 },
		{ 0x1d, 0, 12, { 0xe0, 0xe1, 0x1d }, 3 },
		{ 0x00, 0, 0, { 0x00 }, 1 }, { 0xff, 0, 0, { 0xff }, 1 },
		/* a character, which no key types; a code that is none */
		{ 0xac, 0x20, 1, { }, 0 }, { 0x1e, 0, 1, { }, 0 }, { 0x1e, 1, 0, { }, 0 },
	};
	struct fake_host *host = test->priv;
	u8 all[64], num = 0;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	port->start(port);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u8 event[12] = { 3, 0, 0, 0, cases[i].code, cases[i].high, 0, 0,
				       cases[i].flags };

		num_typed = 0;
		type(host, event);
		KUNIT_EXPECT_EQ_MSG(test, num_typed, (unsigned int)cases[i].num, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, memcmp(typed, cases[i].bytes, cases[i].num), 0,
				    "case %u", i);
		memcpy(all + num, cases[i].bytes, cases[i].num);
		num += cases[i].num;
	}
	/* All with one interrupt: in their order. */
	num_typed = 0;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u8 event[12] = { 3, 0, 0, 0, cases[i].code, cases[i].high, 0, 0,
				       cases[i].flags };

		fake_host_say(host, event, sizeof(event));
	}
	fake_channel_kick(&host->channel);
	KUNIT_EXPECT_EQ(test, num_typed, (unsigned int)num);
	KUNIT_EXPECT_EQ(test, memcmp(typed, all, num), 0);
	port->stop(port);
}

/* More events than one callback takes. */
static void keyboard_flood(struct kunit *test)
{
	struct fake_host *host = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	port->start(port);
	for (i = 0; i < 300; i++)
		fake_host_say(host, a_down, sizeof(a_down));
	fake_host_say(host, a_up, sizeof(a_up));
	fake_channel_kick(&host->channel);
	KUNIT_EXPECT_EQ(test, num_typed, (unsigned int)sizeof(typed));
	num_typed = 0;
	type(host, a_up);
	KUNIT_EXPECT_EQ(test, num_typed, 1u);
	KUNIT_EXPECT_EQ(test, typed[0], 0x9e);
}

/* A key that goes down wakes the system, also when nobody listens yet; one that goes up does not. */
static void keyboard_wakes(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct wakeup_source *source;

	if (!IS_ENABLED(CONFIG_PM_SLEEP))
		kunit_skip(test, "no sleep");
	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	KUNIT_EXPECT_TRUE(test, device_may_wakeup(&host->hv.device));
#ifdef CONFIG_PM_SLEEP
	source = host->hv.device.power.wakeup;
	KUNIT_ASSERT_NOT_NULL(test, source);
	KUNIT_EXPECT_EQ(test, source->event_count, 0ul);
	type(host, a_down);
	KUNIT_EXPECT_EQ(test, source->event_count, 1ul);
	type(host, a_up);
	KUNIT_EXPECT_EQ(test, source->event_count, 1ul);
	port->start(port);
	type(host, a_down);
	KUNIT_EXPECT_EQ(test, source->event_count, 2ul);
#endif
	fake_host_remove(host);
	KUNIT_EXPECT_FALSE(test, device_may_wakeup(&host->hv.device));
}

static void keyboard_refused(struct kunit *test)
{
	static const u8 nonsense[12] = { 0xff, 0xff, 0xff, 0xff };
	static const struct {
		const char *what;
		struct greeting greeting;
		int open_error, send_error, ret;
	} cases[] = {
		{ "refused", { { refused }, { 8 } }, 0, 0, -ENODEV },
		{ "not answered", { }, 0, 0, -ETIMEDOUT },
		{ "cut short", { { accepted }, { 0 } }, 0, 0, -ETIMEDOUT },
		{ "answered with a key", { { a_down }, { 12 } }, 0, 0, -ETIMEDOUT },
		{ "answered with nonsense", { { nonsense }, { 12 } }, 0, 0, -ETIMEDOUT },
		{ "taken away", { .goes_away = true }, 0, 0, -ENODEV },
		{ "no channel", { }, -EINVAL, 0, -EINVAL },
		{ "no room", { }, 0, -EAGAIN, -EAGAIN },
		{ "answered after noise", { { a_down, nonsense, accepted }, { 12, 12, 8 } },
		  0, 0, 0 },
		{ "answered twice", { { accepted, refused }, { 8, 8 } }, 0, 0, 0 },
		{ "answered at length", { { accepted }, { sizeof(accepted) } }, 0, 0, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = new_host(test, &cases[i].greeting);
		unsigned long start = jiffies;

		host->channel.open_error = cases[i].open_error;
		host->send_error = cases[i].send_error;
		KUNIT_EXPECT_EQ_MSG(test, fake_host_probe(host), cases[i].ret, "%s",
				    cases[i].what);
		KUNIT_EXPECT_TRUE_MSG(test, time_before(jiffies, start + BOUND), "%s",
				      cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, !port, !!cases[i].ret, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, host->channel.open, !cases[i].ret, "%s", cases[i].what);
		fake_host_free(test, host);
	}
}

/* What is no message is not looked at; a word about the version that nobody waits for neither. */
static void keyboard_other_packets(struct kunit *test)
{
	static const u8 longest[256] = { 3, 0, 0, 0, 0x1e }, longer[264] = { 3, 0, 0, 0, 0x1f };
	struct fake_host *host = test->priv;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	port->start(port);
	fake_channel_packet(&host->channel, VM_PKT_COMP, 1, a_down, sizeof(a_down));
	fake_channel_packet(&host->channel, VM_PKT_DATA_USING_XFER_PAGES, 1, a_down,
			    sizeof(a_down));
	fake_host_say(host, refused, sizeof(refused));
	fake_host_say(host, a_down, 8);
	fake_host_say(host, a_down, 0);
	fake_channel_kick(&host->channel);
	KUNIT_EXPECT_EQ(test, num_typed, 0u);
	/* What follows a message in its packet does not matter. */
	fake_host_say(host, longest, sizeof(longest));
	fake_host_say(host, longer, sizeof(longer));
	fake_channel_kick(&host->channel);
	KUNIT_EXPECT_EQ(test, num_typed, 2u);
	KUNIT_EXPECT_EQ(test, typed[0], 0x1e);
	KUNIT_EXPECT_EQ(test, typed[1], 0x1f);
}

/* A ring that the host has broken is emptied, and used again. */
static void keyboard_broken_ring(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct hv_ring_buffer *ring;
	u32 write;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	port->start(port);
	ring = host->channel.vmbus.inbound.ring_buffer;
	write = ring->write_index;
	fake_host_say(host, a_down, sizeof(a_down));
	/* A packet of no length. */
	memset(hv_get_ring_buffer(&host->channel.vmbus.inbound) + write, 0, 16);
	fake_channel_kick(&host->channel);
	KUNIT_EXPECT_EQ(test, num_typed, 0u);
	KUNIT_EXPECT_EQ(test, ring->read_index, ring->write_index);
	type(host, a_up);
	KUNIT_EXPECT_EQ(test, num_typed, 1u);
}

static void keyboard_sleeps(struct kunit *test)
{
	static const struct greeting no = { { refused }, { sizeof(refused) } }, silent;
	struct fake_host *host = test->priv;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host), 0);
	port->start(port);
	KUNIT_EXPECT_EQ(test, fake_host_suspend(host), 0);
	KUNIT_EXPECT_FALSE(test, host->channel.open);
	KUNIT_EXPECT_EQ(test, fake_host_resume(host), 0);
	KUNIT_EXPECT_EQ(test, host->messages, 2u);
	type(host, a_down);
	KUNIT_EXPECT_EQ(test, num_typed, 1u);

	/* A host that has changed its mind: there is no channel, and the port stays. */
	KUNIT_EXPECT_EQ(test, fake_host_suspend(host), 0);
	host->scratch = (void *)&no;
	KUNIT_EXPECT_EQ(test, fake_host_resume(host), -ENODEV);
	KUNIT_EXPECT_FALSE(test, host->channel.open);
	host->scratch = (void *)&silent;
	KUNIT_EXPECT_EQ(test, fake_host_resume(host), -ETIMEDOUT);
	host->scratch = (void *)&good;
	KUNIT_EXPECT_EQ(test, fake_host_resume(host), 0);
	type(host, a_up);
	KUNIT_EXPECT_EQ(test, num_typed, 2u);
	KUNIT_EXPECT_EQ(test, fake_host_suspend(host), 0);
	fake_host_remove(host);
}

static struct kunit_case keyboard_cases[] = {
	KUNIT_CASE(keyboard_comes_and_goes),
	KUNIT_CASE(keyboard_bytes),
	KUNIT_CASE(keyboard_flood),
	KUNIT_CASE(keyboard_wakes),
	KUNIT_CASE(keyboard_refused),
	KUNIT_CASE(keyboard_other_packets),
	KUNIT_CASE(keyboard_broken_ring),
	KUNIT_CASE(keyboard_sleeps),
	{}
};

struct kunit_suite keyboard_suite = {
	.name = "hyperv-keyboard-device",
	.init = keyboard_init,
	.exit = keyboard_exit,
	.test_cases = keyboard_cases,
};
