// SPDX-License-Identifier: GPL-2.0
/*
 * A network back end without a network: it takes and forgets what the guest sends. For
 * benchmarks of the guest's side and for tests of the protocol.
 */
#include "backend/net.h"

#include <stdlib.h>

struct net_none {
	struct net_backend be;
	uint64_t frames;
};

static int none_send(struct net_backend *be, const void *frame, size_t len)
{
	((struct net_none *)be)->frames++;
	return 0;
}

static void none_stats(struct net_backend *be, json_t *object)
{
	json_object_set_new(object, "frames_forgotten",
			    json_integer(((struct net_none *)be)->frames));
}

static void none_destroy(struct net_backend *be)
{
	free(be);
}

static const struct net_backend_ops none_ops = {
	.name = "none",
	.send = none_send,
	.stats = none_stats,
	.destroy = none_destroy,
};

struct net_backend *net_none_new(const char *args, struct error *err)
{
	struct net_none *none;

	if (*args) {
		error_set(err, "nic none: unknown option \"%s\"", args);
		return NULL;
	}
	none = calloc(1, sizeof(*none));
	if (!none) {
		error_set(err, "nic none: out of memory");
		return NULL;
	}
	none->be.ops = &none_ops;
	return &none->be;
}
