// SPDX-License-Identifier: GPL-2.0
/*
 * The control commands about the host as a whole; devices register their own.
 */
#include "host.h"
#include "hyperv/hostile.h"
#include "vsp/input.h"

#include <hvic/vmbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

static json_int_t resident_kib(void)
{
	unsigned long long size, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f)
		return 0;
	if (fscanf(f, "%llu %llu", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* How much of the guest's memory is resident. */
static json_int_t guest_resident_kib(const struct guest_memory *mem)
{
	size_t page = sysconf(_SC_PAGESIZE), pages = 0;
	unsigned int i;

	for (i = 0; i < mem->nr_regions; i++) {
		size_t n = (mem->regions[i].size + page - 1) / page, at;
		unsigned char *map = malloc(n);

		if (map && !mincore(mem->regions[i].hva, mem->regions[i].size, map))
			for (at = 0; at < n; at++)
				pages += map[at] & 1;
		free(map);
	}
	return pages * (page / 1024);
}

/* What the guest wrote to the crash registers last, as text: JSON's numbers have a sign. */
static json_t *crash_registers(const struct host *host)
{
	json_t *list = json_array();
	unsigned int i;
	char text[19];

	for (i = 0; i < 5; i++) {
		snprintf(text, sizeof(text), "0x%llx", (unsigned long long)
			 __atomic_load_n(&host->crash[i], __ATOMIC_RELAXED));
		json_array_append_new(list, json_string(text));
	}
	return list;
}

static int cmd_stats(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct host *host = arg;

	json_object_set_new(reply, "rss_kib", json_integer(resident_kib()));
	json_object_set_new(reply, "guest_rss_kib", json_integer(guest_resident_kib(&host->mem)));
	json_object_set_new(reply, "shared_pages", json_integer(host->mem.nr_shared));
	json_object_set_new(reply, "resets", json_integer(host->resets));
	json_object_set_new(reply, "crashes",
			    json_integer(__atomic_load_n(&host->crashes, __ATOMIC_ACQUIRE)));
	json_object_set_new(reply, "crash", crash_registers(host));
	json_object_set_new(reply, "machine", machine_stats(host->machine));
	json_object_set_new(reply, "hypercalls", hypercall_stats(&host->hypercalls));
	json_object_set_new(reply, "synic", synic_stats(host->synic));
	json_object_set_new(reply, "vmbus", vmbus_server_stats(host->server));
	json_object_set_new(reply, "hostile",
			    hostile_stats(vmbus_server_hostile(host->server), false));
	return 0;
}

static int cmd_hostile(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct host *host = arg;

	return hostile_command(host->server, request, reply, err);
}

static int cmd_devices(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct host *host = arg;
	json_t *stats = vmbus_server_stats(host->server);

	json_object_set(reply, "devices", json_object_get(stats, "devices"));
	json_decref(stats);
	return 0;
}

static int add_keyboards(struct host *host, const char *spec, struct error *err)
{
	size_t digits = strspn(spec, "0123456789");
	unsigned long count = strtoul(spec, NULL, 10);

	if (!digits || spec[digits] || !count || count > VMBUS_RELID_MAX)
		return error_set(err, "spec of keyboards is how many: 1 to %u", VMBUS_RELID_MAX);
	return keyboard_create_idle(host->server, host->control, count, err);
}

static int cmd_device_add(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct host *host = arg;
	const char *kind = json_string_value(json_object_get(request, "kind"));
	const char *spec = json_string_value(json_object_get(request, "spec"));

	/* Keyboard and mouse have a usual form. */
	if (kind && !strcmp(kind, "keyboard"))
		return keyboard_create(host->server, host->control, err);
	if (kind && !strcmp(kind, "mouse"))
		return mouse_create(host->server, host->control, spec, err);
	if (!kind || !spec)
		return error_set(err, "device-add needs the members kind and spec");
	if (!strcmp(kind, "disk-controller"))
		return host_add_disks(host, &spec, 1, err);
	if (!strcmp(kind, "nic"))
		return host_add_nic(host, spec, err);
	if (!strcmp(kind, "keyboards"))
		return add_keyboards(host, spec, err);
	return error_set(err, "unknown kind \"%s\": disk-controller, nic, mouse, keyboard or "
			 "keyboards", kind);
}

static int cmd_device_remove(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct host *host = arg;
	const char *name = json_string_value(json_object_get(request, "device"));
	struct vmbus_device *dev;

	if (!name)
		return error_set(err, "device-remove needs the member device");
	if (strchr(name, '*')) {
		json_object_set_new(reply, "removed",
				    json_integer(vmbus_devices_remove(host->server, name)));
		return 0;
	}
	dev = vmbus_device_find(host->server, name);
	if (!dev)
		return error_set(err, "no device \"%s\"", name);
	vmbus_device_remove(dev);
	return 0;
}

static int cmd_quit(void *arg, json_t *request, json_t *reply, struct error *err)
{
	host_quit(arg, 0);
	return 0;
}

static int cmd_reset(void *arg, json_t *request, json_t *reply, struct error *err)
{
	host_reset(arg);
	return 0;
}

static int cmd_power_button(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct host *host = arg;

	pm_power_button(&host->pm);
	return 0;
}

static int cmd_nmi(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct host *host = arg;
	int64_t cpu = 0;

	if (control_number(request, "cpu", 0, UINT_MAX, &cpu, err))
		return -1;
	if (machine_nmi(host->machine, cpu))
		return error_set(err, "no running CPU %lld", (long long)cpu);
	return 0;
}

static const struct {
	const char *name;
	const char *help;
	control_fn fn;
} commands[] = {
	{ "stats", "counters of everything, memory in use", cmd_stats },
	{ "devices", "the devices and their channels", cmd_devices },
	{ "device-add", "kind: disk-controller, nic, mouse (spec: as --disk, --nic or --mouse), "
	  "keyboard (no spec) or keyboards that nobody types on, named idle0 and on (spec: how "
	  "many)", cmd_device_add },
	{ "device-remove", "device: name, instance GUID, or a pattern of names with *",
	  cmd_device_remove },
	{ "quit", "end hvhost, as if the plug were pulled", cmd_quit },
	{ "reset", "reset the guest", cmd_reset },
	{ "nmi", "cpu: its number (0); send it a non-maskable interrupt", cmd_nmi },
	{ "hostile", "spec: SEED[,CLASS...][,rate=N][,after=N] or off; without it, what was done",
	  cmd_hostile },
	{ "power-button", "press the ACPI power button", cmd_power_button },
};

void host_register_commands(struct host *host)
{
	unsigned int i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		control_register(host->control, commands[i].name, commands[i].help,
				 commands[i].fn, host);
}
