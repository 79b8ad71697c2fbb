/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the two files of Hyper-V sockets share: hvsock.c has the ways into a connection,
 * hvsock_stream.c moves its bytes. Everything is the main loop's.
 */
#ifndef HVHOST_VSP_HVSOCK_INTERNAL_H
#define HVHOST_VSP_HVSOCK_INTERNAL_H

#include <hvic/hvsock.h>
#include <hvic/vmbus.h>

#include "loop.h"
#include "vsp/hvsock.h"

#define HVSOCK_STREAMS_MAX	256u	/* connections, those that are being made included */
#define HVSOCK_REQUEST_MAX	32u	/* bytes of "CONNECT PORT\n" */
#define HVSOCK_CHUNK		4096u	/* bytes that are read at once for the guest */
#define HVSOCK_OPEN_MS		5000u
#define HVSOCK_LINGER_MS	10000u

/*
 * HELLO: a program here has not said yet where to. OFFERED: the guest knows the channel. OPEN:
 * bytes go both ways. ENDING: the device is removed at the loop's next turn, or the guest has
 * still to give it back; no byte moves any more.
 */
enum stream_state {
	STREAM_HELLO,
	STREAM_OFFERED,
	STREAM_OPEN,
	STREAM_ENDING,
};

struct hvsock_stream {
	struct hvsock *hv;
	struct hvsock_stream *next;
	enum stream_state state;
	bool from_host;
	uint32_t port;			/* of the side that was called */
	int fd;				/* -1 when it has been closed */
	struct vsp_ops ops;		/* of this one device: its class is the port */
	struct vmbus_device *dev;	/* NULL in HELLO */
	struct vmbus_channel *ch;	/* NULL but in OPEN */
	struct loop_timer *timer;	/* at its end the stream ends */

	bool unix_end, unix_hung;	/* the program sends no more; it is gone */
	bool guest_end;			/* the guest sends no more */
	bool told_unix, told_guest;	/* what each has been told of the other's end */
	bool lingering;			/* the guest has this long to take or to end */
	uint64_t linger_bytes;		/* bytes_in when that began */

	char request[HVSOCK_REQUEST_MAX];
	size_t request_len;
	size_t in_len;			/* of what waits for room in the guest's ring */
	size_t out_len, out_done;	/* of what waits for the Unix socket */
	uint64_t bytes_in, bytes_out;	/* to the guest, from the guest */
	struct {
		struct vmbus_pipe_header head;
		uint8_t data[HVSOCK_CHUNK];
	} in;
	uint8_t out[HVSOCK_PAYLOAD_MAX];
};

struct hvsock {
	struct vmbus_server *server;
	struct control *control;
	char *path;
	int listen_fd;
	struct hvsock_stream *streams;
	unsigned int nr_streams;
	unsigned int open_ms;		/* for a program's line, and for the guest to open */
	unsigned int linger_ms;		/* for a guest that ended to take the rest; for its end */
	uint32_t next_peer;		/* a port for the next program that connects */
	uint64_t from_host, from_guest;	/* opened */
	uint64_t refused, unanswered;	/* by us, by the guest */
	uint64_t broken;		/* that ended before both sides had said so */
	uint64_t bytes_in, bytes_out;	/* of those that ended */
};

/** hvsock_stream_new() - takes @fd over when it succeeds. Return: NULL when it cannot be. */
struct hvsock_stream *hvsock_stream_new(struct hvsock *hv, int fd);

/** hvsock_stream_offer() - let the guest open it. Return: 0, or -1 with @err set. */
int hvsock_stream_offer(struct hvsock_stream *s, const struct vmbus_guid *instance,
			struct error *err);

/** hvsock_stream_refuse() - tell a program here why not, then free the stream that has no device
 * or end the one that has.
 */
void hvsock_stream_refuse(struct hvsock_stream *s, const char *why);

/** hvsock_stream_free() - one without a device. */
void hvsock_stream_free(struct hvsock_stream *s);

#endif
