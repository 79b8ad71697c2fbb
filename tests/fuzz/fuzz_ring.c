// SPDX-License-Identifier: GPL-2.0
/*
 * The packet ring: indices and descriptors that the host may set to anything. The ring's data is
 * mapped twice, as in the kernel; a page behind it that nobody may touch catches what runs over.
 */
#include <sys/mman.h>
#include <unistd.h>

#include <ring/ring.h>

#include "fuzz.h"

#define PAGE	4096u

/* A ring of one data page. */
static struct hv_ring_buffer *ring_map(void)
{
	int fd = memfd_create("ring", 0);
	uint8_t *base;

	HOLDS(fd >= 0 && !ftruncate(fd, 2 * PAGE));
	base = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	HOLDS(base != MAP_FAILED);
	HOLDS(mmap(base, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == base);
	HOLDS(mmap(base + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		   PAGE) == base + 2 * PAGE);
	close(fd);
	return (struct hv_ring_buffer *)base;
}

static void receive(struct vmbus_channel *channel)
{
	struct hv_ring_buffer_info *rbi = &channel->inbound;
	struct hvic_ring_packet packet;
	unsigned int rounds = 0;
	int ret;

	while ((ret = hvic_ring_rx_peek(channel, &packet)) == 1) {
		HOLDS(packet.raw_len >= 16 && packet.raw_len < PAGE);
		HOLDS(packet.len <= packet.raw_len - 16);
		fuzz_within(packet.raw, packet.raw_len, hv_get_ring_buffer(rbi), 2 * PAGE);
		fuzz_within(packet.data, packet.len, packet.raw, packet.raw_len);
		hvic_ring_rx_advance(channel, &packet);
		HOLDS(hvic_ring_index_ok(rbi, rbi->priv_read_index));
		/* A packet takes 24 bytes at least, so a still ring ends. */
		HOLDS(++rounds <= PAGE / 24);
	}
	if (ret) {
		hvic_ring_rx_discard(channel);
		HOLDS(!hvic_ring_rx_peek(channel, &packet));
	}
}

static void send(struct vmbus_channel *channel, const uint8_t *data, size_t size)
{
	struct hv_ring_buffer_info *rbi = &channel->outbound;
	struct hvic_ring_tx tx;
	void *room;
	size_t i;

	if (hvic_ring_tx_begin(channel, &tx))
		return;
	for (i = 0; i < size && i < 64; i++) {
		uint32_t len = (2 + data[i]) * 8;
		uint32_t used = PAGE - tx.free;

		room = hvic_ring_tx_reserve(&tx, len);
		if (!room)
			continue;
		HOLDS(used + len + HVIC_RING_TRAILER < PAGE);
		memset(room, 0x5a, len);
		hvic_ring_tx_commit(&tx, len);
		HOLDS(hvic_ring_index_ok(rbi, tx.next));
	}
	hvic_ring_tx_end(&tx);
	HOLDS(hvic_ring_index_ok(rbi, rbi->ring_buffer->write_index));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hv_ring_buffer *in, *out;
	struct vmbus_channel channel = { 0 };
	uint32_t words[4];

	if (!in) {
		in = ring_map();
		out = ring_map();
	}
	if (size < sizeof(words))
		return 0;
	memcpy(words, data, sizeof(words));
	data += sizeof(words);
	size -= sizeof(words);

	channel.inbound = (struct hv_ring_buffer_info) {
		.ring_buffer = in,
		.ring_datasize = PAGE,
		/* Ours alone: always possible. */
		.priv_read_index = words[0] % PAGE & ~7u,
	};
	channel.outbound = (struct hv_ring_buffer_info) {
		.ring_buffer = out,
		.ring_datasize = PAGE,
	};
	in->write_index = words[1];
	in->read_index = channel.inbound.priv_read_index;
	memset(in->buffer, 0, PAGE);
	/* The bytes start where the reader is, and wrap. */
	memcpy(in->buffer + channel.inbound.priv_read_index, data, min(size, (size_t)PAGE));
	out->write_index = words[2];
	out->read_index = words[3];
	out->interrupt_mask = words[0] & 1;

	receive(&channel);
	send(&channel, data, size);
	return 0;
}
