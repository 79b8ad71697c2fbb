// SPDX-License-Identifier: GPL-2.0
/*
 * The SCSI disk's table of commands, the checks that every command passes before it runs, and
 * the sense data.
 */
#include "vsp/scsi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vsp/scsi_internal.h"

#define IN	SCSI_CMD_IN
#define OUT	SCSI_CMD_OUT
#define SA	SCSI_CMD_SA
#define MEDIUM	SCSI_CMD_MEDIUM
#define WRITES	(SCSI_CMD_WRITES | SCSI_CMD_MEDIUM)
#define NO_UA	SCSI_CMD_NO_ATTENTION
#define THIN	SCSI_CMD_THIN

#define B4	0xff, 0xff, 0xff, 0xff
#define B8	B4, B4

/* The usage masks hold the bits of each command's CDB in SPC-4 and SBC-3 that are in use. */
const struct scsi_command scsi_commands[] = {
	{ 0x00, 0, 6, 0, scsi_run_test_unit_ready, "TEST UNIT READY", { 0xff } },
	{ 0x03, 0, 6, IN | NO_UA, scsi_run_request_sense, "REQUEST SENSE",
	  { 0xff, 0, 0, 0, 0xff } },
	{ 0x08, 0, 6, IN | MEDIUM, scsi_run_read_write, "READ(6)",
	  { 0xff, 0x1f, 0xff, 0xff, 0xff } },
	{ 0x0a, 0, 6, OUT | WRITES, scsi_run_read_write, "WRITE(6)",
	  { 0xff, 0x1f, 0xff, 0xff, 0xff } },
	{ 0x12, 0, 6, IN | NO_UA, scsi_run_inquiry, "INQUIRY", { 0xff, 0x01, 0xff, 0xff, 0xff } },
	{ 0x15, 0, 6, OUT, scsi_run_mode_select, "MODE SELECT(6)", { 0xff, 0x11, 0, 0, 0xff } },
	{ 0x16, 0, 6, 0, scsi_run_accept, "RESERVE(6)", { 0xff } },
	{ 0x17, 0, 6, 0, scsi_run_accept, "RELEASE(6)", { 0xff } },
	{ 0x1a, 0, 6, IN, scsi_run_mode_sense, "MODE SENSE(6)",
	  { 0xff, 0x08, 0xff, 0xff, 0xff } },
	{ 0x1b, 0, 6, 0, scsi_run_start_stop, "START STOP UNIT", { 0xff, 0x01, 0, 0, 0x05 } },
	{ 0x1e, 0, 6, 0, scsi_run_accept, "PREVENT ALLOW MEDIUM REMOVAL",
	  { 0xff, 0, 0, 0, 0x01 } },
	{ 0x25, 0, 10, IN | MEDIUM, scsi_run_read_capacity10, "READ CAPACITY(10)", { 0xff } },
	{ 0x28, 0, 10, IN | MEDIUM, scsi_run_read_write, "READ(10)",
	  { 0xff, 0x18, B4, 0x1f, 0xff, 0xff } },
	{ 0x2a, 0, 10, OUT | WRITES, scsi_run_read_write, "WRITE(10)",
	  { 0xff, 0x18, B4, 0x1f, 0xff, 0xff } },
	{ 0x2f, 0, 10, OUT | MEDIUM, scsi_run_verify, "VERIFY(10)",
	  { 0xff, 0x16, B4, 0x1f, 0xff, 0xff } },
	{ 0x35, 0, 10, MEDIUM, scsi_run_sync_cache, "SYNCHRONIZE CACHE(10)",
	  { 0xff, 0x02, B4, 0x1f, 0xff, 0xff } },
	{ 0x41, 0, 10, OUT | WRITES, scsi_run_write_same, "WRITE SAME(10)",
	  { 0xff, 0x08, B4, 0x1f, 0xff, 0xff } },
	{ 0x42, 0, 10, OUT | WRITES | THIN, scsi_run_unmap, "UNMAP",
	  { 0xff, 0, 0, 0, 0, 0, 0x1f, 0xff, 0xff } },
	{ 0x55, 0, 10, OUT, scsi_run_mode_select, "MODE SELECT(10)",
	  { 0xff, 0x11, 0, 0, 0, 0, 0, 0xff, 0xff } },
	{ 0x56, 0, 10, 0, scsi_run_accept, "RESERVE(10)", { 0xff } },
	{ 0x57, 0, 10, 0, scsi_run_accept, "RELEASE(10)", { 0xff } },
	{ 0x5a, 0, 10, IN, scsi_run_mode_sense, "MODE SENSE(10)",
	  { 0xff, 0x18, 0xff, 0xff, 0, 0, 0, 0xff, 0xff } },
	{ 0x88, 0, 16, IN | MEDIUM, scsi_run_read_write, "READ(16)", { 0xff, 0x18, B8, B4, 0x1f } },
	{ 0x8a, 0, 16, OUT | WRITES, scsi_run_read_write, "WRITE(16)",
	  { 0xff, 0x18, B8, B4, 0x1f } },
	{ 0x8f, 0, 16, OUT | MEDIUM, scsi_run_verify, "VERIFY(16)", { 0xff, 0x16, B8, B4, 0x1f } },
	{ 0x91, 0, 16, MEDIUM, scsi_run_sync_cache, "SYNCHRONIZE CACHE(16)",
	  { 0xff, 0x02, B8, B4, 0x1f } },
	{ 0x93, 0, 16, OUT | WRITES, scsi_run_write_same, "WRITE SAME(16)",
	  { 0xff, 0x09, B8, B4, 0x1f } },
	{ 0x9e, 0x10, 16, IN | SA | MEDIUM, scsi_run_read_capacity16, "READ CAPACITY(16)",
	  { 0xff, 0x1f, 0, 0, 0, 0, 0, 0, 0, 0, B4 } },
	{ 0xa3, 0x0c, 12, IN | SA, scsi_run_report_opcodes, "REPORT SUPPORTED OPERATION CODES",
	  { 0xff, 0x1f, 0x87, 0xff, 0xff, 0xff, B4 } },
	{ 0xa8, 0, 12, IN | MEDIUM, scsi_run_read_write, "READ(12)", { 0xff, 0x18, B8, 0x1f } },
	{ 0xaa, 0, 12, OUT | WRITES, scsi_run_read_write, "WRITE(12)", { 0xff, 0x18, B8, 0x1f } },
};

const unsigned int nr_scsi_commands = sizeof(scsi_commands) / sizeof(scsi_commands[0]);

/* ---- sense data ---- */

void scsi_build_sense(uint8_t sense[SCSI_SENSE_LEN], uint8_t key, uint16_t asc)
{
	memset(sense, 0, SCSI_SENSE_LEN);
	sense[0] = 0x70;		/* current, fixed format */
	sense[2] = key;
	sense[7] = SCSI_SENSE_LEN - 8;
	sense[12] = asc >> 8;
	sense[13] = (uint8_t)asc;
}

void scsi_set_failed(struct scsi_request *req, uint8_t key, uint16_t asc)
{
	req->status = SCSI_CHECK_CONDITION;
	req->sense_len = SCSI_SENSE_LEN;
	req->transferred = 0;
	scsi_build_sense(req->sense, key, asc);
}

/* Field pointer: SKSV, C/D (the CDB, not the data), BPV with a bit; SPC-4 4.5.2.4.2 */
static void set_field_pointer(struct scsi_request *req, uint8_t flags, unsigned int byte)
{
	req->sense[15] = flags;
	put_be16(req->sense + 16, byte);
}

void scsi_set_bad_cdb(struct scsi_request *req, unsigned int byte, int bit)
{
	scsi_set_failed(req, SCSI_KEY_ILLEGAL_REQUEST, SCSI_ASC_INVALID_FIELD_CDB);
	set_field_pointer(req, bit < 0 ? 0xc0 : 0xc8 | bit, byte);
}

void scsi_set_bad_list(struct scsi_request *req, unsigned int byte)
{
	scsi_set_failed(req, SCSI_KEY_ILLEGAL_REQUEST, SCSI_ASC_INVALID_FIELD_LIST);
	set_field_pointer(req, 0x80, byte);
}

void scsi_set_in(struct scsi_request *req, const void *data, uint32_t len, uint32_t alloc_len)
{
	uint32_t n = len < alloc_len ? len : alloc_len;
	uint32_t done = 0;

	if (n > req->data_len)
		n = req->data_len;
	for (int i = 0; i < req->niov && done < n; i++) {
		uint32_t part = n - done;

		if (part > req->iov[i].iov_len)
			part = req->iov[i].iov_len;
		memcpy(req->iov[i].iov_base, (const char *)data + done, part);
		done += part;
	}
	req->status = SCSI_GOOD;
	req->transferred = done;
}

void scsi_finish(struct scsi_request *req)
{
	free(req->buffer);
	free(req->pieces);
	req->buffer = NULL;
	req->pieces = NULL;
	req->done(req);
}

/* ---- unit attentions ---- */

void scsi_unit_attention(struct scsi_disk *disk, uint16_t asc)
{
	if (asc >> 8 == SCSI_ASC_POWER_ON >> 8)
		disk->nr_attentions = 0;
	for (unsigned int i = 0; i < disk->nr_attentions; i++)
		if (disk->attentions[i] == asc)
			return;
	if (disk->nr_attentions < SCSI_MAX_ATTENTIONS)
		disk->attentions[disk->nr_attentions++] = asc;
}

void scsi_clear_attention(struct scsi_disk *disk, uint16_t asc)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < disk->nr_attentions; i++)
		if (disk->attentions[i] != asc)
			disk->attentions[kept++] = disk->attentions[i];
	disk->nr_attentions = kept;
}

static uint16_t take_attention(struct scsi_disk *disk)
{
	uint16_t asc = disk->attentions[0];

	scsi_clear_attention(disk, asc);
	return asc;
}

void scsi_hold_sense(struct scsi_disk *disk, const struct scsi_request *req)
{
	if (req->sense_len != SCSI_SENSE_LEN)
		return;
	memcpy(disk->held_sense, req->sense, SCSI_SENSE_LEN);
	disk->has_held_sense = true;
}

/* Sense that was not delivered comes first, then a unit attention, which it clears. */
void scsi_run_request_sense(struct scsi_request *req)
{
	struct scsi_disk *disk = req->disk;
	uint8_t sense[SCSI_SENSE_LEN];

	if (disk->has_held_sense) {
		memcpy(sense, disk->held_sense, sizeof(sense));
		disk->has_held_sense = false;
	} else if (disk->nr_attentions) {
		scsi_build_sense(sense, SCSI_KEY_UNIT_ATTENTION, take_attention(disk));
	} else {
		scsi_build_sense(sense, SCSI_KEY_NO_SENSE, SCSI_ASC_NONE);
	}
	scsi_set_in(req, sense, sizeof(sense), req->cdb[4]);
	scsi_finish(req);
}

/* ---- dispatch ---- */

bool scsi_supported(const struct scsi_disk *disk, const struct scsi_command *cmd)
{
	return !(cmd->flags & SCSI_CMD_THIN) || block_info(disk->block)->can_discard;
}

static const struct scsi_command *find_command(const struct scsi_request *req, bool *opcode_known)
{
	*opcode_known = false;
	for (unsigned int i = 0; i < nr_scsi_commands; i++) {
		const struct scsi_command *cmd = &scsi_commands[i];

		if (cmd->opcode != req->cdb[0] || !scsi_supported(req->disk, cmd))
			continue;
		*opcode_known = true;
		if (!(cmd->flags & SCSI_CMD_SA) || cmd->service_action == (req->cdb[1] & 0x1f))
			return cmd;
	}
	return NULL;
}

/* Return: whether the command may run; else its outcome is set. */
static bool check_command(const struct scsi_command *cmd, struct scsi_request *req)
{
	struct scsi_disk *disk = req->disk;
	enum scsi_dir want = cmd->flags & SCSI_CMD_IN ? SCSI_DIR_IN : SCSI_DIR_OUT;

	if (req->cdb_len < cmd->len) {
		scsi_set_bad_cdb(req, req->cdb_len, -1);
		return false;
	}
	for (unsigned int i = 1; i < cmd->len; i++) {
		uint8_t bad = req->cdb[i] & ~cmd->usage[i];

		if (bad) {
			scsi_set_bad_cdb(req, i, 31 - __builtin_clz(bad));
			return false;
		}
	}
	/* A buffer for the wrong direction; a command that moves nothing ignores its buffer. */
	if ((cmd->flags & (SCSI_CMD_IN | SCSI_CMD_OUT)) && req->data_len && req->dir != want) {
		scsi_set_bad_cdb(req, 0, -1);
		return false;
	}
	if (disk->nr_attentions && !(cmd->flags & SCSI_CMD_NO_ATTENTION)) {
		scsi_set_failed(req, SCSI_KEY_UNIT_ATTENTION, take_attention(disk));
		return false;
	}
	if ((cmd->flags & SCSI_CMD_MEDIUM) && disk->stopped) {
		scsi_set_failed(req, SCSI_KEY_NOT_READY, SCSI_ASC_INITIALIZING_REQUIRED);
		return false;
	}
	if ((cmd->flags & SCSI_CMD_WRITES) && block_info(disk->block)->read_only) {
		scsi_set_failed(req, SCSI_KEY_DATA_PROTECT, SCSI_ASC_WRITE_PROTECTED);
		return false;
	}
	return true;
}

void scsi_execute(struct scsi_disk *disk, struct scsi_request *req)
{
	const struct scsi_command *cmd;
	bool opcode_known;

	req->disk = disk;
	req->status = SCSI_GOOD;
	req->sense_len = 0;
	req->transferred = 0;
	req->buffer = NULL;
	req->pieces = NULL;
	cmd = find_command(req, &opcode_known);
	if (!cmd) {
		if (opcode_known)
			scsi_fail_cdb(req, 1, 4);
		else
			scsi_fail(req, SCSI_KEY_ILLEGAL_REQUEST, SCSI_ASC_INVALID_OPCODE);
		return;
	}
	if (cmd->opcode != 0x03)
		disk->has_held_sense = false;
	if (check_command(cmd, req))
		cmd->run(req);
	else
		scsi_finish(req);
}

void scsi_commit(struct scsi_disk *disk)
{
	block_commit(disk->block);
}

/* ---- the disk ---- */

struct scsi_disk *scsi_disk_new(struct block_device *block, const struct scsi_disk_config *config)
{
	struct scsi_disk *disk = calloc(1, sizeof(*disk));
	const char *serial = block_serial(block);

	if (!disk)
		return NULL;
	disk->block = block;
	disk->max_transfer = config->max_transfer;
	snprintf(disk->serial, sizeof(disk->serial), "%s", *serial ? serial : config->serial);
	scsi_disk_reset(disk);
	return disk;
}

void scsi_disk_reset(struct scsi_disk *disk)
{
	disk->stopped = false;
	disk->write_cache = true;
	disk->has_held_sense = false;
	scsi_unit_attention(disk, SCSI_ASC_POWER_ON);
}

void scsi_disk_free(struct scsi_disk *disk)
{
	if (!disk)
		return;
	block_close(disk->block);
	free(disk);
}

struct block_device *scsi_disk_block(struct scsi_disk *disk)
{
	return disk->block;
}
