// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's side of the copied bus: a firmware with one VMBus under one module device, a bus
 * type beside the real one, and memory that cannot always be shared.
 */
#include <linux/hyperv.h>
#include <linux/pci.h>
#include <linux/platform_device.h>
#include <linux/slab.h>

#include "fake_machine.h"

/* Handles of the two devices; only their values count. */
#define FIRMWARE_HANDLE	((acpi_handle)1)
#define BUS_HANDLE	((acpi_handle)2)

struct fake_machine fake_machine;

/** fake_machine_reset() - a machine that has all a bus needs. The bus is not loaded. */
void fake_machine_reset(void)
{
	memset(&fake_machine, 0, sizeof(fake_machine));
	ATOMIC_INIT_NOTIFIER_HEAD(&fake_machine.panic);
	fake_machine.memory.name = "fake memory";
	fake_machine.memory.flags = IORESOURCE_MEM;
	fake_machine.memory.end = U64_MAX;
	fake_machine.shares_left = UINT_MAX;
}

int fake_bus_register(struct bus_type *bus)
{
	if (fake_machine.bus_error)
		return fake_machine.bus_error;
	bus->name = "vmbus_kunit";
	fake_machine.bus = bus;
	return bus_register(bus);
}

/* ---- firmware ---- */

static void acpi_release(struct device *dev)
{
	kfree(to_acpi_device(dev));
}

static struct acpi_device *acpi_new(const char *name, acpi_handle handle,
				    struct acpi_device *parent)
{
	struct acpi_device *device = kzalloc(sizeof(*device), GFP_KERNEL);

	if (!device)
		return NULL;
	device->handle = handle;
	fwnode_init(&device->fwnode, &acpi_device_fwnode_ops);
	device_initialize(&device->dev);
	device->dev.parent = parent ? &parent->dev : NULL;
	device->dev.release = acpi_release;
	if (dev_set_name(&device->dev, "%s", name) || device_add(&device->dev)) {
		put_device(&device->dev);
		return NULL;
	}
	return device;
}

static int firmware_new(void)
{
	fake_machine.firmware = acpi_new("vmbus_kunit_firmware", FIRMWARE_HANDLE, NULL);
	if (fake_machine.firmware)
		fake_machine.device = acpi_new("vmbus_kunit", BUS_HANDLE, fake_machine.firmware);
	return fake_machine.device ? 0 : -ENOMEM;
}

static void firmware_free(void)
{
	if (fake_machine.device) {
		/* The kernel's ACPI core does not know it, and looks at the companion of what goes. */
		ACPI_COMPANION_SET(&fake_machine.device->dev, NULL);
		device_unregister(&fake_machine.device->dev);
	}
	if (fake_machine.firmware)
		device_unregister(&fake_machine.firmware->dev);
	fake_machine.device = NULL;
	fake_machine.firmware = NULL;
}

#ifdef HVIC_HAVE_VMBUS_PLATFORM_DEVICE

#ifndef HVIC_HAVE_PLATFORM_REMOVE_VOID
#define remove				remove_new
#endif

int fake_platform_driver_register(struct platform_driver *driver)
{
	int ret;

	if (fake_machine.no_bus)
		return 0;
	ret = firmware_new();
	if (ret)
		return ret;
	/* Not added to anything: the kernel would look for a driver. */
	fake_machine.platform = platform_device_alloc("vmbus_kunit", PLATFORM_DEVID_NONE);
	if (!fake_machine.platform)
		return -ENOMEM;
	ACPI_COMPANION_SET(&fake_machine.platform->dev, fake_machine.device);
	fake_machine.bound = !driver->probe(fake_machine.platform);
	return 0;
}

void fake_platform_driver_unregister(struct platform_driver *driver)
{
	if (fake_machine.bound)
		driver->remove(fake_machine.platform);
	fake_machine.bound = false;
	platform_device_put(fake_machine.platform);
	fake_machine.platform = NULL;
	firmware_free();
}

#else

int fake_acpi_bus_register_driver(struct acpi_driver *driver)
{
	int ret;

	if (fake_machine.no_bus)
		return 0;
	ret = firmware_new();
	if (!ret)
		fake_machine.bound = !driver->ops.add(fake_machine.device);
	return ret;
}

void fake_acpi_bus_unregister_driver(struct acpi_driver *driver)
{
	if (fake_machine.bound)
		driver->ops.remove(fake_machine.device);
	fake_machine.bound = false;
	firmware_free();
}

#endif

acpi_status fake_acpi_walk_resources(acpi_handle handle, char *name,
				     acpi_walk_resource_callback each, void *context)
{
	acpi_status status = AE_OK;
	unsigned int i;

	if (handle == BUS_HANDLE)
		return fake_machine.bad_resources ? AE_NOT_FOUND : AE_OK;
	if (fake_machine.bad_grant)
		return AE_NOT_FOUND;
	for (i = 0; i < fake_machine.num_granted && ACPI_SUCCESS(status); i++)
		status = each(&fake_machine.granted[i], context);
	return status;
}

struct pci_dev *fake_pci_get_device(unsigned int vendor, unsigned int device,
				    struct pci_dev *from)
{
	return vendor == PCI_VENDOR_ID_MICROSOFT && device == PCI_DEVICE_ID_HYPERV_VIDEO ?
	       fake_machine.video : NULL;
}

/* ---- memory and clocks ---- */

/* Asked before each kzalloc() and kcalloc(). */
bool fake_out_of_memory(void)
{
	return atomic_read(&fake_machine.failures) &&
	       atomic_dec_if_positive(&fake_machine.allocations) < 0 &&
	       atomic_dec_if_positive(&fake_machine.failures) >= 0;
}

int fake_set_memory_decrypted(unsigned long address, int pages)
{
	if (fake_machine.share_error && !fake_machine.shares_left--)
		return fake_machine.share_error;
	return 0;
}

int fake_set_memory_encrypted(unsigned long address, int pages)
{
	return fake_machine.unshare_error;
}

void fake_clock_start(unsigned int cpu, int sint)
{
	/* Clock events that need messages share the SINT of the bus. */
	if (sint == 2)
		atomic_inc(&fake_machine.clocks);
}
