/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A 16550A serial port: the guest's console.
 */
#ifndef HVHOST_VMM_UART_H
#define HVHOST_VMM_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UART_COM1_PORT	0x3f8
#define UART_COM1_IRQ	4
#define UART_PORTS	8

struct uart;

struct uart_ops {
	/** irq() - drive the interrupt line; any vCPU's thread or the feeder's. */
	void (*irq)(void *arg, bool level);
	/** output() - characters that the guest sent. */
	void (*output)(void *arg, const uint8_t *data, size_t len);
	/** drained() - the receive FIFO has space again after uart_input() was short. */
	void (*drained)(void *arg);
	void *arg;
};

struct uart *uart_new(const struct uart_ops *ops);
void uart_free(struct uart *uart);

/** uart_access() - a port_byte_fn for UART_PORTS ports. */
uint8_t uart_access(void *uart, uint16_t offset, bool write, uint8_t value);

/** uart_input() - characters for the guest; any thread. Return: how many were taken. */
size_t uart_input(struct uart *uart, const uint8_t *data, size_t len);

/** uart_reset() - registers as after power-on. */
void uart_reset(struct uart *uart);

#endif
