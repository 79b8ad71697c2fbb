// SPDX-License-Identifier: GPL-2.0
/*
 * Where the firmware has put the framebuffer, by which the boot loader still may draw.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/efi.h>
#include <linux/hyperv.h>
#include <linux/ioport.h>
#include <linux/pci.h>
#include <linux/screen_info.h>
#include <linux/sizes.h>

#include "vmbus.h"

#define FB_MOST			SZ_128M		/* high resolutions need that */

/**
 * vmbus_framebuffer() - where the framebuffer is
 * @low: the lowest range that is granted to the bus
 * @size: bytes; of generation 2 a guess
 * Process context. Return: its start, 0 when there is none.
 */
resource_size_t vmbus_framebuffer(const struct resource *low, resource_size_t *size)
{
	resource_size_t start = 0;
	struct pci_dev *pdev;

	if (efi_enabled(EFI_BOOT)) {
		/* Generation 2: what the firmware told. */
		start = screen_info.lfb_base;
		*size = max_t(resource_size_t, screen_info.lfb_size, SZ_8M);
		if (!low->start || upper_32_bits(low->start) || (start && start < low->start)) {
			pr_warn("Unexpected low mmio base %pa\n", &low->start);
			return start;
		}
		/* A kexec'd or confidential kernel is not told: it is at the low range's start. */
		if (!start)
			start = low->start;
		/* High resolutions need more than the firmware set up. */
		*size = min_t(resource_size_t, (SZ_4G - start) / 2, FB_MOST);
		return start;
	}

	/* Generation 1: a PCI device, which hyperv_drm or hyperv_fb takes later. */
	pdev = pci_get_device(PCI_VENDOR_ID_MICROSOFT, PCI_DEVICE_ID_HYPERV_VIDEO, NULL);
	if (!pdev)
		return 0;
	if (pdev->resource[0].flags & IORESOURCE_MEM) {
		start = pci_resource_start(pdev, 0);
		*size = pci_resource_len(pdev, 0);
	}
	pci_dev_put(pdev);
	return start;
}
