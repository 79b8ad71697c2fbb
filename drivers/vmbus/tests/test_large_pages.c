// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: what a kernel with pages of 16 KiB tells the host of its memory. The host counts in 4 KiB,
 * and takes 4 KiB of a ring's header, which is a whole page of the kernel's.
 */
#include <linux/mm.h>
#include <linux/sizes.h>

#include "fixture.h"
#include "large_pages.h"

#define RELID	7

static int large_init(struct kunit *test)
{
	bus_init(test);
	test->priv = bus_offer(test, RELID, &fake_nic, 1, 0);
	return 0;
}

static void expect_pages(struct kunit *test, const struct vmbus_gpadl *gpadl, const void *buffer,
			 const u32 *kib, u32 count, u32 bytes)
{
	struct fake_gpadl *at_host;
	u32 i;

	fake_host_settle();
	at_host = fake_host_gpadl(gpadl->gpadl_handle);
	KUNIT_ASSERT_NOT_NULL(test, at_host);
	KUNIT_EXPECT_EQ(test, at_host->bytes, bytes);
	KUNIT_ASSERT_EQ(test, at_host->got, count);
	for (i = 0; i < count; i++)
		KUNIT_EXPECT_EQ_MSG(test, at_host->pfns[i],
				    (virt_to_phys((void *)buffer) + kib[i] * SZ_1K) / SZ_4K,
				    "page %u", i);
}

/* Headers at 0 and 48 KiB, of which 4 each; 32 KiB of data after the first, 16 after the second. */
static void large_ring(struct kunit *test)
{
	static const u32 kib[] = { 0, 16, 20, 24, 28, 32, 36, 40, 44, 48, 64, 68, 72, 76 };
	struct vmbus_channel *channel = test->priv;
	struct vmbus_gpadl gpadl = { };
	unsigned long buffer = __get_free_pages(GFP_KERNEL, get_order(SZ_64K + SZ_16K));

	KUNIT_ASSERT_NE(test, buffer, 0ul);
	KUNIT_EXPECT_EQ(test, large_gpadl_establish(channel, HV_GPADL_RING, (void *)buffer,
						    SZ_64K + SZ_16K, SZ_32K + SZ_16K, &gpadl), 0);
	expect_pages(test, &gpadl, (void *)buffer, kib, ARRAY_SIZE(kib), ARRAY_SIZE(kib) * SZ_4K);
	/* The page of the list that is the second header. */
	KUNIT_EXPECT_EQ(test, large_gpadl_send_page(SZ_32K + SZ_16K), 9u);
	KUNIT_EXPECT_EQ(test, large_teardown_gpadl(channel, &gpadl), 0);
	free_pages(buffer, get_order(SZ_64K + SZ_16K));
}

/* A buffer has no header: each 4 KiB of it, the last of them begun. */
static void large_buffer(struct kunit *test)
{
	static const u32 kib[] = { 0, 4, 8, 12, 16, 20 };
	struct vmbus_channel *channel = test->priv;
	struct vmbus_gpadl gpadl = { };
	unsigned long buffer = __get_free_pages(GFP_KERNEL, get_order(SZ_32K));

	KUNIT_ASSERT_NE(test, buffer, 0ul);
	KUNIT_EXPECT_EQ(test, large_establish_gpadl(channel, (void *)buffer, 5 * SZ_4K + 1,
						    &gpadl), 0);
	expect_pages(test, &gpadl, (void *)buffer, kib, ARRAY_SIZE(kib), 5 * SZ_4K + 1);
	KUNIT_EXPECT_EQ(test, large_teardown_gpadl(channel, &gpadl), 0);
	free_pages(buffer, get_order(SZ_32K));
}

static struct kunit_case large_cases[] = {
	KUNIT_CASE(large_ring),
	KUNIT_CASE(large_buffer),
	{ }
};

struct kunit_suite large_pages_suite = {
	.name = "hv-vmbus-large-pages",
	.init = large_init,
	.exit = bus_exit,
	.test_cases = large_cases,
};
