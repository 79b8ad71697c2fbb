/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the bus registers with the kernel to be told of the firmware's VMBus device: a platform
 * driver, of ACPI's device or a device tree's, or an ACPI driver where the kernel's own bus is
 * one. The unit that includes this defines vmbus_bus_add() and vmbus_bus_remove().
 */
#ifndef HVIC_COMPAT_BUS_DRIVER_H
#define HVIC_COMPAT_BUS_DRIVER_H

#include <linux/acpi.h>
#include <linux/platform_device.h>

static int vmbus_bus_add(struct device *dev, struct acpi_device *device);
static void vmbus_bus_remove(struct device *dev);

#ifdef HVIC_HAVE_VMBUS_PLATFORM_DEVICE

#define hvic_bus_driver			platform_driver
#define hvic_bus_driver_register(drv)	platform_driver_register(drv)
#define hvic_bus_driver_unregister(drv)	platform_driver_unregister(drv)

static int hvic_bus_probe(struct platform_device *pdev)
{
	return vmbus_bus_add(&pdev->dev, ACPI_COMPANION(&pdev->dev));
}

static void hvic_bus_remove(struct platform_device *pdev)
{
	vmbus_bus_remove(&pdev->dev);
}

#ifdef HVIC_HAVE_PLATFORM_REMOVE_VOID
#define HVIC_BUS_REMOVE			.remove = hvic_bus_remove
#else
#define HVIC_BUS_REMOVE			.remove_new = hvic_bus_remove
#endif

#define HVIC_BUS_OF_TABLE(of_ids)	MODULE_DEVICE_TABLE(of, of_ids)

#define HVIC_BUS_DRIVER(drv_name, acpi_ids, of_ids, pm_ops) {				\
	.probe = hvic_bus_probe,							\
	HVIC_BUS_REMOVE,								\
	.driver = {									\
		.name = drv_name,							\
		.acpi_match_table = acpi_ids,						\
		.of_match_table = of_ids,						\
		.pm = pm_ops,								\
		.probe_type = PROBE_FORCE_SYNCHRONOUS,					\
	},										\
}

#else

#define hvic_bus_driver			acpi_driver
#define hvic_bus_driver_register(drv)	acpi_bus_register_driver(drv)
#define hvic_bus_driver_unregister(drv)	acpi_bus_unregister_driver(drv)

static int hvic_bus_add(struct acpi_device *device)
{
	return vmbus_bus_add(&device->dev, device);
}

#ifdef HVIC_HAVE_ACPI_REMOVE_VOID
static void hvic_bus_remove(struct acpi_device *device)
{
	vmbus_bus_remove(&device->dev);
}
#else
static int hvic_bus_remove(struct acpi_device *device)
{
	vmbus_bus_remove(&device->dev);
	return 0;
}
#endif

/* There is no bus in a device tree. */
#define HVIC_BUS_OF_TABLE(of_ids)

#define HVIC_BUS_DRIVER(drv_name, acpi_ids, of_ids, pm_ops) {				\
	.name = drv_name,								\
	.ids = acpi_ids,								\
	.ops = {									\
		.add = hvic_bus_add,							\
		.remove = hvic_bus_remove,						\
	},										\
	.drv.pm = pm_ops,								\
	.drv.probe_type = PROBE_FORCE_SYNCHRONOUS,					\
}

#endif

#endif
