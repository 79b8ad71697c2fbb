// SPDX-License-Identifier: GPL-2.0
/*
 * Guest physical address space that the firmware grants to VMBus devices, and giving pieces of
 * it to drivers. The framebuffer's piece is reserved: the firmware may still draw there.
 * Exports symbols of upstream's vmbus_drv.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "syms_bus.h"

#include <linux/sizes.h>

#include "vmbus.h"

#define VTPM_BASE		0xfed40000ULL	/* the virtual TPM's registers: not for us */
#define LEGACY_END		0x100000ULL
#define FB_LEAST		0x100000ULL

/* One granted range, sorted by address, none adjacent to the next. */
struct mmio_range {
	struct list_head node;
	struct resource res;
};

static LIST_HEAD(mmio_ranges);
static DEFINE_MUTEX(mmio_lock);
static struct resource *fb_mmio;

static acpi_status range_add(resource_size_t start, resource_size_t end)
{
	struct mmio_range *range, *after;

	if (end < LEGACY_END || end < start)
		return AE_OK;
	if (start < VTPM_BASE && end >= VTPM_BASE)
		end = VTPM_BASE - 1;

	list_for_each_entry(after, &mmio_ranges, node) {
		if (after->res.end + 1 == start) {
			after->res.end = end;
			return AE_OK;
		}
		if (end + 1 == after->res.start) {
			after->res.start = start;
			return AE_OK;
		}
		if (after->res.start > end)
			break;
	}

	range = kzalloc(sizeof(*range), GFP_KERNEL);
	if (!range)
		return AE_NO_MEMORY;
	range->res.name = "hyperv mmio";
	range->res.flags = IORESOURCE_MEM;
	range->res.start = start;
	range->res.end = end;
	list_add_tail(&range->node, &after->node);
	return AE_OK;
}

/* "Address" descriptors are windows; "memory" descriptors would be a device's registers. */
static acpi_status collect_resource(struct acpi_resource *res, void *context)
{
	switch (res->type) {
	case ACPI_RESOURCE_TYPE_ADDRESS32:
		return range_add(res->data.address32.address.minimum,
				 res->data.address32.address.maximum);
	case ACPI_RESOURCE_TYPE_ADDRESS64:
		return range_add(res->data.address64.address.minimum,
				 res->data.address64.address.maximum);
	default:
		return AE_OK;
	}
}

static void fb_reserve(void)
{
	struct resource *low = &list_first_entry(&mmio_ranges, struct mmio_range, node)->res;
	resource_size_t start, size = 0;

	start = vmbus_framebuffer(low, &size);
	if (!start)
		return;

	/* The size is a guess: take what is there. */
	for (; !fb_mmio && size >= FB_LEAST; size >>= 1)
		fb_mmio = __request_region(low, start, size, "fb_range", 0);
	if (fb_mmio)
		pr_info("framebuffer %pR reserved in %pR\n", fb_mmio, low);
}

/**
 * vmbus_mmio_collect() - find out what is granted
 * @device: the VMBus device
 *
 * The ranges are the nearest ancestor's that has any (a module device or the PCI root).
 * Process context. Return: 0 or -ENODEV; vmbus_mmio_free() is due in both cases.
 */
int vmbus_mmio_collect(struct acpi_device *device)
{
	struct acpi_device *ancestor;

	if (ACPI_FAILURE(acpi_walk_resources(device->handle, METHOD_NAME__CRS, collect_resource,
					     NULL)))
		return -ENODEV;

	for (ancestor = acpi_dev_parent(device);
	     ancestor && ancestor->handle != ACPI_ROOT_OBJECT;
	     ancestor = acpi_dev_parent(ancestor)) {
		if (ACPI_FAILURE(acpi_walk_resources(ancestor->handle, METHOD_NAME__CRS,
						     collect_resource, NULL)))
			continue;
		if (!list_empty(&mmio_ranges)) {
			fb_reserve();
			break;
		}
	}
	return 0;
}

/**
 * vmbus_mmio_collect_tree() - find out what a device tree grants
 * @node: the VMBus device, whose ranges are the grant
 *
 * Process context. Return: 0, -ENOENT without ranges, -ENOMEM; vmbus_mmio_free() is due in all
 * cases.
 */
int vmbus_mmio_collect_tree(struct device_node *node)
{
	struct of_range_parser parser;
	struct of_range range;
	int ret;

	ret = of_range_parser_init(&parser, node);
	if (ret)
		return ret;
	for_each_of_range(&parser, &range) {
		if (!range.size || range.cpu_addr == OF_BAD_ADDR)
			continue;
		if (ACPI_FAILURE(range_add(range.cpu_addr, range.cpu_addr + range.size - 1)))
			return -ENOMEM;
	}
	return 0;
}

/** vmbus_mmio_free() - no driver has a piece. Process context. */
void vmbus_mmio_free(void)
{
	struct mmio_range *range, *next;

	list_for_each_entry_safe(range, next, &mmio_ranges, node) {
		if (fb_mmio && fb_mmio->parent == &range->res) {
			__release_region(&range->res, fb_mmio->start, resource_size(fb_mmio));
			fb_mmio = NULL;
		}
		list_del(&range->node);
		kfree(range);
	}
}

/* Return: the first address at or after @from where a piece may start, 0 when there is none. */
static resource_size_t piece_start(resource_size_t from, resource_size_t last,
				   resource_size_t size, resource_size_t align)
{
	resource_size_t start = ALIGN(from, align);

	if (start < from || start > last || size - 1 > last - start)
		return 0;
	return start;
}

/* Return: what of @range, a piece or the framebuffer, is in the way. mmio_lock guards its children. */
static const struct resource *in_the_way(const struct resource *range, resource_size_t start,
					 resource_size_t size)
{
	const struct resource *taken;

	for (taken = range->child; taken; taken = taken->sibling)
		if (start <= taken->end && start + size - 1 >= taken->start)
			break;
	return taken;
}

/* A piece of @within, claimed in the system's resources, and in @range when that is given. */
static struct resource *claim_piece(struct resource *range, const struct resource *within,
				    resource_size_t min, resource_size_t max,
				    resource_size_t size, resource_size_t align,
				    const char *name)
{
	resource_size_t last = min_t(resource_size_t, within->end, max);
	resource_size_t start = max_t(resource_size_t, within->start, min);
	const struct resource *taken;
	struct resource *shadow, *piece;
	resource_size_t next;

	for (start = piece_start(start, last, size, align); start;
	     start = piece_start(next, last, size, align)) {
		next = start + align;
		shadow = NULL;
		if (range) {
			taken = in_the_way(range, start, size);
			if (taken) {
				next = taken->end + 1;
				continue;
			}
			shadow = __request_region(range, start, size, NULL, IORESOURCE_BUSY);
			if (!shadow)
				continue;
		}
		piece = request_mem_region_exclusive(start, size, name);
		if (piece) {
			if (shadow)
				shadow->name = (char *)piece;
			return piece;
		}
		if (shadow)
			__release_region(range, start, size);
	}
	return NULL;
}

/**
 * vmbus_allocate_mmio() - a piece of address space for a device
 * @new: the piece
 * @device_obj: who gets it
 * @min: lowest guest physical address
 * @max: highest
 * @size: bytes
 * @align: of its start, a power of two
 * @fb_overlap_ok: it is the framebuffer, so it comes from that piece if it fits
 *
 * Process context. Return: 0; -ENXIO: nothing fits; -EINVAL.
 */
int vmbus_allocate_mmio(struct resource **new, struct hv_device *device_obj,
			resource_size_t min, resource_size_t max, resource_size_t size,
			resource_size_t align, bool fb_overlap_ok)
{
	const char *name = dev_name(&device_obj->device);
	struct resource *piece = NULL;
	struct mmio_range *range;

	if (!size || !is_power_of_2(align))
		return -EINVAL;

	mutex_lock(&mmio_lock);
	/* The framebuffer's piece is claimed in our ranges already. */
	if (fb_overlap_ok && fb_mmio)
		piece = claim_piece(NULL, fb_mmio, min, max, size, align, name);
	list_for_each_entry(range, &mmio_ranges, node) {
		if (piece)
			break;
		piece = claim_piece(&range->res, &range->res, min, max, size, align, name);
	}
	mutex_unlock(&mmio_lock);

	if (!piece)
		return -ENXIO;
	*new = piece;
	return 0;
}
EXPORT_SYMBOL_GPL(vmbus_allocate_mmio);

/**
 * vmbus_free_mmio() - give a piece back
 * @start: its guest physical address
 * @size: bytes
 * Process context.
 */
void vmbus_free_mmio(resource_size_t start, resource_size_t size)
{
	resource_size_t end = start + size - 1;
	struct mmio_range *range;

	mutex_lock(&mmio_lock);
	if (!fb_mmio || start < fb_mmio->start || end > fb_mmio->end) {
		list_for_each_entry(range, &mmio_ranges, node)
			if (range->res.start <= start && end <= range->res.end)
				__release_region(&range->res, start, size);
	}
	release_mem_region(start, size);
	mutex_unlock(&mmio_lock);
}
EXPORT_SYMBOL_GPL(vmbus_free_mmio);
