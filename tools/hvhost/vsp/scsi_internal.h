/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the SCSI disk share: the disk, and helpers that end a command.
 */
#ifndef HVHOST_VSP_SCSI_INTERNAL_H
#define HVHOST_VSP_SCSI_INTERNAL_H

#include "vsp/scsi.h"

#define SCSI_MAX_ATTENTIONS	4

#define SCSI_UNMAP_DESCRIPTORS	256u		/* of one UNMAP */
#define SCSI_UNMAP_BYTES	(4ull << 30)	/* of one UNMAP */
#define SCSI_WRITE_SAME_BYTES	(64ull << 20)	/* of one WRITE SAME */

struct scsi_disk {
	struct block_device *block;
	uint32_t max_transfer;
	char serial[40];
	bool write_cache;		/* mode page 08h, WCE */
	bool stopped;			/* START STOP UNIT */
	uint8_t nr_attentions;
	uint16_t attentions[SCSI_MAX_ATTENTIONS];
	uint8_t held_sense[SCSI_SENSE_LEN];
	bool has_held_sense;
};

/* How one command is recognised, checked and done. */
struct scsi_command {
	uint8_t opcode;
	uint8_t service_action;		/* where flags have SCSI_CMD_SA */
	uint8_t len;			/* bytes of the CDB */
	uint8_t flags;
	void (*run)(struct scsi_request *req);
	const char *name;
	uint8_t usage[SCSI_CDB_MAX];	/* bits that the disk looks at or ignores; others are 0 */
};

#define SCSI_CMD_SA		0x01	/* byte 1 has a service action */
#define SCSI_CMD_IN		0x02	/* moves data to the initiator */
#define SCSI_CMD_OUT		0x04
#define SCSI_CMD_MEDIUM		0x08	/* needs a started unit */
#define SCSI_CMD_WRITES		0x10	/* refused on a read-only medium */
#define SCSI_CMD_NO_ATTENTION	0x20	/* leaves a unit attention alone */
#define SCSI_CMD_THIN		0x40	/* only where blocks can be unmapped */

extern const struct scsi_command scsi_commands[];
extern const unsigned int nr_scsi_commands;

/** scsi_supported() - whether this disk has the command. */
bool scsi_supported(const struct scsi_disk *disk, const struct scsi_command *cmd);

/** scsi_build_sense() - fixed-format sense data, SPC-4 4.5.3. */
void scsi_build_sense(uint8_t sense[SCSI_SENSE_LEN], uint8_t key, uint16_t asc);

/** scsi_set_failed() - the outcome is CHECK CONDITION with this sense. */
void scsi_set_failed(struct scsi_request *req, uint8_t key, uint16_t asc);

/** scsi_set_bad_cdb() - INVALID FIELD IN CDB, pointing at @byte; @bit 0 to 7, or -1. */
void scsi_set_bad_cdb(struct scsi_request *req, unsigned int byte, int bit);

/** scsi_set_bad_list() - INVALID FIELD IN PARAMETER LIST, pointing at @byte. */
void scsi_set_bad_list(struct scsi_request *req, unsigned int byte);

/** scsi_set_in() - put @len bytes into the data-in buffer, cut to @alloc_len and to the
 * buffer, and set the outcome GOOD.
 */
void scsi_set_in(struct scsi_request *req, const void *data, uint32_t len, uint32_t alloc_len);

/** scsi_finish() - free what the command used and call done(). */
void scsi_finish(struct scsi_request *req);

static inline void scsi_good(struct scsi_request *req)
{
	req->status = SCSI_GOOD;
	scsi_finish(req);
}

static inline void scsi_fail(struct scsi_request *req, uint8_t key, uint16_t asc)
{
	scsi_set_failed(req, key, asc);
	scsi_finish(req);
}

static inline void scsi_fail_cdb(struct scsi_request *req, unsigned int byte, int bit)
{
	scsi_set_bad_cdb(req, byte, bit);
	scsi_finish(req);
}

static inline void scsi_fail_list(struct scsi_request *req, unsigned int byte)
{
	scsi_set_bad_list(req, byte);
	scsi_finish(req);
}

static inline uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

static inline uint64_t get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

static inline void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = (uint8_t)v;
}

static inline void put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, (uint16_t)v);
}

static inline void put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, v >> 32);
	put_be32(p + 4, (uint32_t)v);
}

static inline uint32_t scsi_block_size(const struct scsi_request *req)
{
	return block_info(req->disk->block)->block_size;
}

/* scsi_inquiry.c */
void scsi_run_inquiry(struct scsi_request *req);
/* scsi_mode.c */
void scsi_run_mode_sense(struct scsi_request *req);
void scsi_run_mode_select(struct scsi_request *req);
/* scsi_control.c */
void scsi_run_test_unit_ready(struct scsi_request *req);
void scsi_run_request_sense(struct scsi_request *req);
void scsi_run_start_stop(struct scsi_request *req);
void scsi_run_accept(struct scsi_request *req);
void scsi_run_read_capacity10(struct scsi_request *req);
void scsi_run_read_capacity16(struct scsi_request *req);
void scsi_run_report_opcodes(struct scsi_request *req);
/* scsi_block.c */
void scsi_run_read_write(struct scsi_request *req);
void scsi_run_sync_cache(struct scsi_request *req);
void scsi_run_verify(struct scsi_request *req);
void scsi_run_write_same(struct scsi_request *req);
void scsi_run_unmap(struct scsi_request *req);

#endif
