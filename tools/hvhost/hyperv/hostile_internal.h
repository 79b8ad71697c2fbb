/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of a hostile host share, which need the server's insides.
 */
#ifndef HVHOST_HYPERV_HOSTILE_INTERNAL_H
#define HVHOST_HYPERV_HOSTILE_INTERNAL_H

#include <stdio.h>

#include "hyperv/vmbus_internal.h"

/** hostile_rescind() - take a device away, and offer it again when the guest let go of it
 * @serial: the device's; 0: any, chosen by @number
 * Any thread; done at the main loop's next turn.
 */
void hostile_rescind(struct vmbus_server *server, uint64_t serial, uint64_t number);

/** hostile_settle_device() - put the shared words right and send what was held back. */
void hostile_settle_device(struct vmbus_device *dev);

#endif
