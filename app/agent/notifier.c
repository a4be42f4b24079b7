/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/notifier.h"

#include <glib/gi18n.h>

#define SERVER_NAME      "org.freedesktop.Notifications"
#define SERVER_PATH      "/org/freedesktop/Notifications"
#define SERVER_INTERFACE "org.freedesktop.Notifications"

#define URGENCY_NORMAL 1

typedef struct
{
  MortiseError code;
  const char *title;
  const char *body;
} Words;

static const Words words[] = {
  { MORTISE_ERROR_PROMPT_FAILED, N_ ("A program asks for a passkey"),
    N_ ("Mortise could not show its question, so nothing was done. Open Mortise to see why.") },
  { MORTISE_ERROR_PIN_BLOCKED, N_ ("The PIN is blocked"),
    N_ ("It was wrong too often. Your passkeys are kept; the recovery code opens the vault.") },
  { MORTISE_ERROR_PIN_AUTH_BLOCKED, N_ ("The PIN was wrong three times"),
    N_ ("Restart this computer before you try again. No passkey is lost.") },
  { MORTISE_ERROR_TPM_LOCKOUT, N_ ("The TPM refuses for a while"),
    N_ ("It saw too many wrong tries and takes no PIN for some time. No passkey is lost; leave the "
        "computer switched on.") },
  { MORTISE_ERROR_TPM_GONE, N_ ("The TPM does not answer"),
    N_ ("Passkeys cannot be used until it does. Restart this computer.") },
  { MORTISE_ERROR_VAULT_FULL, N_ ("The vault cannot be written"),
    N_ ("There is no room left, so what was asked for was not done. Your passkeys are safe; make "
        "room on the disk and try again.") },
  { MORTISE_ERROR_VAULT_IO, N_ ("The vault cannot be written"),
    N_ ("Its files cannot be reached, so what was asked for was not done. Open Mortise to see "
        "why.") },
};

/* Shared with calls under way, which outlive the owner. */
struct _MortiseNotifier
{
  gatomicrefcount refs;
  GDBusConnection *bus;
  guint subscription;
  GCancellable *cancellable;
  /* The server's number for each of `words`, 0 while there is none. */
  guint32 ids[G_N_ELEMENTS (words)];
  char *activation_token;
};

typedef struct
{
  MortiseNotifier *notifier;
  gsize index;
} Call;

static void
notifier_unref (MortiseNotifier *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_object_unref (self->bus);
  g_object_unref (self->cancellable);
  g_free (self->activation_token);
  g_free (self);
}

/* --- Clicks -------------------------------------------------------------------------------------
 */

static void
raise_window (MortiseNotifier *self)
{
  GVariantDict platform_data;

  g_variant_dict_init (&platform_data, NULL);
  if (self->activation_token != NULL)
    {
      g_variant_dict_insert (&platform_data, "activation-token", "s", self->activation_token);
      g_variant_dict_insert (&platform_data, "desktop-startup-id", "s", self->activation_token);
    }
  g_clear_pointer (&self->activation_token, g_free);
  g_dbus_connection_call (self->bus, MORTISE_APP_ID, MORTISE_OBJECT_PATH,
                          "org.freedesktop.Application", "Activate",
                          g_variant_new ("(@a{sv})", g_variant_dict_end (&platform_data)), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, self->cancellable, NULL, NULL);
}

/* Returns: which of `words` it is, or their number */
static gsize
find_id (MortiseNotifier *self, guint32 id)
{
  gsize i = 0;

  while (i < G_N_ELEMENTS (words) && (id == 0 || self->ids[i] != id))
    i++;
  return i;
}

static void
signal_cb (GDBusConnection *bus,
           const char *sender,
           const char *path,
           const char *interface,
           const char *signal,
           GVariant *parameters,
           gpointer user_data)
{
  MortiseNotifier *self = user_data;
  guint32 id = 0;
  gsize index;

  if (!g_variant_is_container (parameters) || g_variant_n_children (parameters) < 2)
    return;
  g_variant_get_child (parameters, 0, "u", &id);
  index = find_id (self, id);
  if (index == G_N_ELEMENTS (words))
    return;
  if (g_str_equal (signal, "ActivationToken") &&
      g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(us)")))
    {
      g_free (self->activation_token);
      g_variant_get (parameters, "(us)", NULL, &self->activation_token);
    }
  else if (g_str_equal (signal, "ActionInvoked"))
    raise_window (self);
  else if (g_str_equal (signal, "NotificationClosed"))
    self->ids[index] = 0;
}

/* --- Showing ------------------------------------------------------------------------------------
 */

static void
shown_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Call *call = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply != NULL)
    g_variant_get (reply, "(u)", &call->notifier->ids[call->index]);
  else
    g_debug ("No notification was shown: %s", error->message);
  notifier_unref (call->notifier);
}

void
mortise_notifier_report (MortiseNotifier *self, MortiseError code)
{
  const char *const actions[] = { "default", _ ("Open Mortise"), NULL };
  Call *call;
  GVariantDict hints;
  gsize i = 0;

  while (i < G_N_ELEMENTS (words) && words[i].code != code)
    i++;
  if (i == G_N_ELEMENTS (words))
    return;
  call = g_new0 (Call, 1);
  g_atomic_ref_count_inc (&self->refs);
  call->notifier = self;
  call->index = i;
  g_variant_dict_init (&hints, NULL);
  g_variant_dict_insert (&hints, "desktop-entry", "s", MORTISE_APP_ID);
  g_variant_dict_insert (&hints, "urgency", "y", URGENCY_NORMAL);
  g_dbus_connection_call (self->bus, SERVER_NAME, SERVER_PATH, SERVER_INTERFACE, "Notify",
                          g_variant_new ("(susss^as@a{sv}i)", "Mortise", self->ids[i],
                                         MORTISE_APP_ID, _ (words[i].title), _ (words[i].body),
                                         actions, g_variant_dict_end (&hints), -1),
                          G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, -1, self->cancellable,
                          shown_cb, call);
}

MortiseNotifier *
mortise_notifier_new (GDBusConnection *session_bus)
{
  MortiseNotifier *self = g_new0 (MortiseNotifier, 1);

  g_atomic_ref_count_init (&self->refs);
  self->bus = g_object_ref (session_bus);
  self->cancellable = g_cancellable_new ();
  self->subscription = g_dbus_connection_signal_subscribe (
      session_bus, SERVER_NAME, SERVER_INTERFACE, NULL, SERVER_PATH, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
      signal_cb, self, NULL);
  return self;
}

void
mortise_notifier_free (MortiseNotifier *self)
{
  g_cancellable_cancel (self->cancellable);
  g_dbus_connection_signal_unsubscribe (self->bus, self->subscription);
  notifier_unref (self);
}
