// SPDX-License-Identifier: GPL-2.0
/*
 * The server's state and counters as JSON; a device's part is collected on its own loop.
 */
#include <stdio.h>

#include "hyperv/vmbus_internal.h"

struct collect {
	struct vmbus_device *dev;
	json_t *object;
};

static void collect_fn(void *arg)
{
	struct collect *collect = arg;
	struct vmbus_device *dev = collect->dev;
	json_t *channels = json_array(), *own = json_object(), *one;
	struct vmbus_channel *ch;
	char class_id[37], instance[37];

	vmbus_guid_format(&dev->ops->class_id, class_id);
	vmbus_guid_format(&dev->instance, instance);
	for (ch = dev->channels; ch; ch = ch->next) {
		one = channel_stats(ch);
		json_object_set_new(one, "relid", json_integer(ch->relid));
		json_object_set_new(one, "class", json_string(class_id));
		json_object_set_new(one, "instance", json_string(instance));
		json_object_set_new(one, "name", json_string(dev->name));
		json_object_set_new(one, "index", json_integer(ch->index));
		json_object_set_new(one, "state", json_string(vmbus_channel_state_name(ch)));
		json_array_append_new(channels, one);
	}
	if (dev->ops->stats)
		dev->ops->stats(dev, own);
	collect->object = json_pack("{s:s, s:s, s:s, s:b, s:o, s:o}", "name", dev->name,
				    "class", class_id, "instance", instance,
				    "removing", dev->removing, "channels", channels, "stats", own);
}

json_t *vmbus_server_stats(struct vmbus_server *server)
{
	json_t *devices = json_array();
	struct vmbus_device *dev;
	char version[16];

	for (dev = server->devices; dev; dev = dev->next) {
		struct collect collect = { .dev = dev };

		/* The main loop waits meanwhile, so what is its own stands still. */
		loop_call_sync(dev->loop, collect_fn, &collect);
		json_array_append_new(devices, collect.object);
	}
	snprintf(version, sizeof(version), "%u.%u", VMBUS_WIRE_MAJOR(server->version),
		 VMBUS_WIRE_MINOR(server->version));
	return json_pack("{s:s, s:s, s:i, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
			 "s:I, s:I, s:i, s:i, s:i, s:o}",
			 "connection", vmbus_conn_state_name(server), "version", version,
			 "vp", (int)server->vp, "sint", (int)server->sint,
			 "messages_in", (json_int_t)server->messages_in,
			 "messages_out", (json_int_t)server->messages_out,
			 "bad_messages", (json_int_t)server->bad_messages,
			 "busy_slots", (json_int_t)server->busy_slots,
			 "timed_retries", (json_int_t)server->timed_retries,
			 "lost_messages", (json_int_t)server->lost_messages,
			 "monitor_signals", (json_int_t)server->monitor_signals,
			 "contacts", (json_int_t)server->contacts,
			 "unloads", (json_int_t)server->unloads,
			 "open_at_unload", (int)server->open_at_unload,
			 "messages_waiting", (int)atomic_load(&server->out_queue),
			 "gpadls", (int)server->nr_gpadls,
			 "devices", devices);
}
