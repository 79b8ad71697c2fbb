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
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define STATS_MAX	512u	/* counters; 6.12 has about 50 for a vCPU */
#define NAME_MAX_BYTES	256u
#define NUMBERS_MAX_BYTES	65536u

int kvm_stats_open(int vcpu_fd)
{
	return ioctl(vcpu_fd, KVM_GET_STATS_FD, NULL);
}

static bool read_at(int fd, void *data, size_t len, uint64_t offset)
{
	return pread(fd, data, len, offset) == (ssize_t)len;
}

/* A description. Return: whether it counts events; peaks and instant values do not. */
static bool get_counter(const char *names, size_t at, struct kvm_stats_desc *desc)
{
	uint32_t unit;

	memcpy(desc, names + at, sizeof(*desc));
	unit = desc->flags & KVM_STATS_UNIT_MASK;
	return desc->size == 1 && (desc->flags & KVM_STATS_TYPE_MASK) == KVM_STATS_TYPE_CUMULATIVE &&
	       unit == KVM_STATS_UNIT_NONE;
}

/* @len bytes of the file from @offset. Return: malloc'ed; NULL when they are not there. */
static void *read_block(int fd, size_t len, uint64_t offset)
{
	void *data = malloc(len ? len : 1);

	if (data && read_at(fd, data, len, offset))
		return data;
	free(data);
	return NULL;
}

json_t *kvm_stats_read(int fd)
{
	struct kvm_stats_header header;
	struct kvm_stats_desc desc;
	uint8_t *numbers = NULL;
	size_t len, end = 0;
	json_t *object = NULL;
	char *names;
	uint32_t i;

	if (fd < 0 || !read_at(fd, &header, sizeof(header), 0) || !header.name_size ||
	    header.name_size > NAME_MAX_BYTES || header.num_desc > STATS_MAX)
		return NULL;
	len = sizeof(struct kvm_stats_desc) + header.name_size;
	names = read_block(fd, header.num_desc * len, header.desc_offset);
	if (!names)
		return NULL;
	/* All numbers by one read, so that they are of one moment. */
	for (i = 0; i < header.num_desc; i++) {
		if (get_counter(names, i * len, &desc) && desc.offset + sizeof(uint64_t) > end)
			end = desc.offset + sizeof(uint64_t);
	}
	if (end <= NUMBERS_MAX_BYTES)
		numbers = read_block(fd, end, header.data_offset);
	if (!numbers)
		goto out;
	object = json_object();
	for (i = 0; i < header.num_desc; i++) {
		char *name = names + i * len + sizeof(desc);
		uint64_t value;

		if (!get_counter(names, i * len, &desc))
			continue;
		name[header.name_size - 1] = 0;
		memcpy(&value, numbers + desc.offset, sizeof(value));
		json_object_set_new(object, name, json_integer(value));
	}
out:
	free(numbers);
	free(names);
	return object;
}
