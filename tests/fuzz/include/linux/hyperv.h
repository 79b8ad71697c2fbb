/* SPDX-License-Identifier: GPL-2.0 */
/* The part of the kernel's VMBus interface that ring.h reads and writes. */
#ifndef HVIC_FUZZ_HYPERV_H
#define HVIC_FUZZ_HYPERV_H

#include <linux/spinlock.h>
#include <linux/types.h>

#define READ_ONCE(x)			(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value)		(*(volatile __typeof__(x) *)&(x) = (value))
#define virt_load_acquire(p)		READ_ONCE(*(p))
#define virt_store_release(p, value)	WRITE_ONCE(*(p), value)
#define virt_mb()			__sync_synchronize()
#define virt_rmb()			__sync_synchronize()
#define likely(x)			(x)
#define unlikely(x)			(x)
#define __acquire(x)			((void)(x))
#define __release(x)			((void)(x))

struct hv_ring_buffer {
	u32 write_index;
	u32 read_index;
	u32 interrupt_mask;
	u32 pending_send_sz;
	u8 reserved[4096 - 16];
	u8 buffer[];
};

struct hv_ring_buffer_info {
	struct hv_ring_buffer *ring_buffer;
	u32 ring_datasize;
	u32 priv_read_index;
	spinlock_t ring_lock;
};

struct vmpacket_descriptor {
	u16 type;
	u16 offset8;
	u16 len8;
	u16 flags;
	u64 trans_id;
} __packed;

struct vmbus_channel {
	struct hv_ring_buffer_info inbound, outbound;
	bool rescind;
	bool out_full_flag;
	u64 out_full_total, out_full_first, intr_out_empty;
};

static inline void *hv_get_ring_buffer(const struct hv_ring_buffer_info *rbi)
{
	return rbi->ring_buffer->buffer;
}

static inline void vmbus_setevent(struct vmbus_channel *channel)
{
	(void)channel;
}

#endif
