/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * MortiseDemo:
 * @data_dir: folder of the throw-away vault
 * @tcti: TCTI string of the software TPM
 * @transport: the socket that clients reach the authenticator through
 *
 * What `--demo` runs on: a software TPM (swtpm) and a folder of its own, both gone at the end.
 */
typedef struct
{
  char *data_dir;
  char *tcti;
  char *transport;
  /*< private >*/
  char *root;
  GSubprocess *swtpm;
} MortiseDemo;

/**
 * mortise_demo_start:
 *
 * Starts the software TPM, which the kernel ends if this process dies, and waits until it answers.
 * Must be called from the main thread.
 *
 * Returns: (transfer full): the demo; %MORTISE_ERROR_TPM_MISSING if swtpm is not installed,
 *   %MORTISE_ERROR_FAILED
 */
MortiseDemo *mortise_demo_start (GError **error);

/** mortise_demo_free: ends the software TPM and removes the folder */
void mortise_demo_free (MortiseDemo *demo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseDemo, mortise_demo_free)

G_END_DECLS
