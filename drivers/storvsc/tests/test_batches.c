// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: batches of commands, and when the host hears of them: once, however a batch goes on and
 * ends, and never of a channel that is gone. The host sleeps until it is signalled.
 */
#include <linux/blk-mq.h>
#include <linux/vmalloc.h>
#include <scsi/scsi.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "../storvsc.h"
#include "fake_host.h"
#include "io.h"
#include "suites.h"

#define BATCH	8u

static const u8 test_unit_ready[6], write_same[10] = { 0x41 };
static const u8 read_10[10] = { 0x28, 0, 0, 0, 0, 1, 0, 0, 8 };

/* What happens when the nth packet of a batch is about to be written, from 1 on. */
struct event {
	struct scsi_device *sdev;
	unsigned int packets, at;
	void (*what)(struct fake_host *host, struct event *event);
};

static void on_write(struct fake_host *host, u64 id)
{
	struct event *event = host->scratch;

	if (++event->packets == event->at)
		event->what(host, event);
}

static void arm(struct fake_host *host, struct event *event)
{
	host->scratch = event;
	host->on_write = on_write;
}

static u32 signals(struct fake_channel *fc)
{
	return atomic_xchg(&fc->signals, 0);
}

static unsigned int ended(const struct io *ios)
{
	unsigned int i, n = 0;

	for (i = 0; i < BATCH; i++)
		n += !!READ_ONCE(ios[i].ended);
	return n;
}

/* All of a batch has ended: so many well, the others with a host byte. Which is the kernel's. */
static void expect_ended(struct kunit *test, struct io *ios, unsigned int good, int other)
{
	unsigned int i, n = 0;

	for (i = 0; i < BATCH; i++) {
		KUNIT_EXPECT_TRUE_MSG(test, io_wait(&ios[i], 5 * HZ), "command %u", i);
		KUNIT_EXPECT_EQ(test, ios[i].ended, 1u);
		if (ios[i].result)
			KUNIT_EXPECT_EQ_MSG(test, host_byte(ios[i].result), other, "command %u", i);
		else
			n++;
	}
	KUNIT_EXPECT_EQ(test, n, good);
}

static struct scsi_device *prepare(struct kunit *test, struct io *ios)
{
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_SCSI);
	struct fake_host *host = test->priv;
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		ios[i].cdb = test_unit_ready;
	signals(&host->primary);
	return sdev;
}

/* Each command of the batch once, by its first page; the order is the block layer's. */
static bool all_were_sent(struct fake_host *host, const struct io *ios)
{
	unsigned int seen = 0, i, n;

	for (i = 0; i < BATCH; i++)
		for (n = 0; n < BATCH; n++)
			if (host->sent[(host->num_sent - 1 - n) % FAKE_SENT].pfns[0] ==
			    vmalloc_to_pfn(ios[i].data))
				seen |= BIT(i);
	return seen == BIT(BATCH) - 1;
}

/* Reads without end, some times around the ring. */
static void batches_one_signal(struct kunit *test)
{
	struct io ios[BATCH] = { };
	struct scsi_device *sdev = prepare(test, ios);
	struct fake_host *host = test->priv;
	u8 *buffer = vzalloc(BATCH * 4 * 4096);
	u32 before = host->num_sent, laps = 0, last = 0, write;
	unsigned int i, round;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	for (i = 0; i < BATCH; i++)
		ios[i] = (struct io) {
			.cdb = read_10, .data = buffer + i * 4 * 4096, .bytes = 4 * 4096,
		};
	for (round = 0; round < 160; round++) {
		io_batch(test, sdev, ios, BATCH);
		expect_ended(test, ios, BATCH, 0);
		KUNIT_EXPECT_EQ_MSG(test, signals(&host->primary), 1u, "round %u", round);
		KUNIT_EXPECT_TRUE_MSG(test, all_were_sent(host, ios), "round %u", round);
		write = host->primary.vmbus.outbound.ring_buffer->write_index;
		laps += write < last;
		last = write;
	}
	KUNIT_EXPECT_EQ(test, host->num_sent - before, 160 * BATCH);
	KUNIT_EXPECT_GE(test, laps, 2u);
	/* One alone is a batch too. */
	KUNIT_EXPECT_TRUE(test, io_run(test, sdev, &ios[0]));
	KUNIT_EXPECT_EQ(test, signals(&host->primary), 1u);
	scsi_device_put(sdev);
	vfree(buffer);
}

/* A host that is awake is not signalled, and has each packet as it is written. */
static void batches_host_awake(struct kunit *test)
{
	struct io ios[BATCH] = { };
	struct scsi_device *sdev = prepare(test, ios);
	struct fake_host *host = test->priv;
	u32 before = host->num_sent;

	host->primary.vmbus.outbound.ring_buffer->interrupt_mask = 1;
	io_batch(test, sdev, ios, BATCH);
	KUNIT_EXPECT_EQ(test, signals(&host->primary), 0u);
	KUNIT_EXPECT_EQ(test, host->num_sent, before);
	fake_host_drain(&host->primary);
	KUNIT_EXPECT_EQ(test, host->num_sent, before + BATCH);
	expect_ended(test, ios, BATCH, 0);
	host->primary.vmbus.outbound.ring_buffer->interrupt_mask = 0;
	scsi_device_put(sdev);
}

static void drain(struct fake_host *host)
{
	fake_host_drain(&host->primary);
}

static void wake_host(struct fake_host *host, struct event *event)
{
	drain(host);
}

/* It woke up by itself in the middle and slept again: what came later is signalled, once. */
static void batches_host_wakes_up(struct kunit *test)
{
	struct event event = { .at = 4, .what = wake_host };
	struct io ios[BATCH] = { };
	struct scsi_device *sdev = prepare(test, ios);
	struct fake_host *host = test->priv;

	arm(host, &event);
	io_batch(test, sdev, ios, BATCH);
	expect_ended(test, ios, BATCH, 0);
	KUNIT_EXPECT_EQ(test, signals(&host->primary), 1u);
	/* After each packet, the last one too: none is due. */
	event.at = 0;
	host->on_written = drain;
	io_batch(test, sdev, ios, BATCH);
	expect_ended(test, ios, BATCH, 0);
	KUNIT_EXPECT_EQ(test, signals(&host->primary), 0u);
	scsi_device_put(sdev);
}

static void fill_up(struct fake_host *host, struct event *event)
{
	host->fail_op = EXECUTE;
	host->fail_error = -EAGAIN;
	host->fail_times = U32_MAX;
}

/* The ring is full in the middle, and will be for long: what is in it does not wait for that. */
static void batches_busy(struct kunit *test)
{
	struct event event = { .at = 4, .what = fill_up };
	struct io ios[BATCH] = { };
	struct scsi_device *sdev = prepare(test, ios);
	struct fake_host *host = test->priv;

	arm(host, &event);
	io_batch(test, sdev, ios, BATCH);
	KUNIT_EXPECT_TRUE(test, fake_wait(ended(ios) == 3));
	KUNIT_EXPECT_EQ(test, signals(&host->primary), 1u);
	msleep(100);
	KUNIT_EXPECT_EQ(test, ended(ios), 3u);
	host->fail_times = 0;
	expect_ended(test, ios, BATCH, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_host_controller(host)->outstanding), 0);
	scsi_device_put(sdev);
}

static void break_it(struct fake_host *host, struct event *event)
{
	host->fail_op = EXECUTE;
	host->fail_error = -EIO;
	host->fail_times = 1;
}

/* A command ends at once instead of being sent: in the middle, and as the last. */
static void batches_refused(struct kunit *test)
{
	struct event event = { .what = break_it };
	struct io ios[BATCH] = { };
	struct fake_host *host = test->priv;
	struct scsi_device *sdev;
	bool once;

	host->newest = 0x0501;
	sdev = prepare(test, ios);
	arm(host, &event);
	for (event.at = 1; event.at <= BATCH; event.at++) {
		event.packets = 0;
		io_batch(test, sdev, ios, BATCH);
		expect_ended(test, ios, BATCH - 1, DID_ERROR);
		/* Those before it were told of then. */
		once = event.at == 1 || event.at == BATCH;
		KUNIT_EXPECT_EQ_MSG(test, signals(&host->primary), once ? 1u : 2u, "at %u",
				    event.at);
	}
	/* Before there is a packet of it: the first and the last. */
	host->on_write = NULL;
	ios[0].cdb = write_same;
	ios[BATCH - 1].cdb = write_same;
	io_batch(test, sdev, ios, BATCH);
	expect_ended(test, ios, BATCH - 2, DID_ERROR);
	KUNIT_EXPECT_EQ(test, signals(&host->primary), 1u);
	scsi_device_put(sdev);
}

static void go_away(struct fake_host *host, struct event *event)
{
	fake_host_rescind(host);
}

/* The channel is rescinded in the middle: no signal, and every command ends. */
static void batches_rescind(struct kunit *test)
{
	struct event event = { .at = 4, .what = go_away };
	struct io ios[BATCH] = { };
	struct scsi_device *sdev = prepare(test, ios);
	struct fake_host *host = test->priv;
	u32 before = host->num_sent;

	arm(host, &event);
	io_batch(test, sdev, ios, BATCH);
	KUNIT_EXPECT_TRUE(test, fake_wait(ended(ios) == BATCH - 3));
	scsi_device_put(sdev);
	fake_host_remove(host);
	expect_ended(test, ios, 0, DID_NO_CONNECT);
	KUNIT_EXPECT_EQ(test, signals(&host->primary), 0u);
	KUNIT_EXPECT_EQ(test, host->num_sent, before);
}

static void swap_cpus(struct fake_host *host, struct event *event)
{
	struct vmbus_channel *one = &host->primary.vmbus, *two = &host->subs[0]->vmbus;
	u32 cpu = one->target_cpu;

	one->target_cpu = two->target_cpu;
	two->target_cpu = cpu;
	one->change_target_cpu_callback(one, cpu, one->target_cpu);
}

/* The rest of a batch goes to another channel: each is told of its part. */
static void batches_two_channels(struct kunit *test)
{
	struct event event = { .at = 4, .what = swap_cpus };
	struct io ios[BATCH] = { };
	struct fake_host *host = test->priv;
	struct scsi_device *sdev;
	unsigned int i, sub = 0;
	u32 before;

	if (num_online_cpus() == 1)
		kunit_skip(test, "one CPU");
	host->channels = 1;
	host->subs[0]->vmbus.target_cpu = 1;
	sdev = prepare(test, ios);
	fake_host_offer(host, 0);
	signals(host->subs[0]);
	before = host->num_sent;
	arm(host, &event);
	io_batch(test, sdev, ios, BATCH);
	expect_ended(test, ios, BATCH, 0);
	KUNIT_EXPECT_EQ(test, signals(&host->primary), 1u);
	KUNIT_EXPECT_EQ(test, signals(host->subs[0]), 1u);
	for (i = before; i < before + BATCH; i++)
		sub += host->sent[i % FAKE_SENT].channel;
	/* Four and four. */
	KUNIT_EXPECT_EQ(test, sub, 4u);
	scsi_device_put(sdev);
}

static void quiesce(struct fake_host *host, struct event *event)
{
	blk_mq_quiesce_queue_nowait(event->sdev->request_queue);
}

/* The block layer keeps the last one and says nothing: those before it do not wait for it. */
static void batches_without_end(struct kunit *test)
{
	struct event event = { .at = 1, .what = quiesce };
	struct io ios[BATCH] = { };
	struct scsi_device *sdev = prepare(test, ios);
	struct fake_host *host = test->priv;
	unsigned long begin = jiffies;
	u32 told;

	event.sdev = sdev;
	arm(host, &event);
	io_batch(test, sdev, ios, BATCH);
	told = signals(&host->primary);
	/* On a slow machine it may be later than it seems. */
	if (time_before(jiffies, begin + STORVSC_LOST_END))
		KUNIT_EXPECT_EQ(test, told, 0u);
	KUNIT_EXPECT_TRUE(test, fake_wait(ended(ios) == 1));
	KUNIT_EXPECT_EQ(test, told + signals(&host->primary), 1u);
	msleep(100);
	KUNIT_EXPECT_EQ(test, ended(ios), 1u);
	blk_mq_unquiesce_queue(sdev->request_queue);
	expect_ended(test, ios, BATCH, 0);
	scsi_device_put(sdev);
}

/* Whatever a batch left behind, its end touches no channel that is closed; the next one works. */
static void batches_end_after_close(struct kunit *test)
{
	struct io ios[BATCH] = { };
	struct scsi_device *sdev = prepare(test, ios);
	struct fake_host *host = test->priv;
	struct storvsc_host *sh = fake_host_controller(host);
	unsigned int hwq;

	for (hwq = 0; hwq < num_present_cpus(); hwq++)
		storvsc_batch_add(sh, hwq, &sh->channels[0], true, false);
	host->driver->suspend(&host->hv);
	KUNIT_EXPECT_FALSE(test, host->primary.open);
	KUNIT_EXPECT_FALSE(test, timer_pending(&sh->lost_end));
	for (hwq = 0; hwq < num_present_cpus(); hwq++)
		sdev->host->hostt->commit_rqs(sdev->host, hwq);
	KUNIT_EXPECT_EQ(test, signals(&host->primary), 0u);
	KUNIT_EXPECT_EQ(test, host->driver->resume(&host->hv), 0);
	signals(&host->primary);
	io_batch(test, sdev, ios, BATCH);
	expect_ended(test, ios, BATCH, 0);
	KUNIT_EXPECT_EQ(test, signals(&host->primary), 1u);
	scsi_device_put(sdev);
}

static void batches_exit(struct kunit *test)
{
	struct fake_host *host = test->priv;

	if (host && host->primary.open)
		host->primary.vmbus.outbound.ring_buffer->interrupt_mask = 0;
	fake_suite_exit(test);
}

static struct kunit_case batches_cases[] = {
	KUNIT_CASE(batches_one_signal),
	KUNIT_CASE(batches_host_awake),
	KUNIT_CASE(batches_host_wakes_up),
	KUNIT_CASE(batches_busy),
	KUNIT_CASE(batches_refused),
	KUNIT_CASE(batches_rescind),
	KUNIT_CASE(batches_two_channels),
	KUNIT_CASE(batches_without_end),
	KUNIT_CASE(batches_end_after_close),
	{ }
};

struct kunit_suite batches_suite = {
	.name = "hv-storvsc-batches",
	.init = fake_suite_init,
	.exit = batches_exit,
	.test_cases = batches_cases,
};
