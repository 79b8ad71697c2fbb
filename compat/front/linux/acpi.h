/* SPDX-License-Identifier: GPL-2.0 */
/* <linux/acpi.h>, and what newer kernels have in it. */
#ifndef HVIC_COMPAT_LINUX_ACPI_H
#define HVIC_COMPAT_LINUX_ACPI_H

#include_next <linux/acpi.h>

#ifndef HVIC_HAVE_ACPI_DEV_PARENT
#define acpi_dev_parent(device)	((device)->parent)
#endif

#endif
