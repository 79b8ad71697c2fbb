# SPDX-License-Identifier: GPL-2.0
# What a person types. The kernel's build reads Kbuild instead.
VERSION := $(shell cat VERSION)
KVER ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KVER)/build
B ?= build/modules/$(KVER)
DESTDIR ?=
MODDIR := $(DESTDIR)/lib/modules/$(KVER)/updates/hvic
SOURCES := Kbuild VERSION compat include drivers

help:
	@echo "hvic $(VERSION): Hyper-V integration components for Linux"
	@echo
	@echo "  make demo             boot a guest with our drivers and show them at work"
	@echo "  make check            style, unit tests, end-to-end tests"
	@echo "  make e2e              the end-to-end tests alone (ROWS='ours' picks rows; ROWS=--all)"
	@echo "  make matrix           the same in every mixture of our drivers with in-tree ones"
	@echo "                        (KERNELS='6.1,6.12' CELLS='o???')"
	@echo "  make e2e-install      installed Debians, changed by their own tools and booted (SUITES=bookworm)"
	@echo "  make unit             the embedded host's unit tests"
	@echo "  make kunit            the drivers' unit tests, in a debug kernel (KERNELS=debug,debug-6.12)"
	@echo "  make fuzz             the drivers' parsers under libFuzzer (SECONDS=60 in all)"
	@echo "  make hostile          ours under a host that lies, seed by seed (SEEDS=3 of each class, LIES=)"
	@echo "  make lies             one lie at a time, ours and in-tree side by side"
	@echo "  make bus              the bus point by point, ours beside in-tree (POINTS='cycles' KERNELS='6.1,6.12'"
	@echo "                        SET='--set CYCLES=10000'; docs/bus.md)"
	@echo "  make alloc            loads, unloads and I/O while allocations fail"
	@echo "  make soak             seeds of lies for HOURS=8"
	@echo "  make count-check      the counting of instructions (lab run --count), with work of known size"
	@echo "  make count-cost       how much slower counting makes the machine, in pairs"
	@echo "  make bench            ours beside in-tree: rates, times, costs; tables and plots in build/bench/"
	@echo "                        (BENCH_QUICK=1 a small part, KERNELS='6.1,6.12'; bench-storage,"
	@echo "                        bench-network, bench-bus, bench-counts: one subject)"
	@echo "  make bench-profile    where the instructions of an I/O and of a packet go, by function (TOP=25)"
	@echo "  make coverage         the lines of the drivers that kunit and e2e run, as a table"
	@echo "  make arm64            the modules for arm64 kernels: built, and held against those kernels' symbols"
	@echo "  make build-table      the modules for each kernel of the range, W=1, and the bus's CRCs (TABLE='5.10 6.1')"
	@echo "  make style            checkpatch, sparse, W=1, shellcheck"
	@echo "  make lab              a shell in a guest with our drivers"
	@echo
	@echo "  make modules          build for the running kernel (KVER=, KDIR= for another)"
	@echo "  make abi-check        compare the bus's exported symbols with the kernel's"
	@echo "  make modules_install  place the modules in $(MODDIR)"
	@echo "  make install          that, then depmod and the initramfs"
	@echo "  make uninstall        take them away; the in-tree drivers are back after a reboot"
	@echo "  make dkms-install     install by DKMS, for this kernel and those to come"
	@echo "  make dkms-uninstall   take that away (KVER= for one kernel alone)"
	@echo
	@echo "  make deb              the Debian package hvic-dkms, in build/deb/"
	@echo "  make rpm              the RPM package for SLES and RHEL, in build/rpm/"
	@echo "  make packages-check   build both, check them, install them in a folder of their own"
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
		echo "  SLES:            zypper install kernel-default-devel (or that of its flavour)"; \
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

# All drivers, or the device drivers alone: compat/rooms.sh tells which and why.
modules_install: headers
	@sh compat/range.sh $(KVER)
	@rooms=$$(sh compat/rooms.sh $(KDIR)) && \
		$(MAKE) modules HVIC_ROOMS="$$rooms" && \
		{ [ "$${rooms#vmbus}" = "$$rooms" ] || \
			sh compat/abi-check.sh $(KDIR) $(B)/Module.symvers; } && \
		rm -rf $(MODDIR) && \
		$(MAKE) -C $(KDIR) M=$(abspath $(B)) HVIC_ROOMS="$$rooms" \
			INSTALL_MOD_PATH=$(DESTDIR) INSTALL_MOD_DIR=updates/hvic INSTALL_MOD_STRIP=1 \
			DEPMOD=true modules_install

no-dkms:
	@! find $(DESTDIR)/lib/modules/$(KVER)/updates $(DESTDIR)/lib/modules/$(KVER)/extra \
		-name 'hv_storvsc.ko*' 2>/dev/null | grep -v /updates/hvic/ || { \
		echo "DKMS has installed drivers for $(KVER): make dkms-uninstall, or remove the package"; \
		exit 1; } >&2

install: no-dkms modules_install
	@$(if $(DESTDIR),true,packaging/boot/place install)
	@$(if $(DESTDIR),true,packaging/dkms/initramfs.sh $(KVER))
	@$(if $(DESTDIR),true,packaging/dkms/secure-boot.sh unsigned)
	@echo "Installed; in use after a reboot. Check with: modinfo -F version hv_storvsc"

uninstall:
	rm -rf $(MODDIR)
	@$(if $(DESTDIR),true,packaging/dkms/initramfs.sh $(KVER))
	@[ -n "$(DESTDIR)" ] || ls -d /lib/modules/*/updates/hvic >/dev/null 2>&1 || \
		packaging/boot/place remove
	@echo "Removed; the in-tree drivers are back after a reboot."

dkms-install: headers
	@packaging/dkms-install install $(KVER)

# For all kernels, or for the one of KVER= alone.
dkms-uninstall:
	@packaging/dkms-install uninstall $(if $(filter command environment,$(firstword $(origin KVER))),$(KVER))

deb:
	@tools/setup package
	@packaging/deb/build $(abspath build/deb)

rpm:
	@tools/setup package
	@packaging/rpm/build $(abspath build/rpm)

packages-check:
	@tools/setup package
	@tests/package/run

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

arm64:
	@tools/setup check
	@tests/arm64 $(ROWS)

build-table:
	@tools/setup check
	@tests/build $(TABLE)

e2e: hvhost
	@tools/setup check
	@tests/e2e/run $(ROWS)

matrix: hvhost
	@tools/setup check
	@tools/lab/lab matrix $(if $(KERNELS),--kernel $(KERNELS)) $(if $(CELLS),--cells '$(CELLS)')

e2e-install: hvhost
	@tools/setup root
	@tests/install/run $(SUITES)

kunit: hvhost
	@tools/setup check
	@tests/kunit/run $(if $(KERNELS),--kernel $(KERNELS))

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

bus: hvhost
	@tools/setup check
	@tests/bus/run $(POINTS) $(if $(KERNELS),--kernel $(KERNELS)) $(SET)

alloc: hvhost
	@tools/setup check
	@tests/alloc/run

count-check: hvhost
	@tools/setup check
	@tests/count/run

count-cost: hvhost
	@tools/setup check
	@tests/count/cost

BENCH = @tools/setup bench && tests/bench/run $(if $(KERNELS),--kernel $(KERNELS))
bench: hvhost
	$(BENCH)

bench-storage bench-network bench-bus bench-counts: bench-%: hvhost
	$(BENCH) $*

bench-profile: hvhost
	$(BENCH) $(if $(TOP),--top $(TOP)) profile

coverage: hvhost
	@tools/setup check
	@tests/coverage

check:
	@tools/setup check
	@tests/check

clean:
	rm -rf build

.PHONY: help setup headers copy modules abi-check modules_install no-dkms install uninstall \
	dkms-install dkms-uninstall hvhost lab demo unit kunit fuzz hostile lies bus alloc soak \
	count-check count-cost bench bench-storage bench-network bench-bus bench-counts \
	bench-profile coverage style \
	build-table arm64 e2e matrix e2e-install check deb rpm packages-check clean
