/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/mock-agent.h"

#include <locale.h>

/* The mock agent as a process, for driving the real window from outside. */
int
main (int argc, char **argv)
{
  int passkeys = 0;
  gboolean samples = FALSE;
  gboolean hostile = FALSE;
  gboolean demo = FALSE;
  gboolean unhealthy = FALSE;
  int damaged = 0;
  g_autofree char *state = NULL;
  g_autofree char *problem = NULL;
  g_autofree char *message = NULL;
  const GOptionEntry entries[] = {
    { "passkeys", 0, 0, G_OPTION_ARG_INT, &passkeys, "Generate passkeys", "N" },
    { "samples", 0, 0, G_OPTION_ARG_NONE, &samples, "Add the sample passkeys", NULL },
    { "hostile", 0, 0, G_OPTION_ARG_NONE, &hostile, "Add hostile names", NULL },
    { "state", 0, 0, G_OPTION_ARG_STRING, &state, "Vault state", "STATE" },
    { "problem", 0, 0, G_OPTION_ARG_STRING, &problem, "Error name; unavailable", "NAME" },
    { "message", 0, 0, G_OPTION_ARG_STRING, &message, "Text of the problem", "TEXT" },
    { "damaged", 0, 0, G_OPTION_ARG_INT, &damaged, "Records that do not verify", "N" },
    { "unhealthy", 0, 0, G_OPTION_ARG_NONE, &unhealthy, "Every health state", NULL },
    { "demo", 0, 0, G_OPTION_ARG_NONE, &demo, "Be the demo's agent", NULL },
    { NULL },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GDBusConnection) connection = NULL;
  g_autoptr (MortiseMockAgent) agent = NULL;
  g_autoptr (GError) error = NULL;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);
  connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  if (connection == NULL)
    g_error ("%s", error->message);

  agent = mortise_mock_agent_new (connection);
  if (samples)
    mortise_mock_agent_add_samples (agent, now);
  if (hostile)
    mortise_mock_agent_add_hostile (agent, now);
  if (passkeys > 0)
    mortise_mock_agent_add_many (agent, now, (guint) passkeys);
  if (state != NULL)
    mortise_mock_agent_set_state (agent, state);
  if (problem != NULL)
    mortise_mock_agent_set_problem (agent, problem, message != NULL ? message : "");
  mortise_mock_agent_set_damaged (agent, (guint) MAX (damaged, 0));
  mortise_mock_agent_set_healthy (agent, !unhealthy);
  mortise_mock_agent_set_demo (agent, demo);
  mortise_mock_agent_own_name (agent, demo);
  g_main_loop_run (loop);
  return 0;
}
