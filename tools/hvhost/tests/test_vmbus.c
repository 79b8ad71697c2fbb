// SPDX-License-Identifier: GPL-2.0
/*
 * Offers, rescinds, subchannels, opens and closes as a guest sees them.
 */
#include "fake_guest.h"
#include "fake_vsp.h"

#define CONN_ID(relid)	((relid) | 2u << 12)

/* ---- offers ---- */

static void offers_say_it_all(void **state)
{
	struct vmbus_guid instance;
	struct fake_message *m;
	struct vmbus_device *dev;
	struct error err;
	char text[37];

	assert_int_equal(vmbus_guid_parse("{BA6163d9-04a1-4d29-b605-72e2ffb1dc7f}", &instance), 0);
	assert_int_equal(vmbus_guid_parse("ba6163d9-04a1-4d29-b605-72e2ffb1dc7", &instance), -1);
	assert_int_equal(vmbus_guid_parse("ba6163d9-04a1-4d29-b605x72e2ffb1dc7f", &instance), -1);
	assert_int_equal(vmbus_guid_parse("ga6163d9-04a1-4d29-b605-72e2ffb1dc7f", &instance), -1);
	assert_int_equal(instance.b[0], 0xd9);
	vsp_add();
	dev = vmbus_device_add(fake.server, fake.loop, &vsp_ops, &instance, &vsp, &err);
	assert_non_null(dev);
	assert_null(vmbus_device_add(fake.server, fake.loop, &vsp_ops, &instance, NULL, &err));
	assert_non_null(strstr(err.text, "ba6163d9-04a1-4d29-b605-72e2ffb1dc7f"));
	assert_ptr_equal(vmbus_device_find(fake.server, "probe1"), dev);
	assert_ptr_equal(vmbus_device_find(fake.server, "ba6163d9-04a1-4d29-b605-72e2ffb1dc7f"),
			 dev);
	assert_null(vmbus_device_find(fake.server, "probe2"));
	assert_ptr_equal(vmbus_device_priv(dev), &vsp);
	assert_int_equal(fake_contact(VMBUS_WIRE_V5_3, 1, 2)->vp, 1);
	fake_post_header(VMBUS_MSG_REQUEST_OFFERS);
	m = fake_next(VMBUS_MSG_OFFER_CHANNEL);
	assert_int_equal(m->vp, 1);
	m = fake_next(VMBUS_MSG_OFFER_CHANNEL);
	assert_int_equal(m->len, 196);
	assert_memory_equal(m->offer.class_id.b, vsp_ops.class_id.b, 16);
	assert_memory_equal(m->offer.instance_id.b, instance.b, 16);
	vmbus_guid_format((struct vmbus_guid *)&m->offer.instance_id, text);
	assert_string_equal(text, "ba6163d9-04a1-4d29-b605-72e2ffb1dc7f");
	assert_int_equal(m->offer.flags, VMBUS_OFFER_FLAG_NAMED_PIPE_MODE);
	assert_int_equal(m->offer.mmio_mb, 8);
	assert_int_equal(m->offer.u.pipe.mode, VMBUS_PIPE_MODE_MESSAGE);
	assert_int_equal(m->offer.subchannel_index, 0);
	assert_int_equal(m->offer.relid, 2);
	assert_int_equal(m->offer.monitor_allocated, 0);
	assert_int_equal(m->offer.dedicated_interrupt, 1);
	assert_int_equal(m->offer.connection_id, CONN_ID(2));
	fake_next(VMBUS_MSG_ALL_OFFERS_DELIVERED);
	fake_post_header(VMBUS_MSG_REQUEST_OFFERS);
	fake_nothing();
	/* Hot add. */
	vsp_add();
	assert_int_equal(fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.relid, 3);
	fake_nothing();
}

static void relids_run_out(void **state)
{
	struct error err;
	unsigned int i;

	for (i = 0; i < 2047; i++)
		vsp_add();
	assert_null(vmbus_device_add(fake.server, fake.loop, &vsp_ops, NULL, NULL, &err));
	assert_non_null(strstr(err.text, "2047"));
}

static void devices_by_pattern(void **state)
{
	struct vmbus_device *dev;
	unsigned int i;

	for (i = 0; i < 12; i++)
		vsp_add();
	assert_int_equal(vmbus_devices_remove(fake.server, "probe1"), 1);
	/* Unknown to any guest, it went at once, and its number is the next one's. */
	assert_null(vmbus_device_find(fake.server, "probe1"));
	dev = vsp_add();
	assert_ptr_equal(vmbus_device_find(fake.server, "probe1"), dev);
	assert_int_equal(vmbus_devices_remove(fake.server, "nothing*"), 0);
	assert_int_equal(vmbus_devices_remove(fake.server, "probe1*"), 3);
	assert_non_null(vmbus_device_find(fake.server, "probe9"));
	fake_connect(9);
	/* What the guest knows is revoked once. */
	assert_int_equal(vmbus_devices_remove(fake.server, "probe*"), 9);
	assert_int_equal(vmbus_devices_remove(fake.server, "probe*"), 0);
	fake_run();
	for (i = 0; i < 9; i++)
		fake_next(VMBUS_MSG_RESCIND_OFFER);
	fake_nothing();
}

static void rescind_waits_for_release(void **state)
{
	struct vmbus_device *dev = vsp_add();

	fake_connect(1);
	fake_open(1, 10, 16);
	vmbus_device_remove(dev);
	vmbus_device_remove(dev);
	fake_run();
	assert_int_equal(fake_next(VMBUS_MSG_RESCIND_OFFER)->relid.relid, 1);
	assert_int_equal(vsp.closes, 1);
	assert_int_equal(vsp.destroys, 0);
	assert_null(vmbus_device_find(fake.server, "probe0"));
	/* A new device does not get the relid that the guest still has. */
	vsp_add();
	assert_int_equal(fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.relid, 2);
	/* The guest does not know yet: an open fails, a close is void, a GPADL is made. */
	fake_post_open(1, 10, 4, 0);
	assert_int_not_equal(fake_next(VMBUS_MSG_OPEN_RESULT)->open_result.status, 0);
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	assert_int_equal(fake_gpadl(1, 11, 32, 4), 0);
	fake_post_teardown(1, 11);
	fake_next(VMBUS_MSG_GPADL_TORNDOWN);
	fake_post_teardown(1, 10);
	fake_next(VMBUS_MSG_GPADL_TORNDOWN);
	fake_post_relid(VMBUS_MSG_RELID_RELEASED, 1);
	assert_int_equal(vsp.destroys, 1);
	fake_nothing();
	fake_post_relid(VMBUS_MSG_RELID_RELEASED, 1);
	fake_post_relid(VMBUS_MSG_RELID_RELEASED, 5000);
	assert_int_equal(stat_of("bad_messages"), 3);
}

static void rescind_while_vsp_is_busy(void **state)
{
	struct vmbus_device *dev = vsp_add();

	fake_connect(1);
	fake_open(1, 10, 16);
	vsp.hold_close = true;
	vmbus_device_remove(dev);
	fake_run();
	fake_next(VMBUS_MSG_RESCIND_OFFER);
	fake_post_teardown(1, 10);
	fake_nothing();
	fake_post_relid(VMBUS_MSG_RELID_RELEASED, 1);
	assert_int_equal(vsp.destroys, 0);
	vmbus_channel_close_done(vsp.last);
	fake_run();
	assert_int_equal(vsp.destroys, 1);
	assert_int_equal(stat_of("gpadls"), 0);
}

static void remove_while_disconnected(void **state)
{
	vmbus_device_remove(vsp_add());
	assert_int_equal(vsp.destroys, 1);
	fake_connect(0);
}

static void guest_gives_an_offer_back(void **state)
{
	vsp_add();
	fake_connect(1);
	fake_post_relid(VMBUS_MSG_RELID_RELEASED, 1);
	fake_post_open(1, 10, 4, 0);
	assert_int_not_equal(fake_next(VMBUS_MSG_OPEN_RESULT)->open_result.status, 0);
	fake_contact(VMBUS_WIRE_V4_0, 0, 2);
	fake_post_header(VMBUS_MSG_REQUEST_OFFERS);
	fake_next(VMBUS_MSG_OFFER_CHANNEL);
}

static void subchannels(void **state)
{
	struct vmbus_device *dev = vsp_add();
	unsigned int i;

	fake_connect(1);
	vmbus_subchannels_offer(dev, 2);	/* the primary is not open: nothing */
	fake_run();
	fake_nothing();
	fake_open(1, 10, 16);
	vmbus_subchannels_offer(dev, 2);
	fake_run();
	for (i = 1; i <= 2; i++) {
		struct vmbus_msg_offer *offer = &fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer;

		assert_int_equal(offer->subchannel_index, i);
		assert_int_equal(offer->relid, 1 + i);
	}
	fake_open(2, 11, 32);
	assert_int_equal(vmbus_channel_index(vsp.last), 1);
	vmbus_subchannels_offer(dev, 3);	/* one more; the others stay */
	fake_run();
	assert_int_equal(fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.subchannel_index, 3);
	fake_nothing();
	/* The primary goes and takes them along, open or not. */
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	assert_int_equal(vsp.closes, 2);
	for (i = 2; i <= 4; i++)
		assert_int_equal(fake_next(VMBUS_MSG_RESCIND_OFFER)->relid.relid, i);
	for (i = 2; i <= 4; i++)
		fake_post_relid(VMBUS_MSG_RELID_RELEASED, i);
	fake_nothing();
	/* And all over again. */
	fake_open(1, 12, 16);
	vmbus_subchannels_offer(dev, 1);
	fake_run();
	assert_int_equal(fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.relid, 2);
	fake_open(2, 13, 32);
	vmbus_device_remove(dev);
	fake_run();
	assert_int_equal(fake_next(VMBUS_MSG_RESCIND_OFFER)->relid.relid, 2);
	assert_int_equal(fake_next(VMBUS_MSG_RESCIND_OFFER)->relid.relid, 1);
	fake_post_relid(VMBUS_MSG_RELID_RELEASED, 1);
	assert_int_equal(vsp.destroys, 0);
	fake_post_relid(VMBUS_MSG_RELID_RELEASED, 2);
	assert_int_equal(vsp.destroys, 1);
}

static void subchannels_of_a_device_that_went(void **state)
{
	struct vmbus_device *dev = vsp_add();

	fake_connect(1);
	fake_open(1, 10, 16);
	vmbus_subchannels_offer(dev, 1);
	vmbus_server_reset(fake.server);
	vmbus_device_remove(dev);
	fake_run();
	assert_int_equal(vsp.destroys, 1);
	fake_nothing();
}

/* ---- open and close ---- */

static void open_tells_the_vsp(void **state)
{
	vsp_add();
	fake_connect(1);
	fake_open(1, 10, 16);
	assert_int_equal(vsp.opens, 1);
	assert_int_equal(vsp.user_data[0], 1);
	assert_int_equal(vsp.user_data[2], 3);
	assert_int_equal(fake.bound_id, CONN_ID(1));
	assert_true(fake.bound_fd >= 0);
	assert_int_equal(vsp.readables, 1);
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	assert_int_equal(vsp.closes, 1);
	assert_int_equal(fake.bound_fd, -1);
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 9);
	assert_int_equal(stat_of("bad_messages"), 2);
	fake_nothing();
}

static void open_that_fails(void **state)
{
	static const struct { uint32_t relid, handle, down, vp; } bad[] = {
		{ 1, 99, 4, 0 },	/* no such GPADL */
		{ 1, 10, 1, 0 },	/* no data page */
		{ 1, 10, 0, 0 },
		{ 1, 10, 7, 0 },
		{ 1, 10, 8, 0 },
		{ 1, 10, 0xffffffff, 0 },
		{ 1, 10, 4, FAKE_VPS },
		{ 2, 10, 4, 0 },	/* no such channel */
		{ 0xffffffff, 10, 4, 0 },
	};
	uint32_t *control;
	size_t i;

	vsp_add();
	fake_connect(1);
	memset(fake.ram + 16 * 4096, 0, 8 * 4096);
	assert_int_equal(fake_gpadl(1, 10, 16, 8), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fake_post_open(bad[i].relid, bad[i].handle, bad[i].down, bad[i].vp);
		assert_int_equal(fake_next(VMBUS_MSG_OPEN_RESULT)->open_result.status, 0x8000ffff);
	}
	assert_int_equal(vsp.opens, 0);
	/* Ring indices that are none. */
	control = (uint32_t *)(fake.ram + 20 * 4096);
	control[0] = 3;
	fake_post_open(1, 10, 4, 0);
	assert_int_equal(fake_next(VMBUS_MSG_OPEN_RESULT)->open_result.status, 0x8000ffff);
	control[0] = 0;
	/* The VSP says no. */
	vsp.open_status = 0x1234;
	fake_post_open(1, 10, 4, 0);
	assert_int_equal(fake_next(VMBUS_MSG_OPEN_RESULT)->open_result.status, 0x1234);
	assert_int_equal(fake.bound_fd, -1);
	vsp.open_status = 0;
	/* After all that it opens, without interrupts too; and not twice. */
	fake_post_open(1, 10, 4, VMBUS_VP_NO_INTERRUPT);
	assert_int_equal(fake_next(VMBUS_MSG_OPEN_RESULT)->open_result.status, 0);
	fake_post_open(1, 10, 4, 0);
	assert_int_equal(fake_next(VMBUS_MSG_OPEN_RESULT)->open_result.status, 0x8000ffff);
	assert_int_equal(vsp.opens, 2);
	assert_int_equal(vsp.closes, 0);
}

static void torndown_waits_for_close_done(void **state)
{
	vsp_add();
	fake_connect(1);
	fake_open(1, 10, 16);
	vsp.hold_close = true;
	fake_post_teardown(1, 10);		/* still open: held */
	fake_nothing();
	fake_post_teardown(1, 10);
	fake_nothing();
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	fake_nothing();
	vmbus_channel_close_done(vsp.last);
	vmbus_channel_close_done(vsp.last);
	fake_run();
	assert_int_equal(fake_next(VMBUS_MSG_GPADL_TORNDOWN)->torndown.gpadl, 10);
	fake_nothing();
}

static void reopen_before_close_done(void **state)
{
	vsp_add();
	fake_connect(1);
	fake_open(1, 10, 16);
	vsp.hold_close = true;
	fake_post_relid(VMBUS_MSG_CLOSE_CHANNEL, 1);
	assert_int_equal(fake_gpadl(1, 11, 32, 8), 0);
	fake_post_open(1, 11, 4, 0);
	fake_nothing();
	assert_int_equal(vsp.opens, 1);
	vmbus_channel_close_done(vsp.last);
	fake_run();
	assert_int_equal(fake_next(VMBUS_MSG_OPEN_RESULT)->open_result.status, 0);
	assert_int_equal(vsp.opens, 2);
	vsp.hold_close = false;
}

static void modify_channel(void **state)
{
	static const struct { uint32_t relid, vp; bool good; } all[] = {
		{ 1, 2, true }, { 1, VMBUS_VP_NO_INTERRUPT, true }, { 1, FAKE_VPS, false },
		{ 2, 0, false }, { 3000, 0, false },
	};
	struct vmbus_msg_modify_channel msg;
	struct fake_message *m;
	size_t i;

	vsp_add();
	vsp_add();
	fake_connect(2);
	fake_open(1, 10, 16);
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		msg = (struct vmbus_msg_modify_channel) {
			.relid = all[i].relid, .target_vp = all[i].vp,
		};
		fake_post(4, VMBUS_MSG_MODIFY_CHANNEL, &msg, sizeof(msg));
		m = fake_next(VMBUS_MSG_MODIFY_CHANNEL_RESPONSE);
		assert_int_equal(m->modify.relid, all[i].relid);
		assert_int_equal(m->modify.status, all[i].good ? 0 : 0x8000ffff);
	}
	/* Signals follow. */
	msg = (struct vmbus_msg_modify_channel) { .relid = 1, .target_vp = 3 };
	fake_post(4, VMBUS_MSG_MODIFY_CHANNEL, &msg, sizeof(msg));
	fake_next(VMBUS_MSG_MODIFY_CHANNEL_RESPONSE);
	assert_int_equal(vmbus_channel_send_data(vsp.last, 0, 0, "hello", 5), 0);
	fake_run();
	assert_int_equal(fake.signals[1], 1);
	assert_int_equal(fake.signal_vp, 3);
	/* No answer before 5.3, no such message before 4.1. */
	fake_contact(VMBUS_WIRE_V5_2, 0, 2);
	fake_post_header(VMBUS_MSG_REQUEST_OFFERS);
	fake_next(VMBUS_MSG_OFFER_CHANNEL);
	fake_next(VMBUS_MSG_OFFER_CHANNEL);
	fake_next(VMBUS_MSG_ALL_OFFERS_DELIVERED);
	fake_open(1, 10, 16);
	fake_post(4, VMBUS_MSG_MODIFY_CHANNEL, &msg, sizeof(msg));
	fake_nothing();
	i = stat_of("bad_messages");
	fake_contact(VMBUS_WIRE_V4_0, 0, 2);
	fake_post(1, VMBUS_MSG_MODIFY_CHANNEL, &msg, sizeof(msg));
	assert_int_equal(stat_of("bad_messages"), i + 1);
}

static void hvsock_is_refused(void **state)
{
	struct vmbus_msg_tl_connect msg = { .service_id.b[0] = 5 };
	struct fake_message *m;

	fake_connect(0);
	fake_post(4, VMBUS_MSG_TL_CONNECT_REQUEST, &msg, sizeof(msg));
	m = fake_next(VMBUS_MSG_TL_CONNECT_RESULT);
	assert_int_equal(m->tl.status, 0xc0000236);
	assert_int_equal(m->tl.service_id.b[0], 5);
	fake_contact(VMBUS_WIRE_V4_0, 0, 2);
	fake_post(1, VMBUS_MSG_TL_CONNECT_REQUEST, &msg, sizeof(msg));
	fake_nothing();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VSP_TEST(offers_say_it_all),
		VSP_TEST(relids_run_out),
		VSP_TEST(devices_by_pattern),
		VSP_TEST(rescind_waits_for_release),
		VSP_TEST(rescind_while_vsp_is_busy),
		VSP_TEST(remove_while_disconnected),
		VSP_TEST(guest_gives_an_offer_back),
		VSP_TEST(subchannels),
		VSP_TEST(subchannels_of_a_device_that_went),
		VSP_TEST(open_tells_the_vsp),
		VSP_TEST(open_that_fails),
		VSP_TEST(torndown_waits_for_close_done),
		VSP_TEST(reopen_before_close_done),
		VSP_TEST(modify_channel),
		VSP_TEST(hvsock_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
