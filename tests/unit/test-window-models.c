/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/moment.h"
#include "app/window/passkey-groups.h"
#include "app/window/passkey.h"

#define NOW 1778760000

static MortisePasskey *
new_passkey (const char *text)
{
  g_autoptr (GVariant) dictionary = g_variant_ref_sink (g_variant_new_parsed (text));
  MortisePasskey *passkey = mortise_passkey_new (dictionary);

  g_assert_nonnull (passkey);
  return passkey;
}

static void
test_parse (void)
{
  g_autoptr (MortisePasskey) passkey = new_passkey (
      "{'id': <int64 7>, 'rp-id': <'example.com'>, 'user-name': <'alice'>, 'class': "
      "<'device-only'>,"
      " 'algorithm': <-7>, 'credential-id': <b'abc'>, 'use-count': <uint64 9>,"
      " 'extensions': <['hmac-secret']>, 'last-flags': <byte 0x05>, 'sign-count': <uint32 3>}");
  const MortisePasskeyData *data = mortise_passkey_get_data (passkey);

  g_assert_cmpint (data->id, ==, 7);
  g_assert_cmpstr (data->rp_id, ==, "example.com");
  g_assert_cmpstr (data->user_name, ==, "alice");
  g_assert_null (data->label);
  g_assert_cmpint (data->kind, ==, MORTISE_PASSKEY_DEVICE_ONLY);
  g_assert_cmpint (data->algorithm, ==, -7);
  g_assert_cmpuint (g_bytes_get_size (data->credential_id), ==, 4);
  g_assert_cmpuint (data->use_count, ==, 9);
  g_assert_cmpstr (data->extensions[0], ==, "hmac-secret");
  g_assert_cmpuint (data->last_flags, ==, 5);
}

/* Members of other types are left out; without an id or a site there is no passkey. */
static void
test_parse_wrong_shapes (void)
{
  g_autoptr (MortisePasskey) passkey = new_passkey (
      "{'id': <int64 7>, 'rp-id': <'a'>, 'user-name': <5>, 'class': <'new-kind'>,"
      " 'algorithm': <'x'>, 'extensions': <'no list'>, 'created': <'today'>, 'more': <true>}");
  const MortisePasskeyData *data = mortise_passkey_get_data (passkey);
  g_autoptr (GVariant) no_site = g_variant_ref_sink (g_variant_new_parsed ("{'id': <int64 7>}"));
  g_autoptr (GVariant) no_id =
      g_variant_ref_sink (g_variant_new_parsed ("{'id': <'7'>, 'rp-id': <'a'>}"));

  g_assert_null (data->user_name);
  g_assert_cmpint (data->kind, !=, MORTISE_PASSKEY_DEVICE_ONLY);
  g_assert_cmpint (data->algorithm, ==, 0);
  g_assert_nonnull (data->extensions);
  g_assert_null (mortise_passkey_new (no_site));
  g_assert_null (mortise_passkey_new (no_id));
}

static void
test_words (void)
{
  g_autoptr (MortisePasskey) named =
      new_passkey ("{'id': <int64 1>, 'rp-id': <'accounts.google.com'>, 'user-name': <' '>,"
                   " 'user-display-name': <'Alice'>, 'label': <'Work'>}");
  g_autoptr (MortisePasskey) bare =
      new_passkey ("{'id': <int64 2>, 'rp-id': <'www.example.co.uk'>}");
  g_autofree char *account = mortise_passkey_dup_account (named);
  g_autofree char *note = mortise_passkey_dup_note (named);
  g_autofree char *sentence = mortise_passkey_dup_sentence (named);
  g_autofree char *avatar = mortise_passkey_dup_avatar_text (named);
  g_autofree char *bare_account = mortise_passkey_dup_account (bare);
  g_autofree char *bare_note = mortise_passkey_dup_note (bare);
  g_autofree char *bare_avatar = mortise_passkey_dup_avatar_text (bare);

  g_assert_cmpstr (account, ==, "Alice");
  g_assert_cmpstr (note, ==, "Work");
  g_assert_cmpstr (sentence, ==, "Alice at accounts.google.com");
  g_assert_cmpstr (avatar, ==, "google");
  g_assert_cmpstr (bare_account, ==, "Account without a name");
  g_assert_cmpstr (bare_note, ==, "");
  g_assert_cmpstr (bare_avatar, ==, "example");
}

static void
count (guint *counter)
{
  (*counter)++;
}

static void
test_take_data (void)
{
  g_autoptr (MortisePasskey) kept =
      new_passkey ("{'id': <int64 1>, 'rp-id': <'a'>, 'label': <'old'>}");
  g_autoptr (MortisePasskey) same =
      new_passkey ("{'id': <int64 1>, 'rp-id': <'a'>, 'label': <'old'>}");
  g_autoptr (MortisePasskey) other =
      new_passkey ("{'id': <int64 1>, 'rp-id': <'a'>, 'label': <'Neues'>}");
  guint changes = 0;

  g_signal_connect_swapped (kept, "changed", G_CALLBACK (count), &changes);
  g_assert_false (mortise_passkey_take_data (kept, same));
  g_assert_cmpuint (changes, ==, 0);
  g_assert_true (mortise_passkey_take_data (kept, other));
  g_assert_cmpuint (changes, ==, 1);
  g_assert_cmpstr (mortise_passkey_get_data (kept)->label, ==, "Neues");
  g_assert_nonnull (strstr (mortise_passkey_get_search_text (kept), "neues"));
}

static const char *const vault[] = {
  "{'id': <int64 1>, 'rp-id': <'github.com'>, 'user-name': <'zoe'>, 'class': <'device-only'>,"
  " 'last-used': <int64 100>, 'created': <int64 10>}",
  "{'id': <int64 2>, 'rp-id': <'bank.example'>, 'user-name': <'42'>, 'class': <'exportable'>,"
  " 'last-used': <int64 300>, 'created': <int64 20>, 'backup-state': <true>}",
  "{'id': <int64 3>, 'rp-id': <'github.com'>, 'user-name': <'alice'>, 'class': <'exportable'>,"
  " 'last-used': <int64 200>, 'created': <int64 30>}",
  "{'id': <int64 4>, 'rp-id': <'GitHub.com'>, 'user-name': <'other site'>, 'class': <'sealed'>,"
  " 'created': <int64 40>}",
};

static GListStore *
new_vault (void)
{
  GListStore *store = g_list_store_new (MORTISE_TYPE_PASSKEY);

  for (gsize i = 0; i < G_N_ELEMENTS (vault); i++)
    {
      g_autoptr (MortisePasskey) passkey = new_passkey (vault[i]);

      g_list_store_append (store, passkey);
    }
  return store;
}

/* "[site] ids [site] ids", as the list shows them. */
static char *
describe (MortisePasskeyGroups *groups)
{
  GString *text = g_string_new (NULL);

  mortise_passkey_groups_flush (groups);
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (groups)); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (G_LIST_MODEL (groups), i);

      if (MORTISE_IS_SITE (item))
        {
          g_autofree char *name = mortise_site_dup_name (MORTISE_SITE (item));

          g_string_append_printf (text, "[%s %u]", name,
                                  mortise_site_get_count (MORTISE_SITE (item)));
        }
      else
        g_string_append_printf (text, "%d", (int) mortise_passkey_get_id (MORTISE_PASSKEY (item)));
    }
  return g_string_free (text, FALSE);
}

static void
assert_shown (MortisePasskeyGroups *groups, const char *expected)
{
  g_autofree char *shown = describe (groups);

  g_assert_cmpstr (shown, ==, expected);
}

static void
test_groups_sort (void)
{
  g_autoptr (GListStore) store = new_vault ();
  g_autoptr (MortisePasskeyGroups) groups = mortise_passkey_groups_new (G_LIST_MODEL (store));

  assert_shown (groups, "[bank.example 1]2[GitHub.com 1]4[github.com 2]31");
  mortise_passkey_groups_set_sort (groups, MORTISE_SORT_LAST_USED);
  assert_shown (groups, "[bank.example 1]2[github.com 2]31[GitHub.com 1]4");
  mortise_passkey_groups_set_sort (groups, MORTISE_SORT_CREATED);
  assert_shown (groups, "[GitHub.com 1]4[github.com 2]31[bank.example 1]2");
}

static void
test_groups_search_and_filter (void)
{
  g_autoptr (GListStore) store = new_vault ();
  g_autoptr (MortisePasskeyGroups) groups = mortise_passkey_groups_new (G_LIST_MODEL (store));

  mortise_passkey_groups_set_query (groups, "  ALICE ");
  assert_shown (groups, "[github.com 1]3");
  g_assert_cmpuint (mortise_passkey_groups_get_n_passkeys (groups), ==, 1);
  mortise_passkey_groups_set_query (groups, "git zo");
  assert_shown (groups, "[github.com 1]1");
  mortise_passkey_groups_set_query (groups, "nothing");
  assert_shown (groups, "");
  mortise_passkey_groups_set_query (groups, "");
  mortise_passkey_groups_set_filter (groups, MORTISE_FILTER_DEVICE_ONLY);
  assert_shown (groups, "[github.com 1]1");
  mortise_passkey_groups_set_filter (groups, MORTISE_FILTER_EXPORTABLE);
  assert_shown (groups, "[bank.example 1]2[GitHub.com 1]4[github.com 1]3");
  mortise_passkey_groups_set_filter (groups, MORTISE_FILTER_BACKED_UP);
  assert_shown (groups, "[bank.example 1]2");
  mortise_passkey_groups_set_filter (groups, MORTISE_FILTER_NEVER_USED);
  assert_shown (groups, "[GitHub.com 1]4");
}

/* Whatever a person may know a passkey by finds it, however it is typed. */
static void
test_search_names (void)
{
  g_autoptr (GListStore) store = new_vault ();
  g_autoptr (MortisePasskeyGroups) groups = mortise_passkey_groups_new (G_LIST_MODEL (store));
  g_autoptr (MortisePasskey) passkey = new_passkey (
      "{'id': <int64 9>, 'rp-id': <'login.shop.example'>, 'rp-name': <'Café Ｍünchen'>,"
      " 'user-name': <'zoë@post.example'>, 'user-display-name': <'山田 カナ'>,"
      " 'label': <'Straße'>, 'nickname': <'ガラケー'>}");
  static const char *const queries[] = { "shop.ex", "CAFE munchen", "zoe@post", "山田 かな",
                                         "strasse", "からけー",     "cafe ｶﾗｹｰ" };

  g_list_store_append (store, passkey);
  for (gsize i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      mortise_passkey_groups_set_query (groups, queries[i]);
      assert_shown (groups, "[login.shop.example 1]9");
    }
  mortise_passkey_groups_set_query (groups, "cafe github");
  assert_shown (groups, "");
}

typedef struct
{
  guint position;
  guint removed;
  guint added;
  guint times;
} Announced;

static void
on_items_changed (
    GListModel *model, guint position, guint removed, guint added, Announced *announced)
{
  announced->position = position;
  announced->removed = removed;
  announced->added = added;
  announced->times++;
}

/* Rows that stay are not announced, so that the list keeps its place and its focus. */
static void
test_groups_smallest_change (void)
{
  g_autoptr (GListStore) store = new_vault ();
  g_autoptr (MortisePasskeyGroups) groups = mortise_passkey_groups_new (G_LIST_MODEL (store));
  g_autoptr (MortisePasskey) added =
      new_passkey ("{'id': <int64 9>, 'rp-id': <'github.com'>, 'user-name': <'bob'>}");
  Announced announced = { 0 };

  mortise_passkey_groups_flush (groups);
  g_signal_connect (groups, "items-changed", G_CALLBACK (on_items_changed), &announced);
  g_list_store_append (store, added);
  assert_shown (groups, "[bank.example 1]2[GitHub.com 1]4[github.com 3]391");
  g_assert_cmpuint (announced.times, ==, 1);
  g_assert_cmpuint (announced.position, ==, 6);
  g_assert_cmpuint (announced.removed, ==, 0);
  g_assert_cmpuint (announced.added, ==, 1);
  g_assert_cmpuint (mortise_passkey_groups_find (groups, added), ==, 6);

  g_list_store_remove (store, 4);
  assert_shown (groups, "[bank.example 1]2[GitHub.com 1]4[github.com 2]31");
  g_assert_cmpuint (announced.removed, ==, 1);
  g_assert_cmpuint (announced.added, ==, 0);
}

static void
assert_relative (gint64 time, const char *expected)
{
  g_autofree char *text = mortise_moment_format_relative (time, NOW);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_moments (void)
{
  g_autofree char *full = mortise_moment_format_full (NOW);

  assert_relative (NOW, "just now");
  assert_relative (NOW - 60, "1 minute ago");
  assert_relative (NOW - 59 * 60, "59 minutes ago");
  assert_relative (NOW - 3600, "1 hour ago");
  assert_relative (NOW - 24 * 3600, "yesterday");
  assert_relative (NOW - 2 * 24 * 3600, "2 days ago");
  assert_relative (NOW - 40 * 24 * 3600, "4 Apr 2026");
  /* A clock that was set back. */
  assert_relative (NOW + 40 * 24 * 3600, "23 Jun 2026");
  assert_relative (G_MAXINT64, "unknown");
  g_assert_cmpstr (full, ==, "14 May 2026, 12:00");
  g_assert_cmpuint (mortise_moment_days_left (NOW, 30, NOW), ==, 30);
  g_assert_cmpuint (mortise_moment_days_left (NOW - 29 * 24 * 3600 - 1, 30, NOW), ==, 1);
  g_assert_cmpuint (mortise_moment_days_left (NOW - 40 * 24 * 3600, 30, NOW), ==, 0);
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/window-models/passkey/parse", test_parse);
  g_test_add_func ("/window-models/passkey/wrong-shapes", test_parse_wrong_shapes);
  g_test_add_func ("/window-models/passkey/words", test_words);
  g_test_add_func ("/window-models/passkey/take-data", test_take_data);
  g_test_add_func ("/window-models/groups/sort", test_groups_sort);
  g_test_add_func ("/window-models/groups/search-and-filter", test_groups_search_and_filter);
  g_test_add_func ("/window-models/groups/search-names", test_search_names);
  g_test_add_func ("/window-models/groups/smallest-change", test_groups_smallest_change);
  g_test_add_func ("/window-models/moments", test_moments);
  return g_test_run ();
}
