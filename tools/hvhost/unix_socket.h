/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Unix stream sockets by path, non-blocking.
 */
#ifndef HVHOST_UNIX_SOCKET_H
#define HVHOST_UNIX_SOCKET_H

#include "error.h"

/** unix_listen() - listen on @path (mode 0600), over the socket of a dead process.
 * Return: a descriptor, or -1 with @err set.
 */
int unix_listen(const char *path, int backlog, struct error *err);

/** unix_connect() - connect at once. Return: a descriptor, or -1 with @err set. */
int unix_connect(const char *path, struct error *err);

#endif
