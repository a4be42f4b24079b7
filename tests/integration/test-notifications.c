/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a person is told when a browser's request fails where no prompt can say it. */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tests/support/agent-fixture.h"
#include "tests/support/wait-for.h"

static const char server_xml[] =
    "<node><interface name='org.freedesktop.Notifications'>"
    "<method name='Notify'><arg type='s' direction='in'/><arg type='u' direction='in'/>"
    "<arg type='s' direction='in'/><arg type='s' direction='in'/><arg type='s' direction='in'/>"
    "<arg type='as' direction='in'/><arg type='a{sv}' direction='in'/><arg type='i' "
    "direction='in'/><arg type='u' direction='out'/></method></interface>"
    "<interface name='org.freedesktop.Application'><method name='Activate'>"
    "<arg type='a{sv}' direction='in'/></method></interface></node>";

/* The desktop: its notification server, and the window's name. */
typedef struct
{
  AgentFixture agent;
  GDBusNodeInfo *info;
  guint objects[2];
  guint names[2];
  /* what was shown, newest last: "REPLACES|TITLE|BODY" */
  GPtrArray *shown;
  GPtrArray *activations;
} Fixture;

static void
on_call (GDBusConnection *connection,
         const char *sender,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *parameters,
         GDBusMethodInvocation *invocation,
         gpointer user_data)
{
  Fixture *f = user_data;

  if (g_str_equal (method, "Notify"))
    {
      const char *app, *title, *body;
      g_auto (GStrv) actions = NULL;
      guint32 replaces;

      g_variant_get (parameters, "(&su&s&s&s^as@a{sv}i)", &app, &replaces, NULL, &title, &body,
                     &actions, NULL, NULL);
      /* All one can do with it is to see the window: nothing is approved by a notification. */
      g_assert_cmpuint (g_strv_length (actions), ==, 2);
      g_assert_cmpstr (actions[0], ==, "default");
      g_assert_cmpstr (actions[1], ==, "Open Mortise");
      g_assert_cmpstr (app, ==, "Mortise");
      g_ptr_array_add (f->shown, g_strdup_printf ("%u|%s|%s", replaces, title, body));
      g_dbus_method_invocation_return_value (
          invocation, g_variant_new ("(u)", replaces != 0 ? replaces : 100 + f->shown->len));
      return;
    }
  g_ptr_array_add (f->activations, g_variant_print (parameters, FALSE));
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static void
on_name (GDBusConnection *connection, const char *name, gpointer user_data)
{
  (*(guint *) user_data)++;
}

static void
set_up (Fixture *f, gconstpointer data)
{
  static const GDBusInterfaceVTable vtable = { on_call, NULL, NULL, { 0 } };
  static const char *const names[] = { "org.freedesktop.Notifications", MORTISE_APP_ID };
  static const char *const paths[] = { "/org/freedesktop/Notifications", MORTISE_OBJECT_PATH };
  guint owned = 0;

  agent_fixture_set_up (&f->agent, data);
  f->shown = g_ptr_array_new_with_free_func (g_free);
  f->activations = g_ptr_array_new_with_free_func (g_free);
  f->info = g_dbus_node_info_new_for_xml (server_xml, NULL);
  for (guint i = 0; i < 2; i++)
    {
      f->objects[i] = g_dbus_connection_register_object (
          f->agent.bus, paths[i], f->info->interfaces[i], &vtable, f, NULL, NULL);
      f->names[i] = g_bus_own_name_on_connection (
          f->agent.bus, names[i], G_BUS_NAME_OWNER_FLAGS_NONE, on_name, NULL, &owned, NULL);
    }
  WAIT_FOR (owned == 2);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      g_bus_unown_name (f->names[i]);
      g_dbus_connection_unregister_object (f->agent.bus, f->objects[i]);
    }
  g_dbus_node_info_unref (f->info);
  g_ptr_array_unref (f->shown);
  g_ptr_array_unref (f->activations);
  agent_fixture_tear_down (&f->agent, data);
}

static void
wait_for (GPtrArray *list, guint count)
{
  WAIT_FOR (list->len >= count);
}

static const char *
last (GPtrArray *list)
{
  return g_ptr_array_index (list, list->len - 1);
}

/* A registration from another thread, as this one has to answer for the desktop meanwhile. */
static gpointer
register_in_vain (gpointer data)
{
  agent_fixture_register_fails (data, "secret-site.example", NULL, MORTISE_ERROR_PIN_BLOCKED);
  return NULL;
}

static void
run_beside (Fixture *f, GThreadFunc function, GPtrArray *list, guint count)
{
  GThread *thread = g_thread_new ("client", function, &f->agent);

  wait_for (list, count);
  g_thread_join (thread);
}

/* The prompt's program is gone, as after half an update. */
static void
test_prompt_gone (Fixture *f, gconstpointer data)
{
  agent_fixture_answer_always (&f->agent, "no-display");
  run_beside (f, register_in_vain, f->shown, 1);
  g_assert_true (g_str_has_prefix (last (f->shown), "0|A program asks for a passkey|"));
  /* Nothing in it says for which site. */
  g_assert_null (strstr (last (f->shown), "secret-site"));

  /* Once more: it takes the place of the first. */
  run_beside (f, register_in_vain, f->shown, 2);
  g_assert_true (g_str_has_prefix (last (f->shown), "101|A program asks"));

  /* A click raises the window, with the token that lets it come to the front. */
  g_dbus_connection_emit_signal (f->agent.bus, NULL, "/org/freedesktop/Notifications",
                                 "org.freedesktop.Notifications", "ActivationToken",
                                 g_variant_new ("(us)", 101, "token-7"), NULL);
  g_dbus_connection_emit_signal (f->agent.bus, NULL, "/org/freedesktop/Notifications",
                                 "org.freedesktop.Notifications", "ActionInvoked",
                                 g_variant_new ("(us)", 101, "default"), NULL);
  wait_for (f->activations, 1);
  g_assert_nonnull (strstr (last (f->activations), "'activation-token': <'token-7'>"));
}

/* One of another program is none of ours; and once closed, the next is a new one. */
static void
test_others (Fixture *f, gconstpointer data)
{
  agent_fixture_answer_always (&f->agent, "no-display");
  run_beside (f, register_in_vain, f->shown, 1);
  g_dbus_connection_emit_signal (f->agent.bus, NULL, "/org/freedesktop/Notifications",
                                 "org.freedesktop.Notifications", "ActionInvoked",
                                 g_variant_new ("(us)", 7, "default"), NULL);
  g_dbus_connection_emit_signal (f->agent.bus, NULL, "/org/freedesktop/Notifications",
                                 "org.freedesktop.Notifications", "NotificationClosed",
                                 g_variant_new ("(uu)", 101, 2), NULL);
  run_beside (f, register_in_vain, f->shown, 2);
  g_assert_true (g_str_has_prefix (last (f->shown), "0|"));
  g_assert_cmpuint (f->activations->len, ==, 0);
}

static gpointer
refuse (gpointer data)
{
  agent_fixture_register_fails (data, "refused.example", NULL, MORTISE_ERROR_DENIED);
  return NULL;
}

/* What the person decided needs no telling. */
static void
test_quiet (Fixture *f, gconstpointer data)
{
  agent_fixture_answer_always (&f->agent, "deny");
  refuse (&f->agent);
  agent_fixture_answer_always (&f->agent, "no-display");
  run_beside (f, register_in_vain, f->shown, 1);
  g_assert_cmpuint (f->shown->len, ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function)                                                                        \
  g_test_add ("/notifications/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("prompt-gone", test_prompt_gone);
  ADD ("others", test_others);
  ADD ("quiet", test_quiet);
#undef ADD
  return g_test_run ();
}
