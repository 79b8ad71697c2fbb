// SPDX-License-Identifier: GPL-2.0
/*
 * One table of options: the parser and --help both read it.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "vmm/cpuid.h"
#include "vmm/machine.h"
#include "vmm/memory.h"
#include "vsp/mouse_kinds.h"
#include "vsp/netvsp.h"
#include "vsp/storage.h"

#define DEFAULT_MEM		(512ull << 20)
#define DEFAULT_VMBUS_VERSION	0x00050003u

struct option_desc;
typedef int (*parse_fn)(const struct option_desc *desc, void *field, const char *arg,
			struct error *err);

struct option_desc {
	const char *name;
	const char *arg;	/* what the argument is called; NULL: a flag */
	parse_fn parse;
	size_t field;		/* offset in struct options */
	const char *help;
};

static int parse_text(const struct option_desc *desc, void *field, const char *arg,
		      struct error *err)
{
	*(const char **)field = arg;
	return 0;
}

static int parse_flag(const struct option_desc *desc, void *field, const char *arg,
		      struct error *err)
{
	*(bool *)field = true;
	return 0;
}

static int parse_list(const struct option_desc *desc, void *field, const char *arg,
		      struct error *err)
{
	struct option_list *list = field;

	if (list->n == OPTIONS_MAX_SPECS)
		return error_set(err, "more than %d --%s", OPTIONS_MAX_SPECS, desc->name);
	list->spec[list->n++] = arg;
	return 0;
}

static int parse_cpus(const struct option_desc *desc, void *field, const char *arg,
		      struct error *err)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(arg, &end, 10);
	if (errno || end == arg || *end || *arg == '-' || !value || value > MACHINE_MAX_CPUS)
		return error_set(err, "--cpus %s is out of range: 1 to %d", arg,
				 MACHINE_MAX_CPUS);
	*(unsigned int *)field = value;
	return 0;
}

static int parse_size(const struct option_desc *desc, void *field, const char *arg,
		      struct error *err)
{
	static const char suffixes[] = "KMGT";
	unsigned long long value;
	unsigned int shift = 20;	/* a plain number counts MiB */
	const char *suffix;
	char *end;

	errno = 0;
	value = strtoull(arg, &end, 10);
	if (end != arg && *end) {
		suffix = strchr(suffixes, *end & ~0x20);
		shift = suffix ? 10 * (suffix - suffixes + 1) : 0;
		if (!shift || end[1])
			end = (char *)arg;
	}
	if (errno || end == arg || *arg == '-')
		return error_set(err, "--%s %s is not a size: a number with K, M or G",
				 desc->name, arg);
	if (value > GUEST_RAM_MAX >> shift || value << shift < GUEST_RAM_MIN)
		return error_set(err, "--%s %s is out of range: %lluM to %lluG", desc->name, arg,
				 GUEST_RAM_MIN >> 20, GUEST_RAM_MAX >> 30);
	*(uint64_t *)field = value << shift;
	return 0;
}

static int parse_version(const struct option_desc *desc, void *field, const char *arg,
			 struct error *err)
{
	unsigned int major, minor;
	char rest;

	if (sscanf(arg, "%u.%u%c", &major, &minor, &rest) != 2 || major < 1 || major > 255 ||
	    minor > 255)
		return error_set(err, "--%s %s is not a version such as 5.3", desc->name, arg);
	*(uint32_t *)field = major << 16 | minor;
	return 0;
}

static int parse_vstor(const struct option_desc *desc, void *field, const char *arg,
		       struct error *err)
{
	return storage_parse_version(arg, field, err);
}

static int parse_nvsp(const struct option_desc *desc, void *field, const char *arg,
		      struct error *err)
{
	return netvsp_parse_version(arg, field, err);
}

static int parse_hidden(const struct option_desc *desc, void *field, const char *arg,
			struct error *err)
{
	return cpuid_hide(arg, field, err);
}

/* A list of names that devices have in their struct vsp_ops. */
static int parse_monitored(const struct option_desc *desc, void *field, const char *arg,
			   struct error *err)
{
	static const char *const names[] = {
		"net", "scsi", "keyboard", "mouse", "heartbeat", "shutdown", "timesync", "kvp",
	};
	const char *word = arg;

	do {
		size_t len = strcspn(word, ","), i = 0;

		while (i < sizeof(names) / sizeof(names[0]) &&
		       (strlen(names[i]) != len || memcmp(names[i], word, len)))
			i++;
		if (i == sizeof(names) / sizeof(names[0]))
			return error_set(err, "--monitor %s: give some of net, scsi, keyboard, "
					 "mouse, heartbeat, shutdown, timesync, kvp", arg);
		word += len;
	} while (*word++);
	*(const char **)field = arg;
	return 0;
}

static int parse_on_reset(const struct option_desc *desc, void *field, const char *arg,
			  struct error *err)
{
	bool exit_on_reset = !strcmp(arg, "exit");

	if (!exit_on_reset && strcmp(arg, "reboot"))
		return error_set(err, "--on-reset %s: give reboot or exit", arg);
	*(bool *)field = exit_on_reset;
	return 0;
}

static int parse_hostile(const struct option_desc *desc, void *field, const char *arg,
			 struct error *err)
{
	return hostile_parse(field, arg, err);
}

/* Parsed again when the mouse is made: a wrong one is told before anything is. */
static int parse_mouse(const struct option_desc *desc, void *field, const char *arg,
		       struct error *err)
{
	struct mouse_form form;

	if (mouse_form_parse(arg, &form, err))
		return -1;
	free(form.descriptor);
	*(const char **)field = arg;
	return 0;
}

#define FIELD(name) offsetof(struct options, name)

static const struct option_desc descs[] = {
	{ "kernel", "BZIMAGE", parse_text, FIELD(kernel), "Linux kernel to boot, bzImage or vmlinux (required)" },
	{ "initrd", "FILE", parse_text, FIELD(initrd), "initial RAM disk" },
	{ "append", "CMDLINE", parse_text, FIELD(append), "kernel command line" },
	{ "cpus", "N", parse_cpus, FIELD(cpus), "virtual processors, 1 to 64; default 1" },
	{ "mem", "SIZE", parse_size, FIELD(mem), "guest memory, e.g. 2G; default 512M" },
	{ "disk", "SPEC", parse_list, FIELD(disks),
	  "a disk: mem:SIZE, file:PATH[,ro], nbd:URI; may be repeated" },
	{ "nic", "SPEC", parse_list, FIELD(nics),
	  "a network device: user, hub:NAME, tap:IF, gen, none; may be repeated" },
	{ "no-input", NULL, parse_flag, FIELD(no_input), "no keyboard and no mouse" },
	{ "mouse", "KIND[,size=N]", parse_mouse, FIELD(mouse),
	  "what the mouse is like, see below" },
	{ "vmbus-max-version", "V", parse_version, FIELD(vmbus_max_version),
	  "newest VMBus version to speak; default 5.3" },
	{ "vstor-max-version", "V", parse_vstor, FIELD(vstor_max_version),
	  "newest storage protocol: 4.2, 5.1, 6.0, 6.2 (default)" },
	{ "nvsp-max-version", "V", parse_nvsp, FIELD(nvsp_max_version),
	  "newest network protocol: 1, 2, 4, 5, 6, 6.1 (default)" },
	{ "monitor", "NAME,...", parse_monitored, FIELD(monitored),
	  "devices (net, scsi, ...) that the guest signals by the monitor page" },
	{ "hide", "FEATURE,...", parse_hidden, FIELD(hidden_features),
	  "Hyper-V features not to offer, see below" },
	{ "isolated", NULL, parse_flag, FIELD(isolated),
	  "tell the guest that it is isolated from its host (VBS)" },
	{ "hostile", "SEED[,WORD]", parse_hostile, FIELD(hostile),
	  "lie to the guest, see below" },
	{ "on-reset", "WHAT", parse_on_reset, FIELD(exit_on_reset),
	  "reboot (default), or exit with status 3" },
	{ "control", "SOCKET", parse_text, FIELD(control), "serve control requests (hvhostctl)" },
	{ "hvsock", "PATH", parse_text, FIELD(hvsock), "Hyper-V sockets, see below" },
	{ "console", "WHERE", parse_text, FIELD(console),
	  "serial console: stdio (leave with Ctrl-A x), none, or a file; default stdio" },
	{ "agent", NULL, parse_flag, FIELD(agent), "serve the agent port" },
	{ "agent-out", "FILE", parse_text, FIELD(agent_out), "where the agent's archive goes" },
	{ "agent-status", "FILE", parse_text, FIELD(agent_status),
	  "where the command's exit status goes, as text" },
	{ "help", NULL, parse_flag, FIELD(help), "show this" },
	{ "version", NULL, parse_flag, FIELD(version), "show the version" },
};

#define NR_DESCS (sizeof(descs) / sizeof(descs[0]))

static int check(const struct options *opts, struct error *err)
{
	if (!opts->kernel)
		return error_set(err, "no --kernel: give the bzImage to boot");
	if (!opts->agent && (opts->agent_out || opts->agent_status))
		return error_set(err, "--agent-out and --agent-status need --agent");
	return 0;
}

int options_parse(struct options *opts, int argc, char **argv, struct error *err)
{
	struct option longs[NR_DESCS + 1] = { 0 };
	int which = 0, c;
	unsigned int i;

	*opts = (struct options){
		.append = "", .cpus = 1, .mem = DEFAULT_MEM, .console = "stdio",
		.vmbus_max_version = DEFAULT_VMBUS_VERSION,
	};
	for (i = 0; i < NR_DESCS; i++) {
		longs[i].name = descs[i].name;
		longs[i].has_arg = descs[i].arg ? required_argument : no_argument;
	}
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, "+:", longs, &which)) != -1) {
		if (c == ':')
			return error_set(err, "%s needs a value", argv[optind - 1]);
		if (c == '?')
			return error_set(err, "unknown option %s: see --help", argv[optind - 1]);
		if (descs[which].parse(&descs[which], (char *)opts + descs[which].field,
				       optarg, err))
			return -1;
	}
	if (opts->help || opts->version)
		return 0;
	if (optind < argc)
		return error_set(err, "unexpected argument %s: see --help", argv[optind]);
	return check(opts, err);
}

void options_help(FILE *to)
{
	unsigned int i;

	fputs("usage: hvhost --kernel BZIMAGE [OPTION]...\n"
	      "Boots Linux in a virtual machine that looks like Hyper-V.\n\n", to);
	for (i = 0; i < NR_DESCS; i++)
		fprintf(to, "  --%-17s %-12s %s\n", descs[i].name,
			descs[i].arg ? descs[i].arg : "", descs[i].help);
	fprintf(to, "\nFeatures that --hide knows: %s\n", cpuid_features_help());
	fputs("\nA hostile host changes what it sends, the same way for the same SEED. WORDs: classes\n"
	      "(messages, ring, ranges, storage, network, input, services, silence, interrupts,\n"
	      "rescind; default all), rate=N (one item in N, default 16), after=N (the first N\n"
	      "items of each channel are left alone), echo=N (N old items, each changed, follow\n"
	      "each new one and come again every 20 ms), lie=NAME (one lie, each time it fits; the control command hostile\n"
	      "lists them).\n", to);
	fputs("\nA mouse is usual (an absolute pointer with five buttons and a wheel, the default),\n"
	      "relative (the same, but it moves by so much), digitizer (a pen), ids (three reports: a\n"
	      "mouse, media keys, a vendor's own), tiny (one axis, one way) or hex:DIGITS, a report\n"
	      "descriptor as it is. size=N pads the descriptor to N bytes, at most 65535.\n", to);
	fputs("\nA nic gen swallows and counts frames and answers ARP, neighbour discovery, ping and UDP\n"
	      "to port 7 as 198.18.0.1 and 2001:2::1; the control command generate lets it send.\n",
	      to);
	fputs("\nHyper-V sockets: a program that connects to the Unix socket PATH and sends CONNECT PORT\n"
	      "and a newline gets OK PORT and the stream to that vsock port of the guest, or ERROR and\n"
	      "why not. What listens on the Unix socket PATH_PORT gets the guest's connections to\n"
	      "that port of CID 2.\n", to);
	fputs("\nExit status: 0 the guest powered off or hvhost was told to quit, 1 an error,\n"
	      "2 a wrong command line, 3 a reset with --on-reset exit, 4 a triple fault with\n"
	      "--on-reset exit.\n", to);
}
