/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A device for tests of the VMBus server: it notes what happens to it and echoes each packet.
 */
#ifndef HVHOST_TESTS_FAKE_VSP_H
#define HVHOST_TESTS_FAKE_VSP_H

#include "fake_guest.h"

static struct {
	unsigned int opens, closes, destroys, readables, writables;
	void (*received)(const struct vmbus_packet *pkt);	/* instead of the echo */
	struct vmbus_channel *last;
	bool hold_close;	/* close_done is left to the test */
	int open_status;
	uint8_t user_data[120];
} vsp;

static int vsp_open(struct vmbus_channel *ch, const uint8_t user_data[120])
{
	vsp.opens++;
	vsp.last = ch;
	memcpy(vsp.user_data, user_data, 120);
	return vsp.open_status;
}

static void vsp_readable(struct vmbus_channel *ch)
{
	struct vmbus_packet pkt;

	vsp.readables++;
	while (vmbus_channel_recv(ch, &pkt) == 1) {
		if (vsp.received)
			vsp.received(&pkt);
		else
			vmbus_channel_complete(ch, pkt.xid, pkt.data, pkt.len);
	}
}

static void vsp_writable(struct vmbus_channel *ch)
{
	vsp.writables++;
}

static void vsp_close(struct vmbus_channel *ch)
{
	vsp.closes++;
	vsp.last = ch;
	if (!vsp.hold_close)
		vmbus_channel_close_done(ch);
}

static void vsp_destroy(struct vmbus_device *dev)
{
	vsp.destroys++;
}

static const struct vsp_ops vsp_ops = {
	.name = "probe",
	.class_id = { { 1, 2, 3, 4 } },
	.offer_flags = VMBUS_OFFER_FLAG_NAMED_PIPE_MODE,
	.user_defined = { VMBUS_PIPE_MODE_MESSAGE },
	.mmio_mb = 8,
	.open = vsp_open,
	.readable = vsp_readable,
	.writable = vsp_writable,
	.close = vsp_close,
	.destroy = vsp_destroy,
};

static inline struct vmbus_device *vsp_add(void)
{
	struct vmbus_device *dev;

	dev = vmbus_device_add(fake.server, fake.loop, &vsp_ops, NULL, NULL, NULL);
	assert_non_null(dev);
	return dev;
}

static inline int vsp_setup(void **state)
{
	memset(&vsp, 0, sizeof(vsp));
	fake_start(VMBUS_WIRE_V5_3);
	return 0;
}

static inline int vsp_teardown(void **state)
{
	fake_stop();
	return 0;
}

static inline json_int_t stat_of(const char *key)
{
	json_t *stats = vmbus_server_stats(fake.server);
	json_int_t value = json_integer_value(json_object_get(stats, key));

	json_decref(stats);
	return value;
}

static inline void assert_connection(const char *name, const char *version)
{
	json_t *stats = vmbus_server_stats(fake.server);

	assert_string_equal(json_string_value(json_object_get(stats, "connection")), name);
	assert_string_equal(json_string_value(json_object_get(stats, "version")), version);
	json_decref(stats);
}

#define VSP_TEST(fn)	cmocka_unit_test_setup_teardown(fn, vsp_setup, vsp_teardown)

#endif
