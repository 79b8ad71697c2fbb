// SPDX-License-Identifier: GPL-2.0
/* KVM's counters: files laid out as Documentation/virt/kvm/api.rst 4.133 says, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vmm/kvm_stats.h"

#define NAME_BYTES	48u

struct stat_line {
	const char *name;
	uint32_t flags;
	uint16_t size;
	uint64_t value;
};

static const struct stat_line lines[] = {
	{ "exits", KVM_STATS_TYPE_CUMULATIVE | KVM_STATS_UNIT_NONE, 1, 123456789012ull },
	{ "guest_mode", KVM_STATS_TYPE_INSTANT | KVM_STATS_UNIT_NONE, 1, 1 },
	{ "halt_poll_fail_hist", KVM_STATS_TYPE_LOG_HIST | KVM_STATS_UNIT_SECONDS, 32, 7 },
	{ "halt_poll_fail_ns", KVM_STATS_TYPE_CUMULATIVE | KVM_STATS_UNIT_SECONDS, 1, 5 },
	{ "halt_peak", KVM_STATS_TYPE_PEAK | KVM_STATS_UNIT_NONE, 1, 9 },
	{ "exits_by_kind", KVM_STATS_TYPE_CUMULATIVE | KVM_STATS_UNIT_NONE, 2, 8 },
	{ "hypercalls", KVM_STATS_TYPE_CUMULATIVE | KVM_STATS_UNIT_NONE, 1, 42 },
};

#define NR_LINES (sizeof(lines) / sizeof(lines[0]))

/* A file with @lines whose numbers stand behind the descriptions; @header may change it. */
static int stats_file(struct kvm_stats_header *header)
{
	int fd = memfd_create("stats", 0);
	uint32_t at = 0;

	*header = (struct kvm_stats_header){
		.name_size = NAME_BYTES, .num_desc = NR_LINES, .id_offset = sizeof(*header),
		.desc_offset = sizeof(*header) + NAME_BYTES,
	};
	header->data_offset = header->desc_offset +
			      NR_LINES * (sizeof(struct kvm_stats_desc) + NAME_BYTES);
	assert_true(fd >= 0);
	for (size_t i = 0; i < NR_LINES; i++) {
		union {
			struct kvm_stats_desc desc;
			char bytes[sizeof(struct kvm_stats_desc) + NAME_BYTES];
		} one = { .desc = { .flags = lines[i].flags, .size = lines[i].size, .offset = at } };

		strcpy(one.bytes + sizeof(one.desc), lines[i].name);
		assert_int_equal(pwrite(fd, &one, sizeof(one.desc) + NAME_BYTES,
					header->desc_offset +
					i * (sizeof(one.desc) + NAME_BYTES)),
				 sizeof(one.desc) + NAME_BYTES);
		assert_int_equal(pwrite(fd, &lines[i].value, 8, header->data_offset + at), 8);
		at += 8 * lines[i].size;
	}
	return fd;
}

static json_t *with_header(int fd, const struct kvm_stats_header *header)
{
	json_t *object;

	assert_int_equal(pwrite(fd, header, sizeof(*header), 0), sizeof(*header));
	object = kvm_stats_read(fd);
	close(fd);
	return object;
}

static void counters_alone(void **state)
{
	struct kvm_stats_header header;
	int fd = stats_file(&header);
	json_t *object = with_header(fd, &header);

	assert_non_null(object);
	assert_int_equal(json_object_size(object), 2);
	assert_true(json_integer_value(json_object_get(object, "exits")) == 123456789012ll);
	assert_int_equal(json_integer_value(json_object_get(object, "hypercalls")), 42);
	json_decref(object);
}

static void no_file(void **state)
{
	int fd = memfd_create("empty", 0);

	assert_null(kvm_stats_read(-1));
	assert_null(kvm_stats_read(fd));
	close(fd);
	assert_int_equal(kvm_stats_open(-1), -1);
}

static void wrong_headers(void **state)
{
	struct kvm_stats_header header;
	int fd = stats_file(&header);

	header.name_size = 0;
	assert_null(with_header(fd, &header));
	fd = stats_file(&header);
	header.name_size = 257;
	assert_null(with_header(fd, &header));
	fd = stats_file(&header);
	header.num_desc = 513;
	assert_null(with_header(fd, &header));
	/* descriptions and numbers beyond the end of the file */
	fd = stats_file(&header);
	header.desc_offset = 1 << 20;
	assert_null(with_header(fd, &header));
	fd = stats_file(&header);
	header.data_offset = 1 << 20;
	assert_null(with_header(fd, &header));
}

/* A number whose place is far beyond what any kernel has. */
static void far_number(void **state)
{
	struct kvm_stats_header header;
	int fd = stats_file(&header);
	uint32_t far = 0xfffffff8;

	assert_int_equal(pwrite(fd, &far, sizeof(far), header.desc_offset +
				offsetof(struct kvm_stats_desc, offset)), sizeof(far));
	assert_null(with_header(fd, &header));
}

/* A name without an end within its bytes is cut, not run over. */
static void endless_name(void **state)
{
	struct kvm_stats_header header;
	int fd = stats_file(&header);
	char name[NAME_BYTES];
	json_t *object;

	memset(name, 'x', sizeof(name));
	assert_int_equal(pwrite(fd, name, sizeof(name), header.desc_offset +
				sizeof(struct kvm_stats_desc)), sizeof(name));
	object = with_header(fd, &header);
	assert_non_null(object);
	name[NAME_BYTES - 1] = 0;
	assert_true(json_integer_value(json_object_get(object, name)) == 123456789012ll);
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counters_alone),
		cmocka_unit_test(no_file),
		cmocka_unit_test(wrong_headers),
		cmocka_unit_test(far_number),
		cmocka_unit_test(endless_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
