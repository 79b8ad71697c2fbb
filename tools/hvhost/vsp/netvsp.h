/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The synthetic network device, host side (NVSP and RNDIS).
 */
#ifndef HVHOST_VSP_NETVSP_H
#define HVHOST_VSP_NETVSP_H

#include "control.h"
#include "error.h"
#include "hyperv/vmbus.h"

/**
 * netvsp_create() - offer a network device
 * @server: the VMBus server
 * @control: gets the commands "link" and "vf"; also names the main loop
 * @spec: a back end (see net_backend_new()) with options, separated by commas: mac=ADDRESS,
 *	mtu=BYTES (68 to 9000: the most that the guest may choose), queues=N (1 to 64),
 *	nvsp=VERSION (1, 2, 4, 5, 6, 6.1: the newest that is spoken)
 * @index: number of the device, for its thread and its default address
 * @max_version: NVSP_VERSION_*, where @spec gives none; 0 is the newest, 6.1
 * @err: set on failure
 *
 * The device gets an event loop, and a thread, of its own. Main loop.
 *
 * Return: 0, or -1.
 */
int netvsp_create(struct vmbus_server *server, struct control *control, const char *spec,
		  unsigned int index, uint32_t max_version, struct error *err);

/** netvsp_parse_version() - "1", "2", "4", "5", "6" or "6.1". Return: 0, or -1 with @err set. */
int netvsp_parse_version(const char *text, uint32_t *version, struct error *err);

#endif
