// SPDX-License-Identifier: GPL-2.0
/* The integration services as VMBus devices. */
#include "vsp/service.h"

#include <hvic/services.h>
#include <hvic/vmbus.h>

#include "vsp/service_internal.h"

#define OPS(label, class)						\
	{								\
		.name = (label),					\
		.class_id = { { class } },				\
		.offer_flags = VMBUS_OFFER_FLAG_ENUMERATE_INTERFACE |	\
			       VMBUS_OFFER_FLAG_NAMED_PIPE_MODE,	\
		.user_defined = { VMBUS_PIPE_MODE_MESSAGE },		\
		EDGE_VSP_OPS,						\
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
	for (unsigned int i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		if (edge_add(server, control, &services[i].ops,
			     service_new(services[i].service, control, err), err))
			return -1;
	return 0;
}
