// SPDX-License-Identifier: GPL-2.0
/*
 * The lab's program in the guest, static, in five roles: "prepare" mounts; "hotplug" loads
 * modules for devices as they appear; "run" owns the agent port (runs the command, streams its
 * output, serves hostctl, sends /out, powers off); "serve" owns it beside a shell and serves
 * hostctl alone; as "hostctl" it asks the host.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent_port.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

#define CONTROL_SOCKET	"/run/hostctl.sock"
#define SETTLED_FILE	"/run/settled"
#define COMMAND_FILE	"/lab/command"	/* argv, each string ended by a NUL */
#define DMESG_FILE	"/out/dmesg.txt"
#define REPLY_POLL_MS	2	/* how often an outstanding answer is looked for */
#define REPLY_LIMIT_MS	120000	/* then the host is given up on */
#define SETTLE_QUIET_MS	120	/* no device for that long: the boot's devices are there */
#define HOSTCTL_LINE	65000
#define PAGE_BYTES	4096u
#define PAGEMAP_PRESENT	(1ull << 63)	/* Documentation/admin-guide/mm/pagemap.rst */
#define PAGEMAP_NUMBER	((1ull << 55) - 1)

static uint8_t buffer[AGENT_FRAME_MAX];

static void die(const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- the port --- */

static struct agent_page *page;
static uint32_t page_number;

/*
 * Find where the page that carries our bytes is in the guest's RAM. It is locked, and the
 * kernel is told not to move locked pages.
 */
static void page_setup(void)
{
	uint64_t entry = 0;
	int fd;

	fd = open("/proc/sys/vm/compact_unevictable_allowed", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (write(fd, "0", 1) != 1)
			die("compact_unevictable_allowed");
		close(fd);
	}
	page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
	if (page == MAP_FAILED)
		die("mmap");
	page->len = 0;
	fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &entry, sizeof(entry), (uintptr_t)page / PAGE_BYTES *
			    sizeof(entry)) != sizeof(entry))
		die("/proc/self/pagemap");
	close(fd);
	page_number = entry & PAGEMAP_NUMBER;
	if (!(entry & PAGEMAP_PRESENT) || !page_number)
		die("the page's number is not shown");
}

static void page_send(void)
{
	asm volatile("" : : : "memory");
	outl(page_number, AGENT_PORT_PAGE);
	page->len = 0;
}

static void page_add(const void *data, size_t len)
{
	while (len) {
		size_t n = AGENT_PAGE_MAX - page->len;

		if (n > len)
			n = len;
		memcpy(page->data + page->len, data, n);
		page->len += n;
		data = (const uint8_t *)data + n;
		len -= n;
		if (page->len == AGENT_PAGE_MAX)
			page_send();
	}
}

/*
 * The memory is touched first: a fault in the middle of the instruction would lose the bytes that
 * the host has handed out already.
 */
static void port_in(void *data, size_t len)
{
	memset(data, 0, len);
	asm volatile("rep insb" : "+D" (data), "+c" (len) : "d" (AGENT_PORT_DATA) : "memory");
}

static void send_frame(enum agent_frame_type type, const void *data, uint32_t len)
{
	struct agent_frame frame = { .type = type, .len = len };

	page_add(&frame, sizeof(frame));
	page_add(data, len);
	if (page->len)
		page_send();
}

/* Take @len bytes that the host announced; false when they do not come within a second. */
static bool receive(void *data, size_t len)
{
	uint64_t limit = now_ms() + 1000;

	while (inl(AGENT_PORT_AVAIL) < len) {
		if (now_ms() > limit)
			return false;
		usleep(1000);
	}
	port_in(data, len);
	return true;
}

/* --- hostctl: one request at a time, so that the command's output never waits for one --- */

struct hostctl {
	int listen_fd;
	int client_fd;		/* whose request is outstanding or being read, or -1 */
	bool outstanding;
	uint64_t limit;		/* ms, when an outstanding request is given up */
	size_t used;
	char line[HOSTCTL_LINE];
};

static void hostctl_listen(struct hostctl *ctl)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = CONTROL_SOCKET };

	ctl->client_fd = -1;
	ctl->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (ctl->listen_fd < 0 ||
	    bind(ctl->listen_fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(ctl->listen_fd, 16))
		die(CONTROL_SOCKET);
}

static void hostctl_answer(struct hostctl *ctl, const void *data, size_t len)
{
	if (write(ctl->client_fd, data, len) < 0 || write(ctl->client_fd, "\n", 1) < 0)
		fprintf(stderr, "agent: hostctl went away before its answer\n");
	close(ctl->client_fd);
	ctl->client_fd = -1;
	ctl->outstanding = false;
}

static void hostctl_read(struct hostctl *ctl)
{
	ssize_t got = read(ctl->client_fd, ctl->line + ctl->used, sizeof(ctl->line) - ctl->used);
	char *end;

	if (got <= 0) {
		close(ctl->client_fd);
		ctl->client_fd = -1;
		return;
	}
	ctl->used += got;
	end = memchr(ctl->line, '\n', ctl->used);
	if (!end && ctl->used == sizeof(ctl->line)) {
		static const char too_long[] = "{\"ok\": false, \"error\": \"request too long\"}";

		hostctl_answer(ctl, too_long, sizeof(too_long) - 1);
	} else if (end) {
		send_frame(AGENT_CONTROL, ctl->line, end - ctl->line);
		ctl->outstanding = true;
		ctl->limit = now_ms() + REPLY_LIMIT_MS;
	}
}

static void hostctl_reply(struct hostctl *ctl)
{
	static const char lost[] = "{\"ok\": false, \"error\": \"no answer from the host\"}";
	struct agent_frame frame;

	if (inl(AGENT_PORT_AVAIL) < sizeof(frame)) {
		if (now_ms() > ctl->limit)
			hostctl_answer(ctl, lost, sizeof(lost) - 1);
		return;
	}
	port_in(&frame, sizeof(frame));
	if (frame.len > sizeof(buffer) || !receive(buffer, frame.len)) {
		hostctl_answer(ctl, lost, sizeof(lost) - 1);
		return;
	}
	if (frame.type == AGENT_CONTROL)
		hostctl_answer(ctl, buffer, frame.len);
}

/* What to poll for: a client, or its request when it is there. */
static struct pollfd hostctl_wanted(const struct hostctl *ctl)
{
	return (struct pollfd){
		.fd = ctl->client_fd < 0 ? ctl->listen_fd : ctl->client_fd,
		.events = ctl->outstanding ? 0 : POLLIN,
	};
}

static void hostctl_serve(struct hostctl *ctl, bool readable)
{
	if (ctl->outstanding) {
		hostctl_reply(ctl);
	} else if (readable && ctl->client_fd < 0) {
		ctl->client_fd = accept4(ctl->listen_fd, NULL, NULL, SOCK_CLOEXEC);
		ctl->used = 0;
	} else if (readable) {
		hostctl_read(ctl);
	}
}

static int hostctl_main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = CONTROL_SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	char answer[AGENT_FRAME_MAX + 2];
	size_t used = 0;
	ssize_t got;
	char *ok;

	if (argc != 2) {
		fprintf(stderr, "usage: hostctl '{\"cmd\": \"NAME\", ...}'\n");
		return 2;
	}
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die(CONTROL_SOCKET);
	if (dprintf(fd, "%s\n", argv[1]) < 0)
		die("hostctl");
	while (used < sizeof(answer) - 1) {
		got = read(fd, answer + used, sizeof(answer) - 1 - used);
		if (got <= 0)
			break;
		used += got;
	}
	answer[used] = '\0';
	fputs(answer, stdout);
	ok = strstr(answer, "\"ok\":");
	return ok && !strncmp(ok + 5 + strspn(ok + 5, " "), "true", 4) ? 0 : 1;
}

/* --- run --- */

static char **read_command(void)
{
	static char text[65536];
	static char *argv[1024];
	int fd = open(COMMAND_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	size_t at = 0, n = 0;

	if (len <= 0)
		die(COMMAND_FILE);
	close(fd);
	while (at < (size_t)len && n < ARRAY_SIZE(argv) - 1) {
		argv[n++] = text + at;
		at += strlen(text + at) + 1;
	}
	return argv;
}

/* Start @argv with its output on pipes (@err NULL: stderr is left alone). */
static pid_t start(char **argv, int *out, int *err)
{
	int o[2], e[2] = { -1, -1 };
	pid_t pid;

	if (pipe2(o, O_CLOEXEC) || (err && pipe2(e, O_CLOEXEC)))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		int null = open("/dev/null", O_RDONLY);

		setsid();
		dup2(null, 0);
		dup2(o[1], 1);
		if (err)
			dup2(e[1], 2);
		execvp(argv[0], argv);
		fprintf(stderr, "%s: %s\n", argv[0], strerror(errno));
		_exit(127);
	}
	close(o[1]);
	*out = o[0];
	if (err) {
		close(e[1]);
		*err = e[0];
	}
	return pid;
}

/* Forward what a pipe holds; closes it and sets -1 at its end. */
static void forward(int *fd, enum agent_frame_type type)
{
	ssize_t got = read(*fd, buffer, sizeof(buffer));

	if (got > 0) {
		send_frame(type, buffer, got);
		return;
	}
	close(*fd);
	*fd = -1;
}

static int wait_status(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return 1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	return !waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) && info.si_pid == pid;
}

static int run_command(struct hostctl *ctl)
{
	int out = -1, err = -1;
	pid_t pid = start(read_command(), &out, &err);

	/* Processes that the command left behind may keep the pipes open: its end counts. */
	for (;;) {
		bool ended = has_ended(pid);
		struct pollfd fds[] = {
			{ .fd = out, .events = POLLIN },
			{ .fd = err, .events = POLLIN },
			hostctl_wanted(ctl),
		};
		int ready = poll(fds, 3, ended ? 0 : ctl->outstanding ? REPLY_POLL_MS : 100);

		if (ended && !(fds[0].revents | fds[1].revents))
			break;
		if (ready > 0 && fds[0].revents)
			forward(&out, AGENT_STDOUT);
		if (ready > 0 && fds[1].revents)
			forward(&err, AGENT_STDERR);
		hostctl_serve(ctl, ready > 0 && fds[2].revents);
	}
	return wait_status(pid);
}

/* The kernel log goes with the results: the console has only what was urgent. */
static void save_dmesg(void)
{
	int size = klogctl(10, NULL, 0);
	char *text = size > 0 ? malloc(size) : NULL;
	int fd = open(DMESG_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (text && fd >= 0) {
		size = klogctl(3, text, size);
		if (size > 0 && write(fd, text, size) != size)
			fprintf(stderr, "agent: %s: %s\n", DMESG_FILE, strerror(errno));
	}
	free(text);
	if (fd >= 0)
		close(fd);
}

static void send_out(void)
{
	static const char * const argv[] = { "tar", "-C", "/out", "-cf", "-", ".", NULL };
	int out;
	pid_t pid = start((char **)argv, &out, NULL);

	while (out >= 0)
		forward(&out, AGENT_OUT);
	wait_status(pid);
}

static struct hostctl *port_setup(void)
{
	static struct hostctl ctl;

	if (iopl(3))
		die("iopl");
	if (inl(AGENT_PORT_ID) != AGENT_PORT_MAGIC) {
		fprintf(stderr, "agent: no host listens on the agent port\n");
		exit(1);
	}
	page_setup();
	signal(SIGPIPE, SIG_IGN);
	hostctl_listen(&ctl);
	send_frame(AGENT_READY, NULL, 0);
	return &ctl;
}

/* Until the guest ends. */
__attribute__((noreturn)) static void serve_main(void)
{
	struct hostctl *ctl = port_setup();

	for (;;) {
		struct pollfd fd = hostctl_wanted(ctl);
		int ready = poll(&fd, 1, ctl->outstanding ? REPLY_POLL_MS : -1);

		hostctl_serve(ctl, ready > 0 && fd.revents);
	}
}

static int run_main(void)
{
	struct hostctl *ctl = port_setup();
	uint32_t status;

	status = run_command(ctl);
	save_dmesg();
	send_out();
	send_frame(AGENT_EXIT, &status, sizeof(status));
	reboot(RB_POWER_OFF);
	die("power off");
	return 1;
}

/* --- hotplug --- */

static void load_for(const char *modalias)
{
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 1);
		dup2(null, 2);
		execlp("modprobe", "modprobe", "-q", "-b", modalias, NULL);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* An event is NUL-terminated strings: ACTION=add, MODALIAS=..., ... */
static void handle_uevent(char *event, size_t len)
{
	const char *modalias = NULL;
	bool add = false;
	size_t at;

	for (at = 0; at < len; at += strlen(event + at) + 1) {
		if (!strcmp(event + at, "ACTION=add"))
			add = true;
		else if (!strncmp(event + at, "MODALIAS=", 9))
			modalias = event + at + 9;
	}
	if (add && modalias)
		load_for(modalias);
}

static volatile sig_atomic_t settle_wanted;

static void want_settle(int sig)
{
	(void)sig;
	settle_wanted = 1;
}

static void tell_settled(void)
{
	int fd = creat(SETTLED_FILE, 0644);

	settle_wanted = 0;
	if (fd >= 0)
		close(fd);
}

/*
 * init sends SIGUSR1 when it wants to wait for the boot's devices; SETTLED_FILE appears when
 * none came for a while. Without that wish this process sleeps until the next event. The
 * signal is let in only while it sleeps, so that none is missed. Prints its process id and
 * goes on in the background.
 */
static int hotplug_main(void)
{
	const struct timespec quiet = { .tv_nsec = SETTLE_QUIET_MS * 1000000 };
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	struct sigaction action = { .sa_handler = want_settle };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int room = 4 << 20, ready;
	sigset_t blocked, open;
	ssize_t got;
	pid_t pid;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("uevents");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &open);
	sigdelset(&open, SIGUSR1);
	sigaction(SIGUSR1, &action, NULL);
	pid = fork();
	if (pid) {
		printf("%d\n", pid);
		return pid < 0;
	}
	close(STDOUT_FILENO);
	for (;;) {
		ready = ppoll(&poll_fd, 1, settle_wanted ? &quiet : NULL, &open);
		if (!ready)
			tell_settled();
		if (ready <= 0)
			continue;
		got = recv(fd, buffer, sizeof(buffer) - 1, 0);
		if (got > 0) {
			buffer[got] = '\0';
			handle_uevent((char *)buffer, got);
		}
	}
	return 1;
}

/* --- prepare --- */

static const struct mount_point {
	const char *type;
	const char *path;
} mount_points[] = {
	{ "proc", "/proc" }, { "sysfs", "/sys" }, { "devtmpfs", "/dev" },
	{ "devpts", "/dev/pts" }, { "tmpfs", "/dev/shm" }, { "tmpfs", "/tmp" },
	{ "tmpfs", "/run" },
};

/* What init needs before anything else; one process, as each costs time in a nested guest. */
static int prepare_main(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(mount_points); i++) {
		const struct mount_point *point = &mount_points[i];

		if (mkdir(point->path, 0755) && errno != EEXIST)
			die(point->path);
		if (mount(point->type, point->path, point->type, 0, NULL))
			die(point->path);
	}
	if (mkdir("/out", 0755) && errno != EEXIST)
		die("/out");
	return sethostname("guest", 5);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];

	if (!strcmp(name, "hostctl"))
		return hostctl_main(argc, argv);
	if (argc == 2 && !strcmp(argv[1], "run"))
		return run_main();
	if (argc == 2 && !strcmp(argv[1], "serve"))
		serve_main();
	if (argc == 2 && !strcmp(argv[1], "hotplug"))
		return hotplug_main();
	if (argc == 2 && !strcmp(argv[1], "prepare"))
		return prepare_main();
	fprintf(stderr, "usage: agent prepare|hotplug|run|serve; hostctl JSON\n");
	return 2;
}
