// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: LUNs that the host adds, takes away and changes, by its word and by how commands end; and
 * how a LUN is set up.
 */
#include <scsi/scsi.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_devinfo.h>
#include <scsi/scsi_host.h>

#include "../storvsc.h"
#include "fake_host.h"
#include "io.h"
#include "suites.h"

static const u8 test_unit_ready[6];

static bool there(struct fake_host *host, u64 lun)
{
	struct scsi_device *sdev = fake_host_lun(host, lun);

	if (sdev)
		scsi_device_put(sdev);
	return sdev;
}

static void luns_come_and_go(struct kunit *test)
{
	struct fake_host *host = test->priv;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host, FAKE_SCSI), 0);
	KUNIT_EXPECT_TRUE(test, there(host, 0));
	host->luns |= BIT_ULL(1) | BIT_ULL(63);
	fake_host_say(host, ENUMERATE, NULL, 0);
	KUNIT_EXPECT_TRUE(test, fake_wait(there(host, 1) && there(host, 63)));
	KUNIT_EXPECT_FALSE(test, there(host, 2));

	/* Known LUNs are asked whether they are still there. */
	host->luns &= ~BIT_ULL(1);
	fake_host_say(host, REMOVE_DEVICE, NULL, 0);
	KUNIT_EXPECT_TRUE(test, fake_wait(!there(host, 1)));
	KUNIT_EXPECT_TRUE(test, there(host, 0));
	KUNIT_EXPECT_TRUE(test, there(host, 63));

	/* All at once, and many times over. */
	host->luns = BIT_ULL(5);
	fake_host_say(host, REMOVE_DEVICE, NULL, 0);
	fake_host_say(host, ENUMERATE, NULL, 0);
	fake_host_say(host, REMOVE_DEVICE, NULL, 0);
	KUNIT_EXPECT_TRUE(test, fake_wait(!there(host, 0) && !there(host, 63)));
	host->luns = BIT_ULL(0) | BIT_ULL(5);
	fake_host_say(host, ENUMERATE, NULL, 0);
	KUNIT_EXPECT_TRUE(test, fake_wait(there(host, 0) && there(host, 5)));
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_host_controller(host)->bad_packets), 0);
}

/* A LUN that turns out to be gone when it is used. */
static void luns_gone_in_use(struct kunit *test)
{
	struct fake_host *host = test->priv;
	struct io io = { .cdb = test_unit_ready };
	struct scsi_device *sdev;

	host->luns = 0x7;
	KUNIT_ASSERT_EQ(test, fake_host_probe(host, FAKE_SCSI), 0);
	sdev = fake_host_lun(host, 1);
	KUNIT_ASSERT_NOT_NULL(test, sdev);
	host->luns = 0x5;
	io_run(test, sdev, &io);
	KUNIT_EXPECT_EQ(test, host_byte(io.result), DID_NO_CONNECT);
	scsi_device_put(sdev);
	KUNIT_EXPECT_TRUE(test, fake_wait(!there(host, 1)));
	KUNIT_EXPECT_TRUE(test, there(host, 0));
	KUNIT_EXPECT_TRUE(test, there(host, 2));
}

static void luns_not_scanned_early(struct kunit *test)
{
	struct fake_host *host = test->priv;
	u32 before;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host, FAKE_IDE), 0);
	before = host->num_sent;
	storvsc_set_state(fake_host_controller(host), STORVSC_DRAINING);
	host->luns = 0x3;
	fake_host_say(host, ENUMERATE, NULL, 0);
	flush_workqueue(fake_host_controller(host)->work_queue);
	/* Nor when the controller stops between the word and the scan. */
	storvsc_scan(&fake_host_controller(host)->scan_work);
	KUNIT_EXPECT_EQ(test, host->num_sent, before);
	storvsc_set_state(fake_host_controller(host), STORVSC_RUNNING);
}

/* Operations that hosts do not begin. */
static void luns_other_operations(struct kunit *test)
{
	static const u32 operations[] = {
		0, COMPLETION, EXECUTE, 4, 5, RESET_BUS, BEGIN, END, QUERY_VERSION,
		QUERY_PROPERTIES, SUBCHANNELS, 14, 255, 0x80000002, U32_MAX,
	};
	static const u8 zeros[52];
	struct fake_host *host = test->priv;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, fake_host_probe(host, FAKE_IDE), 0);
	for (i = 0; i < ARRAY_SIZE(operations); i++)
		fake_host_say(host, operations[i], zeros, sizeof(zeros));
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_host_controller(host)->bad_packets),
			(int)ARRAY_SIZE(operations));
	/* An adapter's names, of which there must be enough. */
	fake_host_say(host, NAMES, zeros, 36);
	fake_host_say(host, NAMES, zeros, 28);
	KUNIT_EXPECT_EQ(test, atomic_read(&fake_host_controller(host)->bad_packets),
			(int)ARRAY_SIZE(operations) + 1);
}

/* The fake LUNs say that they are SPC-2. */
static void luns_are_set_up(struct kunit *test)
{
	static const struct {
		u16 version;
		const char *vendor;
		char level;
		bool no_write_same;
	} cases[] = {
		{ 0x0402, "Msft    ", SCSI_SPC_2, true },
		{ 0x0501, "Msft    ", SCSI_SPC_3, true },
		{ 0x0600, "Msft    ", SCSI_SPC_3, true },
		{ 0x0602, "Msft    ", SCSI_SPC_2, false },
		{ 0x0600, "Other   ", SCSI_SPC_2, true },
		{ 0x0602, "Other   ", SCSI_SPC_2, true },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		struct scsi_device *sdev;

		host->newest = cases[i].version;
		host->vendor = cases[i].vendor;
		sdev = fake_host_probed(test, host, FAKE_SCSI);
		KUNIT_EXPECT_EQ_MSG(test, sdev->scsi_level, cases[i].level, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, !!sdev->no_write_same, cases[i].no_write_same,
				    "case %u", i);
		KUNIT_EXPECT_TRUE(test, sdev->no_report_opcodes);
		KUNIT_EXPECT_TRUE(test, sdev->sdev_bflags & BLIST_REPORTLUN2);
		KUNIT_EXPECT_TRUE(test, sdev->sdev_bflags & BLIST_TRY_VPD_PAGES);
		/* REPORT LUNS and the vital product data were asked for. */
		KUNIT_EXPECT_EQ(test, host->cdbs[0xa0], 1u);
		KUNIT_EXPECT_NOT_NULL(test, rcu_access_pointer(sdev->vpd_pg83));
		KUNIT_EXPECT_EQ(test, sdev->request_queue->rq_timeout,
				(unsigned int)STORVSC_COMMAND_TIMEOUT);
		scsi_device_put(sdev);
		fake_host_remove(host);
		fake_host_free(test, host);
	}
}

/* What a deadline is for would come too late if the timer were longer. */
static void luns_timer(struct kunit *test)
{
	static const struct {
		unsigned int deadline, timer;
	} cases[] = {
		{ 0, STORVSC_COMMAND_TIMEOUT }, { 1, HZ }, { 2, STORVSC_COMMAND_TIMEOUT },
		{ 3, STORVSC_COMMAND_TIMEOUT }, { UINT_MAX, STORVSC_COMMAND_TIMEOUT },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_host *host = fake_host_new(test);
		struct scsi_device *sdev;

		*fake_io_deadline = cases[i].deadline;
		sdev = fake_host_probed(test, host, FAKE_SCSI);
		KUNIT_EXPECT_EQ_MSG(test, sdev->request_queue->rq_timeout, cases[i].timer,
				    "case %u", i);
		scsi_device_put(sdev);
		fake_host_remove(host);
		fake_host_free(test, host);
	}
	*fake_io_deadline = 900;
}

static void luns_depth_and_geometry(struct kunit *test)
{
	static const struct {
		sector_t capacity;
		int cylinders;
	} cases[] = {
		{ 0, 0 }, { 16064, 0 }, { 16065, 1 }, { 32129, 1 },
		{ 65535ull * 16065, 65535 }, { 65536ull * 16065, 65535 }, { U64_MAX, 65535 },
	};
	struct fake_host *host = test->priv;
	struct scsi_device *sdev;
	struct Scsi_Host *shost;
	int info[3];
	unsigned int i;

	sdev = fake_host_probed(test, host, FAKE_IDE);
	shost = sdev->host;
	KUNIT_EXPECT_EQ(test, shost->hostt->change_queue_depth(sdev, 1), 1);
	KUNIT_EXPECT_EQ(test, shost->hostt->change_queue_depth(sdev, shost->can_queue),
			shost->can_queue);
	KUNIT_EXPECT_EQ(test, shost->hostt->change_queue_depth(sdev, INT_MAX), shost->can_queue);

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_EXPECT_EQ(test, shost->hostt->bios_param(sdev, NULL, cases[i].capacity, info),
				0);
		KUNIT_EXPECT_EQ(test, info[0], 255);
		KUNIT_EXPECT_EQ(test, info[1], 63);
		KUNIT_EXPECT_EQ_MSG(test, info[2], cases[i].cylinders, "case %u", i);
	}
	scsi_device_put(sdev);
}

static struct kunit_case luns_cases[] = {
	KUNIT_CASE(luns_come_and_go),
	KUNIT_CASE(luns_gone_in_use),
	KUNIT_CASE(luns_not_scanned_early),
	KUNIT_CASE(luns_other_operations),
	KUNIT_CASE(luns_are_set_up),
	KUNIT_CASE(luns_timer),
	KUNIT_CASE(luns_depth_and_geometry),
	{ }
};

struct kunit_suite luns_suite = {
	.name = "hv-storvsc-luns",
	.init = fake_suite_init,
	.exit = fake_suite_exit,
	.test_cases = luns_cases,
};
