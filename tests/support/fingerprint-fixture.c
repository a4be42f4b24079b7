/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/fingerprint-fixture.h"

#include "tests/support/test-bus.h"
#include "tests/support/wait-for.h"

void
fingerprint_fixture_set_up (FingerprintFixture *self)
{
  self->daemon = g_test_dbus_new (G_TEST_DBUS_NONE);
  g_test_dbus_up (self->daemon);
  self->ours = test_bus_connect (fingerprint_fixture_get_address (self));
  self->fingerprint = mortise_fingerprint_new ();
  mortise_fingerprint_set_bus (self->fingerprint, self->ours);
  self->cancellable = g_cancellable_new ();
  self->scans = g_string_new (NULL);
}

void
fingerprint_fixture_tear_down (FingerprintFixture *self)
{
  g_assert_true (g_dbus_connection_close_sync (self->ours, NULL, NULL));
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_finalize_object (self->fingerprint);
  g_object_unref (self->ours);
  g_test_dbus_down (self->daemon);
  g_object_unref (self->daemon);
  g_object_unref (self->cancellable);
  g_string_free (self->scans, TRUE);
}

const char *
fingerprint_fixture_get_address (FingerprintFixture *self)
{
  return g_test_dbus_get_bus_address (self->daemon);
}

static void
on_scan (MortiseFingerprintScan scan, gpointer user_data)
{
  static const char *const names[] = { "waiting", "again", "short", "beside", "lift", "wrong" };
  FingerprintFixture *self = user_data;

  g_string_append_printf (self->scans, "%s,", names[scan]);
}

static void
on_verified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FingerprintFixture *self = user_data;

  self->status = mortise_fingerprint_verify_finish (self->fingerprint, result);
  self->over = TRUE;
}

void
fingerprint_fixture_start (FingerprintFixture *self)
{
  self->over = FALSE;
  mortise_fingerprint_verify_async (self->fingerprint, FINGERPRINT_FIXTURE_MAX_MISSES, on_scan,
                                    self->cancellable, on_verified, self);
}

MortiseFingerprintStatus
fingerprint_fixture_finish (FingerprintFixture *self)
{
  WAIT_FOR (self->over);
  return self->status;
}
