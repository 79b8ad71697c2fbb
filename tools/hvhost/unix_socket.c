// SPDX-License-Identifier: GPL-2.0
/* Unix stream sockets by path; see unix_socket.h. */
#include "unix_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int set_path(struct sockaddr_un *addr, const char *path, struct error *err)
{
	if (strlen(path) >= sizeof(addr->sun_path))
		return error_set(err, "socket path has %zu characters, at most %zu fit: %s",
				 strlen(path), sizeof(addr->sun_path) - 1, path);
	strcpy(addr->sun_path, path);
	return 0;
}

/* A file that a dead process left behind is removed; anything else is not ours to remove. */
static int clear_path(const struct sockaddr_un *addr, struct error *err)
{
	struct stat st;
	int fd, rc;

	if (lstat(addr->sun_path, &st))
		return errno == ENOENT ? 0 : error_set(err, "%s: %s", addr->sun_path,
						       strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return error_set(err, "%s exists and is no socket; choose another path",
				 addr->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(err, "socket: %s", strerror(errno));
	rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	if (!rc || errno != ECONNREFUSED) {
		error_set(err, "%s: %s", addr->sun_path,
			  rc ? strerror(errno) : "a running process listens there already");
		close(fd);
		return -1;
	}
	close(fd);
	if (unlink(addr->sun_path))
		return error_set(err, "remove the stale %s: %s", addr->sun_path,
				 strerror(errno));
	return 0;
}

int unix_listen(const char *path, int backlog, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (set_path(&addr, path, err) || clear_path(&addr, err))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(err, "socket: %s", strerror(errno));
	/* The file takes the mode that the socket has when it is bound. */
	if (fchmod(fd, 0600) || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, backlog)) {
		error_set(err, "listen on %s: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

int unix_connect(const char *path, struct error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (set_path(&addr, path, err))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_set(err, "socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		error_set(err, "connect to %s: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}
