/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host's end of the agent port (agent_port.h): what the guest's program writes goes to
 * hvhost's own output, to files, or to the control commands.
 */
#ifndef HVHOST_AGENT_H
#define HVHOST_AGENT_H

#include <stdint.h>

#include "control.h"
#include "error.h"
#include "vmm/memory.h"
#include "vmm/ports.h"

struct agent;

struct agent_config {
	const char *out_path;		/* AGENT_OUT bytes; NULL drops them */
	const char *status_path;	/* AGENT_EXIT status as decimal text; NULL: no file */
	int stdout_fd;
	int stderr_fd;
	struct loop *loop;		/* the main loop */
	struct control *control;
	const struct guest_memory *memory;	/* for pages of bytes */
	void (*ready)(void *arg);	/* AGENT_READY, on the vCPU's thread; may be NULL */
	void *arg;
};

/** agent_new() - open the files. Return: NULL with @err set. */
struct agent *agent_new(const struct agent_config *config, struct error *err);

/** agent_free() - no vCPU runs; main loop. */
void agent_free(struct agent *agent);

/** agent_add_ports() - answer the ports. */
void agent_add_ports(struct agent *agent, struct ports *ports);

/** agent_reset() - the guest was reset: what was half sent is forgotten. Main loop. */
void agent_reset(struct agent *agent);

#endif
