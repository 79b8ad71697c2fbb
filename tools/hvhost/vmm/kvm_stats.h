/* SPDX-License-Identifier: GPL-2.0 */
/*
 * KVM's own counters of a virtual processor, by the file that KVM_GET_STATS_FD gives
 * (Documentation/virt/kvm/api.rst, 4.133).
 */
#ifndef HVHOST_VMM_KVM_STATS_H
#define HVHOST_VMM_KVM_STATS_H

#include <jansson.h>

/**
 * kvm_stats_open() - the counters of a virtual processor
 * @vcpu_fd: of the vCPU, or of the virtual machine
 * Return: a descriptor that the caller closes, or -1 where the kernel has none (before 5.14).
 */
int kvm_stats_open(int vcpu_fd);

/**
 * kvm_stats_read() - how often things happened: "exits", "hypercalls", "irq_injections", ...
 * @fd: from kvm_stats_open(); -1 is fine
 * Any thread; numbers of a processor that runs may be a moment old. Only what counts up, is one
 * number and has no unit is taken: no times, instant values, peaks and histograms.
 * Return: a new reference to an object; NULL when @fd does not hold such a file.
 */
json_t *kvm_stats_read(int fd);

#endif
