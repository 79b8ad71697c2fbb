// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: interrupts. Message slots with anything in them, on any CPU, one behind the other; event
 * flags of channels that are open, closed, or nobody's; callbacks in each of their modes.
 */
#include <linux/delay.h>

#include "fixture.h"

/* Hypervisor's message type of an expired timer; it shares the slot. */
#define TIMER_EXPIRED	0x80000010

static unsigned int ends(void)
{
	return atomic_read(&fake_hv.ends);
}

/* Each slot is freed, whatever it held, and the bus goes on. */
static void message_slots_are_freed(struct kunit *test)
{
	static const struct {
		u32 type;
		u8 len;
		u32 words[3];
	} slots[] = {
		{ 1, 0, { } },				/* no header */
		{ 1, 7, { 4 } },
		{ 1, 8, { 0 } },			/* no such message */
		{ 1, 8, { 18 } }, { 1, 8, { 29 } }, { 1, 8, { 30 } },
		{ 1, 8, { 0x7fffffff } }, { 1, 8, { 0xffffffff } },
		{ 1, 240, { 25 } },
		{ 1, 241, { 1 } }, { 1, 255, { 15 } },	/* more than a slot holds */
		{ 1, 8, { 14 } }, { 1, 240, { 8 } },	/* what guests send */
		{ 2, 8, { 4 } },			/* not a channel message */
		{ 0x80000000, 240, { 1 } }, { 0xffffffff, 255, { 2 } },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(slots); i++) {
		unsigned int before = ends();

		KUNIT_ASSERT_TRUE(test, fake_hv_message(0, slots[i].type, slots[i].words,
							sizeof(slots[i].words), slots[i].len));
		KUNIT_EXPECT_TRUE_MSG(test, fake_hv_idle(), "slot %u", i);
		KUNIT_EXPECT_EQ(test, before + 1, ends());
	}
	fake_host_settle();
	KUNIT_EXPECT_TRUE(test, vmbus_connected());
	KUNIT_EXPECT_NOT_NULL(test, bus_offer(test, 1, &fake_nic, 1, 0));
}

/* Each message to the guest one byte short: as if it had not come. */
static void message_one_byte_short(struct kunit *test)
{
	static const struct {
		u32 type;
		u8 len;
	} least[] = {
		{ VMBUS_MSG_OFFER_CHANNEL, 196 }, { VMBUS_MSG_RESCIND_OFFER, 12 },
		{ VMBUS_MSG_OPEN_RESULT, 20 }, { VMBUS_MSG_GPADL_CREATED, 20 },
		{ VMBUS_MSG_GPADL_TORNDOWN, 12 }, { VMBUS_MSG_VERSION_RESPONSE, 16 },
		{ VMBUS_MSG_MODIFY_CHANNEL_RESPONSE, 16 },
	};
	unsigned int i;

	bus_offer(test, 5, &fake_nic, 1, 0);
	for (i = 0; i < ARRAY_SIZE(least); i++) {
		u32 words[60] = { least[i].type, 0, 5, 5 };

		KUNIT_ASSERT_TRUE(test, fake_hv_message(0, 1, words, sizeof(words),
							least[i].len - 1));
		KUNIT_EXPECT_TRUE_MSG(test, fake_hv_idle(), "type %u", least[i].type);
	}
	fake_host_settle();
	KUNIT_ASSERT_NOT_NULL(test, bus_channel(5));
	KUNIT_EXPECT_FALSE(test, bus_channel(5)->rescind);
}

/* A message on another CPU than the connect CPU is as good. */
static void message_on_each_cpu(struct kunit *test)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		fake_host.target_vp = cpu;
		bus_offer(test, 10 + cpu, &fake_nic, cpu, 0);
	}
}

/* With another message waiting the hypervisor is told of the free slot. */
static void message_more_are_pending(struct kunit *test)
{
	static const u32 nothing[] = { 25, 0 };

	fake_hv.deaf = true;
	KUNIT_ASSERT_TRUE(test, fake_hv_message(0, 1, nothing, 8, 8));
	KUNIT_EXPECT_EQ(test, fake_hv_slot(0)->header.message_type, 1u);
	fake_hv_slot(0)->header.message_flags.msg_pending = 1;
	fake_hv.deaf = false;
	fake_hv_interrupt(0);
	KUNIT_EXPECT_TRUE(test, fake_hv_idle());
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_hv.eoms), 1);
}

static void message_of_a_timer(struct kunit *test)
{
	unsigned int before = ends();

	KUNIT_ASSERT_TRUE(test, fake_hv_message(0, TIMER_EXPIRED, NULL, 0, 24));
	KUNIT_EXPECT_TRUE(test, fake_hv_idle());
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_machine.ticks), 1);
	KUNIT_EXPECT_EQ(test, before + 1, ends());
}

/* The tasklet finds an empty slot, or a timer's message: neither is its. */
static void message_that_is_gone(struct kunit *test)
{
	unsigned int before = ends();

	fake_hv_interrupt(0);
	local_bh_disable();
	vmbus_message_tasklet((unsigned long)per_cpu_ptr(vmbus_cpus, 0));
	fake_hv_slot(0)->header.message_type = TIMER_EXPIRED;
	vmbus_message_tasklet((unsigned long)per_cpu_ptr(vmbus_cpus, 0));
	local_bh_enable();
	KUNIT_EXPECT_EQ(test, fake_hv_slot(0)->header.message_type, (u32)TIMER_EXPIRED);
	fake_hv_slot(0)->header.message_type = HVMSG_NONE;
	KUNIT_EXPECT_EQ(test, before, ends());
}

/* ---- event flags ---- */

struct seen {
	struct vmbus_channel *channel;
	atomic_t calls;
	bool in_irq;
	u32 mask;			/* while the callback runs */
	u32 to_read;			/* calls until the ring is empty */
};

static void see(void *context)
{
	struct seen *seen = context;
	struct hv_ring_buffer *ring = seen->channel->inbound.ring_buffer;

	seen->in_irq = in_hardirq();
	seen->mask = ring->interrupt_mask;
	/* Something is there until the last call has read it. */
	if (seen->to_read && --seen->to_read)
		ring->write_index = 24;
	else
		ring->read_index = ring->write_index;
	atomic_inc(&seen->calls);
}

static struct vmbus_channel *open_seen(struct kunit *test, struct seen *seen, u32 relid,
				       enum hv_callback_mode mode)
{
	struct vmbus_channel *channel = bus_offer(test, relid, &fake_nic, relid, 0);

	memset(seen, 0, sizeof(*seen));
	seen->channel = channel;
	set_channel_read_mode(channel, mode);
	KUNIT_ASSERT_EQ(test, vmbus_open(channel, 2 * PAGE_SIZE, 2 * PAGE_SIZE, NULL, 0, see,
					 seen), 0);
	return channel;
}

static void event_in_each_mode(struct kunit *test)
{
	static const struct {
		enum hv_callback_mode mode;
		bool in_irq;
		u32 mask;
	} modes[] = {
		{ HV_CALL_BATCHED, false, 1 }, { HV_CALL_DIRECT, false, 0 },
		{ HV_CALL_ISR, true, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		struct vmbus_channel *channel;
		struct seen seen;
		unsigned int n;

		channel = open_seen(test, &seen, 1 + i, modes[i].mode);
		for (n = 1; n <= 3; n++) {
			fake_hv_event(n % num_online_cpus(), 1 + i);
			KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&seen.calls) == n));
		}
		KUNIT_EXPECT_EQ(test, channel->interrupts, 3ull);
		KUNIT_EXPECT_EQ_MSG(test, seen.in_irq, modes[i].in_irq, "mode %u", i);
		KUNIT_EXPECT_EQ_MSG(test, seen.mask, modes[i].mask, "mode %u", i);
		KUNIT_EXPECT_TRUE(test, fake_wait(!channel->inbound.ring_buffer->interrupt_mask));
		vmbus_close(channel);
	}
}

/* A batch goes on while the host writes, without another interrupt. */
static void event_until_the_ring_is_empty(struct kunit *test)
{
	struct vmbus_channel *channel;
	struct seen seen;

	channel = open_seen(test, &seen, 3, HV_CALL_BATCHED);
	seen.to_read = 4;
	fake_hv_event(0, 3);
	KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&seen.calls) == 4));
	msleep(20);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.calls), 4);
	KUNIT_EXPECT_EQ(test, channel->interrupts, 1ull);
	KUNIT_EXPECT_EQ(test, channel->inbound.ring_buffer->interrupt_mask, 0u);
	vmbus_close(channel);
}

/* Flags of nobody, of the first and the last number, and many at once. */
static void event_of_nobody(struct kunit *test)
{
	union hv_synic_event_flags *flags;
	struct vmbus_channel *channel, *closed;
	struct seen seen;
	unsigned int i;

	closed = bus_offer(test, 9, &fake_nic, 90, 0);
	channel = open_seen(test, &seen, 2047, HV_CALL_ISR);
	fake_hv_event(0, 0);
	fake_hv_event(0, 1);
	fake_hv_event(0, 2046);
	fake_hv_event(0, 9);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.calls), 0);
	KUNIT_EXPECT_EQ(test, closed->interrupts, 0ull);

	flags = (union hv_synic_event_flags *)per_cpu_ptr(vmbus_cpus, 0)->event_page + 2;
	for (i = 0; i < ARRAY_SIZE(flags->flags); i++)
		flags->flags[i] = ~0ul;
	fake_hv_interrupt(0);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.calls), 1);
	for (i = 0; i < ARRAY_SIZE(flags->flags); i++)
		KUNIT_EXPECT_EQ(test, flags->flags[i], 0ul);

	/* Flags of another SINT are not the bus's. */
	set_bit(2047, flags[1].flags);
	fake_hv_interrupt(0);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.calls), 1);
	KUNIT_EXPECT_TRUE(test, test_and_clear_bit(2047, flags[1].flags));

	vmbus_close(channel);
	fake_hv_event(0, 2047);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.calls), 1);
}

/* A tasklet that was scheduled before its channel was closed finds no callback. */
static void event_after_close(struct kunit *test)
{
	struct vmbus_channel *channel;
	struct seen seen;

	channel = open_seen(test, &seen, 4, HV_CALL_BATCHED);
	vmbus_close(channel);
	tasklet_schedule(&channel->callback_event);
	msleep(20);
	KUNIT_EXPECT_EQ(test, atomic_read(&seen.calls), 0);
}

/* Nothing is read of a page that is not there, as with a paravisor's before it is mapped. */
static void event_without_pages(struct kunit *test)
{
	struct vmbus_cpu *context = per_cpu_ptr(vmbus_cpus, 0);
	struct vmbus_cpu pages = *context;

	context->event_page = NULL;
	context->message_page = NULL;
	fake_hv_interrupt(0);
	local_bh_disable();
	vmbus_message_tasklet((unsigned long)context);
	local_bh_enable();
	context->event_page = pages.event_page;
	context->message_page = pages.message_page;
	KUNIT_EXPECT_EQ(test, fake_host.wrong, 0u);
}

static struct kunit_case message_cases[] = {
	KUNIT_CASE(message_slots_are_freed),
	KUNIT_CASE(message_one_byte_short),
	KUNIT_CASE(message_on_each_cpu),
	KUNIT_CASE(message_more_are_pending),
	KUNIT_CASE(message_of_a_timer),
	KUNIT_CASE(message_that_is_gone),
	KUNIT_CASE(event_in_each_mode),
	KUNIT_CASE(event_until_the_ring_is_empty),
	KUNIT_CASE(event_of_nobody),
	KUNIT_CASE(event_after_close),
	KUNIT_CASE(event_without_pages),
	{ }
};

struct kunit_suite message_suite = {
	.name = "hv-vmbus-message",
	.init = bus_init,
	.exit = bus_exit,
	.test_cases = message_cases,
};
