// SPDX-License-Identifier: GPL-2.0
/*
 * The module: finds the bus in ACPI or a device tree, brings the layers up in order and takes them
 * down in reverse.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/acpi.h>
#include <linux/cpuhotplug.h>
#include <linux/hyperv.h>
#include <linux/module.h>
#include <asm/mshyperv.h>

#include "compat/bus_driver.h"
#include "vmbus.h"
#include "trace.h"

static struct device *bus_device;
static int cpuhp_state;

static int vmbus_bus_add(struct device *dev, struct acpi_device *device)
{
	int ret;

	if (!device && !dev->of_node)
		return -ENODEV;

	/*
	 * Devices stand below the ACPI device, also where it is bound through a platform device:
	 * their paths are what udev makes names of. It is its own companion.
	 */
	if (device) {
		dev = &device->dev;
		ACPI_COMPANION_SET(dev, device);
	}
	/* Older firmware of ARM64 says nothing of coherence; the bus always is coherent. */
	if (IS_ENABLED(CONFIG_ACPI_CCA_REQUIRED) && device &&
	    device_get_dma_attr(dev) == DEV_DMA_NOT_SUPPORTED) {
		pr_info("No ACPI _CCA found; assuming coherent device I/O\n");
		device->flags.cca_seen = true;
		device->flags.coherent_dma = true;
	}

	ret = device ? vmbus_mmio_collect(device) : vmbus_mmio_collect_tree(dev->of_node);
	if (ret) {
		vmbus_mmio_free();
		return ret;
	}
	bus_device = dev;
	return 0;
}

static void vmbus_bus_remove(struct device *dev)
{
	vmbus_mmio_free();
	bus_device = NULL;
}

static const struct acpi_device_id vmbus_acpi_device_ids[] = {
	{ "VMBUS", 0 },
	{ "VMBus", 0 },
	{ "", 0 }
};
MODULE_DEVICE_TABLE(acpi, vmbus_acpi_device_ids);

static const struct of_device_id vmbus_of_device_ids[] __maybe_unused = {
	{ .compatible = "microsoft,vmbus" },
	{ }
};
HVIC_BUS_OF_TABLE(vmbus_of_device_ids);

static struct hvic_bus_driver vmbus_bus_driver =
	HVIC_BUS_DRIVER("vmbus", vmbus_acpi_device_ids, vmbus_of_device_ids, &vmbus_bus_pm);

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
	ret = vmbus_bus_register(bus_device);
	if (ret)
		goto err_placement;
	ret = vmbus_irq_threads_start();
	if (ret)
		goto err_bus;
	ret = vmbus_arch->irq_setup(bus_device, vmbus_isr);
	if (ret < 0)
		goto err_threads;
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
err_threads:
	vmbus_irq_threads_stop();
	vmbus_cpus_kill_tasklets();
	/* What came unasked of a host that was left at once. */
	vmbus_free_channels();
	vmbus_pages_free();
	vmbus_relid_free();
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
	/* They schedule the tasklets. */
	vmbus_irq_threads_stop();
	vmbus_cpus_kill_tasklets();
	vmbus_free_channels();
	vmbus_pages_free();
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

	ret = hvic_bus_driver_register(&vmbus_bus_driver);
	if (ret)
		return ret;
	ret = bus_device ? bus_start() : -ENODEV;
	if (ret) {
		hvic_bus_driver_unregister(&vmbus_bus_driver);
		return ret;
	}
	/*
	 * The kernel has made the APIC's timer of the first CPU its broadcast device since that CPU
	 * has a better one: nothing is left for it once the bus has gone, and it never ticks again.
	 */
	if (vmbus_arch->timers_by_message()) {
		pr_notice("the guest's clock needs the bus: hv_vmbus stays until the guest ends\n");
		__module_get(THIS_MODULE);
	}
	return 0;
}

static void __exit vmbus_exit(void)
{
	if (hv_root_partition)
		return;
	bus_stop();
	hvic_bus_driver_unregister(&vmbus_bus_driver);
}

module_init(vmbus_init);
module_exit(vmbus_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Microsoft Hyper-V VMBus Driver");
MODULE_VERSION(HVIC_VERSION);
