// SPDX-License-Identifier: GPL-2.0
/*
 * How long modules take: "load" loads files and waits until what they bring is there, "open" opens
 * and closes a device again and again. One line of JSON with times in microseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define POLL_US		500	/* between two looks at what is there */
#define OPENS_MAX	10000
#define PATTERNS_MAX	16

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int failed(const char *what)
{
	fprintf(stderr, "bustime: %s: %s\n", what, strerror(errno));
	return 1;
}

/* COUNT:PATTERN, whether so many paths match. */
static int is_there(const char *wanted)
{
	const char *pattern = strchr(wanted, ':') + 1;
	unsigned long count = strtoul(wanted, NULL, 10);
	glob_t found;
	int there = 0;

	if (!glob(pattern, 0, NULL, &found))
		there = found.gl_pathc >= count;
	globfree(&found);
	return there;
}

static int load_one(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -1;
	ret = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return ret;
}

/* Notes the time of those that are there for the first time. Return: how many are missing. */
static int look(char **wanted, uint64_t *there, int n, uint64_t began)
{
	int missing = 0;

	for (int i = 0; i < n; i++) {
		if (!there[i] && is_there(wanted[i]))
			there[i] = now_us() - began;
		missing += !there[i];
	}
	return missing;
}

/* load SECONDS COUNT:PATTERN... -- FILE... */
static int load(int argc, char **argv)
{
	uint64_t began, loaded, limit = strtoul(argv[0], NULL, 10) * 1000000;
	uint64_t there[PATTERNS_MAX] = { 0 };
	int n, i;

	argv++;
	argc--;
	for (n = 0; n < argc && strcmp(argv[n], "--"); n++)
		if (!strchr(argv[n], ':') || !strtoul(argv[n], NULL, 10))
			return -1;
	if (!limit || !n || n > PATTERNS_MAX || n + 1 >= argc)
		return -1;
	began = now_us();
	for (i = n + 1; i < argc; i++) {
		if (load_one(argv[i]))
			return failed(argv[i]);
		look(argv, there, n, began);
	}
	loaded = now_us() - began;
	while (look(argv, there, n, began)) {
		if (now_us() - began > limit) {
			fprintf(stderr, "bustime: not everything is there in time\n");
			return 1;
		}
		usleep(POLL_US);
	}
	printf("{\"loaded_us\": %llu, \"there_us\": [", (unsigned long long)loaded);
	for (i = 0; i < n; i++)
		printf("%s%llu", i ? ", " : "", (unsigned long long)there[i]);
	puts("]}");
	return 0;
}

/* open COUNT DEVICE */
static int opens(int argc, char **argv)
{
	unsigned long count = argc == 2 ? strtoul(argv[0], NULL, 10) : 0, i;

	if (!count || count > OPENS_MAX)
		return -1;
	printf("{\"opened_us\": [");
	for (i = 0; i < count; i++) {
		uint64_t began = now_us();
		int fd = open(argv[1], O_RDWR | O_CLOEXEC);

		if (fd < 0)
			return failed(argv[1]);
		close(fd);
		printf("%s%llu", i ? ", " : "", (unsigned long long)(now_us() - began));
	}
	puts("]}");
	return 0;
}

int main(int argc, char **argv)
{
	int ret = -1;

	if (argc > 3 && !strcmp(argv[1], "load"))
		ret = load(argc - 2, argv + 2);
	else if (argc > 3 && !strcmp(argv[1], "open"))
		ret = opens(argc - 2, argv + 2);
	if (ret < 0)
		fprintf(stderr, "usage: bustime load SECONDS COUNT:PATTERN... -- FILE...\n"
			"       bustime open COUNT DEVICE\n");
	return ret < 0 ? 2 : ret;
}
