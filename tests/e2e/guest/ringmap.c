// SPDX-License-Identifier: GPL-2.0
/*
 * ringmap DEVICE CHANNEL_DIR: opens a uio device, which opens its channel, maps the channel's file
 * "ring" as a user space driver does, and looks whether what it maps are the rings: what the
 * kernel tells of them in the channel's other files must be what the mapping holds, both ways.
 * Prints what it found; exit status 0 when all of it agrees.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* A ring's header: three indices, then at 64 the features. <linux/hyperv.h>. */
#define WRITE_INDEX	0
#define READ_INDEX	1
#define INTERRUPT_MASK	2
#define FEATURES	16
#define PAGE		4096

static const char *dir;
static int bad;

static long file_value(const char *name)
{
	char path[512], text[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file)) {
		perror(path);
		exit(2);
	}
	fclose(file);
	return strtol(text, NULL, 0);
}

static void same(const char *what, long mapped, long told)
{
	printf("%s: %ld mapped, %ld told\n", what, mapped, told);
	if (mapped != told)
		bad = 1;
}

int main(int argc, char **argv)
{
	volatile uint32_t *out, *in;
	char path[512];
	struct stat st;
	long data, used;
	int uio, ring;

	if (argc != 3) {
		fprintf(stderr, "usage: ringmap DEVICE CHANNEL_DIR\n");
		return 2;
	}
	dir = argv[2];
	uio = open(argv[1], O_RDWR);
	if (uio < 0) {
		perror(argv[1]);
		return 2;
	}
	snprintf(path, sizeof(path), "%s/ring", dir);
	ring = open(path, O_RDWR);
	if (ring < 0 || fstat(ring, &st) || st.st_size < 4 * PAGE) {
		perror(path);
		return 2;
	}
	out = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
	if (out == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	in = out + st.st_size / 2 / sizeof(*out);
	data = st.st_size / 2 - PAGE;
	printf("%ld bytes\n", (long)st.st_size);

	/* The guest says in its ring that it minds the host's room; the host may say so. */
	same("outbound features", out[FEATURES] & 1, 1);
	used = (long)out[WRITE_INDEX] - (long)out[READ_INDEX];
	same("outbound room", data - (used < 0 ? used + data : used), file_value("write_avail"));
	used = (long)in[WRITE_INDEX] - (long)in[READ_INDEX];
	same("inbound bytes", used < 0 ? used + data : used, file_value("read_avail"));
	out[INTERRUPT_MASK] = 1;
	in[INTERRUPT_MASK] = 1;
	same("outbound mask set", out[INTERRUPT_MASK], file_value("out_mask"));
	same("inbound mask set", in[INTERRUPT_MASK], file_value("in_mask"));
	out[INTERRUPT_MASK] = 0;
	same("outbound mask cleared", out[INTERRUPT_MASK], file_value("out_mask"));
	same("inbound mask stays", in[INTERRUPT_MASK], file_value("in_mask"));
	same("inbound mask is", in[INTERRUPT_MASK], 1);
	return bad;
}
