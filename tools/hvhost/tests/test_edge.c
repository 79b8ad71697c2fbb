// SPDX-License-Identifier: GPL-2.0
/* The channel's side of the small devices: what of the guest's reaches a device, and back. */
#include "fake_channel.h"

#include "control.h"
#include "vsp/edge.h"

static struct {
	struct edge edge;
	outbox_send_fn send;
	void *arg;
	unsigned int received, writables, closes, frees;
	uint8_t last[FAKE_PAYLOAD];
	size_t len;
} dev;

static void opened(struct edge *edge, outbox_send_fn send, void *arg)
{
	assert_ptr_equal(edge, &dev.edge);
	dev.send = send;
	dev.arg = arg;
}

static void receive(struct edge *edge, const void *data, size_t len)
{
	dev.received++;
	memcpy(dev.last, data, len);
	dev.len = len;
}

static void writable(struct edge *edge)
{
	dev.writables++;
}

static void closed(struct edge *edge)
{
	dev.closes++;
}

static void free_dev(struct edge *edge)
{
	dev.frees++;
}

static void stats(struct edge *edge, json_t *object)
{
	json_object_set_new(object, "received", json_integer(dev.received));
}

static const struct edge_ops all = { opened, receive, writable, closed, free_dev, stats };
static const struct edge_ops no_writable = { opened, receive, NULL, closed, free_dev, stats };
static const struct vsp_ops vsp = { .name = "small", EDGE_VSP_OPS };

static struct loop *loop;
static struct control *control;

static struct vmbus_channel *start(const struct edge_ops *ops)
{
	memset(&dev, 0, sizeof(dev));
	dev.edge.ops = ops;
	loop = loop_new("test");
	control = control_new(loop);
	assert_int_equal(edge_add(NULL, control, &vsp, &dev.edge, NULL), 0);
	assert_ptr_equal(fake_dev.loop, loop);
	return fake_channel(0);
}

static void stop(struct vmbus_channel *ch)
{
	vsp.close(ch);
	assert_true(ch->closed);
	assert_int_equal(dev.closes, 1);
	vmbus_device_remove(&fake_dev);
	assert_int_equal(dev.frees, 1);
	free(ch);
	control_free(control);
	loop_free(loop);
}

static void messages_both_ways(void **state)
{
	struct vmbus_channel *ch = start(&all);
	json_t *object = json_object();
	struct fake_packet *p;

	/* One that wants no completion, one that does. */
	fake_put(ch, 7, "abcdefgh", 8, NULL, 0)->flags = 0;
	fake_serve(ch);
	assert_int_equal(dev.received, 1);
	assert_int_equal(dev.len, 8);
	assert_memory_equal(dev.last, "abcdefgh", 8);
	assert_null(fake_get(ch));
	fake_put(ch, 8, "ijklmnop", 8, NULL, 0);
	fake_serve(ch);
	assert_int_equal(dev.received, 2);
	p = fake_get(ch);
	assert_non_null(p);
	assert_int_equal(p->type, VMBUS_PKT_COMPLETION);
	assert_int_equal(p->xid, 8);
	assert_int_equal(p->len, 0);

	assert_int_equal(dev.send(dev.arg, "to guest", 8), 0);
	p = fake_get(ch);
	assert_non_null(p);
	assert_int_equal(p->type, VMBUS_PKT_DATA_INBAND);
	assert_int_equal(p->flags, 0);
	assert_memory_equal(p->data, "to guest", 8);
	ch->room = 0;
	assert_int_equal(dev.send(dev.arg, "to guest", 8), -EAGAIN);
	ch->room = 10;
	vsp.writable(ch);
	assert_int_equal(dev.writables, 1);

	vsp.stats(&fake_dev, object);
	assert_int_equal(json_integer_value(json_object_get(object, "received")), 2);
	json_decref(object);
	stop(ch);
}

/* Pages and completions are not for such a device; who waits for an answer gets one. */
static void other_packets(void **state)
{
	struct vmbus_channel *ch = start(&no_writable);
	uint8_t page[64];

	fake_put(ch, 1, "abcdefgh", 8, page, sizeof(page));
	fake_put(ch, 2, "abcdefgh", 8, NULL, 0)->type = VMBUS_PKT_COMPLETION;
	fake_serve(ch);
	assert_int_equal(dev.received, 0);
	assert_int_equal(fake_get(ch)->xid, 1);
	assert_int_equal(fake_get(ch)->xid, 2);
	assert_null(fake_get(ch));
	vsp.writable(ch);
	stop(ch);
}

static void no_device(void **state)
{
	assert_int_equal(edge_add(NULL, NULL, &vsp, NULL, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_both_ways),
		cmocka_unit_test(other_packets),
		cmocka_unit_test(no_device),
	};

	return cmocka_run_group_tests_name("edge", tests, NULL, NULL);
}
