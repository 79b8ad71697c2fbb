// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: the address space that the firmware grants, and the pieces of it that drivers get: at its
 * edges, aligned, around the framebuffer of both generations, and around what is not for us.
 */
#include <linux/pci.h>
#include <linux/sizes.h>

#include "fixture.h"

#define LOW	0xf8000000ull
#define LOW_END	0xfbffffffull
#define HIGH	0x1000000000ull
#define HIGH_END	0x1fffffffffull

static struct acpi_resource grants[4];

static int mmio_init(struct kunit *test)
{
	memset(grants, 0, sizeof(grants));
	return bus_prepare(test);
}

static void grant(u64 start, u64 end)
{
	struct acpi_resource *res = &grants[fake_machine.num_granted++];

	fake_machine.granted = grants;
	if (upper_32_bits(end)) {
		res->type = ACPI_RESOURCE_TYPE_ADDRESS64;
		res->data.address64.address.minimum = start;
		res->data.address64.address.maximum = end;
	} else {
		res->type = ACPI_RESOURCE_TYPE_ADDRESS32;
		res->data.address32.address.minimum = start;
		res->data.address32.address.maximum = end;
	}
}

/* Load the bus, and a device that wants address space. */
static struct hv_device *load(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, bus_load(), 0);
	return bus_offer(test, 1, &fake_nic, 1, 0)->device_obj;
}

/* Whether exactly these bytes can be had; they are given back. */
static bool can_have(struct hv_device *dev, u64 start, u64 size)
{
	struct resource *piece = NULL;

	if (vmbus_allocate_mmio(&piece, dev, start, start + size - 1, size, 1, false))
		return false;
	vmbus_free_mmio(start, size);
	return piece;
}

/* Nothing is granted: nothing can be had, and all else goes on. */
static void mmio_without_a_grant(struct kunit *test)
{
	struct hv_device *dev;
	struct resource *piece;

	fake_machine.bad_grant = true;
	dev = load(test);
	KUNIT_EXPECT_EQ(test, vmbus_allocate_mmio(&piece, dev, 0, U64_MAX, SZ_4K, SZ_4K, false),
			-ENXIO);
	vmbus_free_mmio(LOW, SZ_4K);
}

static void mmio_at_its_edges(struct kunit *test)
{
	struct hv_device *dev;

	grant(LOW, LOW_END);
	grant(HIGH, HIGH_END);
	dev = load(test);
	KUNIT_EXPECT_TRUE(test, can_have(dev, LOW, 1));
	KUNIT_EXPECT_TRUE(test, can_have(dev, LOW_END, 1));
	KUNIT_EXPECT_TRUE(test, can_have(dev, LOW, LOW_END - LOW + 1));
	KUNIT_EXPECT_TRUE(test, can_have(dev, HIGH_END - SZ_4K + 1, SZ_4K));
	KUNIT_EXPECT_FALSE(test, can_have(dev, LOW - 1, 2));
	KUNIT_EXPECT_FALSE(test, can_have(dev, LOW_END, 2));
	KUNIT_EXPECT_FALSE(test, can_have(dev, LOW_END + 1, SZ_4K));
	KUNIT_EXPECT_FALSE(test, can_have(dev, HIGH_END, 2));
	KUNIT_EXPECT_FALSE(test, can_have(dev, LOW, HIGH - LOW));
}

/* The largest ranges there are do not wrap around. */
static void mmio_of_the_whole_space(struct kunit *test)
{
	struct resource *piece;
	struct hv_device *dev;

	grant(HIGH, U64_MAX - 1);
	dev = load(test);
	KUNIT_EXPECT_TRUE(test, can_have(dev, U64_MAX - 1, 1));
	KUNIT_EXPECT_EQ(test, vmbus_allocate_mmio(&piece, dev, 0, U64_MAX, U64_MAX, 1, false),
			-ENXIO);
	KUNIT_EXPECT_EQ(test, vmbus_allocate_mmio(&piece, dev, U64_MAX - SZ_4K, U64_MAX, SZ_4K,
						  1ull << 63, false), -ENXIO);
}

/* Neighbours become one range, in any order; below 1 MiB, or with its end first, it is none. */
static void mmio_of_odd_grants(struct kunit *test)
{
	struct hv_device *dev;

	grant(0x20000000, 0x2fffffff);
	grant(0x10000000, 0x1fffffff);
	grant(0x30000000, 0x3fffffff);
	grant(0xa0000, 0xbffff);
	dev = load(test);
	KUNIT_EXPECT_TRUE(test, can_have(dev, 0x10000000, 0x30000000));
	KUNIT_EXPECT_FALSE(test, can_have(dev, 0xa0000, SZ_4K));
	bus_unload(test);

	fake_machine.num_granted = 0;
	grant(0x3fffffff, 0x30000000);
	grant(0x50000000, 0x5fffffff);
	grant(0x40000000, 0x4fffefff);
	dev = load(test);
	KUNIT_EXPECT_FALSE(test, can_have(dev, 0x30000000, SZ_4K));
	KUNIT_EXPECT_TRUE(test, can_have(dev, 0x40000000, SZ_4K));
	KUNIT_EXPECT_FALSE(test, can_have(dev, 0x4fffe000, SZ_8K));
	KUNIT_EXPECT_TRUE(test, can_have(dev, 0x50000000, SZ_4K));
	bus_unload(test);

	/* Other kinds of resources are not windows. */
	fake_machine.num_granted = 0;
	grant(0x50000000, 0x5fffffff);
	grants[0].type = ACPI_RESOURCE_TYPE_FIXED_MEMORY32;
	dev = load(test);
	KUNIT_EXPECT_FALSE(test, can_have(dev, 0x50000000, SZ_4K));
	bus_unload(test);

	/* No memory for the range, which is the first thing that needs some. */
	grants[0].type = ACPI_RESOURCE_TYPE_ADDRESS32;
	atomic_set(&fake_machine.failures, 1);
	dev = load(test);
	KUNIT_EXPECT_FALSE(test, can_have(dev, 0x50000000, SZ_4K));
}

/* The virtual TPM's page and what follows it stay out. */
static void mmio_beside_the_tpm(struct kunit *test)
{
	struct hv_device *dev;

	grant(0xf8000000, 0xfeefffff);
	dev = load(test);
	KUNIT_EXPECT_TRUE(test, can_have(dev, 0xfed3f000, SZ_4K));
	KUNIT_EXPECT_FALSE(test, can_have(dev, 0xfed40000, SZ_4K));
	KUNIT_EXPECT_FALSE(test, can_have(dev, 0xfed45000, SZ_4K));
}

/* Pieces do not overlap, are aligned, and are somebody's in the system's list. */
static void mmio_in_pieces(struct kunit *test)
{
	struct resource *piece;
	struct hv_device *dev;
	unsigned int i;

	grant(LOW + SZ_4K, LOW + SZ_64K - 1);
	dev = load(test);
	KUNIT_EXPECT_EQ(test, vmbus_allocate_mmio(&piece, dev, 0, U64_MAX, 0, SZ_4K, false),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, vmbus_allocate_mmio(&piece, dev, 0, U64_MAX, SZ_4K, 0, false),
			-EINVAL);
	KUNIT_EXPECT_EQ(test, vmbus_allocate_mmio(&piece, dev, 0, U64_MAX, SZ_4K, 3, false),
			-EINVAL);
	for (i = 0; i < 3; i++) {
		KUNIT_ASSERT_EQ(test, vmbus_allocate_mmio(&piece, dev, 0, U64_MAX, SZ_8K, SZ_16K,
							  false), 0);
		KUNIT_EXPECT_EQ(test, piece->start, LOW + (i + 1) * SZ_16K);
		KUNIT_EXPECT_EQ(test, resource_size(piece), (resource_size_t)SZ_8K);
		KUNIT_EXPECT_PTR_EQ(test, piece->parent, &fake_machine.memory);
		KUNIT_EXPECT_STREQ(test, piece->name, dev_name(&dev->device));
	}
	KUNIT_EXPECT_EQ(test, vmbus_allocate_mmio(&piece, dev, 0, U64_MAX, SZ_8K, SZ_16K, false),
			-ENXIO);
	KUNIT_EXPECT_FALSE(test, can_have(dev, LOW + SZ_16K + SZ_4K, SZ_4K));
	for (i = 0; i < 3; i++)
		vmbus_free_mmio(LOW + (i + 1) * SZ_16K, SZ_8K);
	KUNIT_EXPECT_TRUE(test, can_have(dev, LOW + SZ_4K, SZ_64K - SZ_4K));
	KUNIT_EXPECT_NULL(test, fake_machine.memory.child);
}

/* Somebody else has a part of what was granted. */
static void mmio_that_is_taken(struct kunit *test)
{
	struct resource *other, *piece;
	struct hv_device *dev;

	grant(LOW, LOW + SZ_16K - 1);
	dev = load(test);
	other = __request_region(&fake_machine.memory, LOW, SZ_8K, "other", 0);
	KUNIT_ASSERT_NOT_NULL(test, other);
	KUNIT_ASSERT_EQ(test, vmbus_allocate_mmio(&piece, dev, 0, U64_MAX, SZ_4K, SZ_4K, false),
			0);
	KUNIT_EXPECT_EQ(test, piece->start, LOW + SZ_8K);
	vmbus_free_mmio(LOW + SZ_8K, SZ_4K);
	__release_region(&fake_machine.memory, LOW, SZ_8K);
	KUNIT_EXPECT_TRUE(test, can_have(dev, LOW, SZ_16K));
}

/* ---- the framebuffer ---- */

/* The framebuffer's piece is @size bytes at @start: for its driver, and for no other. */
static void expect_framebuffer(struct kunit *test, struct hv_device *dev, u64 start, u64 size)
{
	struct resource *piece;

	KUNIT_EXPECT_FALSE(test, can_have(dev, start, 1));
	KUNIT_EXPECT_FALSE(test, can_have(dev, start + size - 1, 1));
	KUNIT_EXPECT_FALSE(test, can_have(dev, start + size - 1, 2));
	KUNIT_EXPECT_TRUE(test, can_have(dev, start + size, SZ_4K));
	KUNIT_ASSERT_EQ(test, vmbus_allocate_mmio(&piece, dev, 0, U64_MAX, size, SZ_4K, true), 0);
	KUNIT_EXPECT_EQ(test, piece->start, start);
	/* What does not fit there comes from elsewhere. */
	KUNIT_EXPECT_EQ(test, vmbus_allocate_mmio(&piece, dev, 0, U64_MAX, SZ_4K, SZ_1M, true), 0);
	KUNIT_EXPECT_TRUE(test, piece->end < start || piece->start >= start + size);
	vmbus_free_mmio(piece->start, SZ_4K);
	vmbus_free_mmio(start, size);
}

static void mmio_framebuffer_of_generation_1(struct kunit *test)
{
	struct pci_dev *video = kunit_kzalloc(test, sizeof(*video), GFP_KERNEL);
	struct hv_device *dev;

	KUNIT_ASSERT_NOT_NULL(test, video);
	grant(LOW, LOW_END);
	video->resource[0] = (struct resource)DEFINE_RES_MEM(LOW, SZ_8M);
	fake_machine.video = video;
	dev = load(test);
	expect_framebuffer(test, dev, LOW, SZ_8M);
	bus_unload(test);

	/* Its BAR is not memory: nothing is reserved. */
	video->resource[0].flags = IORESOURCE_IO;
	dev = load(test);
	KUNIT_EXPECT_TRUE(test, can_have(dev, LOW, SZ_8M));
	bus_unload(test);

	/* Nothing at all where it says it is. */
	video->resource[0] = (struct resource)DEFINE_RES_MEM(LOW_END + 1, SZ_8M);
	dev = load(test);
	KUNIT_EXPECT_TRUE(test, can_have(dev, LOW, SZ_8M));
}

/* Of generation 2: as told, at most 128 MiB and at most half of what is left below 4 GiB. */
static void mmio_framebuffer_of_generation_2(struct kunit *test)
{
	static const struct {
		u64 low, low_end, told, start, size;
	} cases[] = {
		{ 0xe0000000, 0xfbffffff, 0xe0000000, 0xe0000000, SZ_128M },
		{ 0xe0000000, 0xfbffffff, 0xe8000000, 0xe8000000, SZ_128M },
		{ 0xe0000000, 0xfbffffff, 0, 0xe0000000, SZ_128M },
		{ 0xf8000000, 0xfbffffff, 0xf8000000, 0xf8000000, SZ_64M },
	};
	struct hv_device *dev;
	unsigned int i;

	fake_machine.efi = true;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct resource *piece;

		fake_machine.num_granted = 0;
		grant(cases[i].low, cases[i].low_end);
		fake_machine.screen.lfb_base = cases[i].told;
		fake_machine.screen.lfb_size = SZ_8M;
		dev = load(test);
		/* Half of the 128 MiB from 0xf8000000 on is all of that range. */
		if (i == 3) {
			KUNIT_EXPECT_FALSE(test, can_have(dev, cases[i].start, 1));
			KUNIT_EXPECT_EQ(test, vmbus_allocate_mmio(&piece, dev, 0, U64_MAX, SZ_64M,
								  SZ_4K, true), 0);
			vmbus_free_mmio(cases[i].start, SZ_64M);
		} else {
			expect_framebuffer(test, dev, cases[i].start, cases[i].size);
		}
		bus_unload(test);
	}
}

/* A low range that is none, or a framebuffer outside: the size is what the firmware told. */
static void mmio_framebuffer_in_odd_places(struct kunit *test)
{
	struct hv_device *dev;

	fake_machine.efi = true;
	grant(HIGH, HIGH_END);
	fake_machine.screen.lfb_base = LOW;
	fake_machine.screen.lfb_size = SZ_16M;
	dev = load(test);
	KUNIT_EXPECT_TRUE(test, can_have(dev, HIGH, SZ_16M));
	bus_unload(test);

	fake_machine.num_granted = 0;
	grant(LOW, LOW_END);
	fake_machine.screen.lfb_base = LOW - SZ_16M;
	dev = load(test);
	KUNIT_EXPECT_TRUE(test, can_have(dev, LOW, SZ_16M));
}

static struct kunit_case mmio_cases[] = {
	KUNIT_CASE(mmio_without_a_grant),
	KUNIT_CASE(mmio_at_its_edges),
	KUNIT_CASE(mmio_of_the_whole_space),
	KUNIT_CASE(mmio_of_odd_grants),
	KUNIT_CASE(mmio_beside_the_tpm),
	KUNIT_CASE(mmio_in_pieces),
	KUNIT_CASE(mmio_that_is_taken),
	KUNIT_CASE(mmio_framebuffer_of_generation_1),
	KUNIT_CASE(mmio_framebuffer_of_generation_2),
	KUNIT_CASE(mmio_framebuffer_in_odd_places),
	{ }
};

struct kunit_suite mmio_suite = {
	.name = "hv-vmbus-mmio",
	.init = mmio_init,
	.exit = bus_exit,
	.test_cases = mmio_cases,
};
