/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-site.h"

static void
assert_site (const char *rp_id, const char *text, const char *note_part, gboolean suspicious)
{
  g_autoptr (MortisePromptSite) site = mortise_prompt_site_new (rp_id);

  g_assert_cmpstr (site->text, ==, text);
  if (note_part == NULL)
    g_assert_null (site->note);
  else
    g_assert_nonnull (strstr (site->note, note_part));
  g_assert_cmpint (site->suspicious, ==, suspicious);
}

static void
test_plain (void)
{
  assert_site ("example.org", "example.org", NULL, FALSE);
  assert_site ("localhost", "localhost", NULL, FALSE);
  assert_site (".dummy", ".dummy", NULL, FALSE);
  assert_site ("ssh:", "ssh:", NULL, FALSE);
  assert_site ("pam://walnut", "pam://walnut", NULL, FALSE);
}

/* The name by which one site cannot pass for another stays the large one. */
static void
test_internationalised (void)
{
  assert_site ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example", "münchen.example", FALSE);
  assert_site ("xn--r8jz45g.xn--zckzah", "xn--r8jz45g.xn--zckzah", "例え.テスト", FALSE);
  /* Cyrillic letters that look Latin. */
  assert_site ("xn--80ak6aa92e.com", "xn--80ak6aa92e.com", "аррӏе.com", FALSE);
  /* Punycode that stands for nothing. */
  assert_site ("xn--zzzzzzz99999999.example", "xn--zzzzzzz99999999.example", NULL, FALSE);
  assert_site ("xn--.example", "xn--.example", NULL, FALSE);
}

static void
test_not_a_host_name (void)
{
  assert_site ("аpple.com", "[U+0430]pple.com", "not the address", TRUE);
  assert_site ("evil.example\u202Emoc.elppa", "evil.example[U+202E]moc.elppa", "not the address",
               TRUE);
  assert_site ("a\nb.example", "a[U+000A]b.example", "not the address", TRUE);
  assert_site ("apple.com evil.example", "apple.com[U+0020]evil.example", "not the address", TRUE);
  assert_site ("\xff.example", "[U+FFFD].example", "not the address", TRUE);
}

static void
test_long (void)
{
  g_autofree char *prefix = g_strnfill (9000, 'a');
  g_autofree char *rp_id = g_strconcat (prefix, ".evil.example", NULL);
  g_autoptr (MortisePromptSite) site = mortise_prompt_site_new (rp_id);

  g_assert_true (g_str_has_prefix (site->text, "…aaa"));
  g_assert_true (g_str_has_suffix (site->text, "aaa.evil.example"));
  g_assert_cmpint (g_utf8_strlen (site->text, -1), ==, 254);
}

static void
test_u2f (void)
{
  g_autofree char *code = g_strnfill (64, 'a');
  g_autofree char *upper = g_strnfill (64, 'A');

  assert_site (code, "Site known only by a code", "aaaaaaaaaaaaaaaa.", FALSE);
  assert_site (upper, upper, NULL, FALSE);
}

/* What a site may choose freely of its AppID does not stand in the site's place. */
static void
test_app_id (void)
{
  assert_site ("https://github.com/u2f/trusted_facets", "github.com", "trusted_facets", FALSE);
  assert_site ("https://evil.example/https://example.org", "evil.example", "https://evil", FALSE);
  assert_site ("https://example.org@evil.example/", "evil.example", "example.org@", FALSE);
  assert_site ("https://evil.example?example.org", "evil.example", "?example.org", FALSE);
  assert_site ("https:///example.org", "https:///example.org", NULL, FALSE);
  assert_site ("ssh:", "ssh:", NULL, FALSE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/prompt-site/plain", test_plain);
  g_test_add_func ("/prompt-site/internationalised", test_internationalised);
  g_test_add_func ("/prompt-site/not-a-host-name", test_not_a_host_name);
  g_test_add_func ("/prompt-site/long", test_long);
  g_test_add_func ("/prompt-site/u2f", test_u2f);
  g_test_add_func ("/prompt-site/app-id", test_app_id);
  return g_test_run ();
}
