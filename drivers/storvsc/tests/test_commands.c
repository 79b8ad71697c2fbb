// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: commands on their way to the host: what stands in the packet, which pages the host is
 * given, which channel takes it, and what becomes of a command that cannot be sent.
 */
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <linux/unaligned.h>
#include <scsi/scsi.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "../storvsc.h"
#include "fake_host.h"
#include "io.h"
#include "suites.h"

static const u8 test_unit_ready[6];
static const u8 read_10[10] = { 0x28, 0, 0, 0, 0, 1, 0, 0, 8 };
static const u8 write_10[10] = { 0x2a, 0, 0, 0, 0, 1, 0, 0, 8 };

/* The list of pages is that of the buffer, at each edge of a page and of the limits. */
static void commands_pages(struct kunit *test)
{
	static const struct {
		u32 offset, bytes, pages;
	} cases[] = {
		{ 0, 4, 1 }, { 0, 4092, 1 }, { 0, 4096, 1 }, { 0, 4100, 2 },
		{ 4092, 4, 1 }, { 4092, 8, 2 }, { 4092, 4100, 2 }, { 4092, 4104, 3 },
		{ 2048, 2048, 1 }, { 2048, 2052, 2 }, { 4, 4096, 2 },
		/* 128 KiB, and one page more */
		{ 0, 33 * 4096, 33 }, { 0, 33 * 4096 + 4, 34 }, { 4, 33 * 4096, 34 },
		/* the most that the host takes */
		{ 0, 64 * 4096, 64 }, { 4, 64 * 4096, 65 }, { 4092, 64 * 4096, 65 },
	};
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_IDE);
	struct fake_host *host = test->priv;
	u8 *buffer = vzalloc(66 * 4096);
	unsigned int i, page, write;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (write = 0; write < 2; write++) {
			struct io io = {
				.cdb = write ? write_10 : read_10, .write = write,
				.data = buffer + cases[i].offset, .bytes = cases[i].bytes,
			};
			const struct fake_request *req;

			if (!io_run(test, sdev, &io))
				continue;
			req = fake_host_last(host);
			KUNIT_EXPECT_EQ(test, io.result, 0);
			KUNIT_EXPECT_EQ(test, io.resid, 0u);
			KUNIT_EXPECT_TRUE(test, req->with_data);
			KUNIT_EXPECT_EQ(test, req->bytes, cases[i].bytes);
			KUNIT_EXPECT_EQ(test, req->offset, cases[i].offset);
			KUNIT_EXPECT_EQ_MSG(test, req->pages, cases[i].pages, "case %u", i);
			KUNIT_EXPECT_EQ(test, get_unaligned_le32(req->packet + AT_TRANSFERRED),
					cases[i].bytes);
			for (page = 0; page < cases[i].pages; page++)
				KUNIT_EXPECT_EQ_MSG(test, host->pfns[page],
						    vmalloc_to_pfn(buffer + page * 4096),
						    "case %u page %u", i, page);
		}
	}
	scsi_device_put(sdev);
	vfree(buffer);
}

/* 4 MiB, the most that the driver ever sends, from a buffer that is not at a page's start. */
static void commands_largest(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct scsi_device *sdev;
	u8 *buffer = vzalloc(SZ_4M + 4096);
	struct io io = { .cdb = write_10, .write = true, .bytes = SZ_4M - 4096 };
	unsigned int page;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	host->max_transfer = U32_MAX;
	sdev = fake_host_probed(test, test->priv, FAKE_IDE);
	io.data = buffer + 512;
	if (io_run(test, sdev, &io)) {
		KUNIT_EXPECT_EQ(test, io.result, 0);
		KUNIT_EXPECT_EQ(test, fake_host_last(host)->pages, 1024u);
		for (page = 0; page < 1024; page++)
			KUNIT_EXPECT_EQ(test, host->pfns[page],
					vmalloc_to_pfn(buffer + page * 4096));
	}
	scsi_device_put(sdev);
	vfree(buffer);
}

/* Each field of a request, by version and direction. */
static void commands_packet(struct kunit *test)
{
	static const struct {
		u16 version, srb_len;
		u8 sense_len, tag, action;
		u32 flags, timeout;
	} cases[] = {
		{ 0x0402, 0x24, 18, 0, 0, 0, 0 },
		{ 0x0501, 0x34, 20, 0xff, 0x20, 0x10a, 60 },
		{ 0x0600, 0x34, 20, 0xff, 0x20, 0x10a, 60 },
		{ 0x0602, 0x34, 20, 0xff, 0x20, 0x10a, 60 },
	};
	static const struct {
		const u8 *cdb;
		u8 cdb_len, data_in;
		bool write;
		u32 bytes, flag;
	} ways[] = {
		{ read_10, 10, 1, false, 4096, 0x40 },
		{ write_10, 10, 0, true, 4096, 0x80 },
		{ test_unit_ready, 6, 2, false, 0, 0 },
	};
	void *buffer = kunit_kzalloc(test, 8192, GFP_KERNEL);
	unsigned int i, way;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		struct scsi_device *sdev;

		host->newest = cases[i].version;
		host->luns = 0x9;
		KUNIT_ASSERT_EQ(test, fake_host_probe(host, FAKE_SCSI), 0);
		sdev = fake_host_lun(host, 3);
		KUNIT_ASSERT_NOT_NULL(test, sdev);
		for (way = 0; way < ARRAY_SIZE(ways); way++) {
			struct io io = {
				.cdb = ways[way].cdb, .write = ways[way].write,
				.data = buffer, .bytes = ways[way].bytes,
			};
			const u8 *packet = fake_host_last(host)->packet;

			if (!io_run(test, sdev, &io))
				continue;
			packet = fake_host_last(host)->packet;
			KUNIT_EXPECT_EQ(test, get_unaligned_le16(packet + AT_SRB_LEN),
					cases[i].srb_len);
			KUNIT_EXPECT_EQ(test, packet[AT_SRB_STATUS], 0);
			KUNIT_EXPECT_EQ(test, packet[AT_PATH], 0);
			KUNIT_EXPECT_EQ(test, packet[AT_TARGET], 0);
			KUNIT_EXPECT_EQ(test, packet[AT_LUN], 3);
			KUNIT_EXPECT_EQ(test, packet[AT_CDB_LEN], ways[way].cdb_len);
			KUNIT_EXPECT_EQ(test, packet[AT_SENSE_LEN], cases[i].sense_len);
			KUNIT_EXPECT_EQ(test, packet[AT_DATA_IN], ways[way].data_in);
			KUNIT_EXPECT_EQ(test, get_unaligned_le32(packet + AT_TRANSFERRED),
					ways[way].bytes);
			KUNIT_EXPECT_EQ(test, memcmp(packet + AT_CDB, ways[way].cdb,
						     ways[way].cdb_len), 0);
			KUNIT_EXPECT_EQ(test, fake_host_last(host)->with_data, !!ways[way].bytes);
			KUNIT_EXPECT_EQ(test, packet[AT_QUEUE_TAG], cases[i].tag);
			KUNIT_EXPECT_EQ(test, packet[AT_QUEUE_ACTION], cases[i].action);
			KUNIT_EXPECT_EQ_MSG(test, get_unaligned_le32(packet + AT_SRB_FLAGS),
					    cases[i].flags | (cases[i].flags ? ways[way].flag : 0),
					    "version %#x way %u", cases[i].version, way);
			KUNIT_EXPECT_EQ(test, get_unaligned_le32(packet + AT_TIMEOUT),
					cases[i].timeout);
		}
		scsi_device_put(sdev);
		fake_host_remove(host);
		fake_host_free(test, host);
	}
}

/* Old hosts must not see WRITE SAME and SET WINDOW. */
static void commands_kept_from_old_hosts(struct kunit *test)
{
	static const u8 write_same[10] = { 0x41 }, set_window[10] = { 0x24 };
	static const struct {
		u16 version;
		bool sent;
	} cases[] = { { 0x0402, false }, { 0x0501, false }, { 0x0600, true }, { 0x0602, true } };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct io same = { .cdb = write_same }, window = { .cdb = set_window };
		struct fake_host *host = fake_host_new(test);
		struct scsi_device *sdev;

		host->newest = cases[i].version;
		sdev = fake_host_probed(test, host, FAKE_IDE);
		io_run(test, sdev, &same);
		io_run(test, sdev, &window);
		KUNIT_EXPECT_EQ(test, host->cdbs[0x41], cases[i].sent ? 1u : 0u);
		KUNIT_EXPECT_EQ(test, host->cdbs[0x24], cases[i].sent ? 1u : 0u);
		KUNIT_EXPECT_EQ(test, host_byte(same.result), cases[i].sent ? DID_OK : DID_ERROR);
		scsi_device_put(sdev);
		fake_host_remove(host);
		fake_host_free(test, host);
	}
}

/* Whatever the bus says of a packet, its command ends, and the next one is none the wiser. */
static void commands_that_cannot_be_sent(struct kunit *test)
{
	static const struct {
		int error;
		u32 times;
		unsigned int retries;
		int host_byte;
		u32 sent;
	} cases[] = {
		{ -EAGAIN, 1, 0, DID_OK, 1 },		/* the ring is full: later */
		{ -EAGAIN, 20, 0, DID_OK, 1 },
		{ -ENODEV, 1, 0, DID_NO_CONNECT, 0 },
		{ -ENODEV, 1, 5, DID_NO_CONNECT, 0 },
		{ -ENOMEM, 1, 0, DID_ERROR, 0 },
		{ -EIO, 1, 0, DID_ERROR, 0 },
		{ -EINVAL, 1, 0, DID_ERROR, 0 },
		{ -ENOMEM, 1, 1, DID_OK, 1 },		/* the SCSI layer tries again */
		{ -EIO, 3, 2, DID_ERROR, 0 },
	};
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_IDE);
	struct fake_host *host = test->priv;
	struct storvsc_host *sh = fake_host_controller(host);
	void *buffer = vzalloc(0x40000);
	unsigned int i, bytes;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		/* without data, with one page, with as many as the host takes */
		for (bytes = 0; bytes <= 0x40000; bytes = bytes ? bytes * 64 : 4096) {
			struct io io = {
				.cdb = bytes ? read_10 : test_unit_ready,
				.data = buffer, .bytes = bytes, .retries = cases[i].retries,
			};
			u32 before = host->num_sent;

			host->fail_op = EXECUTE;
			host->fail_error = cases[i].error;
			host->fail_times = cases[i].times;
			if (!io_run(test, sdev, &io))
				continue;
			KUNIT_EXPECT_EQ_MSG(test, host_byte(io.result), cases[i].host_byte,
					    "case %u", i);
			KUNIT_EXPECT_EQ(test, io.ended, 1u);
			KUNIT_EXPECT_EQ_MSG(test, host->num_sent - before, cases[i].sent,
					    "case %u", i);
			KUNIT_EXPECT_EQ(test, host->fail_times, 0u);
			KUNIT_EXPECT_EQ(test, atomic_read(&sh->outstanding), 0);
		}
	}
	scsi_device_put(sdev);
	vfree(buffer);
}

/* A packet that the bus could not send, it says: what the host answers to it is a lie. */
static void commands_answered_unsent(struct kunit *test)
{
	static const struct {
		int error, host_byte;
	} cases[] = {
		{ -EAGAIN, DID_OK },		/* by the answer to the second attempt */
		{ -ENODEV, DID_NO_CONNECT },
		{ -EIO, DID_ERROR },
	};
	struct scsi_device *sdev = fake_host_probed(test, test->priv, FAKE_IDE);
	struct fake_host *host = test->priv;
	struct storvsc_host *sh = fake_host_controller(host);
	void *buffer = kunit_kzalloc(test, 4096, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	host->fail_op = EXECUTE;
	host->fail_late = true;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct io io = { .cdb = read_10, .data = buffer, .bytes = 4096 };

		host->fail_error = cases[i].error;
		host->fail_times = 1;
		if (!io_run(test, sdev, &io))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, host_byte(io.result), cases[i].host_byte, "case %u", i);
		KUNIT_EXPECT_EQ(test, io.ended, 1u);
		KUNIT_EXPECT_EQ(test, host->fail_times, 0u);
		KUNIT_EXPECT_EQ(test, atomic_read(&sh->outstanding), 0);
		KUNIT_EXPECT_EQ(test, atomic_xchg(&sh->bad_packets, 0), 1);
	}
	scsi_device_put(sdev);
}

static u8 channel_used(struct kunit *test, struct scsi_device *sdev)
{
	struct io io = { .cdb = test_unit_ready };

	io_run(test, sdev, &io);
	KUNIT_EXPECT_EQ(test, io.result, 0);
	return fake_host_last(test->priv)->channel;
}

static void commands_choose_a_channel(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct storvsc_host *sh;
	struct scsi_device *sdev;
	unsigned int cpu, i;

	if (num_online_cpus() == 1)
		kunit_skip(test, "one CPU");
	host->channels = 1;
	host->subs[0]->vmbus.target_cpu = 1;
	sdev = fake_host_probed(test, test->priv, FAKE_SCSI);
	sh = fake_host_controller(host);
	KUNIT_EXPECT_EQ(test, channel_used(test, sdev), 0);
	fake_host_offer(host, 0);
	KUNIT_EXPECT_PTR_EQ(test, storvsc_pick_channel(sh, 0)->vmbus, &host->primary.vmbus);
	KUNIT_EXPECT_PTR_EQ(test, storvsc_pick_channel(sh, 1)->vmbus, &host->subs[0]->vmbus);

	/* A ring with less than a tenth of room is left alone, wherever the command begins. */
	fake_channel_fill(&host->primary, 91);
	KUNIT_EXPECT_PTR_EQ(test, storvsc_pick_channel(sh, 0)->vmbus, &host->subs[0]->vmbus);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, channel_used(test, sdev), 1);
	fake_channel_fill(&host->primary, 85);
	KUNIT_EXPECT_PTR_EQ(test, storvsc_pick_channel(sh, 0)->vmbus, &host->primary.vmbus);
	/* What stands there is no packet, so that the host must not be awake. */
	fake_channel_fill(&host->primary, 0);
	fake_channel_fill(host->subs[0], 95);
	for (i = 0; i < 4; i++)
		KUNIT_EXPECT_EQ(test, channel_used(test, sdev), 0);
	/* All are full: a CPU's own has the last word. */
	fake_channel_fill(&host->primary, 95);
	KUNIT_EXPECT_PTR_EQ(test, storvsc_pick_channel(sh, 0)->vmbus, &host->primary.vmbus);
	KUNIT_EXPECT_PTR_EQ(test, storvsc_pick_channel(sh, 1)->vmbus, &host->subs[0]->vmbus);
	fake_channel_fill(&host->primary, 0);
	fake_channel_fill(host->subs[0], 0);

	/* A subchannel that the host takes away is not used. */
	WRITE_ONCE(host->subs[0]->vmbus.rescind, true);
	KUNIT_EXPECT_PTR_EQ(test, storvsc_pick_channel(sh, 1)->vmbus, &host->primary.vmbus);
	WRITE_ONCE(host->subs[0]->vmbus.rescind, false);

	/* Interrupts move: the CPU that has them takes the channel along. */
	host->primary.vmbus.target_cpu = 1;
	host->subs[0]->vmbus.target_cpu = 0;
	host->primary.vmbus.change_target_cpu_callback(&host->primary.vmbus, 0, 1);
	host->subs[0]->vmbus.change_target_cpu_callback(&host->subs[0]->vmbus, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, storvsc_pick_channel(sh, 0)->vmbus, &host->subs[0]->vmbus);
	KUNIT_EXPECT_PTR_EQ(test, storvsc_pick_channel(sh, 1)->vmbus, &host->primary.vmbus);
	/* Both on one CPU: the others have one of them. */
	host->primary.vmbus.target_cpu = 0;
	host->primary.vmbus.change_target_cpu_callback(&host->primary.vmbus, 1, 0);
	for_each_possible_cpu(cpu)
		KUNIT_EXPECT_NOT_NULL(test, storvsc_pick_channel(sh, cpu));
	channel_used(test, sdev);
	scsi_device_put(sdev);
}

static struct kunit_case commands_cases[] = {
	KUNIT_CASE(commands_pages),
	KUNIT_CASE(commands_largest),
	KUNIT_CASE(commands_packet),
	KUNIT_CASE(commands_kept_from_old_hosts),
	KUNIT_CASE(commands_that_cannot_be_sent),
	KUNIT_CASE(commands_answered_unsent),
	KUNIT_CASE(commands_choose_a_channel),
	{ }
};

struct kunit_suite commands_suite = {
	.name = "hv-storvsc-commands",
	.init = fake_suite_init,
	.exit = fake_suite_exit,
	.test_cases = commands_cases,
};
