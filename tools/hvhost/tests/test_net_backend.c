// SPDX-License-Identifier: GPL-2.0
/*
 * Network back ends at the level of frames: DHCP and TCP with user-mode NAT, hubs whose
 * members come and go, and specifications that a person mistypes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/net.h"
#include "hvic/rndis.h"
#include "vsp/netvsp_frame.h"
#include "vsp/netvsp_internal.h"

struct station {
	struct net_backend *be;
	uint8_t last[NET_FRAME_MAX];
	size_t len;
	unsigned int frames, flushes, writables;
};

static struct loop *loop;

static void got(void *arg, const void *frame, size_t len)
{
	struct station *s = arg;

	assert_true(len <= sizeof(s->last));
	memcpy(s->last, frame, len);
	s->len = len;
	s->frames++;
}

static void flushed(void *arg)
{
	((struct station *)arg)->flushes++;
}

static void writable(void *arg)
{
	((struct station *)arg)->writables++;
}

static struct net_backend *plug(struct station *s, const char *spec)
{
	struct net_client client = { .deliver = got, .flush = flushed, .writable = writable,
				     .arg = s };
	struct error err = { "" };

	memset(s, 0, sizeof(*s));
	s->be = net_backend_new(spec, 1500, loop, &client, &err);
	if (!s->be)
		fail_msg("%s", err.text);
	return s->be;
}

/* Turns the loop until @s has @frames frames, at most three seconds. */
static bool wait_frames(struct station *s, unsigned int frames)
{
	for (int i = 0; i < 300 && s->frames < frames; i++)
		loop_poll(loop, 10);
	return s->frames >= frames;
}

static void settle(int ms)
{
	for (int i = 0; i < ms / 10; i++)
		while (loop_poll(loop, 10) > 0)
			;
}

static json_int_t stat_of(struct net_backend *be, const char *key)
{
	json_t *o = json_object();
	json_int_t v;

	be->ops->stats(be, o);
	v = json_integer_value(json_object_get(o, key));
	json_decref(o);
	return v;
}

static int setup(void **state)
{
	char dir[] = "/tmp/hvic-test-XXXXXX";

	assert_non_null(mkdtemp(dir));
	setenv("XDG_RUNTIME_DIR", dir, 1);
	loop = loop_new("test");
	assert_non_null(loop);
	return 0;
}

static int teardown(void **state)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	char path[128];

	loop_free(loop);
	snprintf(path, sizeof(path), "%s/hvic-hub-t.lock", dir);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);	/* nothing else is left behind */
	return 0;
}

/* ---- user-mode NAT ---- */

static const uint8_t guest_mac[6] = { 2, 0, 0, 0, 0, 9 };

/* An Ethernet, IPv4 and UDP header in front of @len bytes at frame + 42; checksums filled. */
static size_t udp(uint8_t *f, const char *src, const char *dst, uint16_t sport, uint16_t dport,
		  size_t len)
{
	memset(f, 0xff, 6);
	memcpy(f + 6, guest_mac, 6);
	memset(f + 12, 0, 30);
	f[12] = 0x08;
	f[14] = 0x45;
	f[16] = (28 + len) >> 8;
	f[17] = 28 + len;
	f[22] = 64;
	f[23] = 17;
	inet_pton(AF_INET, src, f + 26);
	inet_pton(AF_INET, dst, f + 30);
	f[34] = sport >> 8;
	f[35] = sport;
	f[36] = dport >> 8;
	f[37] = dport;
	f[38] = (8 + len) >> 8;
	f[39] = 8 + len;
	assert_int_equal(frame_fill_checksums(f, 42 + len, RNDIS_WIRE_CSUM_TX_IPV4 |
			 RNDIS_WIRE_CSUM_TX_IP_HEADER | RNDIS_WIRE_CSUM_TX_UDP), 0);
	return 42 + len;
}

static const uint8_t *dhcp_option(const uint8_t *f, size_t len, uint8_t code)
{
	for (size_t at = 42 + 240; at + 1 < len && f[at] != 255; at += f[at] ? 2 + f[at + 1] : 1)
		if (f[at] == code)
			return f + at + 2;
	return NULL;
}

static void dhcp_gives_a_lease(void **state)
{
	static const uint8_t options[] = { 0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255 };
	uint8_t f[400] = { 0 }, *dhcp = f + 42;
	struct frame_info info;
	struct station s;

	plug(&s, "user");
	dhcp[0] = 1;
	dhcp[1] = 1;
	dhcp[2] = 6;
	memcpy(dhcp + 4, "\x12\x34\x56\x78", 4);
	memcpy(dhcp + 28, guest_mac, 6);
	memcpy(dhcp + 236, options, sizeof(options));
	assert_int_equal(net_backend_send(s.be, f, udp(f, "0.0.0.0", "255.255.255.255", 68, 67,
						       300)), 0);
	assert_true(wait_frames(&s, 1));
	assert_true(frame_dissect(s.last, s.len, false, &info));
	assert_int_equal(frame_verify_checksums(s.last, &info) & RNDIS_WIRE_CSUM_RX_IP_OK,
			 RNDIS_WIRE_CSUM_RX_IP_OK);
	assert_int_equal(s.last[37], 68);
	assert_memory_equal(s.last + 42 + 4, "\x12\x34\x56\x78", 4);
	assert_memory_equal(s.last + 42 + 16, "\x0a\x00\x02\x0f", 4);
	assert_int_equal(*dhcp_option(s.last, s.len, 53), 2);
	assert_memory_equal(dhcp_option(s.last, s.len, 3), "\x0a\x00\x02\x02", 4);
	settle(20);
	assert_true(s.flushes > 0);
	net_backend_free(s.be);
}

/* The guest's 10.0.2.2 is the machine that the host runs on. */
static void guest_reaches_the_host(void **state)
{
	static const uint8_t arp[] = { 0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 9, 10, 0, 2, 15 };
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t addr_len = sizeof(addr);
	uint8_t f[600] = { 0 }, buf[64];
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct station s;
	size_t len;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &addr_len), 0);
	plug(&s, "user");
	/* An ARP answer for nobody: slirp learns the guest's address from it. */
	memset(f, 0xff, 6);
	memcpy(f + 6, guest_mac, 6);
	f[12] = 0x08;
	f[13] = 0x06;
	memcpy(f + 14, arp, sizeof(arp));
	memcpy(f + 32, f, 6);
	memcpy(f + 38, "\x0a\x00\x02\x02", 4);
	net_backend_send(s.be, f, 60);
	memcpy(f + 42, "knock", 5);
	net_backend_send(s.be, f, udp(f, "10.0.2.15", "10.0.2.2", 5000, ntohs(addr.sin_port), 5));
	for (int i = 0; i < 100; i++) {
		addr_len = sizeof(addr);
		loop_poll(loop, 10);
		if (recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&addr, &addr_len) == 5)
			break;
	}
	assert_memory_equal(buf, "knock", 5);
	/* And the answer comes back, through the loop. */
	s.frames = 0;
	assert_int_equal(sendto(fd, "who is there", 12, 0, (struct sockaddr *)&addr, addr_len), 12);
	assert_true(wait_frames(&s, 1));
	len = s.len;
	assert_memory_equal(s.last + len - 12, "who is there", 12);
	assert_memory_equal(s.last + 26, "\x0a\x00\x02\x02", 4);
	net_backend_free(s.be);
	close(fd);
}

/* ---- hubs ---- */

static void send_text(struct station *s, const char *text)
{
	uint8_t f[60] = { 0 };

	memcpy(f, text, strlen(text));
	assert_int_equal(net_backend_send(s->be, f, sizeof(f)), 0);
}

static void hub_joins_three(void **state)
{
	struct station a, b, c;

	plug(&a, "hub:t");
	plug(&b, "hub:t");
	plug(&c, "hub:t");
	settle(50);
	send_text(&a, "from a");
	assert_true(wait_frames(&b, 1) && wait_frames(&c, 1));
	assert_string_equal((char *)b.last, "from a");
	assert_int_equal(b.len, 60);
	send_text(&b, "from b");
	assert_true(wait_frames(&a, 1) && wait_frames(&c, 2));
	assert_string_equal((char *)c.last, "from b");
	settle(30);
	assert_int_equal(b.frames, 1);	/* nobody hears himself */
	assert_true(b.flushes > 0);

	/* A member leaves. */
	net_backend_free(b.be);
	settle(30);
	send_text(&a, "again");
	assert_true(wait_frames(&c, 3));
	assert_int_equal(stat_of(a.be, "hub_peers"), 1);

	/* The one in the middle leaves; the last ones find each other. */
	net_backend_free(a.be);
	plug(&b, "hub:t");
	settle(200);
	send_text(&c, "heir");
	assert_true(wait_frames(&b, 1));
	send_text(&b, "hello");
	assert_true(wait_frames(&c, 4));
	assert_string_equal((char *)c.last, "hello");
	net_backend_free(b.be);
	net_backend_free(c.be);
}

/* A centre that died without a word leaves its socket's name; it does not stand in the way. */
static void hub_survives_a_crash(void **state)
{
	struct station a, b;
	pid_t child = fork();
	int status;

	if (!child) {
		struct station dead;

		loop = loop_new("child");
		plug(&dead, "hub:t");
		_exit(stat_of(dead.be, "hub_peers"));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	plug(&a, "hub:t");
	plug(&b, "hub:t");
	settle(50);
	send_text(&a, "alive");
	assert_true(wait_frames(&b, 1));
	net_backend_free(a.be);
	net_backend_free(b.be);
}

/* A peer that reads nothing holds the sender up, but not for ever; nothing is reordered. */
static void hub_pushes_back(void **state)
{
	struct station a, b;
	uint8_t f[1514] = { 0 };
	unsigned int sent = 0;

	plug(&a, "hub:t");
	plug(&b, "hub:t");
	settle(50);
	while (net_backend_send(a.be, f, sizeof(f)) == 0) {
		sent++;
		assert_true(sent < 100000);
		memcpy(f, &sent, 4);
	}
	assert_true(sent >= 256);
	for (int i = 0; i < 300 && !a.writables; i++)
		loop_poll(loop, 10);
	assert_true(a.writables > 0);
	assert_true(wait_frames(&b, sent));
	sent--;
	assert_memory_equal(b.last, &sent, 4);
	assert_int_equal(stat_of(a.be, "drops_stalled"), 0);
	net_backend_free(a.be);
	net_backend_free(b.be);
}

/* ---- specifications ---- */

static void specs(void **state)
{
	static const struct {
		const char *spec, *says;
	} bad[] = {
		{ "", "user, hub:NAME, tap:IF, gen, none" },
		{ "bridge:br0", "user, hub:NAME, tap:IF, gen, none" },
		{ "users", "user, hub:NAME, tap:IF, gen, none" },
		{ "user,dns=1", "dns=1" },
		{ "user,hostfwd=tcp:80", "tcp:HOSTPORT-GUESTPORT" },
		{ "user,hostfwd=sctp:80-80", "HOSTPORT-GUESTPORT" },
		{ "user,hostfwd=tcp:0-80", "HOSTPORT-GUESTPORT" },
		{ "user,hostfwd=tcp:65536-80", "HOSTPORT-GUESTPORT" },
		{ "user,hostfwd=tcp:80-80x", "HOSTPORT-GUESTPORT" },
		{ "hub", "1 to 31" },
		{ "hub:", "1 to 31" },
		{ "hub:../x", "1 to 31" },
		{ "hub:a,b=1", "1 to 31" },
		{ "tap:", "interface name" },
		{ "tap:a-name-that-is-too-long", "interface name" },
		{ "none,x", "unknown option \"x\"" },
		{ "none,mac=00:15:5d:01:02", "00:15:5d:01:02:03" },
		{ "none,mac=01:15:5d:01:02:03", "group" },
		{ "none,mac=00:15:5d:01:02:0g", "00:15:5d:01:02:03" },
		{ "none,mtu=67", "68 to 9000" },
		{ "none,mtu=9001", "68 to 9000" },
		{ "none,mtu=-1", "68 to 9000" },
		{ "none,queues=0", "1 to 64" },
		{ "none,queues=65", "1 to 64" },
		{ "none,queues=2x", "1 to 64" },
		{ "none,nvsp=3", "1, 2, 4, 5, 6, 6.1" },
	};
	struct netvsp *nic;
	struct error err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.text[0] = 0;
		assert_null(netvsp_new(loop, bad[i].spec, 0, 0, &err));
		if (!strstr(err.text, bad[i].says))
			fail_msg("%s: \"%s\" does not say \"%s\"", bad[i].spec, err.text,
				 bad[i].says);
		assert_null(strchr(err.text, '\n'));
	}
	nic = netvsp_new(loop, "user,mac=02:aa:bb:cc:dd:ee,mtu=4000,queues=3,nvsp=5", 0, 0, &err);
	assert_non_null(nic);
	assert_memory_equal(nic->rndis.mac, "\x02\xaa\xbb\xcc\xdd\xee", 6);
	assert_int_equal(nic->mtu, 4000);
	assert_int_equal(nic->rndis.max_channels, 3);
	assert_int_equal(nic->max_version, NVSP_VERSION_5);
	assert_string_equal(nic->backend->ops->name, "user");
	netvsp_free(nic);
	/* The version of the command line is for devices that name none. */
	nic = netvsp_new(loop, "none", 0, NVSP_VERSION_2, &err);
	assert_non_null(nic);
	assert_int_equal(nic->max_version, NVSP_VERSION_2);
	netvsp_free(nic);
	nic = netvsp_new(loop, "none,nvsp=4", 0, NVSP_VERSION_2, &err);
	assert_non_null(nic);
	assert_int_equal(nic->max_version, NVSP_VERSION_4);
	netvsp_free(nic);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(dhcp_gives_a_lease),
		TEST(guest_reaches_the_host),
		TEST(hub_joins_three),
		TEST(hub_survives_a_crash),
		TEST(hub_pushes_back),
		TEST(specs),
	};

	return cmocka_run_group_tests_name("net_backend", tests, NULL, NULL);
}
