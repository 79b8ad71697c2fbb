// SPDX-License-Identifier: GPL-2.0
/*
 * hvhost: puts the machine, the bus and the devices together, and takes them apart again. What
 * the guest does to the machine as a whole (power-off, reset, crash) ends up here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "host.h"
#include "vmm/acpi.h"
#include "vsp/input.h"
#include "vsp/netvsp.h"
#include "vsp/service.h"
#include "vsp/storage.h"

#define RESET_TURN_MS		10
#define RESET_TURNS_MAX		1000	/* the longest wait for devices' I/O at a reset */
#define MAX_SUBCHANNELS		63
#define FILES_WANTED		16384
#define EXIT_RESET		3
#define EXIT_TRIPLE_FAULT	4
#define CRASH_MESSAGE_MAX	GUEST_PAGE_SIZE

/* ---- events of the machine: they come on vCPU threads and are handled on the main loop ---- */

struct event {
	struct host *host;
	enum machine_event what;
	char detail[96];
};

void host_quit(struct host *host, int status)
{
	host->exit_status = status;
	loop_stop(host->loop);
}

static int boot(struct host *host, struct error *err)
{
	struct boot_params_in in = {
		.kernel = &host->kernel,
		.initrd = host->initrd.data ? &host->initrd : NULL,
		.cmdline = host->opts.append,
	};
	uint64_t entry;

	in.rsdp = acpi_build(&host->mem, host->opts.cpus);
	if (boot_load(&host->mem, &in, &entry, err) || machine_create(host->machine, err))
		return -1;
	return machine_start(host->machine, entry, err);
}

/* Memory is used anew only when no device's I/O can write to it any more. */
static void reset_turn(void *arg)
{
	struct host *host = arg;
	struct error err;

	if (!vmbus_server_quiet(host->server)) {
		if (++host->reset_turns < RESET_TURNS_MAX) {
			loop_timer_set(host->reset_timer, RESET_TURN_MS);
			return;
		}
		fputs("hvhost: a device did not end its I/O for the guest's reset\n", stderr);
		host_quit(host, EXIT_FAILURE);
		return;
	}
	machine_destroy(host->machine);
	synic_reset(host->synic);
	guest_memory_clear(&host->mem);
	uart_reset(host->uart);
	pm_clear(&host->pm);
	if (host->agent)
		agent_reset(host->agent);
	host->resetting = false;
	if (boot(host, &err)) {
		fprintf(stderr, "hvhost: %s\n", err.text);
		host_quit(host, EXIT_FAILURE);
	}
}

void host_reset(struct host *host)
{
	if (host->resetting)
		return;
	host->resetting = true;
	host->resets++;
	host->reset_turns = 0;
	machine_stop(host->machine);
	vmbus_server_reset(host->server);
	loop_timer_set(host->reset_timer, 0);
}

static void on_event(void *arg)
{
	struct event *event = arg;
	struct host *host = event->host;

	if (event->what == MACHINE_FAILED) {
		fprintf(stderr, "hvhost: %s\n", event->detail);
		host_quit(host, EXIT_FAILURE);
	} else if (host->opts.exit_on_reset) {
		fprintf(stderr, "hvhost: the guest reset itself (%s)\n", event->detail);
		host_quit(host, event->what == MACHINE_RESET ? EXIT_RESET : EXIT_TRIPLE_FAULT);
	} else {
		if (event->what == MACHINE_TRIPLE_FAULT)
			fprintf(stderr, "hvhost: reset after a %s\n", event->detail);
		host_reset(host);
	}
	free(event);
}

static void machine_event(void *arg, enum machine_event what, const char *detail)
{
	struct host *host = arg;
	struct event *event = calloc(1, sizeof(*event));

	if (!event)
		abort();
	event->host = host;
	event->what = what;
	snprintf(event->detail, sizeof(event->detail), "%s", detail);
	loop_call(host->loop, on_event, event);
}

static void pm_reset(void *arg)
{
	machine_event(arg, MACHINE_RESET, "ACPI reset register");
}

static void on_power_off(void *arg)
{
	host_quit(arg, 0);
}

static void pm_power_off(void *arg)
{
	struct host *host = arg;

	loop_call(host->loop, on_power_off, host);
}

static void pm_irq(void *arg, bool level)
{
	struct host *host = arg;

	machine_irq(host->machine, PM_SCI_IRQ, level);
}

/* The TLFS leaves the parameters to the guest. Linux gives registers, or (three zeros, then
 * address and length) the end of its log. */
static void machine_crash(void *arg, const uint64_t p[5])
{
	struct host *host = arg;
	const char *text = NULL;
	unsigned int i;

	for (i = 0; i < 5; i++)
		__atomic_store_n(&host->crash[i], p[i], __ATOMIC_RELAXED);
	__atomic_fetch_add(&host->crashes, 1, __ATOMIC_RELEASE);
	fprintf(stderr, "hvhost: the guest crashed: %#llx %#llx %#llx %#llx %#llx\n",
		(unsigned long long)p[0], (unsigned long long)p[1], (unsigned long long)p[2],
		(unsigned long long)p[3], (unsigned long long)p[4]);
	if (!p[0] && !p[1] && !p[2] && p[4] && p[4] <= CRASH_MESSAGE_MAX)
		text = guest_ptr(&host->mem, p[3], p[4]);
	if (text)
		fprintf(stderr, "%.*s\n", (int)p[4], text);
}

/* ---- between the rooms ---- */

static void machine_synic(void *arg, unsigned int cpu, uint64_t control, uint64_t event_page,
			  uint64_t message_page)
{
	struct host *host = arg;

	synic_set_pages(host->synic, cpu, control, event_page, message_page);
}

static uint64_t machine_hypercall(void *arg, uint64_t input, uint64_t param0)
{
	struct host *host = arg;

	return hypercall(&host->hypercalls, input, param0);
}

static uint16_t post_message(void *arg, uint32_t conn_id, uint32_t type, const void *payload,
			     size_t len)
{
	struct host *host = arg;

	return vmbus_post_message(host->server, conn_id, type, payload, len);
}

static uint16_t signal_event(void *arg, uint32_t conn_id, uint16_t flag)
{
	struct host *host = arg;

	if (!flag && synic_kick_signal(host->synic, conn_id))
		return HV_STATUS_SUCCESS;
	return vmbus_signal_event(host->server, conn_id, flag);
}

static int connect_sint(void *arg, uint32_t vp, unsigned int sint, int irq_fd, int ack_fd)
{
	struct host *host = arg;

	return machine_connect_sint(host->machine, vp, sint, irq_fd, ack_fd);
}

static int bind_signal(void *arg, uint32_t conn_id, int fd)
{
	struct host *host = arg;

	return machine_bind_signal(host->machine, conn_id, fd);
}

static void pause_cpu(void *arg, uint32_t vp)
{
	struct host *host = arg;

	machine_pause_cpu(host->machine, vp);
}

static void resume_cpu(void *arg, uint32_t vp)
{
	struct host *host = arg;

	machine_resume_cpu(host->machine, vp);
}

static uint64_t reference_time(void *arg)
{
	struct host *host = arg;

	return machine_reference_time(host->machine);
}

static void uart_irq(void *arg, bool level)
{
	struct host *host = arg;

	machine_irq(host->machine, UART_COM1_IRQ, level);
}

static void uart_output(void *arg, const uint8_t *data, size_t len)
{
	struct host *host = arg;

	console_output(host->console, data, len);
}

static void uart_drained(void *arg)
{
	struct host *host = arg;

	console_resume(host->console);
}

static size_t console_input(void *arg, const uint8_t *data, size_t len)
{
	struct host *host = arg;

	return uart_input(host->uart, data, len);
}

static void console_quit(void *arg)
{
	host_quit(arg, 0);
}

static void on_signal(void *arg, uint32_t epoll_events)
{
	struct host *host = arg;
	struct signalfd_siginfo info;

	if (read(host->signal_fd, &info, sizeof(info)) == sizeof(info))
		host_quit(host, 128 + info.ssi_signo);
}

/* ---- putting it together ---- */

static int open_machine(struct host *host, struct error *err)
{
	const struct machine_config config = {
		.nr_cpus = host->opts.cpus,
		.hidden_features = host->opts.hidden_features,
		.isolated = host->opts.isolated,
		.mem = &host->mem,
		.ports = &host->ports,
		.ops = { machine_event, machine_crash, machine_synic, machine_hypercall, host },
	};
	struct boot_header header;
	struct error why;

	if (boot_image_map(&host->kernel, host->opts.kernel, "kernel", err))
		return -1;
	if (boot_parse_header(host->kernel.data, host->kernel.size, &header, &why))
		return error_set(err, "%s: %s", host->opts.kernel, why.text);
	if (host->opts.initrd && boot_image_map(&host->initrd, host->opts.initrd, "initrd", err))
		return -1;
	if (guest_memory_map(&host->mem, host->opts.mem, err) ||
	    (host->opts.isolated && guest_memory_isolate(&host->mem, err)))
		return -1;
	host->machine = machine_new(&config, err);
	return host->machine ? 0 : -1;
}

/* System control port B: a guest reads there why an NMI came; never parity or bus errors. */
#define NMI_REASON_PORT		0x61

static uint8_t nmi_reason(void *arg, uint16_t offset, bool write, uint8_t value)
{
	return 0;
}

static int open_ports(struct host *host, struct error *err)
{
	const struct uart_ops uart_ops = { uart_irq, uart_output, uart_drained, host };
	const struct console_ops console_ops = { console_input, console_quit, host };
	const struct agent_config agent_config = {
		.out_path = host->opts.agent_out, .status_path = host->opts.agent_status,
		.stdout_fd = STDOUT_FILENO, .stderr_fd = STDERR_FILENO,
		.loop = host->loop, .control = host->control, .memory = &host->mem,
	};

	host->pm.irq = pm_irq;
	host->pm.power_off = pm_power_off;
	host->pm.reset = pm_reset;
	host->pm.arg = host;
	pthread_mutex_init(&host->pm.lock, NULL);
	host->uart = uart_new(&uart_ops);
	if (!host->uart)
		return error_set(err, "out of memory");
	host->console = console_open(host->loop, host->opts.console, &console_ops, err);
	if (!host->console)
		return -1;
	ports_add(&host->ports, &(struct port_range){
		.first = UART_COM1_PORT, .count = UART_PORTS, .byte_fn = uart_access,
		.arg = host->uart });
	ports_add(&host->ports, &(struct port_range){
		.first = CMOS_PORT, .count = CMOS_PORTS, .byte_fn = cmos_access,
		.arg = &host->cmos });
	ports_add(&host->ports, &(struct port_range){
		.first = NMI_REASON_PORT, .count = 1, .byte_fn = nmi_reason });
	ports_add(&host->ports, &(struct port_range){
		.first = PM_PORT, .count = PM_PORTS, .byte_fn = pm_access, .arg = &host->pm });
	if (host->opts.agent) {
		host->agent = agent_new(&agent_config, err);
		if (!host->agent)
			return -1;
		agent_add_ports(host->agent, &host->ports);
	}
	return 0;
}

static int open_bus(struct host *host, struct error *err)
{
	const struct synic_ops synic_ops = {
		connect_sint, bind_signal, pause_cpu, resume_cpu, host,
	};
	const struct vmbus_server_config server_config = {
		.max_version = host->opts.vmbus_max_version, .nr_vps = host->opts.cpus,
		.monitored = host->opts.monitored,
	};

	host->synic = synic_new(host->loop, &host->mem, host->opts.cpus, &synic_ops);
	if (!host->synic)
		return error_set(err, "cannot set up the SynIC: %s", strerror(errno));
	host->hypercalls.mem = &host->mem;
	host->hypercalls.ops = (struct hypercall_ops){ post_message, signal_event, host };
	host->server = vmbus_server_new(host->loop, &host->mem, host->synic, &server_config);
	if (!host->server)
		return error_set(err, "cannot start the VMBus server: %s", strerror(errno));
	if (host->opts.hostile.classes || host->opts.hostile.lie)
		hostile_set(vmbus_server_hostile(host->server), &host->opts.hostile);
	return 0;
}

int host_add_disks(struct host *host, const char *const *specs, unsigned int n,
		   struct error *err)
{
	const struct storage_config config = {
		.specs = specs, .n = n, .max_subchannels = MAX_SUBCHANNELS,
		.max_version = host->opts.vstor_max_version,
	};

	return storage_create(host->server, host->control, &config, err);
}

int host_add_nic(struct host *host, const char *spec, struct error *err)
{
	if (netvsp_create(host->server, host->control, spec, host->nr_nics,
			  host->opts.nvsp_max_version, err))
		return -1;
	host->nr_nics++;
	return 0;
}

static int open_devices(struct host *host, struct error *err)
{
	unsigned int i;

	services_reference_clock(reference_time, host);
	if (services_create(host->server, host->control, err))
		return -1;
	if (!host->opts.no_input &&
	    (keyboard_create(host->server, host->control, err) ||
	     mouse_create(host->server, host->control, host->opts.mouse, err)))
		return -1;
	if (host->opts.disks.n &&
	    host_add_disks(host, host->opts.disks.spec, host->opts.disks.n, err))
		return -1;
	for (i = 0; i < host->opts.nics.n; i++)
		if (host_add_nic(host, host->opts.nics.spec[i], err))
			return -1;
	if (host->opts.hvsock) {
		host->hvsock = hvsock_create(host->server, host->control, host->opts.hvsock, err);
		if (!host->hvsock)
			return -1;
	}
	return 0;
}

/* An open channel is a descriptor, and there may be 2,047 of them. */
static void raise_descriptors(void)
{
	struct rlimit limit, raised;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= FILES_WANTED)
		return;
	raised.rlim_cur = FILES_WANTED;
	raised.rlim_max = limit.rlim_max > FILES_WANTED ? limit.rlim_max : FILES_WANTED;
	if (!setrlimit(RLIMIT_NOFILE, &raised))
		return;
	/* Without the privilege to go beyond the hard limit. */
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* SIGINT and SIGTERM come as events; no thread of ours may be interrupted by them. */
static int open_loop(struct host *host, struct error *err)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	host->loop = loop_new("hvhost");
	host->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (!host->loop || host->signal_fd < 0 ||
	    loop_add_fd(host->loop, host->signal_fd, EPOLLIN, on_signal, host))
		return error_set(err, "cannot set up the event loop: %s", strerror(errno));
	host->reset_timer = loop_timer_new(host->loop, reset_turn, host);
	host->control = control_new(host->loop);
	if (!host->reset_timer || !host->control)
		return error_set(err, "out of memory");
	host_register_commands(host);
	return 0;
}

static int open_host(struct host *host, struct error *err)
{
	if (open_loop(host, err) || open_machine(host, err) || open_ports(host, err) ||
	    open_bus(host, err) || open_devices(host, err))
		return -1;
	if (host->opts.control && control_listen(host->control, host->opts.control, err))
		return -1;
	return boot(host, err);
}

static void close_host(struct host *host)
{
	if (host->machine)
		machine_stop(host->machine);
	vmbus_server_free(host->server);
	hvsock_free(host->hvsock);
	if (host->machine)
		machine_destroy(host->machine);
	synic_free(host->synic);
	agent_free(host->agent);
	if (host->control)
		control_free(host->control);
	console_close(host->console);
	uart_free(host->uart);
	machine_free(host->machine);
	loop_timer_free(host->reset_timer);
	loop_free(host->loop);
	if (host->signal_fd >= 0)
		close(host->signal_fd);
	guest_memory_unmap(&host->mem);
	boot_image_unmap(&host->kernel);
	boot_image_unmap(&host->initrd);
}

int main(int argc, char **argv)
{
	struct host host = { .signal_fd = -1 };
	struct error err;

	if (options_parse(&host.opts, argc, argv, &err)) {
		fprintf(stderr, "hvhost: %s\n", err.text);
		return 2;
	}
	if (host.opts.help) {
		options_help(stdout);
		return 0;
	}
	if (host.opts.version) {
		puts("hvhost " HVIC_VERSION);
		return 0;
	}
	raise_descriptors();
	if (open_host(&host, &err)) {
		fprintf(stderr, "hvhost: %s\n", err.text);
		host.exit_status = EXIT_FAILURE;
	} else {
		loop_run(host.loop);
	}
	close_host(&host);
	return host.exit_status;
}
