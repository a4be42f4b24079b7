/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/audit/relying-party.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tests/support/ctaphid-client.h"
#include "tests/support/fake-authenticator.h"
#include "tests/support/wait-for.h"

typedef struct
{
  char *directory;
  char *path;
  FakeAuthenticator *fake;
  MortiseRelyingParty *rp;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->directory = g_dir_make_tmp ("mortise-test-XXXXXX", NULL);
  f->path = g_build_filename (f->directory, "device", NULL);
  f->fake = fake_authenticator_new (f->path);
  f->rp = mortise_relying_party_new ();
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  g_clear_pointer (&f->fake, fake_authenticator_free);
  g_clear_object (&f->rp);
  g_rmdir (f->directory);
  g_free (f->path);
  g_free (f->directory);
}

static MortiseRegistration *
register_ok (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  MortiseRegistration *registration =
      mortise_relying_party_register (f->rp, f->path, "example.org", "alice", NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (registration);
  return registration;
}

static void
assert_register_fails (Fixture *f, MortiseError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (
      mortise_relying_party_register (f->rp, f->path, "example.org", "alice", NULL, NULL, &error));
  g_assert_error (error, MORTISE_ERROR, (int) code);
}

static void
assert_sign_in_fails (Fixture *f, MortiseError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (mortise_relying_party_sign_in (f->rp, f->path, "example.org", NULL, NULL, &error));
  g_assert_error (error, MORTISE_ERROR, (int) code);
}

static void
sign_in_ok (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSignIn) sign_in =
      mortise_relying_party_sign_in (f->rp, f->path, "example.org", NULL, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (sign_in->user_name, ==, "alice");
  g_assert_cmphex (sign_in->flags, ==, f->fake->sign_in_flags);
}

static void
test_register (Fixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = register_ok (f);

  g_assert_cmpstr (registration->rp_id, ==, "example.org");
  g_assert_cmpstr (registration->user_name, ==, "alice");
  g_assert_cmpuint (g_bytes_get_size (registration->user_id), ==, 32);
  g_assert_cmpuint (g_bytes_get_size (registration->credential_id), ==, 16);
  g_assert_cmpmem (registration->aaguid, 16, "fake-aaguid-0001", 16);
  g_assert_cmphex (registration->flags, ==, 0x45);
  g_assert_cmpstr (registration->format, ==, "packed");
  g_assert_true (registration->attested);
  g_assert_cmpint (registration->algorithm, ==, -7);
  g_assert_cmpuint (g_bytes_get_size (registration->public_key), ==, 64);
}

static void
test_no_attestation (Fixture *f, gconstpointer data)
{
  g_autoptr (MortiseRegistration) registration = NULL;

  f->fake->no_attestation = TRUE;
  registration = register_ok (f);
  g_assert_cmpstr (registration->format, ==, "none");
  g_assert_false (registration->attested);
  sign_in_ok (f);
}

static void
test_without_uv (Fixture *f, gconstpointer data)
{
  f->fake->no_uv = TRUE;
  f->fake->flags = 0x01;
  f->fake->sign_in_flags = 0x01;
  mortise_registration_free (register_ok (f));
  sign_in_ok (f);
}

static void
test_lies_at_registration (Fixture *f, gconstpointer data)
{
  const guint8 flags[] = { 0x00, 0x01, 0x04, 0x15 };

  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++)
    {
      f->fake->flags = flags[i];
      assert_register_fails (f, MORTISE_ERROR_FAILED);
      f->fake->no_attestation = !f->fake->no_attestation;
      assert_register_fails (f, MORTISE_ERROR_FAILED);
    }
  f->fake->flags = 0x05;
  f->fake->no_attestation = FALSE;
  f->fake->rp_id = "example.com";
  assert_register_fails (f, MORTISE_ERROR_FAILED);
  f->fake->rp_id = "example.org";
  f->fake->wrong_signature = TRUE;
  assert_register_fails (f, MORTISE_ERROR_FAILED);
  f->fake->wrong_signature = FALSE;
  /* None of it was remembered. */
  assert_sign_in_fails (f, MORTISE_ERROR_FAILED);
}

static void
test_lies_at_sign_in (Fixture *f, gconstpointer data)
{
  const guint8 flags[] = { 0x00, 0x01, 0x04, 0x15, 0x0D };

  mortise_registration_free (register_ok (f));
  sign_in_ok (f);
  for (gsize i = 0; i < G_N_ELEMENTS (flags); i++)
    {
      f->fake->sign_in_flags = flags[i];
      assert_sign_in_fails (f, MORTISE_ERROR_FAILED);
    }
  f->fake->sign_in_flags = 0x05;
  sign_in_ok (f);
  f->fake->sign_count = 1;
  assert_sign_in_fails (f, MORTISE_ERROR_FAILED);
  f->fake->sign_count = 1000;
  sign_in_ok (f);
  f->fake->wrong_signature = TRUE;
  assert_sign_in_fails (f, MORTISE_ERROR_FAILED);
  f->fake->wrong_signature = FALSE;
  f->fake->user_id = g_strdup ("mallory");
  assert_sign_in_fails (f, MORTISE_ERROR_FAILED);
  g_clear_pointer (&f->fake->user_id, g_free);
  f->fake->rp_id = "example.com";
  assert_sign_in_fails (f, MORTISE_ERROR_FAILED);
}

static void
test_error_codes (Fixture *f, gconstpointer data)
{
  const struct
  {
    guint8 status;
    MortiseError code;
  } cases[] = {
    { 0x27, MORTISE_ERROR_DENIED },     { 0x2D, MORTISE_ERROR_CANCELLED },
    { 0x2F, MORTISE_ERROR_TIMED_OUT },  { 0x2E, MORTISE_ERROR_NOT_FOUND },
    { 0x28, MORTISE_ERROR_VAULT_FULL }, { 0x3C, MORTISE_ERROR_PIN_BLOCKED },
    { 0x7F, MORTISE_ERROR_FAILED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      f->fake->status = cases[i].status;
      assert_register_fails (f, cases[i].code);
      assert_sign_in_fails (f, cases[i].code);
    }
}

static void
test_no_device (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *missing = g_build_filename (f->directory, "nothing", NULL);

  g_assert_null (
      mortise_relying_party_register (f->rp, missing, "example.org", "alice", NULL, NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING);
  g_clear_error (&error);
  g_assert_null (
      mortise_relying_party_sign_in (f->rp, f->directory, "example.org", NULL, NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING);
}

static void
test_bad_site (Fixture *f, gconstpointer data)
{
  const char *sites[] = { "", "exa\"mple.org", "EXAMPLE.org", "https://example.org", "a b" };

  for (gsize i = 0; i < G_N_ELEMENTS (sites); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (
          mortise_relying_party_register (f->rp, f->path, sites[i], "alice", NULL, NULL, &error));
      g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT);
    }
}

static void
on_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  f->fake->hold = TRUE;
  mortise_relying_party_register_async (f->rp, f->path, "example.org", "alice", NULL, cancellable,
                                        on_done, &result);
  WAIT_FOR_OTHERS (g_atomic_int_get (&f->fake->held) > 0);
  g_cancellable_cancel (cancellable);
  WAIT_FOR (result != NULL);
  g_assert_null (mortise_relying_party_register_finish (f->rp, result, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED);

  /* The device is free for the next. */
  f->fake->hold = FALSE;
  mortise_registration_free (register_ok (f));
}

static void
test_cancel_before (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  f->fake->hold = TRUE;
  g_cancellable_cancel (cancellable);
  g_assert_null (mortise_relying_party_register (f->rp, f->path, "example.org", "alice", NULL,
                                                 cancellable, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED);
}

static void
test_async (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) first = NULL;
  g_autoptr (GAsyncResult) second = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseRegistration) registration = NULL;
  g_autoptr (MortiseSignIn) sign_in = NULL;

  mortise_relying_party_register_async (f->rp, f->path, "example.org", "alice", NULL, NULL, on_done,
                                        &first);
  WAIT_FOR (first != NULL);
  registration = mortise_relying_party_register_finish (f->rp, first, &error);
  g_assert_no_error (error);
  mortise_relying_party_sign_in_async (f->rp, f->path, "example.org", NULL, NULL, on_done, &second);
  WAIT_FOR (second != NULL);
  sign_in = mortise_relying_party_sign_in_finish (f->rp, second, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (sign_in->credential_id, registration->credential_id));
}

static void
test_device_goes_away (Fixture *f, gconstpointer data)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  f->fake->deaf = TRUE;
  mortise_relying_party_sign_in_async (f->rp, f->path, "example.org", NULL, NULL, on_done, &result);
  WAIT_FOR_OTHERS (g_atomic_int_get (&f->fake->held) > 0);
  g_clear_pointer (&f->fake, fake_authenticator_free);
  WAIT_FOR (result != NULL);
  g_assert_null (mortise_relying_party_sign_in_finish (f->rp, result, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DEVICE_MISSING);
}

/* What does not even react to cancelling is left behind. */
static void
test_deaf_device (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  f->fake->deaf = TRUE;
  g_cancellable_cancel (cancellable);
  g_assert_null (
      mortise_relying_party_sign_in (f->rp, f->path, "example.org", NULL, cancellable, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED);
}

static gpointer
open_channels (gpointer data)
{
  const char *path = data;

  for (int i = 0; i < 300; i++)
    {
      g_autoptr (CtaphidClient) client = ctaphid_client_open (path);
    }
  return NULL;
}

/* Answers to other clients' INIT on the shared broadcast channel confuse libfido2. */
static void
test_beside_others (Fixture *f, gconstpointer data)
{
  GThread *thread = g_thread_new ("others", open_channels, f->path);

  for (int i = 0; i < 50; i++)
    mortise_registration_free (register_ok (f));
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function)                                                                        \
  g_test_add ("/relying-party/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("register", test_register);
  ADD ("no-attestation", test_no_attestation);
  ADD ("without-uv", test_without_uv);
  ADD ("lies-at-registration", test_lies_at_registration);
  ADD ("lies-at-sign-in", test_lies_at_sign_in);
  ADD ("error-codes", test_error_codes);
  ADD ("no-device", test_no_device);
  ADD ("bad-site", test_bad_site);
  ADD ("cancel", test_cancel);
  ADD ("cancel-before", test_cancel_before);
  ADD ("async", test_async);
  ADD ("device-goes-away", test_device_goes_away);
  ADD ("deaf-device", test_deaf_device);
  ADD ("beside-others", test_beside_others);
#undef ADD
  return g_test_run ();
}
