/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the window does for "Try It", without the window: asks the same client of the agent for the
 * device, registers with it and signs in. Prints one JSON object:
 *
 *   transport    what the agent says: "device", "socket", "none", or "" when there is no agent
 *   device       the node or socket that was used; null where there is none, and then nothing else
 *   site         the relying party's id
 *   registered   { "credential-id": hexadecimal, "flags": N, "attested": whether by a signature }
 *   signed-in    { "flags": N }
 *
 * Both answers were verified before anything is printed; else it prints why not to standard error,
 * and its status is 1.
 */
#include "config.h"

#include <locale.h>

#include "app/window/agent-client.h"
#include "app/window/try-it-group.h"
#include "core/audit/relying-party.h"

typedef struct
{
  GMainLoop *loop;
  char *device;
  MortiseRelyingParty *relying_party;
  MortiseRegistration *registration;
  MortiseSignIn *sign_in;
  GError *error;
} Try;

static void
on_signed_in (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Try *self = user_data;

  self->sign_in =
      mortise_relying_party_sign_in_finish (MORTISE_RELYING_PARTY (source), result, &self->error);
  g_main_loop_quit (self->loop);
}

static void
on_registered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Try *self = user_data;

  self->registration =
      mortise_relying_party_register_finish (MORTISE_RELYING_PARTY (source), result, &self->error);
  if (self->registration == NULL)
    g_main_loop_quit (self->loop);
  else
    mortise_relying_party_sign_in_async (self->relying_party, self->device, MORTISE_TRY_IT_SITE,
                                         NULL, NULL, on_signed_in, self);
}

static void
print_result (const Try *self)
{
  gsize size;
  const guint8 *id = g_bytes_get_data (self->registration->credential_id, &size);

  g_print (", \"site\": \"%s\", \"registered\": {\"credential-id\": \"", MORTISE_TRY_IT_SITE);
  for (gsize i = 0; i < size; i++)
    g_print ("%02x", id[i]);
  g_print ("\", \"flags\": %u, \"attested\": %s}, \"signed-in\": {\"flags\": %u}",
           self->registration->flags, self->registration->attested ? "true" : "false",
           self->sign_in->flags);
}

static void
wait_for_agent (MortiseAgentClient *client)
{
  while (mortise_agent_client_get_state (client) == MORTISE_AGENT_CONNECTING)
    g_main_context_iteration (NULL, TRUE);
}

int
main (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusConnection) bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_autoptr (MortiseAgentClient) client = NULL;
  Try self = { 0 };

  setlocale (LC_ALL, "");
  if (bus == NULL)
    g_error ("%s", error->message);
  /* Does not start the agent: one that was stopped stays so. */
  client = mortise_agent_client_new (bus, MORTISE_AGENT_CLIENT_NONE);
  wait_for_agent (client);
  self.device = mortise_agent_client_find_device (client);
  g_print ("{\"transport\": \"%s\", ", mortise_agent_client_get_transport (client));
  if (self.device == NULL)
    {
      g_print ("\"device\": null}\n");
      return 0;
    }
  g_print ("\"device\": \"%s\"", self.device);
  self.loop = g_main_loop_new (NULL, FALSE);
  self.relying_party = mortise_relying_party_new ();
  mortise_relying_party_register_async (self.relying_party, self.device, MORTISE_TRY_IT_SITE,
                                        "Test account", NULL, NULL, on_registered, &self);
  g_main_loop_run (self.loop);
  if (self.sign_in != NULL)
    print_result (&self);
  else
    g_printerr ("%s\n", self.error->message);
  g_print ("}\n");
  g_clear_pointer (&self.registration, mortise_registration_free);
  g_clear_object (&self.relying_party);
  g_main_loop_unref (self.loop);
  g_free (self.device);
  if (self.sign_in == NULL)
    {
      g_error_free (self.error);
      return 1;
    }
  mortise_sign_in_free (self.sign_in);
  return 0;
}
