/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/mock-agent.h"

#include "app/agent-dbus.h"
#include "core/mortise-error.h"

#include <string.h>

#define DAY 86400

typedef struct
{
  gint64 id;
  gboolean deleted;
  GVariant *passkey;
  GVariant *history; /* nullable */
} MockPasskey;

typedef struct
{
  GDBusMethodInvocation *invocation;
  void (*act) (MortiseMockAgent *self, GDBusMethodInvocation *invocation);
} HeldCall;

struct _MortiseMockAgent
{
  MortiseDBusAgent1 *skeleton;
  GDBusConnection *connection;
  guint owner_id;
  GPtrArray *passkeys;
  gint64 next_id;
  guint damaged;
  gboolean healthy;
  char *answer;
  char *answer_message;
  gboolean hold;
  GQueue held;
  GHashTable *settings;
  GVariant *fingerprint;
  GString *calls;
};

static void
mock_passkey_free (gpointer data)
{
  MockPasskey *mock = data;

  g_variant_unref (mock->passkey);
  g_clear_pointer (&mock->history, g_variant_unref);
  g_free (mock);
}

static MockPasskey *
find (MortiseMockAgent *self, gint64 id)
{
  /* Ids are handed out in order and rows stay sorted. */
  guint low = 0;
  guint high = self->passkeys->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      MockPasskey *mock = g_ptr_array_index (self->passkeys, middle);

      if (mock->id == id)
        return mock;
      if (mock->id < id)
        low = middle + 1;
      else
        high = middle;
    }
  return NULL;
}

static GVariant *
with_changes (GVariant *passkey, GVariant *changes)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (passkey);
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, changes);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    {
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) &&
          g_variant_get_string (value, NULL)[0] == '\0')
        g_variant_dict_remove (&dict, name);
      else
        g_variant_dict_insert_value (&dict, name, value);
    }
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

static void
set_member (MockPasskey *mock, const char *name, GVariant *value)
{
  g_autoptr (GVariant) old = mock->passkey;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (old);

  g_variant_dict_insert_value (&dict, name, value);
  mock->passkey = g_variant_ref_sink (g_variant_dict_end (&dict));
}

static void
note_call (MortiseMockAgent *self, GDBusMethodInvocation *invocation)
{
  g_autofree char *arguments =
      g_variant_print (g_dbus_method_invocation_get_parameters (invocation), FALSE);

  g_string_append_printf (self->calls, "%s %s\n",
                          g_dbus_method_invocation_get_method_name (invocation), arguments);
}

static void
return_error (GDBusMethodInvocation *invocation, const char *name, const char *message)
{
  g_autofree char *full = g_strconcat (MORTISE_APP_ID ".Error.", name, NULL);

  g_dbus_method_invocation_return_dbus_error (invocation, full, message);
}

/* What a call that asks does: wait if held, fail with the set answer, else act. */
static gboolean
ask (MortiseMockAgent *self,
     GDBusMethodInvocation *invocation,
     void (*act) (MortiseMockAgent *self, GDBusMethodInvocation *invocation))
{
  note_call (self, invocation);
  if (self->hold)
    {
      HeldCall *held = g_new0 (HeldCall, 1);

      held->invocation = invocation;
      held->act = act;
      g_queue_push_tail (&self->held, held);
      mortise_dbus_agent1_set_prompting (self->skeleton, TRUE);
    }
  else if (self->answer != NULL)
    return_error (invocation, self->answer, self->answer_message);
  else
    act (self, invocation);
  return TRUE;
}

static void
return_empty (GDBusMethodInvocation *invocation)
{
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static void
act_unlock (MortiseMockAgent *self, GDBusMethodInvocation *invocation)
{
  mortise_mock_agent_set_state (self, "unlocked");
  return_empty (invocation);
}

static void
act_nothing (MortiseMockAgent *self, GDBusMethodInvocation *invocation)
{
  return_empty (invocation);
}

static void
act_reset (MortiseMockAgent *self, GDBusMethodInvocation *invocation)
{
  g_ptr_array_set_size (self->passkeys, 0);
  mortise_mock_agent_set_state (self, "no-vault");
  mortise_mock_agent_emit_changed (self);
  return_empty (invocation);
}

static void
act_edit (MortiseMockAgent *self, GDBusMethodInvocation *invocation)
{
  GVariant *parameters = g_dbus_method_invocation_get_parameters (invocation);
  g_autoptr (GVariant) changes = NULL;
  MockPasskey *mock = NULL;
  gint64 id = 0;

  g_variant_get (parameters, "(x@a{sv})", &id, &changes);
  mock = find (self, id);
  if (mock == NULL)
    {
      return_error (invocation, "NotFound", "There is no such passkey.");
      return;
    }
  {
    g_autoptr (GVariant) old = mock->passkey;

    mock->passkey = with_changes (old, changes);
  }
  mortise_mock_agent_emit_changed (self);
  return_empty (invocation);
}

static void
for_each_id (MortiseMockAgent *self,
             GDBusMethodInvocation *invocation,
             void (*act) (MortiseMockAgent *self, MockPasskey *mock))
{
  g_autoptr (GVariant) ids =
      g_variant_get_child_value (g_dbus_method_invocation_get_parameters (invocation), 0);

  for (gsize i = 0; i < g_variant_n_children (ids); i++)
    {
      gint64 id = 0;
      MockPasskey *mock = NULL;

      g_variant_get_child (ids, i, "x", &id);
      mock = find (self, id);
      if (mock != NULL)
        act (self, mock);
    }
  mortise_mock_agent_emit_changed (self);
  return_empty (invocation);
}

static void
delete_one (MortiseMockAgent *self, MockPasskey *mock)
{
  mock->deleted = TRUE;
  set_member (mock, "deleted", g_variant_new_int64 (g_get_real_time () / G_USEC_PER_SEC));
}

static void
restore_one (MortiseMockAgent *self, MockPasskey *mock)
{
  mock->deleted = FALSE;
  set_member (mock, "deleted", g_variant_new_int64 (0));
}

static void
purge_one (MortiseMockAgent *self, MockPasskey *mock)
{
  g_ptr_array_remove (self->passkeys, mock);
}

static void
act_delete (MortiseMockAgent *self, GDBusMethodInvocation *invocation)
{
  for_each_id (self, invocation, delete_one);
}

static void
act_purge (MortiseMockAgent *self, GDBusMethodInvocation *invocation)
{
  for_each_id (self, invocation, purge_one);
}

static void
act_set_setting (MortiseMockAgent *self, GDBusMethodInvocation *invocation)
{
  GVariant *parameters = g_dbus_method_invocation_get_parameters (invocation);
  const char *name = NULL;
  GVariant *value = NULL;

  g_variant_get (parameters, "(&sv)", &name, &value);
  g_hash_table_insert (self->settings, g_strdup (name), value);
  return_empty (invocation);
}

static gboolean
on_create_vault (MortiseDBusAgent1 *skeleton, GDBusMethodInvocation *call, MortiseMockAgent *self)
{
  return ask (self, call, act_unlock);
}

static gboolean
on_change_pin (MortiseDBusAgent1 *skeleton, GDBusMethodInvocation *call, MortiseMockAgent *self)
{
  return ask (self, call, act_nothing);
}

static gboolean
on_reset (MortiseDBusAgent1 *skeleton, GDBusMethodInvocation *call, MortiseMockAgent *self)
{
  return ask (self, call, act_reset);
}

static gboolean
on_lock (MortiseDBusAgent1 *skeleton, GDBusMethodInvocation *call, MortiseMockAgent *self)
{
  note_call (self, call);
  mortise_mock_agent_set_state (self, "listable");
  return_empty (call);
  return TRUE;
}

static gboolean
on_quiet (MortiseDBusAgent1 *skeleton, GDBusMethodInvocation *call, MortiseMockAgent *self)
{
  note_call (self, call);
  return_empty (call);
  return TRUE;
}

static gboolean
on_list (MortiseDBusAgent1 *skeleton,
         GDBusMethodInvocation *call,
         gboolean deleted,
         gint64 after,
         guint limit,
         MortiseMockAgent *self)
{
  const char *state = mortise_dbus_agent1_get_vault_state (skeleton);
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  guint count = 0;

  if (!g_str_equal (state, "listable") && !g_str_equal (state, "unlocked"))
    {
      return_error (call, "VaultLocked", "The vault is locked.");
      return TRUE;
    }
  for (guint i = 0; i < self->passkeys->len && count < (limit == 0 ? 1000 : limit); i++)
    {
      MockPasskey *mock = g_ptr_array_index (self->passkeys, i);

      if (mock->id <= after || mock->deleted != deleted)
        continue;
      g_variant_builder_add_value (&builder, mock->passkey);
      count++;
    }
  mortise_dbus_agent1_complete_list_passkeys (skeleton, call, g_variant_builder_end (&builder),
                                              deleted ? 0 : self->damaged);
  return TRUE;
}

static gboolean
on_get (MortiseDBusAgent1 *skeleton, GDBusMethodInvocation *call, gint64 id, MortiseMockAgent *self)
{
  MockPasskey *mock = find (self, id);

  if (mock == NULL)
    return_error (call, "NotFound", "There is no such passkey.");
  else
    mortise_dbus_agent1_complete_get_passkey (skeleton, call, mock->passkey);
  return TRUE;
}

static GVariant *
bytes_variant (guint8 fill, gsize size)
{
  g_autofree guint8 *bytes = g_malloc (size);

  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (fill + 37 * i);
  return g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, bytes, size, 1);
}

static gboolean
on_read_protection (MortiseDBusAgent1 *skeleton,
                    GDBusMethodInvocation *call,
                    gint64 id,
                    MortiseMockAgent *self)
{
  MockPasskey *mock = find (self, id);
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *class = "";
  gboolean device_only = FALSE;
  gboolean refuted = FALSE;

  if (mock == NULL)
    {
      return_error (call, "NotFound", "There is no such passkey.");
      return TRUE;
    }
  if (!g_str_equal (mortise_dbus_agent1_get_vault_state (skeleton), "unlocked"))
    {
      return_error (call, "VaultLocked", "Unlock the vault to read this from the TPM.");
      return TRUE;
    }
  g_variant_lookup (mock->passkey, "class", "&s", &class);
  g_variant_lookup (mock->passkey, "mock-refuted", "b", &refuted);
  device_only = g_str_equal (class, "device-only") != refuted;
  g_variant_dict_insert_value (&dict, "name", bytes_variant ((guint8) id, 34));
  /* fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, sign */
  g_variant_dict_insert (&dict, "attributes", "u", device_only ? 0x00040472u : 0x00040460u);
  g_variant_dict_insert_value (&dict, "policy", bytes_variant (9, device_only ? 0 : 32));
  g_variant_dict_insert (&dict, "device-only", "b", device_only);
  g_variant_dict_insert (&dict, "algorithm", "i", -7);
  g_variant_dict_insert_value (&dict, "parent-name", bytes_variant (71, 34));
  g_variant_dict_insert_value (&dict, "storage-root-name", bytes_variant (113, 34));
  mortise_dbus_agent1_complete_read_protection (skeleton, call, g_variant_dict_end (&dict));
  return TRUE;
}

static gboolean
on_get_history (MortiseDBusAgent1 *skeleton,
                GDBusMethodInvocation *call,
                gint64 id,
                MortiseMockAgent *self)
{
  MockPasskey *mock = find (self, id);

  if (mock == NULL)
    return_error (call, "NotFound", "There is no such passkey.");
  else
    mortise_dbus_agent1_complete_get_history (
        skeleton, call,
        mock->history != NULL ? mock->history
                              : g_variant_new_array (G_VARIANT_TYPE_VARDICT, NULL, 0));
  return TRUE;
}

static gboolean
on_edit (MortiseDBusAgent1 *skeleton,
         GDBusMethodInvocation *call,
         gint64 id,
         GVariant *changes,
         MortiseMockAgent *self)
{
  return ask (self, call, act_edit);
}

static gboolean
on_delete (MortiseDBusAgent1 *skeleton,
           GDBusMethodInvocation *call,
           GVariant *ids,
           MortiseMockAgent *self)
{
  return ask (self, call, act_delete);
}

static gboolean
on_restore (MortiseDBusAgent1 *skeleton,
            GDBusMethodInvocation *call,
            GVariant *ids,
            MortiseMockAgent *self)
{
  note_call (self, call);
  for_each_id (self, call, restore_one);
  return TRUE;
}

static gboolean
on_purge (MortiseDBusAgent1 *skeleton,
          GDBusMethodInvocation *call,
          GVariant *ids,
          MortiseMockAgent *self)
{
  return ask (self, call, act_purge);
}

/* The agent's own words, of which po/ has the translation. */
#define AGENT(text) g_dgettext (GETTEXT_PACKAGE, text)

static void
add_line (GVariantBuilder *builder,
          const char *id,
          const char *state,
          const char *title,
          const char *text,
          const char *step,
          const char *action)
{
  g_variant_builder_open (builder, G_VARIANT_TYPE ("a{sv}"));
  g_variant_builder_add (builder, "{sv}", "id", g_variant_new_string (id));
  g_variant_builder_add (builder, "{sv}", "state", g_variant_new_string (state));
  g_variant_builder_add (builder, "{sv}", "title", g_variant_new_string (title));
  g_variant_builder_add (builder, "{sv}", "text", g_variant_new_string (text));
  g_variant_builder_add (builder, "{sv}", "step", g_variant_new_string (step));
  g_variant_builder_add (builder, "{sv}", "action", g_variant_new_string (action));
  g_variant_builder_close (builder);
}

static void
add_device_lines (GVariantBuilder *builder, gboolean ok)
{
  g_autofree char *problem = g_strdup_printf (
      AGENT ("You may not open “%s”, so browsers cannot see Mortise as a security key. Your "
             "passkeys are safe. The computer has to be set up for it once."),
      "/dev/uhid");
  const char *set_up =
      AGENT ("Let Mortise set up this computer, once; it takes an administrator’s password.");
  g_autofree char *found = g_strdup_printf (AGENT ("Browsers find it at %s."), "/dev/hidraw3");
  g_autofree char *snap = g_strdup_printf (AGENT ("%s (Snap)"), "Chromium");
  g_autofree char *connect = g_strdup_printf (
      AGENT ("Run “sudo snap connect %s:u2f-devices”, then start the browser again."), "chromium");

  add_line (builder, "uhid", ok ? "ok" : "error", AGENT ("Virtual security key"),
            ok ? AGENT ("Plugged in.") : problem, ok ? "" : set_up, ok ? "" : "set-up");
  add_line (builder, "hidraw", ok ? "ok" : "error", AGENT ("Visible to browsers"),
            ok ? found
               : AGENT ("The system made no device node for the virtual security key, so browsers "
                        "do not see it. Your passkeys are safe."),
            ok ? ""
               : AGENT ("Run “sudo modprobe hid-generic”, then plug the key out and in again "
                        "here."),
            ok ? "" : "replug");
  add_line (builder, "browser-system-firefox-esr", "ok", "Firefox",
            AGENT ("May use security keys."), "", "");
  if (!ok)
    add_line (builder, "browser-snap-chromium", "warning", snap,
              AGENT ("As a Snap it is kept from every security key."), connect, "");
}

static void
add_session_lines (GVariantBuilder *builder, gboolean ok)
{
  add_line (builder, "keyring", ok ? "ok" : "warning", AGENT ("Login keyring"),
            ok ? AGENT ("Works: the list can be shown without the PIN from login on.")
               : AGENT ("The login keyring is locked, so passkeys can be listed only after the PIN "
                        "was entered. Unlock the keyring to list them from login on."),
            ok ? "" : AGENT ("Unlock the vault with the PIN; the list is shown from then on."), "");
  add_line (builder, "fingerprint", ok ? "ok" : "note", AGENT ("Fingerprint"),
            ok ? AGENT ("The fingerprint reader works, and a finger of yours is enrolled.")
               : AGENT ("There is a fingerprint reader, but none of your fingers is enrolled."),
            ok ? "" : AGENT ("Enrol a finger in the system’s settings, under Users."), "");
  add_line (builder, "autostart", ok ? "ok" : "warning", AGENT ("Start at login"),
            ok ? AGENT ("On: browsers find the security key from login on.")
               : AGENT ("Off: browsers find the security key only after Mortise was opened."),
            ok ? "" : AGENT ("Let Mortise start at login; the switch is in Preferences, too."),
            ok ? "" : "start-at-login");
  add_line (builder, "session", "ok", AGENT ("Session"),
            AGENT ("The vault locks with the screen and before sleep."), "", "");
  add_line (builder, "memory", "ok", AGENT ("Memory for secrets"),
            AGENT ("Locked: secrets are never written to disk."), "", "");
  add_line (builder, "prompt", "ok", AGENT ("Prompt"), AGENT ("Can be shown."), "", "");
}

static gboolean
on_get_health (MortiseDBusAgent1 *skeleton, GDBusMethodInvocation *call, MortiseMockAgent *self)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autofree char *works = g_strdup_printf (AGENT ("Works (%s)."), "IFX SLB9672");

  add_line (&builder, "tpm", "ok", AGENT ("TPM"), works, "", "");
  add_device_lines (&builder, self->healthy);
  add_session_lines (&builder, self->healthy);
  mortise_dbus_agent1_complete_get_health (skeleton, call, g_variant_builder_end (&builder));
  return TRUE;
}

static gboolean
on_get_settings (MortiseDBusAgent1 *skeleton, GDBusMethodInvocation *call, MortiseMockAgent *self)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  GHashTableIter iter;
  gpointer name;
  gpointer value;

  g_hash_table_iter_init (&iter, self->settings);
  while (g_hash_table_iter_next (&iter, &name, &value))
    g_variant_dict_insert_value (&dict, name, value);
  mortise_dbus_agent1_complete_get_settings (skeleton, call, g_variant_dict_end (&dict));
  return TRUE;
}

static GVariant *
make_fingerprint (const char *state, const char *text, const char *step)
{
  return g_variant_new_parsed ("{'state': <%s>, 'reader': <'Mock Reader'>, 'text': <%s>, "
                               "'step': <%s>}",
                               state, text, step);
}

static gboolean
on_get_fingerprint (MortiseDBusAgent1 *skeleton,
                    GDBusMethodInvocation *call,
                    MortiseMockAgent *self)
{
  mortise_dbus_agent1_complete_get_fingerprint (skeleton, call, self->fingerprint);
  return TRUE;
}

static gboolean
on_set_setting (MortiseDBusAgent1 *skeleton,
                GDBusMethodInvocation *call,
                const char *name,
                GVariant *value,
                MortiseMockAgent *self)
{
  return ask (self, call, act_set_setting);
}

/* --- Keyslots --- */

void
mortise_mock_agent_set_recovery_code (MortiseMockAgent *self, gboolean exists)
{
  mortise_dbus_agent1_set_has_recovery_code (self->skeleton, exists);
}

void
mortise_mock_agent_set_pin_retries (MortiseMockAgent *self, guint retries)
{
  mortise_dbus_agent1_set_pin_retries (self->skeleton, retries);
}

void
mortise_mock_agent_set_login_keyslot (MortiseMockAgent *self, gboolean exists)
{
  mortise_dbus_agent1_set_has_login_keyslot (self->skeleton, exists);
}

static void
act_make_code (MortiseMockAgent *self, GDBusMethodInvocation *invocation)
{
  mortise_mock_agent_set_recovery_code (self, TRUE);
  return_empty (invocation);
}

static void
act_set_keyslot (MortiseMockAgent *self, GDBusMethodInvocation *invocation)
{
  const char *id;
  gboolean enabled;

  g_variant_get (g_dbus_method_invocation_get_parameters (invocation), "(&sb)", &id, &enabled);
  if (g_str_equal (id, "recovery"))
    mortise_mock_agent_set_recovery_code (self, enabled);
  else
    mortise_mock_agent_set_login_keyslot (self, enabled);
  return_empty (invocation);
}

static gboolean
on_make_code (MortiseDBusAgent1 *skeleton, GDBusMethodInvocation *call, MortiseMockAgent *self)
{
  return ask (self, call, act_make_code);
}

static gboolean
on_set_keyslot (MortiseDBusAgent1 *skeleton,
                GDBusMethodInvocation *call,
                const char *id,
                gboolean enabled,
                MortiseMockAgent *self)
{
  return ask (self, call, act_set_keyslot);
}

static void
add_keyslot (GVariantBuilder *builder, const char *id, gboolean exists, gint64 created, gint64 used)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "id", "s", id);
  g_variant_dict_insert (&dict, "exists", "b", exists);
  g_variant_dict_insert (&dict, "enabled", "b", exists);
  g_variant_dict_insert (&dict, "created", "x", exists ? created : (gint64) 0);
  g_variant_dict_insert (&dict, "last-used", "x", exists ? used : (gint64) 0);
  g_variant_dict_insert (&dict, "problem", "s", "");
  g_variant_builder_add_value (builder, g_variant_dict_end (&dict));
}

static gboolean
on_get_keyslots (MortiseDBusAgent1 *skeleton, GDBusMethodInvocation *call, MortiseMockAgent *self)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  const gint64 made = G_GINT64_CONSTANT (1700000000);

  add_keyslot (&builder, "pin", TRUE, made, made + 300 * DAY);
  add_keyslot (&builder, "recovery", mortise_dbus_agent1_get_has_recovery_code (skeleton),
               made + DAY, 0);
  add_keyslot (&builder, "login", mortise_dbus_agent1_get_has_login_keyslot (skeleton), made,
               made + 301 * DAY);
  mortise_dbus_agent1_complete_get_keyslots (skeleton, call, g_variant_builder_end (&builder));
  return TRUE;
}

static void
connect_handlers (MortiseMockAgent *self)
{
  const struct
  {
    const char *signal;
    GCallback handler;
  } handlers[] = {
    { "handle-create-vault", G_CALLBACK (on_create_vault) },
    { "handle-unlock", G_CALLBACK (on_create_vault) },
    { "handle-lock", G_CALLBACK (on_lock) },
    { "handle-change-pin", G_CALLBACK (on_change_pin) },
    { "handle-reset-pin", G_CALLBACK (on_change_pin) },
    { "handle-create-recovery-code", G_CALLBACK (on_make_code) },
    { "handle-get-keyslots", G_CALLBACK (on_get_keyslots) },
    { "handle-set-keyslot", G_CALLBACK (on_set_keyslot) },
    { "handle-reset", G_CALLBACK (on_reset) },
    { "handle-replug", G_CALLBACK (on_quiet) },
    { "handle-retry", G_CALLBACK (on_quiet) },
    { "handle-list-passkeys", G_CALLBACK (on_list) },
    { "handle-get-passkey", G_CALLBACK (on_get) },
    { "handle-get-history", G_CALLBACK (on_get_history) },
    { "handle-read-protection", G_CALLBACK (on_read_protection) },
    { "handle-edit-passkey", G_CALLBACK (on_edit) },
    { "handle-delete-passkeys", G_CALLBACK (on_delete) },
    { "handle-restore-passkeys", G_CALLBACK (on_restore) },
    { "handle-purge-passkeys", G_CALLBACK (on_purge) },
    { "handle-get-health", G_CALLBACK (on_get_health) },
    { "handle-get-settings", G_CALLBACK (on_get_settings) },
    { "handle-get-fingerprint", G_CALLBACK (on_get_fingerprint) },
    { "handle-set-setting", G_CALLBACK (on_set_setting) },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (handlers); i++)
    g_signal_connect (self->skeleton, handlers[i].signal, handlers[i].handler, self);
}

MortiseMockAgent *
mortise_mock_agent_new (GDBusConnection *connection)
{
  MortiseMockAgent *self = g_new0 (MortiseMockAgent, 1);
  g_autoptr (GError) error = NULL;

  self->connection = g_object_ref (connection);
  self->skeleton = mortise_dbus_agent1_skeleton_new ();
  self->passkeys = g_ptr_array_new_with_free_func (mock_passkey_free);
  self->next_id = 1;
  self->healthy = TRUE;
  self->calls = g_string_new (NULL);
  self->settings =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  g_queue_init (&self->held);
  g_hash_table_insert (self->settings, g_strdup ("idle-lock"),
                       g_variant_ref_sink (g_variant_new_uint32 (300)));
  g_hash_table_insert (self->settings, g_strdup ("export-default"),
                       g_variant_ref_sink (g_variant_new_boolean (FALSE)));
  g_hash_table_insert (self->settings, g_strdup ("builtin-uv"),
                       g_variant_ref_sink (g_variant_new_boolean (TRUE)));
  self->fingerprint = g_variant_ref_sink (make_fingerprint ("ready", "", ""));
  g_hash_table_insert (self->settings, g_strdup ("fingerprint"),
                       g_variant_ref_sink (g_variant_new_boolean (FALSE)));
  g_hash_table_insert (self->settings, g_strdup ("always-uv"),
                       g_variant_ref_sink (g_variant_new_boolean (FALSE)));
  g_object_set (self->skeleton, "vault-state", "unlocked", "problem", "", "problem-message", "",
                "version", MORTISE_VERSION, "transport", "device", "socket-path", "", "pin-retries",
                8u, NULL);
  mortise_mock_agent_set_software_tpm (self, FALSE);
  mortise_mock_agent_set_recovery_code (self, TRUE);
  mortise_mock_agent_set_login_keyslot (self, TRUE);
  connect_handlers (self);
  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->skeleton), connection,
                                         MORTISE_AGENT_PATH, &error))
    g_error ("%s", error->message);
  return self;
}

void
mortise_mock_agent_free (MortiseMockAgent *self)
{
  mortise_mock_agent_set_answer (self, "Cancelled", "The agent is stopping.");
  mortise_mock_agent_set_hold (self, FALSE);
  mortise_mock_agent_release_name (self);
  g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->skeleton));
  g_clear_object (&self->skeleton);
  g_clear_object (&self->connection);
  g_clear_pointer (&self->passkeys, g_ptr_array_unref);
  g_clear_pointer (&self->settings, g_hash_table_unref);
  g_clear_pointer (&self->fingerprint, g_variant_unref);
  g_string_free (self->calls, TRUE);
  g_free (self->answer);
  g_free (self->answer_message);
  g_free (self);
}

void
mortise_mock_agent_own_name (MortiseMockAgent *self, gboolean demo)
{
  g_assert (self->owner_id == 0);
  self->owner_id = g_bus_own_name_on_connection (
      self->connection, demo ? MORTISE_AGENT_NAME ".Demo" : MORTISE_AGENT_NAME,
      G_BUS_NAME_OWNER_FLAGS_NONE, NULL, NULL, NULL, NULL);
}

void
mortise_mock_agent_release_name (MortiseMockAgent *self)
{
  g_clear_handle_id (&self->owner_id, g_bus_unown_name);
}

void
mortise_mock_agent_set_state (MortiseMockAgent *self, const char *state)
{
  g_object_set (self->skeleton, "vault-state", state, "problem", "", "problem-message", "", NULL);
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self->skeleton));
}

void
mortise_mock_agent_set_problem (MortiseMockAgent *self, const char *problem, const char *message)
{
  g_object_set (self->skeleton, "vault-state", "unavailable", "problem", problem, "problem-message",
                message, NULL);
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self->skeleton));
}

void
mortise_mock_agent_set_demo (MortiseMockAgent *self, gboolean demo)
{
  mortise_dbus_agent1_set_demo (self->skeleton, demo);
  mortise_mock_agent_set_software_tpm (self, demo);
}

void
mortise_mock_agent_set_damaged (MortiseMockAgent *self, guint damaged)
{
  self->damaged = damaged;
}

void
mortise_mock_agent_set_fingerprint (MortiseMockAgent *self,
                                    const char *state,
                                    const char *text,
                                    const char *step)
{
  g_variant_unref (self->fingerprint);
  self->fingerprint = g_variant_ref_sink (make_fingerprint (state, text, step));
}

void
mortise_mock_agent_set_healthy (MortiseMockAgent *self, gboolean healthy)
{
  self->healthy = healthy;
}

void
mortise_mock_agent_set_software_tpm (MortiseMockAgent *self, gboolean software)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "manufacturer", "s", software ? "IBM" : "IFX");
  g_variant_dict_insert (&dict, "vendor", "s", software ? "SW   TPM" : "SLB9672");
  g_variant_dict_insert (&dict, "firmware", "s", software ? "8217.4131" : "15.23");
  g_variant_dict_insert (&dict, "revision", "u", software ? 164u : 159u);
  g_variant_dict_insert (&dict, "software", "b", software);
  g_variant_dict_insert (&dict, "hypervisor-hint", "b", FALSE);
  g_variant_dict_insert (&dict, "in-lockout", "b", FALSE);
  g_variant_dict_insert (&dict, "failed-tries", "u", 0u);
  g_variant_dict_insert (&dict, "max-tries", "u", 32u);
  g_variant_dict_insert (&dict, "lockout-interval", "u", 7200u);
  mortise_dbus_agent1_set_tpm (self->skeleton, g_variant_dict_end (&dict));
}

void
mortise_mock_agent_set_answer (MortiseMockAgent *self, const char *error_name, const char *message)
{
  g_free (self->answer);
  g_free (self->answer_message);
  self->answer = g_strdup (error_name);
  self->answer_message = g_strdup (message);
}

void
mortise_mock_agent_set_hold (MortiseMockAgent *self, gboolean hold)
{
  HeldCall *held = NULL;

  self->hold = hold;
  if (hold)
    return;
  while ((held = g_queue_pop_head (&self->held)) != NULL)
    {
      if (self->answer != NULL)
        return_error (held->invocation, self->answer, self->answer_message);
      else
        held->act (self, held->invocation);
      g_free (held);
    }
  mortise_dbus_agent1_set_prompting (self->skeleton, FALSE);
}

static void
insert_default (GVariantDict *dict, const char *name, GVariant *value)
{
  g_autoptr (GVariant) sunk = g_variant_ref_sink (value);

  if (!g_variant_dict_contains (dict, name))
    g_variant_dict_insert_value (dict, name, sunk);
}

gint64
mortise_mock_agent_add (MortiseMockAgent *self, gint64 now, GVariant *passkey)
{
  g_autoptr (GVariant) given = g_variant_ref_sink (passkey);
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (given);
  MockPasskey *mock = g_new0 (MockPasskey, 1);
  gint64 deleted = 0;

  mock->id = self->next_id++;
  g_variant_dict_lookup (&dict, "deleted", "x", &deleted);
  mock->deleted = deleted != 0;
  g_variant_dict_insert (&dict, "id", "x", mock->id);
  insert_default (&dict, "credential-id", bytes_variant ((guint8) mock->id, 32));
  insert_default (&dict, "user-id", bytes_variant ((guint8) (mock->id + 100), 16));
  insert_default (&dict, "class", g_variant_new_string ("device-only"));
  insert_default (&dict, "algorithm", g_variant_new_int32 (-7));
  insert_default (&dict, "discoverable", g_variant_new_boolean (TRUE));
  insert_default (&dict, "u2f", g_variant_new_boolean (FALSE));
  insert_default (&dict, "cred-protect", g_variant_new_byte (1));
  insert_default (&dict, "backup-eligible", g_variant_new_boolean (FALSE));
  insert_default (&dict, "backup-state", g_variant_new_boolean (FALSE));
  insert_default (&dict, "export-blocked", g_variant_new_boolean (FALSE));
  insert_default (&dict, "extensions", g_variant_new_strv (NULL, 0));
  insert_default (&dict, "created", g_variant_new_int64 (now - 40 * DAY));
  insert_default (&dict, "last-used", g_variant_new_int64 (0));
  insert_default (&dict, "deleted", g_variant_new_int64 (0));
  insert_default (&dict, "use-count", g_variant_new_uint64 (0));
  insert_default (&dict, "last-flags", g_variant_new_byte (0));
  insert_default (&dict, "sign-count", g_variant_new_uint32 (0));
  mock->passkey = g_variant_ref_sink (g_variant_dict_end (&dict));
  g_ptr_array_add (self->passkeys, mock);
  return mock->id;
}

typedef struct
{
  const char *rp_id;
  const char *rp_name;
  const char *user_name;
  const char *display_name;
  const char *label;
  const char *nickname;
  const char *credential_class;
  gboolean backed_up;
  gboolean blocked;
  int created_days;
  int used_hours;
  guint64 uses;
  int deleted_days;
} Sample;

static const Sample samples[] = {
  { "github.com", "GitHub", "alice", "Alice Example", NULL, "Desk computer", "device-only", FALSE,
    FALSE, 200, 2, 143, -1 },
  { "github.com", "GitHub", "alice-work", "Alice (work)", "Work account", NULL, "exportable", FALSE,
    FALSE, 120, 30, 61, -1 },
  { "accounts.google.com", "Google", "alice@example.com", "Alice Example", NULL, NULL, "exportable",
    TRUE, FALSE, 90, 26, 12, -1 },
  { "login.microsoft.com", "Microsoft", "alice@example.org", "Alice", NULL, NULL, "device-only",
    FALSE, FALSE, 60, 200, 9, -1 },
  { "bank.example", "First Example Bank", "10482231", "A. Example", "Joint account", NULL,
    "device-only", FALSE, FALSE, 300, 480, 22, -1 },
  { "bücher.example", "Bücher", "Zoë Müller", NULL, NULL, NULL, "exportable", FALSE, TRUE, 20, -1,
    0, -1 },
  { "shop.example", "ショップ", "山田太郎", "山田 太郎", "ガス会社", NULL, "device-only", FALSE,
    FALSE, 15, 5, 4, -1 },
  { "ssh:", "openssh", "alice", NULL, NULL, NULL, "sealed", TRUE, FALSE, 10, 70, 7, -1 },
  { "webmail.example.net", "Webmail", "alice@example.net", "Alice Example", NULL, NULL,
    "device-only", FALSE, FALSE, 4, 12, 5, -1 },
  { "cloud.example.com", "Example Cloud", "alice.example", "Alice Example", NULL, NULL,
    "device-only", FALSE, FALSE, 1, -1, 0, -1 },
  { "old-forum.example", "Old Forum", "alice_1999", "Alice", NULL, NULL, "device-only", FALSE,
    FALSE, 400, 2000, 2, 3 },
  { "video.example", "Video", "alice", "Alice", NULL, NULL, "exportable", FALSE, FALSE, 500, 3000,
    17, 29 },
};

static void
insert_string (GVariantDict *dict, const char *name, const char *value)
{
  if (value != NULL)
    g_variant_dict_insert (dict, name, "s", value);
}

void
mortise_mock_agent_add_samples (MortiseMockAgent *self, gint64 now)
{
  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      const Sample *sample = &samples[i];
      gboolean exportable = !g_str_equal (sample->credential_class, "device-only");
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      insert_string (&dict, "rp-id", sample->rp_id);
      insert_string (&dict, "rp-name", sample->rp_name);
      insert_string (&dict, "user-name", sample->user_name);
      insert_string (&dict, "user-display-name", sample->display_name);
      insert_string (&dict, "label", sample->label);
      insert_string (&dict, "nickname", sample->nickname);
      insert_string (&dict, "class", sample->credential_class);
      g_variant_dict_insert (&dict, "backup-eligible", "b", exportable);
      g_variant_dict_insert (&dict, "backup-state", "b", sample->backed_up);
      g_variant_dict_insert (&dict, "export-blocked", "b", sample->blocked);
      g_variant_dict_insert (&dict, "created", "x", now - (gint64) sample->created_days * DAY);
      if (sample->used_hours >= 0)
        {
          guint8 flags = (guint8) (0x05 | (exportable ? 0x08 : 0) | (sample->backed_up ? 0x10 : 0));

          g_variant_dict_insert (&dict, "last-used", "x", now - (gint64) sample->used_hours * 3600);
          g_variant_dict_insert (&dict, "last-flags", "y", flags);
          g_variant_dict_insert (&dict, "use-count", "t", sample->uses);
          g_variant_dict_insert (&dict, "sign-count", "u",
                                 exportable ? 0u : (guint32) sample->uses);
        }
      if (sample->deleted_days >= 0)
        g_variant_dict_insert (&dict, "deleted", "x", now - (gint64) sample->deleted_days * DAY);
      mortise_mock_agent_add (self, now, g_variant_dict_end (&dict));
    }
}

void
mortise_mock_agent_add_many (MortiseMockAgent *self, gint64 now, guint count)
{
  static const char *const classes[] = { "device-only", "device-only", "exportable", "sealed" };

  for (guint i = 0; i < count; i++)
    {
      /* A fixed step through the residues spreads the order of sites over the order of ids. */
      guint site = (i * 7919u) % MAX (count / 3, 1);
      g_autofree char *rp_id = g_strdup_printf ("site-%05u.example", site);
      g_autofree char *user_name = g_strdup_printf ("user-%05u@example.com", i);
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "rp-id", "s", rp_id);
      g_variant_dict_insert (&dict, "user-name", "s", user_name);
      g_variant_dict_insert (&dict, "user-display-name", "s", "Generated Person");
      g_variant_dict_insert (&dict, "class", "s", classes[i % G_N_ELEMENTS (classes)]);
      g_variant_dict_insert (&dict, "last-used", "x", now - (gint64) (i % 1000) * 3600);
      g_variant_dict_insert (&dict, "use-count", "t", (guint64) i % 50);
      mortise_mock_agent_add (self, now, g_variant_dict_end (&dict));
    }
}

void
mortise_mock_agent_add_hostile (MortiseMockAgent *self, gint64 now)
{
  g_autoptr (GString) huge = g_string_new (NULL);
  g_autoptr (GString) pile = g_string_new ("Z");
  const char *names[8] = { NULL };

  for (int i = 0; i < 10000; i++)
    {
      g_string_append_c (huge, (char) ('a' + i % 26));
      if (i < 300)
        g_string_append (pile, "\xcc\x81");
    }
  names[0] = huge->str;
  names[1] = pile->str;
  names[2] = "\xe2\x80\xaemoc.elpmaxe@ecila";
  names[3] = "line one\nline two\ttabbed\x01\x1b[31m";
  names[4] = "<b>bold</b> &amp; %s %n";
  names[5] = "👨‍👩‍👧‍👦🏳️‍🌈🇯🇵 שלום مرحبا";
  names[6] = "\xe2\x80\x8b\xe2\x80\x8b";
  names[7] = "";
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "rp-id", "s",
                             i % 2 == 0 ? "hostile.example" : "xn--80ak6aa92e.example");
      insert_string (&dict, "rp-name", names[i]);
      insert_string (&dict, "user-name", names[i]);
      insert_string (&dict, "user-display-name", names[i]);
      insert_string (&dict, "label", i % 3 == 0 ? names[i] : NULL);
      insert_string (&dict, "nickname", i % 3 == 1 ? names[i] : NULL);
      mortise_mock_agent_add (self, now, g_variant_dict_end (&dict));
    }
}

void
mortise_mock_agent_delete (MortiseMockAgent *self, gint64 id)
{
  MockPasskey *mock = find (self, id);

  g_assert_nonnull (mock);
  delete_one (self, mock);
}

void
mortise_mock_agent_set_history (MortiseMockAgent *self, gint64 id, GVariant *history)
{
  MockPasskey *mock = find (self, id);

  g_clear_pointer (&mock->history, g_variant_unref);
  mock->history = g_variant_ref_sink (history);
}

GVariant *
mortise_mock_agent_get (MortiseMockAgent *self, gint64 id)
{
  MockPasskey *mock = find (self, id);

  return mock == NULL ? NULL : g_variant_ref (mock->passkey);
}

void
mortise_mock_agent_emit_changed (MortiseMockAgent *self)
{
  mortise_dbus_agent1_emit_passkeys_changed (self->skeleton);
}

char *
mortise_mock_agent_take_calls (MortiseMockAgent *self)
{
  char *calls = g_strdup (self->calls->str);

  g_string_truncate (self->calls, 0);
  return calls;
}
