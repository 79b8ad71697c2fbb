// SPDX-License-Identifier: GPL-2.0
/* The integration services as VMBus devices: their offers and their channels. */
#include "vsp/service.h"

#include <hvic/services.h>
#include <hvic/vmbus.h>

#include "vsp/service_internal.h"

static struct service *of_channel(struct vmbus_channel *ch)
{
	return vmbus_device_priv(vmbus_channel_device(ch));
}

static int send_packet(void *arg, const void *data, size_t len)
{
	return vmbus_channel_send_data(arg, 0, 0, data, len);
}

static int op_open(struct vmbus_channel *ch, const uint8_t user_data[120])
{
	service_opened(of_channel(ch), send_packet, ch);
	return 0;
}

static void op_readable(struct vmbus_channel *ch)
{
	struct vmbus_packet pkt;

	while (vmbus_channel_recv(ch, &pkt) == 1) {
		uint64_t xid = pkt.xid;
		bool completion = pkt.flags & VMBUS_PKT_FLAG_COMPLETION_REQUESTED;

		if (pkt.type == VMBUS_PKT_DATA_INBAND)
			service_receive(of_channel(ch), pkt.data, pkt.len);
		if (completion)
			vmbus_channel_complete(ch, xid, NULL, 0);
	}
}

static void op_close(struct vmbus_channel *ch)
{
	service_closed(of_channel(ch));
	vmbus_channel_close_done(ch);
}

static void op_destroy(struct vmbus_device *dev)
{
	service_free(vmbus_device_priv(dev));
}

static void op_stats(struct vmbus_device *dev, json_t *object)
{
	service_stats(vmbus_device_priv(dev), object);
}

#define OPS(label, class)						\
	{								\
		.name = (label),					\
		.class_id = { { class } },				\
		.offer_flags = VMBUS_OFFER_FLAG_ENUMERATE_INTERFACE |	\
			       VMBUS_OFFER_FLAG_NAMED_PIPE_MODE,	\
		.user_defined = { VMBUS_PIPE_MODE_MESSAGE },		\
		.open = op_open,					\
		.readable = op_readable,				\
		.close = op_close,					\
		.destroy = op_destroy,					\
		.stats = op_stats,					\
	}

static const struct {
	const struct service_ops *service;
	struct vsp_ops ops;
} services[] = {
	{ &heartbeat_service, OPS("heartbeat", IC_CLASS_HEARTBEAT) },
	{ &shutdown_service, OPS("shutdown", IC_CLASS_SHUTDOWN) },
	{ &time_service, OPS("timesync", IC_CLASS_TIMESYNC) },
	{ &kvp_service, OPS("kvp", IC_CLASS_KVP) },
};

int services_create(struct vmbus_server *server, struct control *control, struct error *err)
{
	for (unsigned int i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		struct service *svc = service_new(services[i].service, control, err);

		if (!svc)
			return -1;
		if (!vmbus_device_add(server, control_loop(control), &services[i].ops, NULL, svc,
				      err)) {
			service_free(svc);
			return -1;
		}
	}
	return 0;
}
