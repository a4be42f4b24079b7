/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * UhidEcho:
 *
 * The least that a device on the kernel's uhid can be: a thread that sends every output report back
 * as an input report. What it costs, nobody can go below.
 */
typedef struct UhidEcho UhidEcho;

/** uhid_echo_start: needs write access to /dev/uhid; any failure ends the program */
UhidEcho *uhid_echo_start (void);
void uhid_echo_stop (UhidEcho *echo);

/**
 * uhid_open_hidraw:
 * @uniq: the device's HID_UNIQ
 *
 * Waits for the kernel to make the node. Returns: a descriptor of it, to be closed
 */
int uhid_open_hidraw (const char *uniq);

/** The HID_UNIQ of the echo. */
#define UHID_ECHO_UNIQ "bench-echo"

G_END_DECLS
