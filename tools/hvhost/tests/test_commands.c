// SPDX-License-Identifier: GPL-2.0
/*
 * The commands that add and remove devices, as text goes in and comes out, and what they do to
 * the bus; interrupts that are no device's, and what a crash leaves in the counters.
 */
#include "fake_guest.h"
#include "host.h"

static struct host host;
static unsigned int disks, nics, nmis, nmi_cpu;

/* main.c, which is no part of the tests. */
void host_quit(struct host *quitting, int status)
{
	fail();
}

void host_reset(struct host *resetting)
{
	fail();
}

int host_add_disks(struct host *to, const char *const *specs, unsigned int n, struct error *err)
{
	assert_string_equal(specs[0], "mem:4M");
	assert_int_equal(n, 1);
	disks++;
	return 0;
}

int host_add_nic(struct host *to, const char *spec, struct error *err)
{
	nics++;
	return error_set(err, "no network \"%s\"", spec);
}

/* A machine of two processors that are not there. */
int machine_nmi(struct machine *m, unsigned int cpu)
{
	if (cpu > 1)
		return -EINVAL;
	nmis++;
	nmi_cpu = cpu;
	return 0;
}

json_t *machine_stats(struct machine *m)
{
	return json_object();
}

json_t *synic_stats(struct synic *synic)
{
	return json_object();
}

static int setup(void **state)
{
	fake_start(VMBUS_WIRE_V5_3);
	memset(&host, 0, sizeof(host));
	disks = 0;
	nics = 0;
	nmis = 0;
	host.server = fake.server;
	host.loop = fake.loop;
	host.control = control_new(fake.loop);
	host_register_commands(&host);
	return 0;
}

static int teardown(void **state)
{
	fake_stop();
	control_free(host.control);
	return 0;
}

static void expect(const char *request, const char *answer)
{
	char *text = control_request(host.control, request, strlen(request));

	assert_string_equal(text, answer);
	free(text);
}

static void keyboards(const char *spec, bool good)
{
	char request[128];

	snprintf(request, sizeof(request),
		 "{\"cmd\":\"device-add\",\"kind\":\"keyboards\",\"spec\":\"%s\"}", spec);
	expect(request, good ? "{\"ok\":true}" :
	       "{\"ok\":false,\"error\":\"spec of keyboards is how many: 1 to 2047\"}");
}

static void idle_keyboards(void **state)
{
	static const char * const bad[] = {
		"", "0", "00", "x", "-1", "+1", " 1", "1 ", "1x", "0x10", "2048", "4294967297",
		"18446744073709551617",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		keyboards(bad[i], false);
	assert_null(vmbus_device_find(fake.server, "idle0"));
	keyboards("3", true);
	assert_non_null(vmbus_device_find(fake.server, "idle2"));
	assert_null(vmbus_device_find(fake.server, "idle3"));
	fake_connect(3);
	/* They come while the guest runs, too, as many as there are channels. */
	keyboards("02", true);
	fake_next(VMBUS_MSG_OFFER_CHANNEL);
	fake_next(VMBUS_MSG_OFFER_CHANNEL);
	expect("{\"cmd\":\"device-add\",\"kind\":\"keyboards\",\"spec\":\"2043\"}",
	       "{\"ok\":false,\"error\":\"idle2047: all 2047 channels are in use\"}");
	expect("{\"cmd\":\"device-remove\",\"device\":\"idle*\"}", "{\"ok\":true,\"removed\":2047}");
	expect("{\"cmd\":\"device-remove\",\"device\":\"idle*\"}", "{\"ok\":true,\"removed\":0}");
}

static void device_remove(void **state)
{
	keyboards("12", true);
	expect("{\"cmd\":\"device-remove\"}",
	       "{\"ok\":false,\"error\":\"device-remove needs the member device\"}");
	expect("{\"cmd\":\"device-remove\",\"device\":\"idle\"}",
	       "{\"ok\":false,\"error\":\"no device \\\"idle\\\"\"}");
	expect("{\"cmd\":\"device-remove\",\"device\":\"idle1\"}", "{\"ok\":true}");
	assert_null(vmbus_device_find(fake.server, "idle1"));
	/* What a pattern means, and that it may mean nothing. */
	expect("{\"cmd\":\"device-remove\",\"device\":\"net*\"}", "{\"ok\":true,\"removed\":0}");
	expect("{\"cmd\":\"device-remove\",\"device\":\"idle1*\"}", "{\"ok\":true,\"removed\":2}");
	assert_non_null(vmbus_device_find(fake.server, "idle9"));
	assert_null(vmbus_device_find(fake.server, "idle11"));
	expect("{\"cmd\":\"device-remove\",\"device\":\"idle[2-4]*\"}",
	       "{\"ok\":true,\"removed\":3}");
	expect("{\"cmd\":\"device-remove\",\"device\":\"*\"}", "{\"ok\":true,\"removed\":6}");
}

static void device_add(void **state)
{
	expect("{\"cmd\":\"device-add\",\"kind\":\"disk-controller\",\"spec\":\"mem:4M\"}",
	       "{\"ok\":true}");
	assert_int_equal(disks, 1);
	expect("{\"cmd\":\"device-add\",\"kind\":\"nic\",\"spec\":\"x\"}",
	       "{\"ok\":false,\"error\":\"no network \\\"x\\\"\"}");
	assert_int_equal(nics, 1);
	expect("{\"cmd\":\"device-add\",\"kind\":\"nic\"}",
	       "{\"ok\":false,\"error\":\"device-add needs the members kind and spec\"}");
	expect("{\"cmd\":\"device-add\",\"kind\":\"trackball\",\"spec\":\"1\"}",
	       "{\"ok\":false,\"error\":\"unknown kind \\\"trackball\\\": disk-controller, nic, mouse, "
	       "keyboard or keyboards\"}");
}

/* They come, go and come back under their names; the commands are those of the last one. */
static void keyboard_and_mouse(void **state)
{
	static const char move[] = "{\"cmd\":\"mouse-move\",\"x\":1,\"y\":1}";
	static const char unopened[] = "{\"ok\":false,\"error\":\"the guest has not opened the mouse "
				       "(is hid-hyperv loaded?)\"}";
	static const char relative[] = "{\"cmd\":\"device-add\",\"kind\":\"mouse\","
				       "\"spec\":\"relative\"}";

	expect("{\"cmd\":\"device-add\",\"kind\":\"mouse\"}", "{\"ok\":true}");
	expect("{\"cmd\":\"device-add\",\"kind\":\"keyboard\"}", "{\"ok\":true}");
	assert_non_null(vmbus_device_find(fake.server, "mouse0"));
	assert_non_null(vmbus_device_find(fake.server, "keyboard0"));
	expect(move, unopened);
	expect("{\"cmd\":\"device-remove\",\"device\":\"mouse0\"}", "{\"ok\":true}");
	expect(move, "{\"ok\":false,\"error\":\"no command \\\"mouse-move\\\" here; try \\\"help\\\"\"}");
	expect(relative, "{\"ok\":true}");
	assert_non_null(vmbus_device_find(fake.server, "mouse0"));
	expect("{\"cmd\":\"mouse-move\",\"x\":-1}", unopened);
	expect(relative, "{\"ok\":true}");
	expect("{\"cmd\":\"device-remove\",\"device\":\"mouse0\"}", "{\"ok\":true}");
	expect("{\"cmd\":\"mouse-move\",\"x\":-1}", unopened);
	expect("{\"cmd\":\"device-add\",\"kind\":\"mouse\",\"spec\":\"usual,size=1\"}",
	       "{\"ok\":false,\"error\":\"no mouse \\\"usual,size=1\\\": it is usual (default), relative, "
	       "digitizer, ids, tiny or hex:DIGITS; ,size=N pads its report descriptor to N bytes, "
	       "at most 65535\"}");
}

static void nmi(void **state)
{
	static const char * const bad[] = { "\"1\"", "1.0", "true", "null", "-1", "4294967296" };
	char request[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(request, sizeof(request), "{\"cmd\":\"nmi\",\"cpu\":%s}", bad[i]);
		expect(request, "{\"ok\":false,\"error\":\"\\\"cpu\\\" is a number from 0 to "
		       "4294967295\"}");
	}
	expect("{\"cmd\":\"nmi\",\"cpu\":2}", "{\"ok\":false,\"error\":\"no running CPU 2\"}");
	assert_int_equal(nmis, 0);
	expect("{\"cmd\":\"nmi\",\"cpu\":1}", "{\"ok\":true}");
	assert_int_equal(nmi_cpu, 1);
	expect("{\"cmd\":\"nmi\"}", "{\"ok\":true}");
	assert_int_equal(nmi_cpu, 0);
	assert_int_equal(nmis, 2);
}

/* What the guest said when it crashed, all 64 bits of each register. */
static void crash(void **state)
{
	static const char request[] = "{\"cmd\":\"stats\"}";
	char *text;

	text = control_request(host.control, request, strlen(request));
	assert_non_null(strstr(text, "\"crashes\":0,\"crash\":[\"0x0\",\"0x0\",\"0x0\",\"0x0\","
			       "\"0x0\"]"));
	free(text);
	host.crashes = 2;
	memcpy(host.crash, (uint64_t[]){ 0x8100000000000006, 1, UINT64_MAX, 0, 0xc0de }, 40);
	text = control_request(host.control, request, strlen(request));
	assert_non_null(strstr(text, "\"crashes\":2,\"crash\":[\"0x8100000000000006\",\"0x1\","
			       "\"0xffffffffffffffff\",\"0x0\",\"0xc0de\"]"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(idle_keyboards, setup, teardown),
		cmocka_unit_test_setup_teardown(device_remove, setup, teardown),
		cmocka_unit_test_setup_teardown(device_add, setup, teardown),
		cmocka_unit_test_setup_teardown(keyboard_and_mouse, setup, teardown),
		cmocka_unit_test_setup_teardown(nmi, setup, teardown),
		cmocka_unit_test_setup_teardown(crash, setup, teardown),
	};

	return cmocka_run_group_tests_name("commands", tests, NULL, NULL);
}
