// SPDX-License-Identifier: GPL-2.0
/*
 * Devices and what the guest is told of them: offers, subchannels, rescinds, released relids,
 * and the end of a device when nobody knows it any more.
 */
#include <endian.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hyperv/vmbus_internal.h"

/* ---- channels of a device ---- */

static uint32_t free_relid(const struct vmbus_server *server)
{
	uint32_t relid;

	for (relid = VMBUS_RELID_MIN; relid <= VMBUS_RELID_MAX; relid++)
		if (!server->by_relid[relid])
			return relid;
	return 0;
}

/* Return: the channel, or NULL when all relids are in use or memory ran out. */
static struct vmbus_channel *channel_add(struct vmbus_device *dev, unsigned int index)
{
	struct vmbus_channel *ch, **tail;
	uint32_t relid = free_relid(dev->server);

	ch = relid ? calloc(1, sizeof(*ch)) : NULL;
	if (!ch)
		return NULL;
	ch->dev = dev;
	ch->index = index;
	ch->relid = relid;
	ch->event_fd = -1;
	dev->server->by_relid[relid] = ch;
	for (tail = &dev->channels; *tail; tail = &(*tail)->next)
		;
	*tail = ch;
	return ch;
}

static void channel_free_fn(void *arg)
{
	channel_free(arg);
}

static void channel_remove(struct vmbus_channel *ch)
{
	struct vmbus_device *dev = ch->dev;
	struct vmbus_channel **link = &dev->channels;

	while (*link != ch)
		link = &(*link)->next;
	*link = ch->next;
	vmbus_monitor_put(ch);
	dev->server->by_relid[ch->relid] = NULL;
	loop_call_sync(dev->loop, channel_free_fn, ch);
}

static void send_offer(struct vmbus_channel *ch)
{
	const struct vsp_ops *ops = ch->dev->ops;
	struct vmbus_server *server = ch->dev->server;
	int monitor = vmbus_monitor_get(ch);
	struct vmbus_msg_offer offer = {
		.flags = htole16(ops->offer_flags |
				 (monitor < 0 ? 0 : VMBUS_OFFER_FLAG_MONITORED)),
		.monitor_id = monitor < 0 ? 0 : monitor,
		.monitor_allocated = monitor >= 0,
		.mmio_mb = htole16(ops->mmio_mb),
		.subchannel_index = htole16(ch->index),
		.relid = htole32(ch->relid),
		.dedicated_interrupt = htole16(1),
		.connection_id = htole32(VMBUS_CONN_ID_CHANNEL(ch->relid, server->sint, 0)),
	};

	memcpy(offer.class_id.b, ops->class_id.b, sizeof(offer.class_id.b));
	memcpy(offer.instance_id.b, ch->dev->instance.b, sizeof(offer.instance_id.b));
	memcpy(offer.u.user_defined, ops->user_defined, sizeof(offer.u.user_defined));
	channel_set_state(ch, CHANNEL_OFFERED);
	vmbus_send(server, VMBUS_MSG_OFFER_CHANNEL, &offer, sizeof(offer));
}

bool vmbus_server_may_offer(const struct vmbus_server *server)
{
	return server->conn == CONN_CONNECTED && server->offers_sent;
}

void vmbus_request_offers(struct vmbus_server *server, const void *msg, size_t len)
{
	struct vmbus_msg_header done;
	struct vmbus_device *dev;

	if (server->offers_sent) {
		vmbus_bad_message(server, "REQUEST_OFFERS twice");
		return;
	}
	server->offers_sent = true;
	for (dev = server->devices; dev; dev = dev->next)
		if (!dev->removing && dev->channels->state == CHANNEL_IDLE)
			send_offer(dev->channels);
	vmbus_send(server, VMBUS_MSG_ALL_OFFERS_DELIVERED, &done, sizeof(done));
}

void vmbus_channel_revoke(struct vmbus_channel *ch)
{
	struct vmbus_msg_relid rescind = { .relid = htole32(ch->relid) };

	vmbus_channel_close(ch);
	if (ch->state == CHANNEL_OFFERED) {
		channel_set_state(ch, CHANNEL_REVOKED);
		ch->reopen = false;
		vmbus_send(ch->dev->server, VMBUS_MSG_RESCIND_OFFER, &rescind, sizeof(rescind));
	} else if (ch->state == CHANNEL_IDLE) {
		channel_set_state(ch, CHANNEL_RELEASED);
	}
}

void vmbus_relid_released(struct vmbus_server *server, const void *msg, size_t len)
{
	const struct vmbus_msg_relid *released = msg;
	uint32_t relid = le32toh(released->relid);
	struct vmbus_channel *ch = relid <= VMBUS_RELID_MAX ? server->by_relid[relid] : NULL;

	if (!ch || (ch->state != CHANNEL_REVOKED && ch->state != CHANNEL_OFFERED)) {
		vmbus_bad_message(server, "RELID_RELEASED for channel %u, which is %s", relid,
				  ch ? vmbus_channel_state_name(ch) : "unknown");
		return;
	}
	vmbus_gpadls_drop(server, relid);
	/*
	 * A guest may give back an offer that it has no use for; it is offered again only on
	 * the next connection.
	 */
	ch->reopen = false;
	channel_set_state(ch, ch->state == CHANNEL_REVOKED ? CHANNEL_RELEASED : CHANNEL_IDLE);
	ch->dev->removing |= ch->dev->ops->transient;
	if ((ch->index || ch->dev->removing) && ch->state == CHANNEL_IDLE)
		channel_set_state(ch, CHANNEL_RELEASED);
	vmbus_device_check_gone(ch->dev);
}

/* ---- the end of channels and devices ---- */

static void destroy_fn(void *arg)
{
	struct vmbus_device *dev = arg;

	dev->ops->destroy(dev);
}

static void device_free(struct vmbus_device *dev)
{
	struct vmbus_device **link = &dev->server->devices;

	while (*link != dev)
		link = &(*link)->next;
	*link = dev->next;
	while (dev->channels)
		channel_remove(dev->channels);
	loop_call_sync(dev->loop, destroy_fn, dev);
	free(dev);
}

/* A rescinded device of which the guest knows nothing any more is offered as if it were new. */
static void offer_again(struct vmbus_device *dev)
{
	struct vmbus_channel *primary = dev->channels;

	if (primary->state != CHANNEL_RELEASED || primary->busy || primary->next)
		return;
	dev->bouncing = false;
	channel_set_state(primary, CHANNEL_IDLE);
	if (vmbus_server_may_offer(dev->server))
		send_offer(primary);
}

/* Subchannels first: a guest looks for the primary when one of them goes. */
static void revoke_all(struct vmbus_device *dev)
{
	struct vmbus_channel *ch;

	for (ch = dev->channels->next; ch; ch = ch->next)
		vmbus_channel_revoke(ch);
	vmbus_channel_revoke(dev->channels);
}

void vmbus_device_check_gone(struct vmbus_device *dev)
{
	struct vmbus_channel *ch, *next;
	bool gone = dev->removing;

	for (ch = dev->channels; ch; ch = next) {
		next = ch->next;
		if (ch->state != CHANNEL_RELEASED || ch->busy)
			gone = false;
		else if (ch->index)
			channel_remove(ch);
	}
	if (gone)
		device_free(dev);
	else if (dev->bouncing)
		offer_again(dev);
}

void vmbus_device_bounce(struct vmbus_device *dev)
{
	if (dev->removing || dev->bouncing)
		return;
	if (dev->channels->state != CHANNEL_OFFERED && dev->channels->state != CHANNEL_OPEN)
		return;
	dev->bouncing = true;
	revoke_all(dev);
}

void vmbus_devices_disconnect(struct vmbus_server *server)
{
	struct vmbus_device *dev, *next_dev;
	struct vmbus_channel *ch;

	for (dev = server->devices; dev; dev = next_dev) {
		next_dev = dev->next;
		dev->removing |= dev->ops->transient;
		for (ch = dev->channels; ch; ch = ch->next) {
			vmbus_channel_close(ch);
			ch->reopen = false;
			if (ch->state == CHANNEL_REVOKED)
				channel_set_state(ch, CHANNEL_RELEASED);
			else if (ch->state == CHANNEL_OFFERED)
				channel_set_state(ch, CHANNEL_IDLE);
			if ((ch->index || dev->ops->transient) && ch->state == CHANNEL_IDLE)
				channel_set_state(ch, CHANNEL_RELEASED);
		}
		vmbus_device_check_gone(dev);
	}
}

unsigned int vmbus_channels_open(const struct vmbus_server *server)
{
	const struct vmbus_device *dev;
	const struct vmbus_channel *ch;
	unsigned int n = 0;

	for (dev = server->devices; dev; dev = dev->next)
		for (ch = dev->channels; ch; ch = ch->next)
			n += ch->state == CHANNEL_OPEN;
	return n;
}

bool vmbus_devices_idle(const struct vmbus_server *server)
{
	const struct vmbus_device *dev;
	const struct vmbus_channel *ch;

	for (dev = server->devices; dev; dev = dev->next)
		for (ch = dev->channels; ch; ch = ch->next)
			if (ch->busy)
				return false;
	return true;
}

void vmbus_device_remove(struct vmbus_device *dev)
{
	if (dev->removing)
		return;
	dev->removing = true;
	revoke_all(dev);
	vmbus_device_check_gone(dev);
}

unsigned int vmbus_devices_remove(struct vmbus_server *server, const char *pattern)
{
	struct vmbus_device *dev, *next;
	unsigned int n = 0;

	for (dev = server->devices; dev; dev = next) {
		next = dev->next;
		if (dev->removing || fnmatch(pattern, dev->name, 0))
			continue;
		vmbus_device_remove(dev);
		n++;
	}
	return n;
}

/* ---- new devices ---- */

static struct vmbus_device *find_instance(struct vmbus_server *server,
					  const struct vmbus_guid *instance)
{
	struct vmbus_device *dev;

	for (dev = server->devices; dev; dev = dev->next)
		if (!memcmp(&dev->instance, instance, sizeof(*instance)))
			return dev;
	return NULL;
}

/* The least number that no device of that name has; -1 when memory ran out. */
static long free_number(const struct vmbus_server *server, const char *name)
{
	const struct vmbus_device *dev;
	size_t n = 1, number = 0;
	bool *used;

	for (dev = server->devices; dev; dev = dev->next)
		n++;
	used = calloc(n, sizeof(*used));
	if (!used)
		return -1;
	for (dev = server->devices; dev; dev = dev->next)
		if (dev->number < n && !strcmp(dev->ops->name, name))
			used[dev->number] = true;
	while (used[number])
		number++;
	free(used);
	return number;
}

/* The same device on the same command line has the same GUID at each start. */
static void derive_instance(const char *name, unsigned int number, struct vmbus_guid *guid)
{
	uint64_t hash = 0xcbf29ce484222325u;	/* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
	memcpy(guid->b, &hash, sizeof(hash));
	guid->b[7] = (guid->b[7] & 0x0f) | 0x40;	/* version 4, as a random one looks */
	memcpy(guid->b + 8, "\x8fhvic", 5);
	guid->b[13] = 0;
	guid->b[14] = number >> 8;
	guid->b[15] = number;
}

struct vmbus_device *vmbus_device_add(struct vmbus_server *server, struct loop *loop,
				      const struct vsp_ops *ops, const struct vmbus_guid *instance,
				      void *priv, struct error *err)
{
	struct vmbus_device *dev, **tail;
	long number = free_number(server, ops->name);
	struct vmbus_guid guid;
	char text[37];

	if (number < 0) {
		error_set(err, "%s: out of memory", ops->name);
		return NULL;
	}
	if (instance)
		guid = *instance;
	else
		derive_instance(ops->name, number, &guid);
	if (find_instance(server, &guid)) {
		vmbus_guid_format(&guid, text);
		error_set(err, "%s: a device with instance %s is there already", ops->name, text);
		return NULL;
	}
	dev = calloc(1, sizeof(*dev));
	if (!dev) {
		error_set(err, "%s: out of memory", ops->name);
		return NULL;
	}
	dev->server = server;
	dev->loop = loop;
	dev->ops = ops;
	dev->instance = guid;
	dev->serial = ++server->next_serial;
	dev->number = number;
	dev->priv = priv;
	snprintf(dev->name, sizeof(dev->name), "%s%u", ops->name, dev->number);
	if (!channel_add(dev, 0)) {
		error_set(err, "%s: all %u channels are in use", dev->name, VMBUS_RELID_MAX);
		free(dev);
		return NULL;
	}
	for (tail = &server->devices; *tail; tail = &(*tail)->next)
		;
	*tail = dev;
	if (vmbus_server_may_offer(server))
		send_offer(dev->channels);
	return dev;
}

/* ---- subchannels ---- */

struct subchannel_request {
	struct vmbus_server *server;
	uint64_t serial;		/* the device may be gone when the request arrives */
	unsigned int count;
};

static struct vmbus_channel *find_subchannel(struct vmbus_device *dev, unsigned int index)
{
	struct vmbus_channel *ch;

	for (ch = dev->channels->next; ch; ch = ch->next)
		if (ch->index == index && ch->state <= CHANNEL_OPEN)
			return ch;
	return NULL;
}

static void offer_subchannels(void *arg)
{
	struct subchannel_request *request = arg;
	struct vmbus_server *server = request->server;
	struct vmbus_device *dev = server->devices;
	struct vmbus_channel *ch;
	unsigned int i;

	while (dev && dev->serial != request->serial)
		dev = dev->next;
	if (dev && dev->channels->state == CHANNEL_OPEN && vmbus_server_may_offer(server)) {
		for (i = 1; i <= request->count; i++) {
			if (find_subchannel(dev, i))
				continue;
			ch = channel_add(dev, i);
			if (!ch) {
				vmbus_log(server, "%s: no relid for subchannel %u", dev->name, i);
				break;
			}
			send_offer(ch);
		}
	}
	free(request);
}

void vmbus_subchannels_offer(struct vmbus_device *dev, unsigned int count)
{
	struct subchannel_request *request = calloc(1, sizeof(*request));

	if (!request)
		return;
	request->server = dev->server;
	request->serial = dev->serial;
	request->count = count;
	loop_call(dev->server->loop, offer_subchannels, request);
}

/* ---- small questions ---- */

struct vmbus_device *vmbus_device_find(struct vmbus_server *server, const char *what)
{
	struct vmbus_device *dev;
	struct vmbus_guid guid;

	for (dev = server->devices; dev; dev = dev->next)
		if (!dev->removing && !strcmp(dev->name, what))
			return dev;
	if (vmbus_guid_parse(what, &guid))
		return NULL;
	dev = find_instance(server, &guid);
	return dev && !dev->removing ? dev : NULL;
}

void *vmbus_device_priv(struct vmbus_device *dev)
{
	return dev->priv;
}

struct loop *vmbus_device_loop(struct vmbus_device *dev)
{
	return dev->loop;
}

struct vmbus_server *vmbus_device_server(struct vmbus_device *dev)
{
	return dev->server;
}

const char *vmbus_device_name(struct vmbus_device *dev)
{
	return dev->name;
}

struct vmbus_channel *vmbus_device_primary(struct vmbus_device *dev)
{
	return dev->channels;
}

const struct guest_memory *vmbus_device_memory(struct vmbus_device *dev)
{
	return dev->server->mem;
}
