// SPDX-License-Identifier: GPL-2.0
/* The copy of the keyboard's driver, see unit.h. */
#define UNIT	keyboard
#include "unit.h"

#include "../keyboard.c"
