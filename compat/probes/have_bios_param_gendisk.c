// SPDX-License-Identifier: GPL-2.0
/* "scsi: switch ->bios_param() to passing gendisk" (v6.18): before it, a block_device. */
#include <scsi/scsi_host.h>

static int probe_geometry(struct scsi_device *sdev, struct gendisk *disk, sector_t capacity,
			  int *info)
{
	return 0;
}

struct scsi_host_template probe_template = { .bios_param = probe_geometry };
