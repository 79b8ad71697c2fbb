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

static struct net_backend *backend_of(const char *spec, unsigned int mtu, struct loop *loop,
				      const struct net_client *client, struct error *err)
{
	const char *args = spec_args(spec, "user", ',');

	if (args)
		return net_slirp_new(args, mtu, loop, client, err);
	args = spec_args(spec, "hub", ':');
	if (args)
		return net_hub_new(args, loop, client, err);
	args = spec_args(spec, "tap", ':');
	if (args)
		return net_tap_new(args, loop, client, err);
	args = spec_args(spec, "gen", ',');
	if (args)
		return net_gen_new(args, loop, client, err);
	args = spec_args(spec, "none", ',');
	if (args)
		return net_none_new(args, err);
	error_set(err, "nic \"%s\": the kind is one of user, hub:NAME, tap:IF, gen, none",
		  spec);
	return NULL;
}

struct net_backend *net_backend_new(const char *spec, unsigned int mtu, struct loop *loop,
				    const struct net_client *client, struct error *err)
{
	struct net_backend *be = backend_of(spec, mtu, loop, client, err);

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
