// SPDX-License-Identifier: GPL-2.0
/* acpi_dev_parent() instead of the parent member of struct acpi_device (v6.1). */
#include <linux/acpi.h>

struct acpi_device *probe_parent(struct acpi_device *device);
struct acpi_device *probe_parent(struct acpi_device *device)
{
	return acpi_dev_parent(device);
}
