// SPDX-License-Identifier: GPL-2.0
/*
 * A command's packet, built where the host reads it: descriptor, page numbers, storage request.
 * Nothing that stands in the ring is read back, since the host can write it.
 */
#include <linux/scatterlist.h>

#include <ring/ring.h>

#include "storvsc.h"

/* Before the page numbers of a packet with data: 0, the number of ranges, and the one range. */
struct storvsc_gpa {
	u32 reserved;
	u32 ranges;
	struct gpa_range range;
};

static_assert(sizeof(struct storvsc_gpa) == 16);
/* Packets are multiples of eight bytes, without any padding. */
static_assert(!(VSTOR_PACKET_LEN_V1 % 8) && !(VSTOR_PACKET_LEN_V2 % 8));

static void storvsc_fill_srb(struct scsi_cmnd *cmd, struct vstor_packet *packet, u16 version)
{
	struct vstor_srb *srb = &packet->srb;
	u32 flags = VSTOR_SRB_FLAG_DISABLE_SYNCH_TRANSFER;

	memset(packet, 0, vstor_packet_len(version));
	packet->operation = cpu_to_le32(VSTOR_OP_EXECUTE_SRB);
	packet->flags = cpu_to_le32(VSTOR_FLAG_REQUEST_COMPLETION);

	srb->port_number = cmd->device->host->host_no;
	srb->path_id = cmd->device->channel;
	srb->target_id = cmd->device->id;
	srb->lun = cmd->device->lun;
	srb->cdb_length = cmd->cmd_len;
	memcpy(srb->cdb, cmd->cmnd, cmd->cmd_len);
	srb->data_transfer_length = cpu_to_le32(scsi_bufflen(cmd));

	switch (cmd->sc_data_direction) {
	case DMA_TO_DEVICE:
		srb->data_in = VSTOR_DATA_OUT;
		flags |= VSTOR_SRB_FLAG_DATA_OUT;
		break;
	case DMA_FROM_DEVICE:
		srb->data_in = VSTOR_DATA_IN;
		flags |= VSTOR_SRB_FLAG_DATA_IN;
		break;
	default:
		srb->data_in = VSTOR_DATA_NONE;
	}

	if (version < VSTOR_VERSION_5_1) {
		srb->length = cpu_to_le16(VSTOR_SRB_LEN_V1);
		srb->sense_info_length = VSTOR_SENSE_MAX_V1;
		return;
	}
	srb->length = cpu_to_le16(VSTOR_SRB_LEN_V2);
	srb->sense_info_length = VSTOR_SENSE_MAX;
	srb->timeout = cpu_to_le32(60);
	if (cmd->device->tagged_supported) {
		flags |= VSTOR_SRB_FLAG_QUEUE_ACTION_ENABLE | VSTOR_SRB_FLAG_NO_QUEUE_FREEZE;
		srb->queue_tag = VSTOR_QUEUE_TAG_UNTAGGED;
		srb->queue_action = VSTOR_QUEUE_ACTION_SIMPLE;
	}
	srb->srb_flags = cpu_to_le32(flags);
}

/* The pages of a command's data. Return: whether they are as many as there must be. */
static bool storvsc_fill_pages(const struct storvsc_cmd *sc, struct storvsc_gpa *gpa)
{
	u64 *to = gpa->range.pfn_array;
	struct scatterlist *sg;
	u32 i, n = 0;

	gpa->reserved = 0;
	gpa->ranges = 1;
	gpa->range.byte_count = sc->length;
	gpa->range.byte_offset = sc->offset;
	for_each_sg(sc->sgl, sg, sc->nents, i) {
		u64 pfn = HVPFN_DOWN(sg_dma_address(sg));
		u64 end = HVPFN_UP(sg_dma_address(sg) + sg_dma_len(sg));

		for (; pfn < end && n < sc->pages; pfn++)
			to[n++] = pfn;
	}
	return n == sc->pages;
}

/**
 * storvsc_put_packet() - publish a command, without a signal
 * @sh: the controller
 * @ch: an open channel of it
 * @cmd: the command, its data mapped
 * @xid: what the host's answer will carry
 * @due: whether a signal is due, also after an error
 *
 * Context: any; interrupts are off while the packet is built.
 * Return: 0; -EAGAIN when the ring is full; -ENODEV when the channel was rescinded, maybe after the
 * host has had the packet; -EIO when the host broke the ring; -EINVAL when the mapping of the data
 * is none that a packet can describe.
 */
int storvsc_put_packet(struct storvsc_host *sh, struct vmbus_channel *ch, struct scsi_cmnd *cmd,
		       u64 xid, bool *due)
{
	const struct storvsc_cmd *sc = scsi_cmd_priv(cmd);
	u32 data = sc->sgl ? sizeof(struct storvsc_gpa) + sc->pages * sizeof(u64) : 0;
	u32 head = sizeof(struct vmpacket_descriptor) + data;
	u32 size = head + vstor_packet_len(sh->version);
	const struct vmpacket_descriptor desc = {
		.type = data ? VM_PKT_DATA_USING_GPA_DIRECT : VM_PKT_DATA_INBAND,
		.offset8 = head / 8,
		.len8 = size / 8,
		.flags = VMBUS_DATA_PACKET_FLAG_COMPLETION_REQUESTED,
		.trans_id = xid,
	};
	struct hvic_ring_tx tx;
	void *at;
	int ret;

	*due = false;
	ret = hvic_ring_tx_begin(ch, &tx);
	if (ret)
		return ret;
	at = hvic_ring_tx_reserve(&tx, size);
	if (!at) {
		ret = -EAGAIN;
	} else if (data && WARN_ON_ONCE(!storvsc_fill_pages(sc, at + sizeof(desc)))) {
		ret = -EINVAL;
	} else {
		memcpy(at, &desc, sizeof(desc));
		storvsc_fill_srb(cmd, at + head, sh->version);
		hvic_ring_tx_commit(&tx, size);
	}
	*due = hvic_ring_tx_publish(&tx);
	/* Rescinded meanwhile: no answer will come. */
	if (!ret && unlikely(READ_ONCE(ch->rescind)))
		ret = -ENODEV;
	return ret;
}
