// SPDX-License-Identifier: GPL-2.0
/* "scsi: core: Add a device_configure method to the host template" (v6.10), renamed in v6.14. */
#include <scsi/scsi_host.h>

static int probe_configure(struct scsi_device *sdev, struct queue_limits *lim)
{
	return 0;
}

struct scsi_host_template probe_template = { .device_configure = probe_configure };
