// SPDX-License-Identifier: GPL-2.0
/*
 * A channel on its device's loop: rings, packets in and out, signals. Signals and the check for
 * a guest that waits for space are put off to the end of the loop's turn.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hyperv/vmbus_internal.h"

#define RECV_BUDGET	512	/* packets of one readable(), so that others get their turn */
#define POLL_MS		1	/* full ring of a guest that does not signal for space */
#define PACKET_CAP_MIN	4096

/* ---- the end of a turn ---- */

static void arm_turn(struct vmbus_channel *ch, int due)
{
	if ((int)ch->turn_due >= due)
		return;
	ch->turn_due = due;
	loop_timer_set(ch->turn, due == TURN_NOW ? 0 : POLL_MS);
}

static void flush_signals(struct vmbus_channel *ch)
{
	int ret;

	if (ring_in_freed(&ch->in))
		ch->want_signal = true;
	if (hostile_interrupt(ch) && ch->want_signal) {
		arm_turn(ch, TURN_POLL);
		return;
	}
	if (!ch->want_signal)
		return;
	ch->want_signal = false;
	if (ch->target_vp == VMBUS_VP_NO_INTERRUPT)
		return;
	ret = synic_signal_event(ch->dev->server->synic, ch->target_vp, ch->sint, ch->relid);
	if (ret > 0)
		ch->counters.signals_out++;
	else
		ch->counters.signals_merged++;
}

/* Let the VSP take what the guest gave: space, then packets. */
static void serve(struct vmbus_channel *ch)
{
	const struct vsp_ops *ops = ch->dev->ops;

	ch->budget = RECV_BUDGET;
	if (ring_out_ready(&ch->out) && ops->writable)
		ops->writable(ch);
	if (ch->live && !ch->broken)
		ops->readable(ch);
}

static void turn_fn(void *arg)
{
	struct vmbus_channel *ch = arg;
	bool polled = ch->turn_due == TURN_POLL;

	ch->turn_due = TURN_NONE;
	if (!ch->live)
		return;
	if (ch->kicked || polled) {
		ch->kicked = false;
		serve(ch);
	}
	if (!ch->live)
		return;
	if (hostile_flood(ch)) {
		/* Not at once, so that others get their turn. */
		ch->turn_due = TURN_NONE;
		arm_turn(ch, TURN_POLL);
	}
	flush_signals(ch);
	if (ch->out.waiting && !ring_in_guest_signals_space(&ch->in))
		arm_turn(ch, TURN_POLL);
}

static void event_fn(void *arg, uint32_t events)
{
	struct vmbus_channel *ch = arg;
	uint64_t count;

	if (read(ch->event_fd, &count, sizeof(count)) != sizeof(count))
		return;
	ch->counters.signals_in += count;
	serve(ch);
}

/* ---- start and stop, called by the server ---- */

static void drop_rings(struct vmbus_channel *ch)
{
	ch->live = false;
	ch->kicked = false;
	ch->want_signal = false;
	if (ch->turn)
		loop_timer_cancel(ch->turn);
	ch->turn_due = TURN_NONE;
	if (ch->echoes)
		loop_timer_cancel(ch->echoes);
	loop_del_fd(ch->dev->loop, ch->event_fd);
	close(ch->event_fd);
	ch->event_fd = -1;
	free(ch->pages);
	ch->pages = NULL;
}

static int start_rings(struct vmbus_channel *ch, const struct channel_start *start)
{
	int ret;

	ret = ring_in_init(&ch->in, start->pages, start->nr_out);
	if (!ret)
		ret = ring_out_init(&ch->out, start->pages + start->nr_out, start->nr_in);
	if (ret)
		return ret;
	if (!ch->turn)
		ch->turn = loop_timer_new(ch->dev->loop, turn_fn, ch);
	if (!ch->turn)
		return -ENOMEM;
	ch->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (ch->event_fd < 0)
		return -errno;
	ret = loop_add_fd(ch->dev->loop, ch->event_fd, EPOLLIN, event_fn, ch);
	if (ret) {
		close(ch->event_fd);
		ch->event_fd = -1;
	}
	return ret;
}

void channel_start(void *arg)
{
	struct channel_start *start = arg;
	struct vmbus_channel *ch = start->ch;

	ch->target_vp = start->target_vp;
	ch->sint = start->sint;
	if (start_rings(ch, start)) {
		free(start->pages);
		start->status = VMBUS_STATUS_UNSUCCESSFUL;
		return;
	}
	ch->pages = start->pages;
	ch->broken = false;
	ch->close_done = false;
	ch->live = true;
	start->status = ch->dev->ops->open(ch, start->user_data);
	if (start->status)
		drop_rings(ch);
	else
		vmbus_channel_kick(ch);
}

void channel_stop(void *arg)
{
	struct vmbus_channel *ch = arg;

	drop_rings(ch);
	ch->dev->ops->close(ch);
}

void channel_free(struct vmbus_channel *ch)
{
	loop_timer_free(ch->turn);
	loop_timer_free(ch->echoes);
	hostile_stream_drop(&ch->hostile);
	ranges_free(&ch->ranges);
	free(ch->packet);
	free(ch);
}

void vmbus_channel_close_done(struct vmbus_channel *ch)
{
	if (ch->live || ch->close_done)
		return;
	ch->close_done = true;
	loop_call(ch->dev->server->loop, vmbus_channel_closed, ch);
}

/* ---- packets ---- */

static int channel_broke(struct vmbus_channel *ch, const char *what, int error)
{
	ch->counters.bad_packets++;
	if (!ch->broken)
		vmbus_log(ch->dev->server, "%s channel %u: %s: %s; it is dead until it is reopened",
			  ch->dev->name, ch->relid, what, strerror(-error));
	ch->broken = true;
	return -EBADMSG;
}

/* Copy the next packet to ch->packet. Return: as ring_in_read(), or -ENOMEM. */
static int next_packet(struct vmbus_channel *ch, uint32_t *len)
{
	int ret = -ENOSPC;

	*len = PACKET_CAP_MIN;
	if (ch->packet)
		ret = ring_in_read(&ch->in, ch->packet, ch->packet_cap, len);
	if (ret == -ENOSPC) {
		void *grown = realloc(ch->packet, *len);

		if (!grown)
			return -ENOMEM;
		ch->packet = grown;
		ch->packet_cap = *len;
		ret = ring_in_read(&ch->in, ch->packet, ch->packet_cap, len);
	}
	return ret;
}

int vmbus_channel_recv(struct vmbus_channel *ch, struct vmbus_packet *pkt)
{
	uint32_t len;
	int ret;

	if (!ch->live)
		return 0;
	if (ch->broken)
		return -EBADMSG;
	if (!ch->budget) {
		vmbus_channel_kick(ch);
		return 0;
	}
	do {
		ring_in_mask(&ch->in);
		do {
			ret = next_packet(ch, &len);
		} while (ret == -ENOSPC);
	} while (!ret && ring_in_unmask(&ch->in));
	if (ret < 0)
		return channel_broke(ch, "bad index or length in the guest's ring", ret);
	arm_turn(ch, TURN_NOW);
	if (!ret)
		return 0;
	ch->budget--;
	ret = packet_parse(pkt, ch->dev->server->mem, ch->packet, len, &ch->ranges);
	if (ret)
		return channel_broke(ch, "bad packet", ret);
	ch->counters.packets_in++;
	ch->counters.bytes_in += len;
	return 1;
}

void vmbus_channel_kick(struct vmbus_channel *ch)
{
	if (!ch->live)
		return;
	ch->kicked = true;
	arm_turn(ch, TURN_NOW);
}

static bool type_is_sendable(uint16_t type)
{
	return type == VMBUS_PKT_DATA_INBAND || type == VMBUS_PKT_COMPLETION ||
	       type == VMBUS_PKT_DATA_USING_XFER_PAGES;
}

int channel_reserve(struct vmbus_channel *ch, uint32_t total)
{
	int ret;

	do {
		ret = ring_out_begin(&ch->out, total);
		if (ret == -EAGAIN)
			ch->counters.ring_full++;
	} while (ret == -EAGAIN && !ring_out_wait(&ch->out, total));
	if (ret == -EBADMSG) {
		channel_broke(ch, "bad read index in the host's ring", ret);
		return -EPIPE;
	}
	if (ret == -EAGAIN)
		arm_turn(ch, TURN_NOW);
	return ret;
}

void channel_sent(struct vmbus_channel *ch, uint32_t total)
{
	if (ring_out_end(&ch->out)) {
		ch->want_signal = true;
		arm_turn(ch, TURN_NOW);
	}
	ch->counters.packets_out++;
	ch->counters.bytes_out += total;
}

int vmbus_channel_send(struct vmbus_channel *ch, uint16_t type, uint16_t flags, uint64_t xid,
		       const void *hdr, size_t hdr_len, const struct iovec *iov, int niov)
{
	struct vmbus_pkt_header head;
	size_t payload = 0, total;
	int i, ret;

	if (!ch->live || ch->broken)
		return -EPIPE;
	for (i = 0; i < niov; i++)
		payload += iov[i].iov_len;
	if (!type_is_sendable(type) || hdr_len % 8)
		return -EINVAL;
	if (hdr_len > VMBUS_PKT_MAX || payload > VMBUS_PKT_MAX)
		return -EMSGSIZE;
	total = sizeof(head) + hdr_len + ((payload + 7) & ~(size_t)7);
	if (total > VMBUS_PKT_MAX)
		return -EMSGSIZE;
	ret = channel_reserve(ch, total);
	if (ret)
		return ret;
	head = (struct vmbus_pkt_header) {
		.type = htole16(type),
		.offset8 = htole16((sizeof(head) + hdr_len) / 8),
		.len8 = htole16(total / 8),
		.flags = htole16(flags),
		.xid = htole64(xid),
	};
	if (hostile_armed(&ch->dev->server->hostile)) {
		hostile_send(ch, &head, sizeof(head), hdr, hdr_len, iov, niov, total);
		return 0;
	}
	ring_out_put(&ch->out, &head, sizeof(head));
	if (hdr_len)
		ring_out_put(&ch->out, hdr, hdr_len);
	for (i = 0; i < niov; i++)
		ring_out_put(&ch->out, iov[i].iov_base, iov[i].iov_len);
	ring_out_put(&ch->out, NULL, total - sizeof(head) - hdr_len - payload);
	channel_sent(ch, total);
	return 0;
}

int vmbus_channel_complete(struct vmbus_channel *ch, uint64_t xid, const void *data, size_t len)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };

	return vmbus_channel_send(ch, VMBUS_PKT_COMPLETION, 0, xid, NULL, 0, &iov, len ? 1 : 0);
}

int vmbus_channel_send_data(struct vmbus_channel *ch, uint16_t flags, uint64_t xid,
			    const void *data, size_t len)
{
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };

	return vmbus_channel_send(ch, VMBUS_PKT_DATA_INBAND, flags, xid, NULL, 0, &iov,
				  len ? 1 : 0);
}

/* ---- small questions ---- */

struct vmbus_device *vmbus_channel_device(struct vmbus_channel *ch)
{
	return ch->dev;
}

unsigned int vmbus_channel_index(struct vmbus_channel *ch)
{
	return ch->index;
}

uint32_t vmbus_channel_relid(struct vmbus_channel *ch)
{
	return ch->relid;
}

void vmbus_channel_set_priv(struct vmbus_channel *ch, void *priv)
{
	ch->priv = priv;
}

void *vmbus_channel_priv(struct vmbus_channel *ch)
{
	return ch->priv;
}

json_t *channel_stats(struct vmbus_channel *ch)
{
	const struct channel_counters *c = &ch->counters;

	return json_pack("{s:b, s:b, s:i, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			 "live", ch->live, "broken", ch->broken,
			 "target_vp", (int)ch->target_vp,
			 "packets_in", (json_int_t)c->packets_in,
			 "packets_out", (json_int_t)c->packets_out,
			 "bytes_in", (json_int_t)c->bytes_in,
			 "bytes_out", (json_int_t)c->bytes_out,
			 "signals_received", (json_int_t)c->signals_in,
			 "signals_sent", (json_int_t)c->signals_out,
			 "signals_merged", (json_int_t)c->signals_merged,
			 "ring_full", (json_int_t)c->ring_full,
			 "bad_packets", (json_int_t)c->bad_packets);
}
