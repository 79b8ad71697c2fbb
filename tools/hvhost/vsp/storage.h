/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The synthetic SCSI controller: a VMBus device with up to 255 LUNs on path 0, target 0.
 */
#ifndef HVHOST_VSP_STORAGE_H
#define HVHOST_VSP_STORAGE_H

#include <stdint.h>

#include "control.h"
#include "error.h"
#include "hyperv/vmbus.h"

struct storage_config {
	const char *const *specs;	/* of block_open(), become LUN 0, 1, ... */
	unsigned int n;
	uint16_t max_version;		/* VSTOR_VERSION_*; 0 is the newest, 6.2 */
	unsigned int max_subchannels;	/* that a guest may ask for */
	struct loop *loop;		/* to live on; NULL makes a thread for the controller */
};

/** storage_parse_version() - "4.2", "5.1", "6.0" or "6.2". Return: 0, or -1 with @err set. */
int storage_parse_version(const char *text, uint16_t *version, struct error *err);

/**
 * storage_create() - offer a SCSI controller
 * @server: the bus
 * @control: gets the commands lun-add, lun-remove and lun-resize, which serve all controllers
 * @config: copied
 * @err: one line when it fails
 *
 * Main loop. The controller goes with vmbus_device_remove().
 * Return: 0, or -1 with @err set.
 */
int storage_create(struct vmbus_server *server, struct control *control,
		   const struct storage_config *config, struct error *err);

#endif
