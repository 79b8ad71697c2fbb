// SPDX-License-Identifier: GPL-2.0
/*
 * The module: finds the bus in ACPI, brings the layers up in order and takes them down in
 * reverse.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/acpi.h>
#include <linux/cpuhotplug.h>
#include <linux/hyperv.h>
#include <linux/module.h>
#include <asm/mshyperv.h>

#include "vmbus.h"
#include "trace.h"

static struct acpi_device *bus_device;
static int cpuhp_state;

static int vmbus_acpi_add(struct acpi_device *device)
{
	int ret;

	/* Older firmware of ARM64 says nothing of coherence; the bus always is coherent. */
	ACPI_COMPANION_SET(&device->dev, device);
	if (IS_ENABLED(CONFIG_ACPI_CCA_REQUIRED) &&
	    device_get_dma_attr(&device->dev) == DEV_DMA_NOT_SUPPORTED) {
		pr_info("No ACPI _CCA found; assuming coherent device I/O\n");
		device->flags.cca_seen = true;
		device->flags.coherent_dma = true;
	}

	ret = vmbus_mmio_collect(device);
	if (ret) {
		vmbus_mmio_free();
		return ret;
	}
	bus_device = device;
	return 0;
}

static hvic_acpi_remove_t vmbus_acpi_remove(struct acpi_device *device)
{
	vmbus_mmio_free();
	bus_device = NULL;
	hvic_acpi_remove_return();
}

static const struct acpi_device_id vmbus_acpi_device_ids[] = {
	{ "VMBUS", 0 },
	{ "VMBus", 0 },
	{ "", 0 }
};
MODULE_DEVICE_TABLE(acpi, vmbus_acpi_device_ids);

static struct acpi_driver vmbus_acpi_driver = {
	.name = "vmbus",
	.ids = vmbus_acpi_device_ids,
	.ops = {
		.add = vmbus_acpi_add,
		.remove = vmbus_acpi_remove,
	},
	.drv.pm = &vmbus_bus_pm,
	.drv.probe_type = PROBE_FORCE_SYNCHRONOUS,
};

/* Ask for the devices and wait until they are there, so that modprobe returns with them. */
static void request_offers(void)
{
	struct vmbus_channel_message_header msg = { .msgtype = CHANNELMSG_REQUESTOFFERS };
	int ret;

	vmbus_offers_expect();
	ret = vmbus_post(&msg, sizeof(msg), true);
	trace_vmbus_request_offers(ret);
	if (!ret)
		ret = vmbus_offers_wait();
	if (ret)
		pr_err("host has not delivered all offers (%d), devices may come later\n", ret);
	flush_workqueue(vmbus_connection.handle_primary_chan_wq);
}

static int bus_start(void)
{
	int ret;

	ret = vmbus_cpus_alloc();
	if (ret)
		return ret;
	ret = vmbus_placement_alloc();
	if (ret)
		goto err_cpus;
	ret = vmbus_bus_register(&bus_device->dev);
	if (ret)
		goto err_placement;
	ret = vmbus_arch->irq_setup(&bus_device->dev, vmbus_isr);
	if (ret < 0)
		goto err_bus;
	vmbus_irq_number = ret;

	ret = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "hyperv/vmbus:online", vmbus_cpu_online,
				vmbus_cpu_offline);
	if (ret < 0)
		goto err_irq;
	cpuhp_state = ret;

	ret = vmbus_connect();
	if (ret)
		goto err_cpuhp;

	vmbus_power_register(cpuhp_state);
	request_offers();
	return 0;

err_cpuhp:
	cpuhp_remove_state(cpuhp_state);
err_irq:
	vmbus_arch->irq_remove();
	vmbus_cpus_kill_tasklets();
err_bus:
	vmbus_bus_unregister();
err_placement:
	vmbus_placement_free();
err_cpus:
	vmbus_cpus_free();
	return ret;
}

static void bus_stop(void)
{
	vmbus_power_unregister();
	vmbus_disconnect();
	/*
	 * Clock events that come as messages end here. Those that do not need the bus go on,
	 * as there may be no other: no hv_stimer_global_cleanup().
	 */
	cpuhp_remove_state(cpuhp_state);
	vmbus_arch->irq_remove();
	vmbus_cpus_kill_tasklets();
	vmbus_free_channels();
	vmbus_relid_free();
	vmbus_bus_unregister();
	vmbus_placement_free();
	vmbus_cpus_free();
}

static int __init vmbus_init(void)
{
	int ret;

	if (!hv_is_hyperv_initialized())
		return -ENODEV;
	/* The root partition has no VMBus client; the module is there for its symbols. */
	if (hv_root_partition)
		return 0;

	ret = acpi_bus_register_driver(&vmbus_acpi_driver);
	if (ret)
		return ret;
	ret = bus_device ? bus_start() : -ENODEV;
	if (ret)
		acpi_bus_unregister_driver(&vmbus_acpi_driver);
	return ret;
}

static void __exit vmbus_exit(void)
{
	if (hv_root_partition)
		return;
	bus_stop();
	acpi_bus_unregister_driver(&vmbus_acpi_driver);
}

module_init(vmbus_init);
module_exit(vmbus_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Microsoft Hyper-V VMBus Driver");
MODULE_VERSION(HVIC_VERSION);
