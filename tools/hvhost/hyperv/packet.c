// SPDX-License-Identifier: GPL-2.0
/*
 * What a packet from the guest's ring says: its descriptor and page lists, checked.
 */
#include "hyperv/packet.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "hvic/vmbus.h"

/* Descriptor bytes that a type from the guest has; 0: not a type for this direction. */
static const uint8_t least_offset[] = {
	[VMBUS_PKT_DATA_INBAND] = sizeof(struct vmbus_pkt_header),
	[VMBUS_PKT_DATA_USING_GPA_DIRECT] = sizeof(struct vmbus_pkt_gpa_direct),
	[VMBUS_PKT_COMPLETION] = sizeof(struct vmbus_pkt_header),
};

int packet_parse(struct vmbus_packet *pkt, const struct guest_memory *mem, const void *bytes,
		 uint32_t len, struct ranges *ranges)
{
	struct vmbus_pkt_gpa_direct head;
	uint32_t offset;
	int ret;

	if (len < sizeof(struct vmbus_pkt_header))
		return -EBADMSG;
	memset(&head, 0, sizeof(head));
	memcpy(&head, bytes, len < sizeof(head) ? len : sizeof(head));
	memset(pkt, 0, sizeof(*pkt));
	pkt->type = le16toh(head.header.type);
	pkt->flags = le16toh(head.header.flags);
	pkt->xid = le64toh(head.header.xid);
	offset = le16toh(head.header.offset8) * 8u;
	if (le16toh(head.header.len8) * 8u != len || offset > len)
		return -EBADMSG;
	if (pkt->type >= sizeof(least_offset) || !least_offset[pkt->type] ||
	    offset < least_offset[pkt->type])
		return -EBADMSG;
	if (pkt->flags & ~VMBUS_PKT_FLAG_COMPLETION_REQUESTED)
		return -EBADMSG;
	pkt->data = (const uint8_t *)bytes + offset;
	pkt->len = len - offset;
	if (pkt->type != VMBUS_PKT_DATA_USING_GPA_DIRECT)
		return 0;
	ret = ranges_parse(ranges, mem, (const uint8_t *)bytes + sizeof(head),
			   offset - sizeof(head), le32toh(head.range_count));
	/* One bad request of many; the ring itself is in order. */
	pkt->unmapped = ret == -EFAULT;
	if (ret)
		return pkt->unmapped ? 0 : ret;
	pkt->nr_ranges = ranges->nr;
	pkt->ranges = ranges->range;
	return 0;
}
