/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Both ends of Hyper-V sockets under test: programs at the Unix socket, and a guest with rings. A
 * program that includes this includes fake_guest.h first. One include a program.
 */
#ifndef HVHOST_TESTS_HVSOCK_GUEST_H
#define HVHOST_TESTS_HVSOCK_GUEST_H

#include <stdio.h>
#include <sys/socket.h>

#include "fake_guest.h"

#include "hvic/hvsock.h"
#include "unix_socket.h"
#include "vsp/hvsock_internal.h"

#define PFN		16u	/* rings of stream n: 4 pages to the host, then 4 to the guest */
#define PFN_OF(n)	(PFN + 8u * (n))
#define RING		(3u * 4096u)
#define PORT		5000u

static struct {
	struct control *control;
	struct hvsock *hv;
	char dir[32], path[48], listener[64];
} t;

static inline int setup(void **state)
{
	struct error err;

	fake_start(VMBUS_WIRE_V5_3);
	memset(&t, 0, sizeof(t));
	strcpy(t.dir, "/tmp/hvic-hvsock-XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	snprintf(t.path, sizeof(t.path), "%s/socket", t.dir);
	snprintf(t.listener, sizeof(t.listener), "%s_%u", t.path, PORT);
	t.control = control_new(fake.loop);
	t.hv = hvsock_create(fake.server, t.control, t.path, &err);
	assert_non_null(t.hv);
	/* Tests that wait for the end of these make them short. */
	t.hv->open_ms = 60000;
	t.hv->linger_ms = 60000;
	return 0;
}

static inline int teardown(void **state)
{
	struct loop *loop = fake.loop;

	vmbus_server_free(fake.server);
	hvsock_free(t.hv);
	assert_int_equal(access(t.path, F_OK), -1);
	control_free(t.control);
	while (loop_poll(loop, 0) > 0)
		;
	loop_free(loop);
	free(fake.ram);
	unlink(t.listener);
	rmdir(t.dir);
	return 0;
}

/* ---- a program here ---- */

static inline int program(const char *request)
{
	int fd = unix_connect(t.path, NULL);

	assert_true(fd >= 0);
	if (request)
		assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	fake_run();
	return fd;
}

/* The next bytes that are there, as text. */
static inline const char *heard(int fd)
{
	static char text[512];
	ssize_t n;

	fake_run();
	n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN ? "(nothing)" : "(error)";
	text[n] = '\0';
	return n ? text : "(end)";
}

static inline void wait_ms(int ms)
{
	while (ms > 0) {
		loop_poll(fake.loop, 10);
		usleep(2000);
		ms -= 10;
	}
	fake_run();
}

/* ---- the guest's end of a channel ---- */

static inline struct vmbus_ring_control *to_host(unsigned int n)
{
	return (void *)(fake.ram + PFN_OF(n) * 4096);
}

static inline struct vmbus_ring_control *to_guest(unsigned int n)
{
	return (void *)(fake.ram + (PFN_OF(n) + 4) * 4096);
}

static inline void ring_copy(struct vmbus_ring_control *control, uint32_t at, void *bytes, uint32_t len,
		      bool write)
{
	uint8_t *data = (uint8_t *)(control + 1), *byte = bytes;

	for (; len--; at++, byte++)
		if (write)
			data[at % RING] = *byte;
		else
			*byte = data[at % RING];
}

static inline uint32_t ring_used(const struct vmbus_ring_control *control)
{
	return (control->write_index + RING - control->read_index) % RING;
}

/* A packet whose header says @says bytes and that has @len; signals. Return: whether it fits. */
static inline bool guest_packet(unsigned int n, uint16_t type, uint32_t pipe, uint32_t says,
			 const void *bytes, uint32_t len)
{
	struct vmbus_ring_control *control = to_host(n);
	struct {
		struct vmbus_pkt_header head;
		struct vmbus_pipe_header pipe;
	} pkt = { .pipe = { pipe, says } };
	uint32_t body = sizeof(pkt) + ((len + 7) & ~7u), at = control->write_index;
	uint64_t trailer = (uint64_t)at << 32, one = 1;

	pkt.head = (struct vmbus_pkt_header){ .type = type, .offset8 = 2, .len8 = body / 8 };
	if (ring_used(control) + body + 8 >= RING)
		return false;
	ring_copy(control, at, &pkt, sizeof(pkt), true);
	ring_copy(control, at + sizeof(pkt), (void *)bytes, len, true);
	ring_copy(control, at + body, &trailer, 8, true);
	control->write_index = (at + body + 8) % RING;
	assert_int_equal(write(fake.bound_fd, &one, 8), 8);
	fake_run();
	return true;
}

static inline bool guest_send(unsigned int n, const void *bytes, uint32_t len)
{
	return guest_packet(n, VMBUS_PKT_DATA_INBAND, VMBUS_PIPE_DATA, len, bytes, len);
}

/* Take a packet. Return: bytes of the stream in it, 0 for the end, -1 when there is none. */
static inline int guest_take(unsigned int n, void *bytes)
{
	struct vmbus_ring_control *control = to_guest(n);
	struct {
		struct vmbus_pkt_header head;
		struct vmbus_pipe_header pipe;
	} pkt;
	uint64_t one = 1;

	fake_run();
	if (control->read_index == control->write_index)
		return -1;
	ring_copy(control, control->read_index, &pkt, sizeof(pkt), false);
	assert_int_equal(pkt.head.type, VMBUS_PKT_DATA_INBAND);
	assert_int_equal(pkt.pipe.type, VMBUS_PIPE_DATA);
	assert_true(pkt.pipe.len <= HVSOCK_PAYLOAD_MAX);
	assert_true(pkt.head.len8 * 8u >= sizeof(pkt) + pkt.pipe.len);
	ring_copy(control, control->read_index + sizeof(pkt), bytes, pkt.pipe.len, false);
	control->read_index = (control->read_index + pkt.head.len8 * 8 + 8) % RING;
	/* A guest signals for room that the host waits for. */
	if (control->pending_send_size && fake.bound_fd >= 0)
		assert_int_equal(write(fake.bound_fd, &one, 8), 8);
	fake_run();
	return pkt.pipe.len;
}

static inline void guest_takes(unsigned int n, const char *text)
{
	char bytes[HVSOCK_PAYLOAD_MAX];

	assert_int_equal(guest_take(n, bytes), strlen(text));
	assert_memory_equal(bytes, text, strlen(text));
}

static inline void guest_opens(unsigned int n, uint32_t relid)
{
	fake_open(relid, 10 + n, PFN_OF(n));
	to_host(n)->feature_bits = VMBUS_RING_FEATURE_PENDING_SEND_SIZE;
}

/* A program here, connected through stream 0. */
static inline int connected(void)
{
	int fd;

	fake_connect(0);
	fd = program("CONNECT 5000\n");
	guest_opens(0, fake_next(VMBUS_MSG_OFFER_CHANNEL)->offer.relid);
	assert_string_equal(heard(fd), "OK 5000\n");
	return fd;
}

static inline struct vmbus_msg_tl_connect_result *guest_asks(uint32_t port, uint8_t last, uint32_t mine)
{
	/* 00000000-facb-11e6-bd58-64006a7986d3 */
	struct vmbus_msg_tl_connect msg = {
		.service_id = { { port, port >> 8, port >> 16, port >> 24, 0xcb, 0xfa, 0xe6, 0x11,
				  0xbd, 0x58, 0x64, 0x00, 0x6a, 0x79, 0x86, last } },
		.endpoint_id = { { mine, mine >> 8, 0, 0, 0xcb, 0xfa, 0xe6, 0x11,
				   0xbd, 0x58, 0x64, 0x00, 0x6a, 0x79, 0x86, 0xd3 } },
	};

	fake_post(4, VMBUS_MSG_TL_CONNECT_REQUEST, &msg, sizeof(msg));
	if (fake.log[fake.taken % FAKE_LOG].header.type != VMBUS_MSG_TL_CONNECT_RESULT)
		return NULL;
	return &fake_next(VMBUS_MSG_TL_CONNECT_RESULT)->tl;
}

static inline void gone(uint32_t relid)
{
	fake_run();
	assert_int_equal(fake_next(VMBUS_MSG_RESCIND_OFFER)->relid.relid, relid);
	fake_nothing();
	fake_post_relid(VMBUS_MSG_RELID_RELEASED, relid);
	assert_int_equal(t.hv->nr_streams, 0);
	assert_null(vmbus_device_find(fake.server, "hvsock0"));
}

#endif
