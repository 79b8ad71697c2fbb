// SPDX-License-Identifier: GPL-2.0
/*
 * hvhostctl: asks a running hvhost something over its control socket. A table turns the
 * words of a person into a request; commands that it does not know are passed on as they are.
 */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <jansson.h>

#define LINE_MAX_BYTES	65536u
#define EXIT_USAGE	2

/* How a verb's words become members of the request, in order. */
struct word {
	const char *member;
	enum {
		WORD_TEXT = 1,
		WORD_NUMBER,
		WORD_UP,	/* up or down: true or false */
		WORD_LIST,	/* takes all the rest */
	} type;
};

struct verb {
	const char *name, *cmd;		/* what a person types; the control command */
	const char *usage, *help;
	struct word words[3];
	unsigned int least;		/* words that must be there */
	const char *member, *value;	/* fixed member, or NULL */
};

static const struct verb verbs[] = {
	{ "help", "help", "", "list the commands that this hvhost serves", {}, 0, NULL, NULL },
	{ "type", "type", "TEXT [by=console] [delay_ms=N]", "type on the keyboard",
	  { { "text", WORD_TEXT } }, 1, NULL, NULL },
	{ "key", "key", "NAME...", "press keys together, release them: key ctrl alt delete",
	  { { "keys", WORD_LIST } }, 1, NULL, NULL },
	{ "move", "mouse-move", "X [Y]", "pointer to X, Y (0 to 32767), or by so much",
	  { { "x", WORD_NUMBER }, { "y", WORD_NUMBER } }, 1, NULL, NULL },
	{ "click", "mouse-click", "[BUTTON]", "left, right, middle, side or extra",
	  { { "button", WORD_TEXT } }, 0, NULL, NULL },
	{ "wheel", "mouse-wheel", "N", "turn the wheel by N, away from the user if positive",
	  { { "n", WORD_NUMBER } }, 1, NULL, NULL },
	{ "report", "mouse-report", "HEX", "a report of the mouse as it is, e.g. \"01 05 fd\"",
	  { { "data", WORD_TEXT } }, 1, NULL, NULL },
	{ "lun-add", "lun-add", "SPEC [controller=scsi0] [lun=N]", "add a disk, e.g. mem:64M",
	  { { "spec", WORD_TEXT } }, 1, NULL, NULL },
	{ "lun-remove", "lun-remove", "LUN [controller=scsi0]", "take a disk away",
	  { { "lun", WORD_NUMBER } }, 1, NULL, NULL },
	{ "lun-resize", "lun-resize", "LUN SIZE [controller=scsi0]", "change a disk's size",
	  { { "lun", WORD_NUMBER }, { "size", WORD_TEXT } }, 2, NULL, NULL },
	{ "device-add", "device-add", "KIND [SPEC]", "hot-add a disk-controller, nic, mouse, keyboard",
	  { { "kind", WORD_TEXT }, { "spec", WORD_TEXT } }, 1, NULL, NULL },
	{ "device-remove", "device-remove", "DEVICE", "hot-remove a device, e.g. net0",
	  { { "device", WORD_TEXT } }, 1, NULL, NULL },
	{ "link", "link", "DEVICE up|down", "a NIC's link",
	  { { "device", WORD_TEXT }, { "up", WORD_UP } }, 2, NULL, NULL },
	{ "shutdown", "shutdown", "[--force]", "ask the guest to power off",
	  {}, 0, "mode", "off" },
	{ "reboot", "shutdown", "[--force]", "ask the guest to restart",
	  {}, 0, "mode", "reboot" },
	{ "hibernate", "shutdown", "", "ask the guest to hibernate",
	  {}, 0, "mode", "hibernate" },
	{ "heartbeat", "heartbeat", "", "whether the guest answers", {}, 0, NULL, NULL },
	{ "time-sync", "time-sync", "", "send the guest the time now", {}, 0, NULL, NULL },
	{ "kvp-get", "kvp-get", "POOL KEY", "a value of pool 0 to 3, or external, guest, auto",
	  { { "pool", WORD_TEXT }, { "key", WORD_TEXT } }, 2, NULL, NULL },
	{ "kvp-set", "kvp-set", "POOL KEY VALUE", "write a value",
	  { { "pool", WORD_TEXT }, { "key", WORD_TEXT }, { "value", WORD_TEXT } }, 3, NULL, NULL },
	{ "kvp-delete", "kvp-delete", "POOL KEY", "delete a value",
	  { { "pool", WORD_TEXT }, { "key", WORD_TEXT } }, 2, NULL, NULL },
	{ "kvp-list", "kvp-list", "POOL", "all values of a pool",
	  { { "pool", WORD_TEXT } }, 1, NULL, NULL },
	{ "stats", "stats", "", "counters of the bus and its devices", {}, 0, NULL, NULL },
	{ "devices", "devices", "", "the devices", {}, 0, NULL, NULL },
	{ "reset", "reset", "", "reset the guest at once", {}, 0, NULL, NULL },
	{ "nmi", "nmi", "[cpu=N]", "a non-maskable interrupt, to see where a guest hangs",
	  {}, 0, NULL, NULL },
	{ "quit", "quit", "", "end hvhost at once", {}, 0, NULL, NULL },
};

static void usage(FILE *out)
{
	fputs("usage: hvhostctl [--socket PATH] [--timeout S] VERB [WORD...] [key=value...]\n"
	      "       hvhostctl [--socket PATH] '{\"cmd\": ...}'\n\n"
	      "Asks the hvhost that listens on PATH (default: $HVHOST_SOCKET), prints the answer\n"
	      "as JSON. Exit status: 0 done, 1 refused or no answer (reason on stderr), 2 usage.\n"
	      "key=value adds a member to the request (JSON if it is JSON, else text), --name one\n"
	      "that is true; a verb that is not listed is sent as it is.\n\n", out);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		fprintf(out, "  %-14s %-32s %s\n", verbs[i].name, verbs[i].usage,
			verbs[i].help);
}

static void __attribute__((noreturn, format(printf, 2, 3))) fail(int status, const char *fmt, ...)
{
	va_list ap;

	fputs("hvhostctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(status);
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static json_t *number(const char *text)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 0);
	if (errno || end == text || *end)
		fail(EXIT_USAGE, "\"%s\" is not a whole number", text);
	return json_integer(n);
}

static json_t *text_value(const char *text)
{
	json_t *value = json_string(text);

	if (!value)
		fail(EXIT_USAGE, "\"%s\" is not UTF-8", text);
	return value;
}

/* key=value and --flag; returns false when @arg is neither. */
static bool add_member(json_t *request, const char *arg)
{
	bool flag = !strncmp(arg, "--", 2) && arg[2];
	const char *name = flag ? arg + 2 : arg;
	const char *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	json_t *value;
	char *key;

	if (!len || (!equals && !flag) || strspn(name, "abcdefghijklmnopqrstuvwxyz_-"
	    "0123456789") < len)
		return false;
	value = equals ? json_loads(equals + 1, JSON_DECODE_ANY, NULL) : json_true();
	if (!value)
		value = text_value(equals + 1);
	key = strndup(name, len);
	if (!key || json_object_set_new(request, key, value))
		fail(1, "out of memory");
	free(key);
	return true;
}

static void add_word(json_t *request, const struct word *word, const char *arg)
{
	json_t *list;

	switch (word->type) {
	case WORD_NUMBER:
		json_object_set_new(request, word->member, number(arg));
		break;
	case WORD_TEXT:
		json_object_set_new(request, word->member, text_value(arg));
		break;
	case WORD_UP:
		if (strcmp(arg, "up") && strcmp(arg, "down"))
			fail(EXIT_USAGE, "\"%s\" is neither up nor down", arg);
		json_object_set_new(request, word->member, json_boolean(!strcmp(arg, "up")));
		break;
	case WORD_LIST:
		list = json_object_get(request, word->member);
		if (!list) {
			list = json_array();
			json_object_set_new(request, word->member, list);
		}
		json_array_append_new(list, text_value(arg));
		break;
	}
}

static json_t *build_request(int argc, char **argv)
{
	const struct verb *verb = find_verb(argv[0]);
	json_t *request = json_object();
	unsigned int at = 0, words = 0;

	json_object_set_new(request, "cmd", text_value(verb ? verb->cmd : argv[0]));
	if (verb && verb->member)
		json_object_set_new(request, verb->member, json_string(verb->value));
	for (int i = 1; i < argc; i++) {
		const struct word *word = verb && at < 3 && verb->words[at].member ?
			&verb->words[at] : NULL;

		/* A verb's own words come first, so text may hold an equals sign. */
		if (word && (words < verb->least || !add_member(request, argv[i]))) {
			add_word(request, word, argv[i]);
			words++;
			if (word->type != WORD_LIST)
				at++;
		} else if (!word && !add_member(request, argv[i])) {
			fail(EXIT_USAGE, "%s: \"%s\" is too much; expected key=value or --flag",
			     argv[0], argv[i]);
		}
	}
	if (verb && words < verb->least)
		fail(EXIT_USAGE, "usage: hvhostctl %s %s", verb->name, verb->usage);
	return request;
}

static int connect_to(const char *path, unsigned int timeout_s)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timeval timeout = { .tv_sec = timeout_s };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path))
		fail(1, "socket path is longer than %zu characters: %s",
		     sizeof(addr.sun_path) - 1, path);
	strcpy(addr.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		fail(1, "socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		fail(1, "%s: %s%s", path, strerror(errno),
		     errno == ENOENT || errno == ECONNREFUSED ? " (is hvhost running?)" : "");
	return fd;
}

/* Return: the answer; the process ends when there is none. */
static json_t *ask(int fd, const char *line, unsigned int timeout_s)
{
	size_t len = strlen(line), done = 0, size = 0, room = 0;
	char *answer = NULL;
	json_error_t why;
	json_t *reply;
	ssize_t n;

	if (len > LINE_MAX_BYTES)
		fail(1, "the request has %zu bytes, at most %u are taken", len, LINE_MAX_BYTES);
	for (; done < len; done += n) {
		n = send(fd, line + done, len - done, MSG_NOSIGNAL);
		if (n <= 0)
			fail(1, "send: %s", strerror(errno));
	}
	if (send(fd, "\n", 1, MSG_NOSIGNAL) != 1)
		fail(1, "send: %s", strerror(errno));
	do {
		if (size == room) {
			room = room ? 2 * room : 4096;
			answer = realloc(answer, room);
			if (!answer)
				fail(1, "out of memory");
		}
		n = recv(fd, answer + size, room - size, 0);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			fail(1, "no answer in %u s; --timeout waits longer", timeout_s);
		if (n <= 0)
			fail(1, "hvhost closed the connection%s%s", n ? ": " : "",
			     n ? strerror(errno) : "");
		size += n;
	} while (answer[size - 1] != '\n');
	reply = json_loadb(answer, size, 0, &why);
	if (!json_is_object(reply))
		fail(1, "hvhost's answer is not understood: %.*s", (int)size, answer);
	free(answer);
	return reply;
}

static int show(json_t *reply)
{
	bool ok = json_is_true(json_object_get(reply, "ok"));
	const char *why = json_string_value(json_object_get(reply, "error"));

	if (!ok) {
		fprintf(stderr, "hvhostctl: %s\n", why ? why : "refused, with no reason given");
		return 1;
	}
	json_dumpf(reply, stdout, isatty(STDOUT_FILENO) ? JSON_INDENT(2) : JSON_COMPACT);
	putchar('\n');
	return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "timeout", required_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = getenv("HVHOST_SOCKET");
	unsigned int timeout_s = 60;
	char *line, *end;
	json_t *request, *reply;
	int c, rc;

	while ((c = getopt_long(argc, argv, "+s:t:hV", options, NULL)) != -1) {
		switch (c) {
		case 's':
			path = optarg;
			break;
		case 't':
			timeout_s = strtoul(optarg, &end, 10);
			if (*end || !timeout_s)
				fail(EXIT_USAGE, "--timeout takes seconds, at least 1");
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'V':
			puts("hvhostctl " HVIC_VERSION);
			return 0;
		default:
			fputs("Try 'hvhostctl --help'.\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (!path)
		fail(EXIT_USAGE, "which hvhost? Give --socket PATH or set HVHOST_SOCKET");
	if (argv[optind][0] == '{') {
		json_error_t why;

		request = json_loads(argv[optind], 0, &why);
		if (!request)
			fail(EXIT_USAGE, "not JSON: %s at byte %d", why.text, why.position);
	} else {
		request = build_request(argc - optind, argv + optind);
	}
	line = json_dumps(request, JSON_COMPACT);
	if (!line)
		fail(1, "out of memory");
	reply = ask(connect_to(path, timeout_s), line, timeout_s);
	rc = show(reply);
	json_decref(reply);
	json_decref(request);
	free(line);
	return rc;
}
