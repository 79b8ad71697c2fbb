// SPDX-License-Identifier: GPL-2.0
/*
 * The connection to the host: shared pages, work queues, the protocol version, and signals. States
 * (enum vmbus_connect_state): vmbus_connect() goes over CONNECTING to CONNECTED, vmbus_unload()
 * to DISCONNECTED. Exports symbols of upstream's connection.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "syms_connection.h"

#include <asm/sync_bitops.h>

#include "vmbus.h"
#include "trace.h"

#define MESSAGE_CONNECTION_ID		1	/* before protocol 5.0 */
#define MESSAGE_CONNECTION_ID_5		4	/* INITIATE_CONTACT from 5.0 on */

struct vmbus_connection vmbus_connection = {
	.conn_state = DISCONNECTED,
	.next_gpadl_handle = ATOMIC_INIT(0xe1e10),
	.unload_event = COMPLETION_INITIALIZER(vmbus_connection.unload_event),
	.chn_msg_list = LIST_HEAD_INIT(vmbus_connection.chn_msg_list),
	.channelmsg_lock = __SPIN_LOCK_UNLOCKED(vmbus_connection.channelmsg_lock),
	.chn_list = LIST_HEAD_INIT(vmbus_connection.chn_list),
	.channel_mutex = __MUTEX_INITIALIZER(vmbus_connection.channel_mutex),
	.ready_for_suspend_event =
		COMPLETION_INITIALIZER(vmbus_connection.ready_for_suspend_event),
	.ready_for_resume_event =
		COMPLETION_INITIALIZER(vmbus_connection.ready_for_resume_event),
};
EXPORT_SYMBOL_GPL(vmbus_connection);

/* Removals of devices. */
struct workqueue_struct *vmbus_rescind_queue;

/* What was negotiated; 0 before. */
__u32 vmbus_proto_version;
EXPORT_SYMBOL_GPL(vmbus_proto_version);

static const u32 vmbus_versions[] = {
	VERSION_WIN10_V5_3,
	VERSION_WIN10_V5_2,
	VERSION_WIN10_V5_1,
	VERSION_WIN10_V5,
	VERSION_WIN10_V4_1,
	VERSION_WIN10,
	VERSION_WIN8_1,
	VERSION_WIN8,
};

static uint max_version = VERSION_WIN10_V5_3;
module_param(max_version, uint, 0444);
MODULE_PARM_DESC(max_version, "Maximal VMBus protocol version which can be negotiated");

/* Contact was posted and nothing came back: the host may use the shared pages, or not. */
static bool contact_unanswered;

/* After vmbus_disconnect(): whether the shared pages are ours again. */
static bool host_let_go;

/** vmbus_connected() - whether messages have a sense. */
bool vmbus_connected(void)
{
	return READ_ONCE(vmbus_connection.conn_state) == CONNECTED;
}

/**
 * vmbus_negotiate() - offer one protocol version to the host
 * @version: major in the upper half, minor in the lower
 *
 * May sleep. The host may answer several times in a connection's life: contacting it again
 * resets what it had.
 *
 * Return: 0, connected; -ECONNREFUSED: not this version; -ENOTCONN: the host is older than 5.0;
 * -ETIMEDOUT; as vmbus_post().
 */
int vmbus_negotiate(u32 version)
{
	struct vmbus_channel_initiate_contact msg = {
		.header.msgtype = CHANNELMSG_INITIATE_CONTACT,
		.vmbus_version_requested = version,
		.target_vcpu = hv_cpu_number_to_vp_number(VMBUS_CONNECT_CPU),
		/* The boundary is 0 in a guest without shared memory of its own. */
		.monitor_page1 = virt_to_phys(vmbus_connection.monitor_pages[0]) |
				 hvic_shared_boundary(),
		.monitor_page2 = virt_to_phys(vmbus_connection.monitor_pages[1]) |
				 hvic_shared_boundary(),
	};
	struct vmbus_request req = { .response_type = CHANNELMSG_VERSION_RESPONSE };
	const struct vmbus_channel_version_response *response = &req.response.version;
	int ret;

	if (version >= VERSION_WIN10_V5) {
		msg.msg_sint = VMBUS_SINT;
		vmbus_connection.msg_conn_id = MESSAGE_CONNECTION_ID_5;
	} else {
		msg.interrupt_page = virt_to_phys(vmbus_connection.int_page);
		vmbus_connection.msg_conn_id = MESSAGE_CONNECTION_ID;
	}

	ret = vmbus_request_send(&req, &msg, sizeof(msg));
	trace_vmbus_negotiate_version(&msg, ret);
	if (!ret) {
		contact_unanswered = true;
		ret = vmbus_request_wait(&req);
	}
	if (ret)
		return ret;

	contact_unanswered = false;
	if (!response->version_supported || response->connection_state)
		return -ECONNREFUSED;

	if (version >= VERSION_WIN10_V5)
		vmbus_connection.msg_conn_id = response->msg_conn_id;
	WRITE_ONCE(vmbus_connection.conn_state, CONNECTED);
	return 0;
}

static int negotiate_any(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(vmbus_versions); i++) {
		u32 version = vmbus_versions[i];

		if (version > max_version)
			continue;
		ret = vmbus_negotiate(version);
		if (!ret) {
			vmbus_proto_version = version;
			return 0;
		}
		if (ret == -ETIMEDOUT) {
			pr_err("host does not answer the contact request\n");
			return ret;
		}
	}
	pr_err("host accepts no protocol version from 2.4 to %u.%u\n",
	       max_version >> 16, max_version & 0xffff);
	return -EDOM;
}

static int alloc_queues(void)
{
	/*
	 * Offers and rescinds are handled in the host's order. What takes long (probing a
	 * driver, opening a subchannel, removing a device) goes to queues of its own, because
	 * each of these may wait for the others.
	 */
	vmbus_connection.work_queue = alloc_ordered_workqueue("hv_vmbus_con", 0);
	vmbus_connection.handle_primary_chan_wq = alloc_ordered_workqueue("hv_pri_chan", 0);
	vmbus_connection.handle_sub_chan_wq = alloc_ordered_workqueue("hv_sub_chan", 0);
	vmbus_rescind_queue = alloc_workqueue("hv_vmbus_rescind", WQ_UNBOUND, 0);

	return vmbus_connection.work_queue && vmbus_connection.handle_primary_chan_wq &&
	       vmbus_connection.handle_sub_chan_wq && vmbus_rescind_queue ?
	       0 : -ENOMEM;
}

static void free_queue(struct workqueue_struct **queue)
{
	if (*queue)
		destroy_workqueue(*queue);
	*queue = NULL;
}

static int alloc_pages_shared(void)
{
	int i, ret;

	/* Whole pages of the system: uio_hv_generic maps them into user space. */
	BUILD_BUG_ON(PAGE_SIZE < HV_HYP_PAGE_SIZE);
	vmbus_connection.int_page = (void *)get_zeroed_page(GFP_KERNEL);
	if (!vmbus_connection.int_page)
		return -ENOMEM;
	vmbus_connection.recv_int_page = vmbus_connection.int_page;
	vmbus_connection.send_int_page = vmbus_connection.int_page + HV_HYP_PAGE_SIZE / 2;

	for (i = 0; i < ARRAY_SIZE(vmbus_connection.monitor_pages); i++) {
		void *page = (void *)__get_free_page(GFP_KERNEL);

		if (!page)
			return -ENOMEM;
		ret = set_memory_decrypted((unsigned long)page, 1);
		if (ret) {
			/* Whether it is encrypted is unknown: nobody may use it again. */
			pr_err("cannot share a monitor page with the host (%d)\n", ret);
			return ret;
		}
		/* Its content changes when it is shared. */
		memset(page, 0, PAGE_SIZE);
		vmbus_connection.monitor_pages[i] = page;
	}
	return 0;
}

/** vmbus_pages_free() - after vmbus_disconnect(), when there are no channels. May sleep. */
void vmbus_pages_free(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(vmbus_connection.monitor_pages); i++) {
		void *page = vmbus_connection.monitor_pages[i];

		vmbus_connection.monitor_pages[i] = NULL;
		if (page && host_let_go && !set_memory_encrypted((unsigned long)page, 1))
			free_page((unsigned long)page);
	}

	if (host_let_go)
		free_page((unsigned long)vmbus_connection.int_page);
	vmbus_connection.int_page = NULL;
}

/**
 * vmbus_connect() - contact the host and agree on a protocol version
 *
 * May sleep. After an error it has disconnected, and the caller frees as after vmbus_disconnect().
 *
 * Return: 0; -EDOM: no common version; -ETIMEDOUT; -ENOMEM; -EINVAL.
 */
int vmbus_connect(void)
{
	int ret;

	vmbus_connection.conn_state = CONNECTING;

	ret = alloc_queues();
	if (!ret)
		ret = vmbus_relid_alloc();
	if (!ret)
		ret = alloc_pages_shared();
	if (!ret)
		ret = negotiate_any();
	if (!ret && hv_is_isolation_supported() && vmbus_proto_version < VERSION_WIN10_V5_2) {
		pr_err("an isolated guest needs protocol 5.2 or later, host has %u.%u\n",
		       vmbus_proto_version >> 16, vmbus_proto_version & 0xffff);
		ret = -EINVAL;
	}
	if (ret) {
		pr_err("Unable to connect to host\n");
		vmbus_disconnect();
		return ret;
	}

	pr_info("Vmbus version:%u.%u\n", vmbus_proto_version >> 16, vmbus_proto_version & 0xffff);
	return 0;
}

/**
 * vmbus_disconnect() - leave the host
 *
 * May sleep. Nothing is handled after this, but interrupts may still come, and files of the devices
 * show what is in the monitor pages: the caller frees the relid map and the pages when it has
 * removed the handler and the channels.
 */
void vmbus_disconnect(void)
{
	unsigned int cpu;

	host_let_go = vmbus_unload(false) == 0 && !contact_unanswered;
	if (!host_let_go)
		pr_err("host may still use the monitor and interrupt pages, leaking them\n");

	/* A message that a tasklet had before the state changed is on the queue after this. */
	for_each_present_cpu(cpu) {
		struct tasklet_struct *tasklet = &per_cpu_ptr(vmbus_cpus, cpu)->message_tasklet;

		tasklet_disable(tasklet);
		tasklet_enable(tasklet);
	}

	/* The first feeds the others, and a removal waits for what the last two do. */
	free_queue(&vmbus_connection.work_queue);
	free_queue(&vmbus_rescind_queue);
	free_queue(&vmbus_connection.handle_sub_chan_wq);
	free_queue(&vmbus_connection.handle_primary_chan_wq);
}

/**
 * vmbus_set_event() - interrupt the host for a channel, now
 * @channel: an open channel
 * Any context.
 */
void vmbus_set_event(struct vmbus_channel *channel)
{
	/* A host without dedicated interrupts finds the channel by its bit in the shared page. */
	if (!channel->is_dedicated_interrupt)
		sync_set_bit(channel->offermsg.child_relid, vmbus_connection.send_int_page);

	++channel->sig_events;
	vmbus_arch->signal_event(&channel->sig_event);
}
EXPORT_SYMBOL_GPL(vmbus_set_event);
