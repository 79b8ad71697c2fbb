/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the bus's units share. Each section names the unit that implements it; a unit calls
 * only those below it (message, gpadl, connection, channel, offer, device, power, main).
 */
#ifndef HVIC_DRIVERS_VMBUS_H
#define HVIC_DRIVERS_VMBUS_H

#include <linux/completion.h>
#include <linux/hyperv.h>
#include <linux/list.h>
#include <linux/workqueue.h>

#include "../../compat/vmbus/own_channel.h"
#include "abi.h"
#include "arch/arch.h"

/* The CPU that the host sends channel messages to; it cannot go offline while connected. */
#define VMBUS_CONNECT_CPU	0

#define VMBUS_MAX_RELIDS	HV_EVENT_FLAGS_COUNT

/* Patience with a host, beside the parameter response_timeout. */
#ifndef VMBUS_POST_LIMIT_US
#define VMBUS_POST_LIMIT_US	(10 * USEC_PER_SEC)	/* it has no buffer for a message */
#define VMBUS_UNLOAD_SECONDS	100	/* disk caches are written back: up to 50 s were seen */
#define VMBUS_RESUME_SECONDS	10	/* devices that were there before a suspend come again */
#endif

/* ---- message.c: posting, waiting for a response, receiving ---- */

extern bool vmbus_offers_held;

/*
 * One message that the host answers. It is owned by the thread that sends it and is on
 * vmbus_connection.chn_msg_list from vmbus_request_send() until vmbus_request_wait() returns.
 */
struct vmbus_request {
	struct list_head node;
	struct completion done;
	struct vmbus_channel *channel;	/* wakes with -ENODEV when rescinded; or NULL */
	u32 response_type;		/* enum vmbus_channel_message_type */
	u32 relid;			/* what the response must carry, where it has one */
	u32 id;				/* open id or GPADL handle, likewise */
	int status;			/* 0 with a response, -ENODEV */
	union {
		struct vmbus_channel_version_response version;
		struct vmbus_channel_open_result open;
		struct vmbus_channel_gpadl_created gpadl;
		struct vmbus_channel_gpadl_torndown torndown;
		struct vmbus_channel_modifychannel_response modify;
		u8 bytes[HV_MESSAGE_PAYLOAD_BYTE_COUNT];
	} response;
};

int vmbus_post(const void *msg, size_t len, bool can_sleep);
int vmbus_request_send(struct vmbus_request *req, const void *msg, size_t len);
int vmbus_request_wait(struct vmbus_request *req);
void vmbus_request_abandon(struct vmbus_request *req);
void vmbus_requests_wake(struct vmbus_channel *channel);
unsigned long vmbus_response_jiffies(void);
void vmbus_message_tasklet(unsigned long cpu_context);
void vmbus_offers_hold(void);
void vmbus_offers_release(void);
void vmbus_offers_expect(void);
int vmbus_offers_wait(void);

/* ---- event.c: interrupts ---- */

void vmbus_isr(void);
void vmbus_serve(void);
void vmbus_on_event(unsigned long channel);

/* ---- irq_thread.c: interrupts where locks sleep ---- */

#ifndef VMBUS_IRQ_THREADED
#define VMBUS_IRQ_THREADED	IS_ENABLED(CONFIG_PREEMPT_RT)
#endif

int vmbus_irq_threads_start(void);
void vmbus_irq_threads_stop(void);
void vmbus_irq_thread_wake(void);
bool vmbus_irq_thread_idle(unsigned int cpu);

/* ---- gpadl.c ---- */

int vmbus_gpadl_establish(struct vmbus_channel *channel, enum hv_gpadl_type type,
			  void *buffer, u32 size, u32 send_offset, struct vmbus_gpadl *gpadl);
u32 vmbus_gpadl_send_page(u32 send_offset);

/* ---- ../ring/ring.c ---- */

int hvic_ring_init(struct hv_ring_buffer_info *rbi, struct page *pages, u32 page_cnt,
		   u32 max_pkt_size);
void hvic_ring_cleanup(struct hv_ring_buffer_info *rbi);

/* ---- request_id.c ---- */

int vmbus_requestor_alloc(struct vmbus_requestor *rqstor, u32 size);
void vmbus_requestor_free(struct vmbus_requestor *rqstor);

/* ---- packet.c ---- */

int vmbus_packet_send(struct vmbus_channel *channel, const void *head, u32 head_len,
		      const void *data, u32 data_len, u64 requestid, u64 *trans_id);

/* ---- connection.c ---- */

extern struct workqueue_struct *vmbus_rescind_queue;

int vmbus_connect(void);
void vmbus_disconnect(void);
void vmbus_pages_free(void);
int vmbus_negotiate(u32 version);
bool vmbus_connected(void);

/* ---- relid.c: which channel a relid means ---- */

int vmbus_relid_alloc(void);
void vmbus_relid_free(void);
void vmbus_relid_map(struct vmbus_channel *channel);
void vmbus_relid_unmap(struct vmbus_channel *channel);
struct vmbus_channel *vmbus_relid_channel(u32 relid);
unsigned int vmbus_relid_words(void);

/* ---- devices.c: what the bus knows of device types ---- */

u16 vmbus_device_type(const struct vmbus_channel *channel);
bool vmbus_offer_allowed(const struct vmbus_channel_offer_channel *offer);

static inline bool vmbus_is_perf(const struct vmbus_channel *channel)
{
	return vmbus_devs[channel->device_id].perf_device;
}

/* ---- placement.c: which CPU a channel interrupts ---- */

int vmbus_placement_alloc(void);
void vmbus_placement_free(void);
void vmbus_place(struct vmbus_channel *channel);
void vmbus_unplace(struct vmbus_channel *channel);
int vmbus_retarget(struct vmbus_channel *channel, u32 cpu);
int vmbus_vacate_cpu(unsigned int cpu);

/* ---- offer.c ---- */

void vmbus_on_offer(const void *msg);
void vmbus_on_rescind(const void *msg);
void vmbus_rescind_hvsock_all(void);
int vmbus_suspend_ready(void);
void vmbus_channel_unlink(struct vmbus_channel *channel, struct list_head *gone);
void vmbus_channels_free(struct list_head *gone);
void vmbus_channel_remove(struct vmbus_channel *channel);
void vmbus_free_channels(void);

/* ---- device.c, sysfs.c, channel_sysfs.c, ring_sysfs.c ---- */

struct vm_area_struct;

extern const struct attribute_group *vmbus_dev_groups[];
extern struct kobj_type vmbus_channel_ktype;

u32 vmbus_monitor_pending(const struct vmbus_channel *channel, int page);
u32 vmbus_monitor_latency(const struct vmbus_channel *channel, int page);

int vmbus_bus_register(struct device *parent);
void vmbus_bus_unregister(void);
int vmbus_device_add(struct vmbus_channel *channel);
void vmbus_device_unregister(struct hv_device *device_obj);
int vmbus_channel_kobj_add(struct hv_device *dev, struct vmbus_channel *channel);
int hv_create_ring_sysfs(struct vmbus_channel *channel,
			 int (*hv_mmap_ring_buffer)(struct vmbus_channel *channel,
						    struct vm_area_struct *vma));
int hv_remove_ring_sysfs(struct vmbus_channel *channel);

/* ---- framebuffer.c ---- */

resource_size_t vmbus_framebuffer(const struct resource *low, resource_size_t *size);

/* ---- mmio.c ---- */

struct acpi_device;
struct device_node;

int vmbus_mmio_collect(struct acpi_device *device);
int vmbus_mmio_collect_tree(struct device_node *node);
void vmbus_mmio_free(void);

/* ---- power.c ---- */

extern const struct dev_pm_ops vmbus_bus_pm;
extern const struct dev_pm_ops vmbus_device_pm;

int vmbus_cpu_online(unsigned int cpu);
int vmbus_cpu_offline(unsigned int cpu);
int vmbus_unload(bool crash);
void vmbus_power_register(int cpuhp_state);
void vmbus_power_unregister(void);

#endif
