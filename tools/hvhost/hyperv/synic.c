// SPDX-License-Identifier: GPL-2.0
/*
 * The SynIC's message slots and event flags in guest memory. A lock for each processor guards
 * the addresses of its pages; the pages themselves are shared with the guest and, for
 * synthetic timer messages, with the hypervisor.
 */
#include "hyperv/synic_host.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NR_SINTS		16
#define PAGE_ENABLE		1ull
#define PAGE_ADDRESS		(~0xfffull)
#define CONTROL_ENABLE		1ull
#define MESSAGE_FLAG_PENDING	0x01
#define SIGNAL_BUCKETS		64

/* One slot of the message page. TLFS, HV_MESSAGE. */
struct hv_message_slot {
	uint32_t type;		/* 0: free */
	uint8_t payload_size;
	uint8_t flags;
	uint16_t reserved;
	uint64_t sender;
	uint8_t payload[HV_MESSAGE_PAYLOAD_MAX];
};

_Static_assert(sizeof(struct hv_message_slot) == 256, "HV_MESSAGE");
_Static_assert(NR_SINTS * sizeof(struct hv_message_slot) == GUEST_PAGE_SIZE, "message page");
_Static_assert(NR_SINTS * HV_EVENT_FLAGS_MAX / 8 == GUEST_PAGE_SIZE, "event flags page");

/* The way to a SINT: made at its first use. */
struct sint {
	struct vp *vp;
	unsigned int number;
	bool connected;
	bool waiting;		/* its ack_fd is watched */
	int irq_fd;
	int ack_fd;
};

struct vp {
	uint32_t index;
	pthread_mutex_t lock;	/* protects everything below */
	struct hv_message_slot *messages;	/* NULL: disabled or not in RAM */
	uint8_t *events;
	struct sint sints[NR_SINTS];
};

struct signal_binding {
	struct signal_binding *next;
	uint32_t conn_id;
	int fd;
};

struct synic {
	struct loop *loop;
	const struct guest_memory *mem;
	struct synic_ops ops;
	uint32_t nr_vps;
	struct vp *vps;
	int epoll_fd;		/* ack_fds of the slots that somebody waits for */
	void (*slot_free)(void *arg, uint32_t vp, unsigned int sint);
	void *slot_free_arg;

	pthread_mutex_t signal_lock;
	struct signal_binding *signals[SIGNAL_BUCKETS];

	struct {
		uint64_t messages, busy, retries, events, coalesced, kicks;
	} count;
};

static void counted(uint64_t *counter)
{
	__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static void drain(int fd)
{
	uint64_t value;

	if (read(fd, &value, sizeof(value)) < 0)
		return;		/* EAGAIN: nothing there */
}

static void ring(int fd)
{
	uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) < 0)
		return;		/* EAGAIN: the counter is full, so it fires anyway */
}

/* ---- routes ---- */

static int connect_sint(struct synic *synic, struct sint *sint)
{
	int ret;

	if (sint->connected)
		return 0;
	sint->irq_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sint->ack_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (sint->irq_fd < 0 || sint->ack_fd < 0)
		ret = -errno;
	else
		ret = synic->ops.connect_sint(synic->ops.arg, sint->vp->index, sint->number,
					      sint->irq_fd, sint->ack_fd);
	if (ret) {
		close(sint->irq_fd);
		close(sint->ack_fd);
		return ret;
	}
	sint->connected = true;
	return 0;
}

static void disconnect_sint(struct synic *synic, struct sint *sint)
{
	if (!sint->connected)
		return;
	if (sint->waiting)
		epoll_ctl(synic->epoll_fd, EPOLL_CTL_DEL, sint->ack_fd, NULL);
	close(sint->irq_fd);
	close(sint->ack_fd);
	sint->connected = false;
	sint->waiting = false;
}

/* Have the next EOM of this SINT noticed; it costs nothing while nobody waits. */
static void await_eom(struct synic *synic, struct sint *sint)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = sint };

	if (sint->waiting)
		return;
	drain(sint->ack_fd);
	sint->waiting = !epoll_ctl(synic->epoll_fd, EPOLL_CTL_ADD, sint->ack_fd, &ev);
}

static void on_eom(void *arg, uint32_t epoll_events)
{
	struct synic *synic = arg;
	struct epoll_event events[16];
	int i, n = epoll_wait(synic->epoll_fd, events, 16, 0);

	for (i = 0; i < n; i++) {
		struct sint *sint = events[i].data.ptr;

		pthread_mutex_lock(&sint->vp->lock);
		if (sint->waiting) {
			epoll_ctl(synic->epoll_fd, EPOLL_CTL_DEL, sint->ack_fd, NULL);
			sint->waiting = false;
		}
		pthread_mutex_unlock(&sint->vp->lock);
		counted(&synic->count.retries);
		if (synic->slot_free)
			synic->slot_free(synic->slot_free_arg, sint->vp->index, sint->number);
	}
}

/* ---- messages ---- */

static int fill_slot(struct synic *synic, struct sint *sint, uint32_t type,
		     const void *payload, size_t len)
{
	struct hv_message_slot *slot = &sint->vp->messages[sint->number];

	if (__atomic_load_n(&slot->type, __ATOMIC_ACQUIRE)) {
		await_eom(synic, sint);
		__atomic_or_fetch(&slot->flags, MESSAGE_FLAG_PENDING, __ATOMIC_SEQ_CST);
		/* The guest frees the slot first and looks at the flag then. */
		if (__atomic_load_n(&slot->type, __ATOMIC_SEQ_CST))
			return -EBUSY;
	}
	memcpy(slot->payload, payload, len);
	slot->payload_size = len;
	slot->flags = 0;
	slot->reserved = 0;
	slot->sender = 0;
	__atomic_store_n(&slot->type, type, __ATOMIC_RELEASE);
	return 0;
}

int synic_post_message(struct synic *synic, uint32_t vp_index, unsigned int sint_number,
		       uint32_t type, const void *payload, size_t len)
{
	struct vp *vp;
	int ret;

	if (sint_number >= NR_SINTS || len > HV_MESSAGE_PAYLOAD_MAX || !type)
		return -EINVAL;
	if (vp_index >= synic->nr_vps)
		return -ENXIO;
	vp = &synic->vps[vp_index];
	if (synic->ops.pause)
		synic->ops.pause(synic->ops.arg, vp_index);
	pthread_mutex_lock(&vp->lock);
	ret = -ENXIO;
	if (vp->messages)
		ret = connect_sint(synic, &vp->sints[sint_number]);
	if (!ret)
		ret = fill_slot(synic, &vp->sints[sint_number], type, payload, len);
	if (!ret)
		ring(vp->sints[sint_number].irq_fd);
	pthread_mutex_unlock(&vp->lock);
	if (synic->ops.resume)
		synic->ops.resume(synic->ops.arg, vp_index);
	if (!ret)
		counted(&synic->count.messages);
	else if (ret == -EBUSY)
		counted(&synic->count.busy);
	return ret;
}

void synic_on_slot_free(struct synic *synic,
			void (*fn)(void *arg, uint32_t vp, unsigned int sint), void *arg)
{
	synic->slot_free = fn;
	synic->slot_free_arg = arg;
}

/* ---- event flags ---- */

int synic_signal_event(struct synic *synic, uint32_t vp_index, unsigned int sint_number,
		       unsigned int flag)
{
	uint8_t *byte, bit = 1u << flag % 8;
	struct vp *vp;
	int ret;

	if (sint_number >= NR_SINTS || flag >= HV_EVENT_FLAGS_MAX)
		return -EINVAL;
	if (vp_index >= synic->nr_vps)
		return -ENXIO;
	vp = &synic->vps[vp_index];
	pthread_mutex_lock(&vp->lock);
	ret = -ENXIO;
	if (vp->events)
		ret = connect_sint(synic, &vp->sints[sint_number]);
	if (!ret) {
		byte = vp->events + sint_number * (HV_EVENT_FLAGS_MAX / 8) + flag / 8;
		if (!(__atomic_fetch_or(byte, bit, __ATOMIC_SEQ_CST) & bit)) {
			ring(vp->sints[sint_number].irq_fd);
			ret = 1;
		}
	}
	pthread_mutex_unlock(&vp->lock);
	if (ret >= 0)
		counted(ret ? &synic->count.events : &synic->count.coalesced);
	return ret;
}

/* ---- signals of the guest ---- */

static struct signal_binding **find_signal(struct synic *synic, uint32_t conn_id)
{
	struct signal_binding **p = &synic->signals[conn_id % SIGNAL_BUCKETS];

	while (*p && (*p)->conn_id != conn_id)
		p = &(*p)->next;
	return p;
}

static void forget_signal(struct signal_binding **p)
{
	struct signal_binding *gone = *p;

	*p = gone->next;
	free(gone);
}

int synic_bind_signal(struct synic *synic, uint32_t conn_id, int fd)
{
	struct signal_binding **p;
	int ret = 0;

	if (conn_id > 0xffffff)
		return -EINVAL;
	pthread_mutex_lock(&synic->signal_lock);
	p = find_signal(synic, conn_id);
	if (*p) {
		synic->ops.bind_signal(synic->ops.arg, conn_id, -1);
		forget_signal(p);
		p = find_signal(synic, conn_id);
	}
	if (fd >= 0) {
		*p = calloc(1, sizeof(**p));
		if (!*p)
			ret = -ENOMEM;
		else
			ret = synic->ops.bind_signal(synic->ops.arg, conn_id, fd);
		/* Without the kernel's help the hypercall's exit finds the binding. */
		if (ret == -ENOSYS || ret == -ENOTTY)
			ret = 0;
		if (*p) {
			(*p)->conn_id = conn_id;
			(*p)->fd = fd;
			if (ret)
				forget_signal(p);
		}
	}
	pthread_mutex_unlock(&synic->signal_lock);
	return ret;
}

bool synic_kick_signal(struct synic *synic, uint32_t conn_id)
{
	struct signal_binding *s;

	pthread_mutex_lock(&synic->signal_lock);
	s = *find_signal(synic, conn_id);
	if (s)
		ring(s->fd);
	pthread_mutex_unlock(&synic->signal_lock);
	if (s)
		counted(&synic->count.kicks);
	return s;
}

/* ---- registers, life ---- */

void synic_set_pages(struct synic *synic, uint32_t vp_index, uint64_t control,
		     uint64_t event_page, uint64_t message_page)
{
	struct vp *vp = &synic->vps[vp_index];
	bool on = control & CONTROL_ENABLE;

	pthread_mutex_lock(&vp->lock);
	vp->messages = NULL;
	vp->events = NULL;
	if (on && (message_page & PAGE_ENABLE))
		vp->messages = guest_ptr(synic->mem, message_page & PAGE_ADDRESS,
					 GUEST_PAGE_SIZE);
	if (on && (event_page & PAGE_ENABLE))
		vp->events = guest_ptr(synic->mem, event_page & PAGE_ADDRESS, GUEST_PAGE_SIZE);
	pthread_mutex_unlock(&vp->lock);
}

struct synic *synic_new(struct loop *loop, const struct guest_memory *mem, uint32_t nr_vps,
			const struct synic_ops *ops)
{
	struct synic *synic = calloc(1, sizeof(*synic));
	uint32_t i;
	unsigned int j;

	if (!synic)
		return NULL;
	synic->loop = loop;
	synic->mem = mem;
	synic->ops = *ops;
	synic->nr_vps = nr_vps;
	pthread_mutex_init(&synic->signal_lock, NULL);
	synic->vps = calloc(nr_vps, sizeof(*synic->vps));
	synic->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	for (i = 0; synic->vps && i < nr_vps; i++) {
		synic->vps[i].index = i;
		pthread_mutex_init(&synic->vps[i].lock, NULL);
		for (j = 0; j < NR_SINTS; j++) {
			synic->vps[i].sints[j].vp = &synic->vps[i];
			synic->vps[i].sints[j].number = j;
		}
	}
	if (!synic->vps || synic->epoll_fd < 0 ||
	    loop_add_fd(loop, synic->epoll_fd, EPOLLIN, on_eom, synic)) {
		synic_free(synic);
		return NULL;
	}
	return synic;
}

void synic_reset(struct synic *synic)
{
	uint32_t i;
	unsigned int j;

	for (i = 0; i < synic->nr_vps; i++) {
		struct vp *vp = &synic->vps[i];

		pthread_mutex_lock(&vp->lock);
		vp->messages = NULL;
		vp->events = NULL;
		for (j = 0; j < NR_SINTS; j++)
			disconnect_sint(synic, &vp->sints[j]);
		pthread_mutex_unlock(&vp->lock);
	}
	pthread_mutex_lock(&synic->signal_lock);
	for (i = 0; i < SIGNAL_BUCKETS; i++)
		while (synic->signals[i])
			forget_signal(&synic->signals[i]);
	pthread_mutex_unlock(&synic->signal_lock);
}

void synic_free(struct synic *synic)
{
	uint32_t i;

	if (!synic)
		return;
	if (synic->vps)
		synic_reset(synic);
	for (i = 0; synic->vps && i < synic->nr_vps; i++)
		pthread_mutex_destroy(&synic->vps[i].lock);
	if (synic->epoll_fd >= 0) {
		loop_del_fd(synic->loop, synic->epoll_fd);
		close(synic->epoll_fd);
	}
	pthread_mutex_destroy(&synic->signal_lock);
	free(synic->vps);
	free(synic);
}

json_t *synic_stats(struct synic *synic)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}",
			 "messages", (json_int_t)synic->count.messages,
			 "slot_busy", (json_int_t)synic->count.busy,
			 "slot_retries", (json_int_t)synic->count.retries,
			 "events", (json_int_t)synic->count.events,
			 "events_coalesced", (json_int_t)synic->count.coalesced,
			 "signals_by_exit", (json_int_t)synic->count.kicks);
}
