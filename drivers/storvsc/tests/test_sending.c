// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: a host that answers a command while its packet is still being written, of which it cannot
 * know yet. Until the packet is written the command, and the mapping of its data that the packet is
 * made of, are the sender's.
 */
#include <linux/delay.h>
#include <linux/vmalloc.h>
#include <scsi/scsi.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "../storvsc.h"
#include "fake_host.h"
#include "io.h"
#include "suites.h"

#define MANY	(48 * 4096)	/* bytes, of as many pages */

static const u8 test_unit_ready[6];
static const u8 read_10[10] = { 0x28 };
static const struct fake_outcome good = { 1 };

/* What the host says while a packet is written, and what had become of the command by then. */
struct forgery {
	struct io *io;
	unsigned int first, last;	/* of the packets, those that are answered */
	struct fake_outcome says[2];
	unsigned int answers;
	u32 len;			/* of the answer, when it is no outcome */
	bool stale;			/* it is one to the packet before */

	u64 ids[4];			/* of the packets */
	unsigned int packets;
	bool ended, freed;
};

static void forge(struct fake_host *host, u64 id)
{
	struct forgery *f = host->scratch;
	struct storvsc_cmd *sc = scsi_cmd_priv(f->io->cmd);
	struct fake_request req = { .id = id };
	void *sgl = sc->sgl;
	unsigned int nth = f->packets++, i;

	f->ids[nth % ARRAY_SIZE(f->ids)] = id;
	if (nth < f->first || nth > f->last)
		return;
	if (f->stale)
		req.id = f->ids[nth - 1];
	for (i = 0; i < f->answers; i++) {
		if (f->len)
			fake_host_reply(host, &req, COMPLETION, 0, f->len);
		else
			fake_host_finish(host, &req, &f->says[i]);
	}
	/* Commands end in a softirq, which has time to come. */
	for (i = 0; i < 20 && !READ_ONCE(f->io->ended); i++)
		mdelay(1);
	f->ended |= READ_ONCE(f->io->ended);
	f->freed |= READ_ONCE(sc->sgl) != sgl;
}

static bool silent(struct fake_host *host, const struct fake_request *req)
{
	return fake_request_op(req) == EXECUTE;
}

static void expect_pages(struct kunit *test, struct fake_host *host, void *buffer, u32 bytes)
{
	u32 page;

	for (page = 0; page < bytes / 4096; page++)
		KUNIT_EXPECT_EQ(test, host->pfns[page], vmalloc_to_pfn(buffer + page * 4096));
}

/* The answer counts, once the packet is written; the true one is one too many. */
static void sending_answered(struct kunit *test)
{
	static const struct {
		const char *what;
		struct forgery f;
		u32 bytes;
		int host_byte;
		u8 status, sense_key;
		u32 left;
		int bad;
	} cases[] = {
		{ "good, no data", { .says = { { 1 } }, .answers = 1 }, 0 },
		{ "good", { .says = { { 1, 0, 4096 } }, .answers = 1 }, 4096 },
		{ "good, many pages", { .says = { { 1, 0, MANY } }, .answers = 1 }, MANY },
		{ "in part", { .says = { { 1, 0, 512 } }, .answers = 1 }, 4096, .left = 3584 },
		{ "an error, many pages", { .says = { { 4 } }, .answers = 1 }, MANY,
		  DID_ERROR, .left = MANY },
		{ "sense", { .says = { { 0x84, 2, 0, 18, { 0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0,
		  0x11 } } }, .answers = 1 }, 4096, DID_OK, 2, 3, 4096 },
		{ "a head", { .answers = 1, .len = 16 }, 4096, DID_ERROR, .left = 4096, .bad = 1 },
		{ "more than a packet", { .answers = 1, .len = 128 }, 4096, DID_ERROR,
		  .left = 4096 },
		{ "an error, then good", { .says = { { 4 }, { 1, 0, MANY } }, .answers = 2 },
		  MANY, DID_ERROR, .left = MANY, .bad = 1 },
		{ "good, then an error", { .says = { { 1, 0, MANY }, { 4 } }, .answers = 2 },
		  MANY, DID_OK, .bad = 1 },
	};
	struct fake_host *host = test->priv;
	struct scsi_device *sdev = fake_host_probed(test, host, FAKE_IDE);
	struct storvsc_host *sh = fake_host_controller(host);
	u8 *buffer = vzalloc(MANY);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	host->on_request = silent;
	host->on_write = forge;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct io io = {
			.cdb = cases[i].bytes ? read_10 : test_unit_ready,
			.data = buffer, .bytes = cases[i].bytes,
		};
		struct forgery f = cases[i].f;
		u32 before = host->num_sent;

		f.io = &io;
		host->scratch = &f;
		if (!io_run(test, sdev, &io))
			continue;
		KUNIT_EXPECT_FALSE_MSG(test, f.ended, "%s", cases[i].what);
		KUNIT_EXPECT_FALSE_MSG(test, f.freed, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, host->num_sent - before, 1u, "%s", cases[i].what);
		expect_pages(test, host, buffer, cases[i].bytes);
		fake_host_finish(host, fake_host_last(host), &good);
		KUNIT_EXPECT_EQ_MSG(test, atomic_xchg(&sh->bad_packets, 0), cases[i].bad + 1, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, io.ended, 1u, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, host_byte(io.result), cases[i].host_byte, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, (u8)io.result, cases[i].status, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, io.sense[2] & 0xf, cases[i].sense_key, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, io.resid, cases[i].left, "%s", cases[i].what);
		KUNIT_EXPECT_EQ(test, atomic_read(&sh->outstanding), 0);
	}
	scsi_device_put(sdev);
	vfree(buffer);
}

/* The bus does not take the packet: there was nothing that could have been answered. */
static void sending_fails(struct kunit *test)
{
	static const struct {
		int error, host_byte;
		unsigned int packets;
	} cases[] = {
		{ -EAGAIN, DID_OK, 2 },		/* sent again, and answered truly then */
		{ -ENODEV, DID_NO_CONNECT, 1 },
		{ -EIO, DID_ERROR, 1 },
	};
	struct fake_host *host = test->priv;
	struct scsi_device *sdev = fake_host_probed(test, host, FAKE_IDE);
	struct storvsc_host *sh = fake_host_controller(host);
	u8 *buffer = vzalloc(MANY);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	host->on_write = forge;
	host->fail_op = EXECUTE;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct io io = { .cdb = read_10, .data = buffer, .bytes = MANY };
		struct forgery f = { .io = &io, .says = { { 1, 0, 4096 } }, .answers = 1 };

		host->scratch = &f;
		host->fail_error = cases[i].error;
		host->fail_times = 1;
		if (!io_run(test, sdev, &io))
			continue;
		KUNIT_EXPECT_FALSE_MSG(test, f.ended, "case %u", i);
		KUNIT_EXPECT_FALSE_MSG(test, f.freed, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, host_byte(io.result), cases[i].host_byte, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, f.packets, cases[i].packets, "case %u", i);
		KUNIT_EXPECT_EQ(test, io.ended, 1u);
		KUNIT_EXPECT_EQ(test, host->fail_times, 0u);
		KUNIT_EXPECT_EQ(test, atomic_xchg(&sh->bad_packets, 0), 1);
		KUNIT_EXPECT_EQ(test, atomic_read(&sh->outstanding), 0);
		if (cases[i].packets < 2)
			continue;
		KUNIT_EXPECT_EQ(test, io.resid, 0u);
		KUNIT_EXPECT_EQ(test, (u32)f.ids[0], (u32)f.ids[1]);
		KUNIT_EXPECT_NE(test, f.ids[0], f.ids[1]);
		expect_pages(test, host, buffer, MANY);
	}
	scsi_device_put(sdev);
	vfree(buffer);
}

/* The same tag is sent for the second time, and the answer is one to the first. */
static void sending_stale(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct scsi_device *sdev = fake_host_probed(test, host, FAKE_IDE);
	struct storvsc_host *sh = fake_host_controller(host);
	u8 *buffer = vzalloc(MANY);
	struct io io = { .cdb = read_10, .data = buffer, .bytes = MANY };
	struct forgery f = {
		.io = &io, .first = 1, .last = 1, .says = { { 4 } }, .answers = 1, .stale = true,
	};
	struct fake_request req;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	host->on_write = forge;
	host->scratch = &f;
	host->fail_op = EXECUTE;
	host->fail_error = -EAGAIN;
	host->fail_times = 1;
	io_hold(test, host, sdev, &io);
	KUNIT_EXPECT_EQ(test, f.packets, 2u);
	KUNIT_EXPECT_EQ(test, (u32)f.ids[0], (u32)f.ids[1]);
	KUNIT_EXPECT_NE(test, f.ids[0], f.ids[1]);
	KUNIT_EXPECT_EQ(test, atomic_xchg(&sh->bad_packets, 0), 1);

	/* And once more when it is sent. */
	req = *fake_host_last(host);
	KUNIT_EXPECT_EQ(test, req.id, f.ids[1]);
	req.id = f.ids[0];
	fake_host_finish(host, &req, &good);
	KUNIT_EXPECT_EQ(test, atomic_xchg(&sh->bad_packets, 0), 1);
	KUNIT_EXPECT_FALSE(test, io_wait(&io, HZ / 10));
	KUNIT_EXPECT_FALSE(test, f.ended);
	KUNIT_EXPECT_FALSE(test, f.freed);

	fake_host_finish(host, fake_host_last(host), &good);
	KUNIT_EXPECT_TRUE(test, io_wait(&io, 5 * HZ));
	KUNIT_EXPECT_EQ(test, io.result, 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&sh->bad_packets), 0);
	KUNIT_EXPECT_EQ(test, atomic_read(&sh->outstanding), 0);
	scsi_device_put(sdev);
	vfree(buffer);
}

struct timer {
	struct forgery f;
	int before, after;
};

static void run_out(struct fake_host *host, u64 id)
{
	struct timer *timer = container_of(host->scratch, struct timer, f);
	struct scsi_cmnd *cmd = timer->f.io->cmd;

	fake_host_rescind(host);
	timer->before = cmd->device->host->hostt->eh_timed_out(cmd);
	forge(host, id);
	timer->after = cmd->device->host->hostt->eh_timed_out(cmd);
}

/* Error handling, which would end the command, does not get it from under the sender. */
static void sending_timed_out(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct scsi_device *sdev = fake_host_probed(test, host, FAKE_IDE);
	struct io io = { .cdb = test_unit_ready };
	struct timer timer = { .f = { .io = &io, .says = { { 1 } }, .answers = 1 } };

	host->scratch = &timer.f;
	host->on_write = run_out;
	if (io_run(test, sdev, &io)) {
		KUNIT_EXPECT_EQ(test, timer.f.packets, 1u);
		KUNIT_EXPECT_EQ(test, timer.before, (int)SCSI_EH_RESET_TIMER);
		KUNIT_EXPECT_EQ(test, timer.after, (int)SCSI_EH_RESET_TIMER);
		KUNIT_EXPECT_EQ(test, io.ended, 1u);
		KUNIT_EXPECT_EQ(test, host_byte(io.result), DID_NO_CONNECT);
	}
	scsi_device_put(sdev);
}

static struct kunit_case sending_cases[] = {
	KUNIT_CASE(sending_answered),
	KUNIT_CASE(sending_fails),
	KUNIT_CASE(sending_stale),
	KUNIT_CASE(sending_timed_out),
	{ }
};

struct kunit_suite sending_suite = {
	.name = "hv-storvsc-sending",
	.init = fake_suite_init,
	.exit = fake_suite_exit,
	.test_cases = sending_cases,
};
