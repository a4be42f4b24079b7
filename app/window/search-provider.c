/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/search-provider.h"

#include "app/window/passkey-store.h"
#include "core/text/search-text.h"

/* The shell shows a handful. */
#define RESULTS_MAX 20

#define SETTING "search-provider"

static const char interface_xml[] =
    "<node><interface name='org.gnome.Shell.SearchProvider2'>"
    "<method name='GetInitialResultSet'><arg type='as' name='terms' direction='in'/>"
    "<arg type='as' name='results' direction='out'/></method>"
    "<method name='GetSubsearchResultSet'><arg type='as' name='previous' direction='in'/>"
    "<arg type='as' name='terms' direction='in'/>"
    "<arg type='as' name='results' direction='out'/></method>"
    "<method name='GetResultMetas'><arg type='as' name='ids' direction='in'/>"
    "<arg type='aa{sv}' name='metas' direction='out'/></method>"
    "<method name='ActivateResult'><arg type='s' name='id' direction='in'/>"
    "<arg type='as' name='terms' direction='in'/><arg type='u' name='time' "
    "direction='in'/></method>"
    "<method name='LaunchSearch'><arg type='as' name='terms' direction='in'/>"
    "<arg type='u' name='time' direction='in'/></method>"
    "</interface></node>";

struct _MortiseSearchProvider
{
  GObject parent_instance;
  GApplication *application;
  GDBusConnection *connection;
  guint registration;
  /* From the first search on. */
  MortiseAgentClient *client;
  MortisePasskeyStore *store;
  /* (element-type GDBusMethodInvocation): calls that wait until it is known what there is */
  GQueue waiting;
};

enum
{
  SIGNAL_OPEN,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortiseSearchProvider, mortise_search_provider, G_TYPE_OBJECT)

/* Without an installed schema, as in a bare build tree, it stays off. */
static GSettings *
open_settings (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, MORTISE_APP_ID, TRUE);
  return schema == NULL ? NULL : g_settings_new_full (schema, NULL, NULL);
}

gboolean
mortise_search_provider_is_enabled (void)
{
  g_autoptr (GSettings) settings = open_settings ();

  return settings != NULL && g_settings_get_boolean (settings, SETTING);
}

void
mortise_search_provider_set_enabled (gboolean enabled)
{
  g_autoptr (GSettings) settings = open_settings ();

  if (settings != NULL)
    g_settings_set_boolean (settings, SETTING, enabled);
}

/* --- What may be told ---------------------------------------------------------------------------
 */

static gboolean
may_tell (MortiseSearchProvider *self)
{
  return mortise_search_provider_is_enabled () && self->client != NULL &&
         mortise_agent_client_get_state (self->client) == MORTISE_AGENT_UNLOCKED;
}

/* Whether an answer now would be the whole one. */
static gboolean
is_settled (MortiseSearchProvider *self)
{
  MortiseAgentState state = mortise_agent_client_get_state (self->client);

  if (state == MORTISE_AGENT_CONNECTING)
    return FALSE;
  return state != MORTISE_AGENT_UNLOCKED || mortise_passkey_store_get_loaded (self->store);
}

static GVariant *
find (MortiseSearchProvider *self, const char *const *terms)
{
  g_auto (GVariantBuilder) results = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  g_autofree char *words = g_strjoinv (" ", (char **) (guintptr) terms);
  g_autofree char *query = mortise_search_fold (words);
  guint n = may_tell (self) && query[0] != '\0'
                ? g_list_model_get_n_items (G_LIST_MODEL (self->store))
                : 0;
  guint count = 0;

  for (guint i = 0; i < n && count < RESULTS_MAX; i++)
    {
      g_autoptr (MortisePasskey) passkey = g_list_model_get_item (G_LIST_MODEL (self->store), i);

      if (!mortise_search_matches (mortise_passkey_get_search_text (passkey), query))
        continue;
      g_variant_builder_add_value (
          &results, g_variant_new_take_string (
                        g_strdup_printf ("%" G_GINT64_FORMAT, mortise_passkey_get_id (passkey))));
      count++;
    }
  return g_variant_new ("(as)", &results);
}

static GVariant *
describe (MortiseSearchProvider *self, const char *const *ids)
{
  g_auto (GVariantBuilder) metas = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GIcon) icon = g_themed_icon_new (MORTISE_APP_ID);

  for (gsize i = 0; may_tell (self) && ids[i] != NULL; i++)
    {
      MortisePasskey *passkey =
          mortise_passkey_store_find (self->store, g_ascii_strtoll (ids[i], NULL, 10));
      g_autofree char *account = NULL;
      g_autofree char *site = NULL;

      if (passkey == NULL)
        continue;
      account = mortise_passkey_dup_account (passkey);
      site = mortise_passkey_dup_site (passkey);
      g_variant_builder_open (&metas, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&metas, "{sv}", "id", g_variant_new_string (ids[i]));
      g_variant_builder_add (&metas, "{sv}", "name", g_variant_new_string (site));
      g_variant_builder_add (&metas, "{sv}", "description", g_variant_new_string (account));
      g_variant_builder_add (&metas, "{sv}", "icon", g_icon_serialize (icon));
      g_variant_builder_close (&metas);
    }
  return g_variant_new ("(aa{sv})", &metas);
}

/* --- Answering ----------------------------------------------------------------------------------
 */

static void
open_result (MortiseSearchProvider *self, gint64 id, const char *const *terms)
{
  g_autofree char *text = g_strjoinv (" ", (char **) (guintptr) terms);

  g_signal_emit (self, signals[SIGNAL_OPEN], 0, id, text);
}

static void
answer (MortiseSearchProvider *self, GDBusMethodInvocation *invocation)
{
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  GVariant *parameters = g_dbus_method_invocation_get_parameters (invocation);
  g_autofree const char **words = NULL;
  GVariant *reply = NULL;

  if (g_str_equal (method, "GetInitialResultSet"))
    {
      g_variant_get (parameters, "(^a&s)", &words);
      reply = find (self, words);
    }
  else if (g_str_equal (method, "GetSubsearchResultSet"))
    {
      g_variant_get (parameters, "(@as^a&s)", NULL, &words);
      reply = find (self, words);
    }
  else
    {
      g_variant_get (parameters, "(^a&s)", &words);
      reply = describe (self, words);
    }
  g_dbus_method_invocation_return_value (invocation, reply);
  if (self->application != NULL)
    g_application_release (self->application);
}

static void
answer_all (MortiseSearchProvider *self)
{
  GDBusMethodInvocation *invocation = NULL;

  while ((invocation = g_queue_pop_head (&self->waiting)) != NULL)
    answer (self, invocation);
}

static void
answer_waiting (MortiseSearchProvider *self)
{
  if (is_settled (self))
    answer_all (self);
}

/* Only looks: a search is no reason to start the agent or to keep it. */
static void
look_for_agent (MortiseSearchProvider *self)
{
  if (self->client != NULL)
    return;
  self->client = mortise_agent_client_new (self->connection, MORTISE_AGENT_CLIENT_NONE);
  self->store = mortise_passkey_store_new (self->client, FALSE);
  g_signal_connect_swapped (self->client, "notify::state", G_CALLBACK (answer_waiting), self);
  g_signal_connect_swapped (self->store, "notify::loaded", G_CALLBACK (answer_waiting), self);
  g_signal_connect_swapped (self->store, "failed", G_CALLBACK (answer_all), self);
}

static void
on_method_call (GDBusConnection *connection,
                const char *sender,
                const char *path,
                const char *interface,
                const char *method,
                GVariant *parameters,
                GDBusMethodInvocation *invocation,
                gpointer user_data)
{
  MortiseSearchProvider *self = user_data;

  if (g_str_equal (method, "ActivateResult"))
    {
      g_autofree const char **terms = NULL;
      const char *id = NULL;

      g_variant_get (parameters, "(&s^a&su)", &id, &terms, NULL);
      open_result (self, g_ascii_strtoll (id, NULL, 10), terms);
      g_dbus_method_invocation_return_value (invocation, NULL);
      return;
    }
  if (g_str_equal (method, "LaunchSearch"))
    {
      g_autofree const char **terms = NULL;

      g_variant_get (parameters, "(^a&su)", &terms, NULL);
      open_result (self, 0, terms);
      g_dbus_method_invocation_return_value (invocation, NULL);
      return;
    }
  if (self->application != NULL)
    g_application_hold (self->application);
  /* Turned off, not even the agent is looked for. */
  if (mortise_search_provider_is_enabled ())
    look_for_agent (self);
  if (self->client == NULL)
    answer (self, invocation);
  else
    {
      g_queue_push_tail (&self->waiting, invocation);
      answer_waiting (self);
    }
}

static void
mortise_search_provider_dispose (GObject *object)
{
  MortiseSearchProvider *self = MORTISE_SEARCH_PROVIDER (object);

  if (self->registration != 0)
    g_dbus_connection_unregister_object (self->connection, self->registration);
  self->registration = 0;
  if (self->client != NULL)
    g_signal_handlers_disconnect_by_data (self->client, self);
  if (self->store != NULL)
    g_signal_handlers_disconnect_by_data (self->store, self);
  g_clear_object (&self->store);
  g_clear_object (&self->client);
  answer_all (self);
  g_clear_object (&self->connection);
  G_OBJECT_CLASS (mortise_search_provider_parent_class)->dispose (object);
}

static void
mortise_search_provider_class_init (MortiseSearchProviderClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = mortise_search_provider_dispose;
  signals[SIGNAL_OPEN] =
      g_signal_new ("open", MORTISE_TYPE_SEARCH_PROVIDER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 2, G_TYPE_INT64, G_TYPE_STRING);
}

static void
mortise_search_provider_init (MortiseSearchProvider *self)
{
  g_queue_init (&self->waiting);
}

MortiseSearchProvider *
mortise_search_provider_new (GApplication *application, GDBusConnection *connection, GError **error)
{
  static const GDBusInterfaceVTable vtable = { on_method_call, NULL, NULL, { 0 } };
  g_autoptr (GDBusNodeInfo) info = g_dbus_node_info_new_for_xml (interface_xml, NULL);
  g_autoptr (MortiseSearchProvider) self = g_object_new (MORTISE_TYPE_SEARCH_PROVIDER, NULL);

  /* Not a reference: the application has this. */
  self->application = application;
  self->connection = g_object_ref (connection);
  self->registration = g_dbus_connection_register_object (
      connection, MORTISE_SEARCH_PROVIDER_PATH, info->interfaces[0], &vtable, self, NULL, error);
  return self->registration == 0 ? NULL : g_steal_pointer (&self);
}
