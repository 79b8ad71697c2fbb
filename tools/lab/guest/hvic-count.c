// SPDX-License-Identifier: GPL-2.0
/*
 * hvic-count, in the guest: begins and ends the windows in which the emulated machine counts
 * instructions (see ../count/marker.h), and notes beside each what the lab needs to tell whose
 * they were: the modules and the symbols at that time. It is there where something counts;
 * elsewhere the script hvic-count beside this file is, so that what calls it is the same.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "marker.h"

#define ROOM		"/out/count"	/* ID/ for each window; modules-N and symbols-N */
#define NAME_BYTES	200u		/* of a window's name, at the most */
#define PAGE		4096u
#define TICKS_SECONDS	2		/* several hundred ticks */
#define MODULES_MAX	65536		/* bytes of what modules_text() makes */
#define FILES_MAX	8u		/* that are noted around a window */
#define LINE_BYTES	512		/* of the first line of each, with its NUL */
#define SECONDS_MAX	3600u		/* of a window that has a time */

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "hvic-count: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	exit(1);
}

static FILE *open_or_die(const char *path, const char *mode)
{
	FILE *file = fopen(path, mode);

	if (!file)
		die("%s: %s", path, strerror(errno));
	return file;
}

static void close_or_die(FILE *file, const char *path)
{
	if (ferror(file) | fclose(file))
		die("%s: writing: %s", path, strerror(errno));
}

/* The marker is made at run time, since the window's number is in the instruction. */
static void (*make_marker(uint32_t word))(void)
{
	static const uint8_t nop[] = COUNT_NOP;
	uint8_t *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			     0);

	if (code == MAP_FAILED)
		die("mmap: %s", strerror(errno));
	memcpy(code, nop, sizeof(nop));
	memcpy(code + COUNT_NOP_BYTES, &word, sizeof(word));
	code[COUNT_MARKER_BYTES] = 0xc3;	/* ret */
	if (mprotect(code, PAGE, PROT_READ | PROT_EXEC))
		die("mprotect: %s", strerror(errno));
	return (void (*)(void))(uintptr_t)code;
}

/* --- modules and symbols --- */

/* A line for each module: its name, bytes and address; none in a kernel that has no modules. */
static void modules_text(char *text, size_t room)
{
	FILE *file = fopen("/proc/modules", "r");
	unsigned long size, address;
	char *line = NULL, name[64];
	size_t len = 0, line_room = 0;

	text[0] = '\0';
	if (!file)
		return;
	while (getline(&line, &line_room, file) > 0) {
		/* name size users dependencies state address */
		if (sscanf(line, "%63s %lu %*s %*s %*s %lx", name, &size, &address) != 3)
			die("/proc/modules has a line that makes no sense: %s", line);
		len += snprintf(text + len, room - len, "%s %lu %lx\n", name, size, address);
		if (len >= room)
			die("too many modules");
	}
	if (ferror(file))
		die("/proc/modules: %s", strerror(errno));
	free(line);
	fclose(file);
}

static bool same_text(const char *path, const char *text)
{
	static char old[MODULES_MAX];
	FILE *file = fopen(path, "r");
	size_t len;

	if (!file)
		return false;
	len = fread(old, 1, sizeof(old) - 1, file);
	old[len] = '\0';
	fclose(file);
	return !strcmp(old, text);
}

/* What is code in the kernel and its modules; the rest of the table is not needed. */
static void copy_symbols(const char *path)
{
	FILE *in = open_or_die("/proc/kallsyms", "r"), *out = open_or_die(path, "w");
	unsigned long address;
	char *line = NULL, type;
	size_t room = 0;
	bool seen = false;

	while (getline(&line, &room, in) > 0) {
		if (sscanf(line, "%lx %c", &address, &type) != 2 || !strchr("tTwW", type))
			continue;
		seen |= address != 0;
		fputs(line, out);
	}
	if (ferror(in))
		die("/proc/kallsyms: %s", strerror(errno));
	free(line);
	fclose(in);
	close_or_die(out, path);
	if (!seen)
		die("/proc/kallsyms shows no addresses (kptr_restrict?)");
}

/* The number of the set of symbols for the modules that are loaded; they are read when new. */
static unsigned int symbol_set(void)
{
	static char text[MODULES_MAX];
	char path[PATH_MAX];
	unsigned int set;
	FILE *file;

	modules_text(text, sizeof(text));
	for (set = 1; ; set++) {
		snprintf(path, sizeof(path), ROOM "/modules-%u", set);
		if (access(path, F_OK))
			break;
		if (same_text(path, text))
			return set;
	}
	snprintf(path, sizeof(path), ROOM "/symbols-%u", set);
	copy_symbols(path);
	snprintf(path, sizeof(path), ROOM "/modules-%u", set);
	file = open_or_die(path, "w");
	fputs(text, file);
	close_or_die(file, path);
	return set;
}

/* --- windows --- */

struct window {
	unsigned int id;
	void (*begin)(void);
	void (*end)(void);
};

static void note(unsigned int id, const char *what, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof(path), ROOM "/%u/%s", id, what);
	file = open_or_die(path, "w");
	fprintf(file, "%s\n", text);
	close_or_die(file, path);
}

static bool has(unsigned int id, const char *what)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), ROOM "/%u/%s", id, what);
	return !access(path, F_OK);
}

static bool is_called(unsigned int id, const char *name)
{
	char path[PATH_MAX], text[NAME_BYTES + 2];

	snprintf(path, sizeof(path), ROOM "/%u/name", id);
	snprintf(text, sizeof(text), "%s\n", name);
	return same_text(path, text);
}

/* The open window called @name, or 0. */
static unsigned int find_open(const char *name)
{
	unsigned int id;

	for (id = 1; id < COUNT_WINDOWS && has(id, "name"); id++)
		if (!has(id, "end") && is_called(id, name))
			return id;
	return 0;
}

/* One hvic-count at a time reads and writes ROOM. */
static int lock_room(void)
{
	int fd;

	if (mkdir(ROOM, 0755) && errno != EEXIST)
		die(ROOM ": %s", strerror(errno));
	fd = open(ROOM "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || flock(fd, LOCK_EX))
		die(ROOM "/lock: %s", strerror(errno));
	return fd;
}

/*
 * Number the window called @name, note its begin, and give back its markers: what comes between
 * the two calls is the window, without any of our own work.
 */
static struct window prepare_begin(const char *name)
{
	char path[PATH_MAX], set[16];
	unsigned int id;
	int lock = lock_room();

	if (find_open(name))
		die("a window called %s is open", name);
	for (id = 1; has(id, "name"); id++)
		;
	if (id >= COUNT_WINDOWS)
		die("%u windows are the most", COUNT_WINDOWS - 1);
	snprintf(path, sizeof(path), ROOM "/%u", id);
	if (mkdir(path, 0755) && errno != EEXIST)
		die("%s: %s", path, strerror(errno));
	snprintf(set, sizeof(set), "%u", symbol_set());
	note(id, "begin", set);
	note(id, "name", name);
	close(lock);
	return (struct window){
		.id = id,
		.begin = make_marker(COUNT_MAGIC | id),
		.end = make_marker(COUNT_MAGIC | COUNT_END | id),
	};
}

/* Note that window @id has ended; the caller holds the lock. */
static void note_end(unsigned int id)
{
	char set[16];

	snprintf(set, sizeof(set), "%u", symbol_set());
	note(id, "end", set);
}

static void note_end_locked(unsigned int id)
{
	int lock = lock_room();

	note_end(id);
	close(lock);
}

static void end_window(const struct window *window)
{
	window->end();
	note_end_locked(window->id);
}

/* End a window that another process began: looking it up is the last of what counts in it. */
static void end_by_name(const char *name)
{
	int lock = lock_room();
	unsigned int id = find_open(name);

	if (!id)
		die("no window called %s is open", name);
	make_marker(COUNT_MAGIC | COUNT_END | id)();
	note_end(id);
	close(lock);
}

/* Run @argv as a window; its status is ours. */
static int run(const char *name, char **argv)
{
	struct window window = prepare_begin(name);
	int status;
	pid_t pid;

	window.begin();
	pid = fork();
	if (pid < 0)
		die("fork: %s", strerror(errno));
	if (!pid) {
		execvp(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	while (waitpid(pid, &status, 0) != pid)
		if (errno != EINTR)
			die("waitpid: %s", strerror(errno));
	end_window(&window);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static volatile sig_atomic_t time_is_up;

static void alarmed(int signal)
{
	(void)signal;
	time_is_up = 1;
}

/*
 * A window in which user space spins without a system call, whatever the guest's clock: what the
 * kernel executes in it is what timer ticks cost.
 */
static void ticks(void)
{
	struct window window = prepare_begin("ticks");

	if (signal(SIGALRM, alarmed) == SIG_ERR)
		die("SIGALRM: %s", strerror(errno));
	alarm(TICKS_SECONDS);
	window.begin();
	while (!time_is_up)
		;
	end_window(&window);
}

/* --- a window of a time, beside what runs anyway --- */

/*
 * A file whose first line is noted as it is at the begin and at the end of the window: inside of
 * it, since the plugin takes its time at either and others run before this process goes on.
 */
struct watched {
	const char *path;
	int fd;
	char text[2][LINE_BYTES];
};

static void watch(struct watched *file, const char *path)
{
	file->path = path;
	file->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file->fd < 0)
		die("%s: %s", path, strerror(errno));
}

/* Read @file again, @moment 0 at the begin and 1 at the end. */
static void look(struct watched *file, unsigned int moment)
{
	char *text = file->text[moment];
	ssize_t len = pread(file->fd, text, LINE_BYTES - 1, 0);

	if (len <= 0)
		die("%s: %s", file->path, len ? strerror(errno) : "is empty");
	text[len] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

/*
 * A window of @seconds in which this process only sleeps: the work is that of others, which is
 * under way. What @paths say of it is noted: three lines each, path, at the begin, at the end.
 */
static void during(const char *name, const char *seconds, char **paths, unsigned int count)
{
	static struct watched files[FILES_MAX];
	struct timespec left;
	struct window window;
	unsigned int i;
	char *end, path[PATH_MAX];
	double time = strtod(seconds, &end);
	FILE *out;

	if (end == seconds || *end || !(time > 0 && time <= SECONDS_MAX))
		die("%s is no number of seconds up to %u", seconds, SECONDS_MAX);
	if (count > FILES_MAX)
		die("%u files, %u are the most", count, FILES_MAX);
	for (i = 0; i < count; i++)
		watch(&files[i], paths[i]);
	left.tv_sec = time;
	left.tv_nsec = (time - left.tv_sec) * 1e9;
	window = prepare_begin(name);
	window.begin();
	for (i = 0; i < count; i++)
		look(&files[i], 0);
	while (nanosleep(&left, &left))
		if (errno != EINTR)
			die("nanosleep: %s", strerror(errno));
	for (i = 0; i < count; i++)
		look(&files[i], 1);
	window.end();
	snprintf(path, sizeof(path), ROOM "/%u/files", window.id);
	out = open_or_die(path, "w");
	for (i = 0; i < count; i++)
		fprintf(out, "%s\n%s\n%s\n", files[i].path, files[i].text[0], files[i].text[1]);
	close_or_die(out, path);
	note_end_locked(window.id);
}

static void check_name(const char *name)
{
	if (!name[0])
		die("the name of a window is empty");
	if (strlen(name) > NAME_BYTES)
		die("the name of a window has %zu bytes, %u are the most", strlen(name),
		    NAME_BYTES);
	for (; *name; name++)
		if (iscntrl((unsigned char)*name))
			die("the name of a window has a control character (%u) in it",
			    (unsigned char)*name);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (argc == 2 && !strcmp(verb, "ticks")) {
		ticks();
	} else if (argc == 3 && !strcmp(verb, "begin")) {
		check_name(argv[2]);
		prepare_begin(argv[2]).begin();
	} else if (argc == 3 && !strcmp(verb, "end")) {
		check_name(argv[2]);
		end_by_name(argv[2]);
	} else if (argc > 3 && !strcmp(verb, "run")) {
		check_name(argv[2]);
		return run(argv[2], argv + 3);
	} else if (argc > 3 && !strcmp(verb, "during")) {
		check_name(argv[2]);
		during(argv[2], argv[3], argv + 4, argc - 4);
	} else {
		fprintf(stderr,
			"usage: hvic-count begin NAME | end NAME | run NAME COMMAND... | ticks |\n"
			"       during NAME SECONDS [FILE...]\n");
		return 2;
	}
	return 0;
}
