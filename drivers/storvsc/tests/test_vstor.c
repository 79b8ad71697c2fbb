// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what storvsc makes of the bytes of a storage controller. Packets are written here byte by
 * byte, at the offsets of the protocol and in buffers as long as what arrived, so that KASAN sees
 * a byte read too many.
 */
#include "../vstor.c"

#include <kunit/test.h>
#include <linux/slab.h>

#include "suites.h"
#include "wire.h"

static u8 *packet_of(struct kunit *test, u32 len, u32 operation, u32 status)
{
	u8 *packet = kunit_kzalloc(test, LEN_V2, GFP_KERNEL), *exact;

	KUNIT_ASSERT_NOT_NULL(test, packet);
	put_unaligned_le32(operation, packet + AT_OPERATION);
	put_unaligned_le32(status, packet + AT_STATUS);
	if (len >= LEN_V2)
		return packet;
	exact = kunit_kzalloc(test, max(len, 1u), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, exact);
	memcpy(exact, packet, len);
	return exact;
}

static void vstor_packet_lengths(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, (size_t)LEN_V1, vstor_packet_len(0x0200));
	KUNIT_EXPECT_EQ(test, (size_t)LEN_V1, vstor_packet_len(0x0402));
	KUNIT_EXPECT_EQ(test, (size_t)LEN_V2, vstor_packet_len(0x0501));
	KUNIT_EXPECT_EQ(test, (size_t)LEN_V2, vstor_packet_len(0x0600));
	KUNIT_EXPECT_EQ(test, (size_t)LEN_V2, vstor_packet_len(0x0602));
}

static void vstor_replies(struct kunit *test)
{
	static const struct {
		u32 operation, len;
		size_t need;
		int ret;
	} cases[] = {
		{ 1, 12, 0, 0 },
		{ 1, 11, 0, -EMSGSIZE },
		{ 1, 0, 0, -EMSGSIZE },
		{ 1, 16, 4, 0 },
		{ 1, 15, 4, -EMSGSIZE },
		{ 1, 64, 52, 0 },
		{ 0, 64, 0, -EPROTO },
		{ 2, 64, 0, -EPROTO },		/* unsolicited, no answer */
		{ 11, 64, 0, -EPROTO },
		{ 0xffffffff, 64, 0, -EPROTO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *packet = packet_of(test, cases[i].len, cases[i].operation, 0);

		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    vstor_check_reply((void *)packet, cases[i].len, cases[i].need),
				    "case %u", i);
	}
}

static void vstor_limits_are_sane(struct kunit *test)
{
	static const struct {
		u32 len, status, transfer, wanted, flags;
		u16 channels;
		int ret;
		u32 max_transfer;
		u16 max_subchannels;
	} cases[] = {
		{ 64, 0, 0x40000, 0x200000, 1, 3, 0, 0x40000, 3 },
		{ 36, 0, 0x40000, 0x200000, 1, 3, 0, 0x40000, 3 },	/* no byte to spare */
		{ 35, 0, 0x40000, 0x200000, 1, 3, -EMSGSIZE },
		{ 64, 0, 0xffffffff, 0x200000, 0, 0, 0, 0x200000, 0 },	/* the guest's own limit */
		{ 64, 0, 0x40fff, 0x200000, 0, 0, 0, 0x40000, 0 },	/* whole pages */
		{ 64, 0, 4096, 0x200000, 0, 0, 0, 4096, 0 },
		{ 64, 0, 4095, 0x200000, 0, 0, -ERANGE },
		{ 64, 0, 0, 0x200000, 0, 0, -ERANGE },
		{ 64, 0, 0x40000, 0x200000, 1, 0xffff, 0, 0x40000, 0xffff },
		/* A number without the flag that there are any. */
		{ 64, 0, 0x40000, 0x200000, 0xfffffffe, 7, 0, 0x40000, 0 },
		{ 64, 0xc0000001, 0x40000, 0x200000, 1, 3, -EPROTO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *packet = packet_of(test, cases[i].len, COMPLETION, cases[i].status);
		struct vstor_limits limits = { 1, 1 };

		if (cases[i].len >= AT_MAX_TRANSFER + 4) {
			put_unaligned_le16(cases[i].channels, packet + AT_CHANNELS);
			put_unaligned_le32(cases[i].flags, packet + AT_PROPERTY_FLAGS);
			put_unaligned_le32(cases[i].transfer, packet + AT_MAX_TRANSFER);
		}
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    vstor_read_limits((void *)packet, cases[i].len,
						      cases[i].wanted, &limits), "case %u", i);
		if (cases[i].ret)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].max_transfer, limits.max_transfer, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].max_subchannels, limits.max_subchannels,
				    "case %u", i);
	}
}

static void vstor_world_wide_names(struct kunit *test)
{
	struct vstor_wwn wwn;
	u8 *packet = packet_of(test, 48, 12, 0);
	unsigned int i;

	/* primary port, node, secondary port, node: 0x10.., 0x20.., 0x30.., 0x40.. */
	for (i = 0; i < 32; i++)
		packet[16 + i] = (1 + i / 8) << 4 | i % 8;
	packet[12] = 1;
	KUNIT_EXPECT_EQ(test, 0, vstor_read_wwn((void *)packet, 48, &wwn));
	KUNIT_EXPECT_EQ(test, 0x1011121314151617ull, wwn.port);
	KUNIT_EXPECT_EQ(test, 0x2021222324252627ull, wwn.node);
	packet[12] = 0;
	KUNIT_EXPECT_EQ(test, 0, vstor_read_wwn((void *)packet, 48, &wwn));
	KUNIT_EXPECT_EQ(test, 0x3031323334353637ull, wwn.port);
	KUNIT_EXPECT_EQ(test, 0x4041424344454647ull, wwn.node);
	packet = packet_of(test, 47, 12, 0);
	KUNIT_EXPECT_EQ(test, -EMSGSIZE, vstor_read_wwn((void *)packet, 47, &wwn));
}

static void vstor_outcomes(struct kunit *test)
{
	static const struct {
		u32 len, operation, asked;
		u8 srb_status, scsi_status, sense_len;
		u32 transferred;
		int ret;
		u8 code, sense;
		u32 moved;
	} cases[] = {
		/* success, whole, short, and a host that says it moved more than was asked for */
		{ 64, 1, 4096, 0x01, 0, 0, 4096, 0, 0x01, 0, 4096 },
		{ 64, 1, 4096, 0x01, 0, 0, 512, 0, 0x01, 0, 512 },
		{ 64, 1, 4096, 0x01, 0, 0, 4097, 0, 0x01, 0, 4096 },
		{ 64, 1, 4096, 0x01, 0, 0, 0xffffffff, 0, 0x01, 0, 4096 },
		{ 64, 1, 0, 0x01, 0, 0, 0xffffffff, 0, 0x01, 0, 0 },
		{ 64, 1, 4096, 0x12, 0, 0, 36, 0, 0x12, 0, 36 },
		/* a failure moved nothing, whatever it says */
		{ 64, 1, 4096, 0x04, 2, 0, 4096, 0, 0x04, 0, 0 },
		/* sense with its flag and with CHECK CONDITION only, never longer than it can be */
		{ 64, 1, 0, 0x84, 2, 18, 0, 0, 0x04, 18, 0 },
		{ 64, 1, 0, 0x84, 2, 20, 0, 0, 0x04, 20, 0 },
		{ 64, 1, 0, 0x84, 2, 21, 0, 0, 0x04, 20, 0 },
		{ 64, 1, 0, 0x84, 2, 255, 0, 0, 0x04, 20, 0 },
		{ 64, 1, 0, 0x84, 2, 0, 0, 0, 0x04, 0, 0 },
		{ 64, 1, 0, 0x04, 2, 18, 0, 0, 0x04, 0, 0 },
		{ 64, 1, 0, 0x84, 0, 18, 0, 0, 0x04, 0, 0 },
		{ 64, 1, 0, 0x84, 8, 18, 0, 0, 0x04, 0, 0 },
		/* flags are no part of the code */
		{ 64, 1, 8, 0xc1, 0, 0, 8, 0, 0x01, 0, 8 },
		/* an old host's packet has room for all of the sense too */
		{ 48, 1, 0, 0x84, 2, 20, 0, 0, 0x04, 20, 0 },
		{ 47, 1, 0, 0x84, 2, 20, 0, -EMSGSIZE },
		{ 12, 1, 0, 0, 0, 0, 0, -EMSGSIZE },
		{ 0, 1, 0, 0, 0, 0, 0, -EMSGSIZE },
		{ 64, 3, 0, 0x01, 0, 0, 0, -EPROTO },
		{ 64, 2, 0, 0x01, 0, 0, 0, -EPROTO },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 *packet = packet_of(test, cases[i].len, cases[i].operation, 0x12345678);
		struct vstor_outcome outcome = { };

		if (cases[i].len >= AT_SENSE) {
			packet[AT_SRB_STATUS] = cases[i].srb_status;
			packet[AT_SCSI_STATUS] = cases[i].scsi_status;
			packet[AT_SENSE_LEN] = cases[i].sense_len;
			put_unaligned_le32(cases[i].transferred, packet + AT_TRANSFERRED);
		}
		KUNIT_EXPECT_EQ_MSG(test, cases[i].ret,
				    vstor_check_outcome((void *)packet, cases[i].len,
							cases[i].asked, &outcome), "case %u", i);
		if (cases[i].ret)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, cases[i].code, outcome.srb_status, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].scsi_status, outcome.scsi_status, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].sense, outcome.sense_len, "case %u", i);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].moved, outcome.transferred, "case %u", i);
		KUNIT_EXPECT_EQ(test, 0x12345678u, outcome.status);
		if (outcome.sense_len)
			KUNIT_EXPECT_PTR_EQ(test, (const u8 *)packet + AT_SENSE, outcome.sense);
	}
}

/* A failure by its sense: fixed format's code is at 12 and 13, descriptor format's at 2 and 3. */
#define FIXED(asc, ascq)	18, { 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq }
#define DESCRIPTOR(asc, ascq)	8, { 0x72, 6, asc, ascq }
#define NONE			0, { }

static void vstor_verdicts(struct kunit *test)
{
	static const struct {
		const char *what;
		u8 srb_status, scsi_status, opcode;
		bool fc;
		u8 sense_len, sense[20];
		u8 host_byte, status;
		enum vstor_lun_action lun;
		bool make_sense;
	} cases[] = {
		{ "success", 0x01, 0, 0x28, false, NONE, DID_OK, 0 },
		{ "success with a SCSI status", 0x01, 0x28, 0x28, false, NONE, DID_OK, 0x28 },
		{ "short transfer", 0x12, 0, 0x12, false, NONE, DID_OK, 0 },
		{ "busy", 0x05, 0, 0x28, false, NONE, DID_BUS_BUSY, 0 },
		{ "bus was reset", 0x0e, 0, 0x28, false, NONE, DID_RESET, 0 },
		{ "flushed", 0x16, 0, 0x28, false, NONE, DID_RESET, 0 },
		{ "no such LUN", 0x20, 0, 0x28, false, NONE, DID_NO_CONNECT, 0, VSTOR_LUN_REMOVE },
		{ "no such device", 0x08, 0, 0x28, false, NONE, DID_NO_CONNECT, 0 },
		{ "no such path", 0x07, 0, 0x28, false, NONE, DID_NO_CONNECT, 0 },
		{ "no such target", 0x21, 0, 0x28, false, NONE, DID_NO_CONNECT, 0 },
		{ "no answer to a selection", 0x0a, 0, 0x28, false, NONE, DID_NO_CONNECT, 0 },

		{ "capacity changed", 0x04, 2, 0x28, false, FIXED(0x2a, 0x09), DID_REQUEUE, 2,
		  VSTOR_LUN_RESCAN },
		{ "capacity changed, descriptor", 0x04, 2, 0x28, false, DESCRIPTOR(0x2a, 0x09),
		  DID_REQUEUE, 2, VSTOR_LUN_RESCAN },
		{ "operating conditions changed", 0x04, 2, 0x28, false, FIXED(0x3f, 0x01),
		  DID_REQUEUE, 2, VSTOR_LUN_RESCAN },
		{ "inquiry data changed", 0x04, 2, 0x28, false, FIXED(0x3f, 0x03), DID_OK, 2 },
		{ "list of LUNs changed", 0x04, 2, 0x28, false, FIXED(0x3f, 0x0e), DID_OK, 2 },
		{ "power on", 0x04, 2, 0x28, false, FIXED(0x29, 0x00), DID_OK, 2 },
		{ "mode parameters changed", 0x04, 2, 0x28, false, FIXED(0x2a, 0x01), DID_OK, 2 },
		{ "medium error", 0x04, 2, 0x28, false, FIXED(0x11, 0x00), DID_OK, 2 },
		/* too short for its code: it stands, and nobody reads behind it */
		{ "a stump of fixed sense", 0x04, 2, 0x28, false, 13,
		  { 0x70, 0, 6, 0, 0, 0, 0, 10, 0, 0, 0, 0, 0x2a, 0x09 }, DID_OK, 2 },
		{ "a stump of descriptor sense", 0x04, 2, 0x28, false, 3,
		  { 0x72, 6, 0x2a, 0x09 }, DID_OK, 2 },
		{ "sense of no known format", 0x04, 2, 0x28, false, 18,
		  { 0x6f, 0, 0x2a, 0x09, 0, 0, 0, 0, 0, 0, 0, 0, 0x2a, 0x09 }, DID_OK, 2 },

		/* Commands that hosts refuse without a word. */
		{ "INQUIRY", 0x04, 0, 0x12, false, NONE, DID_OK, 2, VSTOR_LUN_KEEP, true },
		{ "MODE SENSE(6)", 0x06, 0, 0x1a, false, NONE, DID_OK, 2, VSTOR_LUN_KEEP, true },
		{ "MODE SENSE(10)", 0x06, 0, 0x5a, false, NONE, DID_OK, 2, VSTOR_LUN_KEEP, true },
		{ "MAINTENANCE IN", 0x04, 0, 0xa3, false, NONE, DID_ERROR, 0 },
		{ "MAINTENANCE IN, FC", 0x04, 0, 0xa3, true, NONE, DID_OK, 2, VSTOR_LUN_KEEP, true },
		{ "ATA(16)", 0x04, 0, 0x85, false, NONE, DID_PASSTHROUGH, 0 },
		{ "ATA(12)", 0x04, 0, 0xa1, false, NONE, DID_PASSTHROUGH, 0 },
		{ "TEST UNIT READY", 0x04, 2, 0x00, false, NONE, DID_OK, 2 },

		/* Everything else that failed must not look like success. */
		{ "error, GOOD status", 0x04, 0, 0x28, false, NONE, DID_ERROR, 0 },
		{ "error, CHECK CONDITION without sense", 0x04, 2, 0x2a, false, NONE, DID_ERROR, 2 },
		{ "error, RESERVATION CONFLICT", 0x04, 0x18, 0x2a, false, NONE, DID_OK, 0x18 },
		{ "error, TASK SET FULL", 0x04, 0x28, 0x2a, false, NONE, DID_OK, 0x28 },
		{ "aborted", 0x02, 0, 0x28, false, NONE, DID_ERROR, 0 },
		{ "pending", 0x00, 0, 0x28, false, NONE, DID_ERROR, 0 },
		{ "timed out", 0x09, 0, 0x28, false, NONE, DID_ERROR, 0 },
		{ "a code that nobody knows", 0x3f, 0, 0x28, false, NONE, DID_ERROR, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct vstor_outcome outcome = {
			.srb_status = cases[i].srb_status,
			.scsi_status = cases[i].scsi_status,
			.sense_len = cases[i].sense_len,
		};
		u8 *sense = kunit_kzalloc(test, max_t(size_t, cases[i].sense_len, 1), GFP_KERNEL);
		u8 cdb[16] = { cases[i].opcode };
		struct vstor_verdict verdict;

		KUNIT_ASSERT_NOT_NULL(test, sense);
		memcpy(sense, cases[i].sense, cases[i].sense_len);
		outcome.sense = sense;
		vstor_judge(&outcome, cdb, cases[i].fc, &verdict);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].host_byte, verdict.host_byte, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].status, verdict.scsi_status, "%s",
				    cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].lun, verdict.lun, "%s", cases[i].what);
		KUNIT_EXPECT_EQ_MSG(test, cases[i].make_sense, verdict.make_sense, "%s",
				    cases[i].what);
	}
}

static struct kunit_case vstor_cases[] = {
	KUNIT_CASE(vstor_packet_lengths),
	KUNIT_CASE(vstor_replies),
	KUNIT_CASE(vstor_limits_are_sane),
	KUNIT_CASE(vstor_world_wide_names),
	KUNIT_CASE(vstor_outcomes),
	KUNIT_CASE(vstor_verdicts),
	{ }
};

struct kunit_suite vstor_suite = {
	.name = "hv-storvsc-vstor",
	.test_cases = vstor_cases,
};
