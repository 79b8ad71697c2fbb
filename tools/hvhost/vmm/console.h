/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where the guest's serial console goes: the terminal, a file, or nowhere.
 */
#ifndef HVHOST_VMM_CONSOLE_H
#define HVHOST_VMM_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "loop.h"

struct console;

struct console_ops {
	/* Characters typed. Return: how many were taken; the rest is offered again after
	 * console_resume(). Main loop. */
	size_t (*input)(void *arg, const uint8_t *data, size_t len);
	/* The escape, Ctrl-A x. Main loop. */
	void (*quit)(void *arg);
	void *arg;
};

/**
 * console_open() - open "stdio", "none" or a file to append to
 * A terminal is put into raw mode; console_close() restores it.
 * Return: NULL with @err set.
 */
struct console *console_open(struct loop *loop, const char *spec, const struct console_ops *ops,
			     struct error *err);
void console_close(struct console *console);

/** console_output() - show what the guest sent; any thread. */
void console_output(struct console *console, const uint8_t *data, size_t len);

/** console_resume() - input() may take more again; any thread. */
void console_resume(struct console *console);

#endif
