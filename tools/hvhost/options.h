/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The command line of hvhost.
 */
#ifndef HVHOST_OPTIONS_H
#define HVHOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "error.h"
#include "hyperv/hostile.h"

#define OPTIONS_MAX_SPECS	64

struct option_list {
	unsigned int n;
	const char *spec[OPTIONS_MAX_SPECS];
};

struct options {
	const char *kernel;
	const char *initrd;		/* NULL: none */
	const char *append;
	unsigned int cpus;
	uint64_t mem;			/* bytes */
	struct option_list disks;
	struct option_list nics;
	bool no_input;
	const char *mouse;		/* for mouse_create(); NULL: the usual one */
	uint32_t vmbus_max_version;	/* wire form, major in the upper 16 bits */
	const char *monitored;		/* NULL: no device has a monitor */
	uint16_t vstor_max_version;	/* VSTOR_VERSION_*; 0: the newest */
	uint32_t nvsp_max_version;	/* NVSP_VERSION_*; 0: the newest */
	uint32_t hidden_features;	/* from cpuid_hide() */
	bool isolated;			/* the guest is told that it is */
	bool exit_on_reset;
	struct hostile_config hostile;	/* no classes: an honest host */
	const char *control;		/* NULL: no socket */
	const char *hvsock;		/* NULL: no Hyper-V sockets */
	const char *console;
	bool agent;
	const char *agent_out;
	const char *agent_status;
	bool help;
	bool version;
};

/**
 * options_parse() - read the command line
 * Strings point into @argv. With help or version set nothing else was checked.
 * Return: 0, or -1 with @err saying what is wrong.
 */
int options_parse(struct options *opts, int argc, char **argv, struct error *err);

/** options_help() - print what options_parse() knows. */
void options_help(FILE *to);

#endif
