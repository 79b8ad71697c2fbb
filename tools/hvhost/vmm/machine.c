// SPDX-License-Identifier: GPL-2.0
/*
 * The VM: creation, memory slots, interrupt routing. The interrupt controllers are KVM's; a
 * SINT of a processor gets a GSI of its own when it is first used.
 */
#include "vmm/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm/isolation.h"
#include "vmm/machine_internal.h"

#define TSS_ADDRESS		0xfffbd000ul	/* three pages that VMX wants outside of RAM */
#define IDENTITY_MAP_ADDRESS	0xfffbc000ul
#define PIC_GSIS		16
#define IOAPIC_GSIS		24

static const struct {
	int cap;
	const char *name;
} required[] = {
	{ KVM_CAP_IRQCHIP, "in-kernel interrupt controllers" },
	{ KVM_CAP_IRQ_ROUTING, "interrupt routing" },
	{ KVM_CAP_IRQFD_RESAMPLE, "resampling irqfds" },
	{ KVM_CAP_IMMEDIATE_EXIT, "immediate_exit" },
	{ KVM_CAP_HYPERV_SYNIC2, "the Hyper-V SynIC" },
	{ KVM_CAP_HYPERV_CPUID, "Hyper-V CPUID leaves" },
};

static int check_kvm(struct machine *m, struct error *err)
{
	unsigned int i;
	int size;

	if (ioctl(m->kvm_fd, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return error_set(err, "/dev/kvm speaks another API version than %d",
				 KVM_API_VERSION);
	for (i = 0; i < sizeof(required) / sizeof(required[0]); i++)
		if (ioctl(m->kvm_fd, KVM_CHECK_EXTENSION, required[i].cap) <= 0)
			return error_set(err, "this kernel's KVM lacks %s", required[i].name);
	size = ioctl(m->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(struct kvm_run))
		return error_set(err, "KVM_GET_VCPU_MMAP_SIZE: %s", strerror(errno));
	m->run_size = size;
	m->supported.nent = CPUID_MAX_ENTRIES;
	if (ioctl(m->kvm_fd, KVM_GET_SUPPORTED_CPUID, &m->supported) < 0)
		return error_set(err, "KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
	m->max_routes = ioctl(m->kvm_fd, KVM_CHECK_EXTENSION, KVM_CAP_IRQ_ROUTING);
	m->routing = calloc(1, sizeof(*m->routing) +
			    m->max_routes * sizeof(struct kvm_irq_routing_entry));
	m->vcpus = calloc(m->config.nr_cpus, sizeof(*m->vcpus));
	if (!m->routing || !m->vcpus)
		return error_set(err, "out of memory");
	return 0;
}

struct machine *machine_new(const struct machine_config *config, struct error *err)
{
	struct machine *m = calloc(1, sizeof(*m));
	unsigned int i;

	if (!m) {
		error_set(err, "out of memory");
		return NULL;
	}
	m->config = *config;
	m->vm_fd = -1;
	pthread_mutex_init(&m->route_lock, NULL);
	m->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (m->kvm_fd < 0) {
		error_set(err, "cannot open /dev/kvm: %s: %s", strerror(errno),
			  errno == EACCES ? "add yourself to the group kvm" :
			  "load kvm-intel or kvm-amd, or use the lab's emulated machine");
		machine_free(m);
		return NULL;
	}
	if (check_kvm(m, err)) {
		machine_free(m);
		return NULL;
	}
	for (i = 0; i < config->nr_cpus; i++) {
		struct vcpu *v = &m->vcpus[i];

		v->m = m;
		v->index = i;
		v->fd = -1;
		v->stats_fd = -1;
		pthread_mutex_init(&v->lock, NULL);
		pthread_cond_init(&v->changed, NULL);
	}
	return m;
}

void machine_free(struct machine *m)
{
	if (!m)
		return;
	machine_destroy(m);
	if (m->kvm_fd >= 0)
		close(m->kvm_fd);
	pthread_mutex_destroy(&m->route_lock);
	free(m->routing);
	free(m->vcpus);
	free(m);
}

/* ---- interrupt routing ---- */

static struct kvm_irq_routing_entry *add_route(struct machine *m, uint32_t gsi, uint32_t type)
{
	struct kvm_irq_routing_entry *e = &m->routing->entries[m->routing->nr++];

	memset(e, 0, sizeof(*e));
	e->gsi = gsi;
	e->type = type;
	return e;
}

/* Setting a table replaces KVM's default one, so it starts with the same lines. */
static int set_default_routes(struct machine *m)
{
	unsigned int gsi;

	m->routing->nr = 0;
	for (gsi = 0; gsi < IOAPIC_GSIS; gsi++) {
		struct kvm_irq_routing_entry *e;

		if (gsi < PIC_GSIS) {
			e = add_route(m, gsi, KVM_IRQ_ROUTING_IRQCHIP);
			e->u.irqchip.irqchip = gsi < 8 ? KVM_IRQCHIP_PIC_MASTER :
							 KVM_IRQCHIP_PIC_SLAVE;
			e->u.irqchip.pin = gsi % 8;
		}
		e = add_route(m, gsi, KVM_IRQ_ROUTING_IRQCHIP);
		e->u.irqchip.irqchip = KVM_IRQCHIP_IOAPIC;
		e->u.irqchip.pin = gsi;
	}
	m->next_gsi = IOAPIC_GSIS;
	return ioctl(m->vm_fd, KVM_SET_GSI_ROUTING, m->routing) < 0 ? -errno : 0;
}

int machine_connect_sint(struct machine *m, uint32_t vp, unsigned int sint, int irq_fd,
			 int ack_fd)
{
	struct kvm_irqfd irqfd = {
		.fd = irq_fd, .resamplefd = ack_fd, .flags = KVM_IRQFD_FLAG_RESAMPLE,
	};
	struct kvm_irq_routing_entry *e;
	int ret = 0;

	pthread_mutex_lock(&m->route_lock);
	if (m->vm_fd < 0) {
		ret = -ENODEV;
	} else if (m->routing->nr == m->max_routes) {
		ret = -ENOSPC;
	} else {
		irqfd.gsi = m->next_gsi;
		e = add_route(m, irqfd.gsi, KVM_IRQ_ROUTING_HV_SINT);
		e->u.hv_sint.vcpu = vp;
		e->u.hv_sint.sint = sint;
		if (ioctl(m->vm_fd, KVM_SET_GSI_ROUTING, m->routing) < 0 ||
		    ioctl(m->vm_fd, KVM_IRQFD, &irqfd) < 0) {
			ret = -errno;
			m->routing->nr--;
		} else {
			m->next_gsi++;
		}
	}
	pthread_mutex_unlock(&m->route_lock);
	return ret;
}

int machine_bind_signal(struct machine *m, uint32_t conn_id, int fd)
{
	struct kvm_hyperv_eventfd args = {
		.conn_id = conn_id, .fd = fd,
		.flags = fd < 0 ? KVM_HYPERV_EVENTFD_DEASSIGN : 0,
	};

	if (m->vm_fd < 0)
		return -ENODEV;
	return ioctl(m->vm_fd, KVM_HYPERV_EVENTFD, &args) < 0 ? -errno : 0;
}

void machine_irq(struct machine *m, unsigned int gsi, bool level)
{
	struct kvm_irq_level line = { .irq = gsi, .level = level };

	if (m->vm_fd >= 0)
		ioctl(m->vm_fd, KVM_IRQ_LINE, &line);
}

int machine_nmi(struct machine *m, unsigned int cpu)
{
	struct kvm_msi msi = {
		.address_lo = 0xfee00000 | (cpu & 0xff) << 12,
		.address_hi = cpu & ~0xffu,
		.data = 0x400,	/* delivery mode NMI; the vector has no meaning */
	};

	if (m->vm_fd < 0 || cpu >= m->config.nr_cpus)
		return -EINVAL;
	return ioctl(m->vm_fd, KVM_SIGNAL_MSI, &msi) < 0 ? -errno : 0;
}

/* ---- life ---- */

static int set_memory(struct machine *m, struct error *err)
{
	const struct guest_memory *mem = m->config.mem;
	unsigned int i;

	for (i = 0; i < mem->nr_regions; i++) {
		struct kvm_userspace_memory_region region = {
			.slot = i,
			.guest_phys_addr = mem->regions[i].gpa,
			.memory_size = mem->regions[i].size,
			.userspace_addr = (uintptr_t)mem->regions[i].hva,
		};

		if (ioctl(m->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) < 0)
			return error_set(err, "KVM_SET_USER_MEMORY_REGION: %s", strerror(errno));
	}
	return 0;
}

static int create_vm(struct machine *m, struct error *err)
{
	uint64_t identity_map = IDENTITY_MAP_ADDRESS;
	int ret;

	m->vm_fd = ioctl(m->kvm_fd, KVM_CREATE_VM, 0);
	if (m->vm_fd < 0)
		return error_set(err, "KVM_CREATE_VM: %s", strerror(errno));
	if (ioctl(m->vm_fd, KVM_SET_TSS_ADDR, TSS_ADDRESS) < 0 ||
	    ioctl(m->vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map) < 0 ||
	    ioctl(m->vm_fd, KVM_CREATE_IRQCHIP, 0) < 0)
		return error_set(err, "cannot create the interrupt controllers: %s",
				 strerror(errno));
	ret = set_default_routes(m);
	if (ret)
		return error_set(err, "KVM_SET_GSI_ROUTING: %s", strerror(-ret));
	if (m->config.isolated && isolation_enable(m, err))
		return -1;
	return set_memory(m, err);
}

int machine_create(struct machine *m, struct error *err)
{
	unsigned int i;
	int ret = create_vm(m, err);

	for (i = 0; !ret && i < m->config.nr_cpus; i++)
		ret = vcpu_create(&m->vcpus[i], err);
	if (ret)
		machine_destroy(m);
	return ret;
}

int machine_start(struct machine *m, uint64_t entry, struct error *err)
{
	unsigned int i;
	int ret = vcpu_set_entry(&m->vcpus[0], entry, err);

	for (i = 0; !ret && i < m->config.nr_cpus; i++)
		ret = vcpu_start(&m->vcpus[i], err);
	if (ret)
		machine_stop(m);
	return ret;
}

void machine_stop(struct machine *m)
{
	unsigned int i;

	for (i = 0; m->vcpus && i < m->config.nr_cpus; i++)
		vcpu_stop(&m->vcpus[i]);
}

void machine_destroy(struct machine *m)
{
	unsigned int i;
	int fd;

	machine_stop(m);
	for (i = 0; m->vcpus && i < m->config.nr_cpus; i++)
		vcpu_destroy(&m->vcpus[i]);
	pthread_mutex_lock(&m->route_lock);
	fd = m->vm_fd;
	m->vm_fd = -1;
	pthread_mutex_unlock(&m->route_lock);
	if (fd >= 0)
		close(fd);
}

void machine_pause_cpu(struct machine *m, unsigned int cpu)
{
	vcpu_pause(&m->vcpus[cpu]);
}

void machine_resume_cpu(struct machine *m, unsigned int cpu)
{
	vcpu_resume(&m->vcpus[cpu]);
}

uint64_t machine_reference_time(struct machine *m)
{
	struct kvm_clock_data clock = { 0 };

	if (m->vm_fd >= 0)
		ioctl(m->vm_fd, KVM_GET_CLOCK, &clock);
	return clock.clock / 100;
}

json_t *machine_stats(struct machine *m)
{
	json_t *list = json_array();
	unsigned int i;

	for (i = 0; i < m->config.nr_cpus; i++)
		json_array_append_new(list, vcpu_stats(&m->vcpus[i]));
	return json_pack("{s:i, s:I, s:o}", "cpus", (int)m->config.nr_cpus,
			 "unclaimed_port_accesses", (json_int_t)m->config.ports->unclaimed,
			 "vcpus", list);
}
