// SPDX-License-Identifier: GPL-2.0
/* "ACPI: bus: Make remove callback of ACPI drivers void" (v6.3): before it, int. */
#include <linux/acpi.h>

static void probe_remove(struct acpi_device *device)
{
}

struct acpi_driver probe_driver = { .ops.remove = probe_remove };
