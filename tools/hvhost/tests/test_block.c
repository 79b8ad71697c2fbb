// SPDX-License-Identifier: GPL-2.0
/*
 * The block back ends: what a SPEC may say, the bounds of requests, and the same operations on
 * memory, on a file and on an NBD export of qemu-nbd (where that program is installed).
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backend/block.h"
#include "backend/block_internal.h"

#define SIZE	(4u << 20)

static struct {
	struct loop *loop;
	char dir[32];
	char file[64];
} t;

static int no_fallocate;	/* modes that the file system seems to lack */

/* In libc's place: what block_file.c finds out about a file system when it opens a file. */
int fallocate(int fd, int mode, off_t offset, off_t len)
{
	if (mode & no_fallocate) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return syscall(SYS_fallocate, fd, mode, offset, len);
}

static int setup(void **state)
{
	int fd;

	memset(&t, 0, sizeof(t));
	t.loop = loop_new("test");
	strcpy(t.dir, "/tmp/hvhost-XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	snprintf(t.file, sizeof(t.file), "%s/disk", t.dir);
	fd = open(t.file, O_CREAT | O_RDWR, 0600);
	assert_int_equal(ftruncate(fd, SIZE), 0);
	close(fd);
	return 0;
}

static int teardown(void **state)
{
	unlink(t.file);
	rmdir(t.dir);
	loop_free(t.loop);
	return 0;
}

/* ---- SPECs ---- */

static void sizes(void **state)
{
	static const struct {
		const char *text;
		uint64_t size;
	} good[] = {
		{ "1", 1 }, { "512", 512 }, { "4K", 4096 }, { "4k", 4096 }, { "10M", 10ull << 20 },
		{ "2G", 2ull << 30 }, { "1t", 1ull << 40 },
	};
	static const char *const bad[] = {
		"", "0", "0K", "K", "-1", "+1", " 1", "1X", "1KK", "1 K", "1K ", "0x10",
		"9223372036854775808", "8388608T", "99999999999999999999",
	};
	struct error err;
	uint64_t size;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(block_parse_size(good[i].text, &size, &err), 0);
		assert_int_equal(size, good[i].size);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.text[0] = '\0';
		assert_int_equal(block_parse_size(bad[i], &size, &err), -1);
		assert_true(strlen(err.text) > 0 && !strchr(err.text, '\n'));
	}
}

static void bad_specs(void **state)
{
	static const struct {
		const char *spec, *part;
	} bad[] = {
		{ "", "mem:SIZE" }, { "disk.img", "mem:SIZE" }, { "mem", "mem:SIZE" },
		{ "zip:x", "mem:SIZE" }, { "mem:", "nothing follows" },
		{ "mem:,ro", "nothing follows" },
		{ "mem:12Q", "not a size" }, { "mem:1000", "multiple" },
		{ "mem:6K,block=4096", "multiple" }, { "mem:1M,rw", "unknown disk option 'rw'" },
		{ "mem:1M,ro=1", "no value" }, { "mem:1M,block=1024", "512 or 4096" },
		{ "mem:1M,block", "512 or 4096" }, { "mem:1M,serial=", "serial=" },
		{ "mem:1M,serial=a b", "printable" }, { "mem:1M,", "unknown disk option ''" },
		{ "mem:1M,serial=123456789012345678901234567890123", "1 to 32" },
		{ "file:/nowhere/at/all", "No such file" }, { "file:/tmp", "Is a directory" },
		{ "file:/dev/null", "neither a file" }, { "file:/tmp,ro", "neither a file" },
		{ "nbd:nbd+unix:///?socket=/nowhere/sock", "cannot connect" },
		{ "nbd:what is this", "cannot connect" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { "" };

		assert_null(block_open(bad[i].spec, &err));
		if (!strstr(err.text, bad[i].part) || strchr(err.text, '\n'))
			fail_msg("%s: %s", bad[i].spec, err.text);
	}
}

static void good_specs(void **state)
{
	struct block_device *dev = block_open("mem:1M", NULL);
	char spec[128];
	struct error err;

	assert_int_equal(block_info(dev)->size, 1 << 20);
	assert_int_equal(block_info(dev)->block_size, 512);
	assert_false(block_info(dev)->read_only);
	assert_string_equal(block_serial(dev), "");
	block_close(dev);
	dev = block_open("mem:1M,serial=X1,block=4096,ro", NULL);
	assert_int_equal(block_info(dev)->block_size, 4096);
	assert_true(block_info(dev)->read_only);
	assert_false(block_info(dev)->can_discard);
	assert_string_equal(block_serial(dev), "X1");
	assert_string_equal(block_spec(dev), "mem:1M,serial=X1,block=4096,ro");
	block_close(dev);

	/* A comma in the path is written twice; a file that is too long by a byte. */
	snprintf(spec, sizeof(spec), "%s,x", t.file);
	assert_int_equal(rename(t.file, spec), 0);
	snprintf(spec, sizeof(spec), "file:%s,,x,ro", t.file);
	dev = block_open(spec, &err);
	assert_non_null(dev);
	assert_int_equal(block_info(dev)->size, SIZE);
	block_close(dev);
	snprintf(spec, sizeof(spec), "%s,x", t.file);
	assert_int_equal(truncate(spec, SIZE + 1), 0);
	assert_int_equal(rename(spec, t.file), 0);
	snprintf(spec, sizeof(spec), "file:%s", t.file);
	assert_null(block_open(spec, &err));
	assert_non_null(strstr(err.text, "multiple"));
	assert_int_equal(truncate(t.file, 0), 0);
	assert_null(block_open(spec, &err));
	assert_non_null(strstr(err.text, "empty"));
}

/* ---- requests ---- */

struct job {
	struct block_request req;
	bool done;
	int error;
};

static void on_done(struct block_request *req, int error)
{
	struct job *job = (struct job *)req;

	assert_false(job->done);
	job->done = true;
	job->error = error;
}

static void wait_for(struct job *job)
{
	for (int i = 0; !job->done && i < 500; i++)
		loop_poll(t.loop, 20);
	assert_true(job->done);
}

static int run(struct block_device *dev, enum block_op op, uint64_t offset, uint64_t len,
	       const struct iovec *iov, int niov, bool fua)
{
	struct job job = { .req = { .op = op, .fua = fua, .offset = offset, .len = len, .iov = iov,
				    .niov = niov, .done = on_done } };

	block_submit(dev, &job.req);
	block_commit(dev);
	wait_for(&job);
	return job.error;
}

static uint8_t a[256 << 10], b[256 << 10];

/* In pieces whose borders are nowhere near a block's. */
static int rw(struct block_device *dev, bool write, uint8_t *buf, uint64_t offset, uint32_t len)
{
	struct iovec iov[3] = {
		{ buf, len / 3 }, { buf + len / 3, len / 3 },
		{ buf + 2 * (len / 3), len - 2 * (len / 3) },
	};

	return run(dev, write ? BLOCK_WRITE : BLOCK_READ, offset, len, iov, 3, false);
}

static void randomize(uint8_t *p, size_t len)
{
	static uint32_t x = 12345;

	while (len--) {
		x = x * 1103515245u + 12345;
		*p++ = x >> 16;
	}
}

static bool is_zero(const uint8_t *p, size_t len)
{
	return !p[0] && !memcmp(p, p + 1, len - 1);
}

static void check_operations(struct block_device *dev)
{
	struct iovec one = { a, 512 };
	uint64_t size = block_info(dev)->size;

	randomize(a, sizeof(a));
	assert_int_equal(rw(dev, true, a, 512 * 3, sizeof(a)), 0);
	assert_int_equal(rw(dev, false, b, 512 * 3, sizeof(b)), 0);
	assert_memory_equal(a, b, sizeof(a));
	assert_int_equal(run(dev, BLOCK_WRITE, 0, 512, &one, 1, true), 0);	/* FUA */
	assert_int_equal(run(dev, BLOCK_FLUSH, 0, 0, NULL, 0, false), 0);
	assert_int_equal(rw(dev, true, a, size - 4096, 4096), 0);	/* the end */

	/* Zeros from block 5 on, across pages. */
	assert_int_equal(run(dev, BLOCK_ZERO, 512 * 5, 20000 / 512 * 512, NULL, 0, false), 0);
	assert_int_equal(rw(dev, false, b, 512 * 3, 65536), 0);
	assert_memory_equal(b, a, 1024);
	assert_true(is_zero(b + 1024, 20000 / 512 * 512));
	assert_memory_equal(b + 1024 + 20000 / 512 * 512, a + 1024 + 20000 / 512 * 512, 512);
	assert_int_equal(run(dev, BLOCK_ZERO, 65536, 512, NULL, 0, true), 0);
	assert_int_equal(rw(dev, false, b, 65536, 1024), 0);
	assert_true(is_zero(b, 512));
	assert_false(is_zero(b + 512, 512));

	if (block_info(dev)->can_discard) {
		assert_int_equal(run(dev, BLOCK_DISCARD, 131072, 65536, NULL, 0, false), 0);
		assert_int_equal(rw(dev, false, b, 131072, 65536), 0);
		if (block_info(dev)->discard_zeroes)
			assert_true(is_zero(b, 65536));
		assert_int_equal(rw(dev, false, b, 131072 - 512, 512), 0);
		assert_memory_equal(b, a + 131072 - 512 - 1536, 512);
	}

	/* Outside, malformed, empty. */
	assert_int_equal(run(dev, BLOCK_READ, size, 512, &one, 1, false), -ERANGE);
	assert_int_equal(run(dev, BLOCK_WRITE, size - 512 + 1, 512, &one, 1, false), -ERANGE);
	assert_int_equal(run(dev, BLOCK_READ, UINT64_MAX - 511, 512, &one, 1, false), -ERANGE);
	assert_int_equal(run(dev, BLOCK_ZERO, 512, UINT64_MAX - 511, NULL, 0, false), -ERANGE);
	assert_int_equal(run(dev, BLOCK_READ, 0, 1024, &one, 1, false), -EINVAL);
	assert_int_equal(run(dev, BLOCK_READ, 0, 0, &one, -1, false), -EINVAL);
	assert_int_equal(run(dev, BLOCK_READ, 0, 0, NULL, 0, false), 0);
	assert_int_equal(dev->inflight, 0);
}

/* Many at once, more than a ring takes, each to its own block. */
static void check_depth(struct block_device *dev)
{
	enum { N = 1000 };
	static struct job jobs[N];
	static struct iovec iov[N];
	static uint8_t data[N][512];

	randomize(data[0], sizeof(data));
	for (int pass = 0; pass < 2; pass++) {
		memset(jobs, 0, sizeof(jobs));
		if (pass)
			memset(data[0], 0, sizeof(data) / 2);
		for (int i = 0; i < N; i++) {
			iov[i] = (struct iovec){ data[i], 512 };
			jobs[i].req = (struct block_request){
				.op = pass ? BLOCK_READ : BLOCK_WRITE, .offset = 512ull * i * 2,
				.len = 512, .iov = &iov[i], .niov = 1, .done = on_done,
			};
			block_submit(dev, &jobs[i].req);
		}
		block_commit(dev);
		for (int i = 0; i < N; i++) {
			wait_for(&jobs[i]);
			assert_int_equal(jobs[i].error, 0);
		}
	}
	for (int i = 0; i < N; i++)
		assert_false(is_zero(data[i], 512));
	assert_int_equal(dev->inflight, 0);
}

static struct block_device *open_attached(const char *spec)
{
	struct error err = { "" };
	struct block_device *dev = block_open(spec, &err);

	if (!dev)
		fail_msg("%s: %s", spec, err.text);
	assert_int_equal(block_attach(dev, t.loop, &err), 0);
	return dev;
}

static void mem_device(void **state)
{
	struct block_device *dev = open_attached("mem:4M");
	struct error err;

	check_operations(dev);
	check_depth(dev);
	/* What a shrunken disk loses must not come back. */
	randomize(a, 8192);
	assert_int_equal(rw(dev, true, a, SIZE - 8192, 8192), 0);
	assert_int_equal(block_resize(dev, SIZE - 4096 - 512, &err), 0);
	assert_int_equal(rw(dev, false, b, SIZE - 8192, 8192), -ERANGE);
	assert_int_equal(block_resize(dev, 2 * SIZE, &err), 0);
	assert_int_equal(rw(dev, false, b, SIZE - 8192, 16384), 0);
	assert_memory_equal(a, b, 3584);
	assert_true(is_zero(b + 3584, 16384 - 3584));
	assert_int_equal(block_resize(dev, 1000, &err), -1);
	assert_non_null(strstr(err.text, "multiple"));
	assert_int_equal(block_resize(dev, 0, &err), -1);
	block_close(dev);
}

static void file_device(void **state)
{
	struct block_device *dev;
	struct error err;
	struct stat before, after;
	char spec[128];

	snprintf(spec, sizeof(spec), "file:%s", t.file);
	dev = open_attached(spec);
	check_operations(dev);
	check_depth(dev);
	/* Discarded blocks leave the file. */
	randomize(a, sizeof(a));
	assert_int_equal(rw(dev, true, a, 1 << 20, sizeof(a)), 0);
	assert_int_equal(run(dev, BLOCK_FLUSH, 0, 0, NULL, 0, false), 0);
	stat(t.file, &before);
	assert_true(block_info(dev)->can_discard);
	assert_int_equal(run(dev, BLOCK_DISCARD, 1 << 20, sizeof(a), NULL, 0, false), 0);
	stat(t.file, &after);
	assert_true(after.st_blocks + 400 < before.st_blocks);
	assert_int_equal(after.st_size, SIZE);
	assert_int_equal(block_resize(dev, 2 * SIZE, &err), 0);
	stat(t.file, &after);
	assert_int_equal(after.st_size, 2 * SIZE);
	/* The file became shorter behind our back: an error, not endless reading. */
	assert_int_equal(truncate(t.file, SIZE), 0);
	assert_int_equal(rw(dev, false, b, SIZE - 512, 1024), -EIO);
	block_close(dev);

	snprintf(spec, sizeof(spec), "file:%s,ro", t.file);
	dev = open_attached(spec);
	assert_int_equal(rw(dev, false, b, 0, 4096), 0);
	assert_int_equal(rw(dev, true, b, 0, 4096), -EROFS);
	assert_int_equal(run(dev, BLOCK_ZERO, 0, 4096, NULL, 0, false), -EROFS);
	assert_int_equal(block_resize(dev, SIZE * 2, &err), -1);
	assert_non_null(strstr(err.text, "read-only"));
	block_close(dev);
}

/* File systems without the one or the other way to make zeros. */
static void file_without_fallocate(void **state)
{
	static const int modes[] = {
		FALLOC_FL_ZERO_RANGE, FALLOC_FL_PUNCH_HOLE,
		FALLOC_FL_ZERO_RANGE | FALLOC_FL_PUNCH_HOLE,
	};
	char spec[128];

	snprintf(spec, sizeof(spec), "file:%s", t.file);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct block_device *dev;

		no_fallocate = modes[i];
		dev = open_attached(spec);
		no_fallocate = 0;
		assert_int_equal(block_info(dev)->can_discard, !(modes[i] & FALLOC_FL_PUNCH_HOLE));
		check_operations(dev);
		if (!block_info(dev)->can_discard)
			assert_int_equal(run(dev, BLOCK_DISCARD, 0, 4096, NULL, 0, false),
					 -EOPNOTSUPP);
		block_close(dev);
	}
}

static pid_t serve_nbd(const char *sock, const char *file, const char *option)
{
	pid_t pid = fork();

	if (!pid) {
		execlp("qemu-nbd", "qemu-nbd", "-f", "raw", "-k", sock, "--discard=unmap", file,
		       option, NULL);
		_exit(127);
	}
	for (int i = 0; i < 100 && access(sock, F_OK); i++)
		usleep(50000);
	return pid;
}

static void nbd_device(void **state)
{
	struct block_device *dev;
	char sock[64], spec[128];
	struct error err = { "" };
	pid_t pid;

	if (system("command -v qemu-nbd >/dev/null"))
		skip();
	snprintf(sock, sizeof(sock), "%s/sock", t.dir);
	pid = serve_nbd(sock, t.file, "--persistent");
	snprintf(spec, sizeof(spec), "nbd:nbd+unix:///?socket=%s", sock);
	dev = open_attached(spec);
	assert_int_equal(block_info(dev)->size, SIZE);
	check_operations(dev);
	check_depth(dev);
	assert_int_equal(block_resize(dev, 2 * SIZE, &err), -1);
	assert_non_null(strstr(err.text, "cannot be resized"));

	/* The server goes: what is asked then fails, and nothing hangs. */
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_not_equal(rw(dev, false, b, 0, 4096), 0);
	assert_int_not_equal(rw(dev, true, b, 0, 4096), 0);
	assert_int_not_equal(run(dev, BLOCK_FLUSH, 0, 0, NULL, 0, false), 0);
	assert_int_equal(dev->inflight, 0);
	block_close(dev);
	unlink(sock);

	pid = serve_nbd(sock, t.file, "--read-only");
	assert_null(block_open(spec, &err));
	assert_non_null(strstr(err.text, "read-only"));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	unlink(sock);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(sizes),
		TEST(bad_specs),
		TEST(good_specs),
		TEST(mem_device),
		TEST(file_device),
		TEST(file_without_fallocate),
		TEST(nbd_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
