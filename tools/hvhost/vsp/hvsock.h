/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hyper-V sockets: connections between Unix sockets of this machine and vsock ports of the guest.
 *
 * A program here that connects to PATH and sends "CONNECT PORT\n" gets "OK PORT\n" and then the
 * stream to what listens on that port in the guest, or "ERROR why\n". A connection of the guest to
 * port PORT of the host (CID 2) comes to what listens on PATH_PORT here.
 */
#ifndef HVHOST_VSP_HVSOCK_H
#define HVHOST_VSP_HVSOCK_H

#include "control.h"
#include "error.h"
#include "hyperv/vmbus.h"

struct hvsock;

/**
 * hvsock_create() - listen on @path and serve the guest's requests
 * Main loop. Return: NULL with @err set.
 */
struct hvsock *hvsock_create(struct vmbus_server *server, struct control *control,
			     const char *path, struct error *err);

/** hvsock_free() - after vmbus_server_free(), which ends the connections. NULL is fine. */
void hvsock_free(struct hvsock *hv);

#endif
