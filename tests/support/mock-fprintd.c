/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/mock-fprintd.h"

#include <string.h>

#include "tests/support/test-bus.h"

#define FPRINT       "net.reactivated.Fprint"
#define MANAGER_PATH "/net/reactivated/Fprint/Manager"
#define DEVICE_PATH  "/net/reactivated/Fprint/Device/0"

/* Only what hangs meets it, on however slow a machine. */
#define PATIENCE_S 300

static const char introspection[] =
    "<node>"
    "<interface name='net.reactivated.Fprint.Manager'>"
    "  <method name='GetDefaultDevice'><arg type='o' direction='out'/></method>"
    "</interface>"
    "<interface name='net.reactivated.Fprint.Device'>"
    "  <method name='ListEnrolledFingers'><arg type='s' direction='in'/><arg type='as' "
    "direction='out'/></method>"
    "  <method name='Claim'><arg type='s' direction='in'/></method>"
    "  <method name='Release'/>"
    "  <method name='VerifyStart'><arg type='s' direction='in'/></method>"
    "  <method name='VerifyStop'/>"
    "  <signal name='VerifyStatus'><arg type='s'/><arg type='b'/></signal>"
    "  <property name='name' type='s' access='read'/>"
    "</interface>"
    "</node>";

struct _MockFprintd
{
  GDBusConnection *bus;
  TestBusThread *thread;
  GDBusNodeInfo *info;
  guint objects[2];

  GMutex lock;
  GCond changed;
  gboolean no_reader;
  guint n_fingers;
  char *fail_method;
  char *fail_error;
  char *held_method;
  GPtrArray *held; /* of GDBusMethodInvocation */
  GQueue scans;    /* of char * */
  char *claimed_by;
  gboolean verifying;
  guint claims;
};

static void
return_error (GDBusMethodInvocation *invocation, const char *name)
{
  g_autofree char *full = g_strconcat (FPRINT ".Error.", name, NULL);

  g_dbus_method_invocation_return_dbus_error (invocation, full, name);
}

void
mock_fprintd_emit (MockFprintd *self, const char *result, gboolean done)
{
  g_autoptr (GError) error = NULL;

  g_dbus_connection_emit_signal (self->bus, NULL, DEVICE_PATH, FPRINT ".Device", "VerifyStatus",
                                 g_variant_new ("(sb)", result, done), &error);
  g_assert_no_error (error);
}

static gboolean
ends (const char *result)
{
  static const char *const ending[] = { "verify-match", "verify-no-match", "verify-disconnected",
                                        "verify-unknown-error", NULL };

  return g_strv_contains (ending, result);
}

/* With the lock held. */
static void
take_scans (MockFprintd *self)
{
  char *result;
  gboolean done = FALSE;

  while (!done && (result = g_queue_pop_head (&self->scans)) != NULL)
    {
      done = g_str_has_suffix (result, "!");
      if (done)
        result[strlen (result) - 1] = '\0';
      done = done || ends (result);
      mock_fprintd_emit (self, result, done);
      g_free (result);
    }
}

static void
list_fingers (MockFprintd *self, GDBusMethodInvocation *invocation)
{
  GVariantBuilder fingers;

  if (self->n_fingers == 0)
    {
      return_error (invocation, "NoEnrolledPrints");
      return;
    }
  g_variant_builder_init (&fingers, G_VARIANT_TYPE_STRING_ARRAY);
  for (guint i = 0; i < self->n_fingers; i++)
    g_variant_builder_add (&fingers, "s", i == 0 ? "right-index-finger" : "left-index-finger");
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(as)", &fingers));
}

static void
claim (MockFprintd *self, const char *sender, GDBusMethodInvocation *invocation)
{
  if (self->claimed_by != NULL)
    {
      return_error (invocation, "AlreadyInUse");
      return;
    }
  self->claimed_by = g_strdup (sender);
  self->claims++;
  g_dbus_method_invocation_return_value (invocation, NULL);
}

static void
use_device (MockFprintd *self,
            const char *sender,
            const char *method,
            GDBusMethodInvocation *invocation)
{
  const gboolean start = g_str_equal (method, "VerifyStart");

  if (g_strcmp0 (sender, self->claimed_by) != 0)
    return_error (invocation, "ClaimDevice");
  else if (start && self->verifying)
    return_error (invocation, "AlreadyInUse");
  else if (g_str_equal (method, "VerifyStop") && !self->verifying)
    return_error (invocation, "NoActionInProgress");
  else
    {
      self->verifying = start;
      if (g_str_equal (method, "Release"))
        g_clear_pointer (&self->claimed_by, g_free);
      g_dbus_method_invocation_return_value (invocation, NULL);
      if (start)
        take_scans (self);
    }
}

/* With the lock held. */
static void
handle (MockFprintd *self, GDBusMethodInvocation *invocation)
{
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  const char *sender = g_dbus_method_invocation_get_sender (invocation);
  const char *who = NULL;

  if (g_strcmp0 (method, self->fail_method) == 0)
    return_error (invocation, self->fail_error);
  else if (g_str_equal (method, "GetDefaultDevice"))
    {
      if (self->no_reader)
        return_error (invocation, "NoSuchDevice");
      else
        g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", DEVICE_PATH));
    }
  else if (g_str_equal (method, "ListEnrolledFingers"))
    list_fingers (self, invocation);
  else if (g_str_equal (method, "Claim"))
    {
      /* Never in somebody else's name. */
      g_variant_get (g_dbus_method_invocation_get_parameters (invocation), "(&s)", &who);
      g_assert_cmpstr (who, ==, "");
      claim (self, sender, invocation);
    }
  else
    use_device (self, sender, method, invocation);
  g_cond_broadcast (&self->changed);
}

static void
on_method (GDBusConnection *bus,
           const char *sender,
           const char *path,
           const char *interface,
           const char *method,
           GVariant *parameters,
           GDBusMethodInvocation *invocation,
           gpointer user_data)
{
  MockFprintd *self = user_data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (g_strcmp0 (method, self->held_method) == 0)
    {
      g_ptr_array_add (self->held, invocation);
      g_cond_broadcast (&self->changed);
    }
  else
    handle (self, invocation);
}

static GVariant *
on_get_property (GDBusConnection *bus,
                 const char *sender,
                 const char *path,
                 const char *interface,
                 const char *property,
                 GError **error,
                 gpointer user_data)
{
  return g_variant_new_string ("Mock Reader");
}

static const GDBusInterfaceVTable vtable = { on_method, on_get_property, NULL, { NULL } };

static void
begin (GDBusConnection *bus, gpointer user_data)
{
  MockFprintd *self = user_data;
  const char *const paths[] = { MANAGER_PATH, DEVICE_PATH };
  g_autoptr (GError) error = NULL;

  self->bus = g_object_ref (bus);
  for (gsize i = 0; i < G_N_ELEMENTS (self->objects); i++)
    {
      self->objects[i] = g_dbus_connection_register_object (
          bus, paths[i], self->info->interfaces[i], &vtable, self, NULL, &error);
      g_assert_no_error (error);
    }
  test_bus_own_name (bus, FPRINT);
}

static void
end (GDBusConnection *bus, gpointer user_data)
{
  MockFprintd *self = user_data;

  for (gsize i = 0; i < G_N_ELEMENTS (self->objects); i++)
    g_dbus_connection_unregister_object (bus, self->objects[i]);
}

MockFprintd *
mock_fprintd_new (const char *address)
{
  MockFprintd *self = g_new0 (MockFprintd, 1);
  g_autoptr (GError) error = NULL;

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  g_queue_init (&self->scans);
  self->n_fingers = 1;
  self->held = g_ptr_array_new ();
  self->info = g_dbus_node_info_new_for_xml (introspection, &error);
  g_assert_no_error (error);
  self->thread = test_bus_serve (address, begin, end, self);
  return self;
}

void
mock_fprintd_free (MockFprintd *self)
{
  if (self == NULL)
    return;
  mock_fprintd_hold (self, NULL);
  test_bus_thread_free (self->thread);
  g_object_unref (self->bus);
  g_dbus_node_info_unref (self->info);
  g_queue_clear_full (&self->scans, g_free);
  g_ptr_array_unref (self->held);
  g_free (self->fail_method);
  g_free (self->fail_error);
  g_free (self->held_method);
  g_free (self->claimed_by);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
mock_fprintd_set_reader (MockFprintd *self, gboolean exists)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->no_reader = !exists;
}

void
mock_fprintd_set_fingers (MockFprintd *self, guint n_fingers)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->n_fingers = n_fingers;
}

void
mock_fprintd_fail (MockFprintd *self, const char *method, const char *error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_free (self->fail_method);
  g_free (self->fail_error);
  self->fail_method = g_strdup (method);
  self->fail_error = g_strdup (error);
}

void
mock_fprintd_hold (MockFprintd *self, const char *method)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_free (self->held_method);
  self->held_method = g_strdup (method);
  for (guint i = 0; i < self->held->len; i++)
    handle (self, self->held->pdata[i]);
  g_ptr_array_set_size (self->held, 0);
}

void
mock_fprintd_scan (MockFprintd *self, const char *results)
{
  g_auto (GStrv) words = g_strsplit (results, " ", -1);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  for (char **word = words; *word != NULL; word++)
    g_queue_push_tail (&self->scans, g_strdup (*word));
}

gboolean
mock_fprintd_is_claimed (MockFprintd *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->claimed_by != NULL;
}

gboolean
mock_fprintd_is_verifying (MockFprintd *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->verifying;
}

guint
mock_fprintd_count_claims (MockFprintd *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->claims;
}

gboolean
mock_fprintd_is_holding (MockFprintd *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->held->len > 0;
}

void
mock_fprintd_wait_verifying (MockFprintd *self)
{
  const gint64 end = g_get_monotonic_time () + PATIENCE_S * G_TIME_SPAN_SECOND;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (!self->verifying)
    if (!g_cond_wait_until (&self->changed, &self->lock, end))
      g_error ("The fingerprint reader was never used; it was claimed %u times", self->claims);
}

void
mock_fprintd_wait_released (MockFprintd *self)
{
  const gint64 end = g_get_monotonic_time () + PATIENCE_S * G_TIME_SPAN_SECOND;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (self->claimed_by != NULL)
    if (!g_cond_wait_until (&self->changed, &self->lock, end))
      g_error ("The fingerprint reader was never given back");
}
