/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <openssl/evp.h>
#include <string.h>

#include "core/ctap/authenticator-data.h"
#include "core/ctap/authenticator-private.h"
#include "core/ctap/ctap-entities.h"
#include "tests/support/ctap-fixture.h"
#include "tests/support/memory-keyring.h"

/* credentialManagement, as a platform uses it. */

#define CM      0x0A
#define PREVIEW 0x41

typedef struct
{
  CtapFixture ctap;
  guint protocol;
  guint8 command;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  ctap_fixture_set_up (&f->ctap, NULL);
  f->protocol = 2;
  f->command = CM;
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  ctap_fixture_tear_down (&f->ctap, NULL);
}

static void
get_token (Fixture *f, guint permissions, const char *rp_id)
{
  ctap_renew_token (&f->ctap, f->protocol, CTAP_TEST_PIN, permissions, rp_id);
}

/* Sends a subcommand with @params (nullable) and, if there is a token, its pinUvAuthParam. */
static guint8
send (Fixture *f, guint8 sub_command, GBytes *params, GBytes **ret_cbor)
{
  g_autoptr (GBytes) parameters =
      ctap_subcommand_parameters (&f->ctap, f->protocol, sub_command, params, NULL);

  return ctap_send (&f->ctap, f->command, parameters, ret_cbor);
}

/* As a platform goes on: neither parameters nor token. */
static guint8
send_next (Fixture *f, guint8 sub_command, GBytes **ret_cbor)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (GBytes) parameters = NULL;
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 1);
  mortise_cbor_write_uint (writer, sub_command);
  mortise_cbor_map_end (writer, &map);
  parameters = mortise_cbor_writer_finish (writer);
  return ctap_send (&f->ctap, f->command, parameters, ret_cbor);
}

static GBytes *
hash_params (const char *rp_id)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;
  guint8 hash[32];

  mortise_rp_id_hash (rp_id, hash);
  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 1);
  mortise_cbor_write_bytes (writer, hash, sizeof hash);
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

static void
write_text (MortiseCborWriter *writer, MortiseCborMap *map, const char *key, const char *text)
{
  if (text == NULL)
    return;
  mortise_cbor_map_text_key (writer, map, key);
  mortise_cbor_write_text (writer, text);
}

static GBytes *
id_params (GBytes *id, const char *user_id, const char *name, const char *display_name)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;
  MortiseCborMap inner;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_key (writer, &map, 2);
  mortise_cbor_map_begin (writer, &inner);
  mortise_cbor_map_text_key (writer, &inner, "id");
  mortise_cbor_write_gbytes (writer, id);
  write_text (writer, &inner, "type", "public-key");
  mortise_cbor_map_end (writer, &inner);
  if (user_id != NULL)
    {
      mortise_cbor_map_key (writer, &map, 3);
      mortise_cbor_map_begin (writer, &inner);
      mortise_cbor_map_text_key (writer, &inner, "id");
      mortise_cbor_write_bytes (writer, user_id, strlen (user_id));
      write_text (writer, &inner, "name", name);
      write_text (writer, &inner, "displayName", display_name);
      mortise_cbor_map_end (writer, &inner);
    }
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

static CtapAnswer *
register_at (Fixture *f, const char *rp_id, const char *user)
{
  return ctap_register (&f->ctap, &(CtapMake){ .rp_id = rp_id,
                                               .user_id = user,
                                               .user_name = user,
                                               .user_display_name = "Display",
                                               .rk = 1,
                                               .uv = 1 });
}

static gint64
number_of (GBytes *cbor, gint64 key)
{
  MortiseCborValue map = ctap_parse (cbor);
  MortiseCborValue value;

  g_assert_true (ctap_find (&map, key, NULL, &value));
  g_assert_cmpint (value.type, ==, MORTISE_CBOR_INT);
  return value.number;
}

static void
assert_counts (Fixture *f, gint64 existing)
{
  g_autoptr (GBytes) cbor = NULL;

  g_assert_cmphex (send (f, 1, NULL, &cbor), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (number_of (cbor, 1), ==, existing);
  g_assert_cmpint (number_of (cbor, 2), >, 1000);
}

/* (transfer full): the site of one answer, its hash checked */
static char *
rp_of (GBytes *cbor)
{
  MortiseCborValue map = ctap_parse (cbor);
  MortiseCborValue rp;
  MortiseCborValue id;
  MortiseCborValue hash;
  guint8 expected[32];
  g_autofree char *rp_id = NULL;

  g_assert_true (ctap_find (&map, 3, NULL, &rp) && ctap_find (&rp, 0, "id", &id));
  rp_id = g_strndup ((const char *) id.data, id.size);
  mortise_rp_id_hash (rp_id, expected);
  g_assert_true (ctap_find (&map, 4, NULL, &hash));
  g_assert_cmpmem (hash.data, hash.size, expected, sizeof expected);
  return g_steal_pointer (&rp_id);
}

static gint
compare_text (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const char *const *) a, *(const char *const *) b);
}

/* (transfer full): the site names, sorted and joined */
static char *
enumerate_rps (Fixture *f)
{
  g_autoptr (GPtrArray) sites = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GBytes) first = NULL;
  gint64 total;

  g_assert_cmphex (send (f, 2, NULL, &first), ==, CTAP1_ERR_SUCCESS);
  total = number_of (first, 5);
  g_ptr_array_add (sites, rp_of (first));
  for (gint64 i = 1; i < total; i++)
    {
      g_autoptr (GBytes) cbor = NULL;
      MortiseCborValue map;
      MortiseCborValue value;

      g_assert_cmphex (send_next (f, 3, &cbor), ==, CTAP1_ERR_SUCCESS);
      map = ctap_parse (cbor);
      g_assert_false (ctap_find (&map, 5, NULL, &value));
      g_ptr_array_add (sites, rp_of (cbor));
    }
  g_assert_cmphex (send_next (f, 3, NULL), ==, CTAP2_ERR_NOT_ALLOWED);
  g_ptr_array_sort (sites, compare_text);
  g_ptr_array_add (sites, NULL);
  return g_strjoinv (" ", (char **) sites->pdata);
}

static void
test_70_metadata (Fixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = NULL;
  g_autoptr (CtapAnswer) bob = NULL;
  g_autoptr (CtapAnswer) plain = NULL;

  g_assert_cmpint (ctap_info_option (&f->ctap, "credMgmt"), ==, 1);
  get_token (f, MORTISE_PERMISSION_CM, NULL);
  assert_counts (f, 0);
  ada = register_at (f, "a.example", "ada");
  bob = register_at (f, "b.example", "bob");
  plain = ctap_register (&f->ctap, &(CtapMake){ 0 });
  get_token (f, MORTISE_PERMISSION_CM, NULL);
  assert_counts (f, 2);
}

static void
test_70_errors (Fixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_at (f, "a.example", "ada");
  g_autoptr (GBytes) hash = hash_params ("a.example");
  g_autoptr (GBytes) unknown = hash_params ("none.example");
  g_autoptr (GBytes) no_id = g_bytes_new ("nothing", 7);
  g_autoptr (GBytes) missing = id_params (no_id, NULL, NULL, NULL);

  /* No token. */
  g_assert_cmphex (send (f, 1, NULL, NULL), ==, CTAP2_ERR_PUAT_REQUIRED);
  g_assert_cmphex (send (f, 2, NULL, NULL), ==, CTAP2_ERR_PUAT_REQUIRED);
  g_assert_cmphex (send (f, 4, hash, NULL), ==, CTAP2_ERR_PUAT_REQUIRED);
  g_assert_cmphex (send (f, 6, missing, NULL), ==, CTAP2_ERR_PUAT_REQUIRED);
  /* Without the permission. */
  get_token (f, 0, NULL);
  g_assert_cmphex (send (f, 1, NULL, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmphex (send (f, 6, missing, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);

  get_token (f, MORTISE_PERMISSION_CM, NULL);
  g_assert_cmphex (send (f, 4, unknown, NULL), ==, CTAP2_ERR_NO_CREDENTIALS);
  g_assert_cmphex (send (f, 4, NULL, NULL), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (send (f, 6, NULL, NULL), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (send (f, 6, missing, NULL), ==, CTAP2_ERR_NO_CREDENTIALS);
  g_assert_cmphex (send (f, 7, missing, NULL), ==, CTAP2_ERR_MISSING_PARAMETER);
  g_assert_cmphex (send (f, 8, NULL, NULL), ==, CTAP2_ERR_INVALID_SUBCOMMAND);
  g_assert_cmphex (send (f, 0, NULL, NULL), ==, CTAP2_ERR_INVALID_SUBCOMMAND);
  /* Next without begin. */
  g_assert_cmphex (send_next (f, 3, NULL), ==, CTAP2_ERR_NOT_ALLOWED);
  g_assert_cmphex (send_next (f, 5, NULL), ==, CTAP2_ERR_NOT_ALLOWED);
}

static void
test_70_empty (Fixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) plain = ctap_register (&f->ctap, &(CtapMake){ 0 });

  get_token (f, MORTISE_PERMISSION_CM, NULL);
  g_assert_cmphex (send (f, 2, NULL, NULL), ==, CTAP2_ERR_NO_CREDENTIALS);
}

/* A token for one site sees that one and no more. */
static void
test_70_bound_token (Fixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_at (f, "a.example", "ada");
  g_autoptr (CtapAnswer) bob = register_at (f, "b.example", "bob");
  g_autoptr (GBytes) own = hash_params ("a.example");
  g_autoptr (GBytes) other = hash_params ("b.example");
  g_autoptr (GBytes) own_id = id_params (ada->credential_id, NULL, NULL, NULL);
  g_autoptr (GBytes) other_id = id_params (bob->credential_id, NULL, NULL, NULL);
  g_autoptr (GBytes) other_user = id_params (bob->credential_id, "bob", "x", NULL);

  get_token (f, MORTISE_PERMISSION_CM, "a.example");
  g_assert_cmphex (send (f, 1, NULL, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmphex (send (f, 2, NULL, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmphex (send (f, 4, other, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmphex (send (f, 6, other_id, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmphex (send (f, 7, other_user, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmphex (send (f, 4, own, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (send (f, 6, own_id, NULL), ==, CTAP1_ERR_SUCCESS);
}

static void
test_72_enumerate_rps (Fixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) plain = ctap_register (&f->ctap, &(CtapMake){ .rp_id = "plain.example" });
  g_autofree char *sites = NULL;
  g_autofree char *left = NULL;

  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *rp_id = g_strdup_printf ("%c.example", 'a' + (char) (i % 4));
      g_autofree char *user = g_strdup_printf ("user %u", i);
      g_autoptr (CtapAnswer) answer = register_at (f, rp_id, user);

      if (i % 4 == 2)
        {
          g_autoptr (GBytes) params = id_params (answer->credential_id, NULL, NULL, NULL);

          /* Counts are exact after a deletion. */
          get_token (f, MORTISE_PERMISSION_CM, NULL);
          g_assert_cmphex (send (f, 6, params, NULL), ==, CTAP1_ERR_SUCCESS);
        }
    }
  get_token (f, MORTISE_PERMISSION_CM, NULL);
  assert_counts (f, 6);
  sites = enumerate_rps (f);
  g_assert_cmpstr (sites, ==, "a.example b.example d.example");

  /* The same over the command of the draft. */
  f->command = PREVIEW;
  left = enumerate_rps (f);
  g_assert_cmpstr (left, ==, sites);
}

static void
assert_credential (GBytes *cbor, const CtapAnswer *registered, const char *user, gint64 protect)
{
  MortiseCborValue map = ctap_parse (cbor);
  MortiseCborValue value;
  MortiseCborValue inner;

  g_assert_true (ctap_find (&map, 6, NULL, &value));
  g_assert_true (ctap_find (&value, 0, "id", &inner));
  g_assert_cmpmem (inner.data, inner.size, user, strlen (user));
  g_assert_true (ctap_find (&value, 0, "name", &inner));
  g_assert_cmpmem (inner.data, inner.size, user, strlen (user));
  g_assert_true (ctap_find (&value, 0, "displayName", &inner));
  g_assert_cmpmem (inner.data, inner.size, "Display", 7);
  g_assert_true (ctap_find (&map, 7, NULL, &value) && ctap_find (&value, 0, "id", &inner));
  g_assert_cmpmem (inner.data, inner.size, g_bytes_get_data (registered->credential_id, NULL),
                   g_bytes_get_size (registered->credential_id));
  g_assert_true (ctap_find (&map, 8, NULL, &value));
  g_assert_cmpmem (value.encoded, value.encoded_size,
                   g_bytes_get_data (registered->public_key, NULL),
                   g_bytes_get_size (registered->public_key));
  g_assert_cmpint (number_of (cbor, 0x0A), ==, protect);
  g_assert_false (ctap_find (&map, 0x0B, NULL, &value));
}

static void
test_72_enumerate_credentials (Fixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_at (f, "a.example", "ada");
  g_autoptr (CtapAnswer) other = register_at (f, "b.example", "other");
  g_autoptr (CtapAnswer) bob = ctap_register (&f->ctap, &(CtapMake){ .rp_id = "a.example",
                                                                     .user_id = "bob",
                                                                     .user_name = "bob",
                                                                     .user_display_name = "Display",
                                                                     .rk = 1,
                                                                     .uv = 1,
                                                                     .cred_protect = 3 });
  g_autoptr (GBytes) hash = hash_params ("a.example");
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) second = NULL;

  get_token (f, MORTISE_PERMISSION_CM, NULL);
  g_assert_cmphex (send (f, 4, hash, &first), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpint (number_of (first, 9), ==, 2);
  assert_credential (first, bob, "bob", 3);
  g_assert_cmphex (send_next (f, 5, &second), ==, CTAP1_ERR_SUCCESS);
  assert_credential (second, ada, "ada", 1);
  g_assert_cmphex (send_next (f, 5, NULL), ==, CTAP2_ERR_NOT_ALLOWED);
}

/* What is in the middle of being told ends with any other command, on another channel, and late. */
static void
test_70_state (Fixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_at (f, "a.example", "ada");
  g_autoptr (CtapAnswer) bob = register_at (f, "a.example", "bob");
  g_autoptr (CtapAnswer) third = register_at (f, "b.example", "bob");
  g_autoptr (GBytes) hash = hash_params ("a.example");
  g_autoptr (GBytes) ada_id = id_params (ada->credential_id, NULL, NULL, NULL);

  get_token (f, MORTISE_PERMISSION_CM, NULL);
  g_assert_cmphex (send (f, 2, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (send_next (f, 5, NULL), ==, CTAP2_ERR_NOT_ALLOWED);
  g_assert_cmphex (send_next (f, 3, NULL), ==, CTAP2_ERR_NOT_ALLOWED);

  g_assert_cmphex (send (f, 4, hash, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (ctap_send (&f->ctap, CTAP_GET_INFO, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (send_next (f, 5, NULL), ==, CTAP2_ERR_NOT_ALLOWED);

  g_assert_cmphex (send (f, 4, hash, NULL), ==, CTAP1_ERR_SUCCESS);
  f->ctap.channel++;
  g_assert_cmphex (send_next (f, 5, NULL), ==, CTAP2_ERR_NOT_ALLOWED);
  f->ctap.channel--;

  g_assert_cmphex (send (f, 4, hash, NULL), ==, CTAP1_ERR_SUCCESS);
  f->command = PREVIEW;
  g_assert_cmphex (send_next (f, 5, NULL), ==, CTAP2_ERR_NOT_ALLOWED);
  f->command = CM;

  g_assert_cmphex (send (f, 4, hash, NULL), ==, CTAP1_ERR_SUCCESS);
  ctap_fixture_advance (31 * G_USEC_PER_SEC);
  g_assert_cmphex (send_next (f, 5, NULL), ==, CTAP2_ERR_NOT_ALLOWED);

  /* Deleted in the window meanwhile. */
  g_assert_cmphex (send (f, 4, hash, NULL), ==, CTAP1_ERR_SUCCESS);
  {
    g_autoptr (MortiseCredential) credential =
        mortise_vault_find_by_id (f->ctap.vault, ada->credential_id, NULL);

    g_assert_true (mortise_vault_delete (f->ctap.vault, credential->row_id, NULL));
  }
  g_assert_cmphex (send_next (f, 5, NULL), ==, CTAP2_ERR_NOT_ALLOWED);
  g_assert_cmphex (send (f, 6, ada_id, NULL), ==, CTAP2_ERR_NO_CREDENTIALS);
}

static void
test_72_delete (Fixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_at (f, "a.example", "ada");
  g_autoptr (CtapAnswer) plain = ctap_register (&f->ctap, &(CtapMake){ 0 });
  g_autoptr (GBytes) id = id_params (ada->credential_id, NULL, NULL, NULL);
  g_autoptr (GBytes) plain_id = id_params (plain->credential_id, NULL, NULL, NULL);
  g_autoptr (GPtrArray) deleted = NULL;

  get_token (f, MORTISE_PERMISSION_CM, NULL);
  g_assert_cmphex (send (f, 6, plain_id, NULL), ==, CTAP2_ERR_NO_CREDENTIALS);
  g_assert_cmphex (send (f, 6, id, NULL), ==, CTAP1_ERR_SUCCESS);
  assert_counts (f, 0);
  g_assert_cmphex (send (f, 6, id, NULL), ==, CTAP2_ERR_NO_CREDENTIALS);
  deleted = mortise_vault_list (f->ctap.vault, TRUE, 0, 10, NULL, NULL);
  g_assert_cmpuint (deleted->len, ==, 1);
  mortise_scripted_consent_allow (f->ctap.consent);
  g_assert_cmphex (ctap_get (&f->ctap, &(CtapGet){ .rp_id = "a.example" }, NULL), ==,
                   CTAP2_ERR_NO_CREDENTIALS);
}

static void
test_71_update (Fixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_at (f, "a.example", "ada");
  g_autoptr (GBytes) wrong = id_params (ada->credential_id, "bob", "Bob", NULL);
  g_autoptr (GBytes) both = id_params (ada->credential_id, "ada", "Ada L", "Lovelace");
  g_autoptr (GBytes) one = id_params (ada->credential_id, "ada", NULL, "Countess");
  g_autoptr (GBytes) empty = id_params (ada->credential_id, "ada", "A", "");
  g_autoptr (MortiseCredential) credential = NULL;

  get_token (f, MORTISE_PERMISSION_CM, NULL);
  g_assert_cmphex (send (f, 7, wrong, NULL), ==, CTAP1_ERR_INVALID_PARAMETER);
  g_assert_cmphex (send (f, 7, both, NULL), ==, CTAP1_ERR_SUCCESS);
  credential = mortise_vault_find_by_id (f->ctap.vault, ada->credential_id, NULL);
  g_assert_cmpstr (credential->user_name, ==, "Ada L");
  g_assert_cmpstr (credential->user_display_name, ==, "Lovelace");
  mortise_credential_unref (g_steal_pointer (&credential));

  g_assert_cmphex (send (f, 7, one, NULL), ==, CTAP1_ERR_SUCCESS);
  credential = mortise_vault_find_by_id (f->ctap.vault, ada->credential_id, NULL);
  g_assert_null (credential->user_name);
  g_assert_cmpstr (credential->user_display_name, ==, "Countess");
  mortise_credential_unref (g_steal_pointer (&credential));

  g_assert_cmphex (send (f, 7, empty, NULL), ==, CTAP1_ERR_SUCCESS);
  credential = mortise_vault_find_by_id (f->ctap.vault, ada->credential_id, NULL);
  g_assert_cmpstr (credential->user_name, ==, "A");
  g_assert_null (credential->user_display_name);
}

/* (transfer full): the account's name @key as the client is told it for the site's one passkey */
static char *
told_name (Fixture *f, const char *rp_id, const char *key)
{
  g_autoptr (GBytes) hash = hash_params (rp_id);
  g_autoptr (GBytes) cbor = NULL;
  MortiseCborValue map;
  MortiseCborValue user;
  MortiseCborValue name;

  g_assert_cmphex (send (f, 4, hash, &cbor), ==, CTAP1_ERR_SUCCESS);
  map = ctap_parse (cbor);
  g_assert_true (ctap_find (&map, 6, NULL, &user) && ctap_find (&user, 0, key, &name));
  return g_strndup ((const char *) name.data, name.size);
}

static void
assert_names (Fixture *f,
              const CtapAnswer *registered,
              const char *name,
              const char *display_name,
              guint n_changes)
{
  g_autoptr (MortiseCredential) credential =
      mortise_vault_find_by_id (f->ctap.vault, registered->credential_id, NULL);
  g_autoptr (GPtrArray) changes = mortise_history_read (credential->history);

  g_assert_cmpstr (credential->user_name, ==, name);
  g_assert_cmpstr (credential->user_display_name, ==, display_name);
  g_assert_cmpuint (changes->len, ==, n_changes);
}

/* A client that was told a name cut, and sends it back, has not shortened the person's. */
static void
test_71_update_with_told_names (Fixture *f, gconstpointer data)
{
  g_autofree char *name = g_strnfill (600, 'n');
  g_autofree char *display_name = g_strconcat (name, " of everywhere", NULL);
  g_autoptr (CtapAnswer) ada =
      ctap_register (&f->ctap, &(CtapMake){ .rp_id = "a.example",
                                            .user_id = "ada",
                                            .user_name = name,
                                            .user_display_name = display_name,
                                            .rk = 1,
                                            .uv = 1 });
  g_autofree char *told = NULL;
  g_autofree char *told_display = NULL;
  g_autofree char *shorter = NULL;
  g_autoptr (GBytes) same = NULL;
  g_autoptr (GBytes) renamed = NULL;
  g_autoptr (GBytes) cut = NULL;
  g_autoptr (GBytes) none = NULL;

  get_token (f, MORTISE_PERMISSION_CM, NULL);
  told = told_name (f, "a.example", "name");
  told_display = told_name (f, "a.example", "displayName");
  g_assert_cmpuint (strlen (told), ==, MORTISE_CTAP_NAME_MAX);
  g_assert_cmpuint (strlen (told_display), ==, MORTISE_CTAP_NAME_MAX);
  assert_names (f, ada, name, display_name, 0);

  same = id_params (ada->credential_id, "ada", told, told_display);
  g_assert_cmphex (send (f, 7, same, NULL), ==, CTAP1_ERR_SUCCESS);
  assert_names (f, ada, name, display_name, 0);

  /* One of them changed: the other stays whole. */
  renamed = id_params (ada->credential_id, "ada", "ada@a.example", told_display);
  g_assert_cmphex (send (f, 7, renamed, NULL), ==, CTAP1_ERR_SUCCESS);
  assert_names (f, ada, "ada@a.example", display_name, 1);

  /* What was not told is meant, however little is different; so is leaving a name out. */
  shorter = g_strndup (told_display, strlen (told_display) - 1);
  cut = id_params (ada->credential_id, "ada", "ada@a.example", shorter);
  g_assert_cmphex (send (f, 7, cut, NULL), ==, CTAP1_ERR_SUCCESS);
  assert_names (f, ada, "ada@a.example", shorter, 2);
  none = id_params (ada->credential_id, "ada", NULL, shorter);
  g_assert_cmphex (send (f, 7, none, NULL), ==, CTAP1_ERR_SUCCESS);
  assert_names (f, ada, NULL, shorter, 3);
}

/* Nothing can be listed: the person is asked to unlock first, and may refuse. */
static void
test_70_locked (Fixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_at (f, "a.example", "ada");
  g_autoptr (MortiseAskedQuestion) question = NULL;

  ctap_fixture_restart_locked (&f->ctap);
  mortise_memory_keyring_set_available (MORTISE_MEMORY_KEYRING (f->ctap.keyring), FALSE);
  get_token (f, MORTISE_PERMISSION_CM, NULL);
  mortise_vault_lock (f->ctap.vault);
  g_assert_cmpint (mortise_vault_get_state (f->ctap.vault), ==, MORTISE_VAULT_LOCKED);
  mortise_scripted_consent_refuse (f->ctap.consent, MORTISE_ERROR_DENIED);
  g_assert_cmphex (send (f, 1, NULL, NULL), ==, CTAP2_ERR_OPERATION_DENIED);
  question = mortise_scripted_consent_take (f->ctap.consent);
  g_assert_cmpint (question->kind, ==, MORTISE_CONSENT_UNLOCK);
  mortise_scripted_consent_allow (f->ctap.consent);
  assert_counts (f, 1);
}

/* The persistent token reads, and changes nothing; it outlives the agent, not the PIN. */
static void
test_70_persistent_token (Fixture *f, gconstpointer data)
{
  g_autoptr (CtapAnswer) ada = register_at (f, "a.example", "ada");
  g_autoptr (CtapAnswer) bob = register_at (f, "b.example", "bob");
  g_autoptr (GBytes) hash = hash_params ("a.example");
  g_autoptr (GBytes) id = id_params (ada->credential_id, NULL, NULL, NULL);
  g_autoptr (GBytes) user = id_params (ada->credential_id, "ada", "x", NULL);
  g_autoptr (MortiseSecret) first = NULL;
  g_autofree char *sites = NULL;

  g_assert_cmpint (ctap_info_option (&f->ctap, "perCredMgmtRO"), ==, 1);
  g_assert_cmphex (ctap_get_token (&f->ctap, 2, CTAP_TEST_PIN,
                                   MORTISE_PERMISSION_PCMR | MORTISE_PERMISSION_CM, NULL, NULL),
                   ==, CTAP2_ERR_UNAUTHORIZED_PERMISSION);
  get_token (f, MORTISE_PERMISSION_PCMR, NULL);
  first = mortise_secret_copy (f->ctap.token);
  /* Another token in between, for one site, does not narrow it. */
  g_assert_cmphex (
      ctap_get_token (&f->ctap, 2, CTAP_TEST_PIN, MORTISE_PERMISSION_CM, "b.example", NULL), ==,
      CTAP1_ERR_SUCCESS);
  assert_counts (f, 2);
  ctap_fixture_restart (&f->ctap);
  ctap_fixture_advance (G_GINT64_CONSTANT (3600) * G_USEC_PER_SEC);
  assert_counts (f, 2);
  f->protocol = 1;
  assert_counts (f, 2);
  sites = enumerate_rps (f);
  g_assert_cmpstr (sites, ==, "a.example b.example");
  g_assert_cmphex (send (f, 4, hash, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (send (f, 6, id, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmphex (send (f, 7, user, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmphex (
      ctap_get (&f->ctap,
                &(CtapGet){ .rp_id = "a.example", .up = -1, .param = hash, .protocol = 1 }, NULL),
      ==, CTAP2_ERR_PIN_AUTH_INVALID);

  /* The same one every time, also from the prompt. */
  f->protocol = 2;
  get_token (f, MORTISE_PERMISSION_PCMR, NULL);
  g_assert_true (mortise_secret_equal (first, f->ctap.token));
  g_clear_pointer (&f->ctap.token, mortise_secret_free);
  mortise_scripted_consent_allow (f->ctap.consent);
  g_assert_cmphex (
      ctap_get_token_with_uv (&f->ctap, 2, MORTISE_PERMISSION_PCMR, NULL, &f->ctap.token), ==,
      CTAP1_ERR_SUCCESS);
  g_assert_true (mortise_secret_equal (first, f->ctap.token));

  g_assert_cmphex (ctap_change_pin (&f->ctap, 2, CTAP_TEST_PIN, "5678"), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (send (f, 1, NULL, NULL), ==, CTAP2_ERR_PIN_AUTH_INVALID);
  g_assert_cmphex (ctap_change_pin (&f->ctap, 2, "5678", CTAP_TEST_PIN), ==, CTAP1_ERR_SUCCESS);
  get_token (f, MORTISE_PERMISSION_PCMR, NULL);
  g_assert_false (mortise_secret_equal (first, f->ctap.token));
  assert_counts (f, 2);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/ctap/70-credential-management/metadata", test_70_metadata);
  ADD ("/ctap/70-credential-management/errors", test_70_errors);
  ADD ("/ctap/70-credential-management/empty", test_70_empty);
  ADD ("/ctap/70-credential-management/bound-token", test_70_bound_token);
  ADD ("/ctap/70-credential-management/state", test_70_state);
  ADD ("/ctap/70-credential-management/locked", test_70_locked);
  ADD ("/ctap/70-credential-management/persistent-token", test_70_persistent_token);
  ADD ("/ctap/71-update-user-information", test_71_update);
  ADD ("/ctap/71-update-user-information/with-told-names", test_71_update_with_told_names);
  ADD ("/ctap/72-enumerate-rps", test_72_enumerate_rps);
  ADD ("/ctap/72-enumerate-credentials", test_72_enumerate_credentials);
  ADD ("/ctap/72-delete", test_72_delete);
  return g_test_run ();
}
