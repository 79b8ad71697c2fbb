// SPDX-License-Identifier: GPL-2.0
/*
 * Commands of the suites' host: what the driver wrote into a ring, read by rules of its own, and
 * what a packet meets on its way there.
 */
#include <linux/unaligned.h>

#include "../storvsc.h"
#include "fake_host.h"

/* One packet out of the ring. Return: bytes of its payload, 0 when there is none. */
static u32 take_raw(struct fake_channel *fc, struct fake_request *req, u8 *payload)
{
	struct fake_host *host = fc->host;
	const u8 *raw = host->raw;
	u32 bytes, head, type, expected = 16;

	spin_lock_bh(&host->lock);
	bytes = fake_channel_take(fc, host->raw, sizeof(host->raw));
	if (!bytes || bytes == U32_MAX)
		goto out;
	type = get_unaligned_le16(raw);
	head = get_unaligned_le16(raw + 2) * 8;
	req->id = get_unaligned_le64(raw + 8);
	req->with_data = type == 9;
	if (req->with_data) {
		req->bytes = get_unaligned_le32(raw + 24);
		req->offset = get_unaligned_le32(raw + 28);
		req->pages = DIV_ROUND_UP(req->offset + req->bytes, 4096);
		expected = 32 + 8 * req->pages;
	}
	/* In-band or one range, wants an answer, nothing beside what must be there. */
	if ((!req->with_data && type != 6) || head != expected || bytes - head > LEN_V2 ||
	    get_unaligned_le16(raw + 6) != 1 || req->offset >= 4096 || req->pages > FAKE_PFNS ||
	    (req->with_data && (get_unaligned_le32(raw + 16) ||
				get_unaligned_le32(raw + 20) != 1))) {
		bytes = U32_MAX;
		goto out;
	}
	memcpy(host->pfns, raw + 32, req->with_data ? 8 * req->pages : 0);
	memcpy(req->pfns, host->pfns, 8 * min(req->pages, 2u));
	bytes -= head;
	memcpy(payload, raw + head, bytes);
out:
	if (bytes == U32_MAX) {
		host->tampered++;
		bytes = 0;
	}
	spin_unlock_bh(&host->lock);
	return bytes;
}

/**
 * fake_host_drain() - the host is awake: it takes what the driver wrote
 * @fc: a channel of it
 */
void fake_host_drain(struct fake_channel *fc)
{
	u8 payload[LEN_V2];
	u32 len;

	for (;;) {
		struct fake_request req = { };

		len = take_raw(fc, &req, payload);
		if (!len)
			return;
		fake_host_take(fc, &req, payload, len);
	}
}

/* What stands between the driver and its own storvsc_put_packet(). */
int fake_put_packet(struct storvsc_host *sh, struct vmbus_channel *ch, struct scsi_cmnd *cmd,
		    u64 id, bool *due)
{
	struct fake_channel *fc = container_of(ch, struct fake_channel, vmbus);
	struct fake_host *host = fc->host;
	bool fail;
	int ret;

	*due = false;
	if (host->on_write)
		host->on_write(host, id);
	spin_lock_bh(&host->lock);
	fail = host->fail_op == EXECUTE && host->fail_times;
	if (fail)
		host->fail_times--;
	spin_unlock_bh(&host->lock);
	if (fail && !host->fail_late)
		return host->fail_error;
	ret = storvsc_put_packet(sh, ch, cmd, id, due);
	if (!ret && host->on_written)
		host->on_written(host);
	return fail ? host->fail_error : ret;
}
