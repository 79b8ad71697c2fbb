// SPDX-License-Identifier: GPL-2.0
/*
 * The SCSI disk: commands that move, compare or discard blocks (SBC-3), each one's good case and
 * its wrong fields.
 */
#include "scsi_disk.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(read_write_forms),
		TEST(buffer_longer_than_blocks),
		TEST(ranges),
		TEST(errors_of_the_back_end),
		TEST(synchronize_cache),
		TEST(verify),
		TEST(write_same),
		TEST(unmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
