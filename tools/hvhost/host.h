/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The whole host, as main.c puts it together and commands.c shows and changes it.
 */
#ifndef HVHOST_HOST_H
#define HVHOST_HOST_H

#include <signal.h>

#include "agent.h"
#include "control.h"
#include "hyperv/hypercall.h"
#include "hyperv/synic_host.h"
#include "hyperv/vmbus.h"
#include "loop.h"
#include "options.h"
#include "vmm/boot.h"
#include "vmm/cmos.h"
#include "vmm/console.h"
#include "vmm/machine.h"
#include "vmm/pm.h"
#include "vmm/uart.h"
#include "vsp/hvsock.h"

struct host {
	struct options opts;
	struct loop *loop;
	struct boot_image kernel;
	struct boot_image initrd;
	struct guest_memory mem;
	struct machine *machine;
	struct ports ports;
	struct uart *uart;
	struct cmos cmos;
	struct pm pm;
	struct console *console;
	struct agent *agent;
	struct synic *synic;
	struct hypercalls hypercalls;
	struct vmbus_server *server;
	struct control *control;
	struct hvsock *hvsock;		/* NULL: no --hvsock */
	int signal_fd;

	unsigned int nr_nics;		/* made so far: their numbers are not used again */
	bool resetting;
	struct loop_timer *reset_timer;
	unsigned int reset_turns;
	unsigned int resets;
	unsigned int crashes;
	uint64_t crash[5];		/* what the guest said of the last one */
	int exit_status;
};

/** host_quit() - end the main loop; hvhost exits with @status. Main loop. */
void host_quit(struct host *host, int status);

/** host_reset() - reset the guest. Main loop. */
void host_reset(struct host *host);

/** host_add_disks() - a SCSI controller with these LUNs. Return: 0 or -1 with @err. */
int host_add_disks(struct host *host, const char *const *specs, unsigned int n,
		   struct error *err);
int host_add_nic(struct host *host, const char *spec, struct error *err);

/** host_register_commands() - stats, devices, device-add, device-remove, quit, reset, ... */
void host_register_commands(struct host *host);

#endif
