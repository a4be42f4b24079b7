/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <locale.h>

#include "app/ctl/ctl-commands.h"
#include "app/ctl/ctl-json.h"
#include "app/ctl/ctl-table.h"
#include "core/mortise-error.h"

static void
test_width (void)
{
  g_assert_cmpuint (mortise_ctl_text_width (""), ==, 0);
  g_assert_cmpuint (mortise_ctl_text_width ("abc"), ==, 3);
  g_assert_cmpuint (mortise_ctl_text_width ("パス"), ==, 4);
  g_assert_cmpuint (mortise_ctl_text_width ("e\xcc\x81"), ==, 1);
}

static void
test_table (void)
{
  MortiseCtlTable *table;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      /* Columns line up by what a terminal shows; escape sequences of a hostile site do not
       * reach it; no line ends in blanks. */
      g_test_trap_assert_stdout ("*No.  Site    Account\n"
                                 "1    鍵.org  a\n"
                                 "22   x\xef\xbf\xbd[2Jy  b\n*");
      return;
    }
  table = mortise_ctl_table_new ("No.", "Site", "Account", NULL);
  mortise_ctl_table_add (table, "1", "鍵.org", "a", NULL);
  mortise_ctl_table_add (table, "22", "x\x1b[2Jy", "b", NULL);
  mortise_ctl_table_print (table);
}

static void
test_json (void)
{
  g_autoptr (GVariant) value = NULL;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      g_test_trap_assert_stdout ("*{\n"
                                 "  \"bytes\" : \"-_8\",\n"
                                 "  \"none\" : \"\",\n"
                                 "  \"large\" : 9007199254740993,\n"
                                 "  \"list\" : [\n"
                                 "    \"a\\\"b\"\n"
                                 "  ],\n"
                                 "  \"yes\" : true\n"
                                 "}\n*");
      return;
    }
  value = g_variant_parse (G_VARIANT_TYPE_VARDICT,
                           "{'bytes': <[byte 0xfb, 0xff]>, 'none': <@ay []>, "
                           "'large': <int64 9007199254740993>, 'list': <['a\"b']>, 'yes': <true>}",
                           NULL, NULL, NULL);
  g_assert_nonnull (value);
  mortise_ctl_print_json (value);
}

static void
assert_exit (GQuark domain, int code, MortiseCtlExit expected)
{
  g_autoptr (GError) error = g_error_new_literal (domain, code, "");

  g_assert_cmpint (mortise_ctl_exit_from_error (error), ==, expected);
}

static void
test_exit (void)
{
  assert_exit (MORTISE_ERROR, MORTISE_ERROR_DENIED, MORTISE_CTL_EXIT_DENIED);
  assert_exit (MORTISE_ERROR, MORTISE_ERROR_TIMED_OUT, MORTISE_CTL_EXIT_DENIED);
  assert_exit (MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED, MORTISE_CTL_EXIT_LOCKED);
  assert_exit (MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND, MORTISE_CTL_EXIT_NOT_FOUND);
  assert_exit (MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT, MORTISE_CTL_EXIT_USAGE);
  assert_exit (MORTISE_ERROR, MORTISE_ERROR_TPM_GONE, MORTISE_CTL_EXIT_FAILED);
  assert_exit (G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY, MORTISE_CTL_EXIT_NO_AGENT);
}

int
main (int argc, char **argv)
{
  /* What a terminal gets is in the locale's character set. */
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  setlocale (LC_ALL, "");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ctl/width", test_width);
  g_test_add_func ("/ctl/table", test_table);
  g_test_add_func ("/ctl/json", test_json);
  g_test_add_func ("/ctl/exit", test_exit);
  return g_test_run ();
}
