# SPDX-License-Identifier: GPL-2.0
# What a person types. The kernel's build reads Kbuild instead.
VERSION := $(shell cat VERSION)
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
B ?= build/modules/$(KVER)
DESTDIR ?=
MODDIR := $(DESTDIR)/lib/modules/$(KVER)/updates/hvic
DKMS_SRC := $(DESTDIR)/usr/src/hvic-$(VERSION)
SOURCES := Kbuild VERSION compat include drivers packaging

help:
	@echo "hvic $(VERSION): Hyper-V integration components for Linux"
	@echo
	@echo "  make demo             boot a guest with our drivers and show them at work"
	@echo "  make check            style, unit tests, end-to-end tests"
	@echo "  make e2e              the end-to-end tests alone (ROWS='ours' picks rows; ROWS=--all)"
	@echo "  make unit             the embedded host's unit tests"
	@echo "  make kunit            the drivers' unit tests, in a debug kernel"
	@echo "  make fuzz             the drivers' parsers under libFuzzer (SECONDS=60 in all)"
	@echo "  make hostile          ours under a host that lies, seed by seed (SEEDS=3 of each class, LIES=)"
	@echo "  make lies             one lie at a time, ours and in-tree side by side"
	@echo "  make alloc            loads, unloads and I/O while allocations fail"
	@echo "  make soak             seeds of lies for HOURS=8"
	@echo "  make coverage         the lines of the drivers that kunit and e2e run, as a table"
	@echo "  make style            checkpatch, sparse, W=1, shellcheck"
	@echo "  make lab              a shell in a guest with our drivers"
	@echo
	@echo "  make modules          build for the running kernel (KVER=, KDIR= for another)"
	@echo "  make abi-check        compare the bus's exported symbols with the kernel's"
	@echo "  make modules_install  place the modules in $(MODDIR)"
	@echo "  make install          that, then depmod and the initramfs"
	@echo "  make uninstall        take them away; the in-tree drivers are back after a reboot"
	@echo "  make dkms-install     install by DKMS, for this kernel and those to come"
	@echo "  make dkms-uninstall   take that away"
	@echo
	@echo "  make deb              the Debian package hvic-dkms, in build/deb/"
	@echo
	@echo "  make hvhost           the embedded host, build/hvhost/hvhost"
	@echo "  make setup            install what is missing (apt; as root)"
	@echo "  make clean            remove build/"

setup:
	@tools/setup check

# --- modules ---

headers:
	@test -f $(KDIR)/Makefile || { \
		echo "No kernel headers in $(KDIR). Install them:"; \
		echo "  Debian, Ubuntu:  apt-get install linux-headers-$(KVER)"; \
		echo "  SLES:            zypper install kernel-default-devel"; \
		echo "  RHEL:            dnf install kernel-devel-$(KVER)"; \
		exit 1; } >&2

# A copy is built, so that the source stays clean and several kernels fit side by side. It starts
# anew when files came or went: a module whose source is gone must not be there to be loaded.
copy:
	@mkdir -p $(B)
	@find $(SOURCES) -type f | LC_ALL=C sort >$(B)/.files.new
	@[ ! -e $(B)/.files ] || cmp -s $(B)/.files.new $(B)/.files || \
		find $(B) -mindepth 1 ! -name .files.new -delete
	@mv $(B)/.files.new $(B)/.files
	@cp -au $(SOURCES) $(B)/

modules: headers copy
	$(MAKE) -C $(KDIR) M=$(abspath $(B)) modules

abi-check: modules
	sh compat/abi-check.sh $(KDIR) $(B)/Module.symvers

# Only where the bus is a module can ours take its place; elsewhere the drivers go alone.
# CONFIG_HYPERV_VMBUS says it where it exists, CONFIG_HYPERV on older kernels.
bus_builtin = $(filter y,$(firstword $(sort $(shell \
	sed -n 's/^CONFIG_HYPERV\(_VMBUS\)\{0,1\}=//p' $(KDIR)/.config 2>/dev/null))))
install_rooms = $(if $(bus_builtin),storvsc netvsc hid,vmbus storvsc netvsc hid)

modules_install: headers
	@$(if $(bus_builtin),echo "Kernel $(KVER) has its VMBus driver built in: installing the device drivers alone.")
	$(MAKE) modules HVIC_ROOMS="$(install_rooms)"
	$(if $(bus_builtin),,sh compat/abi-check.sh $(KDIR) $(B)/Module.symvers)
	$(MAKE) -C $(KDIR) M=$(abspath $(B)) HVIC_ROOMS="$(install_rooms)" \
		INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=updates/hvic DEPMOD=true modules_install

refresh = depmod $(KVER) && { \
	if command -v update-initramfs >/dev/null; then update-initramfs -u -k $(KVER); \
	elif command -v dracut >/dev/null; then dracut -f --kver $(KVER); \
	else echo "No update-initramfs or dracut: rebuild the initramfs yourself."; fi; }

install: modules_install
	$(refresh)
	@echo "Installed; in use after a reboot. Check with: modinfo -F version hv_storvsc"

uninstall:
	rm -rf $(MODDIR)
	$(refresh)
	@echo "Removed; the in-tree drivers are back after a reboot."

dkms-install:
	@command -v dkms >/dev/null || { \
		echo "DKMS is missing. Debian: apt-get install dkms; RHEL (EPEL): dnf install dkms"; \
		exit 1; } >&2
	@! dkms status hvic/$(VERSION) | grep -q . || dkms remove hvic/$(VERSION) --all
	rm -rf $(DKMS_SRC)
	mkdir -p $(DKMS_SRC)
	cp -a $(SOURCES) dkms.conf $(DKMS_SRC)/
	dkms add hvic/$(VERSION)
	dkms install hvic/$(VERSION) -k $(KVER)
	@echo "Installed; in use after a reboot. Check with: modinfo -F version hv_storvsc"

dkms-uninstall:
	dkms remove hvic/$(VERSION) --all
	rm -rf $(DKMS_SRC)
	@echo "Removed; the in-tree drivers are back after a reboot."

# --- the embedded host, the lab, the tests ---

hvhost:
	@tools/setup lab
	$(MAKE) -s -C tools/hvhost

lab: hvhost
	tools/lab/lab shell --drivers ours --disk mem:1G --nic user

demo: hvhost
	@tests/demo/run

unit:
	@tools/setup check
	$(MAKE) -s -C tools/hvhost check

style:
	@tools/setup check
	@tests/check style

e2e: hvhost
	@tools/setup check
	@tests/e2e/run $(ROWS)

kunit: hvhost
	@tools/setup check
	@tests/kunit/run

SECONDS ?= 60
fuzz:
	@tools/setup check
	@tests/fuzz/run --seconds $(SECONDS)

SEEDS ?= 3
LIES ?= 0
hostile: hvhost
	@tools/setup check
	@tests/hostile/run --kernel debug --seeds $(SEEDS) --lies $(LIES)

HOURS ?= 8
soak: hvhost
	@tools/setup check
	@tests/hostile/run --kernel debug --hours $(HOURS)

lies: hvhost
	@tools/setup check
	@tests/lies/run

alloc: hvhost
	@tools/setup check
	@tests/alloc/run

coverage: hvhost
	@tools/setup check
	@tests/coverage

check:
	@tools/setup check
	@tests/check

deb:
	@tools/setup package
	@packaging/deb/build $(abspath build/deb)

clean:
	rm -rf build

.PHONY: help setup headers copy modules abi-check modules_install install uninstall dkms-install \
	dkms-uninstall hvhost lab demo unit kunit fuzz hostile lies alloc soak coverage style e2e check \
	deb clean
