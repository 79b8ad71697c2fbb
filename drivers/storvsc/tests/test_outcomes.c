// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: how commands end. The host completes them well, in part, with every kind of failure,
 * twice, under ids that are nobody's, and with packets that are no completion.
 */
#include <linux/io.h>
#include <linux/unaligned.h>
#include <scsi/scsi.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

#include "../storvsc.h"
#include "fake_host.h"
#include "io.h"
#include "suites.h"

#define NO_TAG	0x00030002		/* of a queue that there is not */

static const u8 test_unit_ready[6];
static const u8 read_10[10] = { 0x28 };
static const struct fake_outcome good = { 1 };

static int outcomes_init(struct kunit *test)
{
	int ret = fake_suite_init(test);
	struct fake_host *host = test->priv;

	return ret ?: fake_host_probe(host, FAKE_IDE);
}

static struct storvsc_host *controller(struct kunit *test)
{
	return fake_host_controller(test->priv);
}

static struct scsi_device *lun_of(struct kunit *test)
{
	struct scsi_device *sdev = fake_host_lun(test->priv, 0);

	KUNIT_ASSERT_NOT_NULL(test, sdev);
	return sdev;
}

static bool bad_packets(struct kunit *test, int count)
{
	return atomic_xchg(&controller(test)->bad_packets, 0) == count;
}

static const struct fake_request *held(struct kunit *test, struct scsi_device *sdev, struct io *io)
{
	io_hold(test, test->priv, sdev, io);
	return fake_host_last(test->priv);
}

struct answer {
	u8 opcode;			/* of the commands that are answered so */
	struct fake_outcome outcome;
	u32 times;
};

static bool answer(struct fake_host *host, const struct fake_request *req)
{
	struct answer *answer = host->scratch;

	if (req->packet[AT_CDB] != answer->opcode || !answer->times)
		return false;
	answer->times--;
	fake_host_finish(host, req, &answer->outcome);
	return true;
}

/* Either while the packet is sent, or when the host has had it for a while. */
static void outcomes_are_reported(struct kunit *test)
{
	static const struct {
		const char *what;
		u8 opcode;
		struct fake_outcome outcome;
		int host_byte;
		u8 status;
		u32 left;		/* of 4096 bytes */
		u8 sense_key, asc;	/* in fixed format, 0: none */
	} cases[] = {
		{ "success", 0x28, { 0x01, 0, 4096 }, DID_OK, 0, 0 },
		{ "success with flags", 0x28, { 0xc1, 0, 4096 }, DID_OK, 0, 0 },
		{ "less than asked", 0x28, { 0x01, 0, 512 }, DID_OK, 0, 3584 },
		{ "overrun", 0x28, { 0x12, 0, 4092 }, DID_OK, 0, 4 },
		{ "nothing", 0x28, { 0x01, 0, 0 }, DID_OK, 0, 4096 },
		{ "more than asked", 0x28, { 0x01, 0, 4097 }, DID_OK, 0, 0 },
		{ "much more than asked", 0x28, { 0x12, 0, U32_MAX }, DID_OK, 0, 0 },
		{ "busy adapter", 0x28, { 0x05 }, DID_BUS_BUSY, 0, 4096 },
		{ "bus was reset", 0x28, { 0x0e }, DID_RESET, 0, 4096 },
		{ "flushed", 0x28, { 0x16 }, DID_RESET, 0, 4096 },
		{ "no path", 0x28, { 0x07 }, DID_NO_CONNECT, 0, 4096 },
		{ "no device", 0x28, { 0x08 }, DID_NO_CONNECT, 0, 4096 },
		{ "no selection", 0x28, { 0x0a }, DID_NO_CONNECT, 0, 4096 },
		{ "no target", 0x28, { 0x21 }, DID_NO_CONNECT, 0, 4096 },
		{ "pending", 0x28, { 0x00, 0, 4096 }, DID_ERROR, 0, 4096 },
		{ "aborted", 0x28, { 0x02, 0, 4096 }, DID_ERROR, 0, 4096 },
		{ "error", 0x28, { 0x04, 0, 4096 }, DID_ERROR, 0, 4096 },
		{ "timed out", 0x28, { 0x09 }, DID_ERROR, 0, 4096 },
		{ "unheard of", 0x28, { 0x3f }, DID_ERROR, 0, 4096 },
		{ "reservation conflict", 0x28, { 0x04, 0x18 }, DID_OK, 0x18, 4096 },
		{ "medium error", 0x28, { 0x84, 2, 0, 18, { 0x70, 0, 3, 0, 0, 0, 0, 10, 0, 0, 0, 0,
		  0x11 } }, DID_OK, 2, 4096, 3, 0x11 },
		{ "sense for longer than there is", 0x28, { 0x84, 2, 0, 255, { 0x70, 0, 3, 0, 0, 0,
		  0, 12, 0, 0, 0, 0, 0x11, [19] = 0xaa } }, DID_OK, 2, 4096, 3, 0x11 },
		{ "check condition without sense", 0x28, { 0x04, 2 }, DID_ERROR, 2, 4096 },
		{ "sense of no length", 0x28, { 0x84, 2 }, DID_ERROR, 2, 4096 },
		{ "INQUIRY refused", 0x12, { 0x04 }, DID_OK, 2, 4096, 5, 0x24 },
		{ "MODE SENSE refused", 0x1a, { 0x06 }, DID_OK, 2, 4096, 5, 0x24 },
		{ "ATA refused", 0x85, { 0x04 }, DID_OK, 0, 4096 },
	};
	struct scsi_device *sdev = lun_of(test);
	struct fake_host *host = test->priv;
	void *buffer = kunit_kzalloc(test, 4096, GFP_KERNEL);
	int level = logging_level;
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	for (n = 0; n < 2 * ARRAY_SIZE(cases); n++) {
		const unsigned int i = n / 2;
		struct answer with = { cases[i].opcode, cases[i].outcome, U32_MAX };
		const u8 cdb[16] = { cases[i].opcode };
		struct io io = { .cdb = cdb, .data = buffer, .bytes = 4096 };
		bool later = n % 2;

		host->scratch = &with;
		host->on_request = later ? NULL : answer;
		host->hold = later;
		logging_level = n % 3;
		if (later) {
			fake_host_finish(host, held(test, sdev, &io), &with.outcome);
			KUNIT_EXPECT_TRUE_MSG(test, io_wait(&io, 10 * HZ), "%s", cases[i].what);
		} else {
			io_run(test, sdev, &io);
		}
		KUNIT_EXPECT_EQ(test, io.ended, 1u);
		KUNIT_EXPECT_EQ_MSG(test, host_byte(io.result), cases[i].host_byte, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, (u8)io.result, cases[i].status, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, io.resid, cases[i].left, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, io.sense[2] & 0xf, cases[i].sense_key, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, io.sense[12], cases[i].asc, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, io.sense[20], 0, "%s", cases[i].what);
	}
	logging_level = level;
	host->on_request = NULL;
	host->hold = false;
	KUNIT_EXPECT_EQ(test, atomic_read(&controller(test)->outstanding), 0);
	scsi_device_put(sdev);
}

/* Outcomes that the SCSI layer answers with the same command once more. */
static void outcomes_are_tried_again(struct kunit *test)
{
	static const struct {
		const char *what;
		struct fake_outcome outcome;
		unsigned int retries;
	} cases[] = {
		{ "busy LUN", { 0x01, 0x08 }, 0 },
		{ "busy LUN, as an error", { 0x04, 0x08 }, 0 },
		{ "no room at the LUN", { 0x01, 0x28 }, 0 },
		{ "busy adapter", { 0x05 }, 3 },
		{ "error", { 0x04 }, 3 },
		{ "capacity changed", { 0x84, 2, 0, 18, { 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0,
		  0x2a, 9 } }, 0 },
		{ "parameters changed", { 0x84, 2, 0, 8, { 0x72, 6, 0x3f, 1 } }, 0 },
	};
	struct scsi_device *sdev = lun_of(test);
	struct fake_host *host = test->priv;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct answer with = { 0x28, cases[i].outcome, 2 };
		struct io io = { .cdb = read_10, .retries = cases[i].retries };
		u32 before = host->cdbs[0x28];

		host->scratch = &with;
		host->on_request = answer;
		if (!io_run(test, sdev, &io))
			continue;
		KUNIT_EXPECT_EQ_MSG(test, io.result, 0, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, host->cdbs[0x28] - before, 3u, "%s", cases[i].what);
	}
	/* Rescans of the last two are under way: they look at the vital product data. */
	KUNIT_EXPECT_TRUE(test, fake_wait(!work_busy(&controller(test)->scan_work)));
	flush_workqueue(controller(test)->work_queue);
	host->on_request = NULL;
	scsi_device_put(sdev);
}

/* What the host writes is what the reader gets. */
static bool write_pattern(struct fake_host *host, const struct fake_request *req)
{
	struct fake_outcome outcome = { 1, 0, 4096 };
	u32 i;

	for (i = 0; i < 4096; i++) {
		u32 at = req->offset + i;

		*(u8 *)(phys_to_virt(req->pfns[at / 4096] << 12) + at % 4096) = i ^ i >> 8;
	}
	fake_host_finish(host, req, &outcome);
	return true;
}

static void outcomes_with_data(struct kunit *test)
{
	struct scsi_device *sdev = lun_of(test);
	struct fake_host *host = test->priv;
	u8 *buffer = kunit_kzalloc(test, 8192, GFP_KERNEL);
	struct io io = { .cdb = read_10, .data = buffer + 100, .bytes = 4096 };
	u32 i, wrong = 0;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	host->on_request = write_pattern;
	io_run(test, sdev, &io);
	for (i = 0; i < 4096; i++)
		wrong += buffer[100 + i] != (u8)(i ^ i >> 8);
	KUNIT_EXPECT_EQ(test, wrong, 0u);
	KUNIT_EXPECT_EQ(test, buffer[99], 0);
	KUNIT_EXPECT_EQ(test, buffer[4196], 0);
	host->on_request = NULL;
	scsi_device_put(sdev);
}

/* ---- packets that end nothing ---- */

static void outcomes_come_once(struct kunit *test)
{
	struct scsi_device *sdev = lun_of(test);
	struct fake_host *host = test->priv;
	struct io io = { .cdb = test_unit_ready }, next = { .cdb = test_unit_ready };
	struct fake_request req = *held(test, sdev, &io);

	fake_host_finish(host, &req, &good);
	fake_host_finish(host, &req, &good);
	KUNIT_EXPECT_TRUE(test, io_wait(&io, 5 * HZ));
	fake_host_finish(host, &req, &good);
	KUNIT_EXPECT_TRUE(test, bad_packets(test, 2));
	KUNIT_EXPECT_EQ(test, io.ended, 1u);

	/* Nor do they end another command. */
	held(test, sdev, &next);
	fake_host_finish(host, &req, &good);
	KUNIT_EXPECT_TRUE(test, bad_packets(test, 1));
	KUNIT_EXPECT_FALSE(test, io_wait(&next, HZ / 10));
	fake_host_finish(host, fake_host_last(host), &good);
	KUNIT_EXPECT_TRUE(test, io_wait(&next, 5 * HZ));
	KUNIT_EXPECT_TRUE(test, bad_packets(test, 0));
	scsi_device_put(sdev);
}

/* The tag of a command that has ended is used again: ids of its past are not its own. */
static void outcomes_of_the_past(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct io io = { .cdb = test_unit_ready };
	struct fake_request first = { }, now = { };
	struct scsi_device *sdev;
	int ring = *fake_ring_size;
	u32 i;

	/* With the smallest ring there are few tags, so that the first one is back soon. */
	fake_host_remove(host);
	*fake_ring_size = 0;
	KUNIT_ASSERT_EQ(test, fake_host_probe(host, FAKE_IDE), 0);
	*fake_ring_size = ring;
	sdev = lun_of(test);
	for (i = 0; i < 1000; i++) {
		now = *held(test, sdev, &io);
		if ((u32)now.id == (u32)first.id)
			break;
		if (!first.id)
			first = now;
		fake_host_finish(host, &now, &good);
		KUNIT_EXPECT_TRUE(test, io_wait(&io, 5 * HZ));
	}
	if (i < 1000) {
		KUNIT_EXPECT_NE(test, now.id, first.id);
		fake_host_finish(host, &first, &good);
		KUNIT_EXPECT_TRUE(test, bad_packets(test, 1));
		KUNIT_EXPECT_EQ(test, io.ended, 0u);
		fake_host_finish(host, &now, &good);
		KUNIT_EXPECT_TRUE(test, io_wait(&io, 5 * HZ));
	} else {
		KUNIT_FAIL(test, "a tag is used once only");
	}
	scsi_device_put(sdev);
}

static void outcomes_of_nobody(struct kunit *test)
{
	struct scsi_device *sdev = lun_of(test);
	struct fake_host *host = test->priv;
	struct io io = { .cdb = test_unit_ready };
	struct fake_request req;
	unsigned int flying, i;

	for (flying = 0; flying < 2; flying++) {
		u64 id = flying ? held(test, sdev, &io)->id : fake_host_last(host)->id;
		const u64 nobody[] = {
			0, 1ull << 32, id ^ 1ull << 32, id ^ 1ull << 62, id + 1, (u32)id,
			(id & ~0xffffffffull) | NO_TAG, (id & ~0xffffffffull) | U32_MAX,
			~0ull >> 1,
		};

		for (i = 0; i < ARRAY_SIZE(nobody); i++) {
			req = *fake_host_last(host);
			req.id = nobody[i];
			fake_host_finish(host, &req, &good);
			KUNIT_EXPECT_TRUE_MSG(test, bad_packets(test, 1), "id %u", i);
		}
		/* An answer to a control request that nobody waits for. */
		req.id = 1ull << 63 | 1;
		logging_level = 2;
		fake_host_finish(host, &req, &good);
		logging_level = 1;
	}
	KUNIT_EXPECT_EQ(test, io.ended, 0u);
	fake_host_finish(host, fake_host_last(host), &good);
	KUNIT_EXPECT_TRUE(test, io_wait(&io, 5 * HZ));
	scsi_device_put(sdev);
}

/* The id is right, the packet is not. */
static void outcomes_of_nonsense(struct kunit *test)
{
	static const struct {
		const char *what;
		u32 operation, len;
		bool ends;		/* the host is done with it, that much is sure */
	} cases[] = {
		{ "no head", COMPLETION, 8, false },
		{ "no packet", COMPLETION, 0, false },
		{ "a head", COMPLETION, 16, true },
		{ "not all of an SRB", COMPLETION, 40, true },
		{ "a request", EXECUTE, 64, true },
		{ "no operation", 0, 64, true },
		{ "all ones", U32_MAX, 64, true },
	};
	struct scsi_device *sdev = lun_of(test);
	struct fake_host *host = test->priv;
	void *buffer = kunit_kzalloc(test, 4096, GFP_KERNEL);
	struct io io = { .cdb = read_10, .data = buffer, .bytes = 4096 };
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, buffer);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_request req = *held(test, sdev, &io);

		fake_host_reply(host, &req, cases[i].operation, 0, cases[i].len);
		KUNIT_EXPECT_TRUE_MSG(test, bad_packets(test, 1), "%s", cases[i].what);
		if (!cases[i].ends)
			fake_host_finish(host, &req, &good);
		KUNIT_EXPECT_TRUE_MSG(test, io_wait(&io, 5 * HZ), "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, host_byte(io.result),
				    cases[i].ends ? DID_ERROR : DID_OK, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, io.resid, 4096u, "%s", cases[i].what);
	}
	scsi_device_put(sdev);
}

/* Packets of a kind that hosts do not send, and more of them than one callback takes. */
static void outcomes_of_other_packets(struct kunit *test)
{
	static const u8 zeros[128];
	struct scsi_device *sdev = lun_of(test);
	struct fake_host *host = test->priv;
	struct io io = { .cdb = test_unit_ready };
	struct fake_request req = *held(test, sdev, &io);
	unsigned int i;

	fake_channel_packet(&host->primary, VM_PKT_DATA_USING_XFER_PAGES, req.id, req.packet, 64);
	fake_channel_packet(&host->primary, 0, req.id, req.packet, 64);
	fake_channel_packet(&host->primary, 0xffff, req.id, req.packet, 64);
	fake_channel_kick(&host->primary);
	KUNIT_EXPECT_TRUE(test, bad_packets(test, 3));
	KUNIT_EXPECT_EQ(test, io.ended, 0u);

	for (i = 0; i < 400; i++)
		fake_channel_packet(&host->primary, VM_PKT_DATA_INBAND, 0, zeros, sizeof(zeros));
	fake_host_finish(host, &req, &good);
	KUNIT_EXPECT_TRUE(test, io_wait(&io, 5 * HZ));
	KUNIT_EXPECT_TRUE(test, bad_packets(test, 400));
	scsi_device_put(sdev);
}

static struct kunit_case outcomes_cases[] = {
	KUNIT_CASE(outcomes_are_reported),
	KUNIT_CASE(outcomes_are_tried_again),
	KUNIT_CASE(outcomes_with_data),
	KUNIT_CASE(outcomes_come_once),
	KUNIT_CASE(outcomes_of_the_past),
	KUNIT_CASE(outcomes_of_nobody),
	KUNIT_CASE(outcomes_of_nonsense),
	KUNIT_CASE(outcomes_of_other_packets),
	{ }
};

struct kunit_suite outcomes_suite = {
	.name = "hv-storvsc-outcomes",
	.init = outcomes_init,
	.exit = fake_suite_exit,
	.test_cases = outcomes_cases,
};
