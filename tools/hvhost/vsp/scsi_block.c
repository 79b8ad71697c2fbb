// SPDX-License-Identifier: GPL-2.0
/*
 * The disk's commands on blocks: READ, WRITE, SYNCHRONIZE CACHE, VERIFY, WRITE SAME, UNMAP.
 * Those of several steps keep their place in the request.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vsp/scsi_internal.h"

#define VERIFY_STEP	(1u << 20)	/* bytes read at a time */
#define VERIFY_BYTES	(64u << 20)	/* of one VERIFY */
#define PATTERN_BYTES	(64u << 10)	/* a buffer of repeated blocks */
#define PATTERN_PIECES	16		/* times in one write */

static struct scsi_request *of_block(struct block_request *block)
{
	return (void *)((char *)block - offsetof(struct scsi_request, block));
}

/* ---- outcomes of the back end ---- */

static void fail_errno(struct scsi_request *req, int error, bool writing)
{
	uint8_t key = SCSI_KEY_MEDIUM_ERROR;
	uint16_t asc = writing ? SCSI_ASC_WRITE_ERROR : SCSI_ASC_READ_ERROR;

	switch (-error) {
	case ENOSPC:
	case EDQUOT:
		key = SCSI_KEY_DATA_PROTECT;
		asc = SCSI_ASC_SPACE_ALLOCATION;
		break;
	case EROFS:
	case EPERM:
	case EACCES:
		key = SCSI_KEY_DATA_PROTECT;
		asc = SCSI_ASC_WRITE_PROTECTED;
		break;
	case ERANGE:
		key = SCSI_KEY_ILLEGAL_REQUEST;
		asc = SCSI_ASC_LBA_RANGE;
		break;
	case ECANCELED:
	case ENOMEM:
		key = SCSI_KEY_ABORTED_COMMAND;
		asc = SCSI_ASC_NONE;
		break;
	case ENOTCONN:
	case ECONNRESET:
	case EPIPE:
	case ESHUTDOWN:
	case ETIMEDOUT:
		key = SCSI_KEY_HARDWARE_ERROR;
		asc = SCSI_ASC_TARGET_FAILURE;
		break;
	}
	scsi_fail(req, key, asc);
}

static void transfer_done(struct block_request *block, int error)
{
	struct scsi_request *req = of_block(block);

	if (error) {
		fail_errno(req, error, req->dir == SCSI_DIR_OUT);
		return;
	}
	req->transferred = req->left;
	scsi_good(req);
}

static void write_step_done(struct block_request *block, int error)
{
	struct scsi_request *req = of_block(block);

	if (error)
		fail_errno(req, error, true);
	else
		scsi_good(req);
}

/* ---- fields of the CDB ---- */

struct extent {
	uint64_t lba;
	uint64_t blocks;
	uint8_t blocks_at;		/* the CDB's byte where the count begins */
};

static struct extent decode(const uint8_t *cdb)
{
	switch (cdb[0] >> 5) {
	case 0:		/* 6 bytes; a count of 0 is 256 */
		return (struct extent){ get_be32(cdb) & 0x1fffff, cdb[4] ? cdb[4] : 256, 4 };
	case 4:		/* 16 bytes */
		return (struct extent){ get_be64(cdb + 2), get_be32(cdb + 10), 10 };
	case 5:		/* 12 bytes */
		return (struct extent){ get_be32(cdb + 2), get_be32(cdb + 6), 6 };
	default:	/* 10 bytes */
		return (struct extent){ get_be32(cdb + 2), get_be16(cdb + 7), 7 };
	}
}

static bool in_range(const struct scsi_disk *disk, uint64_t lba, uint64_t blocks)
{
	const struct block_info *info = block_info(disk->block);
	uint64_t all = info->size / info->block_size;

	return lba <= all && blocks <= all - lba && (blocks || lba < all);
}

/* Decode, and fail the command when the blocks are not on the medium. */
static bool get_extent(struct scsi_request *req, struct extent *extent)
{
	*extent = decode(req->cdb);
	if (in_range(req->disk, extent->lba, extent->blocks))
		return true;
	scsi_fail(req, SCSI_KEY_ILLEGAL_REQUEST, SCSI_ASC_LBA_RANGE);
	return false;
}

/* The data buffer's first @len bytes as an iovec of exactly that length. */
static bool fit_iov(struct scsi_request *req, uint32_t len, const struct iovec **iov, int *niov)
{
	uint64_t total = 0;
	int n = 0;

	while (n < req->niov && total < len)
		total += req->iov[n++].iov_len;
	*iov = req->iov;
	*niov = n;
	if (total == len)
		return true;
	req->pieces = calloc(n, sizeof(*req->pieces));
	if (!req->pieces)
		return false;
	memcpy(req->pieces, req->iov, n * sizeof(*req->pieces));
	req->pieces[n - 1].iov_len -= total - len;
	*iov = req->pieces;
	return true;
}

/* Copy from the data-out buffer, from byte @skip on. Return: whether it was long enough. */
static bool copy_out(const struct scsi_request *req, uint32_t skip, void *to, uint32_t len)
{
	uint32_t done = 0;

	if (skip > req->data_len || len > req->data_len - skip)
		return false;
	for (int i = 0; i < req->niov && done < len; i++) {
		uint32_t n = req->iov[i].iov_len;

		if (skip >= n) {
			skip -= n;
			continue;
		}
		n -= skip;
		if (n > len - done)
			n = len - done;
		memcpy((char *)to + done, (char *)req->iov[i].iov_base + skip, n);
		done += n;
		skip = 0;
	}
	return done == len;
}

/* ---- READ, WRITE, SYNCHRONIZE CACHE ---- */

void scsi_run_read_write(struct scsi_request *req)
{
	bool six = req->cdb[0] >> 5 == 0;
	bool writing = req->dir == SCSI_DIR_OUT;
	const struct iovec *iov;
	struct extent extent;
	uint64_t len;
	int niov;

	if (!get_extent(req, &extent))
		return;
	if (!extent.blocks) {
		scsi_good(req);
		return;
	}
	len = extent.blocks * scsi_block_size(req);
	if (len > req->disk->max_transfer || len > req->data_len) {
		scsi_fail_cdb(req, extent.blocks_at, -1);
		return;
	}
	if (!fit_iov(req, len, &iov, &niov)) {
		fail_errno(req, -ENOMEM, writing);
		return;
	}
	req->left = len;
	req->block = (struct block_request){
		.op = writing ? BLOCK_WRITE : BLOCK_READ,
		.fua = writing && (!req->disk->write_cache || (!six && (req->cdb[1] & 0x08))),
		.offset = extent.lba * scsi_block_size(req),
		.len = len,
		.iov = iov,
		.niov = niov,
		.done = transfer_done,
	};
	block_submit(req->disk->block, &req->block);
}

void scsi_run_sync_cache(struct scsi_request *req)
{
	struct extent extent;

	if (!get_extent(req, &extent))
		return;
	req->block = (struct block_request){ .op = BLOCK_FLUSH, .done = write_step_done };
	block_submit(req->disk->block, &req->block);
}

/* ---- VERIFY ---- */

static void verify_step(struct scsi_request *req);

/* BYTCHK 1: the data are the blocks; 3: one block that each must equal. Whether they are.
 * The second half of the buffer holds what is compared with.
 */
static bool same_as_data(struct scsi_request *req, uint32_t len)
{
	unsigned int bytchk = req->cdb[1] >> 1 & 3;
	uint32_t block = scsi_block_size(req);
	uint8_t *other = req->buffer + req->buffer_len;

	if (!bytchk)
		return true;
	if (bytchk == 1) {
		if (!copy_out(req, req->transferred, other, len))
			return false;
		req->transferred += len;
		return !memcmp(req->buffer, other, len);
	}
	for (uint32_t at = 0; at < len; at += block)
		if (!copy_out(req, 0, other, block) || memcmp(req->buffer + at, other, block))
			return false;
	return true;
}

static void verify_read(struct block_request *block, int error)
{
	struct scsi_request *req = of_block(block);
	uint32_t len = req->pieces[0].iov_len;

	if (error) {
		fail_errno(req, error, false);
	} else if (!same_as_data(req, len)) {
		scsi_fail(req, SCSI_KEY_MISCOMPARE, SCSI_ASC_MISCOMPARE);
	} else {
		req->offset += len;
		req->left -= len;
		verify_step(req);
	}
}

static void verify_step(struct scsi_request *req)
{
	if (!req->left) {
		scsi_good(req);
		return;
	}
	req->pieces[0].iov_base = req->buffer;
	req->pieces[0].iov_len = req->left < req->buffer_len ? req->left : req->buffer_len;
	req->block = (struct block_request){
		.op = BLOCK_READ,
		.offset = req->offset,
		.len = req->pieces[0].iov_len,
		.iov = req->pieces,
		.niov = 1,
		.done = verify_read,
	};
	block_submit(req->disk->block, &req->block);
}

void scsi_run_verify(struct scsi_request *req)
{
	unsigned int bytchk = req->cdb[1] >> 1 & 3;
	uint32_t block = scsi_block_size(req);
	struct extent extent;
	uint64_t needed;

	if (!get_extent(req, &extent))
		return;
	if (bytchk == 2) {
		scsi_fail_cdb(req, 1, 2);
		return;
	}
	needed = bytchk == 1 ? extent.blocks * block : bytchk == 3 && extent.blocks ? block : 0;
	if (extent.blocks * block > VERIFY_BYTES || needed > req->data_len) {
		scsi_fail_cdb(req, extent.blocks_at, -1);
		return;
	}
	req->offset = extent.lba * block;
	req->left = extent.blocks * block;
	req->buffer_len = req->left < VERIFY_STEP ? req->left : VERIFY_STEP;
	req->buffer = malloc(2 * (size_t)req->buffer_len + 1);
	req->pieces = calloc(1, sizeof(*req->pieces));
	if (!req->buffer || !req->pieces) {
		fail_errno(req, -ENOMEM, false);
		return;
	}
	verify_step(req);
}

/* ---- WRITE SAME ---- */

static void pattern_step(struct scsi_request *req);

static void pattern_written(struct block_request *block, int error)
{
	struct scsi_request *req = of_block(block);
	uint64_t len = 0;

	for (int i = 0; i < req->npieces; i++)
		len += req->pieces[i].iov_len;
	if (error) {
		fail_errno(req, error, true);
		return;
	}
	req->offset += len;
	req->left -= len;
	pattern_step(req);
}

static void pattern_step(struct scsi_request *req)
{
	uint64_t len = 0;

	if (!req->left) {
		scsi_good(req);
		return;
	}
	for (req->npieces = 0; req->npieces < PATTERN_PIECES && len < req->left; req->npieces++) {
		uint64_t n = req->left - len;

		if (n > req->buffer_len)
			n = req->buffer_len;
		req->pieces[req->npieces] = (struct iovec){ req->buffer, n };
		len += n;
	}
	req->block = (struct block_request){
		.op = BLOCK_WRITE,
		.fua = !req->disk->write_cache,
		.offset = req->offset,
		.len = len,
		.iov = req->pieces,
		.niov = req->npieces,
		.done = pattern_written,
	};
	block_submit(req->disk->block, &req->block);
}

static void write_pattern(struct scsi_request *req)
{
	uint32_t block = scsi_block_size(req);

	req->buffer_len = req->left < PATTERN_BYTES ? req->left : PATTERN_BYTES;
	for (uint32_t at = block; at < req->buffer_len; at += block)
		memcpy(req->buffer + at, req->buffer, block);
	req->pieces = calloc(PATTERN_PIECES, sizeof(*req->pieces));
	if (!req->pieces) {
		fail_errno(req, -ENOMEM, true);
		return;
	}
	pattern_step(req);
}

static bool all_zero(const uint8_t *p, uint32_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

void scsi_run_write_same(struct scsi_request *req)
{
	uint32_t block = scsi_block_size(req);
	bool no_data = req->cdb[0] == 0x93 && (req->cdb[1] & 0x01);
	bool unmap = req->cdb[1] & 0x08;
	struct extent extent;

	if (!get_extent(req, &extent))
		return;
	if (!extent.blocks || extent.blocks * block > SCSI_WRITE_SAME_BYTES) {
		scsi_fail_cdb(req, extent.blocks_at, -1);
		return;
	}
	if (unmap && !block_info(req->disk->block)->can_discard) {
		scsi_fail_cdb(req, 1, 3);
		return;
	}
	req->offset = extent.lba * block;
	req->left = extent.blocks * block;
	req->buffer = calloc(1, PATTERN_BYTES);
	if (!req->buffer) {
		fail_errno(req, -ENOMEM, true);
		return;
	}
	if (!no_data && !copy_out(req, 0, req->buffer, block)) {
		scsi_fail_cdb(req, 0, -1);
		return;
	}
	req->transferred = no_data ? 0 : block;
	if (!all_zero(req->buffer, block)) {
		write_pattern(req);
		return;
	}
	req->block = (struct block_request){
		.op = BLOCK_ZERO,
		.fua = !req->disk->write_cache,
		.offset = req->offset,
		.len = req->left,
		.done = write_step_done,
	};
	block_submit(req->disk->block, &req->block);
}

/* ---- UNMAP ---- */

static void unmap_step(struct scsi_request *req);

static void unmap_done(struct block_request *block, int error)
{
	struct scsi_request *req = of_block(block);

	if (error)
		fail_errno(req, error, true);
	else
		unmap_step(req);
}

/* offset is the next descriptor's place in the buffer, left the number still to do. */
static void unmap_step(struct scsi_request *req)
{
	uint32_t block = scsi_block_size(req);
	const uint8_t *descriptor = req->buffer + req->offset;

	if (!req->left) {
		scsi_good(req);
		return;
	}
	req->offset += 16;
	req->left--;
	req->block = (struct block_request){
		.op = BLOCK_DISCARD,
		.offset = get_be64(descriptor) * block,
		.len = (uint64_t)get_be32(descriptor + 8) * block,
		.done = unmap_done,
	};
	block_submit(req->disk->block, &req->block);
}

void scsi_run_unmap(struct scsi_request *req)
{
	uint32_t len = get_be16(req->cdb + 7);
	uint64_t total = 0;
	uint32_t nr;

	if (!len) {
		scsi_good(req);
		return;
	}
	if (len < 8) {
		scsi_fail(req, SCSI_KEY_ILLEGAL_REQUEST, SCSI_ASC_PARAMETER_LIST_LENGTH);
		return;
	}
	req->buffer = malloc(len);
	if (!req->buffer) {
		fail_errno(req, -ENOMEM, true);
		return;
	}
	if (!copy_out(req, 0, req->buffer, len)) {
		scsi_fail_cdb(req, 7, -1);
		return;
	}
	nr = get_be16(req->buffer + 2);
	if (nr > len - 8)
		nr = len - 8;
	nr /= 16;
	if (nr > SCSI_UNMAP_DESCRIPTORS) {
		scsi_fail_list(req, 2);
		return;
	}
	for (uint32_t i = 0; i < nr; i++) {
		const uint8_t *descriptor = req->buffer + 8 + i * 16;
		uint32_t blocks = get_be32(descriptor + 8);

		total += (uint64_t)blocks * scsi_block_size(req);
		if (total > SCSI_UNMAP_BYTES) {
			scsi_fail_list(req, 8 + i * 16 + 8);
			return;
		}
		if (!in_range(req->disk, get_be64(descriptor), blocks)) {
			scsi_fail(req, SCSI_KEY_ILLEGAL_REQUEST, SCSI_ASC_LBA_RANGE);
			return;
		}
	}
	req->transferred = len;
	req->offset = 8;
	req->left = nr;
	unmap_step(req);
}
