/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/mortise-error.h"

#include <gio/gio.h>

static void
test_round_trip (void)
{
  for (int code = 0; code <= MORTISE_ERROR_RECOVERY_INVALID; code++)
    {
      g_autoptr (GError) sent = g_error_new_literal (MORTISE_ERROR, code, "text");
      g_autofree char *name = g_dbus_error_encode_gerror (sent);
      g_autoptr (GError) received = g_dbus_error_new_for_dbus_error (name, "text");

      g_assert_true (g_str_has_prefix (name, MORTISE_APP_ID ".Error."));
      g_assert_cmpstr (strrchr (name, '.') + 1, ==, mortise_error_to_name ((MortiseError) code));
      g_assert_error (received, MORTISE_ERROR, code);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/dbus-round-trip", test_round_trip);
  return g_test_run ();
}
