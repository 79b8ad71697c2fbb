// SPDX-License-Identifier: GPL-2.0
/*
 * A driver in user space for the synthetic network device: maps the rings that uio_hv_generic gives
 * it, asks the host for a protocol version and reads the answer out of the ring, ROUNDS times (the
 * host grants the first request and refuses, but answers, those that follow). With a MONITOR the
 * host is signalled by that bit of the monitor page, else by the kernel.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hvic/network.h>
#include <hvic/vmbus.h>

#define ANSWER_MS	10000
#define MONITOR_MAP	2	/* of uio_hv_generic's maps */

struct half {
	volatile struct vmbus_ring_control *control;
	volatile uint8_t *data;
	uint32_t size;		/* bytes of data */
};

static int failed(const char *what)
{
	perror(what);
	return 1;
}

static void copy_in(const struct half *ring, uint32_t at, const void *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		ring->data[(at + i) % ring->size] = ((const uint8_t *)bytes)[i];
}

static void copy_out(const struct half *ring, uint32_t at, void *bytes, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		((uint8_t *)bytes)[i] = ring->data[(at + i) % ring->size];
}

struct request {
	struct vmbus_pkt_header head;
	struct nvsp_msg_header type;
	struct nvsp_msg_init init;
	uint8_t rest[NVSP_MSG_SIZE_V6_1 - sizeof(struct nvsp_msg_header) -
		     sizeof(struct nvsp_msg_init)];
	struct vmbus_ring_trailer trailer;
} __attribute__((packed));

struct answer {
	struct vmbus_pkt_header head;
	struct nvsp_msg_header type;
	struct nvsp_msg_init_complete complete;
} __attribute__((packed));

/* Put the request into the ring to the host. */
static void ask(const struct half *out, uint64_t xid)
{
	uint32_t at = out->control->write_index;
	struct request request = {
		.head = {
			.type = VMBUS_PKT_DATA_INBAND, .offset8 = sizeof(request.head) / 8,
			.len8 = (sizeof(request) - sizeof(request.trailer)) / 8,
			.flags = VMBUS_PKT_FLAG_COMPLETION_REQUESTED, .xid = xid,
		},
		.type.type = NVSP_MSG_INIT,
		.init = { NVSP_VERSION_6_1, NVSP_VERSION_6_1 },
		.trailer.start_offset = at,
	};

	copy_in(out, at, &request, sizeof(request));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	out->control->write_index = (at + sizeof(request)) % out->size;
}

/* Wait for the interrupt and take the answer. Return: 0 when it is the right one. */
static int take(int fd, const struct half *in, uint64_t xid)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct answer answer;
	uint32_t at, count;

	while (in->control->read_index == in->control->write_index) {
		if (poll(&pfd, 1, ANSWER_MS) != 1) {
			fprintf(stderr, "uioring: no interrupt in %d ms\n", ANSWER_MS);
			return 1;
		}
		if (read(fd, &count, sizeof(count)) != sizeof(count))
			return failed("read");
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	at = in->control->read_index;
	copy_out(in, at, &answer, sizeof(answer));
	in->control->read_index = (at + answer.head.len8 * 8 + sizeof(struct vmbus_ring_trailer)) %
				  in->size;
	if (answer.head.type != VMBUS_PKT_COMPLETION || answer.head.xid != xid ||
	    answer.type.type != NVSP_MSG_INIT_COMPLETE ||
	    (answer.complete.status == NVSP_STATUS_SUCCESS) != (xid == 1)) {
		fprintf(stderr, "uioring: packet type %u, id %llu, message %u, status %u\n",
			answer.head.type, (unsigned long long)answer.head.xid, answer.type.type,
			answer.complete.status);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct vmbus_monitor_page *page = NULL;
	uint32_t one = 1, size, rounds, monitor = 0;
	struct half out, in;
	uint8_t *rings;
	int fd;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: uioring /dev/uioN RING_MAP_BYTES ROUNDS [MONITOR]\n");
		return 2;
	}
	size = strtoul(argv[2], NULL, 0);
	rounds = strtoul(argv[3], NULL, 0);
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return failed(argv[1]);
	rings = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (rings == MAP_FAILED)
		return failed("mmap");
	if (argc == 5) {
		monitor = strtoul(argv[4], NULL, 0);
		page = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			    MONITOR_MAP * sysconf(_SC_PAGESIZE));
		if (page == MAP_FAILED || monitor >= VMBUS_MONITOR_GROUPS * VMBUS_MONITOR_TRIGGERS)
			return failed("mmap of the monitor page");
	}
	out = (struct half){ (void *)rings, rings + VMBUS_PAGE_SIZE, size / 2 - VMBUS_PAGE_SIZE };
	in = (struct half){ (void *)(rings + size / 2), rings + size / 2 + VMBUS_PAGE_SIZE,
			    size / 2 - VMBUS_PAGE_SIZE };
	for (uint32_t i = 1; i <= rounds; i++) {
		ask(&out, i);
		/* Lets the interrupt through, and tells the host when there is no monitor. */
		if (write(fd, &one, sizeof(one)) != sizeof(one))
			return failed("write");
		if (page)
			__atomic_fetch_or(&page->group[monitor / VMBUS_MONITOR_TRIGGERS].pending,
					  1u << monitor % VMBUS_MONITOR_TRIGGERS, __ATOMIC_SEQ_CST);
		if (take(fd, &in, i))
			return 1;
	}
	printf("%u answers through rings of %u bytes, read at %u\n", rounds, size / 2,
	       in.control->read_index);
	return 0;
}
