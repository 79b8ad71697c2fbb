/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the suites of the whole bus have in common: the bus loaded on the fake hypervisor before
 * each case, and taken away after it with a look at what is left.
 */
#ifndef HVIC_VMBUS_TESTS_FIXTURE_H
#define HVIC_VMBUS_TESTS_FIXTURE_H

#include <kunit/test.h>
#include <linux/hyperv.h>

#include "../vmbus.h"
#include "fake_host.h"
#include "fake_hypervisor.h"
#include "fake_machine.h"
#include "suite.h"

/* A driver that counts what the bus has it do. */
struct bus_driver {
	struct hv_driver hv;
	struct hv_vmbus_device_id ids[2];
	int probe_error;
	int (*on_probe)(struct hv_device *dev);
	void (*on_remove)(struct hv_device *dev);
	unsigned int probes, removes, shutdowns, suspends, resumes;
	struct hv_device *device;
	unsigned long driver_data;	/* of the id that matched */
};

int bus_prepare(struct kunit *test);
int bus_load(void);
void bus_unload(struct kunit *test);
int bus_init(struct kunit *test);
void bus_exit(struct kunit *test);

struct vmbus_channel *bus_channel(u32 relid);
struct vmbus_channel *bus_offer(struct kunit *test, u32 relid, const guid_t *class, u8 instance,
				u16 subchannel);
struct device_attribute *bus_device_file(struct hv_device *device, const char *name);
int bus_open(struct vmbus_channel *channel);
int bus_driver_register(struct kunit *test, struct bus_driver *driver, const guid_t *class);
int bus_on_cpu(unsigned int cpu, int (*what)(unsigned int cpu));

#endif
