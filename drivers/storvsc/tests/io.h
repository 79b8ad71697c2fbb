/* SPDX-License-Identifier: GPL-2.0 */
/* SCSI commands as the suites give them to the block layer, which brings them to the driver. */
#ifndef HVIC_STORVSC_TESTS_IO_H
#define HVIC_STORVSC_TESTS_IO_H

#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/types.h>

struct fake_host;
struct scsi_cmnd;
struct scsi_device;

struct io {
	const u8 *cdb;			/* its length is told by the operation code */
	void *data;			/* from kmalloc() or vmalloc(); NULL: none */
	u32 bytes;
	bool write;
	unsigned int retries;		/* that the SCSI layer may do */
	unsigned int timeout;		/* jiffies; 0: the LUN's own */

	/* How it ended. */
	struct scsi_cmnd *cmd;		/* until then */
	struct completion done;
	unsigned int ended;		/* times */
	int result;
	u32 resid, sense_len;
	u8 sense[32];
};

void io_prepare(struct kunit *test, struct scsi_device *sdev, struct io *io);
void io_batch(struct kunit *test, struct scsi_device *sdev, struct io *ios, unsigned int n);
void io_start(struct kunit *test, struct scsi_device *sdev, struct io *io);
void io_hold(struct kunit *test, struct fake_host *host, struct scsi_device *sdev, struct io *io);
bool io_wait(struct io *io, unsigned long timeout);
bool io_run(struct kunit *test, struct scsi_device *sdev, struct io *io);

#endif
