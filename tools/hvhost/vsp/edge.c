// SPDX-License-Identifier: GPL-2.0
/* The channel's side of small devices; see edge.h. */
#include "vsp/edge.h"

#include <hvic/vmbus.h>

static struct edge *of_channel(struct vmbus_channel *ch)
{
	return vmbus_device_priv(vmbus_channel_device(ch));
}

static int send_packet(void *arg, const void *data, size_t len)
{
	return vmbus_channel_send_data(arg, 0, 0, data, len);
}

int edge_open(struct vmbus_channel *ch, const uint8_t user_data[120])
{
	struct edge *edge = of_channel(ch);

	edge->ops->opened(edge, send_packet, ch);
	return 0;
}

void edge_readable(struct vmbus_channel *ch)
{
	struct edge *edge = of_channel(ch);
	struct vmbus_packet pkt;

	while (vmbus_channel_recv(ch, &pkt) == 1) {
		uint64_t xid = pkt.xid;
		bool completion = pkt.flags & VMBUS_PKT_FLAG_COMPLETION_REQUESTED;

		if (pkt.type == VMBUS_PKT_DATA_INBAND)
			edge->ops->receive(edge, pkt.data, pkt.len);
		if (completion)
			vmbus_channel_complete(ch, xid, NULL, 0);
	}
}

void edge_writable(struct vmbus_channel *ch)
{
	struct edge *edge = of_channel(ch);

	if (edge->ops->writable)
		edge->ops->writable(edge);
}

void edge_close(struct vmbus_channel *ch)
{
	struct edge *edge = of_channel(ch);

	edge->ops->closed(edge);
	vmbus_channel_close_done(ch);
}

void edge_destroy(struct vmbus_device *dev)
{
	struct edge *edge = vmbus_device_priv(dev);

	edge->ops->free(edge);
}

void edge_stats(struct vmbus_device *dev, json_t *object)
{
	struct edge *edge = vmbus_device_priv(dev);

	edge->ops->stats(edge, object);
}

int edge_add(struct vmbus_server *server, struct control *control, const struct vsp_ops *ops,
	     struct edge *edge, struct error *err)
{
	if (!edge)
		return -1;
	if (vmbus_device_add(server, control_loop(control), ops, NULL, edge, err))
		return 0;
	edge->ops->free(edge);
	return -1;
}
