/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/platform/fingerprint.h"

#include "tests/support/fingerprint-fixture.h"
#include "tests/support/mock-fprintd.h"
#include "tests/support/test-bus.h"
#include "tests/support/wait-for.h"

typedef struct
{
  FingerprintFixture base;
  MockFprintd *fprintd;
} Fixture;

static void
set_up (Fixture *f, gconstpointer user_data)
{
  fingerprint_fixture_set_up (&f->base);
  f->fprintd = mock_fprintd_new (fingerprint_fixture_get_address (&f->base));
}

/* A round trip: what was sent before has been dealt with after. */
static void
settle (Fixture *f)
{
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      f->base.ours, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "GetId", NULL, NULL, G_DBUS_CALL_FLAGS_NONE, G_MAXINT, NULL, NULL);

  g_assert_nonnull (reply);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
tear_down (Fixture *f, gconstpointer user_data)
{
  settle (f);
  mock_fprintd_free (f->fprintd);
  fingerprint_fixture_tear_down (&f->base);
}

static void
start (Fixture *f)
{
  fingerprint_fixture_start (&f->base);
}

static MortiseFingerprintStatus
verify (Fixture *f)
{
  start (f);
  return fingerprint_fixture_finish (&f->base);
}

/* The reader is given back without anybody asking further. */
static void
assert_released (Fixture *f)
{
  while (mock_fprintd_is_claimed (f->fprintd))
    settle (f);
  g_assert_false (mock_fprintd_is_verifying (f->fprintd));
}

/* --- What there is -----------------------------------------------------------------------------
 */

static void
test_ready (Fixture *f, gconstpointer user_data)
{
  g_autofree char *reader = NULL;

  g_assert_cmpint (mortise_fingerprint_check (f->base.fingerprint, NULL, &reader), ==,
                   MORTISE_FINGERPRINT_READY);
  g_assert_cmpstr (reader, ==, "Mock Reader");
  /* To look is not to take. */
  g_assert_cmpuint (mock_fprintd_count_claims (f->fprintd), ==, 0);
}

static void
test_no_bus (Fixture *f, gconstpointer user_data)
{
  mortise_fingerprint_set_bus (f->base.fingerprint, NULL);
  g_assert_cmpint (mortise_fingerprint_check (f->base.fingerprint, NULL, NULL), ==,
                   MORTISE_FINGERPRINT_NO_SERVICE);
  g_assert_cmpint (verify (f), ==, MORTISE_FINGERPRINT_NO_SERVICE);
}

static void
test_no_service (Fixture *f, gconstpointer user_data)
{
  g_clear_pointer (&f->fprintd, mock_fprintd_free);
  g_assert_cmpint (mortise_fingerprint_check (f->base.fingerprint, NULL, NULL), ==,
                   MORTISE_FINGERPRINT_NO_SERVICE);
  g_assert_cmpint (verify (f), ==, MORTISE_FINGERPRINT_NO_SERVICE);
}

static void
test_no_reader (Fixture *f, gconstpointer user_data)
{
  mock_fprintd_set_reader (f->fprintd, FALSE);
  g_assert_cmpint (mortise_fingerprint_check (f->base.fingerprint, NULL, NULL), ==,
                   MORTISE_FINGERPRINT_NO_READER);
  g_assert_cmpint (verify (f), ==, MORTISE_FINGERPRINT_NO_READER);
}

static void
test_no_finger (Fixture *f, gconstpointer user_data)
{
  mock_fprintd_set_fingers (f->fprintd, 0);
  g_assert_cmpint (mortise_fingerprint_check (f->base.fingerprint, NULL, NULL), ==,
                   MORTISE_FINGERPRINT_NO_FINGER);
  g_assert_cmpint (verify (f), ==, MORTISE_FINGERPRINT_NO_FINGER);
  g_assert_cmpuint (mock_fprintd_count_claims (f->fprintd), ==, 0);
}

static void
test_check_cancelled (Fixture *f, gconstpointer user_data)
{
  g_cancellable_cancel (f->base.cancellable);
  g_assert_cmpint (mortise_fingerprint_check (f->base.fingerprint, f->base.cancellable, NULL), ==,
                   MORTISE_FINGERPRINT_CANCELLED);
}

/* --- Who answers -------------------------------------------------------------------------------
 */

static const char bus_introspection[] =
    "<node><interface name='org.freedesktop.DBus'>"
    "  <method name='GetNameOwner'><arg type='s' direction='in'/><arg type='s' "
    "direction='out'/></method>"
    "  <method name='GetConnectionUnixUser'><arg type='s' direction='in'/><arg type='u' "
    "direction='out'/></method>"
    "</interface></node>";

/* A bus run by user 101, on which fprintd's name belongs to @owner. */
typedef struct
{
  guint32 owner;
  GDBusNodeInfo *info;
  GDBusConnection *connection;
} FakeBus;

static void
on_bus_method (GDBusConnection *bus,
               const char *sender,
               const char *path,
               const char *interface,
               const char *method,
               GVariant *parameters,
               GDBusMethodInvocation *invocation,
               gpointer user_data)
{
  FakeBus *fake = user_data;
  const char *name;

  g_variant_get (parameters, "(&s)", &name);
  if (g_str_equal (method, "GetNameOwner"))
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(s)", ":1.7"));
  else if (g_str_equal (name, "org.freedesktop.DBus"))
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u)", 101));
  else
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u)", fake->owner));
}

static gboolean
on_bus_connection (GDBusServer *server, GDBusConnection *connection, gpointer user_data)
{
  static const GDBusInterfaceVTable vtable = { on_bus_method, NULL, NULL, { NULL } };
  FakeBus *fake = user_data;

  fake->connection = g_object_ref (connection);
  return g_dbus_connection_register_object (connection, "/org/freedesktop/DBus",
                                            fake->info->interfaces[0], &vtable, fake, NULL,
                                            NULL) != 0;
}

static void
on_connected (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GDBusConnection **) user_data = g_dbus_connection_new_for_address_finish (result, NULL);
}

/* Anybody may take a free name where the bus's policy is lax; believed is only who is root, or who
 * runs the bus. */
static void
test_owner (Fixture *f, gconstpointer user_data)
{
  FakeBus fake = { .info = g_dbus_node_info_new_for_xml (bus_introspection, NULL) };
  g_autofree char *guid = g_dbus_generate_guid ();
  g_autofree char *address = g_strdup_printf ("unix:abstract=%s", guid);
  g_autoptr (GError) error = NULL;
  g_autoptr (GDBusServer) server =
      g_dbus_server_new_sync (address, G_DBUS_SERVER_FLAGS_NONE, guid, NULL, NULL, &error);
  g_autoptr (GDBusConnection) connection = NULL;
  const struct
  {
    guint32 owner;
    gboolean believed;
  } owners[] = { { 0, TRUE }, { 101, TRUE }, { 1000, FALSE } };

  g_assert_no_error (error);
  g_signal_connect (server, "new-connection", G_CALLBACK (on_bus_connection), &fake);
  g_dbus_server_start (server);
  g_dbus_connection_new_for_address (g_dbus_server_get_client_address (server),
                                     G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL, NULL,
                                     on_connected, &connection);
  WAIT_FOR (connection != NULL && fake.connection != NULL);
  mortise_fingerprint_set_bus (f->base.fingerprint, connection);
  for (gsize i = 0; i < G_N_ELEMENTS (owners); i++)
    {
      fake.owner = owners[i].owner;
      /* Who is believed is asked further, and has no answer here. */
      g_assert_cmpint (verify (f), ==,
                       owners[i].believed ? MORTISE_FINGERPRINT_FAILED
                                          : MORTISE_FINGERPRINT_UNTRUSTED);
    }
  mortise_fingerprint_set_bus (f->base.fingerprint, NULL);
  g_dbus_server_stop (server);
  g_dbus_connection_close_sync (connection, NULL, NULL);
  g_clear_object (&fake.connection);
  g_dbus_node_info_unref (fake.info);
}

/* --- What it refuses ---------------------------------------------------------------------------
 */

typedef struct
{
  const char *method;
  const char *error;
  MortiseFingerprintStatus status;
} Refusal;

static const Refusal refusals[] = {
  { "Claim", "AlreadyInUse", MORTISE_FINGERPRINT_IN_USE },
  { "Claim", "PermissionDenied", MORTISE_FINGERPRINT_NOT_ALLOWED },
  { "Claim", "Internal", MORTISE_FINGERPRINT_FAILED },
  { "VerifyStart", "NoEnrolledPrints", MORTISE_FINGERPRINT_NO_FINGER },
  { "VerifyStart", "Internal", MORTISE_FINGERPRINT_FAILED },
  { "ListEnrolledFingers", "PermissionDenied", MORTISE_FINGERPRINT_NOT_ALLOWED },
};

static void
test_refused (Fixture *f, gconstpointer user_data)
{
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      mock_fprintd_fail (f->fprintd, refusals[i].method, refusals[i].error);
      g_assert_cmpint (verify (f), ==, refusals[i].status);
      assert_released (f);
    }
  mock_fprintd_fail (f->fprintd, NULL, NULL);
  mock_fprintd_scan (f->fprintd, "verify-match");
  g_assert_cmpint (verify (f), ==, MORTISE_FINGERPRINT_MATCH);
}

/* Each state has words, and whoever can do something is told what. */
static void
test_words (Fixture *f, gconstpointer user_data)
{
  for (guint status = 0; status <= MORTISE_FINGERPRINT_MATCH; status++)
    {
      const char *text = mortise_fingerprint_status_get_text (status);

      for (guint other = 0; other < status && *text != '\0'; other++)
        g_assert_cmpstr (text, !=, mortise_fingerprint_status_get_text (other));
      g_assert_cmpstr (mortise_fingerprint_status_to_name (status), !=, "");
      if (status <= MORTISE_FINGERPRINT_LOST)
        {
          g_assert_cmpstr (text, !=, "");
          g_assert_cmpstr (mortise_fingerprint_status_get_step (status), !=, "");
        }
    }
}

/* --- Fingers -----------------------------------------------------------------------------------
 */

static void
test_match (Fixture *f, gconstpointer user_data)
{
  mock_fprintd_scan (f->fprintd, "verify-match");
  g_assert_cmpint (verify (f), ==, MORTISE_FINGERPRINT_MATCH);
  assert_released (f);
  /* And once more: nothing was left behind. */
  mock_fprintd_scan (f->fprintd, "verify-match");
  g_assert_cmpint (verify (f), ==, MORTISE_FINGERPRINT_MATCH);
  assert_released (f);
  g_assert_cmpuint (mock_fprintd_count_claims (f->fprintd), ==, 2);
}

static void
test_retries (Fixture *f, gconstpointer user_data)
{
  start (f);
  WAIT_FOR (f->base.scans->len > 0);
  g_assert_cmpstr (f->base.scans->str, ==, "waiting,");
  mock_fprintd_emit (f->fprintd, "verify-retry-scan", FALSE);
  mock_fprintd_emit (f->fprintd, "verify-swipe-too-short", FALSE);
  mock_fprintd_emit (f->fprintd, "verify-finger-not-centered", FALSE);
  mock_fprintd_emit (f->fprintd, "verify-remove-and-retry", FALSE);
  mock_fprintd_emit (f->fprintd, "verify-something-new", FALSE);
  mock_fprintd_emit (f->fprintd, "verify-match", TRUE);
  fingerprint_fixture_finish (&f->base);
  g_assert_cmpint (f->base.status, ==, MORTISE_FINGERPRINT_MATCH);
  g_assert_cmpstr (f->base.scans->str, ==, "waiting,again,short,beside,lift,again,");
  assert_released (f);
}

/* Some readers end at each bad scan. */
static void
test_retry_that_ends (Fixture *f, gconstpointer user_data)
{
  mock_fprintd_scan (f->fprintd, "verify-retry-scan! verify-swipe-too-short! verify-match");
  g_assert_cmpint (verify (f), ==, MORTISE_FINGERPRINT_MATCH);
  g_assert_nonnull (strstr (f->base.scans->str, "again,short,"));
  assert_released (f);
}

static void
test_wrong_then_right (Fixture *f, gconstpointer user_data)
{
  mock_fprintd_scan (f->fprintd, "verify-no-match verify-no-match verify-match");
  g_assert_cmpint (verify (f), ==, MORTISE_FINGERPRINT_MATCH);
  g_assert_nonnull (strstr (f->base.scans->str, "wrong,wrong,"));
  g_assert_cmpuint (mock_fprintd_count_claims (f->fprintd), ==, 1);
  assert_released (f);
}

static void
test_all_wrong (Fixture *f, gconstpointer user_data)
{
  mock_fprintd_scan (f->fprintd, "verify-no-match verify-no-match verify-no-match verify-match");
  g_assert_cmpint (verify (f), ==, MORTISE_FINGERPRINT_NO_MATCH);
  assert_released (f);
}

static void
test_broken (Fixture *f, gconstpointer user_data)
{
  mock_fprintd_scan (f->fprintd, "verify-unknown-error");
  g_assert_cmpint (verify (f), ==, MORTISE_FINGERPRINT_FAILED);
  assert_released (f);
  mock_fprintd_scan (f->fprintd, "verify-disconnected");
  g_assert_cmpint (verify (f), ==, MORTISE_FINGERPRINT_LOST);
  assert_released (f);
}

/* A reader that sees bad fingers for ever is no reader. */
static void
test_flood (Fixture *f, gconstpointer user_data)
{
  start (f);
  WAIT_FOR (f->base.scans->len > 0);
  for (guint i = 0; i < 100; i++)
    mock_fprintd_emit (f->fprintd, "verify-retry-scan", FALSE);
  fingerprint_fixture_finish (&f->base);
  g_assert_cmpint (f->base.status, ==, MORTISE_FINGERPRINT_FAILED);
  assert_released (f);
}

/* A match that was signalled before we asked is about somebody else. */
static void
test_early_match (Fixture *f, gconstpointer user_data)
{
  mock_fprintd_hold (f->fprintd, "Claim");
  start (f);
  while (!mock_fprintd_is_holding (f->fprintd))
    settle (f);
  mock_fprintd_emit (f->fprintd, "verify-match", TRUE);
  settle (f);
  settle (f);
  g_assert_false (f->base.over);
  mock_fprintd_hold (f->fprintd, NULL);
  WAIT_FOR (f->base.scans->len > 0);
  g_assert_false (f->base.over);
  mock_fprintd_emit (f->fprintd, "verify-no-match", TRUE);
  mock_fprintd_scan (f->fprintd, "verify-match");
  fingerprint_fixture_finish (&f->base);
  g_assert_cmpint (f->base.status, ==, MORTISE_FINGERPRINT_MATCH);
}

/* What somebody else says on the bus is not heard. */
static void
test_forged_match (Fixture *f, gconstpointer user_data)
{
  g_autoptr (GError) error = NULL;

  start (f);
  WAIT_FOR (f->base.scans->len > 0);
  g_dbus_connection_emit_signal (f->base.ours, NULL, "/net/reactivated/Fprint/Device/0",
                                 "net.reactivated.Fprint.Device", "VerifyStatus",
                                 g_variant_new ("(sb)", "verify-match", TRUE), &error);
  g_assert_no_error (error);
  settle (f);
  settle (f);
  g_assert_false (f->base.over);
  g_cancellable_cancel (f->base.cancellable);
  fingerprint_fixture_finish (&f->base);
  g_assert_cmpint (f->base.status, ==, MORTISE_FINGERPRINT_CANCELLED);
  assert_released (f);
}

/* --- Ends --------------------------------------------------------------------------------------
 */

static void
test_cancel (Fixture *f, gconstpointer user_data)
{
  start (f);
  WAIT_FOR (f->base.scans->len > 0);
  g_assert_true (mock_fprintd_is_verifying (f->fprintd));
  g_cancellable_cancel (f->base.cancellable);
  fingerprint_fixture_finish (&f->base);
  g_assert_cmpint (f->base.status, ==, MORTISE_FINGERPRINT_CANCELLED);
  assert_released (f);
}

/* Cancelled while the service was about to give us the reader: it is given back all the same. */
static void
test_cancel_midway (Fixture *f, gconstpointer user_data)
{
  const char *method = user_data;

  mock_fprintd_hold (f->fprintd, method);
  start (f);
  while (!mock_fprintd_is_holding (f->fprintd))
    settle (f);
  g_cancellable_cancel (f->base.cancellable);
  fingerprint_fixture_finish (&f->base);
  g_assert_cmpint (f->base.status, ==, MORTISE_FINGERPRINT_CANCELLED);
  mock_fprintd_hold (f->fprintd, NULL);
  settle (f);
  assert_released (f);
}

static void
test_service_dies (Fixture *f, gconstpointer user_data)
{
  start (f);
  WAIT_FOR (f->base.scans->len > 0);
  g_clear_pointer (&f->fprintd, mock_fprintd_free);
  fingerprint_fixture_finish (&f->base);
  g_assert_cmpint (f->base.status, ==, MORTISE_FINGERPRINT_LOST);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/fingerprint/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("ready", test_ready);
  ADD ("no-bus", test_no_bus);
  ADD ("no-service", test_no_service);
  ADD ("no-reader", test_no_reader);
  ADD ("no-finger", test_no_finger);
  ADD ("check-cancelled", test_check_cancelled);
  ADD ("owner", test_owner);
  ADD ("refused", test_refused);
  ADD ("words", test_words);
  ADD ("match", test_match);
  ADD ("retries", test_retries);
  ADD ("retry-that-ends", test_retry_that_ends);
  ADD ("wrong-then-right", test_wrong_then_right);
  ADD ("all-wrong", test_all_wrong);
  ADD ("broken", test_broken);
  ADD ("flood", test_flood);
  ADD ("early-match", test_early_match);
  ADD ("forged-match", test_forged_match);
  ADD ("cancel", test_cancel);
  g_test_add ("/fingerprint/cancel-at-claim", Fixture, "Claim", set_up, test_cancel_midway,
              tear_down);
  g_test_add ("/fingerprint/cancel-at-start", Fixture, "VerifyStart", set_up, test_cancel_midway,
              tear_down);
  ADD ("service-dies", test_service_dies);
  return g_test_run ();
}
