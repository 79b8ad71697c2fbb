// SPDX-License-Identifier: GPL-2.0
/*
 * The SCSI disk: commands that tell of it and set it up, each one's good case and its wrong fields,
 * with the bytes of sense data, VPD and mode pages written by hand from SPC-4 and SBC-3.
 */
#include "scsi_disk.h"

/* ---- dispatch ---- */

static void unknown_opcodes(void **state)
{
	static const uint8_t refused[] = {
		0x4d /* LOG SENSE */, 0x4c, 0x5e /* PERSISTENT RESERVE IN */, 0x5f, 0x7f, 0x85,
		0xa1, 0xff, 0x04, 0xa0 /* the target's, not the disk's */,
	};

	for (size_t i = 0; i < sizeof(refused); i++)
		check_sense(RUN(NONE, 0, refused[i], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
			    0x5, 0x20, 0x00);
	/* A known opcode with a service action that is not there. */
	check_bad_cdb(RUN(IN, 32, 0x9e, 0x12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0), 1);
}

static void reserved_bits_and_short_cdbs(void **state)
{
	check_bad_cdb(RUN(NONE, 0, 0x00, 0, 0, 0, 0, 0x04), 5);		/* NACA */
	assert_int_equal(t.req.sense[15], 0xca);			/* bit 2 */
	check_bad_cdb(RUN(NONE, 0, 0x00, 0x80, 0, 0, 0, 0), 1);
	assert_int_equal(t.req.sense[15], 0xcf);
	check_bad_cdb(RUN(IN, 512, 0x28, 0x20, 0, 0, 0, 0, 0, 0, 1, 0), 1);	/* RDPROTECT */
	check_bad_cdb(RUN(IN, 512, 0x28, 0, 0, 0, 0, 0), 6);		/* six bytes of ten */
}

static void wrong_direction(void **state)
{
	check_bad_cdb(RUN(OUT, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0);
	check_bad_cdb(RUN(IN, 512, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0);
	assert_int_equal(t.ops[BLOCK_WRITE] + t.ops[BLOCK_READ], 0);
	check_bad_cdb(RUN(OUT, 36, 0x12, 0, 0, 0, 36, 0), 0);
}

static void test_unit_ready_start_stop(void **state)
{
	assert_good(RUN(NONE, 0, 0x00, 0, 0, 0, 0, 0));
	assert_good(RUN(NONE, 0, 0x1b, 0, 0, 0, 0, 0));			/* stop */
	assert_int_equal(t.ops[BLOCK_FLUSH], 1);
	check_sense(RUN(NONE, 0, 0x00, 0, 0, 0, 0, 0), 0x2, 0x04, 0x02);
	check_sense(RUN(IN, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x2, 0x04, 0x02);
	assert_good(RUN(IN, 36, 0x12, 0, 0, 0, 36, 0));			/* still says who it is */
	assert_good(RUN(NONE, 0, 0x1b, 1, 0, 0, 1, 0));			/* start, IMMED */
	assert_good(RUN(IN, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0));
	check_bad_cdb(RUN(NONE, 0, 0x1b, 0, 0, 0, 0x02, 0), 4);		/* LOEJ */
	check_bad_cdb(RUN(NONE, 0, 0x1b, 0, 0, 0, 0x30, 0), 4);		/* a power condition */
	check_bad_cdb(RUN(NONE, 0, 0x1b, 0, 0, 0, 0x05, 0), 4);		/* start, NO_FLUSH */
}

static void reserve_and_prevent(void **state)
{
	assert_good(RUN(NONE, 0, 0x16, 0, 0, 0, 0, 0));
	assert_good(RUN(NONE, 0, 0x17, 0, 0, 0, 0, 0));
	assert_good(RUN(NONE, 0, 0x56, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	assert_good(RUN(NONE, 0, 0x57, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	check_bad_cdb(RUN(NONE, 0, 0x16, 0x10, 0, 0, 0, 0), 1);		/* third party */
	check_bad_cdb(RUN(NONE, 0, 0x56, 0x10, 0, 0, 0, 0, 0, 0, 0, 0), 1);
	assert_good(RUN(NONE, 0, 0x1e, 0, 0, 0, 1, 0));
	assert_good(RUN(NONE, 0, 0x1e, 0, 0, 0, 0, 0));
	check_bad_cdb(RUN(NONE, 0, 0x1e, 0, 0, 0, 2, 0), 4);
}

/* ---- unit attentions and sense ---- */

static void unit_attentions(void **state)
{
	scsi_unit_attention(t.disk, SCSI_ASC_CAPACITY_CHANGED);
	scsi_unit_attention(t.disk, SCSI_ASC_LUNS_CHANGED);
	scsi_unit_attention(t.disk, SCSI_ASC_CAPACITY_CHANGED);
	assert_good(RUN(IN, 36, 0x12, 0, 0, 0, 36, 0));			/* INQUIRY leaves them */
	check_sense(RUN(NONE, 0, 0x00, 0, 0, 0, 0, 0), 0x6, 0x2a, 0x09);
	check_sense(RUN(IN, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x6, 0x3f, 0x0e);
	assert_good(RUN(NONE, 0, 0x00, 0, 0, 0, 0, 0));

	/* Power on replaces what was there. */
	scsi_unit_attention(t.disk, SCSI_ASC_CAPACITY_CHANGED);
	scsi_disk_reset(t.disk);
	check_sense(RUN(NONE, 0, 0x00, 0, 0, 0, 0, 0), 0x6, 0x29, 0x00);
	assert_good(RUN(NONE, 0, 0x00, 0, 0, 0, 0, 0));

	/* A bad CDB is told first and leaves the attention. */
	scsi_unit_attention(t.disk, SCSI_ASC_LUNS_CHANGED);
	check_bad_cdb(RUN(NONE, 0, 0x00, 1, 0, 0, 0, 0), 1);
	scsi_clear_attention(t.disk, SCSI_ASC_LUNS_CHANGED);
	assert_good(RUN(NONE, 0, 0x00, 0, 0, 0, 0, 0));
}

static void request_sense(void **state)
{
	assert_good(RUN(IN, 252, 0x03, 0, 0, 0, 252, 0));
	assert_int_equal(t.req.transferred, 18);
	assert_int_equal(t.data[0], 0x70);
	assert_int_equal(t.data[2], 0x0);
	scsi_unit_attention(t.disk, SCSI_ASC_CAPACITY_CHANGED);
	assert_good(RUN(IN, 252, 0x03, 0, 0, 0, 252, 0));
	assert_int_equal(t.data[2], 0x6);
	assert_int_equal(t.data[12], 0x2a);
	assert_int_equal(t.data[13], 0x09);
	assert_good(RUN(NONE, 0, 0x00, 0, 0, 0, 0, 0));			/* it is cleared */
	check_sense(RUN(NONE, 0, 0x4d, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0x5, 0x20, 0x00);
	scsi_hold_sense(t.disk, &t.req);
	assert_good(RUN(IN, 14, 0x03, 0, 0, 0, 14, 0));
	assert_int_equal(t.req.transferred, 14);
	assert_int_equal(t.data[2], 0x5);
	assert_int_equal(t.data[12], 0x20);
	assert_good(RUN(IN, 14, 0x03, 0, 0, 0, 14, 0));
	assert_int_equal(t.data[2], 0x0);
	check_bad_cdb(RUN(IN, 14, 0x03, 0x01, 0, 0, 14, 0), 1);		/* DESC */
}

/* ---- INQUIRY ---- */

static void inquiry_standard(void **state)
{
	memset(t.data, 0xee, 128);
	assert_good(RUN(IN, 128, 0x12, 0, 0, 0, 128, 0));
	assert_int_equal(t.req.transferred, 96);
	assert_memory_equal(t.data, "\x00\x00\x06\x12\x5b\x00\x00\x02", 8);
	assert_memory_equal(t.data + 8, "Msft    Virtual Disk    1.0 ", 28);
	assert_memory_equal(t.data + 58, "\x00\xa0\x04\x60\x04\xc0", 6);
	assert_int_equal(t.data[96], 0xee);
	/* The allocation length cuts, without an error. */
	memset(t.data, 0xee, 128);
	assert_good(RUN(IN, 128, 0x12, 0, 0, 0, 36, 0));
	assert_int_equal(t.req.transferred, 36);
	assert_int_equal(t.data[36], 0xee);
	assert_good(RUN(NONE, 0, 0x12, 0, 0, 0, 0, 0));
	assert_int_equal(t.req.transferred, 0);
	check_bad_cdb(RUN(IN, 36, 0x12, 0, 0x80, 0, 36, 0), 2);		/* a page without EVPD */
	check_bad_cdb(RUN(IN, 36, 0x12, 0x02, 0, 0, 36, 0), 1);		/* CMDDT */
}

static void inquiry_vpd(void **state)
{
	static const uint8_t supported[] = {
		0x00, 0x00, 0x00, 0x06, 0x00, 0x80, 0x83, 0xb0, 0xb1, 0xb2,
	};
	static const uint8_t limits[] = {
		0x00, 0xb0, 0x00, 0x3c,
		0x01, 0x00, 0x00, 0x08,			/* WSNZ, granularity 8 blocks */
		0x00, 0x00, 0x02, 0x00,			/* at most 512 blocks */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x80, 0x00, 0x00,			/* UNMAP: 4 GiB */
		0x00, 0x00, 0x01, 0x00,			/* 256 descriptors */
		0x00, 0x00, 0x00, 0x08,			/* 4 KiB */
		0x80, 0x00, 0x00, 0x00,			/* UGAVALID, 0 */
		0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00,	/* WRITE SAME: 64 MiB */
	};

	assert_good(RUN(IN, 255, 0x12, 1, 0x00, 0, 255, 0));
	assert_int_equal(t.req.transferred, sizeof(supported));
	assert_memory_equal(t.data, supported, sizeof(supported));
	assert_good(RUN(IN, 255, 0x12, 1, 0x80, 0, 255, 0));
	assert_memory_equal(t.data, "\x00\x80\x00\x06unit-1", 10);
	assert_good(RUN(IN, 255, 0x12, 1, 0x83, 0, 255, 0));
	assert_memory_equal(t.data, "\x00\x83\x00\x1e\x02\x01\x00\x0eMsft    unit-1", 22);
	assert_memory_equal(t.data + 22, "\x01\x03\x00\x08", 4);
	assert_int_equal(t.data[26] >> 4, 3);
	assert_int_equal(t.req.transferred, 34);
	assert_good(RUN(IN, 255, 0x12, 1, 0xb0, 0, 255, 0));
	assert_int_equal(t.req.transferred, 64);
	assert_memory_equal(t.data, limits, sizeof(limits));
	assert_good(RUN(IN, 255, 0x12, 1, 0xb1, 0, 255, 0));
	assert_memory_equal(t.data, "\x00\xb1\x00\x3c\x00\x01", 6);
	assert_good(RUN(IN, 255, 0x12, 1, 0xb2, 0, 255, 0));
	assert_memory_equal(t.data, "\x00\xb2\x00\x04\x00\xe4\x02\x00", 8);
	check_bad_cdb(RUN(IN, 255, 0x12, 1, 0xc0, 0, 255, 0), 2);
}

static void not_thin_when_read_only(void **state)
{
	reopen("mem:1M,ro,serial=ABC");
	assert_good(RUN(IN, 255, 0x12, 1, 0x80, 0, 255, 0));
	assert_memory_equal(t.data, "\x00\x80\x00\x03" "ABC", 7);
	assert_good(RUN(IN, 255, 0x12, 1, 0xb2, 0, 255, 0));
	assert_memory_equal(t.data, "\x00\xb2\x00\x04\x00\x00\x00\x00", 8);
	assert_good(RUN(IN, 255, 0x12, 1, 0xb0, 0, 255, 0));
	assert_memory_equal(t.data + 20, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_good(RUN(IN, 32, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0));
	assert_int_equal(t.data[14], 0x00);
	check_sense(RUN(OUT, 512, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x7, 0x27, 0x00);
	check_sense(RUN(OUT, 512, 0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x7, 0x27, 0x00);
	check_sense(RUN(OUT, 24, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), 0x5, 0x20, 0x00);
	assert_good(RUN(IN, 255, 0x1a, 0, 0x3f, 0, 255, 0));
	assert_int_equal(t.data[2], 0x90);				/* WP, DPOFUA */
	assert_good(RUN(IN, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0));
}

static void absent_and_luns(void **state)
{
	static const uint8_t luns[] = { 0, 3, 254 };

	RUN(IN, 64, 0x12, 0, 0, 0, 36, 0);
	scsi_inquiry_absent(&t.req);
	assert_good(t.req.status);
	assert_int_equal(t.data[0], 0x7f);
	assert_int_equal(t.req.transferred, 36);
	t.req.cdb[1] = 1;
	scsi_inquiry_absent(&t.req);
	check_bad_cdb(t.req.status, 1);

	RUN(IN, 64, 0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0);
	scsi_report_luns(&t.req, luns, 3);
	assert_good(t.req.status);
	assert_int_equal(t.req.transferred, 32);
	assert_memory_equal(t.data, "\0\0\0\x18\0\0\0\0" "\0\0\0\0\0\0\0\0" "\0\3\0\0\0\0\0\0"
			    "\0\xfe\0\0\0\0\0\0", 32);
	t.req.cdb[9] = 15;
	scsi_report_luns(&t.req, luns, 3);
	check_bad_cdb(t.req.status, 6);
	t.req.cdb[9] = 16;						/* cut, the length whole */
	scsi_report_luns(&t.req, luns, 3);
	assert_int_equal(t.req.transferred, 16);
	assert_int_equal(t.data[3], 0x18);
	t.req.cdb[2] = 0x11;
	scsi_report_luns(&t.req, luns, 3);
	check_bad_cdb(t.req.status, 2);
}

/* ---- capacity ---- */

static void read_capacity(void **state)
{
	assert_good(RUN(IN, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	assert_memory_equal(t.data, "\x00\x00\x07\xff\x00\x00\x02\x00", 8);
	check_bad_cdb(RUN(IN, 8, 0x25, 0, 0, 0, 0, 1, 0, 0, 0, 0), 5);
	assert_good(RUN(IN, 32, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0));
	assert_int_equal(t.req.transferred, 32);
	assert_memory_equal(t.data, "\0\0\0\0\0\0\x07\xff\0\0\x02\x00\x00\x03\xc0\x00", 16);
	assert_good(RUN(IN, 32, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0));
	assert_int_equal(t.req.transferred, 12);

	/* Past 2 TiB the ten-byte form points at the other one. */
	reopen("mem:3T,block=512");
	assert_good(RUN(IN, 8, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	assert_memory_equal(t.data, "\xff\xff\xff\xff\x00\x00\x02\x00", 8);
	assert_good(RUN(IN, 32, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0));
	assert_memory_equal(t.data, "\0\0\0\x01\x7f\xff\xff\xff\0\0\x02\x00", 12);

	reopen("mem:1M,block=4096");
	assert_good(RUN(IN, 32, 0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0));
	assert_memory_equal(t.data, "\0\0\0\0\0\0\x00\xff\0\0\x10\x00\x00\x00\xc0\x00", 16);
}

/* ---- mode pages ---- */

static void mode_sense(void **state)
{
	static const uint8_t all6[] = {
		0x2b, 0x00, 0x10, 0x08,				/* header: DPOFUA */
		0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x02, 0x00,	/* 2048 blocks of 512 */
		0x08, 0x12, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
		0x0a, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	static const uint8_t long10[] = {
		0x00, 0x2a, 0x00, 0x10, 0x01, 0x00, 0x00, 0x10,	/* LONGLBA */
		0, 0, 0, 0, 0, 0, 0x08, 0x00, 0, 0, 0, 0, 0, 0, 0x02, 0x00,
		0x08, 0x12, 0x04, 0,
	};

	assert_good(RUN(IN, 255, 0x1a, 0, 0x3f, 0, 255, 0));
	assert_int_equal(t.req.transferred, sizeof(all6));
	assert_memory_equal(t.data, all6, sizeof(all6));
	assert_good(RUN(IN, 255, 0x1a, 0x08, 0x08, 0, 4, 0));		/* DBD, cut to 4 */
	assert_int_equal(t.req.transferred, 4);
	assert_memory_equal(t.data, "\x17\x00\x10\x00", 4);
	assert_good(RUN(IN, 255, 0x5a, 0x10, 0x08, 0, 0, 0, 0, 0, 255, 0));
	assert_int_equal(t.req.transferred, 44);
	assert_memory_equal(t.data, long10, sizeof(long10));
	assert_good(RUN(IN, 255, 0x5a, 0x08, 0x48, 0, 0, 0, 0, 0, 255, 0));	/* changeable */
	assert_memory_equal(t.data + 8, "\x08\x12\x04\x00", 4);
	assert_good(RUN(IN, 255, 0x5a, 0x08, 0x4a, 0, 0, 0, 0, 0, 255, 0));
	assert_memory_equal(t.data + 8, "\x0a\x0a\x00\x00", 4);
	assert_good(RUN(IN, 255, 0x1a, 0x08, 0x3f, 0xff, 255, 0));	/* all subpages */
	check_sense(RUN(IN, 255, 0x1a, 0, 0xc8, 0, 255, 0), 0x5, 0x39, 0x00);	/* saved */
	check_bad_cdb(RUN(IN, 255, 0x1a, 0, 0x1c, 0, 255, 0), 2);
	check_bad_cdb(RUN(IN, 255, 0x1a, 0, 0x08, 1, 255, 0), 3);
	check_bad_cdb(RUN(IN, 255, 0x1a, 0x10, 0x08, 0, 255, 0), 1);	/* LLBAA in six */
}

static void mode_select(void **state)
{
	static const uint8_t cache_off[] = {
		0, 0, 0, 0, 0x08, 0x12, 0x00, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};
	static const uint8_t with_descriptor[] = {
		0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 8, 0, 0, 0, 2, 0,
		0x0a, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	};

	memcpy(t.data, cache_off, sizeof(cache_off));
	assert_good(RUN(OUT, 24, 0x15, 0x10, 0, 0, 24, 0));
	assert_int_equal(t.ops[BLOCK_FLUSH], 1);			/* the cache is clean */
	assert_good(RUN(IN, 255, 0x1a, 0x08, 0x08, 0, 255, 0));
	assert_int_equal(t.data[6], 0x00);
	assert_good(RUN(OUT, 512, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0));
	assert_true(t.fua);						/* write through */
	assert_good(RUN(IN, 255, 0x1a, 0x08, 0x88, 0, 255, 0));		/* the default stays */
	assert_int_equal(t.data[6], 0x04);

	memcpy(t.data, with_descriptor, sizeof(with_descriptor));
	assert_good(RUN(OUT, 28, 0x55, 0x10, 0, 0, 0, 0, 0, 0, 28, 0));
	t.data[14] = 0x10;						/* blocks of 4096 */
	check_sense(RUN(OUT, 28, 0x55, 0x10, 0, 0, 0, 0, 0, 0, 28, 0), 0x5, 0x26, 0x00);
	assert_int_equal(t.req.sense[17], 13);

	memcpy(t.data, cache_off, sizeof(cache_off));
	t.data[6] = 0x01;						/* RCD cannot change */
	check_sense(RUN(OUT, 24, 0x15, 0x10, 0, 0, 24, 0), 0x5, 0x26, 0x00);
	assert_int_equal(t.req.sense[17], 6);
	t.data[4] = 0x01;						/* no such page */
	check_sense(RUN(OUT, 24, 0x15, 0x10, 0, 0, 24, 0), 0x5, 0x26, 0x00);
	assert_int_equal(t.req.sense[17], 4);
	memcpy(t.data, cache_off, sizeof(cache_off));
	t.data[5] = 0x0a;						/* its wrong length */
	check_sense(RUN(OUT, 24, 0x15, 0x10, 0, 0, 24, 0), 0x5, 0x26, 0x00);
	memcpy(t.data, cache_off, sizeof(cache_off));
	check_sense(RUN(OUT, 23, 0x15, 0x10, 0, 0, 23, 0), 0x5, 0x1a, 0x00);	/* cut off */
	check_sense(RUN(OUT, 3, 0x15, 0x10, 0, 0, 3, 0), 0x5, 0x1a, 0x00);
	check_bad_cdb(RUN(OUT, 20, 0x15, 0x10, 0, 0, 24, 0), 4);	/* short buffer */
	check_bad_cdb(RUN(OUT, 24, 0x15, 0x11, 0, 0, 24, 0), 1);	/* SP */
	check_bad_cdb(RUN(OUT, 24, 0x15, 0x00, 0, 0, 24, 0), 1);	/* not PF */
	assert_good(RUN(NONE, 0, 0x15, 0x10, 0, 0, 0, 0));
}

/* ---- REPORT SUPPORTED OPERATION CODES ---- */

static void report_opcodes(void **state)
{
	unsigned int all;

	assert_good(RUN(IN, 4096, 0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0));
	all = t.data[2] << 8 | t.data[3];
	assert_int_equal(t.req.transferred, all + 4);
	assert_int_equal(all % 8, 0);
	assert_memory_equal(t.data + 4, "\x00\x00\x00\x00\x00\x00\x00\x06", 8);
	assert_good(RUN(IN, 4096, 0xa3, 0x0c, 0x80, 0, 0, 0, 0, 0, 0x10, 0, 0, 0));
	assert_int_equal((t.data[2] << 8 | t.data[3]) / 20, all / 8);
	assert_memory_equal(t.data + 9, "\x02\x00\x06\x00\x0a", 5);	/* CTDP, length, timeouts */
	/* WRITE SAME(16), a command alone. */
	assert_good(RUN(IN, 255, 0xa3, 0x0c, 1, 0x93, 0, 0, 0, 0, 0, 255, 0, 0));
	assert_int_equal(t.req.transferred, 20);
	assert_memory_equal(t.data, "\x00\x03\x00\x10\x93\x09\xff", 7);
	/* READ CAPACITY(16), by service action. */
	assert_good(RUN(IN, 255, 0xa3, 0x0c, 2, 0x9e, 0, 0x10, 0, 0, 0, 255, 0, 0));
	assert_memory_equal(t.data, "\x00\x03\x00\x10\x9e\x10", 6);
	assert_good(RUN(IN, 255, 0xa3, 0x0c, 3, 0x9e, 0, 0x11, 0, 0, 0, 255, 0, 0));
	assert_int_equal(t.data[1], 0x01);				/* not supported */
	assert_good(RUN(IN, 255, 0xa3, 0x0c, 1, 0x5e, 0, 0, 0, 0, 0, 255, 0, 0));
	assert_memory_equal(t.data, "\x00\x01\x00\x00", 4);
	assert_int_equal(t.req.transferred, 4);
	check_bad_cdb(RUN(IN, 255, 0xa3, 0x0c, 1, 0x9e, 0, 0, 0, 0, 0, 255, 0, 0), 2);
	check_bad_cdb(RUN(IN, 255, 0xa3, 0x0c, 2, 0x28, 0, 0, 0, 0, 0, 255, 0, 0), 2);
	check_bad_cdb(RUN(IN, 255, 0xa3, 0x0c, 4, 0, 0, 0, 0, 0, 0, 255, 0, 0), 2);
	check_bad_cdb(RUN(IN, 255, 0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unknown_opcodes),
		TEST(reserved_bits_and_short_cdbs),
		TEST(wrong_direction),
		TEST(test_unit_ready_start_stop),
		TEST(reserve_and_prevent),
		TEST(unit_attentions),
		TEST(request_sense),
		TEST(inquiry_standard),
		TEST(inquiry_vpd),
		TEST(not_thin_when_read_only),
		TEST(absent_and_luns),
		TEST(read_capacity),
		TEST(mode_sense),
		TEST(mode_select),
		TEST(report_opcodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
