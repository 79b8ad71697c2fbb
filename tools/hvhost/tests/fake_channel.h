/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Channels for unit tests of a VSP alone: the functions of hyperv/vmbus.h that a VSP calls are
 * here, in the bus's place (the host is linked from an archive), and queue packets in a ring
 * that can be full on command. One include a program.
 */
#ifndef HVHOST_TESTS_FAKE_CHANNEL_H
#define HVHOST_TESTS_FAKE_CHANNEL_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hvic/vmbus.h"
#include "hyperv/vmbus.h"
#include "loop.h"

#define FAKE_QUEUE	2048u
#define FAKE_PAYLOAD	64u

struct vmbus_device {
	char name[16];
	const struct vsp_ops *ops;
	void *priv;
	struct loop *loop;
	bool removed;
	unsigned int subchannels;	/* offered */
};

struct fake_packet {
	uint16_t type, flags;
	uint64_t xid;
	uint64_t data[FAKE_PAYLOAD / 8];
	uint32_t len;
	bool has_range, unmapped;
	struct vmbus_range range;
	struct iovec iov[8];
};

struct vmbus_channel {
	struct vmbus_device *dev;
	unsigned int index;
	void *priv;
	unsigned int room;		/* packets that the guest's inbound ring takes */
	bool kicked, closed;
	struct fake_packet to_host[FAKE_QUEUE], to_guest[FAKE_QUEUE];
	unsigned int host_head, host_tail, guest_head, guest_tail;
};

static struct vmbus_device fake_dev;

struct vmbus_device *vmbus_device_add(struct vmbus_server *server,
				      struct loop *loop, const struct vsp_ops *ops,
				      const struct vmbus_guid *instance, void *priv,
				      struct error *err)
{
	static unsigned int number;

	memset(&fake_dev, 0, sizeof(fake_dev));
	snprintf(fake_dev.name, sizeof(fake_dev.name), "%s%u", ops->name, number++);
	fake_dev.ops = ops;
	fake_dev.priv = priv;
	fake_dev.loop = loop;
	return &fake_dev;
}

void vmbus_device_remove(struct vmbus_device *dev)
{
	dev->removed = true;
	dev->ops->destroy(dev);
}

void *vmbus_device_priv(struct vmbus_device *dev)
{
	return dev->priv;
}

const char *vmbus_device_name(struct vmbus_device *dev)
{
	return dev->name;
}

void vmbus_subchannels_offer(struct vmbus_device *dev, unsigned int count)
{
	dev->subchannels = count;
}

struct vmbus_device *vmbus_channel_device(struct vmbus_channel *ch)
{
	return ch->dev;
}

unsigned int vmbus_channel_index(struct vmbus_channel *ch)
{
	return ch->index;
}

void vmbus_channel_set_priv(struct vmbus_channel *ch, void *priv)
{
	ch->priv = priv;
}

void *vmbus_channel_priv(struct vmbus_channel *ch)
{
	return ch->priv;
}

/* What recv() hands out is valid until the next call: keep it in one place, as the bus does. */
int vmbus_channel_recv(struct vmbus_channel *ch, struct vmbus_packet *pkt)
{
	static struct fake_packet now;

	memset(&now, 0xdd, sizeof(now));
	if (ch->host_head == ch->host_tail)
		return 0;
	now = ch->to_host[ch->host_head++ % FAKE_QUEUE];
	now.range.iov = now.iov;
	*pkt = (struct vmbus_packet) {
		.type = now.type, .flags = now.flags, .xid = now.xid, .data = now.data,
		.len = now.len, .nr_ranges = now.has_range, .ranges = &now.range,
		.unmapped = now.unmapped,
	};
	return 1;
}

void vmbus_channel_kick(struct vmbus_channel *ch)
{
	assert_false(ch->closed);
	ch->kicked = true;
}

static int fake_send(struct vmbus_channel *ch, uint16_t type, uint16_t flags, uint64_t xid,
		     const void *data, size_t len)
{
	struct fake_packet *p = &ch->to_guest[ch->guest_tail % FAKE_QUEUE];

	assert_false(ch->closed);
	assert_true(len <= FAKE_PAYLOAD);
	if (!ch->room)
		return -EAGAIN;
	ch->room--;
	ch->guest_tail++;
	memset(p, 0, sizeof(*p));
	p->type = type;
	p->flags = flags;
	p->xid = xid;
	p->len = len;
	if (len)
		memcpy(p->data, data, len);
	return 0;
}

int vmbus_channel_complete(struct vmbus_channel *ch, uint64_t xid,
			   const void *data, size_t len)
{
	return fake_send(ch, VMBUS_PKT_COMPLETION, 0, xid, data, len);
}

int vmbus_channel_send_data(struct vmbus_channel *ch, uint16_t flags,
			    uint64_t xid, const void *data, size_t len)
{
	return fake_send(ch, VMBUS_PKT_DATA_INBAND, flags, xid, data, len);
}

void vmbus_channel_close_done(struct vmbus_channel *ch)
{
	assert_false(ch->closed);
	ch->closed = true;
}

/* ---- the guest's side ---- */

static struct vmbus_channel *fake_channel(unsigned int index)
{
	static const uint8_t user_data[120];
	struct vmbus_channel *ch = calloc(1, sizeof(*ch));

	ch->dev = &fake_dev;
	ch->index = index;
	ch->room = FAKE_QUEUE;
	assert_int_equal(fake_dev.ops->open(ch, user_data), 0);
	return ch;
}

/* A packet, served at the next fake_serve(). @buf: the data of a GPA-direct packet, or NULL. */
static struct fake_packet *fake_put(struct vmbus_channel *ch, uint64_t xid, const void *data,
				    uint32_t len, void *buf, uint32_t buf_len)
{
	struct fake_packet *p = &ch->to_host[ch->host_tail++ % FAKE_QUEUE];

	memset(p, 0, sizeof(*p));
	p->type = buf ? VMBUS_PKT_DATA_USING_GPA_DIRECT : VMBUS_PKT_DATA_INBAND;
	p->flags = VMBUS_PKT_FLAG_COMPLETION_REQUESTED;
	p->xid = xid;
	p->len = len;
	memcpy(p->data, data, len);
	if (buf) {
		p->has_range = true;
		p->iov[0] = (struct iovec){ buf, buf_len / 2 };
		p->iov[1] = (struct iovec){ (char *)buf + buf_len / 2, buf_len - buf_len / 2 };
		p->range = (struct vmbus_range){ .len = buf_len, .niov = 2 };
	}
	return p;
}

/* What the bus does upon a signal, and upon every kick that follows. */
static void fake_serve(struct vmbus_channel *ch)
{
	do {
		ch->kicked = false;
		ch->dev->ops->readable(ch);
	} while (ch->kicked);
}

static struct fake_packet *fake_get(struct vmbus_channel *ch)
{
	if (ch->guest_head == ch->guest_tail)
		return NULL;
	return &ch->to_guest[ch->guest_head++ % FAKE_QUEUE];
}

#endif
