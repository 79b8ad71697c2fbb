// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: controllers that are removed, suspended and taken away while the host has commands, and
 * hosts that have changed at a resume, or are not there any more.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/workqueue.h>
#include <scsi/scsi.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "../storvsc.h"
#include "fake_host.h"
#include "io.h"
#include "suites.h"

static const u8 test_unit_ready[6];
static const u8 read_10[10] = { 0x28 };
static const struct fake_outcome good = { 1 };

static void endings_exit(struct kunit *test)
{
	*fake_io_deadline = 900;
	fake_suite_exit(test);
}

/* What the driver is asked to do while the test plays the host. */
struct ending {
	struct work_struct work;
	struct completion done;
	struct fake_host *host;
	void (*what)(struct fake_host *host);
};

static void ending_work(struct work_struct *work)
{
	struct ending *ending = container_of(work, struct ending, work);

	ending->what(ending->host);
	complete(&ending->done);
}

static void ending_start(struct ending *ending, struct fake_host *host,
			 void (*what)(struct fake_host *host))
{
	INIT_WORK_ONSTACK(&ending->work, ending_work);
	init_completion(&ending->done);
	ending->host = host;
	ending->what = what;
	queue_work(system_unbound_wq, &ending->work);
}

static bool ending_done(struct ending *ending, unsigned long timeout)
{
	if (!wait_for_completion_timeout(&ending->done, timeout))
		return false;
	flush_work(&ending->work);
	destroy_work_on_stack(&ending->work);
	return true;
}

static void suspend(struct fake_host *host)
{
	host->driver->suspend(&host->hv);
}

static int resume(struct fake_host *host)
{
	return host->driver->resume(&host->hv);
}

/* Removal waits for the host. */
static void endings_drain(struct kunit *test)
{
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_SCSI);
	struct fake_host *host = test->priv;
	u32 from = host->num_sent;
	struct ending ending;
	struct io ios[4] = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ios); i++) {
		ios[i].cdb = read_10;
		io_hold(test, host, sdev, &ios[i]);
	}
	ending_start(&ending, host, fake_host_remove);
	KUNIT_EXPECT_FALSE(test, wait_for_completion_timeout(&ending.done, HZ / 2));
	KUNIT_EXPECT_TRUE(test, host->primary.open);
	host->hold = false;
	fake_host_finish_all(host, from, &good);
	for (i = 0; i < ARRAY_SIZE(ios); i++) {
		KUNIT_EXPECT_TRUE(test, io_wait(&ios[i], 5 * HZ));
		KUNIT_EXPECT_EQ(test, ios[i].result, 0);
	}
	scsi_device_put(sdev);
	KUNIT_EXPECT_TRUE(test, ending_done(&ending, 10 * HZ));
}

/* The host took the channel away: it has ended its use of the pages, and will not answer. */
static void endings_rescind(struct kunit *test)
{
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_SCSI);
	struct fake_host *host = test->priv;
	void *buffer = alloc_pages_exact(48 * 4096, GFP_KERNEL);
	struct io ios[4] = { }, later = { .cdb = test_unit_ready };
	unsigned long start;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	for (i = 0; i < ARRAY_SIZE(ios); i++) {
		ios[i].cdb = read_10;
		ios[i].data = buffer;
		ios[i].bytes = i * 16 * 4096;
		io_hold(test, host, sdev, &ios[i]);
	}
	fake_host_rescind(host);
	io_run(test, sdev, &later);
	KUNIT_EXPECT_EQ(test, host_byte(later.result), DID_NO_CONNECT);
	scsi_device_put(sdev);
	start = jiffies;
	fake_host_remove(host);
	KUNIT_EXPECT_TRUE(test, time_before(jiffies, start + 5 * HZ));
	for (i = 0; i < ARRAY_SIZE(ios); i++) {
		KUNIT_EXPECT_TRUE(test, io_wait(&ios[i], 5 * HZ));
		KUNIT_EXPECT_EQ(test, host_byte(ios[i].result), DID_NO_CONNECT);
		KUNIT_EXPECT_EQ(test, ios[i].resid, ios[i].bytes);
	}
	for (i = 0; i < 48; i++)
		KUNIT_EXPECT_EQ(test, page_count(virt_to_page(buffer + i * 4096)), 1);
	free_pages_exact(buffer, 48 * 4096);
}

/* In the middle of a scan. */
static void endings_rescind_during_scan(struct kunit *test)
{
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_SCSI);
	struct fake_host *host = test->priv;
	u32 before = host->num_sent;

	scsi_device_put(sdev);
	host->hold = true;
	fake_host_say(host, ENUMERATE, NULL, 0);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(host->num_sent) > before));
	fake_host_rescind(host);
	fake_host_remove(host);
	KUNIT_EXPECT_EQ(test, host->num_sent, before + 1);
}

static bool takes_commands(struct fake_host *host, const struct fake_request *req)
{
	return fake_request_op(req) == EXECUTE;
}

static void probe_scsi(struct fake_host *host)
{
	fake_host_probe(host, FAKE_SCSI);
}

/* In the first one, which holds the probe, and that the removal: not until its command's timer. */
static void endings_rescind_during_probe(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct ending ending;

	host->on_request = takes_commands;
	ending_start(&ending, host, probe_scsi);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(host->num_sent) > 0));
	KUNIT_EXPECT_FALSE(test, wait_for_completion_timeout(&ending.done, HZ / 2));
	fake_host_rescind(host);
	KUNIT_EXPECT_TRUE(test, ending_done(&ending, 5 * HZ));
	KUNIT_EXPECT_EQ(test, host->num_sent, 1u);
}

/* And a removal that was under way, waiting for a scan. */
static void endings_rescind_during_removal(struct kunit *test)
{
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_SCSI);
	struct fake_host *host = test->priv;
	u32 before = host->num_sent;
	struct ending ending;

	scsi_device_put(sdev);
	host->on_request = takes_commands;
	fake_host_say(host, ENUMERATE, NULL, 0);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(host->num_sent) > before));
	ending_start(&ending, host, fake_host_remove);
	KUNIT_EXPECT_FALSE(test, wait_for_completion_timeout(&ending.done, HZ / 2));
	fake_host_rescind(host);
	KUNIT_EXPECT_TRUE(test, ending_done(&ending, 5 * HZ));
	KUNIT_EXPECT_EQ(test, host->num_sent, before + 1);
}

struct slow_open {
	struct completion begun, answered;
};

static void open_slowly(struct fake_channel *fc)
{
	struct fake_host *host = fc->host;
	struct slow_open *slow = host->scratch;

	complete(&slow->begun);
	wait_for_completion_timeout(&slow->answered, 10 * HZ);
}

static void offer_first(struct fake_host *host)
{
	fake_host_offer(host, 0);
}

/* The host takes its time over a subchannel: the controller is not gone before it has answered. */
static void endings_during_an_open(struct kunit *test)
{
	static const struct {
		void (*what)(struct fake_host *host);
		int error;		/* the host's answer */
	} cases[] = {
		{ fake_host_remove, 0 }, { fake_host_remove, -EAGAIN },
		{ suspend, 0 }, { suspend, -EAGAIN },
	};
	unsigned int i;

	if (num_possible_cpus() == 1 || num_online_cpus() == 1)
		kunit_skip(test, "one CPU");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		struct ending opening, ending;
		struct slow_open slow;

		init_completion(&slow.begun);
		init_completion(&slow.answered);
		host->channels = 1;
		KUNIT_ASSERT_EQ(test, fake_host_probe(host, FAKE_SCSI), 0);
		host->scratch = &slow;
		host->subs[0]->opening = open_slowly;
		host->subs[0]->open_error = cases[i].error;
		ending_start(&opening, host, offer_first);
		KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&slow.begun, 5 * HZ));
		ending_start(&ending, host, cases[i].what);
		KUNIT_EXPECT_FALSE_MSG(test, wait_for_completion_timeout(&ending.done, HZ / 2),
				       "case %u", i);
		complete(&slow.answered);
		KUNIT_ASSERT_TRUE(test, ending_done(&opening, 10 * HZ));
		KUNIT_ASSERT_TRUE(test, ending_done(&ending, 10 * HZ));
		KUNIT_EXPECT_FALSE_MSG(test, host->subs[0]->open, "case %u", i);
		if (host->driver) {
			KUNIT_EXPECT_EQ(test, fake_host_controller(host)->nr_channels, 0u);
			host->subs[0]->opening = NULL;
			KUNIT_EXPECT_EQ(test, resume(host), 0);
			fake_host_remove(host);
		}
		/* An offer that comes later still finds nobody. */
		offer_first(host);
		KUNIT_EXPECT_NULL(test, host->primary.vmbus.change_target_cpu_callback);
		fake_host_free(test, host);
	}
}

/* A program may ask for a reset of what is closed: nobody is asked, and nothing is lost. */
static void endings_then_a_reset(struct kunit *test)
{
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_SCSI);
	struct fake_host *host = test->priv;
	struct io io = { .cdb = test_unit_ready };
	struct vstor_packet packet = { .operation = cpu_to_le32(VSTOR_OP_RESET_BUS) };

	suspend(host);
	io_start(test, sdev, &io);
	KUNIT_EXPECT_EQ(test, sdev->host->hostt->eh_host_reset_handler(io.cmd), FAILED);
	KUNIT_EXPECT_EQ(test, storvsc_control(fake_host_controller(host), &packet, &packet),
			-ENODEV);
	KUNIT_EXPECT_EQ(test, host->ops[RESET_BUS], 0u);
	KUNIT_EXPECT_EQ(test, resume(host), 0);
	KUNIT_EXPECT_TRUE(test, io_wait(&io, 5 * HZ));
	KUNIT_EXPECT_EQ(test, io.result, 0);
	scsi_device_put(sdev);
}

/* Removal from a host that never answers ends, by way of the timers. */
static void endings_silent(struct kunit *test)
{
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_IDE);
	struct fake_host *host = test->priv;
	void *buffer = alloc_pages_exact(4096, GFP_KERNEL);
	struct io io = { .cdb = read_10, .data = buffer, .bytes = 4096 };
	struct ending ending;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	host->fail_op = RESET_BUS;
	host->fail_error = -EAGAIN;
	host->fail_times = U32_MAX;
	*fake_io_deadline = 1;
	io_hold(test, host, sdev, &io);
	scsi_device_put(sdev);
	ending_start(&ending, host, fake_host_remove);
	KUNIT_EXPECT_TRUE(test, ending_done(&ending, 30 * HZ));
	KUNIT_EXPECT_TRUE(test, io_wait(&io, 5 * HZ));
	KUNIT_EXPECT_NE(test, io.result, 0);
	KUNIT_EXPECT_EQ(test, page_count(virt_to_page(buffer)), 2);
	put_page(virt_to_page(buffer));
	free_pages_exact(buffer, 4096);
}

/* ---- suspend and resume ---- */

static void endings_suspend(struct kunit *test)
{
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_SCSI);
	struct fake_host *host = test->priv;
	struct io io = { .cdb = read_10 }, meanwhile = { .cdb = test_unit_ready };
	struct ending ending;

	/* What the host has is waited for. */
	io_hold(test, host, sdev, &io);
	ending_start(&ending, host, suspend);
	KUNIT_EXPECT_FALSE(test, wait_for_completion_timeout(&ending.done, HZ / 4));
	fake_host_finish(host, fake_host_last(host), &good);
	KUNIT_EXPECT_TRUE(test, io_wait(&io, 5 * HZ));
	KUNIT_EXPECT_EQ(test, io.result, 0);
	KUNIT_EXPECT_TRUE(test, ending_done(&ending, 5 * HZ));
	KUNIT_EXPECT_FALSE(test, host->primary.open);

	/* What comes meanwhile waits for the resume, and is not lost. */
	host->hold = false;
	io_start(test, sdev, &meanwhile);
	KUNIT_EXPECT_FALSE(test, io_wait(&meanwhile, HZ / 4));
	/* More than was offered before is not used. */
	host->max_transfer *= 2;
	host->channels = 1;
	KUNIT_EXPECT_EQ(test, resume(host), 0);
	KUNIT_EXPECT_TRUE(test, io_wait(&meanwhile, 5 * HZ));
	KUNIT_EXPECT_EQ(test, meanwhile.result, 0);
	KUNIT_EXPECT_EQ(test, fake_host_controller(host)->limits.max_transfer, 0x40000u);
	KUNIT_EXPECT_EQ(test, host->ops[BEGIN], 2u);
	KUNIT_EXPECT_EQ(test, host->ops[END], 2u);
	KUNIT_EXPECT_EQ(test, host->ops[SUBCHANNELS], num_online_cpus() > 1 ? 1u : 0u);
	scsi_device_put(sdev);
}

/* A LUN is being looked at again when the system goes to sleep. */
static void endings_suspend_during_rescan(struct kunit *test)
{
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_SCSI);
	struct fake_host *host = test->priv;
	u32 before = host->num_sent, inquiries = host->cdbs[0x12];
	struct ending ending;

	host->hold = true;
	KUNIT_EXPECT_TRUE(test, storvsc_queue_lun_work(fake_host_controller(host),
						       VSTOR_LUN_RESCAN, 0, 0, 0));
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(host->num_sent) == before + 1));
	ending_start(&ending, host, suspend);
	KUNIT_EXPECT_TRUE(test, fake_wait(fake_host_controller(host)->state == STORVSC_DRAINING));
	host->hold = false;
	fake_host_answer(host, fake_host_last(host));
	KUNIT_EXPECT_TRUE(test, ending_done(&ending, 5 * HZ));
	KUNIT_EXPECT_FALSE(test, host->primary.open);
	/* It goes on afterwards. */
	KUNIT_EXPECT_EQ(test, resume(host), 0);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(host->cdbs[0x12]) >= inquiries + 2));
	flush_workqueue(fake_host_controller(host)->work_queue);
	scsi_device_put(sdev);
}

static void endings_suspend_silent(struct kunit *test)
{
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_IDE);
	struct fake_host *host = test->priv;
	void *buffer = alloc_pages_exact(4096, GFP_KERNEL);
	struct io io = { .cdb = read_10, .data = buffer, .bytes = 4096 };
	struct ending ending;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	io_hold(test, host, sdev, &io);
	ending_start(&ending, host, suspend);
	KUNIT_EXPECT_TRUE(test, ending_done(&ending, 5 * HZ));
	KUNIT_EXPECT_FALSE(test, host->primary.open);
	KUNIT_EXPECT_EQ(test, page_count(virt_to_page(buffer)), 2);
	/* The command's timer finds a controller that is of no use. */
	KUNIT_EXPECT_TRUE(test, io_wait(&io, 20 * HZ));
	KUNIT_EXPECT_NE(test, io.result, 0);
	scsi_device_put(sdev);
	put_page(virt_to_page(buffer));
	free_pages_exact(buffer, 4096);
}

/* What the host refuses at a resume does not come back: commands end, and so does removal. */
static void endings_resume_fails(struct kunit *test)
{
	enum { NO_CHANNEL, NO_ANSWER, OLDER, LESS, FAILURES };
	unsigned int i;

	for (i = 0; i < FAILURES; i++) {
		struct fake_host *host = fake_host_new(test);
		struct io io = { .cdb = test_unit_ready };
		struct scsi_device *sdev;
		struct ending ending;
		int ret, expected;

		sdev = fake_host_probed(test, host, FAKE_IDE);
		suspend(host);
		io_start(test, sdev, &io);
		switch (i) {
		case NO_CHANNEL:
			host->primary.open_error = -ENODEV;
			expected = -ENODEV;
			break;
		case NO_ANSWER:
			host->fail_op = BEGIN;
			host->fail_error = -EIO;
			host->fail_times = 1;
			expected = -EIO;
			break;
		case OLDER:
			host->newest = 0x0200;
			expected = -EPROTO;
			break;
		default:
			host->max_transfer = 0x3f000;
			expected = -ERANGE;
		}
		ret = resume(host);
		KUNIT_EXPECT_EQ(test, ret, expected);
		KUNIT_EXPECT_FALSE(test, host->primary.open);
		KUNIT_EXPECT_TRUE_MSG(test, io_wait(&io, 5 * HZ), "case %u", i);
		KUNIT_EXPECT_EQ(test, host_byte(io.result), DID_NO_CONNECT);
		scsi_device_put(sdev);
		ending_start(&ending, host, fake_host_remove);
		KUNIT_ASSERT_TRUE(test, ending_done(&ending, 5 * HZ));
		fake_host_free(test, host);
	}
}

struct interruption {
	struct ending ending;
	struct io *io;
	bool rescinds;			/* once the packet is with the host */
	bool open;			/* the channel, while the packet was written */
};

/* The system goes to sleep while a packet is written, by a CPU that the host does not let run. */
static void suspend_meanwhile(struct fake_host *host, u64 id)
{
	struct interruption *i = host->scratch;
	struct storvsc_cmd *sc = scsi_cmd_priv(i->io->cmd);
	unsigned int ms;

	ending_start(&i->ending, host, suspend);
	for (ms = 0; ms < 5000; ms++) {
		if (lower_32_bits(atomic64_read(&sc->life)) == STORVSC_CMD_GIVEN_UP)
			break;
		mdelay(1);
	}
	mdelay(100);
	i->open = READ_ONCE(host->primary.open);
}

static void rescind_then(struct fake_host *host)
{
	struct interruption *i = host->scratch;

	if (i->rescinds)
		fake_host_rescind(host);
}

static bool never_answer(struct fake_host *host, const struct fake_request *req)
{
	return true;
}

/* The controller is given up while a command is on its way: it ends, the channel not before it. */
static void endings_while_sending(struct kunit *test)
{
	static const struct {
		int error;		/* of the bus */
		bool rescinds;
		int count;		/* references to the page then */
	} cases[] = {
		{ 0, false, 2 },	/* the host may write to it for ever */
		{ 0, true, 1 },
		{ -EAGAIN, false, 1 },
		{ -EIO, false, 1 },
	};
	unsigned int i;

	if (num_online_cpus() == 1)
		kunit_skip(test, "one CPU");
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct interruption interruption = { .rescinds = cases[i].rescinds };
		struct fake_host *host = fake_host_new(test);
		struct scsi_device *sdev = fake_host_probed(test, host, FAKE_IDE);
		void *buffer = alloc_pages_exact(4096, GFP_KERNEL);
		struct io io = { .cdb = read_10, .data = buffer, .bytes = 4096 };

		KUNIT_ASSERT_NOT_NULL(test, buffer);
		interruption.io = &io;
		host->scratch = &interruption;
		host->on_write = suspend_meanwhile;
		host->on_written = rescind_then;
		host->on_request = never_answer;
		host->fail_op = EXECUTE;
		host->fail_error = cases[i].error;
		host->fail_times = !!cases[i].error;
		io_run(test, sdev, &io);
		KUNIT_EXPECT_TRUE_MSG(test, interruption.open, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, io.ended, 1u, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, host_byte(io.result),
				    cases[i].error == -EIO ? DID_ERROR : DID_NO_CONNECT,
				    "case %u", i);
		KUNIT_EXPECT_TRUE(test, ending_done(&interruption.ending, 5 * HZ));
		KUNIT_EXPECT_FALSE(test, host->primary.open);
		KUNIT_EXPECT_EQ(test, atomic_read(&fake_host_controller(host)->outstanding), 0);
		KUNIT_EXPECT_EQ_MSG(test, page_count(virt_to_page(buffer)), cases[i].count,
				    "case %u", i);
		scsi_device_put(sdev);
		fake_host_remove(host);
		fake_host_free(test, host);
		if (page_count(virt_to_page(buffer)) == 2)
			put_page(virt_to_page(buffer));
		free_pages_exact(buffer, 4096);
	}
}

static struct kunit_case endings_cases[] = {
	KUNIT_CASE(endings_drain),
	KUNIT_CASE(endings_rescind),
	KUNIT_CASE(endings_rescind_during_scan),
	KUNIT_CASE(endings_rescind_during_probe),
	KUNIT_CASE(endings_rescind_during_removal),
	KUNIT_CASE(endings_during_an_open),
	KUNIT_CASE(endings_then_a_reset),
	KUNIT_CASE(endings_silent),
	KUNIT_CASE(endings_suspend),
	KUNIT_CASE(endings_suspend_during_rescan),
	KUNIT_CASE(endings_suspend_silent),
	KUNIT_CASE(endings_resume_fails),
	KUNIT_CASE(endings_while_sending),
	{ }
};

struct kunit_suite endings_suite = {
	.name = "hv-storvsc-endings",
	.init = fake_suite_init,
	.exit = endings_exit,
	.test_cases = endings_cases,
};
