/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * MortiseAgentOptions:
 * @data_dir: the vault's folder
 * @tcti: (nullable): TCTI string of the TPM, or %NULL for this computer's
 * @transport: how clients reach the authenticator, see mortise_hid_transport_new()
 * @prompter: the program that asks the person
 * @bus_name: well-known name to own on the session bus
 * @idle_lock: seconds without use after which the vault locks, 0 for never, or −1 for what the
 *   person set
 * @no_builtin_uv: verification through the client's PIN dialog only
 * @demo: software TPM and throw-away vault
 * @show_version: print the version and end
 *
 * What the command line says, defaults filled in.
 */
typedef struct
{
  char *data_dir;
  char *tcti;
  char *transport;
  char *prompter;
  char *bus_name;
  int idle_lock;
  gboolean no_builtin_uv;
  gboolean demo;
  gboolean show_version;
} MortiseAgentOptions;

/**
 * mortise_agent_options_parse:
 * @argv: (array zero-terminated): the command line, program name first
 *
 * Returns: (transfer full): the options; %MORTISE_ERROR_INVALID_ARGUMENT
 */
MortiseAgentOptions *mortise_agent_options_parse (char **argv, GError **error);
void mortise_agent_options_free (MortiseAgentOptions *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseAgentOptions, mortise_agent_options_free)

G_END_DECLS
