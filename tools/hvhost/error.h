/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One line of text about what went wrong, handed up to whoever can show it: the command
 * line, or the answer on the control socket. It names the thing, the number and what to do.
 */
#ifndef HVHOST_ERROR_H
#define HVHOST_ERROR_H

struct error {
	char text[512];
};

/**
 * error_set() - format the reason of a failure
 * @err: where to put it; NULL drops the text
 * @fmt: printf format, no newline at its end
 *
 * Return: always -1, so that a function can ``return error_set(...)``.
 */
int error_set(struct error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
