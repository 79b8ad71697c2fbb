// SPDX-License-Identifier: GPL-2.0
/*
 * Monitor pages: who gets a monitor, and a guest that signals by its bit alone.
 */
#include "fake_guest.h"
#include "fake_vsp.h"

#include "hyperv/vmbus_internal.h"

#define PFN	16u
#define TO_HOST	0x3000u		/* child-to-parent page of fake_contact() */

static struct vmbus_monitor_page *page(void)
{
	return (void *)(fake.ram + TO_HOST);
}

static void turns(void)
{
	for (int i = 0; i < 5; i++) {
		usleep(1500);
		fake_run();
	}
}

static const struct vmbus_msg_offer *offer_of(const char *monitored)
{
	fake.server->config.monitored = monitored;
	vsp_add();
	assert_int_equal(fake_contact(VMBUS_WIRE_V5_3, 0, 2)->version.supported, 1);
	fake_post_header(VMBUS_MSG_REQUEST_OFFERS);
	return &fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer;
}

static void by_name(void **state)
{
	const struct vmbus_msg_offer *offer = offer_of("net,probe");

	assert_int_equal(offer->monitor_allocated, 1);
	assert_int_equal(offer->monitor_id, 0);
	assert_int_equal(offer->flags & 0x400, 0x400);
	assert_int_equal(page()->param[0][0].connection_id, 1 | 2 << 12);
	assert_true(page()->latency[0][0] > 0);
	assert_int_equal(page()->trigger_state & 1, 1);
	fake_next(VMBUS_MSG_ALL_OFFERS_DELIVERED);
	vsp_add();
	assert_int_equal(fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.monitor_id, 1);
}

static void others_have_none(void **state)
{
	const struct vmbus_msg_offer *offer = offer_of("net,probe2,prob,xprobe");

	assert_int_equal(offer->monitor_allocated, 0);
	assert_int_equal(offer->flags & 0x400, 0);
}

static void nobody_by_default(void **state)
{
	assert_int_equal(offer_of(NULL)->monitor_allocated, 0);
}

/* A guest that is isolated and does not share the page: nothing is written to it. */
static void not_of_isolated(void **state)
{
	struct error err;

	assert_int_equal(guest_memory_isolate(&fake.mem, &err), 0);
	offer_of("probe");
	assert_int_equal(page()->param[0][0].connection_id, 0);
	assert_int_equal(page()->trigger_state, 0);
	free(fake.mem.shared);
	fake.mem.shared = NULL;
}

static void a_bit_is_a_signal(void **state)
{
	unsigned int before;

	offer_of("probe");
	fake_next(VMBUS_MSG_ALL_OFFERS_DELIVERED);
	fake_open(1, 10, PFN);
	turns();
	before = vsp.readables;
	turns();
	assert_int_equal(vsp.readables, before);
	page()->group[0].pending = 1;
	turns();
	assert_int_equal(vsp.readables, before + 1);
	assert_int_equal(page()->group[0].pending, 0);
	assert_int_equal(stat_of("monitor_signals"), 1);
	/* Bits that stand for nobody. */
	page()->group[0].pending = 0xfffffffe;
	page()->group[3].pending = 0xffffffff;
	turns();
	assert_int_equal(vsp.readables, before + 1);
	assert_int_equal(page()->group[3].pending, 0);
	/* Of a channel that was closed. */
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	page()->group[0].pending = 1;
	turns();
	assert_int_equal(stat_of("monitor_signals"), 1);
}

static void a_page_that_is_no_memory(void **state)
{
	struct vmbus_msg_initiate_contact contact = {
		.version = VMBUS_WIRE_V5_3, .u.target.sint = 2,
		.parent_to_child_monitor = 1ull << 40, .child_to_parent_monitor = 1ull << 40,
	};

	fake.server->config.monitored = "probe";
	vsp_add();
	fake_post(4, VMBUS_MSG_INITIATE_CONTACT, &contact, sizeof(contact));
	assert_int_equal(fake_next(VMBUS_MSG_VERSION_RESPONSE)->version.supported, 1);
	fake_post_header(VMBUS_MSG_REQUEST_OFFERS);
	assert_int_equal(fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.monitor_allocated, 0);
}

static void the_next_connection(void **state)
{
	offer_of("probe");
	fake_next(VMBUS_MSG_ALL_OFFERS_DELIVERED);
	fake_open(1, 10, PFN);
	fake_post_header(VMBUS_MSG_UNLOAD);
	fake_next(VMBUS_MSG_UNLOAD_RESPONSE);
	memset(page(), 0, sizeof(*page()));
	assert_int_equal(fake_contact(VMBUS_WIRE_V5_3, 0, 2)->version.supported, 1);
	fake_post_header(VMBUS_MSG_REQUEST_OFFERS);
	assert_int_equal(fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.monitor_allocated, 1);
	fake_next(VMBUS_MSG_ALL_OFFERS_DELIVERED);
	assert_int_equal(page()->trigger_state & 1, 1);
	fake_open(1, 11, PFN);
	page()->group[0].pending = 1;
	turns();
	assert_int_equal(stat_of("monitor_signals"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VSP_TEST(by_name),
		VSP_TEST(others_have_none),
		VSP_TEST(nobody_by_default),
		VSP_TEST(not_of_isolated),
		VSP_TEST(a_bit_is_a_signal),
		VSP_TEST(a_page_that_is_no_memory),
		VSP_TEST(the_next_connection),
	};

	return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
