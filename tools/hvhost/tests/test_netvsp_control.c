// SPDX-License-Identifier: GPL-2.0
/*
 * The control commands "generate" and "vf", through the table of commands to a device's loop.
 */
#include "fake_guest.h"

#include <stdio.h>

#include "control.h"
#include "vsp/netvsp.h"
#include "vsp/netvsp_internal.h"

static struct control *commands;

/* net0 generates, net1 does not. */
static void start(void)
{
	struct error err;

	fake_start(VMBUS_WIRE_V5_3);
	commands = control_new(fake.loop);
	assert_non_null(commands);
	if (netvsp_create(fake.server, commands, "gen", 0, 0, &err) ||
	    netvsp_create(fake.server, commands, "none", 1, 0, &err))
		fail_msg("%s", err.text);
}

static void stop(void)
{
	fake_stop();
	control_free(commands);
}

/* Return: the answer, to be freed. */
static char *request(const char *cmd, const char *members)
{
	char line[256];

	snprintf(line, sizeof(line), "{\"cmd\":\"%s\",%s}", cmd, members);
	return control_request(commands, line, strlen(line));
}

/* What a device's loop does for the test: a guest's first word to the generator. */
static void introduce(void *arg)
{
	static const uint8_t arp[42] = {
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9, 198, 18, 0, 9,
		0, 0, 0, 0, 0, 0, 198, 18, 0, 1,
	};
	struct netvsp *nic = arg;

	net_backend_send(nic->backend, arp, sizeof(arp));
}

static void read_stats(void *arg)
{
	void **both = arg;

	netvsp_stats(both[0], both[1]);
}

static bool generating(struct vmbus_device *dev)
{
	json_t *object = json_object();
	void *both[] = { vmbus_device_priv(dev), object };
	bool is;

	loop_call_sync(vmbus_device_loop(dev), read_stats, both);
	is = json_is_true(json_object_get(object, "generating"));
	json_decref(object);
	return is;
}

static void generate(void **state)
{
	static const struct {
		const char *members, *answer;	/* a part of it */
		bool generating;	/* afterwards */
	} requests[] = {
		{ "\"rate\":1", "\\\"device\\\": (missing) is no network device", false },
		{ "\"device\":\"net9\"", "net9 is no network device", false },
		{ "\"device\":\"net0\",\"rate\":-1", "\\\"rate\\\" is a number from 0 to ", false },
		{ "\"device\":\"net0\",\"rate\":\"x\"", "\\\"rate\\\" is a number from 0", false },
		{ "\"device\":\"net0\",\"rate\":1.5", "\\\"rate\\\" is a number from 0 to ", false },
		{ "\"device\":\"net0\",\"count\":-1", "\\\"count\\\" is a number from 0", false },
		{ "\"device\":\"net0\",\"size\":65536", "\\\"size\\\" is a number from 0 to 65535",
		  false },
		{ "\"device\":\"net0\",\"size\":65535", "64 to 1518 bytes, not 65535", false },
		{ "\"device\":\"net0\",\"flows\":65536", "\\\"flows\\\" is a number from 0 to 65535",
		  false },
		{ "\"device\":\"net0\",\"flows\":0", "1 to 1024 flows, not 0", false },
		{ "\"device\":\"net0\",\"rate\":1000001", "at most 1000000 frames a second", false },
		{ "\"device\":\"net1\"", "kind none sends nothing by itself", false },
		{ "\"device\":\"net0\",\"stop\":true", "{\"ok\":true}", false },
		{ "\"device\":\"net0\"", "{\"ok\":true}", true },
		{ "\"device\":\"net0\",\"rate\":-1", "\\\"rate\\\" is a number from 0 to ", true },
		{ "\"device\":\"net0\",\"rate\":1000000,\"count\":5,\"size\":1518,\"flows\":1024",
		  "{\"ok\":true}", true },
		{ "\"device\":\"net0\",\"stop\":true", "{\"ok\":true}", false },
	};
	struct vmbus_device *net0;
	char *answer;

	start();
	net0 = vmbus_device_find(fake.server, "net0");
	assert_non_null(net0);
	answer = request("generate", "\"device\":\"net0\"");
	assert_non_null(strstr(answer, "has not told its address"));
	free(answer);
	loop_call_sync(vmbus_device_loop(net0), introduce, vmbus_device_priv(net0));
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		answer = request("generate", requests[i].members);
		if (!strstr(answer, requests[i].answer))
			fail_msg("%s: %s", requests[i].members, answer);
		free(answer);
		if (generating(net0) != requests[i].generating)
			fail_msg("%s: afterwards it %s", requests[i].members,
				 requests[i].generating ? "does not generate" : "generates");
	}
	stop();
}

static void vf(void **state)
{
	static const char * const bad[] = { "\"1\"", "1.0", "-1", "4294967296" };
	struct vmbus_device *net0;
	char members[64], *answer;
	struct netvsp *nic;

	start();
	net0 = vmbus_device_find(fake.server, "net0");
	assert_non_null(net0);
	nic = vmbus_device_priv(net0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(members, sizeof(members),
			 "\"device\":\"net0\",\"present\":true,\"serial\":%s", bad[i]);
		answer = request("vf", members);
		assert_string_equal(answer, "{\"ok\":false,\"error\":\"\\\"serial\\\" is a number from "
				    "0 to 4294967295\"}");
		free(answer);
		assert_false(nic->vf_due);
	}
	answer = request("vf", "\"device\":\"net0\",\"present\":true,\"serial\":4294967295");
	assert_string_equal(answer, "{\"ok\":true}");
	free(answer);
	assert_true(nic->vf_due);
	assert_int_equal(nic->vf_allocated, 1);
	assert_int_equal(nic->vf_serial, UINT32_MAX);
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generate),
		cmocka_unit_test(vf),
	};

	return cmocka_run_group_tests_name("netvsp_control", tests, NULL, NULL);
}
