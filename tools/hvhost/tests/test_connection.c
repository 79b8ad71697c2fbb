// SPDX-License-Identifier: GPL-2.0
/*
 * The VMBus connection as a guest sees it: versions, messages that mean nothing, busy slots, the
 * ways in which a connection ends.
 */
#include "fake_guest.h"
#include "fake_vsp.h"

/* ---- negotiation ---- */

static void every_version(void **state)
{
	static const struct { uint32_t version; bool good; uint32_t conn_id; } all[] = {
		{ VMBUS_WIRE_V0_13, false, 0 }, { VMBUS_WIRE_V1_1, false, 0 },
		{ VMBUS_WIRE_V2_4, false, 0 }, { VMBUS_WIRE_V3_0, false, 0 },
		{ VMBUS_WIRE_V4_0, true, VMBUS_WIRE_V4_0 },
		{ VMBUS_WIRE_V4_1, true, VMBUS_WIRE_V4_1 },
		{ VMBUS_WIRE_V5_0, true, 4 }, { VMBUS_WIRE_V5_1, true, 4 },
		{ VMBUS_WIRE_V5_2, true, 4 }, { VMBUS_WIRE_V5_3, true, 4 },
		{ 0x00050004, false, 0 }, { VMBUS_WIRE_V6_0, false, 0 }, { 0xffffffff, false, 0 },
	};
	size_t max, i;

	for (max = 4; max < 10; max++) {
		for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
			bool good = all[i].good && i <= max;
			struct fake_message *m;

			fake_start(all[max].version);
			m = fake_contact(all[i].version, 3, 5);
			assert_int_equal(m->len, 16);
			assert_int_equal(m->version.supported, good);
			assert_int_equal(m->version.msg_conn_id, good ? all[i].conn_id : 0);
			assert_int_equal(m->sint, all[i].version >= VMBUS_WIRE_V5_0 ? 5 : 2);
			assert_int_equal(m->vp, all[i].version >= VMBUS_WIRE_V3_0 ? 3 : 0);
			if (!good)
				assert_connection("disconnected", "0.0");
			fake_nothing();
			fake_stop();
		}
	}
	fake_start(VMBUS_WIRE_V5_3);
}

static void bad_contacts(void **state)
{
	struct vmbus_msg_initiate_contact contact = { .version = VMBUS_WIRE_V5_3 };
	struct fake_message *m;

	assert_int_equal(fake_contact(VMBUS_WIRE_V5_3, FAKE_VPS, 2)->version.supported, 0);
	assert_int_equal(fake_contact(VMBUS_WIRE_V5_3, 0, 16)->version.supported, 0);
	contact.child_to_parent_monitor = 0x1000;
	fake_post(4, VMBUS_MSG_INITIATE_CONTACT, &contact, sizeof(contact));
	m = fake_next(VMBUS_MSG_VERSION_RESPONSE);
	assert_int_equal(m->version.supported, 0);
	assert_int_equal(m->version.conn_state, VMBUS_CONN_STATE_FAILED);
	fake_post(4, VMBUS_MSG_INITIATE_CONTACT, &contact, sizeof(contact) - 1);
	fake_nothing();
	assert_int_equal(stat_of("bad_messages"), 4);
	/* Without monitor pages is fine. */
	contact.child_to_parent_monitor = 0;
	contact.u.target.sint = 2;
	fake_post(4, VMBUS_MSG_INITIATE_CONTACT, &contact, sizeof(contact));
	assert_int_equal(fake_next(VMBUS_MSG_VERSION_RESPONSE)->version.supported, 1);
}

static void bad_posts(void **state)
{
	struct vmbus_msg_header head = { .type = VMBUS_MSG_REQUEST_OFFERS };
	uint8_t big[241] = { 0 };
	uint32_t type;

	assert_int_equal(vmbus_post_message(fake.server, 2, 1, &head, 8), 0x12);
	assert_int_equal(vmbus_post_message(fake.server, 4, 2, &head, 8), 5);
	assert_int_equal(vmbus_post_message(fake.server, 4, 1, big, 241), 5);
	assert_int_equal(vmbus_post_message(fake.server, 4, 1, &head, 4), 0);
	fake_run();
	assert_int_equal(stat_of("bad_messages"), 1);
	/* Nothing but a contact means anything while disconnected. */
	for (type = 0; type < 40; type++) {
		memset(big, 0, sizeof(big));
		if (type != VMBUS_MSG_INITIATE_CONTACT)
			fake_post(4, type, big, 240);
	}
	assert_int_equal(stat_of("bad_messages"), 1 + 38);	/* RELID_RELEASED is legal */
	/* While connected, each is too short with its header alone, or unknown. */
	fake_connect(0);
	for (type = 0; type < 40; type++)
		if (type != VMBUS_MSG_UNLOAD)
			fake_post_header(type);
	fake_nothing();
	assert_int_equal(stat_of("bad_messages"), 39 + 39);
	assert_connection("connected", "5.3");
}

static void posts_are_bounded(void **state)
{
	struct vmbus_msg_header head = { .type = VMBUS_MSG_REQUEST_OFFERS };
	unsigned int n = 0;

	while (!vmbus_post_message(fake.server, 4, 1, &head, 8))
		n++;
	assert_int_equal(n, 1024);
	assert_int_equal(vmbus_post_message(fake.server, 4, 1, &head, 8), 0x33);
	fake_run();
	assert_int_equal(vmbus_post_message(fake.server, 4, 1, &head, 8), 0);
	fake_run();
}

static void busy_slot_keeps_order(void **state)
{
	struct vmbus_msg_header head = { .type = VMBUS_MSG_REQUEST_OFFERS };
	unsigned int i;

	for (i = 0; i < 3; i++)
		vsp_add();
	fake_contact(VMBUS_WIRE_V5_3, 0, 2);
	fake.slot_busy = true;
	vmbus_post_message(fake.server, 4, 1, &head, 8);
	fake_run();
	fake_nothing();
	assert_int_equal(stat_of("messages_waiting"), 4);
	fake.slot_busy = false;
	fake.slot_free(fake.slot_free_arg, 0, 2);
	fake_run();
	for (i = 1; i <= 3; i++)
		assert_int_equal(fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.relid, i);
	fake_next(VMBUS_MSG_ALL_OFFERS_DELIVERED);
	assert_int_equal(stat_of("lost_messages"), 0);
	assert_true(stat_of("busy_slots") >= 1);
}

/* Also when nobody says that the slot is free. */
static void busy_slot_is_retried(void **state)
{
	fake_contact(VMBUS_WIRE_V5_3, 0, 2);
	fake.slot_busy = true;
	fake_post_header(VMBUS_MSG_REQUEST_OFFERS);
	fake.slot_busy = false;
	loop_poll(fake.loop, 2000);
	fake_next(VMBUS_MSG_ALL_OFFERS_DELIVERED);
	assert_int_equal(stat_of("timed_retries"), 1);
}

/* ---- the end of a connection ---- */

static void unload_waits_for_all(void **state)
{
	vsp_add();
	vsp_add();
	fake_connect(2);
	fake_open(1, 10, 16);
	fake_open(2, 11, 32);
	assert_int_equal(stat_of("contacts"), 1);
	assert_int_equal(stat_of("unloads"), 0);
	vsp.hold_close = true;
	fake_post_header(VMBUS_MSG_UNLOAD);
	assert_int_equal(vsp.closes, 2);
	fake_nothing();
	assert_connection("closing", "5.3");
	fake_post_header(VMBUS_MSG_REQUEST_OFFERS);	/* nothing is obeyed meanwhile */
	fake_nothing();
	vmbus_channel_close_done(vmbus_device_primary(vmbus_device_find(fake.server, "probe0")));
	fake_run();
	fake_nothing();
	assert_false(vmbus_server_quiet(fake.server));
	vmbus_channel_close_done(vmbus_device_primary(vmbus_device_find(fake.server, "probe1")));
	fake_run();
	fake_next(VMBUS_MSG_UNLOAD_RESPONSE);
	assert_true(vmbus_server_quiet(fake.server));
	assert_connection("disconnected", "0.0");
	assert_int_equal(stat_of("gpadls"), 0);
	assert_int_equal(stat_of("unloads"), 1);
	assert_int_equal(stat_of("open_at_unload"), 2);
	/* The next connection starts clean. */
	vsp.hold_close = false;
	fake_connect(2);
	assert_int_equal(stat_of("contacts"), 2);
	fake_open(1, 10, 16);
	fake_post_header(VMBUS_MSG_UNLOAD);
	assert_int_equal(stat_of("unloads"), 2);
	assert_int_equal(stat_of("open_at_unload"), 1);
}

static void recontact_while_connected(void **state)
{
	vsp_add();
	fake_connect(1);
	fake_open(1, 10, 16);
	vsp.hold_close = true;
	assert_null(fake_contact(VMBUS_WIRE_V4_0, 2, 2));
	assert_int_equal(vsp.closes, 1);
	vmbus_channel_close_done(vsp.last);
	fake_run();
	assert_int_equal(fake_next(VMBUS_MSG_VERSION_RESPONSE)->version.supported, 1);
	assert_connection("connected", "4.0");
	fake_post_header(VMBUS_MSG_REQUEST_OFFERS);
	assert_int_equal(fake_next(VMBUS_MSG_OFFER_CHANNEL)->vp, 2);
	fake_next(VMBUS_MSG_ALL_OFFERS_DELIVERED);
	/* With a version that is refused the old connection is over all the same. */
	assert_int_equal(fake_contact(VMBUS_WIRE_V3_0, 0, 2)->version.supported, 0);
	assert_connection("disconnected", "0.0");
}

static void contact_during_unload(void **state)
{
	vsp_add();
	fake_connect(1);
	fake_open(1, 10, 16);
	vsp.hold_close = true;
	fake_post_header(VMBUS_MSG_UNLOAD);
	assert_null(fake_contact(VMBUS_WIRE_V5_0, 1, 2));
	vmbus_channel_close_done(vsp.last);
	fake_run();
	fake_next(VMBUS_MSG_UNLOAD_RESPONSE);
	assert_int_equal(fake_next(VMBUS_MSG_VERSION_RESPONSE)->vp, 1);
	assert_connection("connected", "5.0");
}

static void reset_forgets(void **state)
{
	struct vmbus_device *dev = vsp_add();

	vsp_add();
	fake_connect(2);
	fake_open(1, 10, 16);
	vmbus_subchannels_offer(dev, 1);
	fake_run();
	fake_next(VMBUS_MSG_OFFER_CHANNEL);
	vmbus_device_remove(vmbus_device_find(fake.server, "probe1"));
	fake_next(VMBUS_MSG_RESCIND_OFFER);
	vmbus_server_reset(fake.server);
	fake_run();
	fake_nothing();
	assert_true(vmbus_server_quiet(fake.server));
	assert_int_equal(vsp.closes, 1);
	assert_int_equal(vsp.destroys, 1);
	fake_connect(1);
	vmbus_server_reset(fake.server);
	vmbus_server_reset(fake.server);
	fake_connect(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_version, vsp_teardown),
		VSP_TEST(bad_contacts),
		VSP_TEST(bad_posts),
		VSP_TEST(posts_are_bounded),
		VSP_TEST(busy_slot_keeps_order),
		VSP_TEST(busy_slot_is_retried),
		VSP_TEST(unload_waits_for_all),
		VSP_TEST(recontact_while_connected),
		VSP_TEST(contact_during_unload),
		VSP_TEST(reset_forgets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
