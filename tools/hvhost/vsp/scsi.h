/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A SCSI disk (SPC-4, SBC-3) over a block back end: command descriptor blocks in; status,
 * sense data and moved bytes out. It knows nothing of VMBus.
 */
#ifndef HVHOST_VSP_SCSI_H
#define HVHOST_VSP_SCSI_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include "backend/block.h"

#define SCSI_CDB_MAX	16
#define SCSI_SENSE_LEN	18	/* fixed format */

/* status codes, SAM-5 */
#define SCSI_GOOD		0x00
#define SCSI_CHECK_CONDITION	0x02

/* sense keys, SPC-4 4.5.6 */
#define SCSI_KEY_NO_SENSE		0x0
#define SCSI_KEY_NOT_READY		0x2
#define SCSI_KEY_MEDIUM_ERROR		0x3
#define SCSI_KEY_HARDWARE_ERROR		0x4
#define SCSI_KEY_ILLEGAL_REQUEST	0x5
#define SCSI_KEY_UNIT_ATTENTION		0x6
#define SCSI_KEY_DATA_PROTECT		0x7
#define SCSI_KEY_ABORTED_COMMAND	0xb
#define SCSI_KEY_MISCOMPARE		0xe

/* additional sense code and its qualifier */
#define SCSI_ASC(asc, ascq)		(((asc) << 8) | (ascq))
#define SCSI_ASC_NONE			SCSI_ASC(0x00, 0x00)
#define SCSI_ASC_INITIALIZING_REQUIRED	SCSI_ASC(0x04, 0x02)
#define SCSI_ASC_WRITE_ERROR		SCSI_ASC(0x0c, 0x00)
#define SCSI_ASC_READ_ERROR		SCSI_ASC(0x11, 0x00)
#define SCSI_ASC_PARAMETER_LIST_LENGTH	SCSI_ASC(0x1a, 0x00)
#define SCSI_ASC_MISCOMPARE		SCSI_ASC(0x1d, 0x00)
#define SCSI_ASC_INVALID_OPCODE		SCSI_ASC(0x20, 0x00)
#define SCSI_ASC_LBA_RANGE		SCSI_ASC(0x21, 0x00)
#define SCSI_ASC_INVALID_FIELD_CDB	SCSI_ASC(0x24, 0x00)
#define SCSI_ASC_INVALID_FIELD_LIST	SCSI_ASC(0x26, 0x00)
#define SCSI_ASC_WRITE_PROTECTED	SCSI_ASC(0x27, 0x00)
#define SCSI_ASC_SPACE_ALLOCATION	SCSI_ASC(0x27, 0x07)
#define SCSI_ASC_POWER_ON		SCSI_ASC(0x29, 0x00)
#define SCSI_ASC_BUS_RESET		SCSI_ASC(0x29, 0x02)
#define SCSI_ASC_MODE_CHANGED		SCSI_ASC(0x2a, 0x01)
#define SCSI_ASC_CAPACITY_CHANGED	SCSI_ASC(0x2a, 0x09)
#define SCSI_ASC_SAVING_UNSUPPORTED	SCSI_ASC(0x39, 0x00)
#define SCSI_ASC_LUNS_CHANGED		SCSI_ASC(0x3f, 0x0e)
#define SCSI_ASC_TARGET_FAILURE		SCSI_ASC(0x44, 0x00)

struct scsi_disk;

enum scsi_dir {
	SCSI_DIR_NONE,
	SCSI_DIR_IN,		/* device to initiator */
	SCSI_DIR_OUT,
};

/*
 * One command. The caller owns it and the data buffer, which stay untouched from
 * scsi_execute() until done(); done() may be called before scsi_execute() returns.
 */
struct scsi_request {
	uint8_t cdb[SCSI_CDB_MAX];
	uint8_t cdb_len;
	enum scsi_dir dir;
	uint32_t data_len;		/* bytes of the buffer */
	const struct iovec *iov;	/* data_len bytes or more */
	int niov;
	void (*done)(struct scsi_request *req);

	/* the outcome */
	uint8_t status;			/* SCSI_GOOD, SCSI_CHECK_CONDITION */
	uint8_t sense_len;		/* 0 or SCSI_SENSE_LEN */
	uint8_t sense[SCSI_SENSE_LEN];
	uint32_t transferred;		/* bytes moved in either direction */

	/* the disk's own, while the command runs */
	struct scsi_disk *disk;
	struct block_request block;
	uint64_t offset;		/* bytes: where on the medium a multi-step command is */
	uint64_t left;			/* bytes, or descriptors, still to do */
	uint8_t *buffer;
	uint32_t buffer_len;
	struct iovec *pieces;
	int npieces;
};

struct scsi_disk_config {
	const char *serial;		/* printable; used where the spec names none */
	uint32_t max_transfer;		/* bytes that one command may move */
};

/**
 * scsi_disk_new() - a disk over @block, which it owns from now on
 * Return: NULL only when memory ran out; @block is then the caller's still.
 */
struct scsi_disk *scsi_disk_new(struct block_device *block, const struct scsi_disk_config *config);

/** scsi_disk_free() - no command is running; on the block device's loop. */
void scsi_disk_free(struct scsi_disk *disk);

struct block_device *scsi_disk_block(struct scsi_disk *disk);

/** scsi_execute() - run a command. On the block device's loop. What it started moves on with
 * scsi_commit(), once after a batch of commands.
 */
void scsi_execute(struct scsi_disk *disk, struct scsi_request *req);
void scsi_commit(struct scsi_disk *disk);

/** scsi_unit_attention() - report @asc (SCSI_ASC_*) with the next command that may carry it.
 * A power-on condition replaces those that wait; the same one waits once (SAM-5 5.14).
 */
void scsi_unit_attention(struct scsi_disk *disk, uint16_t asc);

/** scsi_clear_attention() - what @asc would report is known to the initiator. */
void scsi_clear_attention(struct scsi_disk *disk, uint16_t asc);

/** scsi_disk_reset() - as after power on: started, default mode pages, no unit attention but
 * "power on".
 */
void scsi_disk_reset(struct scsi_disk *disk);

/** scsi_hold_sense() - keep a failed command's sense data for REQUEST SENSE, for an
 * initiator that did not get them with the status.
 */
void scsi_hold_sense(struct scsi_disk *disk, const struct scsi_request *req);

/* ---- commands that a target answers, with or without a disk ---- */

/** scsi_report_luns() - REPORT LUNS with the single-level LUNs @luns (0 to 255, ascending).
 * Sets the outcome; does not call done().
 */
void scsi_report_luns(struct scsi_request *req, const uint8_t *luns, unsigned int nr_luns);

/** scsi_inquiry_absent() - INQUIRY to a LUN that has no disk: peripheral qualifier 3.
 * Sets the outcome; does not call done().
 */
void scsi_inquiry_absent(struct scsi_request *req);

#define SCSI_OP_INQUIRY		0x12
#define SCSI_OP_REPORT_LUNS	0xa0

#endif
