// SPDX-License-Identifier: GPL-2.0
/*
 * The registers of a 16550A. Transmission takes no time: the transmitter is always empty. The
 * modem lines say that the other side is ready.
 */
#include "vmm/uart.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define RX_FIFO		16

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };

#define IER_RDI		0x01
#define IER_THRI	0x02
#define IIR_NONE	0x01
#define IIR_THRI	0x02
#define IIR_RDI		0x04
#define IIR_FIFO	0xc0
#define FCR_ENABLE	0x01
#define FCR_CLEAR_RX	0x02
#define LCR_DLAB	0x80
#define MCR_LOOP	0x10
#define LSR_DR		0x01
#define LSR_THRE_TEMT	0x60
#define MSR_READY	0xb0		/* DCD, DSR, CTS */

struct uart {
	struct uart_ops ops;
	pthread_mutex_t lock;		/* protects everything below */
	uint8_t ier, fcr, lcr, mcr, scr, dll, dlm;
	bool thr_event;			/* "transmitter empty" was not reported yet */
	bool level;
	bool was_full;
	uint8_t rx[RX_FIFO];
	unsigned int rx_head, rx_count;
};

struct uart *uart_new(const struct uart_ops *ops)
{
	struct uart *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->ops = *ops;
	pthread_mutex_init(&u->lock, NULL);
	uart_reset(u);
	return u;
}

void uart_free(struct uart *uart)
{
	if (!uart)
		return;
	pthread_mutex_destroy(&uart->lock);
	free(uart);
}

void uart_reset(struct uart *uart)
{
	pthread_mutex_lock(&uart->lock);
	uart->ier = uart->fcr = uart->lcr = uart->mcr = uart->scr = 0;
	uart->dll = 12;
	uart->dlm = 0;
	uart->thr_event = uart->level = uart->was_full = false;
	uart->rx_head = uart->rx_count = 0;
	pthread_mutex_unlock(&uart->lock);
}

static uint8_t interrupt_id(const struct uart *u)
{
	if ((u->ier & IER_RDI) && u->rx_count)
		return IIR_RDI;
	if ((u->ier & IER_THRI) && u->thr_event)
		return IIR_THRI;
	return IIR_NONE;
}

static void update_irq(struct uart *u)
{
	bool level = interrupt_id(u) != IIR_NONE;

	if (level == u->level)
		return;
	u->level = level;
	u->ops.irq(u->ops.arg, level);
}

static void push_rx(struct uart *u, uint8_t c)
{
	u->rx[(u->rx_head + u->rx_count++) % RX_FIFO] = c;
}

static uint8_t pop_rx(struct uart *u)
{
	uint8_t c;

	if (!u->rx_count)
		return 0;
	c = u->rx[u->rx_head];
	u->rx_head = (u->rx_head + 1) % RX_FIFO;
	u->rx_count--;
	return c;
}

/* Return: whether the character leaves the machine. */
static bool write_register(struct uart *u, uint16_t reg, uint8_t value)
{
	bool dlab = u->lcr & LCR_DLAB;

	switch (reg) {
	case RBR_THR:
		if (dlab) {
			u->dll = value;
			return false;
		}
		u->thr_event = true;
		if (!(u->mcr & MCR_LOOP))
			return true;
		if (u->rx_count < RX_FIFO)
			push_rx(u, value);
		return false;
	case IER:
		if (dlab) {
			u->dlm = value;
			return false;
		}
		if ((value & IER_THRI) && !(u->ier & IER_THRI))
			u->thr_event = true;
		u->ier = value & 0x0f;
		return false;
	case IIR_FCR:
		u->fcr = value & FCR_ENABLE;
		if (value & FCR_CLEAR_RX)
			u->rx_count = 0;
		return false;
	case LCR:
		u->lcr = value;
		return false;
	case MCR:
		u->mcr = value & 0x1f;
		return false;
	case SCR:
		u->scr = value;
		return false;
	}
	return false;
}

static uint8_t read_register(struct uart *u, uint16_t reg)
{
	bool dlab = u->lcr & LCR_DLAB;
	uint8_t value;

	switch (reg) {
	case RBR_THR:
		return dlab ? u->dll : pop_rx(u);
	case IER:
		return dlab ? u->dlm : u->ier;
	case IIR_FCR:
		value = interrupt_id(u);
		if (value == IIR_THRI)
			u->thr_event = false;
		return value | (u->fcr & FCR_ENABLE ? IIR_FIFO : 0);
	case LCR:
		return u->lcr;
	case MCR:
		return u->mcr;
	case LSR:
		return LSR_THRE_TEMT | (u->rx_count ? LSR_DR : 0);
	case MSR:
		if (u->mcr & MCR_LOOP)	/* DTR, RTS, OUT1, OUT2 come back */
			return (u->mcr & 0x01) << 5 | (u->mcr & 0x02) << 3 |
			       (u->mcr & 0x04) << 4 | (u->mcr & 0x08) << 4;
		return MSR_READY;
	case SCR:
		return u->scr;
	}
	return 0xff;
}

uint8_t uart_access(void *arg, uint16_t offset, bool write, uint8_t value)
{
	struct uart *u = arg;
	bool send = false, drained;

	pthread_mutex_lock(&u->lock);
	if (write)
		send = write_register(u, offset, value);
	else
		value = read_register(u, offset);
	update_irq(u);
	drained = u->was_full && !u->rx_count;
	if (drained)
		u->was_full = false;
	if (send)	/* under the lock: two CPUs' characters keep their order */
		u->ops.output(u->ops.arg, &value, 1);
	pthread_mutex_unlock(&u->lock);
	if (drained && u->ops.drained)
		u->ops.drained(u->ops.arg);
	return value;
}

size_t uart_input(struct uart *uart, const uint8_t *data, size_t len)
{
	size_t taken = 0;

	pthread_mutex_lock(&uart->lock);
	while (taken < len && uart->rx_count < RX_FIFO)
		push_rx(uart, data[taken++]);
	uart->was_full = taken < len;
	update_irq(uart);
	pthread_mutex_unlock(&uart->lock);
	return taken;
}
