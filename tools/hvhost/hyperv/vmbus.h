/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The VMBus server and the interface that a virtual service provider (VSP) writes to.
 *
 * The server runs on the main loop. A device is bound to one loop; all of its vsp_ops are
 * called on that loop, and the calls on channels below are made on it. The server never
 * trusts the guest: what reaches a VSP as a struct vmbus_packet has been copied out of the
 * ring and its lengths, offsets and page lists have been checked; what the payload *means* is
 * for the VSP to check.
 */
#ifndef HVHOST_HYPERV_VMBUS_H
#define HVHOST_HYPERV_VMBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <jansson.h>

#include "error.h"
#include "loop.h"
#include "vmm/memory.h"

struct hostile;
struct synic;
struct vmbus_server;
struct vmbus_device;
struct vmbus_channel;
struct vmbus_gpadl;

struct vmbus_guid {
	uint8_t b[16];		/* in wire order: first three fields little endian */
};

/** vmbus_guid_parse() - read "ba6163d9-04a1-4d29-b605-72e2ffb1dc7f" (braces allowed).
 * Return: 0, or -1 when the text is no GUID.
 */
int vmbus_guid_parse(const char *text, struct vmbus_guid *guid);

/** vmbus_guid_format() - write the 36 characters and a NUL. */
void vmbus_guid_format(const struct vmbus_guid *guid, char text[37]);

/* ---- the server: made by main, driven by the hypercalls ---- */

struct vmbus_server_config {
	uint32_t max_version;	/* VMBus wire version, e.g. 0x00050003 */
	uint32_t nr_vps;
	const char *monitored;	/* names of devices that get monitors, "net,scsi"; or NULL */
};

/** vmbus_server_new() - Main loop. Return: the server, or NULL when memory ran out. */
struct vmbus_server *vmbus_server_new(struct loop *main_loop, struct guest_memory *mem,
				      struct synic *synic,
				      const struct vmbus_server_config *config);

/** vmbus_server_free() - remove all devices, then free; runs the main loop for a while if a
 * VSP has not ended its close. Devices' loops must still run, the vCPUs must not.
 */
void vmbus_server_free(struct vmbus_server *server);

/**
 * vmbus_post_message() - the guest's HvCallPostMessage
 * @conn_id: connection id (1 or 4 reach the server)
 * @type: message type, must be 1
 * @payload: private copy of the payload
 * @len: bytes, at most 240
 * Any thread; the message is handled on the main loop.
 * Return: HV_STATUS_* (0 success, 0x12 invalid connection id, 5 invalid parameter,
 * 0x33 insufficient buffers when the guest posts faster than it is served).
 */
uint16_t vmbus_post_message(struct vmbus_server *server, uint32_t conn_id, uint32_t type,
			    const void *payload, size_t len);

/** vmbus_signal_event() - HvCallSignalEvent that was not taken by a bound eventfd.
 * Any thread. Return: HV_STATUS_*.
 */
uint16_t vmbus_signal_event(struct vmbus_server *server, uint32_t conn_id, uint16_t flag);

/** vmbus_server_reset() - the guest was reset: close everything, forget the connection,
 * keep the devices so that they are offered again. Main loop.
 */
void vmbus_server_reset(struct vmbus_server *server);

/** vmbus_server_quiet() - whether no VSP uses guest memory of a connection that has ended.
 * After vmbus_server_reset() run the main loop until this holds before RAM is used anew.
 */
bool vmbus_server_quiet(const struct vmbus_server *server);

/** vmbus_server_may_offer() - whether a guest is there that takes an offer now. Main loop. */
bool vmbus_server_may_offer(const struct vmbus_server *server);

/**
 * vmbus_tl_connect_fn - the guest wants a connection to a service of the host
 * Offers a device with class @service and instance @endpoint, and returns 0; else the guest is
 * told that nobody listens. Main loop.
 */
typedef int (*vmbus_tl_connect_fn)(void *arg, const struct vmbus_guid *service,
				   const struct vmbus_guid *endpoint);

/** vmbus_server_on_tl_connect() - who is asked; without anyone, each request is refused. */
void vmbus_server_on_tl_connect(struct vmbus_server *server, vmbus_tl_connect_fn fn, void *arg);

/** vmbus_server_stats() - connection, messages, and an array of devices and channels with
 * their counters, as JSON. Main loop. Return: a new reference.
 */
json_t *vmbus_server_stats(struct vmbus_server *server);

/** vmbus_server_hostile() - how the server lies to the guest; see hyperv/hostile.h. */
struct hostile *vmbus_server_hostile(struct vmbus_server *server);

/* ---- devices ---- */

struct vsp_ops {
	const char *name;		/* "scsi", "net", "keyboard", ... */
	struct vmbus_guid class_id;
	uint16_t offer_flags;		/* VMBUS_OFFER_FLAG_* of the offer, e.g. named pipe mode */
	uint8_t user_defined[120];	/* the offer's user data (pipe mode: message mode word) */
	uint16_t mmio_mb;
	bool transient;			/* removed with the guest's connection, not offered anew */

	/* The guest opened the channel (or a subchannel); user_data are its 120 bytes.
	 * Return 0, or a nonzero VMBus status that is given to the guest. */
	int (*open)(struct vmbus_channel *ch, const uint8_t user_data[120]);

	/* The guest signalled: read with vmbus_channel_recv() until it returns 0. A VSP that
	 * cannot take more now stops early and calls vmbus_channel_kick() later. */
	void (*readable)(struct vmbus_channel *ch);

	/* Space came up after vmbus_channel_send() returned -EAGAIN. May be NULL. */
	void (*writable)(struct vmbus_channel *ch);

	/* The guest closed the channel, rescinded, unloaded or was reset. No packet can be sent
	 * or received any more. Guest memory must not be touched after vmbus_channel_close_done(),
	 * which the VSP calls here or later, when its I/O in flight has ended; the server holds
	 * GPADL_TORNDOWN and UNLOAD_RESPONSE back until then. */
	void (*close)(struct vmbus_channel *ch);

	/* The device is going (its channels are closed). Free the VSP's state. */
	void (*destroy)(struct vmbus_device *dev);

	/* Add counters to a JSON object. May be NULL. */
	void (*stats)(struct vmbus_device *dev, json_t *object);
};

/**
 * vmbus_device_add() - offer a device (hot-add when the guest is connected)
 * @loop: the loop that the device lives on
 * @ops: the VSP
 * @instance: instance GUID; NULL derives a stable one from the name and a counter
 * @priv: the VSP's state
 * Main loop. Return: the device, or NULL with @err set (2,047 channels, GUID in use).
 */
struct vmbus_device *vmbus_device_add(struct vmbus_server *server, struct loop *loop,
				      const struct vsp_ops *ops, const struct vmbus_guid *instance,
				      void *priv, struct error *err);

/** vmbus_device_remove() - rescind the device's channels, close them, then destroy it; it is
 * gone some time after the guest has released the relids. Main loop.
 */
void vmbus_device_remove(struct vmbus_device *dev);

/** vmbus_devices_remove() - vmbus_device_remove() of all whose name matches a pattern of the shell
 * (fnmatch(3)). Main loop. Return: how many there were.
 */
unsigned int vmbus_devices_remove(struct vmbus_server *server, const char *pattern);

/** vmbus_device_find() - by instance GUID text, or by name and number ("scsi0"). Main loop. */
struct vmbus_device *vmbus_device_find(struct vmbus_server *server, const char *what);

void *vmbus_device_priv(struct vmbus_device *dev);
struct loop *vmbus_device_loop(struct vmbus_device *dev);
struct vmbus_server *vmbus_device_server(struct vmbus_device *dev);
const char *vmbus_device_name(struct vmbus_device *dev);	/* "scsi0" */
struct vmbus_channel *vmbus_device_primary(struct vmbus_device *dev);
/** vmbus_device_memory() - the guest's RAM, for guest_ptr(). */
const struct guest_memory *vmbus_device_memory(struct vmbus_device *dev);

/**
 * vmbus_subchannels_offer() - offer subchannels 1 to @count of the device
 * Device's loop. They are offered after what the VSP sends now (the call is queued to the
 * server). Subchannels that exist are kept. They go when the primary is closed.
 */
void vmbus_subchannels_offer(struct vmbus_device *dev, unsigned int count);

/* ---- channels ---- */

struct vmbus_device *vmbus_channel_device(struct vmbus_channel *ch);
/** vmbus_channel_index() - 0 for the primary, else the subchannel's index. */
unsigned int vmbus_channel_index(struct vmbus_channel *ch);
uint32_t vmbus_channel_relid(struct vmbus_channel *ch);
void vmbus_channel_set_priv(struct vmbus_channel *ch, void *priv);
void *vmbus_channel_priv(struct vmbus_channel *ch);

/* One range of a GPA-direct packet, already turned into host memory. */
struct vmbus_range {
	uint32_t len;			/* bytes */
	unsigned int niov;
	const struct iovec *iov;	/* adjacent pages merged; the sum of lengths is len */
};

struct vmbus_packet {
	uint16_t type;			/* VMBUS_PKT_* of include/hvic/vmbus.h */
	uint16_t flags;			/* VMBUS_PKT_FLAG_COMPLETION_REQUESTED */
	uint64_t xid;
	const void *data;		/* payload after the descriptor, 8-byte aligned */
	uint32_t len;			/* bytes; a multiple of 8, as the ring pads it */
	unsigned int nr_ranges;		/* GPA-direct packets, else 0 */
	const struct vmbus_range *ranges;
	bool unmapped;			/* its pages are not all RAM: refuse it */
};

/**
 * vmbus_channel_recv() - take the next packet
 * @pkt: filled in; what it points to stays valid until the next call on this channel
 *
 * The read index moves and the guest is signalled as the ring rules ask.
 * Return: 1 with a packet; 0 when the ring is empty (the interrupt mask is handled inside);
 * -EBADMSG when the guest corrupted the ring: the channel is dead until it is reopened,
 * counted and logged once.
 */
int vmbus_channel_recv(struct vmbus_channel *ch, struct vmbus_packet *pkt);

/** vmbus_channel_kick() - have readable() called at the loop's next turn. */
void vmbus_channel_kick(struct vmbus_channel *ch);

/**
 * vmbus_channel_send() - put one packet into the guest's inbound ring
 * @type: VMBUS_PKT_DATA_INBAND, _COMPLETION, _DATA_USING_XFER_PAGES
 * @flags: VMBUS_PKT_FLAG_*
 * @xid: transaction id
 * @hdr: descriptor bytes after the common 16 (transfer-page ranges), or NULL
 * @hdr_len: its length in bytes, a multiple of 8
 * @iov: the payload's pieces
 * @niov: their number
 *
 * The guest is signalled as the ring rules ask, at the end of the loop's turn, so that
 * several packets cost one interrupt.
 * Return: 0; -EAGAIN when the ring is full (writable() is called later); -EMSGSIZE when it
 * could never fit; -EPIPE when the channel is closed or dead.
 */
int vmbus_channel_send(struct vmbus_channel *ch, uint16_t type, uint16_t flags, uint64_t xid,
		       const void *hdr, size_t hdr_len, const struct iovec *iov, int niov);

/** vmbus_channel_complete() - answer @xid with a completion packet of one buffer. */
int vmbus_channel_complete(struct vmbus_channel *ch, uint64_t xid, const void *data, size_t len);

/** vmbus_channel_send_data() - an in-band data packet of one buffer, xid as given. */
int vmbus_channel_send_data(struct vmbus_channel *ch, uint16_t flags, uint64_t xid,
			    const void *data, size_t len);

/** vmbus_channel_close_done() - the VSP no longer touches guest memory for this channel. */
void vmbus_channel_close_done(struct vmbus_channel *ch);

/* ---- GPADLs that a VSP maps (receive and send buffers) ---- */

/**
 * vmbus_gpadl_get() - a GPADL that the guest established on this device's primary or @ch
 * Return: a reference, or NULL when there is none with that handle.
 */
struct vmbus_gpadl *vmbus_gpadl_get(struct vmbus_channel *ch, uint32_t handle);
void vmbus_gpadl_put(struct vmbus_gpadl *gpadl);
size_t vmbus_gpadl_size(const struct vmbus_gpadl *gpadl);

/** vmbus_gpadl_write() - copy into the guest's buffer.
 * Return: 0; -ERANGE outside of it; -ENXIO after the guest tore it down.
 */
int vmbus_gpadl_write(struct vmbus_gpadl *gpadl, size_t offset, const void *data, size_t len);
int vmbus_gpadl_read(struct vmbus_gpadl *gpadl, size_t offset, void *data, size_t len);

/** vmbus_gpadl_iov() - host memory of a piece. Return: number of iovecs used (at most @max),
 * or -ERANGE, -ENXIO, -ENOBUFS. Valid while the reference is held and the GPADL stands.
 */
int vmbus_gpadl_iov(struct vmbus_gpadl *gpadl, size_t offset, size_t len, struct iovec *iov,
		    int max);

#endif
