// SPDX-License-Identifier: GPL-2.0
/*
 * vmbus_are_subchannels_present(). Exports a symbol of upstream's channel_mgmt.c.
 */
#include "../../drivers/vmbus/syms_offer.h"

#include "../../drivers/vmbus/vmbus.h"

/**
 * vmbus_are_subchannels_present() - whether a device has subchannels already
 * @primary: its first channel
 *
 * May sleep. The subchannel callback that is set is called for each.
 */
bool vmbus_are_subchannels_present(struct vmbus_channel *primary)
{
	struct vmbus_channel *sub;
	bool present;

	mutex_lock(&vmbus_connection.channel_mutex);
	present = !list_empty(&primary->sc_list);
	if (primary->sc_creation_callback)
		list_for_each_entry(sub, &primary->sc_list, sc_list)
			primary->sc_creation_callback(sub);
	mutex_unlock(&vmbus_connection.channel_mutex);
	return present;
}
EXPORT_SYMBOL_GPL(vmbus_are_subchannels_present);
