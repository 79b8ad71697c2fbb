// SPDX-License-Identifier: GPL-2.0
/*
 * LUNs that come, go and change: scans on the host's word and rescans or removals that an
 * outcome asks for, one after the other on the controller's work queue; and how a LUN is set up.
 */
#include <linux/blkdev.h>
#include <linux/slab.h>
#include <scsi/scsi_devinfo.h>
#include <scsi/scsi_tcq.h>

#include "storvsc.h"

struct storvsc_lun_work {
	struct work_struct work;
	struct storvsc_host *sh;
	enum vstor_lun_action action;
	unsigned int channel;
	unsigned int id;
	u64 lun;
};

/**
 * storvsc_scan() - the host said that LUNs came or went
 * @work: scan_work of the controller
 *
 * LUNs that are known are asked first: the host answers for one that went with a status
 * that queues its removal. Then the bus is scanned for new ones.
 *
 * Context: process, the controller's work queue.
 */
void storvsc_scan(struct work_struct *work)
{
	struct storvsc_host *sh = container_of(work, struct storvsc_host, scan_work);
	struct scsi_device *sdev;

	if (READ_ONCE(sh->state) != STORVSC_RUNNING)
		return;
	mutex_lock(&sh->shost->scan_mutex);
	shost_for_each_device(sdev, sh->shost)
		scsi_test_unit_ready(sdev, 5 * HZ, 1, NULL);
	mutex_unlock(&sh->shost->scan_mutex);
	scsi_scan_host(sh->shost);
}

static void storvsc_lun_work(struct work_struct *work)
{
	struct storvsc_lun_work *lw = container_of(work, struct storvsc_lun_work, work);
	struct scsi_device *sdev = scsi_device_lookup(lw->sh->shost, lw->channel, lw->id, lw->lun);

	if (sdev) {
		if (lw->action == VSTOR_LUN_REMOVE)
			scsi_remove_device(sdev);
		else
			scsi_rescan_device(sdev);
		scsi_device_put(sdev);
	}
	kfree(lw);
}

/**
 * storvsc_queue_lun_work() - rescan or remove a LUN soon
 * @sh: the controller
 * @action: VSTOR_LUN_RESCAN or VSTOR_LUN_REMOVE
 * @channel: SCSI channel
 * @id: target
 * @lun: LUN
 *
 * Context: any. Return: false when there is no memory for it.
 */
bool storvsc_queue_lun_work(struct storvsc_host *sh, enum vstor_lun_action action,
			    unsigned int channel, unsigned int id, u64 lun)
{
	struct storvsc_lun_work *lw = kmalloc(sizeof(*lw), GFP_ATOMIC);

	if (!lw)
		return false;
	*lw = (struct storvsc_lun_work) {
		.sh = sh, .action = action, .channel = channel, .id = id, .lun = lun,
	};
	INIT_WORK(&lw->work, storvsc_lun_work);
	queue_work(sh->work_queue, &lw->work);
	return true;
}

/**
 * storvsc_lun_alloc() - before a LUN is asked for the first time
 * @sdev: the LUN
 *
 * Microsoft's targets claim SPC-2 and have later features: read the VPD pages, and use REPORT
 * LUNS even where the device type is unknown (an empty DVD drive).
 *
 * Context: process. Return: 0.
 */
int storvsc_lun_alloc(struct scsi_device *sdev)
{
	sdev->sdev_bflags = BLIST_REPORTLUN2 | BLIST_TRY_VPD_PAGES;
	return 0;
}

/**
 * storvsc_lun_configure() - after a LUN has identified itself
 * @sdev: the LUN
 * @lim: of its queue; may be NULL
 *
 * Context: process. Return: 0.
 */
int storvsc_lun_configure(struct scsi_device *sdev, struct queue_limits *lim)
{
	struct storvsc_host *sh = storvsc_from_shost(sdev->host);

	blk_queue_rq_timeout(sdev->request_queue, storvsc_command_timeout());
	sdev->no_report_opcodes = 1;
	sdev->no_write_same = 1;
	if (!strncmp(sdev->vendor, "Msft", 4)) {
		if (sh->version == VSTOR_VERSION_5_1 || sh->version == VSTOR_VERSION_6_0)
			sdev->scsi_level = SCSI_SPC_3;
		if (sh->version >= VSTOR_VERSION_6_2)
			sdev->no_write_same = 0;
	}
	return 0;
}

/**
 * storvsc_change_queue_depth() - an administrator sets a LUN's depth
 * @sdev: the LUN
 * @depth: commands
 *
 * Context: process. Return: the depth that is in force.
 */
int storvsc_change_queue_depth(struct scsi_device *sdev, int depth)
{
	return scsi_change_queue_depth(sdev, min(depth, sdev->host->can_queue));
}

/**
 * storvsc_geometry() - the geometry that BIOS-minded tools ask for
 * @sdev: the LUN
 * @disk: the disk
 * @capacity: sectors of 512 bytes
 * @info: heads, sectors a track, cylinders
 *
 * Context: process. Return: 0.
 */
int storvsc_geometry(struct scsi_device *sdev, hvic_bios_disk *disk, sector_t capacity,
		     int *info)
{
	sector_t cylinders = capacity;

	info[0] = 255;
	info[1] = 63;
	sector_div(cylinders, 255 * 63);
	info[2] = min_t(sector_t, cylinders, 0xffff);
	return 0;
}
