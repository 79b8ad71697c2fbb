// SPDX-License-Identifier: GPL-2.0
/*
 * vmbus_establish_gpadl() and vmbus_teardown_gpadl() with a bare handle. What a handle stands for
 * is remembered here, so that memory which the host does not let go of is kept from use.
 * Exports symbols of upstream's channel.c.
 */
#include "../../drivers/vmbus/syms_channel.h"

#include "../../drivers/vmbus/vmbus.h"

#undef vmbus_establish_gpadl
#undef vmbus_teardown_gpadl

struct known_gpadl {
	struct list_head node;
	struct vmbus_gpadl gpadl;
};

static LIST_HEAD(known_gpadls);
static DEFINE_MUTEX(known_lock);

/**
 * vmbus_establish_gpadl() - give a buffer to the host
 * @channel: the channel that it belongs to
 * @kbuffer: page aligned, physically contiguous or from vmalloc()
 * @size: bytes
 * @gpadl_handle: filled in
 *
 * May sleep. Return: as vmbus_gpadl_establish(). Callers free the memory after any error: what
 * the host may still use has a reference then that is never dropped.
 */
int vmbus_establish_gpadl(struct vmbus_channel *channel, void *kbuffer, u32 size,
			  u32 *gpadl_handle)
{
	struct known_gpadl *known = kzalloc(sizeof(*known), GFP_KERNEL);
	int ret;

	if (!known)
		return -ENOMEM;
	ret = hvic_establish_gpadl(channel, kbuffer, size, &known->gpadl);
	if (ret) {
		kfree(known);
		return ret;
	}
	*gpadl_handle = known->gpadl.gpadl_handle;
	mutex_lock(&known_lock);
	list_add(&known->node, &known_gpadls);
	mutex_unlock(&known_lock);
	return 0;
}
EXPORT_SYMBOL_GPL(vmbus_establish_gpadl);

static struct known_gpadl *known_take(u32 handle)
{
	struct known_gpadl *known, *found = NULL;

	mutex_lock(&known_lock);
	list_for_each_entry(known, &known_gpadls, node) {
		if (known->gpadl.gpadl_handle == handle) {
			list_del(&known->node);
			found = known;
			break;
		}
	}
	mutex_unlock(&known_lock);
	return found;
}

/**
 * vmbus_teardown_gpadl() - take memory back from the host
 * @channel: the channel that it belongs to
 * @gpadl_handle: was established
 * May sleep. Return: 0; -ENOENT: no such handle; as the newer form.
 */
int vmbus_teardown_gpadl(struct vmbus_channel *channel, u32 gpadl_handle)
{
	struct known_gpadl *known = known_take(gpadl_handle);
	int ret;

	if (!known)
		return -ENOENT;
	ret = hvic_teardown_gpadl(channel, &known->gpadl);
	kfree(known);
	return ret;
}
EXPORT_SYMBOL_GPL(vmbus_teardown_gpadl);
