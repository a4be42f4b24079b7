/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/audit/fido-device.h"
#include "tests/support/agent-fixture.h"

/* Registering and signing in, as a browser does, and what the person then finds in the vault. */

#define SITE "example.org"

static const guint8 aaguid[16] = { 0x92, 0x64, 0x63, 0xd7, 0x38, 0x5f, 0x41, 0x5c,
                                   0x92, 0x8d, 0x88, 0x19, 0x4c, 0x3c, 0x20, 0x65 };

static GVariant *
get_passkey (AgentFixture *f, const MortiseRegistration *registration)
{
  const gint64 id = agent_fixture_find_passkey (f, FALSE, registration->credential_id);
  g_autoptr (GVariant) reply = NULL;

  g_assert_cmpint (id, !=, 0);
  reply = agent_fixture_call (f, "GetPasskey", g_variant_new ("(x)", id), NULL);
  return g_variant_get_child_value (reply, 0);
}

static void
assert_string (GVariant *dictionary, const char *name, const char *expected)
{
  const char *value = NULL;

  g_variant_lookup (dictionary, name, "&s", &value);
  g_assert_cmpstr (value, ==, expected);
}

static void
assert_boolean (GVariant *dictionary, const char *name, gboolean expected)
{
  gboolean value = !expected;

  g_assert_true (g_variant_lookup (dictionary, name, "b", &value));
  g_assert_cmpint (value, ==, expected);
}

static gsize
count_passkeys (AgentFixture *f, gboolean deleted)
{
  g_autoptr (GVariant) list = agent_fixture_list (f, deleted);

  return g_variant_n_children (list);
}

static GVariant *
ids_of (AgentFixture *f, gboolean deleted, const MortiseRegistration *registration)
{
  const gint64 id = agent_fixture_find_passkey (f, deleted, registration->credential_id);

  g_assert_cmpint (id, !=, 0);
  return g_variant_new_parsed ("([%x],)", id);
}

static void
test_register (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = NULL;
  g_autoptr (GVariant) passkey = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) protection = NULL;

  registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_assert_cmpmem (registration->aaguid, 16, aaguid, 16);
  /* Present, verified, never to leave this computer, not backed up. */
  g_assert_cmphex (registration->flags, ==, 0x45);
  g_assert_cmpstr (registration->format, ==, "packed");
  g_assert_true (registration->attested);
  g_assert_cmpuint (g_bytes_get_size (registration->credential_id), ==, 32);

  passkey = get_passkey (f, registration);
  assert_string (passkey, "rp-id", SITE);
  assert_string (passkey, "user-name", "alice");
  assert_string (passkey, "class", "device-only");
  assert_boolean (passkey, "discoverable", TRUE);
  assert_boolean (passkey, "backup-eligible", FALSE);
  assert_boolean (passkey, "backup-state", FALSE);
  assert_boolean (passkey, "u2f", FALSE);

  reply = agent_fixture_call (
      f, "ReadProtection",
      g_variant_new ("(x)", agent_fixture_find_passkey (f, FALSE, registration->credential_id)),
      NULL);
  protection = g_variant_get_child_value (reply, 0);
  assert_boolean (protection, "device-only", TRUE);
}

static void
test_question (AgentFixture *f, gconstpointer data)
{
  const MortiseRegistrationOptions options = { .user_display_name = "Alice Liddell",
                                               .discoverable = TRUE,
                                               .verify_user = TRUE };
  g_autoptr (GVariant) question = NULL;

  mortise_registration_free (agent_fixture_register (f, SITE, "alice", &options));
  question = agent_fixture_last_question (f);
  assert_string (question, "kind", "register");
  assert_string (question, "rp-id", SITE);
  assert_string (question, "user-name", "alice");
  assert_string (question, "user-display-name", "Alice Liddell");
  assert_boolean (question, "offer-export", TRUE);
  assert_boolean (question, "allow-export", FALSE);
}

static void
test_sign_in (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (MortiseSignIn) first = agent_fixture_sign_in (f, SITE, NULL);
  g_autoptr (MortiseSignIn) second = agent_fixture_sign_in (f, SITE, registration);
  g_autoptr (GVariant) passkey = NULL;
  guint64 use_count = 0;
  gint64 last_used = 0;

  g_assert_cmpstr (first->user_name, ==, "alice");
  g_assert_cmphex (first->flags, ==, 0x05);
  g_assert_nonnull (first->user_id);
  g_assert_true (g_bytes_equal (first->user_id, registration->user_id));
  g_assert_cmpuint (first->sign_count, >, registration->sign_count);
  g_assert_cmpuint (second->sign_count, >, first->sign_count);

  /* Written after the client has its answer. */
  while (use_count < 2)
    {
      g_clear_pointer (&passkey, g_variant_unref);
      passkey = get_passkey (f, registration);
      g_assert_true (g_variant_lookup (passkey, "use-count", "t", &use_count));
    }
  g_assert_cmpuint (use_count, ==, 2);
  g_assert_true (g_variant_lookup (passkey, "last-used", "x", &last_used));
  g_assert_cmpint (last_used, >, 0);
}

static void
test_other_site (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);

  agent_fixture_sign_in_fails (f, "example.com", NULL, MORTISE_ERROR_NOT_FOUND);
  agent_fixture_sign_in_fails (f, "example.com", registration, MORTISE_ERROR_NOT_FOUND);
  agent_fixture_sign_in_fails (f, "sub." SITE, registration, MORTISE_ERROR_NOT_FOUND);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, NULL));
}

static void
test_not_discoverable (AgentFixture *f, gconstpointer data)
{
  const MortiseRegistrationOptions options = { .verify_user = FALSE };
  g_autoptr (MortiseRegistration) registration =
      agent_fixture_register (f, SITE, "alice", &options);
  g_autoptr (GVariant) passkey = get_passkey (f, registration);

  g_assert_cmphex (registration->flags, ==, 0x41);
  assert_boolean (passkey, "discoverable", FALSE);
  agent_fixture_sign_in_fails (f, SITE, NULL, MORTISE_ERROR_NOT_FOUND);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));
}

/* Returns: libfido2's code for a registration with @excluded. */
static int
make_credential_excluding (AgentFixture *f, GBytes *excluded)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseFidoDevice) device = mortise_fido_device_open (f->socket_path, &error);
  fido_cred_t *cred = fido_cred_new ();
  gsize size;
  const guint8 *id = g_bytes_get_data (excluded, &size);
  const guint8 hash[32] = { 1 };
  int result;

  g_assert_no_error (error);
  g_assert_cmpint (fido_cred_set_type (cred, COSE_ES256), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_clientdata_hash (cred, hash, sizeof hash), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_rp (cred, SITE, SITE), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_set_user (cred, hash, 16, "bob", NULL, NULL), ==, FIDO_OK);
  g_assert_cmpint (fido_cred_exclude (cred, id, size), ==, FIDO_OK);
  result = fido_dev_make_cred (mortise_fido_device_peek (device), cred, NULL);
  fido_cred_free (&cred);
  return result;
}

static void
test_excluded (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (GBytes) unknown = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);
  g_autoptr (GVariant) question = NULL;
  const guint before = agent_fixture_count_questions (f);

  g_assert_cmpint (make_credential_excluding (f, registration->credential_id), ==,
                   FIDO_ERR_CREDENTIAL_EXCLUDED);
  /* Not told before somebody was there to say so. */
  g_assert_cmpuint (agent_fixture_count_questions (f), ==, before + 1);
  question = agent_fixture_last_question (f);
  assert_string (question, "kind", "excluded");
  g_assert_cmpuint (count_passkeys (f, FALSE), ==, 1);

  agent_fixture_answer (f, "deny");
  g_assert_cmpint (make_credential_excluding (f, registration->credential_id), ==,
                   FIDO_ERR_OPERATION_DENIED);
  g_assert_cmpint (make_credential_excluding (f, unknown), ==, FIDO_OK);
  g_assert_cmpuint (count_passkeys (f, FALSE), ==, 2);
}

static void
test_deny (AgentFixture *f, gconstpointer data)
{
  const char *answers[] = { "deny", "close" };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      agent_fixture_answer (f, answers[i]);
      agent_fixture_register_fails (f, SITE, NULL, MORTISE_ERROR_DENIED);
      agent_fixture_answer_register (f, answers[i]);
      agent_fixture_register_fails (f, SITE, NULL, MORTISE_ERROR_DENIED);
    }
  g_assert_cmpuint (count_passkeys (f, FALSE), ==, 0);

  mortise_registration_free (agent_fixture_register (f, SITE, "alice", NULL));
  agent_fixture_answer (f, "deny");
  agent_fixture_sign_in_fails (f, SITE, NULL, MORTISE_ERROR_DENIED);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, NULL));
}

/* A prompt that cannot be shown, dies or talks nonsense is a no, and the next one works. */
static void
test_broken_prompt (AgentFixture *f, gconstpointer data)
{
  const char *answers[] = { "crash", "no-display", "garbage" };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      g_autoptr (GError) error = NULL;

      agent_fixture_answer_register (f, answers[i]);
      g_assert_null (mortise_relying_party_register (f->rp, f->socket_path, SITE, "alice", NULL,
                                                     NULL, &error));
      g_assert_nonnull (error);
      g_assert_cmpuint (count_passkeys (f, FALSE), ==, 0);
      agent_fixture_assert_works (f);
      g_variant_unref (agent_fixture_call (
          f, "DeletePasskeys", g_variant_new_parsed ("([%x],)", (gint64) (i + 1)), NULL));
    }
}

static void
test_chooser (AgentFixture *f, gconstpointer data)
{
  const char *names[] = { "alice", "bob", "carol" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    mortise_registration_free (agent_fixture_register (f, SITE, names[i], NULL));

  /* Newest first. */
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *answer = g_strdup_printf ("approve expect=sign-in account=%u", i);
      g_autoptr (MortiseSignIn) sign_in = NULL;
      g_autoptr (GVariant) question = NULL;
      g_autoptr (GVariant) accounts = NULL;

      agent_fixture_answer_sign_in (f, answer);
      sign_in = agent_fixture_sign_in (f, SITE, NULL);
      g_assert_cmpstr (sign_in->user_name, ==, names[G_N_ELEMENTS (names) - 1 - i]);
      question = agent_fixture_last_question (f);
      accounts = g_variant_lookup_value (question, "accounts", G_VARIANT_TYPE ("aa{sv}"));
      g_assert_cmpuint (g_variant_n_children (accounts), ==, G_N_ELEMENTS (names));
    }
}

static void
test_export_switch (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = NULL;
  g_autoptr (MortiseSignIn) sign_in = NULL;
  g_autoptr (GVariant) passkey = NULL;

  agent_fixture_answer_register (f, "approve expect=register allow-export=1");
  registration = agent_fixture_register (f, SITE, "alice", NULL);
  /* It can be backed up, and has not been. The counter stays 0 for ever. */
  g_assert_cmphex (registration->flags, ==, 0x4D);
  g_assert_cmpuint (registration->sign_count, ==, 0);
  passkey = get_passkey (f, registration);
  assert_string (passkey, "class", "exportable");
  assert_boolean (passkey, "backup-eligible", TRUE);
  for (int i = 0; i < 2; i++)
    {
      g_clear_pointer (&sign_in, mortise_sign_in_free);
      sign_in = agent_fixture_sign_in (f, SITE, registration);
      g_assert_cmphex (sign_in->flags, ==, 0x0D);
      g_assert_cmpuint (sign_in->sign_count, ==, 0);
    }
}

static void
test_replaced (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) user_id = g_bytes_new_static ("user-1", 6);
  const MortiseRegistrationOptions options = { .user_id = user_id,
                                               .discoverable = TRUE,
                                               .verify_user = TRUE };
  g_autoptr (MortiseRegistration) first = agent_fixture_register (f, SITE, "old", &options);
  g_autoptr (MortiseRegistration) second = agent_fixture_register (f, SITE, "new", &options);
  g_autoptr (MortiseSignIn) sign_in = agent_fixture_sign_in (f, SITE, NULL);

  g_assert_cmpstr (sign_in->user_name, ==, "new");
  g_assert_cmpuint (count_passkeys (f, FALSE), ==, 1);
  g_assert_cmpint (agent_fixture_find_passkey (f, TRUE, first->credential_id), !=, 0);
  agent_fixture_sign_in_fails (f, SITE, first, MORTISE_ERROR_NOT_FOUND);

  /* Brought back, the old one takes the new one's place. */
  g_variant_unref (agent_fixture_call (f, "RestorePasskeys", ids_of (f, TRUE, first), NULL));
  g_clear_pointer (&sign_in, mortise_sign_in_free);
  sign_in = agent_fixture_sign_in (f, SITE, NULL);
  g_assert_cmpstr (sign_in->user_name, ==, "old");
  g_assert_cmpint (agent_fixture_find_passkey (f, TRUE, second->credential_id), !=, 0);
}

static void
test_delete_and_restore (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (GVariant) question = NULL;
  g_autoptr (GError) error = NULL;

  agent_fixture_answer (f, "deny expect=delete");
  g_assert_null (agent_fixture_call (f, "DeletePasskeys", ids_of (f, FALSE, registration), &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DENIED);
  g_clear_error (&error);
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, registration));

  agent_fixture_answer (f, "approve expect=delete pin=" AGENT_FIXTURE_PIN);
  g_variant_unref (agent_fixture_call (f, "DeletePasskeys", ids_of (f, FALSE, registration), NULL));
  g_assert_cmpuint (count_passkeys (f, FALSE), ==, 0);
  g_assert_cmpuint (count_passkeys (f, TRUE), ==, 1);
  agent_fixture_sign_in_fails (f, SITE, NULL, MORTISE_ERROR_NOT_FOUND);
  agent_fixture_sign_in_fails (f, SITE, registration, MORTISE_ERROR_NOT_FOUND);

  g_variant_unref (agent_fixture_call (f, "RestorePasskeys", ids_of (f, TRUE, registration), NULL));
  mortise_sign_in_free (agent_fixture_sign_in (f, SITE, NULL));
  g_assert_cmpuint (count_passkeys (f, TRUE), ==, 0);
}

static void
test_purge (AgentFixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, "alice", NULL);
  g_autoptr (GVariant) ids = NULL;
  g_autoptr (GError) error = NULL;

  ids = g_variant_ref_sink (ids_of (f, FALSE, registration));
  /* Only what is in Recently deleted can be destroyed. */
  g_assert_null (agent_fixture_call (f, "PurgePasskeys", ids, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_variant_unref (agent_fixture_call (f, "DeletePasskeys", ids, NULL));
  g_variant_unref (agent_fixture_call (f, "PurgePasskeys", ids, NULL));
  g_assert_cmpuint (count_passkeys (f, TRUE), ==, 0);
  g_assert_null (agent_fixture_call (f, "RestorePasskeys", ids, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND);
}

static void
test_names (AgentFixture *f, gconstpointer data)
{
  /* Over 64 bytes, with characters of several bytes at the limit. */
  const char *name =
      "名前がとても長い人のための検査用の利用者名です。ここまでで六十四バイトを超えています";
  const MortiseRegistrationOptions options = { .user_display_name = "👩🏽‍🚀 Ærøskøbing",
                                               .discoverable = TRUE,
                                               .verify_user = TRUE };
  g_autoptr (MortiseRegistration) registration = agent_fixture_register (f, SITE, name, &options);
  g_autoptr (GVariant) passkey = get_passkey (f, registration);

  assert_string (passkey, "user-name", name);
  assert_string (passkey, "user-display-name", "👩🏽‍🚀 Ærøskøbing");
}

/* Each algorithm that the TPM has, through registration, self attestation and sign-in. */
static void
test_algorithms (AgentFixture *f, gconstpointer data)
{
  const int algorithms[] = { COSE_ES256, COSE_ES384, COSE_RS256 };

  for (gsize i = 0; i < G_N_ELEMENTS (algorithms); i++)
    {
      const MortiseRegistrationOptions options = { .discoverable = TRUE,
                                                   .verify_user = TRUE,
                                                   .algorithm = algorithms[i] };
      g_autofree char *site = g_strdup_printf ("algorithm-%d.example", -algorithms[i]);
      g_autoptr (MortiseRegistration) registration =
          agent_fixture_register (f, site, "alice", &options);
      g_autoptr (MortiseSignIn) sign_in = agent_fixture_sign_in (f, site, NULL);
      g_autoptr (GVariant) passkey = get_passkey (f, registration);
      gint32 algorithm = 0;

      g_assert_cmpint (registration->algorithm, ==, algorithms[i]);
      g_assert_true (registration->attested);
      g_variant_lookup (passkey, "algorithm", "i", &algorithm);
      g_assert_cmpint (algorithm, ==, algorithms[i]);
    }
}

static void
test_unknown_algorithm (AgentFixture *f, gconstpointer data)
{
  const MortiseRegistrationOptions options = { .discoverable = TRUE,
                                               .verify_user = TRUE,
                                               .algorithm = COSE_EDDSA };
  const guint before = agent_fixture_count_questions (f);

  agent_fixture_register_fails (f, SITE, &options, MORTISE_ERROR_FAILED);
  /* libfido2 had the person verified before the authenticator could say so; no more was asked. */
  g_assert_cmpuint (agent_fixture_count_questions (f), <=, before + 1);
  g_assert_cmpuint (count_passkeys (f, FALSE), ==, 0);
}

static void
test_many_sites (AgentFixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) all =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_registration_free);

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *site = g_strdup_printf ("site-%u.example", i);

      g_ptr_array_add (all, agent_fixture_register (f, site, "alice", NULL));
    }
  g_assert_cmpuint (count_passkeys (f, FALSE), ==, 20);
  for (guint i = 0; i < all->len; i++)
    {
      const MortiseRegistration *registration = all->pdata[i];
      g_autoptr (MortiseSignIn) sign_in = agent_fixture_sign_in (f, registration->rp_id, NULL);

      g_assert_true (g_bytes_equal (sign_in->credential_id, registration->credential_id));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                                        \
  g_test_add ("/sign-in/" path, AgentFixture, NULL, agent_fixture_set_up, function,                \
              agent_fixture_tear_down)
  ADD ("register", test_register);
  ADD ("question", test_question);
  ADD ("sign-in", test_sign_in);
  ADD ("other-site", test_other_site);
  ADD ("not-discoverable", test_not_discoverable);
  ADD ("excluded", test_excluded);
  ADD ("deny", test_deny);
  ADD ("broken-prompt", test_broken_prompt);
  ADD ("chooser", test_chooser);
  ADD ("export-switch", test_export_switch);
  ADD ("replaced", test_replaced);
  ADD ("delete-and-restore", test_delete_and_restore);
  ADD ("purge", test_purge);
  ADD ("names", test_names);
  ADD ("algorithms", test_algorithms);
  ADD ("unknown-algorithm", test_unknown_algorithm);
  ADD ("many-sites", test_many_sites);
#undef ADD
  return g_test_run ();
}
