// SPDX-License-Identifier: GPL-2.0
/* "scsi: Rename .slave_alloc() and .slave_destroy()", ".slave_configure()" (v6.14). */
#include <scsi/scsi_host.h>

static int probe_init(struct scsi_device *sdev)
{
	return 0;
}

static int probe_configure(struct scsi_device *sdev, struct queue_limits *lim)
{
	return 0;
}

struct scsi_host_template probe_template = {
	.sdev_init = probe_init,
	.sdev_configure = probe_configure,
};
