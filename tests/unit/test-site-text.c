/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/text/site-text.h"

/* What stands for a site, as the prompt and the window call it. */

static const char code[] = "5a81483d96b0bc15ad19af7f5a662e14b275729fbc05579b18513e7f550016b1";

static void
test_code (void)
{
  g_autofree char *longer = g_strconcat (code, "0", NULL);
  g_autofree char *upper = g_ascii_strup (code, -1);
  g_autofree char *dotted = g_strconcat (code + 4, ".com", NULL);

  g_assert_true (mortise_site_text_is_code (code));
  g_assert_false (mortise_site_text_is_code (code + 1));
  g_assert_false (mortise_site_text_is_code (longer));
  g_assert_false (mortise_site_text_is_code (upper));
  g_assert_false (mortise_site_text_is_code (dotted));
  g_assert_false (mortise_site_text_is_code (""));
}

static void
test_host (void)
{
  static const struct
  {
    const char *rp_id;
    const char *host;
  } cases[] = {
    { "https://u2f.example/ids.json", "u2f.example" },
    { "https://good.example@evil.example/good.example", "evil.example" },
    { "https://u2f.example", "u2f.example" },
    { "https://", NULL },
    { "https:///path", NULL },
    { "http://u2f.example/", NULL },
    { "u2f.example", NULL },
    { "ssh:", NULL },
    { code, NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *host = mortise_site_text_dup_host (cases[i].rp_id);

      g_assert_cmpstr (host, ==, cases[i].host);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/site-text/code", test_code);
  g_test_add_func ("/site-text/host", test_host);
  return g_test_run ();
}
