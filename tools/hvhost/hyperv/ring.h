/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The packet rings over guest memory, seen from the host: it reads the guest-to-host ring
 * and writes the other. The guest may write any of that memory at any time, so the indices that
 * count are private copies and each one read from the guest is checked.
 */
#ifndef HVHOST_HYPERV_RING_H
#define HVHOST_HYPERV_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	uint32_t *control;	/* first page */
	uint8_t **page;		/* data pages */
	uint32_t size;		/* bytes of data */
};

/* The ring that the host reads. */
struct ring_in {
	struct ring ring;
	uint32_t write;		/* the guest's write index, as last read and checked */
	uint32_t read;		/* ours; the one in the control page is a copy for the guest */
	uint64_t freed;		/* bytes that were read since the last ring_in_freed() */
	bool masked;
};

/* The ring that the host writes. */
struct ring_out {
	struct ring ring;
	uint32_t write;		/* ours */
	uint32_t read;		/* the guest's, as last read and checked */
	uint32_t fill;		/* where the packet that is being written continues */
	uint32_t waiting;	/* bytes that were asked for with pending_send_size, or 0 */
};

/**
 * ring_in_init() - start reading a ring
 * @pages: control page, then @nr - 1 data pages; the array is the caller's and stays
 * Return: 0; -EINVAL for fewer than 2 pages; -EBADMSG when its indices are no indices.
 */
int ring_in_init(struct ring_in *in, uint8_t **pages, uint32_t nr);

/**
 * ring_in_read() - copy the next packet out and move on
 * @buf: for descriptor and payload
 * @cap: its size in bytes, at least 16
 * @len: the packet's length; set also with -ENOSPC
 * Return: 1; 0 when the ring is empty; -ENOSPC when @cap is too small (nothing moved);
 * -EBADMSG when index or length are impossible.
 */
int ring_in_read(struct ring_in *in, void *buf, size_t cap, uint32_t *len);

/** ring_in_mask() - tell the guest that it need not signal. */
void ring_in_mask(struct ring_in *in);

/** ring_in_unmask() - ask for signals again. Return: whether packets (or a bad index) came
 * meanwhile, so that the caller reads on; nobody signals those.
 */
bool ring_in_unmask(struct ring_in *in);

/** ring_in_freed() - whether a guest that may wait for space must be signalled: what was read
 * since the last call took the free space over its pending_send_size.
 */
bool ring_in_freed(struct ring_in *in);

/** ring_in_guest_signals_space() - whether the guest promised to signal for our
 * pending_send_size (its feature bit); if not, a full ring has to be polled.
 */
bool ring_in_guest_signals_space(const struct ring_in *in);

/** ring_out_init() - start writing a ring; as ring_in_init(). */
int ring_out_init(struct ring_out *out, uint8_t **pages, uint32_t nr);

/**
 * ring_out_begin() - make room for a packet
 * @len: bytes of descriptor and payload, a multiple of 8
 * Return: 0; -EAGAIN when there is no room now; -EMSGSIZE when there never is; -EBADMSG when
 * the guest's index is impossible.
 */
int ring_out_begin(struct ring_out *out, uint32_t len);

/** ring_out_put() - copy the next bytes of the packet; NULL @data: zeroes. */
void ring_out_put(struct ring_out *out, const void *data, uint32_t len);

/** ring_out_end() - the packet is whole: add the trailer and show it to the guest.
 * Return: whether the guest must be signalled.
 */
bool ring_out_end(struct ring_out *out);

/** ring_out_wait() - ask to be signalled when a packet of @len fits.
 * Return: false when it fits already (and nothing was asked).
 */
bool ring_out_wait(struct ring_out *out, uint32_t len);

/** ring_out_ready() - whether there was a wait and it is over; ends it. */
bool ring_out_ready(struct ring_out *out);

#endif
