/* SPDX-License-Identifier: GPL-2.0 */
/* <scsi/scsi_host.h> with the newer form of its functions. */
#ifndef HVIC_COMPAT_SCSI_SCSI_HOST_H
#define HVIC_COMPAT_SCSI_SCSI_HOST_H

#include_next <scsi/scsi_host.h>

#ifndef HVIC_HAVE_SCSI_RESCAN_DEVICE
#define scsi_rescan_device(sdev)	scsi_rescan_device(&(sdev)->sdev_gendev)
#endif

#ifndef HVIC_HAVE_SCSI_BUSY_ITER
struct hvic_busy_iter {
	bool (*fn)(struct scsi_cmnd *cmd, void *data);
	void *data;
};

static inline bool hvic_busy_one(struct scsi_cmnd *cmd, void *arg, bool reserved)
{
	const struct hvic_busy_iter *iter = arg;

	return iter->fn(cmd, iter->data);
}

static inline void hvic_host_busy_iter(struct Scsi_Host *shost,
				       bool (*fn)(struct scsi_cmnd *cmd, void *data), void *data)
{
	struct hvic_busy_iter iter = { .fn = fn, .data = data };

	scsi_host_busy_iter(shost, hvic_busy_one, &iter);
}

#define scsi_host_busy_iter		hvic_host_busy_iter
#endif

#endif
