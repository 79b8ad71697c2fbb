/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The integration services: heartbeat, shutdown, time synchronisation, key-value pairs. One
 * framework negotiates versions and matches answers to requests; each service adds what it
 * says. All live on the main loop.
 */
#ifndef HVHOST_VSP_SERVICE_H
#define HVHOST_VSP_SERVICE_H

#include "control.h"
#include "error.h"
#include "hyperv/vmbus.h"

/** services_create() - offer the four services and register their commands.
 * Main loop. Return: 0, or -1 with @err set.
 */
int services_create(struct vmbus_server *server, struct control *control, struct error *err);

/**
 * services_reference_clock() - where the time service reads the partition's reference counter
 * @now: its value in units of 100 ns
 * Before services_create(). Without it time synchronisation 4.0 is not offered, as its
 * samples carry that counter.
 */
void services_reference_clock(uint64_t (*now)(void *arg), void *arg);

#endif
