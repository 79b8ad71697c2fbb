// SPDX-License-Identifier: GPL-2.0
/*
 * The packet rings over guest memory, seen from the host. A ring is full when one more
 * packet would make the write index equal the read index, so "free" must exceed the need.
 */
#include "hyperv/ring.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "hvic/vmbus.h"
#include "vmm/memory.h"

#define WORD(member)	(offsetof(struct vmbus_ring_control, member) / 4)

#define DESC_SIZE	((uint32_t)sizeof(struct vmbus_pkt_header))
#define TRAILER_SIZE	((uint32_t)sizeof(struct vmbus_ring_trailer))

static uint32_t control_get(const struct ring *ring, size_t word)
{
	return le32toh(__atomic_load_n(&ring->control[word], __ATOMIC_ACQUIRE));
}

static void control_set(struct ring *ring, size_t word, uint32_t value)
{
	__atomic_store_n(&ring->control[word], htole32(value), __ATOMIC_RELEASE);
}

/* Order our store to one control word before our load of another. */
static void fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Read an index that the guest owns. Return: 0 or -EBADMSG. */
static int index_get(const struct ring *ring, size_t word, uint32_t *index)
{
	uint32_t value = control_get(ring, word);

	if (value >= ring->size || value % 8)
		return -EBADMSG;
	*index = value;
	return 0;
}

static uint32_t used(const struct ring *ring, uint32_t write, uint32_t read)
{
	return write >= read ? write - read : ring->size - read + write;
}

static uint32_t advance(const struct ring *ring, uint32_t index, uint32_t len)
{
	uint32_t left = ring->size - index;

	return len < left ? index + len : len - left;
}

/* Bytes from @index to the end of its page, at most @len; *@p is where they are. */
static uint32_t piece(const struct ring *ring, uint32_t index, uint32_t len, uint8_t **p)
{
	uint32_t in_page = index % GUEST_PAGE_SIZE;
	uint32_t left = GUEST_PAGE_SIZE - in_page;

	*p = ring->page[index / GUEST_PAGE_SIZE] + in_page;
	return len < left ? len : left;
}

static void copy_out(const struct ring *ring, uint32_t index, void *to, uint32_t len)
{
	while (len) {
		uint8_t *p;
		uint32_t n = piece(ring, index, len, &p);

		memcpy(to, p, n);
		to = (uint8_t *)to + n;
		len -= n;
		index = advance(ring, index, n);
	}
}

static int ring_init(struct ring *ring, uint8_t **pages, uint32_t nr, uint32_t *write,
		     uint32_t *read)
{
	if (nr < 2 || nr > UINT32_MAX / GUEST_PAGE_SIZE)
		return -EINVAL;
	ring->control = (uint32_t *)pages[0];
	ring->page = pages + 1;
	ring->size = (nr - 1) * GUEST_PAGE_SIZE;
	if (index_get(ring, WORD(write_index), write) || index_get(ring, WORD(read_index), read))
		return -EBADMSG;
	return 0;
}

int ring_in_init(struct ring_in *in, uint8_t **pages, uint32_t nr)
{
	memset(in, 0, sizeof(*in));
	return ring_init(&in->ring, pages, nr, &in->write, &in->read);
}

int ring_in_read(struct ring_in *in, void *buf, size_t cap, uint32_t *len)
{
	struct vmbus_pkt_header head;
	uint32_t avail;

	if (in->write == in->read &&
	    index_get(&in->ring, WORD(write_index), &in->write))
		return -EBADMSG;
	avail = used(&in->ring, in->write, in->read);
	if (!avail)
		return 0;
	if (avail < DESC_SIZE + TRAILER_SIZE)
		return -EBADMSG;
	copy_out(&in->ring, in->read, &head, DESC_SIZE);
	*len = le16toh(head.len8) * 8u;
	if (*len < DESC_SIZE || *len > avail - TRAILER_SIZE)
		return -EBADMSG;
	if (*len > cap)
		return -ENOSPC;
	memcpy(buf, &head, DESC_SIZE);
	copy_out(&in->ring, advance(&in->ring, in->read, DESC_SIZE), (uint8_t *)buf + DESC_SIZE,
		 *len - DESC_SIZE);
	in->read = advance(&in->ring, in->read, *len + TRAILER_SIZE);
	in->freed += *len + TRAILER_SIZE;
	control_set(&in->ring, WORD(read_index), in->read);
	return 1;
}

void ring_in_mask(struct ring_in *in)
{
	if (in->masked)
		return;
	in->masked = true;
	control_set(&in->ring, WORD(interrupt_mask), 1);
}

bool ring_in_unmask(struct ring_in *in)
{
	in->masked = false;
	control_set(&in->ring, WORD(interrupt_mask), 0);
	fence();
	return control_get(&in->ring, WORD(write_index)) != in->read;
}

bool ring_in_freed(struct ring_in *in)
{
	uint64_t freed = in->freed;
	uint32_t need, write, left;

	if (!freed)
		return false;
	in->freed = 0;
	fence();
	/* Some guests ask for the whole ring less one byte; packets are multiples of 8. */
	need = control_get(&in->ring, WORD(pending_send_size)) & ~7u;
	if (!need || index_get(&in->ring, WORD(write_index), &write))
		return false;
	/*
	 * The guest may have filled the ring anew while it was being read, more than once: so much
	 * passed through it that it may have been full at some time, and nobody signalled that.
	 */
	left = used(&in->ring, write, in->read);
	return left + freed + need >= in->ring.size && left + need < in->ring.size;
}

bool ring_in_guest_signals_space(const struct ring_in *in)
{
	return control_get(&in->ring, WORD(feature_bits)) & VMBUS_RING_FEATURE_PENDING_SEND_SIZE;
}

int ring_out_init(struct ring_out *out, uint8_t **pages, uint32_t nr)
{
	int ret;

	memset(out, 0, sizeof(*out));
	ret = ring_init(&out->ring, pages, nr, &out->write, &out->read);
	if (ret)
		return ret;
	control_set(&out->ring, WORD(pending_send_size), 0);
	control_set(&out->ring, WORD(feature_bits), VMBUS_RING_FEATURE_PENDING_SEND_SIZE);
	return 0;
}

static bool fits(const struct ring_out *out, uint32_t total)
{
	return out->ring.size - used(&out->ring, out->write, out->read) > total;
}

int ring_out_begin(struct ring_out *out, uint32_t len)
{
	uint32_t total = len + TRAILER_SIZE;

	if (total >= out->ring.size || len > VMBUS_PKT_MAX)
		return -EMSGSIZE;
	if (!fits(out, total)) {
		if (index_get(&out->ring, WORD(read_index), &out->read))
			return -EBADMSG;
		if (!fits(out, total))
			return -EAGAIN;
	}
	out->fill = out->write;
	return 0;
}

void ring_out_put(struct ring_out *out, const void *data, uint32_t len)
{
	while (len) {
		uint8_t *p;
		uint32_t n = piece(&out->ring, out->fill, len, &p);

		if (data) {
			memcpy(p, data, n);
			data = (const uint8_t *)data + n;
		} else {
			memset(p, 0, n);
		}
		len -= n;
		out->fill = advance(&out->ring, out->fill, n);
	}
}

bool ring_out_end(struct ring_out *out)
{
	struct vmbus_ring_trailer trailer = { .start_offset = htole32(out->write) };
	uint32_t before = out->write, read;

	ring_out_put(out, &trailer, sizeof(trailer));
	out->write = out->fill;
	control_set(&out->ring, WORD(write_index), out->write);
	fence();
	if (control_get(&out->ring, WORD(interrupt_mask)))
		return false;
	/* Signal only when the ring was empty: a guest that reads goes on until it is. */
	if (index_get(&out->ring, WORD(read_index), &read))
		return false;
	out->read = read;
	return read == before;
}

bool ring_out_wait(struct ring_out *out, uint32_t len)
{
	uint32_t total = len + TRAILER_SIZE, read;

	control_set(&out->ring, WORD(pending_send_size), total);
	out->waiting = total;
	fence();
	if (!index_get(&out->ring, WORD(read_index), &read)) {
		out->read = read;
		if (fits(out, total)) {
			control_set(&out->ring, WORD(pending_send_size), 0);
			out->waiting = 0;
			return false;
		}
	}
	return true;
}

bool ring_out_ready(struct ring_out *out)
{
	uint32_t read;

	if (!out->waiting || index_get(&out->ring, WORD(read_index), &read))
		return false;
	out->read = read;
	if (!fits(out, out->waiting))
		return false;
	control_set(&out->ring, WORD(pending_send_size), 0);
	out->waiting = 0;
	return true;
}
