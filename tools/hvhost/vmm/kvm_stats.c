// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the file of KVM's counters: a header, descriptions with names, the numbers. The kernel
 * is trusted, but every offset and length is held against a bound, for a newer layout could
 * differ.
 */
#include "vmm/kvm_stats.h"

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define STATS_MAX	512u	/* counters; 6.12 has about 50 for a vCPU */
#define NAME_MAX_BYTES	256u

int kvm_stats_open(int vcpu_fd)
{
	return ioctl(vcpu_fd, KVM_GET_STATS_FD, NULL);
}

static bool read_at(int fd, void *data, size_t len, uint64_t offset)
{
	return pread(fd, data, len, offset) == (ssize_t)len;
}

/* Peaks and instant values are no counts of events. */
static bool is_counter(const struct kvm_stats_desc *desc)
{
	uint32_t unit = desc->flags & KVM_STATS_UNIT_MASK;

	return desc->size == 1 && (desc->flags & KVM_STATS_TYPE_MASK) == KVM_STATS_TYPE_CUMULATIVE &&
	       unit == KVM_STATS_UNIT_NONE;
}

json_t *kvm_stats_read(int fd)
{
	union {
		struct kvm_stats_desc desc;
		char bytes[sizeof(struct kvm_stats_desc) + NAME_MAX_BYTES];
	} one;
	struct kvm_stats_header header;
	json_t *object;
	size_t len;

	if (fd < 0 || !read_at(fd, &header, sizeof(header), 0) || !header.name_size ||
	    header.name_size > NAME_MAX_BYTES || header.num_desc > STATS_MAX)
		return NULL;
	len = sizeof(one.desc) + header.name_size;
	object = json_object();
	for (uint32_t i = 0; i < header.num_desc; i++) {
		uint64_t value;

		if (!read_at(fd, &one, len, header.desc_offset + (uint64_t)i * len))
			goto bad;
		one.bytes[len - 1] = 0;
		if (!is_counter(&one.desc))
			continue;
		if (!read_at(fd, &value, sizeof(value),
			     (uint64_t)header.data_offset + one.desc.offset))
			goto bad;
		json_object_set_new(object, one.bytes + sizeof(one.desc), json_integer(value));
	}
	return object;
bad:
	json_decref(object);
	return NULL;
}
