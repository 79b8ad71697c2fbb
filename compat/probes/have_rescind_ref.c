// SPDX-License-Identifier: GPL-2.0
/*
 * rescind_ref of a channel (v5.13). It tells of rescind_work_queue and ignore_any_offer_msg, members
 * of about the same time of struct vmbus_connection, which no header shows.
 */
#include <linux/hyperv.h>

bool probe_rescind_ref(const struct vmbus_channel *channel);
bool probe_rescind_ref(const struct vmbus_channel *channel)
{
	return channel->rescind_ref;
}
