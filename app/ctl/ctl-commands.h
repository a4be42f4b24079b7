/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/agent-dbus.h"

G_BEGIN_DECLS

/** What mortisectl ends with; documented in its --help and manual page. */
typedef enum
{
  MORTISE_CTL_EXIT_OK = 0,
  MORTISE_CTL_EXIT_FAILED = 1,
  MORTISE_CTL_EXIT_USAGE = 2,
  MORTISE_CTL_EXIT_NO_AGENT = 3,
  MORTISE_CTL_EXIT_DENIED = 4,
  MORTISE_CTL_EXIT_LOCKED = 5,
  MORTISE_CTL_EXIT_NOT_FOUND = 6,
  MORTISE_CTL_EXIT_UNHEALTHY = 7,
} MortiseCtlExit;

/**
 * MortiseCtl:
 * @agent: the agent on the session bus
 * @arguments: (array zero-terminated=1): what stands after the command's name
 * @json: print for programs
 * @deleted: `list` Recently deleted
 * @account, @display_name: `rename` the account's name or display name instead of the label
 *
 * One run of mortisectl.
 */
typedef struct
{
  MortiseDBusAgent1 *agent;
  char **arguments;
  gboolean json;
  gboolean deleted;
  gboolean account;
  gboolean display_name;
} MortiseCtl;

/** MortiseCtlCall: a generated call that takes and answers nothing */
typedef gboolean (*MortiseCtlCall) (MortiseDBusAgent1 *agent,
                                    GCancellable *cancellable,
                                    GError **error);

/** MortiseCtlPasskeysCall: a generated call that takes passkeys' numbers and answers nothing */
typedef gboolean (*MortiseCtlPasskeysCall) (MortiseDBusAgent1 *agent,
                                            GVariant *ids,
                                            GCancellable *cancellable,
                                            GError **error);

/**
 * MortiseCtlCommand:
 * @name: as typed
 * @arguments: what it takes, for --help
 * @min, @max: how many arguments it takes
 * @summary: one line for --help, untranslated
 * @run: (nullable): does it; @ret_exit is %MORTISE_CTL_EXIT_OK before
 * @call: (nullable): without @run: the one call that it is
 * @call_with_passkeys: (nullable): without both: the one call that it is, of all its arguments
 *
 * What a command needs the person for is asked about on the agent's prompt: no PIN and no recovery
 * code passes through mortisectl.
 */
typedef struct
{
  const char *name;
  const char *arguments;
  guint min;
  guint max;
  const char *summary;
  gboolean (*run) (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error);
  MortiseCtlCall call;
  MortiseCtlPasskeysCall call_with_passkeys;
} MortiseCtlCommand;

/** mortise_ctl_commands: ended by an entry without a name */
extern const MortiseCtlCommand mortise_ctl_commands[];

/**
 * mortise_ctl_command_run:
 * @ret_exit: (out): what to end with, unless there is an @error; those are the caller's to print
 *
 * Returns: %FALSE with @error
 */
gboolean mortise_ctl_command_run (const MortiseCtlCommand *command,
                                  MortiseCtl *ctl,
                                  MortiseCtlExit *ret_exit,
                                  GError **error);

/** mortise_ctl_call: @call, and the report that it is done */
gboolean mortise_ctl_call (MortiseCtl *ctl, MortiseCtlCall call, GError **error);

/** mortise_ctl_exit_from_error: what to end with after @error */
MortiseCtlExit mortise_ctl_exit_from_error (const GError *error);

G_END_DECLS
