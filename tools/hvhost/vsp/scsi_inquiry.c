// SPDX-License-Identifier: GPL-2.0
/*
 * What a SCSI disk says about itself: INQUIRY with its vital product data pages, and REPORT
 * LUNS. Linux and Windows guests know a Hyper-V disk by the vendor "Msft".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vsp/scsi_internal.h"

#define VENDOR		"Msft    "
#define PRODUCT		"Virtual Disk    "
#define REVISION	"1.0 "

#define STANDARD_LEN	96
#define VPD_MAX		80	/* bytes of the longest page, without its header */

static void fill_standard(uint8_t data[STANDARD_LEN])
{
	memset(data, 0, STANDARD_LEN);
	data[2] = 0x06;			/* SPC-4 */
	data[3] = 0x12;			/* HISUP, response data format 2 */
	data[4] = STANDARD_LEN - 5;
	data[7] = 0x02;			/* CMDQUE */
	memcpy(data + 8, VENDOR, 8);
	memcpy(data + 16, PRODUCT, 16);
	memcpy(data + 32, REVISION, 4);
	put_be16(data + 58, 0x00a0);	/* SAM-5 */
	put_be16(data + 60, 0x0460);	/* SPC-4 */
	put_be16(data + 62, 0x04c0);	/* SBC-3 */
}

void scsi_inquiry_absent(struct scsi_request *req)
{
	uint8_t data[STANDARD_LEN];

	req->status = SCSI_GOOD;
	req->sense_len = 0;
	req->transferred = 0;
	if (req->cdb_len < 6 || req->dir == SCSI_DIR_OUT) {
		scsi_set_bad_cdb(req, 0, -1);
		return;
	}
	if (req->cdb[1] & 0x01 || req->cdb[2]) {
		scsi_set_bad_cdb(req, req->cdb[1] & 0x01 ? 1 : 2, -1);
		return;
	}
	fill_standard(data);
	data[0] = 0x7f;			/* qualifier 3: no device can be here */
	scsi_set_in(req, data, sizeof(data), get_be16(req->cdb + 3));
}

/* ---- vital product data ---- */

static unsigned int vpd_supported(const struct scsi_disk *disk, uint8_t *p);

static unsigned int vpd_serial(const struct scsi_disk *disk, uint8_t *p)
{
	unsigned int len = strlen(disk->serial);

	memcpy(p, disk->serial, len);
	return len;
}

/* FNV-1a: a number for the serial, the same in every run. */
static uint64_t hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325ull;

	while (*text)
		h = (h ^ (uint8_t)*text++) * 0x100000001b3ull;
	return h;
}

static unsigned int vpd_identification(const struct scsi_disk *disk, uint8_t *p)
{
	unsigned int len = strlen(disk->serial);
	uint8_t *start = p;

	p[0] = 0x02;			/* ASCII */
	p[1] = 0x01;			/* logical unit, T10 vendor id */
	p[2] = 0;
	p[3] = 8 + len;
	memcpy(p + 4, VENDOR, 8);
	memcpy(p + 12, disk->serial, len);
	p += 12 + len;

	p[0] = 0x01;			/* binary */
	p[1] = 0x03;			/* logical unit, NAA */
	p[2] = 0;
	p[3] = 8;
	put_be64(p + 4, (hash(disk->serial) >> 4) | 3ull << 60);	/* locally assigned */
	return p + 12 - start;
}

static unsigned int vpd_block_limits(const struct scsi_disk *disk, uint8_t *p)
{
	const struct block_info *info = block_info(disk->block);
	uint32_t size = info->block_size;

	memset(p, 0, 0x3c);
	p[0] = 0x01;			/* WSNZ */
	put_be16(p + 2, info->physical_size / size);	/* optimal granularity */
	put_be32(p + 4, disk->max_transfer / size);
	if (info->can_discard) {
		uint32_t granularity = info->discard_granularity / size;

		put_be32(p + 16, SCSI_UNMAP_BYTES / size);
		put_be32(p + 20, SCSI_UNMAP_DESCRIPTORS);
		put_be32(p + 24, granularity);
		put_be32(p + 28, 0x80000000u);	/* aligned to block 0 */
	}
	put_be64(p + 32, SCSI_WRITE_SAME_BYTES / size);
	return 0x3c;
}

static unsigned int vpd_characteristics(const struct scsi_disk *disk, uint8_t *p)
{
	memset(p, 0, 0x3c);
	put_be16(p, 1);			/* does not rotate */
	return 0x3c;
}

static unsigned int vpd_provisioning(const struct scsi_disk *disk, uint8_t *p)
{
	const struct block_info *info = block_info(disk->block);

	memset(p, 0, 4);
	if (info->can_discard) {
		p[1] = 0xe0;		/* LBPU, LBPWS, LBPWS10 */
		if (info->discard_zeroes)
			p[1] |= 0x04;	/* LBPRZ */
		p[2] = 0x02;		/* thin */
	}
	return 4;
}

static const struct {
	uint8_t code;
	unsigned int (*fill)(const struct scsi_disk *disk, uint8_t *p);
} vpd_pages[] = {
	{ 0x00, vpd_supported },
	{ 0x80, vpd_serial },
	{ 0x83, vpd_identification },
	{ 0xb0, vpd_block_limits },
	{ 0xb1, vpd_characteristics },
	{ 0xb2, vpd_provisioning },
};

#define NR_VPD_PAGES	(sizeof(vpd_pages) / sizeof(vpd_pages[0]))

static unsigned int vpd_supported(const struct scsi_disk *disk, uint8_t *p)
{
	for (unsigned int i = 0; i < NR_VPD_PAGES; i++)
		p[i] = vpd_pages[i].code;
	return NR_VPD_PAGES;
}

void scsi_run_inquiry(struct scsi_request *req)
{
	uint16_t alloc_len = get_be16(req->cdb + 3);
	uint8_t standard[STANDARD_LEN];
	uint8_t page[4 + VPD_MAX] = { 0 };

	if (!(req->cdb[1] & 0x01)) {
		if (req->cdb[2]) {
			scsi_fail_cdb(req, 2, -1);
			return;
		}
		fill_standard(standard);
		scsi_set_in(req, standard, sizeof(standard), alloc_len);
		scsi_finish(req);
		return;
	}
	for (unsigned int i = 0; i < NR_VPD_PAGES; i++) {
		unsigned int len;

		if (vpd_pages[i].code != req->cdb[2])
			continue;
		len = vpd_pages[i].fill(req->disk, page + 4);
		page[1] = vpd_pages[i].code;
		put_be16(page + 2, len);
		scsi_set_in(req, page, 4 + len, alloc_len);
		scsi_finish(req);
		return;
	}
	scsi_fail_cdb(req, 2, -1);
}

/* SPC-4 6.33; a well-known LUN is not there, so SELECT REPORT 1 gives an empty list. */
void scsi_report_luns(struct scsi_request *req, const uint8_t *luns, unsigned int nr_luns)
{
	uint8_t data[8 + 256 * 8] = { 0 };
	uint32_t alloc_len = get_be32(req->cdb + 6);

	req->status = SCSI_GOOD;
	req->sense_len = 0;
	req->transferred = 0;
	if (req->cdb_len < 12 || (req->data_len && req->dir != SCSI_DIR_IN)) {
		scsi_set_bad_cdb(req, 0, -1);
		return;
	}
	if (req->cdb[2] > 0x02) {
		scsi_set_bad_cdb(req, 2, -1);
		return;
	}
	if (alloc_len < 16) {
		scsi_set_bad_cdb(req, 6, -1);
		return;
	}
	if (req->cdb[2] == 0x01)
		nr_luns = 0;
	put_be32(data, nr_luns * 8);
	for (unsigned int i = 0; i < nr_luns && i < 256; i++)
		data[8 + i * 8 + 1] = luns[i];	/* peripheral device addressing */
	scsi_set_in(req, data, 8 + nr_luns * 8, alloc_len);
}
