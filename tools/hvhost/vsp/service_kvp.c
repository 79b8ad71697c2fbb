// SPDX-License-Identifier: GPL-2.0
/*
 * Key-value pairs: reads, writes, deletes and lists the pools that a daemon in the guest
 * keeps. The guest answers only while that daemon runs.
 */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include <hvic/services.h>

#include "vsp/service_internal.h"
#include "vsp/utf.h"

#define ANSWER_MS	40000	/* the guest's driver waits 30 s for its daemon */
#define LIST_MAX	1024u	/* entries of a pool; a guest may not list for ever */

struct kvp {
	struct control_pending *asker;
	uint8_t operation, pool;
	uint32_t index;		/* of the entry that is asked for, when listing */
	json_t *list;		/* what has been listed; NULL when not listing */
};

static const struct {
	const char *name;
	uint8_t pool;
} pools[] = {
	{ "external", IC_KVP_POOL_EXTERNAL }, { "0", IC_KVP_POOL_EXTERNAL },
	{ "guest", IC_KVP_POOL_GUEST }, { "1", IC_KVP_POOL_GUEST },
	{ "auto", IC_KVP_POOL_AUTO }, { "2", IC_KVP_POOL_AUTO },
	{ "auto-external", IC_KVP_POOL_AUTO_EXTERNAL }, { "3", IC_KVP_POOL_AUTO_EXTERNAL },
};

static int get_pool(json_t *request, uint8_t *pool, struct error *err)
{
	json_t *value = json_object_get(request, "pool");
	const char *name = json_string_value(value);

	if (json_is_integer(value) && json_integer_value(value) >= 0 &&
	    json_integer_value(value) <= IC_KVP_POOL_AUTO_EXTERNAL) {
		*pool = json_integer_value(value);
		return 0;
	}
	for (size_t i = 0; name && i < sizeof(pools) / sizeof(pools[0]); i++) {
		if (!strcmp(pools[i].name, name)) {
			*pool = pools[i].pool;
			return 0;
		}
	}
	return error_set(err, "\"pool\" is 0 external, 1 guest, 2 auto or 3 auto-external");
}

/* A text member in UTF-16. Return: its bytes, or -1 with @err set. */
static int get_text(json_t *request, const char *member, uint8_t *out, size_t room,
		    struct error *err)
{
	const char *text = json_string_value(json_object_get(request, member));
	int len;

	if (!text)
		return error_set(err, "\"%s\" is missing", member);
	len = utf16_from_utf8(text, out, room);
	if (len < 0)
		return error_set(err, "\"%s\" is longer than %zu UTF-16 units", member,
				 room / 2 - 1);
	return len;
}

/* ---- answers ---- */

static json_t *value_json(const struct ic_kvp_value *value)
{
	uint32_t type = le32toh(value->type), size = le32toh(value->value_size);
	json_t *json = NULL;
	uint64_t n = 0;
	char *text;

	if (type == IC_KVP_U32 || type == IC_KVP_U64 || type == IC_KVP_QWORD) {
		memcpy(&n, value->value, type == IC_KVP_U32 ? 4 : 8);
		return json_integer(le64toh(n));
	}
	text = utf8_from_utf16(value->value, size < IC_KVP_VALUE_BYTES ? size :
			       IC_KVP_VALUE_BYTES);
	if (text)
		json = json_string(text);
	free(text);
	return json;
}

static void finish(struct service *svc, json_t *reply, const struct error *err)
{
	struct kvp *kvp = service_priv(svc);
	struct control_pending *asker = kvp->asker;

	kvp->asker = NULL;
	json_decref(kvp->list);
	kvp->list = NULL;
	control_answer(asker, reply, err);
	json_decref(reply);
}

static void answered(struct service *svc, const struct service_answer *answer,
		     const struct error *err);

static int ask_entry(struct service *svc, struct error *err)
{
	struct kvp *kvp = service_priv(svc);
	struct ic_kvp_enumerate msg = {
		.hdr = { .operation = IC_KVP_ENUMERATE, .pool = kvp->pool },
		.index = htole32(kvp->index),
	};

	return service_request(svc, &msg, sizeof(msg), ANSWER_MS, answered, err);
}

static void take_entry(struct service *svc, const struct service_answer *answer)
{
	const struct ic_kvp_enumerate *msg = answer->body;
	struct kvp *kvp = service_priv(svc);
	struct error err;
	char *key;

	if (answer->status == IC_STATUS_NO_MORE || kvp->index == LIST_MAX) {
		finish(svc, json_pack("{s:O}", "values", kvp->list), NULL);
		return;
	}
	if (answer->len < sizeof(*msg)) {
		error_set(&err, "the guest's answer is too short: %zu bytes", answer->len);
		finish(svc, NULL, &err);
		return;
	}
	key = utf8_from_utf16(msg->value.key, le32toh(msg->value.key_size) < IC_KVP_KEY_BYTES ?
			      le32toh(msg->value.key_size) : IC_KVP_KEY_BYTES);
	if (key)
		json_object_set_new(kvp->list, key, value_json(&msg->value));
	free(key);
	kvp->index++;
	if (ask_entry(svc, &err))
		finish(svc, NULL, &err);
}

static void answered(struct service *svc, const struct service_answer *answer,
		     const struct error *err)
{
	struct kvp *kvp = service_priv(svc);
	const struct ic_kvp_get_set *msg;
	struct error why;

	if (!answer) {
		finish(svc, NULL, err);
		return;
	}
	if (answer->status != IC_STATUS_OK &&
	    !(kvp->list && answer->status == IC_STATUS_NO_MORE)) {
		error_set(&why, answer->status == IC_STATUS_NO_MORE ?
			  "the guest has no such key (status 0x%08x)" :
			  "the guest refused: status 0x%08x", answer->status);
		finish(svc, NULL, &why);
	} else if (kvp->list) {
		take_entry(svc, answer);
	} else if (kvp->operation != IC_KVP_GET) {
		finish(svc, NULL, NULL);
	} else if (answer->len < sizeof(*msg)) {
		error_set(&why, "the guest's answer is too short: %zu bytes", answer->len);
		finish(svc, NULL, &why);
	} else {
		msg = answer->body;
		finish(svc, json_pack("{s:o}", "value", value_json(&msg->value)), NULL);
	}
}

/* ---- commands ---- */

static int ask(struct service *svc, uint8_t operation, const void *msg, size_t len,
	       json_t *reply, struct error *err)
{
	struct kvp *kvp = service_priv(svc);

	if (service_request(svc, msg, len, ANSWER_MS, answered, err))
		return -1;
	kvp->operation = operation;
	kvp->asker = control_defer(service_control(svc));
	if (!kvp->asker)
		json_object_set_new(reply, "state", json_string("asked"));
	return 0;
}

static int cmd_get_set(struct service *svc, uint8_t operation, json_t *request, json_t *reply,
		       struct error *err)
{
	struct ic_kvp_get_set msg = { .hdr.operation = operation };
	int key, value = 0;

	if (get_pool(request, &msg.hdr.pool, err))
		return -1;
	key = get_text(request, "key", msg.value.key, sizeof(msg.value.key), err);
	if (key < 0)
		return -1;
	if (operation == IC_KVP_SET)
		value = get_text(request, "value", msg.value.value, sizeof(msg.value.value), err);
	if (value < 0)
		return -1;
	msg.value.type = htole32(IC_KVP_STRING);
	msg.value.key_size = htole32(key);
	msg.value.value_size = htole32(value);
	return ask(svc, operation, &msg, sizeof(msg), reply, err);
}

static int cmd_get(void *arg, json_t *request, json_t *reply, struct error *err)
{
	return cmd_get_set(arg, IC_KVP_GET, request, reply, err);
}

static int cmd_set(void *arg, json_t *request, json_t *reply, struct error *err)
{
	return cmd_get_set(arg, IC_KVP_SET, request, reply, err);
}

static int cmd_delete(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct ic_kvp_delete msg = { .hdr.operation = IC_KVP_DELETE };
	int key;

	if (get_pool(request, &msg.hdr.pool, err))
		return -1;
	key = get_text(request, "key", msg.key, sizeof(msg.key), err);
	if (key < 0)
		return -1;
	msg.key_size = htole32(key);
	return ask(arg, IC_KVP_DELETE, &msg, sizeof(msg), reply, err);
}

static int cmd_list(void *arg, json_t *request, json_t *reply, struct error *err)
{
	struct service *svc = arg;
	struct kvp *kvp = service_priv(svc);
	uint8_t pool;

	if (get_pool(request, &pool, err) || service_check(svc, err))
		return -1;
	kvp->operation = IC_KVP_ENUMERATE;
	kvp->pool = pool;
	kvp->index = 0;
	kvp->list = json_object();
	if (ask_entry(svc, err)) {
		json_decref(kvp->list);
		kvp->list = NULL;
		return -1;
	}
	kvp->asker = control_defer(service_control(svc));
	if (!kvp->asker)
		json_object_set_new(reply, "state", json_string("asked"));
	return 0;
}

static const struct service_command commands[] = {
	{ "kvp-get", "pool, key", cmd_get },
	{ "kvp-set", "pool, key, value", cmd_set },
	{ "kvp-delete", "pool, key", cmd_delete },
	{ "kvp-list", "pool", cmd_list },
	{ NULL, NULL, NULL },
};

static const uint32_t versions[] = {
	SERVICE_VERSION(3, 0), SERVICE_VERSION(4, 0), SERVICE_VERSION(5, 0), 0
};

const struct service_ops kvp_service = {
	.name = "kvp",
	.needs = "is hv_utils loaded and hv_kvp_daemon running?",
	.type = IC_TYPE_KVP,
	.versions = versions,
	.commands = commands,
	.priv_size = sizeof(struct kvp),
};
