// SPDX-License-Identifier: GPL-2.0
/*
 * Chooses a network back end by the kind that starts its specification.
 */
#include "backend/net.h"

#include <string.h>

/* The text after "KIND" and @separator (or after KIND alone when nothing follows), else NULL. */
static const char *spec_args(const char *spec, const char *kind, char separator)
{
	size_t len = strlen(kind);

	if (strncmp(spec, kind, len) != 0)
		return NULL;
	if (!spec[len])
		return "";
	return spec[len] == separator ? spec + len + 1 : NULL;
}

struct net_backend *net_backend_new(const char *spec, unsigned int mtu, struct loop *loop,
				    const struct net_client *client, struct error *err)
{
	struct net_backend *be = NULL;
	const char *args;

	if ((args = spec_args(spec, "user", ',')))
		be = net_slirp_new(args, mtu, loop, client, err);
	else if ((args = spec_args(spec, "hub", ':')))
		be = net_hub_new(args, loop, client, err);
	else if ((args = spec_args(spec, "tap", ':')))
		be = net_tap_new(args, loop, client, err);
	else if ((args = spec_args(spec, "none", ',')))
		be = net_none_new(args, err);
	else
		error_set(err, "nic \"%s\": the kind is one of user, hub:NAME, tap:IF, none", spec);
	if (be) {
		be->loop = loop;
		be->client = *client;
	}
	return be;
}

void net_backend_free(struct net_backend *be)
{
	if (be)
		be->ops->destroy(be);
}
