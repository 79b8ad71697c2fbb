/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A SCSI disk whose back end fails as asked, and its sense data looked at byte by byte. One
 * include a program.
 */
#ifndef HVHOST_TESTS_SCSI_DISK_H
#define HVHOST_TESTS_SCSI_DISK_H

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

static inline void reopen(const char *spec)
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
static inline uint8_t run(enum scsi_dir dir, uint32_t len, const void *cdb, uint8_t cdb_len)
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

static inline void check_sense(uint8_t status, uint8_t key, uint8_t asc, uint8_t ascq)
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
static inline void check_bad_cdb(uint8_t status, unsigned int byte)
{
	check_sense(status, 0x5, 0x24, 0x00);
	assert_int_equal(t.req.sense[15] & 0xc0, 0xc0);
	assert_int_equal(t.req.sense[16] << 8 | t.req.sense[17], byte);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
