// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: a host that does not answer. Timers that run out, resets of the bus that it obeys or not,
 * controllers that end with commands in flight, and the memory that is kept from use then.
 */
#include <linux/blk-mq.h>
#include <linux/mm.h>
#include <linux/workqueue.h>
#include <scsi/scsi.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_eh.h>
#include <scsi/scsi_host.h>

#include "../storvsc.h"
#include "fake_host.h"
#include "io.h"
#include "suites.h"

/* The SCSI layer lets a bus settle for ten seconds after a reset. */
#define SETTLED	(30 * HZ)

static const u8 test_unit_ready[6];
static const u8 read_10[10] = { 0x28 }, write_10[10] = { 0x2a };
static const struct fake_outcome good = { 1 }, flushed = { 0x16 };

static void recovery_exit(struct kunit *test)
{
	*fake_io_deadline = 900;
	fake_suite_exit(test);
}

/* Without a deadline a slow host has all the time that it wants. */
static void recovery_is_patient(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct scsi_device *sdev = fake_host_probed(test, host, FAKE_IDE);
	struct io io = { .cdb = test_unit_ready };

	*fake_io_deadline = 0;
	io_hold(test, host, sdev, &io);
	KUNIT_EXPECT_FALSE(test, io_wait(&io, 4 * HZ));
	KUNIT_EXPECT_GE(test, atomic_read(&sdev->iotmo_cnt), 1);
	KUNIT_EXPECT_EQ(test, host->ops[RESET_BUS], 0u);
	fake_host_finish(host, fake_host_last(host), &good);
	KUNIT_EXPECT_TRUE(test, io_wait(&io, 5 * HZ));
	KUNIT_EXPECT_EQ(test, io.result, 0);
	scsi_device_put(sdev);
}

static bool flush_on_reset(struct fake_host *host, const struct fake_request *req)
{
	if (fake_request_op(req) != RESET_BUS)
		return false;
	host->hold = false;
	fake_host_reply(host, req, COMPLETION, 0, LEN_V2);
	fake_host_finish_all(host, *(u32 *)host->scratch, &flushed);
	return true;
}

static void recovery_resets_the_bus(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct scsi_device *sdev = fake_host_probed(test, host, FAKE_IDE);
	u32 from = host->num_sent;
	struct io ios[3] = { }, again = { .cdb = test_unit_ready };
	unsigned int i;

	host->scratch = &from;
	host->on_request = flush_on_reset;
	*fake_io_deadline = 1;
	for (i = 0; i < ARRAY_SIZE(ios); i++) {
		ios[i].cdb = read_10;
		io_hold(test, host, sdev, &ios[i]);
	}
	for (i = 0; i < ARRAY_SIZE(ios); i++) {
		KUNIT_EXPECT_TRUE(test, io_wait(&ios[i], SETTLED));
		KUNIT_EXPECT_EQ(test, ios[i].ended, 1u);
		KUNIT_EXPECT_NE(test, ios[i].result, 0);
	}
	KUNIT_EXPECT_EQ(test, host->ops[RESET_BUS], 1u);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_host_controller(host)->outstanding), 0);
	/* And life goes on. */
	KUNIT_EXPECT_TRUE(test, fake_wait(!scsi_host_in_recovery(sdev->host)));
	KUNIT_EXPECT_TRUE(test, io_run(test, sdev, &again));
	KUNIT_EXPECT_EQ(test, again.result, 0);
	scsi_device_put(sdev);
}

enum deafness { SILENT, DOES_NOT_FLUSH, GOES_AWAY };

static bool deaf(struct fake_host *host, const struct fake_request *req)
{
	if (fake_request_op(req) != RESET_BUS)
		return false;
	switch (*(enum deafness *)host->scratch) {
	case DOES_NOT_FLUSH:
		fake_host_reply(host, req, COMPLETION, 0, LEN_V2);
		break;
	case GOES_AWAY:
		fake_host_rescind(host);
		break;
	case SILENT:
		break;
	}
	return true;
}

/* What the host may still write to is used by nobody else. */
static void recovery_gives_up(struct kunit *test)
{
	static const struct {
		enum deafness how;
		u32 bytes;
		bool kept;
	} cases[] = {
		{ SILENT, 5 * 4096, true },
		{ SILENT, 48 * 4096, true },
		{ DOES_NOT_FLUSH, 48 * 4096, true },
		{ GOES_AWAY, 48 * 4096, false },
	};
	unsigned int i, n;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		struct scsi_device *sdev = fake_host_probed(test, host, FAKE_IDE);
		struct storvsc_host *sh = fake_host_controller(host);
		void *buffer = alloc_pages_exact(cases[i].bytes, GFP_KERNEL);
		struct io io = { .cdb = read_10, .data = buffer, .bytes = cases[i].bytes };
		struct io later = { .cdb = test_unit_ready };
		struct fake_request req;

		KUNIT_ASSERT_NOT_NULL(test, buffer);
		host->scratch = (void *)&cases[i].how;
		host->on_request = deaf;
		*fake_io_deadline = 1;
		io_hold(test, host, sdev, &io);
		req = *fake_host_last(host);
		KUNIT_EXPECT_TRUE(test, io_wait(&io, SETTLED));
		KUNIT_EXPECT_NE(test, io.result, 0);
		KUNIT_EXPECT_EQ(test, host->ops[RESET_BUS], 1u);
		KUNIT_EXPECT_EQ(test, (int)sh->state, (int)STORVSC_DEAD);
		KUNIT_EXPECT_EQ(test, atomic_read(&sh->outstanding), 0);
		for (n = 0; n < cases[i].bytes / 4096; n++)
			KUNIT_EXPECT_EQ_MSG(test, page_count(virt_to_page(buffer + n * 4096)),
					    cases[i].kept ? 2 : 1, "case %u page %u", i, n);
		/* A word that comes too late is not believed; nothing is sent any more. */
		fake_host_finish(host, &req, &good);
		KUNIT_EXPECT_EQ(test, io.ended, 1u);
		io_run(test, sdev, &later);
		KUNIT_EXPECT_EQ(test, host_byte(later.result), DID_NO_CONNECT);
		KUNIT_EXPECT_EQ(test, fake_host_last(host)->id, req.id);

		scsi_device_put(sdev);
		fake_host_remove(host);
		fake_host_free(test, host);
		for (n = 0; cases[i].kept && n < cases[i].bytes / 4096; n++)
			put_page(virt_to_page(buffer + n * 4096));
		free_pages_exact(buffer, cases[i].bytes);
	}
}

static struct page *last_page(void *data, u32 bytes)
{
	return virt_to_page(data + bytes - 1);
}

/* Pages, the last of which has no count. */
static void *frozen_pages(struct kunit *test, u32 bytes)
{
	struct page *pages = alloc_pages(GFP_KERNEL, get_order(bytes));

	KUNIT_ASSERT_NOT_NULL(test, pages);
	split_page(pages, get_order(bytes));
	KUNIT_ASSERT_TRUE(test, page_ref_freeze(last_page(page_address(pages), bytes), 1));
	return page_address(pages);
}

/*
 * Nor does it write to memory that kmalloc() gave, or to a page whose count nobody looks at, which
 * are used again when they are freed: the host has pages of the driver's instead, and those are
 * kept.
 */
static void recovery_keeps_uncounted(struct kunit *test)
{
	static const struct {
		u32 bytes;
		bool write, bounced, frozen;
	} cases[] = {
		{ 36, false, true }, { 512, false, true }, { 4096, false, true },
		{ 8192, false, true },
		{ 16384, false, false },	/* is pages, and no slab */
		{ 512, true, false },		/* is not written to */
		{ 4096, false, true, true },	/* as pages of newer kernels' kmalloc() are */
		{ 8192, false, true, true },	/* one, behind a page that is counted */
	};
	struct fake_host *host = test->priv;
	struct scsi_device *sdev = fake_host_probed(test, host, FAKE_IDE);
	enum deafness how = SILENT;
	struct io *ios = kunit_kcalloc(test, ARRAY_SIZE(cases), sizeof(*ios), GFP_KERNEL);
	u64 pfns[ARRAY_SIZE(cases)][2];
	int counts[ARRAY_SIZE(cases)];
	unsigned int i, n;

	KUNIT_ASSERT_NOT_NULL(test, ios);
	host->scratch = &how;
	host->on_request = deaf;
	*fake_io_deadline = 1;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		ios[i].cdb = cases[i].write ? write_10 : read_10;
		ios[i].write = cases[i].write;
		ios[i].bytes = cases[i].bytes;
		ios[i].data = cases[i].frozen ? frozen_pages(test, cases[i].bytes) :
						kmalloc(cases[i].bytes, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, ios[i].data);
		memset(ios[i].data, 0x5a, cases[i].bytes);
		counts[i] = page_count(virt_to_page(ios[i].data));
		io_hold(test, host, sdev, &ios[i]);
		memcpy(pfns[i], fake_host_last(host)->pfns, sizeof(pfns[i]));
		KUNIT_EXPECT_EQ_MSG(test, pfns[i][0] == page_to_pfn(virt_to_page(ios[i].data)),
				    !cases[i].bounced, "case %u", i);
	}
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_TRUE(test, io_wait(&ios[i], SETTLED));
		KUNIT_EXPECT_NE(test, ios[i].result, 0);
		KUNIT_EXPECT_EQ_MSG(test, page_count(virt_to_page(ios[i].data)),
				    counts[i] + (cases[i].bytes == 16384 ? 4 : 0), "case %u", i);
	}
	scsi_device_put(sdev);
	fake_host_remove(host);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* The host thinks better of it. */
		for (n = 0; cases[i].bounced && n < DIV_ROUND_UP(cases[i].bytes, 4096); n++) {
			struct page *page = pfn_to_page(pfns[i][n]);

			KUNIT_EXPECT_EQ_MSG(test, page_count(page), 1, "case %u", i);
			if (page == virt_to_page(ios[i].data + n * 4096))
				continue;
			memset(page_address(page), 0xcc, 4096);
			__free_page(page);
		}
		for (n = 0; n < cases[i].bytes; n++)
			if (((u8 *)ios[i].data)[n] != 0x5a)
				break;
		KUNIT_EXPECT_EQ_MSG(test, n, cases[i].bytes, "case %u", i);
		if (cases[i].bytes == 16384)
			for (n = 0; n < 4; n++)
				put_page(virt_to_page(ios[i].data + n * 4096));
		if (cases[i].frozen) {
			page_ref_unfreeze(last_page(ios[i].data, cases[i].bytes), 1);
			for (n = 0; n < cases[i].bytes; n += PAGE_SIZE)
				free_page((unsigned long)ios[i].data + n);
		} else {
			kfree(ios[i].data);
		}
	}
}

static void recovery_of_the_dead(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct scsi_device *sdev = fake_host_probed(test, host, FAKE_IDE);
	struct io io = { .cdb = test_unit_ready };
	struct Scsi_Host *shost = sdev->host;

	*fake_io_deadline = 0;
	io_hold(test, host, sdev, &io);
	KUNIT_EXPECT_EQ(test, (int)shost->hostt->eh_timed_out(io.cmd), (int)SCSI_EH_RESET_TIMER);
	fake_host_rescind(host);
	/* No timer is armed again for a host that is not there, and no reset asked of it. */
	KUNIT_EXPECT_EQ(test, (int)shost->hostt->eh_timed_out(io.cmd), (int)SCSI_EH_NOT_HANDLED);
	KUNIT_EXPECT_EQ(test, shost->hostt->eh_host_reset_handler(io.cmd), FAILED);
	KUNIT_EXPECT_EQ(test, host->ops[RESET_BUS], 0u);
	KUNIT_EXPECT_TRUE(test, io_wait(&io, 5 * HZ));
	KUNIT_EXPECT_EQ(test, host_byte(io.result), DID_NO_CONNECT);
	scsi_device_put(sdev);
}

struct reset {
	struct work_struct work;
	struct completion done;
	struct scsi_cmnd *cmd;
	int ret;
};

static void reset_work(struct work_struct *work)
{
	struct reset *reset = container_of(work, struct reset, work);

	reset->ret = reset->cmd->device->host->hostt->eh_host_reset_handler(reset->cmd);
	complete(&reset->done);
}

/* An answer came at the last moment: the SCSI layer may not have the command before its end. */
static void recovery_waits_for_ends(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct scsi_device *sdev = fake_host_probed(test, host, FAKE_IDE);
	struct storvsc_host *sh = fake_host_controller(host);
	struct io io = { .cdb = test_unit_ready };
	struct reset reset;

	io_prepare(test, sdev, &io);
	reset.cmd = io.cmd;
	reset.cmd->device = sdev;
	init_completion(&reset.done);
	INIT_WORK_ONSTACK(&reset.work, reset_work);
	host->fail_op = RESET_BUS;
	host->fail_error = -EIO;
	host->fail_times = 1;
	/* A command that somebody has taken over and not ended yet. */
	atomic_inc(&sh->outstanding);
	queue_work(system_unbound_wq, &reset.work);
	KUNIT_EXPECT_FALSE(test, wait_for_completion_timeout(&reset.done, HZ / 2));
	if (atomic_dec_and_test(&sh->outstanding))
		wake_up_all(&sh->drained);
	KUNIT_EXPECT_TRUE(test, wait_for_completion_timeout(&reset.done, 5 * HZ));
	flush_work(&reset.work);
	destroy_work_on_stack(&reset.work);
	KUNIT_EXPECT_EQ(test, reset.ret, FAILED);
	KUNIT_EXPECT_EQ(test, (int)sh->state, (int)STORVSC_DEAD);
	blk_mq_free_request(scsi_cmd_to_rq(io.cmd));
	scsi_device_put(sdev);
}

static struct kunit_case recovery_cases[] = {
	KUNIT_CASE(recovery_is_patient),
	KUNIT_CASE(recovery_resets_the_bus),
	KUNIT_CASE(recovery_gives_up),
	KUNIT_CASE(recovery_keeps_uncounted),
	KUNIT_CASE(recovery_of_the_dead),
	KUNIT_CASE(recovery_waits_for_ends),
	{ }
};

struct kunit_suite recovery_suite = {
	.name = "hv-storvsc-recovery",
	.init = fake_suite_init,
	.exit = recovery_exit,
	.test_cases = recovery_cases,
};
