// SPDX-License-Identifier: GPL-2.0
/* scsi_rescan_device() takes a SCSI device (v6.6, backported); before, the struct device in it. */
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

void probe_rescan(struct scsi_device *sdev);
void probe_rescan(struct scsi_device *sdev)
{
	scsi_rescan_device(sdev);
}
