// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: when received packets are given back to the host, and with how many signals.
 */
#include "../netvsc.h"
#include "suites.h"
#include "traffic.h"

#define FOREVER		(60 * HZ)	/* not within a test */
#define MANY		32u		/* frames that do not wait */

static struct netvsc_channel *channel_of(struct traffic *t)
{
	return t->s->channel[0];
}

/* Nothing of the device's beginnings is waiting, and nothing waits but for a reason. */
static int ack_init(struct kunit *test)
{
	int ret = traffic_start(test, NULL);
	struct traffic *t = test->priv;

	if (ret)
		return ret;
	t->s->ack_delay = FOREVER;
	timer_delete_sync(&channel_of(t)->retry);
	return 0;
}

/* A last time, for whom the test let wait for ever. */
static void ack_exit(struct kunit *test)
{
	struct traffic *t = test->priv;
	u32 i;

	if (t && t->up) {
		t->s->ack_delay = 0;
		for (i = 0; i < t->s->num_channels; i++)
			mod_timer(&t->s->channel[i]->retry, jiffies);
	}
	traffic_exit(test);
}

/* Frames that a channel has received, and the host has read all that it was sent. */
static void receive_on(struct kunit *test, u32 channel, u32 frames)
{
	struct traffic *t = test->priv;

	traffic_receive(test, channel, frames);
	napi_synchronize(&t->s->channel[channel]->napi);
	fake_read(t->host);
}

static void receive(struct kunit *test, u32 frames)
{
	receive_on(test, 0, frames);
}

/* One frame is given back with a message, and one signal tells of both. */
static void ack_goes_with_a_message(struct kunit *test)
{
	struct traffic *t = test->priv;
	u64 signals = t->ch->vmbus.intr_out_empty;
	u32 i;

	for (i = 1; i <= 3; i++) {
		receive(test, 1);
		KUNIT_EXPECT_EQ(test, t->host->acks, i - 1);
		KUNIT_EXPECT_FALSE(test, netvsc_rx_idle(channel_of(t)));
		KUNIT_EXPECT_EQ(test, t->ch->vmbus.intr_out_empty, signals + i - 1);

		KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false),
				NETDEV_TX_OK);
		KUNIT_EXPECT_EQ(test, t->host->num_sent, i);
		KUNIT_EXPECT_EQ(test, t->host->acks, i);
		KUNIT_EXPECT_EQ(test, t->host->last_ack, 0xabcdull);
		KUNIT_EXPECT_TRUE(test, netvsc_rx_idle(channel_of(t)));
		KUNIT_EXPECT_EQ(test, t->ch->vmbus.intr_out_empty, signals + i);
	}
	KUNIT_EXPECT_EQ(test, t->host->bad_acks, 0u);
}

/* Without a message, by the time. */
static void ack_by_the_time(struct kunit *test)
{
	struct traffic *t = test->priv;
	unsigned long began = jiffies;

	t->s->ack_delay = HZ / 2;
	receive(test, 1);
	KUNIT_EXPECT_TRUE(test, fake_wait((fake_read(t->host), t->host->acks == 1)));
	KUNIT_EXPECT_TRUE(test, time_after_eq(jiffies, began + HZ / 2));
	KUNIT_EXPECT_TRUE(test, netvsc_rx_idle(channel_of(t)));

	/* The time is that of the first one: others do not put it off. */
	began = jiffies;
	while (t->host->acks == 1 && time_before(jiffies, began + 3 * HZ / 2)) {
		receive(test, 1);
		msleep(60);
	}
	KUNIT_EXPECT_GT(test, t->host->acks, 1u);
	/* Not by their number. */
	KUNIT_EXPECT_LT(test, t->count, MANY);
}

/* The driver's own patience: no test changed it. */
static void ack_soon(struct kunit *test)
{
	struct traffic *t;

	ack_exit(test);
	test->priv = NULL;
	KUNIT_ASSERT_EQ(test, traffic_start(test, NULL), 0);
	t = test->priv;
	KUNIT_EXPECT_LE(test, t->s->ack_delay, (unsigned long)DIV_ROUND_UP(HZ, 50));
	receive(test, 1);
	KUNIT_EXPECT_TRUE(test, fake_wait((fake_read(t->host), t->host->acks == 1)));
}

/* Many frames are worth a signal, however many packets they came in. */
static void ack_many(struct kunit *test)
{
	static const u32 nowhere[2 * MANY] = { };
	struct traffic *t = test->priv;
	u64 signals = t->ch->vmbus.intr_out_empty;

	receive(test, MANY - 1);
	KUNIT_EXPECT_EQ(test, t->host->acks, 0u);
	receive(test, 1);
	KUNIT_EXPECT_EQ(test, t->host->acks, MANY);
	KUNIT_EXPECT_EQ(test, t->ch->vmbus.intr_out_empty, signals + 1);
	KUNIT_EXPECT_EQ(test, t->host->bad_acks, 0u);

	/* They are counted anew. */
	receive(test, MANY - 1);
	KUNIT_EXPECT_EQ(test, t->host->acks, MANY);
	receive(test, 1);
	KUNIT_EXPECT_EQ(test, t->host->acks, 2 * MANY);

	/* Ranges without a frame that makes sense are none the less the host's. */
	fake_ranges(t->ch, 1, nowhere, MANY);
	fake_kick(t->ch);
	KUNIT_EXPECT_TRUE(test, fake_wait((fake_read(t->host), t->host->bad_acks == 1)));
	KUNIT_EXPECT_EQ(test, t->host->acks, 2 * MANY + 1);
}

/* Where there are few sections, few may wait; of those that there are at least, none. */
static void ack_of_few_sections(struct kunit *test)
{
	static const struct {
		u32 sections, most;
	} cases[] = { { 16, 2 }, { 10, 1 }, { 7, 1 }, { 80, 10 } };
	struct traffic *t = test->priv;
	u32 sections = t->s->recv.sections, i, acks = 0;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		t->s->recv.sections = cases[i].sections;
		receive(test, cases[i].most - 1);
		KUNIT_EXPECT_EQ_MSG(test, t->host->acks, acks, "%u", cases[i].sections);
		receive(test, 1);
		acks += cases[i].most;
		KUNIT_EXPECT_EQ_MSG(test, t->host->acks, acks, "%u", cases[i].sections);
	}
	t->s->recv.sections = sections;
}

/* The sections are those of all channels: an eighth of 64 is eight, and two a channel. */
static void ack_of_shared_sections(struct kunit *test)
{
	u32 sections, acks = 0, i;
	struct traffic *t;

	ack_exit(test);
	test->priv = NULL;
	KUNIT_ASSERT_EQ(test, traffic_start(test, traffic_four_queues), 0);
	t = test->priv;
	KUNIT_ASSERT_EQ(test, t->s->num_channels, 4u);
	for (i = 0; i < 4; i++)
		KUNIT_ASSERT_TRUE(test, fake_wait(netvsc_rx_idle(t->s->channel[i])));
	fake_read(t->host);
	t->host->acks = 0;
	t->s->ack_delay = FOREVER;
	sections = t->s->recv.sections;
	t->s->recv.sections = 64;
	for (i = 0; i < 4; i++) {
		receive_on(test, i, 1);
		KUNIT_EXPECT_EQ_MSG(test, t->host->acks, acks, "%u", i);
		receive_on(test, i, 1);
		acks += 2;
		KUNIT_EXPECT_EQ_MSG(test, t->host->acks, acks, "%u", i);
	}
	/* Fewer than one a channel: none waits. */
	t->s->recv.sections = 31;
	receive_on(test, 1, 1);
	KUNIT_EXPECT_EQ(test, t->host->acks, acks + 1);
	t->s->recv.sections = sections;
}

/* A range of more than a section is as many as it takes; a frame that makes no sense, too. */
static void ack_of_long_ranges(struct kunit *test)
{
	static const struct {
		u32 len, sections;
	} cases[] = { { 0, 1 }, { 1728, 1 }, { 1729, 2 }, { 3456, 2 }, { 3457, 3 }, { ~0u, 1 } };
	struct traffic *t = test->priv;
	u32 sections = t->s->recv.sections, acks = 0, i;

	KUNIT_ASSERT_EQ(test, t->s->recv.section_size, 1728u);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u32 range[] = { cases[i].len, 0 };

		/* With one section more, it would wait for another frame. */
		t->s->recv.sections = 8 * (cases[i].sections + 1);
		fake_ranges(t->ch, 1, range, 1);
		fake_kick(t->ch);
		KUNIT_EXPECT_TRUE(test, fake_wait(!netvsc_rx_idle(channel_of(t))));
		napi_synchronize(&channel_of(t)->napi);
		fake_read(t->host);
		KUNIT_EXPECT_EQ_MSG(test, t->host->acks, acks, "%u", cases[i].len);
		receive(test, 1);
		acks += 2;
		KUNIT_EXPECT_EQ_MSG(test, t->host->acks, acks, "%u", cases[i].len);
	}
	t->s->recv.sections = sections;
}

/* A host that sends before it has told the layout of the buffer: nothing to divide by, none waits. */
static void ack_too_early(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct netvsc_buffer layout = t->s->recv;

	t->s->recv.section_size = 0;
	t->s->recv.sections = 0;
	receive(test, 3);
	KUNIT_EXPECT_EQ(test, t->host->acks, 3);
	t->s->recv.section_size = layout.section_size;
	t->s->recv.sections = layout.sections;
}

/* A device that the host took away: nobody waits for what can be given back no more. */
static void ack_to_nobody(struct kunit *test)
{
	struct traffic *t = test->priv;

	receive(test, 1);
	KUNIT_EXPECT_FALSE(test, netvsc_rx_idle(channel_of(t)));
	t->ch->vmbus.rescind = true;
	t->s->ack_delay = 0;
	mod_timer(&channel_of(t)->retry, jiffies);
	KUNIT_EXPECT_TRUE(test, fake_wait(netvsc_rx_idle(channel_of(t))));
	KUNIT_EXPECT_EQ(test, t->host->acks, 0u);
	traffic_end(t);
}

/* The end of the device does not wait for long, and leaves nothing. */
static void ack_before_the_end(struct kunit *test)
{
	struct traffic *t = test->priv;

	t->s->ack_delay = HZ / 5;
	receive(test, 3);
	KUNIT_EXPECT_EQ(test, t->host->acks, 0u);
	/* Another poll looks at the time that was changed. */
	mod_timer(&channel_of(t)->retry, jiffies);
	traffic_end(t);
	KUNIT_EXPECT_GE(test, t->host->acks, 3u);
	KUNIT_EXPECT_EQ(test, t->host->bad_acks, 0u);
}

/* A ring that has room for the message alone: the packet is given back when there is more. */
static void ack_without_room(struct kunit *test)
{
	struct traffic *t = test->priv;
	struct hv_ring_buffer_info *out = &t->ch->vmbus.outbound;
	u32 sent;

	t->host->hold = true;
	receive(test, 1);
	/* 64 bytes a message, 32 an acknowledgement, and the last byte stays free. */
	for (sent = 0; out->ring_datasize - hv_get_bytes_to_read(out) > 96 && sent < 200; sent++)
		KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false),
				NETDEV_TX_OK);
	KUNIT_ASSERT_EQ(test, out->ring_datasize - hv_get_bytes_to_read(out), 96u);
	receive(test, 1);
	KUNIT_EXPECT_EQ(test, traffic_send(t, traffic_skb(test, t, 60), false), NETDEV_TX_OK);
	KUNIT_EXPECT_EQ(test, out->ring_datasize - hv_get_bytes_to_read(out), 32u);
	KUNIT_EXPECT_FALSE(test, netvsc_rx_idle(channel_of(t)));

	t->host->hold = false;
	fake_read(t->host);
	KUNIT_EXPECT_EQ(test, t->host->num_sent, sent + 1);
	KUNIT_EXPECT_EQ(test, t->host->acks, 1u);
	t->s->ack_delay = 0;
	mod_timer(&channel_of(t)->retry, jiffies);
	KUNIT_EXPECT_TRUE(test, fake_wait((fake_read(t->host), t->host->acks == 2)));
	KUNIT_EXPECT_EQ(test, t->host->bad_acks, 0u);
	KUNIT_EXPECT_EQ(test, t->host->tampered, 0u);
}

static struct kunit_case rx_ack_cases[] = {
	KUNIT_CASE(ack_goes_with_a_message),
	KUNIT_CASE(ack_by_the_time),
	KUNIT_CASE(ack_soon),
	KUNIT_CASE(ack_many),
	KUNIT_CASE(ack_of_few_sections),
	KUNIT_CASE(ack_of_shared_sections),
	KUNIT_CASE(ack_of_long_ranges),
	KUNIT_CASE(ack_too_early),
	KUNIT_CASE(ack_to_nobody),
	KUNIT_CASE(ack_before_the_end),
	KUNIT_CASE(ack_without_room),
	{ }
};

struct kunit_suite rx_ack_suite = {
	.name = "hv-netvsc-rx-ack",
	.init = ack_init,
	.exit = ack_exit,
	.test_cases = rx_ack_cases,
};
