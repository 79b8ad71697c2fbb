/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest for unit tests of the VMBus server and of VSPs: memory, a SynIC that keeps what the
 * server sends, and the messages that a driver posts. A test that includes this is linked with
 * the real SynIC's functions replaced (see the Makefile). One include a program.
 */
#ifndef HVHOST_TESTS_FAKE_GUEST_H
#define HVHOST_TESTS_FAKE_GUEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hvic/vmbus.h"
#include "hyperv/synic.h"
#include "hyperv/vmbus.h"
#include "loop.h"

#define FAKE_PAGES	512u
#define FAKE_VPS	4u
#define FAKE_LOG	512u

struct fake_message {
	uint32_t vp;
	unsigned int sint;
	size_t len;
	union {
		uint8_t payload[HV_MESSAGE_PAYLOAD_MAX];
		struct vmbus_msg_header header;
		struct vmbus_msg_offer offer;
		struct vmbus_msg_relid relid;
		struct vmbus_msg_open_result open_result;
		struct vmbus_msg_gpadl_created created;
		struct vmbus_msg_gpadl_torndown torndown;
		struct vmbus_msg_version_response version;
		struct vmbus_msg_modify_channel_response modify;
		struct vmbus_msg_tl_connect_result tl;
	};
};

static struct fake {
	struct loop *loop;
	struct guest_memory mem;
	uint8_t *ram;
	struct vmbus_server *server;

	bool slot_busy;			/* the guest has not ended a message */
	void (*slot_free)(void *arg, uint32_t vp, unsigned int sint);
	void *slot_free_arg;
	struct fake_message log[FAKE_LOG];
	unsigned int logged, taken;

	unsigned int signals[2048];	/* event flags that were set, by flag */
	uint32_t signal_vp;		/* VP of the last one */
	uint32_t bound_id;		/* the last binding */
	int bound_fd;
} fake;

/* ---- the SynIC ---- */

int __wrap_synic_post_message(struct synic *synic, uint32_t vp, unsigned int sint, uint32_t type,
			      const void *payload, size_t len);
int __wrap_synic_signal_event(struct synic *synic, uint32_t vp, unsigned int sint,
			      unsigned int flag);
void __wrap_synic_on_slot_free(struct synic *synic,
			       void (*fn)(void *arg, uint32_t vp, unsigned int sint), void *arg);
int __wrap_synic_bind_signal(struct synic *synic, uint32_t conn_id, int fd);

int __wrap_synic_post_message(struct synic *synic, uint32_t vp, unsigned int sint, uint32_t type,
			      const void *payload, size_t len)
{
	struct fake_message *m = &fake.log[fake.logged % FAKE_LOG];

	if (fake.slot_busy)
		return -EBUSY;
	if (vp >= FAKE_VPS)
		return -ENXIO;
	assert_int_equal(type, 1);
	memset(m, 0, sizeof(*m));
	m->vp = vp;
	m->sint = sint;
	m->len = len;
	memcpy(m->payload, payload, len);
	fake.logged++;
	return 0;
}

int __wrap_synic_signal_event(struct synic *synic, uint32_t vp, unsigned int sint,
			      unsigned int flag)
{
	assert_true(vp < FAKE_VPS && flag < 2048);
	fake.signals[flag]++;
	fake.signal_vp = vp;
	return 1;
}

void __wrap_synic_on_slot_free(struct synic *synic,
			       void (*fn)(void *arg, uint32_t vp, unsigned int sint), void *arg)
{
	fake.slot_free = fn;
	fake.slot_free_arg = arg;
}

int __wrap_synic_bind_signal(struct synic *synic, uint32_t conn_id, int fd)
{
	fake.bound_id = conn_id;
	fake.bound_fd = fd;
	return 0;
}

/* ---- life ---- */

static void fake_run(void)
{
	while (loop_poll(fake.loop, 0) > 0)
		;
}

static void fake_start(uint32_t max_version)
{
	struct vmbus_server_config config = { .max_version = max_version, .nr_vps = FAKE_VPS };

	memset(&fake, 0, sizeof(fake));
	fake.bound_fd = -1;
	fake.ram = aligned_alloc(4096, FAKE_PAGES * 4096);
	memset(fake.ram, 0, FAKE_PAGES * 4096);
	fake.mem.nr_regions = 1;
	fake.mem.regions[0] = (struct guest_ram_region) {
		.gpa = 0, .size = FAKE_PAGES * 4096, .hva = fake.ram,
	};
	fake.loop = loop_new("test");
	fake.server = vmbus_server_new(fake.loop, &fake.mem, NULL, &config);
	assert_non_null(fake.server);
}

static inline void fake_stop(void)
{
	vmbus_server_free(fake.server);
	fake_run();
	loop_free(fake.loop);
	free(fake.ram);
}

/* ---- messages ---- */

static inline void fake_post(uint32_t conn_id, uint32_t type, void *msg, size_t len)
{
	((struct vmbus_msg_header *)msg)->type = type;
	((struct vmbus_msg_header *)msg)->padding = 0;
	assert_int_equal(vmbus_post_message(fake.server, conn_id, 1, msg, len), 0);
	fake_run();
}

static struct fake_message *fake_next(uint32_t type)
{
	struct fake_message *m = &fake.log[fake.taken % FAKE_LOG];

	assert_true(fake.taken < fake.logged);
	fake.taken++;
	assert_int_equal(m->header.type, type);
	return m;
}

static inline void fake_nothing(void)
{
	assert_int_equal(fake.logged - fake.taken, 0);
}

static inline struct fake_message *fake_contact(uint32_t version, uint32_t vp, uint8_t sint)
{
	struct vmbus_msg_initiate_contact contact = { .version = version, .target_vp = vp };

	if (version >= VMBUS_WIRE_V5_0)
		contact.u.target.sint = sint;
	else
		contact.u.interrupt_page = 0x1000;
	contact.parent_to_child_monitor = 0x2000;
	contact.child_to_parent_monitor = 0x3000;
	fake_post(version >= VMBUS_WIRE_V5_0 ? 4 : 1, VMBUS_MSG_INITIATE_CONTACT, &contact,
		  sizeof(contact));
	return fake.taken < fake.logged ? fake_next(VMBUS_MSG_VERSION_RESPONSE) : NULL;
}

static inline void fake_post_header(uint32_t type)
{
	struct vmbus_msg_header msg;

	fake_post(4, type, &msg, sizeof(msg));
}

static inline void fake_post_relid(uint32_t type, uint32_t relid)
{
	struct vmbus_msg_relid msg = { .relid = relid };

	fake_post(4, type, &msg, sizeof(msg));
}

/* Connect with 5.3 and read @offers offers. */
static inline void fake_connect(unsigned int offers)
{
	assert_int_equal(fake_contact(VMBUS_WIRE_V5_3, 0, 2)->version.supported, 1);
	fake_post_header(VMBUS_MSG_REQUEST_OFFERS);
	while (offers--)
		fake_next(VMBUS_MSG_OFFER_CHANNEL);
	fake_next(VMBUS_MSG_ALL_OFFERS_DELIVERED);
	fake_nothing();
}

/* Post the messages of a GPADL of @pages adjacent pages, and take the answer's status. */
static inline uint32_t fake_gpadl(uint32_t relid, uint32_t handle, uint64_t pfn, uint32_t pages)
{
	struct {
		struct vmbus_msg_gpadl_header head;
		struct vmbus_wire_gpa_range range;
		uint64_t pfns[VMBUS_GPADL_HEADER_PFNS];
	} __attribute__((packed)) first = {
		.head.relid = relid, .head.gpadl = handle, .head.range_count = 1,
		.head.range_buflen = 8 + pages * 8, .range.byte_count = pages * 4096,
	};
	struct {
		struct vmbus_msg_gpadl_body head;
		uint64_t pfns[VMBUS_GPADL_BODY_PFNS];
	} __attribute__((packed)) more = { .head.gpadl = handle };
	uint32_t n, i = 0;

	for (n = 0; n < VMBUS_GPADL_HEADER_PFNS && i < pages; i++)
		first.pfns[n++] = pfn + i;
	fake_post(4, VMBUS_MSG_GPADL_HEADER, &first, 28 + n * 8);
	while (i < pages) {
		for (n = 0; n < VMBUS_GPADL_BODY_PFNS && i < pages; i++)
			more.pfns[n++] = pfn + i;
		fake_post(4, VMBUS_MSG_GPADL_BODY, &more, 16 + n * 8);
	}
	return fake_next(VMBUS_MSG_GPADL_CREATED)->created.status;
}

static inline void fake_post_teardown(uint32_t relid, uint32_t handle)
{
	struct vmbus_msg_gpadl_teardown msg = { .relid = relid, .gpadl = handle };

	fake_post(4, VMBUS_MSG_GPADL_TEARDOWN, &msg, sizeof(msg));
}

static inline void fake_post_open(uint32_t relid, uint32_t handle, uint32_t down, uint32_t vp)
{
	struct vmbus_msg_open msg = {
		.relid = relid, .open_id = 77, .ring_gpadl = handle, .target_vp = vp,
		.downstream_page_offset = down, .user_data = { 1, 2, 3 },
	};

	fake_post(4, VMBUS_MSG_OPEN_CHANNEL, &msg, sizeof(msg));
}

/* A GPADL of 2 * 4 pages at @pfn for both rings, then open; both must succeed. */
static inline void fake_open(uint32_t relid, uint32_t handle, uint64_t pfn)
{
	struct fake_message *m;

	memset(fake.ram + pfn * 4096, 0, 8 * 4096);
	assert_int_equal(fake_gpadl(relid, handle, pfn, 8), 0);
	fake_post_open(relid, handle, 4, 1);
	m = fake_next(VMBUS_MSG_OPEN_RESULT);
	assert_int_equal(m->open_result.relid, relid);
	assert_int_equal(m->open_result.open_id, 77);
	assert_int_equal(m->open_result.status, 0);
}

#endif
