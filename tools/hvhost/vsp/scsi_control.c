// SPDX-License-Identifier: GPL-2.0
/*
 * The disk's commands that move no blocks: readiness, start and stop, capacity, and the list
 * of commands.
 */
#include <stdlib.h>
#include <string.h>

#include "vsp/scsi_internal.h"

void scsi_run_test_unit_ready(struct scsi_request *req)
{
	if (req->disk->stopped)
		scsi_fail(req, SCSI_KEY_NOT_READY, SCSI_ASC_INITIALIZING_REQUIRED);
	else
		scsi_good(req);
}

/* RESERVE, RELEASE and PREVENT ALLOW: the guest is the only initiator, nothing is removable. */
void scsi_run_accept(struct scsi_request *req)
{
	scsi_good(req);
}

static void flushed(struct block_request *block, int error)
{
	struct scsi_request *req = (void *)((char *)block - offsetof(struct scsi_request, block));

	if (error)
		scsi_fail(req, SCSI_KEY_MEDIUM_ERROR, SCSI_ASC_WRITE_ERROR);
	else
		scsi_good(req);
}

/* Byte 4: START in bit 0; NO_FLUSH in bit 2. Stopping writes the cache out first. */
void scsi_run_start_stop(struct scsi_request *req)
{
	bool start = req->cdb[4] & 0x01;
	bool no_flush = req->cdb[4] & 0x04;

	if (start && no_flush) {
		scsi_fail_cdb(req, 4, 2);
		return;
	}
	req->disk->stopped = !start;
	if (start || no_flush) {
		scsi_good(req);
		return;
	}
	req->block = (struct block_request){ .op = BLOCK_FLUSH, .done = flushed };
	block_submit(req->disk->block, &req->block);
}

void scsi_run_read_capacity10(struct scsi_request *req)
{
	const struct block_info *info = block_info(req->disk->block);
	uint64_t last = info->size / info->block_size - 1;
	uint8_t data[8];

	put_be32(data, last > 0xfffffffeu ? 0xffffffffu : last);
	put_be32(data + 4, info->block_size);
	scsi_set_in(req, data, sizeof(data), sizeof(data));
	scsi_finish(req);
}

void scsi_run_read_capacity16(struct scsi_request *req)
{
	const struct block_info *info = block_info(req->disk->block);
	uint8_t data[32] = { 0 };

	put_be64(data, info->size / info->block_size - 1);
	put_be32(data + 8, info->block_size);
	if (info->physical_size > info->block_size)
		data[13] = __builtin_ctz(info->physical_size / info->block_size);
	if (info->can_discard)		/* LBPME, LBPRZ */
		data[14] = 0x80 | (info->discard_zeroes ? 0x40 : 0);
	scsi_set_in(req, data, sizeof(data), get_be32(req->cdb + 10));
	scsi_finish(req);
}

/* ---- REPORT SUPPORTED OPERATION CODES, SPC-4 6.34 ---- */

#define RSOC_ALL	0
#define RSOC_ONE	1	/* by opcode, which must have no service actions */
#define RSOC_ONE_SA	2	/* by opcode and service action, which it must have */
#define RSOC_ONE_ANY	3	/* by opcode, and service action where it has them */

/* A timeouts descriptor of which nothing is specified. */
static uint8_t *put_timeouts(uint8_t *p)
{
	memset(p, 0, 12);
	put_be16(p, 10);
	return p + 12;
}

static void report_all(struct scsi_request *req, bool timeouts)
{
	uint8_t data[4 + 64 * 20] = { 0 };
	uint8_t *p = data + 4;

	_Static_assert(sizeof(data) >= 4 + 20 * 33, "a descriptor for each command");
	for (unsigned int i = 0; i < nr_scsi_commands && p + 20 <= data + sizeof(data); i++) {
		const struct scsi_command *cmd = &scsi_commands[i];

		if (!scsi_supported(req->disk, cmd))
			continue;
		p[0] = cmd->opcode;
		put_be16(p + 2, cmd->service_action);
		p[5] = (timeouts ? 0x02 : 0) | (cmd->flags & SCSI_CMD_SA ? 0x01 : 0);
		put_be16(p + 6, cmd->len);
		p += 8;
		if (timeouts)
			p = put_timeouts(p);
	}
	put_be32(data, p - data - 4);
	scsi_set_in(req, data, p - data, get_be32(req->cdb + 6));
	scsi_finish(req);
}

void scsi_run_report_opcodes(struct scsi_request *req)
{
	unsigned int option = req->cdb[2] & 0x07;
	bool timeouts = req->cdb[2] & 0x80;
	uint16_t action = get_be16(req->cdb + 4);
	const struct scsi_command *found = NULL;
	uint8_t data[4 + SCSI_CDB_MAX + 12] = { 0 };
	uint8_t *p = data + 4;
	bool has_sa = false;

	if (option == RSOC_ALL) {
		report_all(req, timeouts);
		return;
	}
	if (option > RSOC_ONE_ANY) {
		scsi_fail_cdb(req, 2, 2);
		return;
	}
	for (unsigned int i = 0; i < nr_scsi_commands; i++) {
		const struct scsi_command *cmd = &scsi_commands[i];

		if (cmd->opcode != req->cdb[3] || !scsi_supported(req->disk, cmd))
			continue;
		if (cmd->flags & SCSI_CMD_SA)
			has_sa = true;
		if (!(cmd->flags & SCSI_CMD_SA) || cmd->service_action == action)
			found = cmd;
	}
	if ((option == RSOC_ONE && has_sa) || (option == RSOC_ONE_SA && found && !has_sa)) {
		scsi_fail_cdb(req, 2, 2);
		return;
	}
	data[1] = 0x01;			/* not supported */
	if (found) {
		data[1] = (timeouts ? 0x80 : 0) | 0x03;	/* supported as in the standard */
		put_be16(data + 2, found->len);
		memcpy(p, found->usage, found->len);
		p[0] = found->opcode;
		if (found->flags & SCSI_CMD_SA)
			p[1] = found->service_action;
		p += found->len;
		if (timeouts)
			p = put_timeouts(p);
	}
	scsi_set_in(req, data, p - data, get_be32(req->cdb + 6));
	scsi_finish(req);
}
