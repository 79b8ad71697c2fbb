// SPDX-License-Identifier: GPL-2.0
/*
 * The SCSI disk: each command's good case and its wrong fields, with the bytes of sense data,
 * VPD and mode pages written by hand from SPC-4 and SBC-3.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backend/block_internal.h"
#include "vsp/scsi.h"

/* A disk whose back end fails as asked, around the one in memory. */
static struct {
	struct block_device *block;
	struct scsi_disk *disk;
	struct scsi_request req;
	uint8_t data[256 << 10];
	struct iovec iov[2];
	int done;
	int fail;			/* -errno of the next request of fail_op */
	enum block_op fail_op;
	unsigned int ops[NR_BLOCK_OPS];
	bool fua;
} t;

static void failing_submit(struct block_device *dev, struct block_request *req)
{
	t.ops[req->op]++;
	t.fua = req->fua;
	if (t.fail && req->op == t.fail_op)
		block_done(req, t.fail);
	else
		block_mem_ops.submit(dev, req);
}

static struct block_ops failing_ops;

static void setup_spec(const char *spec)
{
	struct scsi_disk_config config = { .serial = "unit-1", .max_transfer = 256 << 10 };
	struct error err;

	memset(&t, 0, sizeof(t));
	t.block = block_open(spec, &err);
	assert_non_null(t.block);
	failing_ops = *t.block->ops;
	failing_ops.submit = failing_submit;
	t.block->ops = &failing_ops;
	t.disk = scsi_disk_new(t.block, &config);
	assert_non_null(t.disk);
	scsi_clear_attention(t.disk, SCSI_ASC_POWER_ON);
}

static int setup(void **state)
{
	setup_spec("mem:1M");
	return 0;
}

static int teardown(void **state)
{
	scsi_disk_free(t.disk);
	return 0;
}

static void reopen(const char *spec)
{
	teardown(NULL);
	setup_spec(spec);
}

static void on_done(struct scsi_request *req)
{
	assert_ptr_equal(req, &t.req);
	t.done++;
}

/* Run a CDB with @len bytes of t.data, in two pieces that do not meet at a block. */
static uint8_t run(enum scsi_dir dir, uint32_t len, const void *cdb, uint8_t cdb_len)
{
	uint32_t first = len > 100 ? 100 : len;

	memset(&t.req, 0, sizeof(t.req));
	memcpy(t.req.cdb, cdb, cdb_len);
	t.req.cdb_len = cdb_len;
	t.req.dir = dir;
	t.req.data_len = len;
	t.iov[0] = (struct iovec){ t.data, first };
	t.iov[1] = (struct iovec){ t.data + first, len - first };
	t.req.iov = t.iov;
	t.req.niov = len ? 2 : 0;
	t.req.done = on_done;
	t.done = 0;
	scsi_execute(t.disk, &t.req);
	assert_int_equal(t.done, 1);
	return t.req.status;
}

#define RUN(dir, len, ...) \
	run(dir, len, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))
#define NONE	SCSI_DIR_NONE
#define IN	SCSI_DIR_IN
#define OUT	SCSI_DIR_OUT

#define assert_good(status) assert_int_equal(status, 0x00)

static void check_sense(uint8_t status, uint8_t key, uint8_t asc, uint8_t ascq)
{
	assert_int_equal(status, 0x02);
	assert_int_equal(t.req.sense_len, 18);
	assert_int_equal(t.req.sense[0], 0x70);
	assert_int_equal(t.req.sense[2], key);
	assert_int_equal(t.req.sense[7], 10);
	assert_int_equal(t.req.sense[12], asc);
	assert_int_equal(t.req.sense[13], ascq);
	assert_int_equal(t.req.transferred, 0);
}

/* INVALID FIELD IN CDB that points at @byte. */
static void check_bad_cdb(uint8_t status, unsigned int byte)
{
	check_sense(status, 0x5, 0x24, 0x00);
	assert_int_equal(t.req.sense[15] & 0xc0, 0xc0);
	assert_int_equal(t.req.sense[16] << 8 | t.req.sense[17], byte);
}

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

/* ---- reads and writes ---- */

static void fill(uint32_t len, unsigned int seed)
{
	for (uint32_t i = 0; i < len; i++)
		t.data[i] = (uint8_t)(i * 7 + seed + (i >> 9));
}

static void check_fill(uint32_t len, unsigned int seed)
{
	for (uint32_t i = 0; i < len; i++)
		if (t.data[i] != (uint8_t)(i * 7 + seed + (i >> 9)))
			fail_msg("byte %u is %02x", i, t.data[i]);
}

static void read_write_forms(void **state)
{
	static const struct {
		uint8_t write[16], read[16];
		uint8_t len;
		uint32_t bytes;
	} forms[] = {
		{ { 0x0a, 0, 0, 5, 2 }, { 0x08, 0, 0, 5, 2 }, 6, 1024 },
		{ { 0x0a, 0, 4, 0, 0 }, { 0x08, 0, 4, 0, 0 }, 6, 128 << 10 },	/* 0 is 256 */
		{ { 0x2a, 0, 0, 0, 0, 9, 0, 0, 3 }, { 0x28, 0, 0, 0, 0, 9, 0, 0, 3 }, 10, 1536 },
		{ { 0xaa, 0, 0, 0, 0, 7, 0, 0, 0, 1 }, { 0xa8, 0, 0, 0, 0, 7, 0, 0, 0, 1 }, 12,
		  512 },
		{ { 0x8a, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 2 },
		  { 0x88, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 2 }, 16, 1024 },
		{ { 0x8a, 0x18, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 2, 0, 0x1f },
		  { 0x88, 0x18, 0, 0, 0, 0, 0, 0, 6, 0, 0, 0, 2, 0, 0x1f }, 16, 256 << 10 },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fill(forms[i].bytes, i);
		assert_good(run(OUT, forms[i].bytes, forms[i].write, forms[i].len));
		assert_int_equal(t.req.transferred, forms[i].bytes);
		assert_int_equal(t.fua, forms[i].write[1] == 0x18);
		memset(t.data, 0, forms[i].bytes);
		assert_good(run(IN, forms[i].bytes, forms[i].read, forms[i].len));
		assert_int_equal(t.req.transferred, forms[i].bytes);
		check_fill(forms[i].bytes, i);
	}
}

static void buffer_longer_than_blocks(void **state)
{
	fill(2048, 9);
	assert_good(RUN(OUT, 2048, 0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0));
	assert_int_equal(t.req.transferred, 512);
	memset(t.data, 0xee, 2048);
	assert_good(RUN(IN, 2048, 0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0));
	assert_int_equal(t.req.transferred, 1024);
	check_fill(512, 9);
	assert_int_equal(t.data[512], 0);				/* only one was written */
	assert_int_equal(t.data[1024], 0xee);
}

static void ranges(void **state)
{
	/* 2048 blocks: the last is 7ffh. */
	assert_good(RUN(IN, 512, 0x28, 0, 0, 0, 0x07, 0xff, 0, 0, 1, 0));
	check_sense(RUN(IN, 1024, 0x28, 0, 0, 0, 0x07, 0xff, 0, 0, 2, 0), 0x5, 0x21, 0x00);
	check_sense(RUN(IN, 512, 0x28, 0, 0, 0, 0x08, 0x00, 0, 0, 1, 0), 0x5, 0x21, 0x00);
	check_sense(RUN(IN, 0, 0x28, 0, 0, 0, 0x08, 0x00, 0, 0, 0, 0), 0x5, 0x21, 0x00);
	assert_good(RUN(IN, 0, 0x28, 0, 0, 0, 0x07, 0xff, 0, 0, 0, 0));	/* no blocks: no-op */
	check_sense(RUN(IN, 512, 0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
			0, 0, 0, 1, 0, 0), 0x5, 0x21, 0x00);
	check_sense(RUN(OUT, 512, 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0, 0),
		    0x5, 0x21, 0x00);
	check_sense(RUN(OUT, 512, 0x0a, 0x1f, 0xff, 0xff, 1, 0), 0x5, 0x21, 0x00);
	/* The buffer is too small, or more than a command may move. */
	check_bad_cdb(RUN(IN, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0), 7);
	check_bad_cdb(RUN(OUT, 512, 0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0), 10);
	check_bad_cdb(RUN(IN, 256 << 10, 0x28, 0, 0, 0, 0, 0, 0, 2, 1, 0), 7);
	assert_int_equal(t.ops[BLOCK_READ], 1);
	assert_int_equal(t.ops[BLOCK_WRITE], 0);
}

static void errors_of_the_back_end(void **state)
{
	static const struct {
		int error;
		bool write;
		uint8_t key, asc, ascq;
	} cases[] = {
		{ -EIO, false, 0x3, 0x11, 0x00 },
		{ -EIO, true, 0x3, 0x0c, 0x00 },
		{ -ENOSPC, true, 0x7, 0x27, 0x07 },
		{ -EROFS, true, 0x7, 0x27, 0x00 },
		{ -ENOTCONN, false, 0x4, 0x44, 0x00 },
		{ -ENOTCONN, true, 0x4, 0x44, 0x00 },
		{ -ENOMEM, false, 0xb, 0x00, 0x00 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t.fail = cases[i].error;
		t.fail_op = cases[i].write ? BLOCK_WRITE : BLOCK_READ;
		check_sense(RUN(cases[i].write ? OUT : IN, 512, cases[i].write ? 0x2a : 0x28, 0, 0,
				0, 0, 0, 0, 0, 1, 0), cases[i].key, cases[i].asc, cases[i].ascq);
	}
	t.fail = -EIO;
	t.fail_op = BLOCK_FLUSH;
	check_sense(RUN(NONE, 0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0x3, 0x0c, 0x00);
	t.fail = 0;
	assert_good(RUN(IN, 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0));
}

static void synchronize_cache(void **state)
{
	assert_good(RUN(NONE, 0, 0x35, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	assert_good(RUN(NONE, 0, 0x35, 0x02, 0, 0, 0, 0, 0, 0, 0, 0));		/* IMMED */
	assert_good(RUN(NONE, 0, 0x91, 0, 0, 0, 0, 0, 0, 0, 7, 0xff, 0, 0, 0, 1, 0, 0));
	assert_int_equal(t.ops[BLOCK_FLUSH], 3);
	check_sense(RUN(NONE, 0, 0x35, 0, 0, 0, 0x08, 0, 0, 0, 0, 0), 0x5, 0x21, 0x00);
	check_sense(RUN(NONE, 0, 0x91, 0, 0, 0, 0, 0, 0, 0, 7, 0xff, 0, 0, 0, 2, 0, 0),
		    0x5, 0x21, 0x00);
	check_bad_cdb(RUN(NONE, 0, 0x35, 0x04, 0, 0, 0, 0, 0, 0, 0, 0), 1);	/* SYNC_NV */
	assert_int_equal(t.ops[BLOCK_FLUSH], 3);
}

static void verify(void **state)
{
	fill(1024, 3);
	assert_good(RUN(OUT, 1024, 0x2a, 0, 0, 0, 0, 4, 0, 0, 2, 0));
	assert_good(RUN(NONE, 0, 0x2f, 0, 0, 0, 0, 0, 0, 8, 0, 0));	/* all 2048 blocks */
	assert_int_equal(t.ops[BLOCK_READ], 1);
	assert_good(RUN(OUT, 1024, 0x2f, 0x02, 0, 0, 0, 4, 0, 0, 2, 0));	/* equal */
	assert_int_equal(t.req.transferred, 1024);
	assert_good(RUN(OUT, 1024, 0x8f, 0x02, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 2, 0, 0));
	t.data[1023] ^= 1;
	check_sense(RUN(OUT, 1024, 0x2f, 0x02, 0, 0, 0, 4, 0, 0, 2, 0), 0xe, 0x1d, 0x00);
	check_sense(RUN(OUT, 512, 0x2f, 0x06, 0, 0, 0, 4, 0, 0, 2, 0), 0xe, 0x1d, 0x00);
	memset(t.data, 0, 512);
	assert_good(RUN(OUT, 512, 0x2f, 0x06, 0, 0, 0, 9, 0, 0, 5, 0));	/* one against five */
	check_bad_cdb(RUN(OUT, 512, 0x2f, 0x02, 0, 0, 0, 4, 0, 0, 2, 0), 7);	/* short buffer */
	check_bad_cdb(RUN(OUT, 512, 0x2f, 0x04, 0, 0, 0, 4, 0, 0, 1, 0), 1);	/* BYTCHK 2 */
	check_sense(RUN(NONE, 0, 0x2f, 0, 0, 0, 7, 0xff, 0, 0, 2, 0), 0x5, 0x21, 0x00);
	t.fail = -EIO;
	t.fail_op = BLOCK_READ;
	check_sense(RUN(NONE, 0, 0x2f, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0x3, 0x11, 0x00);
}

static void write_same(void **state)
{
	fill(512, 1);
	assert_good(RUN(OUT, 512, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 1, 0x01, 0, 0));
	assert_int_equal(t.ops[BLOCK_WRITE], 1);
	for (unsigned int lba = 8; lba < 8 + 257; lba += 128) {
		memset(t.data, 0, 512);
		assert_good(RUN(IN, 512, 0x28, 0, 0, 0, lba >> 8, lba & 0xff, 0, 0, 1, 0));
		check_fill(512, 1);
	}
	assert_good(RUN(IN, 512, 0x28, 0, 0, 0, 1, 0x09, 0, 0, 1, 0));
	assert_int_equal(t.data[0] | t.data[1] | t.data[511], 0);	/* one past the end */

	/* Zeros, with and without a buffer, unmapping or not. */
	assert_good(RUN(OUT, 512, 0x41, 0x08, 0, 0, 0, 8, 0, 0, 8, 0));
	assert_good(RUN(NONE, 0, 0x93, 0x09, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 8, 0, 0));
	assert_good(RUN(OUT, 512, 0x93, 0x00, 0, 0, 0, 0, 0, 0, 0, 24, 0, 0, 0, 8, 0, 0));
	assert_int_equal(t.ops[BLOCK_ZERO], 3);
	assert_good(RUN(IN, 24 * 512, 0x28, 0, 0, 0, 0, 8, 0, 0, 24, 0));
	for (unsigned int i = 0; i < 24 * 512; i++)
		assert_int_equal(t.data[i], 0);

	check_bad_cdb(RUN(OUT, 512, 0x41, 0, 0, 0, 0, 0, 0, 0, 0, 0), 7);	/* WSNZ */
	check_bad_cdb(RUN(OUT, 512, 0x41, 0x10, 0, 0, 0, 0, 0, 0, 1, 0), 1);	/* ANCHOR */
	check_bad_cdb(RUN(NONE, 0, 0x41, 0x01, 0, 0, 0, 0, 0, 0, 1, 0), 1);	/* NDOB in ten */
	check_bad_cdb(RUN(OUT, 256, 0x41, 0, 0, 0, 0, 0, 0, 0, 1, 0), 0);	/* half a block */
	check_sense(RUN(OUT, 512, 0x41, 0, 0, 0, 7, 0xff, 0, 0, 2, 0), 0x5, 0x21, 0x00);
	reopen("mem:1G");
	fill(512, 2);
	check_bad_cdb(RUN(OUT, 512, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0), 10);
	assert_good(RUN(OUT, 512, 0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0));
	assert_int_equal(t.ops[BLOCK_WRITE], 64);			/* 64 MiB, 1 MiB each */
	assert_good(RUN(IN, 512, 0x28, 0, 0, 1, 0xff, 0xff, 0, 0, 1, 0));
	check_fill(512, 2);
}

static void unmap(void **state)
{
	static const uint8_t list[] = {
		0, 46, 0, 40, 0, 0, 0, 0,		/* two and a half descriptors */
		0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 24, 0, 0, 0, 8, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0,
	};

	fill(32 * 512, 1);
	assert_good(RUN(OUT, 32 * 512, 0x2a, 0, 0, 0, 0, 0, 0, 0, 32, 0));
	memcpy(t.data, list, sizeof(list));
	assert_good(RUN(OUT, sizeof(list), 0x42, 0, 0, 0, 0, 0, 0, 0, sizeof(list), 0));
	assert_int_equal(t.ops[BLOCK_DISCARD], 2);
	assert_good(RUN(IN, 32 * 512, 0x28, 0, 0, 0, 0, 0, 0, 0, 32, 0));
	assert_int_equal(t.data[8 * 512 - 1], (uint8_t)((8 * 512 - 1) * 7 + 1 + 7));
	assert_int_equal(t.data[8 * 512 + 3], 0);
	assert_int_equal(t.data[16 * 512 - 1], 0);
	assert_int_not_equal(t.data[16 * 512 + 5], 0);
	assert_int_equal(t.data[24 * 512 + 3] | t.data[32 * 512 - 1], 0);

	assert_good(RUN(NONE, 0, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0));
	memcpy(t.data, list, sizeof(list));
	check_sense(RUN(OUT, 24, 0x42, 0, 0, 0, 0, 0, 0, 0, 7, 0), 0x5, 0x1a, 0x00);
	check_bad_cdb(RUN(OUT, 24, 0x42, 0, 0, 0, 0, 0, 0, 0, 40, 0), 7);	/* short buffer */
	check_bad_cdb(RUN(OUT, 24, 0x42, 0x01, 0, 0, 0, 0, 0, 0, 24, 0), 1);	/* ANCHOR */
	memcpy(t.data, list, sizeof(list));
	t.data[14] = 0x08;						/* LBA 808h */
	check_sense(RUN(OUT, 24, 0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0), 0x5, 0x21, 0x00);
	memset(t.data, 0, 8 + 257 * 16);				/* a descriptor too many */
	t.data[2] = (257 * 16) >> 8;
	t.data[3] = (257 * 16) & 0xff;
	check_sense(RUN(OUT, 8 + 257 * 16, 0x42, 0, 0, 0, 0, 0, 0, (8 + 257 * 16) >> 8,
			(8 + 257 * 16) & 0xff, 0), 0x5, 0x26, 0x00);
	assert_int_equal(t.req.sense[15], 0x80);
	assert_int_equal(t.req.sense[17], 2);
	assert_int_equal(t.ops[BLOCK_DISCARD], 2);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		TEST(read_write_forms),
		TEST(buffer_longer_than_blocks),
		TEST(ranges),
		TEST(errors_of_the_back_end),
		TEST(synchronize_cache),
		TEST(verify),
		TEST(write_same),
		TEST(unmap),
		TEST(mode_sense),
		TEST(mode_select),
		TEST(report_opcodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
