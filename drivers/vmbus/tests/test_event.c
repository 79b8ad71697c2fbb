// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: how far the event flags are looked at, and how much one pass does. Flags beyond the highest
 * channel that there was are nobody's; those of a channel that comes while its CPU is being
 * interrupted are not missed; a host that never stops gets one call a pass.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/smp.h>

#include "fixture.h"

#define WORDS	32u			/* TLFS: 2,048 flags a SINT */
#define LOW	5u
#define HIGH	(3 * 64 + 7)

static void count_call(void *context)
{
	atomic_inc((atomic_t *)context);
}

static struct vmbus_channel *open_counted(struct kunit *test, u32 relid, atomic_t *calls)
{
	struct vmbus_channel *channel = bus_offer(test, relid, &fake_nic, relid, 0);

	set_channel_read_mode(channel, HV_CALL_ISR);
	KUNIT_ASSERT_EQ(test, vmbus_open(channel, 2 * PAGE_SIZE, 2 * PAGE_SIZE, NULL, 0,
					 count_call, calls), 0);
	return channel;
}

/* The SINT's flags of CPU 0, which gets the host's messages too. */
static unsigned long *event_flags(void)
{
	union hv_synic_event_flags *sets = per_cpu_ptr(vmbus_cpus, 0)->event_page;

	return sets[2].flags;
}

static void expect_words(struct kunit *test, unsigned int first, unsigned int end,
			 unsigned long value)
{
	unsigned long *flags = event_flags();

	for (; first < end; first++)
		KUNIT_EXPECT_EQ_MSG(test, READ_ONCE(flags[first]), value, "word %u", first);
}

/* Neither read nor cleared until a channel gets there, and from then on for good. */
static void event_beyond_the_channels(struct kunit *test)
{
	atomic_t low = ATOMIC_INIT(0), high = ATOMIC_INIT(0);
	struct vmbus_channel *first, *second;

	first = open_counted(test, LOW, &low);
	memset(event_flags(), 0xff, WORDS * sizeof(long));
	fake_hv_event(0, LOW);
	KUNIT_EXPECT_EQ(test, atomic_read(&low), 1);
	expect_words(test, 0, 1, 0);
	expect_words(test, 1, WORDS, ~0ul);

	second = open_counted(test, HIGH, &high);
	fake_hv_interrupt(0);
	expect_words(test, 0, 4, 0);
	expect_words(test, 4, WORDS, ~0ul);
	/* What was set before may have been taken before it was open. */
	atomic_set(&high, 0);
	fake_hv_event(0, HIGH);
	KUNIT_EXPECT_EQ(test, atomic_read(&high), 1);
	KUNIT_EXPECT_EQ(test, atomic_read(&low), 1);

	vmbus_close(second);
	KUNIT_ASSERT_TRUE(test, fake_host_rescind(HIGH));
	KUNIT_ASSERT_TRUE(test, fake_wait(!bus_channel(HIGH)));
	fake_hv_event(0, HIGH);
	expect_words(test, 0, 4, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&high), 1);
	vmbus_close(first);
}

/* The next connection has its own channels. */
static void event_of_another_connection(struct kunit *test)
{
	bus_offer(test, 2047, &fake_nic, 1, 0);
	memset(event_flags(), 0xff, WORDS * sizeof(long));
	fake_hv_interrupt(0);
	expect_words(test, 0, WORDS, 0);

	bus_unload(test);
	KUNIT_ASSERT_EQ(test, bus_load(), 0);
	memset(event_flags(), 0xff, WORDS * sizeof(long));
	fake_hv_interrupt(0);
	expect_words(test, 0, WORDS, ~0ul);
	bus_offer(test, 63, &fake_nic, 1, 0);
	fake_hv_interrupt(0);
	expect_words(test, 0, 1, 0);
	expect_words(test, 1, WORDS, ~0ul);
}

static struct task_struct *interrupting;
static atomic_t interrupts;

static int keep_interrupting(void *unused)
{
	while (!kthread_should_stop()) {
		fake_hv_interrupt(0);
		atomic_inc(&interrupts);
		cond_resched();
	}
	return 0;
}

/* Also of a case that was given up. */
static void event_exit(struct kunit *test)
{
	if (interrupting)
		kthread_stop(interrupting);
	interrupting = NULL;
	bus_exit(test);
}

/* CPU 0 never rests while channels come, each in a word of its own, and gets each one's event. */
static void event_while_channels_come(struct kunit *test)
{
	struct vmbus_channel *channels[WORDS];
	struct task_struct *task;
	atomic_t calls[WORDS];
	unsigned int word;

	atomic_set(&interrupts, 0);
	task = kthread_run(keep_interrupting, NULL, "interrupting");
	KUNIT_ASSERT_FALSE(test, IS_ERR(task));
	interrupting = task;
	for (word = 0; word < WORDS; word++) {
		u32 relid = word * 64 + 63 - word;

		atomic_set(&calls[word], 0);
		channels[word] = open_counted(test, relid, &calls[word]);
		/* As a hypervisor does: the interrupt comes after the flag. */
		fake_hv_event(0, relid);
		KUNIT_EXPECT_EQ_MSG(test, atomic_read(&calls[word]), 1, "relid %u", relid);
	}
	KUNIT_EXPECT_GT(test, atomic_read(&interrupts), (int)WORDS);
	for (word = 0; word < WORDS; word++)
		vmbus_close(channels[word]);
}

/* ---- how much a pass does ---- */

struct endless {
	struct vmbus_channel *channel;
	bool ends;
	atomic_t calls;
};

/* The host raises flags as fast as they are served: this one, and one that was looked at before. */
static void raise_again(void *context)
{
	struct endless *endless = context;

	set_bit(HIGH, event_flags());
	set_bit(LOW, event_flags());
	atomic_inc(&endless->calls);
}

static void event_that_comes_again(struct kunit *test)
{
	struct endless endless = { .channel = bus_offer(test, HIGH, &fake_nic, 1, 0) };
	unsigned int i;

	set_channel_read_mode(endless.channel, HV_CALL_ISR);
	KUNIT_ASSERT_EQ(test, vmbus_open(endless.channel, 2 * PAGE_SIZE, 2 * PAGE_SIZE, NULL, 0,
					 raise_again, &endless), 0);
	for (i = 1; i <= 5; i++) {
		fake_hv_event(0, HIGH);
		KUNIT_EXPECT_EQ(test, atomic_read(&endless.calls), (int)i);
		KUNIT_EXPECT_TRUE(test, test_bit(HIGH, event_flags()));
		KUNIT_EXPECT_TRUE(test, test_bit(LOW, event_flags()));
	}
	vmbus_close(endless.channel);
}

/* Something is in the ring after each call. */
static void never_empty(void *context)
{
	struct endless *endless = context;
	struct hv_ring_buffer *ring = endless->channel->inbound.ring_buffer;

	if (READ_ONCE(endless->ends))
		ring->read_index = ring->write_index;
	else
		ring->write_index = 24;
	atomic_inc(&endless->calls);
}

static int calls_now(void *context)
{
	return atomic_read(&((struct endless *)context)->calls);
}

/* A batch without end leaves its CPU to others, and ends when there is nothing more. */
static void event_batch_without_end(struct kunit *test)
{
	struct endless endless = { .channel = bus_offer(test, LOW, &fake_nic, 1, 0) };
	int i, calls, before = 0;

	set_channel_read_mode(endless.channel, HV_CALL_BATCHED);
	KUNIT_ASSERT_EQ(test, vmbus_open(endless.channel, 2 * PAGE_SIZE, 2 * PAGE_SIZE, NULL, 0,
					 never_empty, &endless), 0);
	fake_hv_event(0, LOW);
	for (i = 0; i < 5; i++) {
		KUNIT_EXPECT_TRUE(test, fake_wait(atomic_read(&endless.calls) > before + 10));
		/* A task of that CPU. */
		calls = smp_call_on_cpu(0, calls_now, &endless, false);
		KUNIT_EXPECT_GT(test, calls, before);
		before = calls;
	}
	WRITE_ONCE(endless.ends, true);
	msleep(50);
	calls = atomic_read(&endless.calls);
	msleep(50);
	KUNIT_EXPECT_EQ(test, atomic_read(&endless.calls), calls);
	KUNIT_EXPECT_EQ(test, endless.channel->interrupts, 1ull);
	vmbus_close(endless.channel);
}

static struct kunit_case event_cases[] = {
	KUNIT_CASE(event_beyond_the_channels),
	KUNIT_CASE(event_of_another_connection),
	KUNIT_CASE(event_while_channels_come),
	KUNIT_CASE(event_that_comes_again),
	KUNIT_CASE(event_batch_without_end),
	{ }
};

struct kunit_suite event_suite = {
	.name = "hv-vmbus-event",
	.init = bus_init,
	.exit = event_exit,
	.test_cases = event_cases,
};
