// SPDX-License-Identifier: GPL-2.0
/*
 * hv_storvsc: the driver's edge towards the bus and the SCSI layer. A controller is probed,
 * removed, suspended and resumed here; what it does between is in the other files.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <scsi/scsi_transport_fc.h>

#include "storvsc.h"

/* LUNs, targets and channels by kind of controller. */
static const struct {
	u64 luns;
	unsigned int targets;
	unsigned int channels;
} storvsc_space[] = {
	[STORVSC_SCSI]	= { VSTOR_MAX_LUNS, VSTOR_MAX_TARGETS, VSTOR_MAX_PATHS },
	[STORVSC_IDE]	= { 64, 1, 1 },
	[STORVSC_FC]	= { 255, 128, 8 },
};

/* Channels of one controller, primary included. */
#define STORVSC_MAX_CHANNELS	256u

int logging_level = STORVSC_LOG_ERROR;
module_param(logging_level, int, 0644);
MODULE_PARM_DESC(logging_level, "Logging level: 0 none, 1 errors (default), 2 warnings");

static struct scsi_transport_template *storvsc_fc_transport;

HVIC_LUN_CONFIGURE(storvsc_lun_configure)

static struct scsi_host_template storvsc_template = {
	.module			= THIS_MODULE,
	.name			= "storvsc_host_t",
	.proc_name		= "storvsc_host",
	.cmd_size		= sizeof(struct storvsc_cmd),
	.init_cmd_priv		= storvsc_init_cmd,
	.queuecommand		= storvsc_queuecommand,
	.commit_rqs		= storvsc_commit_rqs,
	.eh_timed_out		= storvsc_timed_out,
	.eh_host_reset_handler	= storvsc_host_reset,
	HVIC_LUN_OPS(storvsc_lun_alloc, storvsc_lun_configure),
	.change_queue_depth	= storvsc_change_queue_depth,
	.bios_param		= storvsc_geometry,
	.cmd_per_lun		= 2048,
	.can_queue		= 1,		/* set for each host */
	.this_id		= -1,
	.virt_boundary_mask	= HV_HYP_PAGE_SIZE - 1,
	.no_write_same		= 1,
	.track_queue_depth	= 1,
};

/**
 * storvsc_set_state() - the one place where a controller changes its state
 * @sh: the controller
 * @state: the new state; DEAD is never left
 *
 * Context: any.
 */
void storvsc_set_state(struct storvsc_host *sh, enum storvsc_state state)
{
	enum storvsc_state old;

	do {
		old = READ_ONCE(sh->state);
	} while (old != STORVSC_DEAD && cmpxchg(&sh->state, old, state) != old);
	smp_mb();	/* before a look at sh->outstanding: storvsc_send() does the reverse */
}

/**
 * storvsc_gone() - whether asking the host anything is of no use
 * @sh: the controller
 *
 * Context: any. Return: true when the channel was rescinded or the host given up on.
 */
bool storvsc_gone(const struct storvsc_host *sh)
{
	return READ_ONCE(sh->state) == STORVSC_DEAD || READ_ONCE(sh->dev->channel->rescind);
}

static int storvsc_alloc(struct storvsc_host *sh)
{
	sh->max_channels = sh->kind == STORVSC_IDE ? 1 :
			   min(num_possible_cpus(), STORVSC_MAX_CHANNELS);
	sh->channels = kcalloc(sh->max_channels, sizeof(*sh->channels), GFP_KERNEL);
	sh->by_cpu = kcalloc(nr_cpu_ids, sizeof(*sh->by_cpu), GFP_KERNEL);
	sh->work_queue = alloc_ordered_workqueue("storvsc_work_%u", WQ_FREEZABLE,
						 sh->shost->host_no);
	if (!sh->channels || !sh->by_cpu || !sh->work_queue)
		return -ENOMEM;
	return storvsc_init_batches(sh);
}

static void storvsc_free(struct storvsc_host *sh)
{
	if (sh->work_queue)
		destroy_workqueue(sh->work_queue);
	kfree(sh->batches);
	kfree(sh->by_cpu);
	kfree(sh->channels);
}

/* What the SCSI layer has to know, from what the host offered. */
static void storvsc_setup_shost(struct storvsc_host *sh)
{
	struct Scsi_Host *shost = sh->shost;

	shost->max_lun = storvsc_space[sh->kind].luns;
	shost->max_id = storvsc_space[sh->kind].targets;
	shost->max_channel = storvsc_space[sh->kind].channels - 1;
	shost->max_cmd_len = VSTOR_CDB_MAX;
	shost->max_sectors = sh->limits.max_transfer >> 9;
	shost->sg_tablesize = (sh->limits.max_transfer >> HV_HYP_PAGE_SHIFT) + 1;
	shost->nr_hw_queues = storvsc_hw_queues(sh);
	shost->can_queue = storvsc_can_queue(sh);
	if (sh->kind == STORVSC_FC)
		shost->transportt = storvsc_fc_transport;
}

static int storvsc_add_rport(struct storvsc_host *sh)
{
#if IS_ENABLED(CONFIG_SCSI_FC_ATTRS)
	struct fc_rport_identifiers ids = { .roles = FC_PORT_ROLE_FCP_DUMMY_INITIATOR };

	if (sh->kind != STORVSC_FC)
		return 0;
	fc_host_node_name(sh->shost) = sh->wwn.node;
	fc_host_port_name(sh->shost) = sh->wwn.port;
	sh->rport = fc_remote_port_add(sh->shost, 0, &ids);
	if (!sh->rport)
		return -ENOMEM;
#endif
	return 0;
}

static void storvsc_remove_rport(struct storvsc_host *sh)
{
#if IS_ENABLED(CONFIG_SCSI_FC_ATTRS)
	if (sh->kind != STORVSC_FC)
		return;
	if (sh->rport)
		fc_remote_port_delete(sh->rport);
	fc_remove_host(sh->shost);
#endif
}

/* An IDE disk has one LUN, at a target that the instance id tells. */
static int storvsc_first_scan(struct storvsc_host *sh)
{
	const guid_t *instance = &sh->dev->dev_instance;

	if (sh->kind == STORVSC_IDE)
		return scsi_add_device(sh->shost, 0, instance->b[5] << 8 | instance->b[4], 0);
	scsi_scan_host(sh->shost);
	return 0;
}

/*
 * The bus tells of a withdrawal by removing the device, which has to wait while a probe or a removal
 * is under way. And these wait for commands: the scan, the last flush of a disk.
 */
static void storvsc_watch(struct timer_list *timer)
{
	struct storvsc_host *sh = timer_container_of(sh, timer, watch);

	if (READ_ONCE(sh->dev->channel->rescind))
		storvsc_give_up(sh);
	else
		mod_timer(timer, jiffies + STORVSC_WATCH);
}

static int storvsc_probe(struct hv_device *dev, const struct hv_vmbus_device_id *id)
{
	struct Scsi_Host *shost = scsi_host_alloc(&storvsc_template, sizeof(struct storvsc_host));
	struct storvsc_host *sh;
	int ret;

	if (!shost)
		return -ENOMEM;
	sh = storvsc_from_shost(shost);
	sh->dev = dev;
	sh->shost = shost;
	sh->kind = id->driver_data;
	sh->state = STORVSC_CLOSED;
	init_waitqueue_head(&sh->drained);
	mutex_init(&sh->control_lock);
	spin_lock_init(&sh->reply_lock);
	spin_lock_init(&sh->channel_lock);
	init_completion(&sh->control_done);
	INIT_WORK(&sh->scan_work, storvsc_scan);
	timer_setup(&sh->watch, storvsc_watch, 0);
	ret = storvsc_alloc(sh);
	if (ret)
		goto err_free;

	hv_set_drvdata(dev, sh);
	dma_set_min_align_mask(&dev->device, HV_HYP_PAGE_SIZE - 1);
	ret = storvsc_connect(sh);
	if (ret)
		goto err_free;
	storvsc_setup_shost(sh);
	storvsc_add_subchannels(sh);
	ret = scsi_add_host(shost, &dev->device);
	if (ret)
		goto err_disconnect;
	mod_timer(&sh->watch, jiffies + STORVSC_WATCH);
	ret = storvsc_first_scan(sh);
	timer_delete_sync(&sh->watch);
	if (ret)
		goto err_remove_host;
	ret = storvsc_add_rport(sh);
	if (ret)
		goto err_remove_host;
	dev_info(&dev->device, "hv_storvsc %s: protocol %u.%u, transfers of %u KiB, at most %u channels\n",
		 HVIC_VERSION, sh->version >> 8, sh->version & 0xff, sh->limits.max_transfer >> 10,
		 1 + sh->limits.max_subchannels);
	return 0;

err_remove_host:
	storvsc_remove_rport(sh);
	scsi_remove_host(shost);
err_disconnect:
	storvsc_disconnect(sh);
err_free:
	storvsc_forget(sh);
	storvsc_free(sh);
	scsi_host_put(shost);
	return ret;
}

/* No command of the host is left that it may still answer. */
static void storvsc_quiesce(struct storvsc_host *sh)
{
	storvsc_set_state(sh, STORVSC_DRAINING);
	if (!storvsc_drain(sh, STORVSC_DRAIN_TIMEOUT))
		storvsc_give_up_all(sh);
}

static hvic_remove_t storvsc_remove(struct hv_device *dev)
{
	struct storvsc_host *sh = hv_get_drvdata(dev);
	struct Scsi_Host *shost = sh->shost;

	/* Taken away by the host: end what waits for it, or the next steps would wait too. */
	if (READ_ONCE(dev->channel->rescind))
		storvsc_quiesce(sh);
	storvsc_remove_rport(sh);
	mod_timer(&sh->watch, jiffies + STORVSC_WATCH);
	cancel_work_sync(&sh->scan_work);
	scsi_remove_host(shost);
	timer_delete_sync(&sh->watch);
	storvsc_quiesce(sh);
	/* LUN work finds no LUN any more; the channel callback queues no more of it. */
	storvsc_disconnect(sh);
	storvsc_forget(sh);
	storvsc_free(sh);
	scsi_host_put(shost);
	hvic_remove_return();
}

/*
 * LUN work is frozen before. Where it is not, its commands wait for the resume as all others do,
 * and so it must not be waited for.
 */
static int storvsc_suspend(struct hv_device *dev)
{
	struct storvsc_host *sh = hv_get_drvdata(dev);

	storvsc_quiesce(sh);
	storvsc_disconnect(sh);
	return 0;
}

/* With a controller that does not come back, what waits for the resume must not wait for ever. */
static int storvsc_resume(struct hv_device *dev)
{
	struct storvsc_host *sh = hv_get_drvdata(dev);
	u32 max_transfer = sh->limits.max_transfer;
	int ret;

	ret = storvsc_connect(sh);
	if (ret)
		goto err_dead;
	if (sh->limits.max_transfer < max_transfer) {
		dev_err(&dev->device, "transfers were %u bytes before suspend, host now takes %u\n",
			max_transfer, sh->limits.max_transfer);
		ret = -ERANGE;
		storvsc_disconnect(sh);
		goto err_dead;
	}
	sh->limits.max_transfer = max_transfer;
	storvsc_add_subchannels(sh);
	return 0;

err_dead:
	storvsc_set_state(sh, STORVSC_DEAD);
	return ret;
}

static const struct hv_vmbus_device_id storvsc_ids[] = {
	{ HV_SCSI_GUID, .driver_data = STORVSC_SCSI },
	{ HV_IDE_GUID, .driver_data = STORVSC_IDE },
	{ HV_SYNTHFC_GUID, .driver_data = STORVSC_FC },
	{ },
};
MODULE_DEVICE_TABLE(vmbus, storvsc_ids);

static struct hv_driver storvsc_driver = {
	.name		= KBUILD_MODNAME,
	.id_table	= storvsc_ids,
	.probe		= storvsc_probe,
	.remove		= storvsc_remove,
	.suspend	= storvsc_suspend,
	.resume		= storvsc_resume,
	.driver		= {
		.probe_type = PROBE_PREFER_ASYNCHRONOUS,
	},
};

#if IS_ENABLED(CONFIG_SCSI_FC_ATTRS)
static struct fc_function_template storvsc_fc_functions = {
	.show_host_node_name = 1,
	.show_host_port_name = 1,
};

static int storvsc_attach_fc(void)
{
	storvsc_fc_transport = fc_attach_transport(&storvsc_fc_functions);
	return storvsc_fc_transport ? 0 : -ENOMEM;
}

static void storvsc_release_fc(void)
{
	fc_release_transport(storvsc_fc_transport);
}
#else
static int storvsc_attach_fc(void)
{
	return 0;
}

static void storvsc_release_fc(void)
{
}
#endif

static int __init storvsc_init(void)
{
	int ret;

	storvsc_check_parameters();
	ret = storvsc_attach_fc();
	if (ret)
		return ret;
	ret = vmbus_driver_register(&storvsc_driver);
	if (ret)
		storvsc_release_fc();
	return ret;
}

static void __exit storvsc_exit(void)
{
	vmbus_driver_unregister(&storvsc_driver);
	storvsc_release_fc();
}

module_init(storvsc_init);
module_exit(storvsc_exit);

MODULE_DESCRIPTION("Hyper-V virtual storage driver");
MODULE_VERSION(HVIC_VERSION);
MODULE_LICENSE("GPL");
