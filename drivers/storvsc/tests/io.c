// SPDX-License-Identifier: GPL-2.0
/* SCSI commands of the suites, see io.h. */
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_device.h>

#include "fake_host.h"
#include "io.h"

static enum rq_end_io_ret ended(struct request *rq, blk_status_t status)
{
	struct io *io = rq->end_io_data;
	struct scsi_cmnd *cmd = blk_mq_rq_to_pdu(rq);

	io->ended++;
	io->cmd = NULL;
	io->result = cmd->result;
	io->resid = cmd->resid_len;
	io->sense_len = min_t(u32, cmd->sense_len, sizeof(io->sense));
	memcpy(io->sense, cmd->sense_buffer, sizeof(io->sense));
	complete(&io->done);
	return RQ_END_IO_FREE;
}

/**
 * io_prepare() - a command that the block layer has not been given yet
 * @test: the test
 * @sdev: the LUN
 * @io: the command; it and its data stay until it has ended
 */
void io_prepare(struct kunit *test, struct scsi_device *sdev, struct io *io)
{
	struct request *rq = scsi_alloc_request(sdev->request_queue,
						io->write ? REQ_OP_DRV_OUT : REQ_OP_DRV_IN, 0);
	struct scsi_cmnd *cmd;

	KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
	cmd = blk_mq_rq_to_pdu(rq);
	cmd->cmd_len = COMMAND_SIZE(io->cdb[0]);
	memcpy(cmd->cmnd, io->cdb, cmd->cmd_len);
	cmd->allowed = io->retries;
	if (io->bytes)
		KUNIT_ASSERT_EQ(test, 0, blk_rq_map_kern(sdev->request_queue, rq, io->data,
							 io->bytes, GFP_KERNEL));
	rq->timeout = io->timeout;
	rq->end_io = ended;
	rq->end_io_data = io;
	init_completion(&io->done);
	io->ended = 0;
	io->cmd = cmd;
}

/**
 * io_start() - give a command to the block layer
 * @test: the test
 * @sdev: the LUN
 * @io: the command; it and its data stay until it has ended
 */
void io_start(struct kunit *test, struct scsi_device *sdev, struct io *io)
{
	io_prepare(test, sdev, io);
	blk_execute_rq_nowait(scsi_cmd_to_rq(io->cmd), false);
}

/**
 * io_batch() - give commands to the block layer, and it to the driver, in one batch
 * @test: the test
 * @sdev: the LUN, of a controller with as many hardware queues as CPUs
 * @ios: the commands
 * @n: how many
 */
void io_batch(struct kunit *test, struct scsi_device *sdev, struct io *ios, unsigned int n)
{
	struct blk_plug plug;
	unsigned int i;

	/* Of one hardware queue: that of the CPU. */
	migrate_disable();
	for (i = 0; i < n; i++)
		io_prepare(test, sdev, &ios[i]);
	blk_start_plug(&plug);
	for (i = 0; i < n; i++)
		blk_execute_rq_nowait(scsi_cmd_to_rq(ios[i].cmd), false);
	blk_finish_plug(&plug);
	migrate_enable();
}

/**
 * io_hold() - a command that the host has, and will have until somebody does something about it
 * @test: the test, which fails when the command does not come to the host
 * @host: the host, which answers no command from here on
 * @sdev: the LUN
 * @io: the command; fake_host_last() is its packet
 */
void io_hold(struct kunit *test, struct fake_host *host, struct scsi_device *sdev, struct io *io)
{
	u32 before = host->num_sent;

	host->hold = true;
	io_start(test, sdev, io);
	KUNIT_EXPECT_TRUE(test, fake_wait(READ_ONCE(host->num_sent) == before + 1));
}

/**
 * io_wait() - wait for the end of a command
 * @io: what was started
 * @timeout: at most so long, jiffies
 *
 * Return: whether it has ended.
 */
bool io_wait(struct io *io, unsigned long timeout)
{
	return wait_for_completion_timeout(&io->done, timeout);
}

/**
 * io_run() - a command from its start to its end
 * @test: the test, which fails when there is no end
 * @sdev: the LUN
 * @io: the command
 *
 * Return: whether it has ended.
 */
bool io_run(struct kunit *test, struct scsi_device *sdev, struct io *io)
{
	bool end;

	io_start(test, sdev, io);
	end = io_wait(io, 10 * HZ);
	KUNIT_EXPECT_TRUE_MSG(test, end, "command %#x is lost", io->cdb[0]);
	return end;
}
