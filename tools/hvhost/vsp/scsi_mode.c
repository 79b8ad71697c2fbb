// SPDX-License-Identifier: GPL-2.0
/*
 * The disk's mode pages: MODE SENSE and MODE SELECT of the caching page, whose write cache
 * bit a guest may change, and of the control page.
 */
#include <stdlib.h>
#include <string.h>

#include "vsp/scsi_internal.h"

#define PAGE_CACHING	0x08
#define PAGE_CONTROL	0x0a
#define PAGE_ALL	0x3f
#define SUBPAGE_ALL	0xff

#define PC_CURRENT	0
#define PC_CHANGEABLE	1
#define PC_SAVED	3

#define WCE		0x04	/* caching page, byte 2 */
#define PAGE_LEN_MAX	20
#define LIST_MAX	512	/* bytes of a MODE SELECT parameter list */

struct mode_page {
	uint8_t code;
	uint8_t len;			/* with its two header bytes */
	uint8_t defaults[PAGE_LEN_MAX];
	uint8_t changeable[PAGE_LEN_MAX];
};

static const struct mode_page pages[] = {
	{ PAGE_CACHING, 20, { PAGE_CACHING, 18, WCE }, { PAGE_CACHING, 18, WCE } },
	{ PAGE_CONTROL, 12, { PAGE_CONTROL, 10 }, { PAGE_CONTROL, 10 } },
};

#define NR_PAGES	(sizeof(pages) / sizeof(pages[0]))

static void fill_page(const struct scsi_disk *disk, const struct mode_page *page,
		      unsigned int control, uint8_t *p)
{
	memcpy(p, control == PC_CHANGEABLE ? page->changeable : page->defaults, page->len);
	if (page->code == PAGE_CACHING && control == PC_CURRENT && !disk->write_cache)
		p[2] &= (uint8_t)~WCE;
}

/* Return: bytes of the block descriptor, short or long; SBC-3 6.4.2. */
static unsigned int fill_descriptor(const struct scsi_disk *disk, bool is_long, uint8_t *p)
{
	const struct block_info *info = block_info(disk->block);
	uint64_t blocks = info->size / info->block_size;

	memset(p, 0, 16);
	if (is_long) {
		put_be64(p, blocks);
		put_be32(p + 12, info->block_size);
		return 16;
	}
	put_be32(p, blocks > 0xffffffffu ? 0xffffffffu : blocks);
	put_be32(p + 4, info->block_size);	/* its first byte is reserved, and 0 */
	return 8;
}

void scsi_run_mode_sense(struct scsi_request *req)
{
	bool ten = req->cdb[0] == 0x5a;
	bool no_descriptor = req->cdb[1] & 0x08;
	bool long_lba = ten && (req->cdb[1] & 0x10);
	unsigned int control = req->cdb[2] >> 6;
	uint8_t wanted = req->cdb[2] & 0x3f;
	uint8_t subpage = req->cdb[3];
	uint8_t data[8 + 16 + NR_PAGES * PAGE_LEN_MAX] = { 0 };
	unsigned int header = ten ? 8 : 4;
	unsigned int descriptor = 0;
	uint8_t *p = data + header;
	bool found = false;
	uint8_t specific;

	if (control == PC_SAVED) {
		scsi_fail(req, SCSI_KEY_ILLEGAL_REQUEST, SCSI_ASC_SAVING_UNSUPPORTED);
		return;
	}
	if (subpage && subpage != SUBPAGE_ALL) {
		scsi_fail_cdb(req, 3, -1);
		return;
	}
	if (!no_descriptor)
		descriptor = fill_descriptor(req->disk, long_lba, p);
	p += descriptor;
	for (unsigned int i = 0; i < NR_PAGES; i++) {
		if (wanted != PAGE_ALL && wanted != pages[i].code)
			continue;
		fill_page(req->disk, &pages[i], control, p);
		p += pages[i].len;
		found = true;
	}
	if (!found) {
		scsi_fail_cdb(req, 2, 5);
		return;
	}
	/* Device-specific parameter: WP, and DPOFUA since reads and writes take both bits. */
	specific = (block_info(req->disk->block)->read_only ? 0x80 : 0) | 0x10;
	if (ten) {
		put_be16(data, p - data - 2);
		data[3] = specific;
		data[4] = descriptor == 16;
		put_be16(data + 6, descriptor);
	} else {
		data[0] = p - data - 1;
		data[2] = specific;
		data[3] = descriptor;
	}
	scsi_set_in(req, data, p - data, ten ? get_be16(req->cdb + 7) : req->cdb[4]);
	scsi_finish(req);
}

/* ---- MODE SELECT ---- */

/*
 * Check the pages of a list, or take them over. What is not changeable must be as it is.
 * Return: -1 when all is well, else the offset of the byte that is wrong; -2 for a page
 * that is cut off.
 */
static int walk_pages(struct scsi_disk *disk, const uint8_t *list, unsigned int at,
		      unsigned int len, bool apply)
{
	while (at < len) {
		const struct mode_page *page = NULL;
		uint8_t now[PAGE_LEN_MAX];

		if (len - at < 2)
			return -2;
		for (unsigned int i = 0; i < NR_PAGES; i++)
			if (pages[i].code == (list[at] & 0x7f))
				page = &pages[i];
		if (!page)
			return at;
		if (list[at + 1] != page->len - 2)
			return at + 1;
		if (len - at < page->len)
			return -2;
		fill_page(disk, page, PC_CURRENT, now);
		for (unsigned int i = 2; i < page->len; i++)
			if ((list[at + i] ^ now[i]) & (uint8_t)~page->changeable[i])
				return at + i;
		if (apply && page->code == PAGE_CACHING)
			disk->write_cache = list[at + 2] & WCE;
		at += page->len;
	}
	return -1;
}

static void cache_off_flushed(struct block_request *block, int error)
{
	struct scsi_request *req = (void *)((char *)block - offsetof(struct scsi_request, block));

	if (error)
		scsi_fail(req, SCSI_KEY_MEDIUM_ERROR, SCSI_ASC_WRITE_ERROR);
	else
		scsi_good(req);
}

void scsi_run_mode_select(struct scsi_request *req)
{
	bool ten = req->cdb[0] == 0x55;
	unsigned int header = ten ? 8 : 4;
	unsigned int len = ten ? get_be16(req->cdb + 7) : req->cdb[4];
	bool was_on = req->disk->write_cache;
	uint8_t list[LIST_MAX];
	unsigned int descriptor;
	int bad;

	if (req->cdb[1] & 0x01) {	/* SP: nothing can be saved */
		scsi_fail_cdb(req, 1, 0);
		return;
	}
	if (!(req->cdb[1] & 0x10)) {	/* PF: only standard pages */
		scsi_fail_cdb(req, 1, 4);
		return;
	}
	if (!len) {
		scsi_good(req);
		return;
	}
	if (len > sizeof(list) || len > req->data_len) {
		scsi_fail_cdb(req, ten ? 7 : 4, -1);
		return;
	}
	for (unsigned int done = 0, i = 0; done < len && (int)i < req->niov; i++) {
		unsigned int n = len - done;

		if (n > req->iov[i].iov_len)
			n = req->iov[i].iov_len;
		memcpy(list + done, req->iov[i].iov_base, n);
		done += n;
	}
	if (len < header) {
		scsi_fail(req, SCSI_KEY_ILLEGAL_REQUEST, SCSI_ASC_PARAMETER_LIST_LENGTH);
		return;
	}
	/* The block descriptor may be there; the block size it names cannot be changed. */
	descriptor = ten ? get_be16(list + 6) : list[3];
	if (descriptor && descriptor != 8) {
		scsi_fail_list(req, ten ? 6 : 3);
		return;
	}
	if (header + descriptor > len) {
		scsi_fail(req, SCSI_KEY_ILLEGAL_REQUEST, SCSI_ASC_PARAMETER_LIST_LENGTH);
		return;
	}
	if (descriptor && (get_be32(list + header + 4) & 0xffffff) != scsi_block_size(req)) {
		scsi_fail_list(req, header + 5);
		return;
	}
	bad = walk_pages(req->disk, list, header + descriptor, len, false);
	if (bad == -2) {
		scsi_fail(req, SCSI_KEY_ILLEGAL_REQUEST, SCSI_ASC_PARAMETER_LIST_LENGTH);
		return;
	}
	if (bad >= 0) {
		scsi_fail_list(req, bad);
		return;
	}
	walk_pages(req->disk, list, header + descriptor, len, true);
	req->transferred = len;
	if (!was_on || req->disk->write_cache) {
		scsi_good(req);
		return;
	}
	req->block = (struct block_request){ .op = BLOCK_FLUSH, .done = cache_off_flushed };
	block_submit(req->disk->block, &req->block);
}
