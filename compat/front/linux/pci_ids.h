/* SPDX-License-Identifier: GPL-2.0 */
/* <linux/pci_ids.h>, and ids that newer kernels have in it. */
#ifndef HVIC_COMPAT_LINUX_PCI_IDS_H
#define HVIC_COMPAT_LINUX_PCI_IDS_H

#include_next <linux/pci_ids.h>

#ifndef PCI_VENDOR_ID_MICROSOFT
#define PCI_VENDOR_ID_MICROSOFT		0x1414
#define PCI_DEVICE_ID_HYPERV_VIDEO	0x5353
#endif

#endif
