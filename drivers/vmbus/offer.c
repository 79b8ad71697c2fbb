// SPDX-License-Identifier: GPL-2.0
/*
 * Offers and rescinds. Both are first handled on one ordered queue, so that a rescind finds its
 * channel; what may take long follows on the queues of connection.c. A channel belongs to the
 * lists and the relid map from its offer until vmbus_channel_unlink().
 * Exports symbols of upstream's channel_mgmt.c.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "syms_offer.h"

#include "vmbus.h"
#include "trace.h"

/* Woken when a channel's probe_done or rescind is set, and when a channel is removed. */
static DECLARE_WAIT_QUEUE_HEAD(channel_wait);

/* Whether channel_add_work() is through with a channel. */
static bool channel_probed(const struct vmbus_channel *channel)
{
	/* Pairs with the release in channel_add_work(): device_obj and kobj are seen as well. */
	return smp_load_acquire(&channel->probe_done);
}

static struct vmbus_channel *channel_alloc(void)
{
	struct vmbus_own_channel *own = kzalloc(sizeof(*own), GFP_KERNEL);
	struct vmbus_channel *channel;

	if (!own)
		return NULL;
	channel = &own->channel;

	spin_lock_init(&channel->sched_lock);
	init_completion(&channel->rescind_event);
	INIT_LIST_HEAD(&channel->sc_list);
	tasklet_init(&channel->callback_event, vmbus_on_event, (unsigned long)channel);
	mutex_init(&channel->inbound.ring_buffer_mutex);
	mutex_init(&channel->outbound.ring_buffer_mutex);
	kobject_init(&channel->kobj, &vmbus_channel_ktype);
	return channel;
}

/* Neither its tasklet nor a file of it is at the channel after this. */
static void channel_unshow(struct vmbus_channel *channel)
{
	tasklet_kill(&channel->callback_event);
	if (channel->kobj.state_in_sysfs)
		kobject_del(&channel->kobj);
}

static void release_relid(u32 relid)
{
	struct vmbus_channel_relid_released msg = {
		.header.msgtype = CHANNELMSG_RELID_RELEASED,
		.child_relid = relid,
	};
	int ret;

	if (!vmbus_connected())
		return;
	ret = vmbus_post(&msg, sizeof(msg), true);
	trace_vmbus_release_relid(&msg, ret);
}

/**
 * vmbus_channel_unlink() - nobody finds a channel any more
 * @channel: rescinded, or the connection is over; not in use
 * @gone: list for vmbus_channels_free()
 *
 * Under channel_mutex. Subchannels that the host rescinds after their primary are on no list
 * until then, only in the relid map.
 */
void vmbus_channel_unlink(struct vmbus_channel *channel, struct list_head *gone)
{
	struct vmbus_channel *sub, *next;

	lockdep_assert_held(&vmbus_connection.channel_mutex);

	if (!channel->primary_channel)
		list_for_each_entry_safe(sub, next, &channel->sc_list, sc_list)
			list_del_init(&sub->sc_list);

	if (channel->offermsg.child_relid != INVALID_RELID)
		vmbus_relid_unmap(channel);
	if (channel->primary_channel)
		list_del(&channel->sc_list);
	else
		list_del(&channel->listentry);
	vmbus_unplace(channel);
	list_add_tail(&channel->listentry, gone);
	wake_up_all(&channel_wait);
}

/**
 * vmbus_channels_free() - free channels that were unlinked
 * @gone: list of vmbus_channel_unlink()
 *
 * Process context, without channel_mutex: a channel's directory goes when nobody is in its files
 * any more, and a write to one may wait for the mutex. The relid is given back after that, because
 * the next channel that has it is of the same name. A socket's channel that was withdrawn by a
 * suspend has no relid any more: its number may mean another channel by now.
 */
void vmbus_channels_free(struct list_head *gone)
{
	struct vmbus_channel *channel, *next;

	list_for_each_entry_safe(channel, next, gone, listentry) {
		u32 relid = channel->offermsg.child_relid;

		channel_unshow(channel);
		if (relid != INVALID_RELID)
			release_relid(relid);
		kobject_put(&channel->kobj);
	}
}

/**
 * vmbus_channel_remove() - forget a channel and free it
 * @channel: as for vmbus_channel_unlink()
 * As vmbus_channels_free().
 */
void vmbus_channel_remove(struct vmbus_channel *channel)
{
	LIST_HEAD(gone);

	mutex_lock(&vmbus_connection.channel_mutex);
	vmbus_channel_unlink(channel, &gone);
	mutex_unlock(&vmbus_connection.channel_mutex);
	vmbus_channels_free(&gone);
}

/* One less that has to go before the machine can suspend. */
static void suspend_blocker_put(void)
{
	atomic_dec(&vmbus_connection.nr_chan_close_on_suspend);
	wake_up_all(&channel_wait);
}

/**
 * vmbus_suspend_ready() - wait until all subchannels and sockets have gone
 * May sleep. Return: how many remain when the time is up.
 */
int vmbus_suspend_ready(void)
{
	atomic_t *remaining = &vmbus_connection.nr_chan_close_on_suspend;

	wait_event_timeout(channel_wait, !atomic_read(remaining), vmbus_response_jiffies());
	return atomic_read(remaining);
}

/* Whether no device of that name, rescinded and offered again, is still being removed. */
static bool twin_gone(const struct vmbus_channel *channel)
{
	const struct vmbus_channel_offer *offer = &channel->offermsg.offer;
	const struct vmbus_channel *other;
	bool gone = true;

	mutex_lock(&vmbus_connection.channel_mutex);
	list_for_each_entry(other, &vmbus_connection.chn_list, listentry)
		if (other != channel &&
		    guid_equal(&other->offermsg.offer.if_instance, &offer->if_instance))
			gone = false;
	mutex_unlock(&vmbus_connection.channel_mutex);
	return gone;
}

/*
 * Wait for what channel_wait is woken for, when looking at it takes the mutex: the condition of
 * wait_event() may not sleep. Return: whether it came before the time was up.
 */
static bool channel_wait_for(bool (*condition)(const struct vmbus_channel *channel),
			     const struct vmbus_channel *channel, long timeout)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	bool came;

	add_wait_queue(&channel_wait, &wait);
	for (;;) {
		came = condition(channel);
		if (came || !timeout)
			break;
		timeout = wait_woken(&wait, TASK_UNINTERRUPTIBLE, timeout);
	}
	remove_wait_queue(&channel_wait, &wait);
	return came;
}

/* The second half of an offer: a device with its driver's probe, or the subchannel callback. */
static void channel_add_work(struct work_struct *work)
{
	struct vmbus_channel *channel = container_of(work, struct vmbus_channel,
						     add_channel_work);
	struct vmbus_channel *primary = channel->primary_channel;
	int ret;

	channel->state = CHANNEL_OPEN_STATE;

	if (primary) {
		ret = vmbus_channel_kobj_add(primary->device_obj, channel);
		if (!ret && primary->sc_creation_callback)
			primary->sc_creation_callback(channel);
	} else if (channel_wait_for(twin_gone, channel, vmbus_response_jiffies())) {
		ret = vmbus_device_add(channel);
	} else {
		/* Both have one name in sysfs. */
		ret = -EEXIST;
	}

	if (ret)
		pr_err("channel %u: cannot add its %s (%d)\n", channel->offermsg.child_relid,
		       primary ? "directory" : "device", ret);

	/*
	 * Without a device the channel stays idle until it is rescinded. What was set above is
	 * seen by whoever sees the flag.
	 */
	smp_store_release(&channel->probe_done, true);
	wake_up_all(&channel_wait);
}

static void channel_setup(struct vmbus_channel *channel,
			  const struct vmbus_channel_offer_channel *offer)
{
	channel->offermsg = *offer;
	channel->is_dedicated_interrupt = offer->is_dedicated_interrupt;
	channel->sig_event = offer->connection_id;
	channel->monitor_grp = offer->monitorid / 32;
	channel->monitor_bit = offer->monitorid % 32;
	channel->device_id = vmbus_device_type(channel);
}

/* A device that the host has not withdrawn. Under channel_mutex. */
static struct vmbus_channel *find_primary(const struct vmbus_channel_offer *offer)
{
	struct vmbus_channel *channel;

	list_for_each_entry(channel, &vmbus_connection.chn_list, listentry)
		if (!channel->rescind &&
		    guid_equal(&channel->offermsg.offer.if_instance, &offer->if_instance) &&
		    guid_equal(&channel->offermsg.offer.if_type, &offer->if_type))
			return channel;
	return NULL;
}

/* After a resume the host offers a device that we kept: it may have another relid. */
static bool channel_reoffered(struct vmbus_channel *channel,
			      const struct vmbus_channel_offer_channel *offer)
{
	if (channel->offermsg.child_relid != INVALID_RELID)
		return false;

	channel_setup(channel, offer);
	vmbus_relid_map(channel);
	if (atomic_dec_and_test(&vmbus_connection.nr_chan_fixup_on_resume))
		complete(&vmbus_connection.ready_for_resume_event);
	return true;
}

/* Under channel_mutex. Return: the queue for the second half, or NULL: the offer is no good. */
static struct workqueue_struct *channel_insert(struct vmbus_channel *channel)
{
	struct vmbus_channel *primary = find_primary(&channel->offermsg.offer);

	if (!primary) {
		/* A subchannel's primary may have been rescinded in between. */
		if (is_sub_channel(channel) && !is_hvsock_channel(channel))
			return NULL;
		vmbus_place(channel);
		list_add_tail(&channel->listentry, &vmbus_connection.chn_list);
	} else {
		if (!is_sub_channel(channel))
			return NULL;
		channel->primary_channel = primary;
		vmbus_place(channel);
		list_add_tail(&channel->sc_list, &primary->sc_list);
	}

	/* These do not survive a suspend. */
	if (is_hvsock_channel(channel) || is_sub_channel(channel))
		atomic_inc(&vmbus_connection.nr_chan_close_on_suspend);
	vmbus_relid_map(channel);
	return primary ? vmbus_connection.handle_sub_chan_wq :
			 vmbus_connection.handle_primary_chan_wq;
}

/**
 * vmbus_on_offer() - the host offers a channel
 * @msg: struct vmbus_channel_offer_channel, content unchecked
 * Ordered queue.
 */
void vmbus_on_offer(const void *msg)
{
	const struct vmbus_channel_offer_channel *offer = msg;
	struct workqueue_struct *queue = NULL;
	struct vmbus_channel *channel, *old;

	trace_vmbus_onoffer(offer);

	if (!offer->child_relid || offer->child_relid >= VMBUS_MAX_RELIDS) {
		pr_warn_ratelimited("host offered a channel with the impossible relid %u\n",
				    offer->child_relid);
		return;
	}
	if (!vmbus_offer_allowed(offer)) {
		pr_err_ratelimited("Invalid offer %d from the host supporting isolation\n",
				   offer->child_relid);
		return;
	}

	channel = channel_alloc();
	if (!channel)
		return;
	channel_setup(channel, offer);

	/* CPUs neither come nor go between the choice of one and the channel's listing. */
	cpus_read_lock();
	mutex_lock(&vmbus_connection.channel_mutex);
	old = is_sub_channel(channel) ? NULL : find_primary(&offer->offer);
	if (vmbus_relid_channel(offer->child_relid)) {
		pr_warn_ratelimited("host offered relid %u twice\n", offer->child_relid);
	} else if (!old || !channel_reoffered(old, offer)) {
		queue = channel_insert(channel);
		if (!queue)
			pr_warn_ratelimited("host offered relid %u as channel %u of device %pUl, which does not fit\n",
					    offer->child_relid, offer->offer.sub_channel_index,
					    &offer->offer.if_instance);
	}

	if (queue) {
		INIT_WORK(&channel->add_channel_work, channel_add_work);
		queue_work(queue, &channel->add_channel_work);
	}
	mutex_unlock(&vmbus_connection.channel_mutex);
	cpus_read_unlock();

	if (!queue)
		kobject_put(&channel->kobj);
}

/* Whether no subchannel of a rescinded primary is still being added. */
static bool subs_settled(const struct vmbus_channel *primary)
{
	const struct vmbus_channel *sub;
	bool settled = true;

	mutex_lock(&vmbus_connection.channel_mutex);
	list_for_each_entry(sub, &primary->sc_list, sc_list)
		settled &= channel_probed(sub);
	mutex_unlock(&vmbus_connection.channel_mutex);
	return settled;
}

struct rescind_work {
	struct work_struct work;
	struct vmbus_channel *channel;
};

static void rescind_sub(struct vmbus_channel *channel)
{
	LIST_HEAD(gone);

	mutex_lock(&vmbus_connection.channel_mutex);
	/* An open one is removed by whoever closes it: vmbus_disconnect_ring(). */
	if (channel->state == CHANNEL_OPEN_STATE)
		vmbus_channel_unlink(channel, &gone);
	else
		complete(&channel->rescind_event);
	mutex_unlock(&vmbus_connection.channel_mutex);
	vmbus_channels_free(&gone);
}

/* The second half of a rescind: the device goes. */
static void rescind_work(struct work_struct *work)
{
	struct rescind_work *rescind = container_of(work, struct rescind_work, work);
	struct vmbus_channel *channel = rescind->channel;
	bool blocks_suspend = is_hvsock_channel(channel) || is_sub_channel(channel);
	struct device *dev;

	kfree(rescind);

	/* Bounded, because every wait of a probe for the host is. */
	wait_event(channel_wait, channel_probed(channel));
	if (!channel->primary_channel)
		channel_wait_for(subs_settled, channel, MAX_SCHEDULE_TIMEOUT);

	if (channel->primary_channel) {
		rescind_sub(channel);
	} else if (!channel->device_obj) {
		vmbus_channel_remove(channel);
	} else if (channel->chn_rescind_callback) {
		/* A socket's: the device goes with vmbus_hvsock_device_unregister(). */
		channel->chn_rescind_callback(channel);
	} else {
		dev = get_device(&channel->device_obj->device);
		vmbus_device_unregister(channel->device_obj);
		put_device(dev);
	}

	/* The channel may be gone. */
	if (blocks_suspend)
		suspend_blocker_put();
}

static void channel_rescind(struct vmbus_channel *channel)
{
	struct rescind_work *rescind;

	/* Before anybody learns of it, its callback does not run any more. */
	vmbus_reset_channel_cb(channel);
	vmbus_requests_wake(channel);
	wake_up_all(&channel_wait);

	rescind = kmalloc(sizeof(*rescind), GFP_KERNEL | __GFP_NOFAIL);
	rescind->channel = channel;
	INIT_WORK(&rescind->work, rescind_work);
	queue_work(vmbus_rescind_queue, &rescind->work);
}

/**
 * vmbus_on_rescind() - the host withdraws a channel
 * @msg: struct vmbus_channel_rescind_offer, content unchecked
 * Ordered queue.
 */
void vmbus_on_rescind(const void *msg)
{
	const struct vmbus_channel_rescind_offer *offer = msg;
	struct vmbus_channel *channel;

	trace_vmbus_onoffer_rescind(offer);

	/*
	 * Without channel_mutex: whoever holds it may wait for the host's answer about this
	 * channel, and is woken here. The channel is there until its first rescind is handled.
	 */
	rcu_read_lock();
	channel = vmbus_relid_channel(offer->child_relid);
	rcu_read_unlock();
	if (!channel) {
		/* An offer that was not taken: the host may have its relid back. */
		release_relid(offer->child_relid);
		return;
	}
	if (hvic_rescind_seen(channel))
		return;
	hvic_rescind_seen(channel) = true;
	channel_rescind(channel);
}

/**
 * vmbus_rescind_hvsock_all() - sockets do not survive a suspend
 * Process context, with the ordered queue drained.
 */
void vmbus_rescind_hvsock_all(void)
{
	struct vmbus_channel *channel;

	mutex_lock(&vmbus_connection.channel_mutex);
	list_for_each_entry(channel, &vmbus_connection.chn_list, listentry) {
		if (!is_hvsock_channel(channel) || hvic_rescind_seen(channel))
			continue;
		hvic_rescind_seen(channel) = true;
		channel_rescind(channel);
	}
	mutex_unlock(&vmbus_connection.channel_mutex);
}

/**
 * vmbus_free_channels() - all devices and channels go
 *
 * Process context, when the connection is over and no driver is left.
 */
void vmbus_free_channels(void)
{
	struct vmbus_channel *channel, *next;
	LIST_HEAD(gone);
	u32 relid;

	list_for_each_entry_safe(channel, next, &vmbus_connection.chn_list, listentry) {
		channel->rescind = true;
		if (channel->device_obj)
			vmbus_device_unregister(channel->device_obj);
	}

	/* Subchannels that the host had not rescinded yet, and channels without a device. */
	mutex_lock(&vmbus_connection.channel_mutex);
	for (relid = 0; relid < VMBUS_MAX_RELIDS; relid++) {
		channel = vmbus_relid_channel(relid);
		if (channel)
			vmbus_channel_unlink(channel, &gone);
	}
	mutex_unlock(&vmbus_connection.channel_mutex);
	vmbus_channels_free(&gone);
}

/**
 * vmbus_hvsock_device_unregister() - a socket is done with its channel
 * @channel: of a socket; its driver's rescind callback leaves the removal to this
 *
 * May sleep. The host withdraws the channel when the connection is closed. If it does not,
 * device and channel stay: the relid is the host's until then.
 */
void vmbus_hvsock_device_unregister(struct vmbus_channel *channel)
{
	if (!wait_event_timeout(channel_wait,
				channel_probed(channel) && READ_ONCE(channel->rescind),
				vmbus_response_jiffies())) {
		pr_err("channel %u: host does not withdraw a closed socket, leaking its device\n",
		       channel->offermsg.child_relid);
		return;
	}
	vmbus_device_unregister(channel->device_obj);
}
EXPORT_SYMBOL_GPL(vmbus_hvsock_device_unregister);

/**
 * vmbus_set_sc_create_callback() - who is told of a device's new subchannels
 * @primary_channel: the device's first channel
 * @sc_cr_cb: called on a work queue, may sleep, may open the subchannel; NULL for none
 */
void vmbus_set_sc_create_callback(struct vmbus_channel *primary_channel,
				  void (*sc_cr_cb)(struct vmbus_channel *new_sc))
{
	primary_channel->sc_creation_callback = sc_cr_cb;
}
EXPORT_SYMBOL_GPL(vmbus_set_sc_create_callback);

/**
 * vmbus_set_chn_rescind_callback() - who is told instead of the device being removed
 * @channel: of a socket
 * @chn_rescind_cb: called on a work queue, may sleep
 */
void vmbus_set_chn_rescind_callback(struct vmbus_channel *channel,
				    void (*chn_rescind_cb)(struct vmbus_channel *))
{
	channel->chn_rescind_callback = chn_rescind_cb;
}
EXPORT_SYMBOL_GPL(vmbus_set_chn_rescind_callback);
