/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "core/ctap/authenticator-data.h"
#include "core/ctap/authenticator-private.h"
#include "core/ctap/u2f-presence.h"
#include "core/ctap/u2f-site.h"
#include "core/vault/vault-settings.h"
#include "tests/support/ctap-fixture.h"

/* U2F raw messages, as clients that poll send them. */

#define REGISTER      0x01
#define AUTHENTICATE  0x02
#define VERSION       0x03
#define ENFORCE       0x03
#define CHECK_ONLY    0x07
#define DO_NOT_ASK    0x08
#define NOT_SATISFIED 0x6985
#define WRONG_DATA    0x6A80
#define OK            0x9000

/* Ends only what has failed already. */
#define PATIENCE (300 * G_TIME_SPAN_SECOND)

#define SITE "example.com"

/* What a registration answered. */
typedef struct
{
  GBytes *data;
  const guint8 *point;
  GBytes *key_handle;
  X509 *certificate;
  GBytes *signature;
} Registration;

static void
registration_clear (Registration *registration)
{
  g_clear_pointer (&registration->data, g_bytes_unref);
  g_clear_pointer (&registration->key_handle, g_bytes_unref);
  g_clear_pointer (&registration->signature, g_bytes_unref);
  g_clear_pointer (&registration->certificate, X509_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Registration, registration_clear)

/* --- Messages -------------------------------------------------------------------------------- */

static void
hash_site (const char *site, guint8 ret_application[32])
{
  mortise_rp_id_hash (site, ret_application);
}

static GBytes *
register_apdu (const guint8 challenge[32], const guint8 application[32])
{
  guint8 data[64];

  memcpy (data, challenge, 32);
  memcpy (data + 32, application, 32);
  return ctap_apdu (REGISTER, 0, data, sizeof data);
}

static GBytes *
authenticate_apdu (guint8 control, const char *site, GBytes *key_handle)
{
  guint8 data[64 + 1 + 255];
  gsize size;
  const guint8 *handle = g_bytes_get_data (key_handle, &size);

  memcpy (data, ctap_client_data_hash, 32);
  hash_site (site, data + 32);
  data[64] = (guint8) size;
  if (size > 0)
    memcpy (data + 65, handle, size);
  return ctap_apdu (AUTHENTICATE, control, data, 65 + size);
}

/* Sends it as long as it is told that nobody has agreed yet. */
static guint16
poll_apdu (CtapFixture *f, GBytes *apdu, GBytes **ret_data)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;
  guint16 word;

  do
    {
      if (ret_data != NULL)
        g_clear_pointer (ret_data, g_bytes_unref);
      word = ctap_send_apdu (f, apdu, ret_data);
      if (word == NOT_SATISFIED)
        g_usleep (1000);
    }
  while (word == NOT_SATISFIED && g_get_monotonic_time () < end);
  return word;
}

/* Until the prompt is gone; the fixture's own loop keeps the time of polls. */
static void
wait_no_prompt (CtapFixture *f)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  while (mortise_scripted_consent_is_up (f->consent) && g_get_monotonic_time () < end)
    {
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_usleep (1000);
    }
  g_assert_false (mortise_scripted_consent_is_up (f->consent));
}

static gboolean
verify (const guint8 point[65], GByteArray *message, GBytes *signature)
{
  static const guint8 start[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                  0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                  0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };
  guint8 der[sizeof start + 65];
  const guint8 *at = der;
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  EVP_PKEY *key;
  gboolean valid;

  memcpy (der, start, sizeof start);
  memcpy (der + sizeof start, point, 65);
  key = d2i_PUBKEY (NULL, &at, sizeof der);
  g_assert_nonnull (key);
  valid = EVP_DigestVerifyInit (context, NULL, EVP_sha256 (), NULL, key) == 1 &&
          EVP_DigestVerify (context, g_bytes_get_data (signature, NULL),
                            g_bytes_get_size (signature), message->data, message->len) == 1;
  EVP_MD_CTX_free (context);
  EVP_PKEY_free (key);
  return valid;
}

static void
append (GByteArray *array, GBytes *bytes)
{
  g_byte_array_append (array, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
}

/* Takes the answer apart; its signature and certificate have to be right. */
static void
read_registration (GBytes *data,
                   const guint8 challenge[32],
                   const guint8 application[32],
                   Registration *registration)
{
  gsize size;
  const guint8 *bytes = g_bytes_get_data (data, &size);
  const guint8 *at = bytes + 67;
  gsize handle_size = bytes[66];
  EVP_PKEY *key;
  g_autoptr (GByteArray) message = g_byte_array_new ();

  registration->data = g_bytes_ref (data);
  g_assert_cmphex (bytes[0], ==, 0x05);
  g_assert_cmphex (bytes[1], ==, 0x04);
  registration->point = bytes + 1;
  registration->key_handle = g_bytes_new (at, handle_size);
  at += handle_size;
  registration->certificate = d2i_X509 (NULL, &at, (long) (size - 67 - handle_size));
  g_assert_nonnull (registration->certificate);
  registration->signature = g_bytes_new (at, size - (gsize) (at - bytes));

  g_byte_array_append (message, (const guint8 *) "", 1);
  g_byte_array_append (message, application, 32);
  g_byte_array_append (message, challenge, 32);
  append (message, registration->key_handle);
  g_byte_array_append (message, registration->point, 65);
  g_assert_true (verify (registration->point, message, registration->signature));
  /* The certificate is of the same key, and signed by it. */
  key = X509_get_pubkey (registration->certificate);
  g_assert_cmpint (X509_verify (registration->certificate, key), ==, 1);
  g_assert_cmpint (EVP_PKEY_get_bits (key), ==, 256);
  EVP_PKEY_free (key);
}

static void
register_at (CtapFixture *f, const char *site, Registration *registration)
{
  guint8 application[32];
  g_autoptr (GBytes) apdu = NULL;
  g_autoptr (GBytes) data = NULL;

  hash_site (site, application);
  apdu = register_apdu (ctap_client_data_hash, application);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (poll_apdu (f, apdu, &data), ==, OK);
  read_registration (data, ctap_client_data_hash, application, registration);
}

static gboolean
verify_authentication (const Registration *registration, const char *site, GBytes *data)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();
  g_autoptr (GBytes) signature = g_bytes_new_from_bytes (data, 5, g_bytes_get_size (data) - 5);
  guint8 application[32];

  hash_site (site, application);
  g_byte_array_append (message, application, 32);
  g_byte_array_append (message, g_bytes_get_data (data, NULL), 5);
  g_byte_array_append (message, ctap_client_data_hash, 32);
  return verify (registration->point, message, signature);
}

static guint32
read_counter (GBytes *data)
{
  guint32 count;

  memcpy (&count, (const guint8 *) g_bytes_get_data (data, NULL) + 1, sizeof count);
  return GUINT32_FROM_BE (count);
}

/* Signs in; returns the counter. */
static guint32
authenticate (CtapFixture *f, const Registration *registration, const char *site)
{
  g_autoptr (GBytes) apdu = authenticate_apdu (ENFORCE, site, registration->key_handle);
  g_autoptr (GBytes) data = NULL;

  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (poll_apdu (f, apdu, &data), ==, OK);
  g_assert_cmphex (*(const guint8 *) g_bytes_get_data (data, NULL), ==, 0x01);
  g_assert_true (verify_authentication (registration, site, data));
  return read_counter (data);
}

static guint16
check_only (CtapFixture *f, const char *site, GBytes *key_handle)
{
  g_autoptr (GBytes) apdu = authenticate_apdu (CHECK_ONLY, site, key_handle);

  return ctap_send_apdu (f, apdu, NULL);
}

static MortiseCredential *
find (CtapFixture *f, GBytes *key_handle)
{
  MortiseCredential *credential = mortise_vault_find_by_id (f->vault, key_handle, NULL);

  g_assert_nonnull (credential);
  return credential;
}

/* --- 81: status words ------------------------------------------------------------------------ */

static guint16
send_static (CtapFixture *f, const char *bytes, gsize size)
{
  g_autoptr (GBytes) apdu = g_bytes_new (bytes, size);

  return ctap_send_apdu (f, apdu, NULL);
}

#define SEND(literal) send_static (f, literal, sizeof (literal) - 1)

static void
test_81_version (CtapFixture *f, gconstpointer data)
{
  g_autoptr (GBytes) apdu = ctap_apdu (VERSION, 0, NULL, 0);
  g_autoptr (GBytes) version = NULL;

  g_assert_cmphex (ctap_send_apdu (f, apdu, &version), ==, OK);
  g_assert_cmpmem (g_bytes_get_data (version, NULL), g_bytes_get_size (version), "U2F_V2", 6);
  /* Without Le, and with Le of one byte. */
  g_assert_cmphex (SEND ("\x00\x03\x00\x00"), ==, OK);
  g_assert_cmphex (SEND ("\x00\x03\x00\x00\x00"), ==, OK);
  g_assert_cmphex (SEND ("\x00\x03\x00\x00\xff"), ==, OK);
  /* As python-fido2 sends it: a length of no data, then Le. */
  g_assert_cmphex (SEND ("\x00\x03\x00\x00\x00\x00\x00\x00\x00"), ==, OK);
}

static void
test_81_status_words (CtapFixture *f, gconstpointer data)
{
  g_assert_cmphex (SEND ("\x80\x03\x00\x00"), ==, 0x6E00);
  g_assert_cmphex (SEND ("\x01\x63\x00\x00"), ==, 0x6E00);
  g_assert_cmphex (SEND ("\x00\x00\x00\x00"), ==, 0x6D00);
  g_assert_cmphex (SEND ("\x00\x04\x00\x00"), ==, 0x6D00);
  g_assert_cmphex (SEND ("\x00\x40\x00\x00\x00\x00\x00"), ==, 0x6D00);
  g_assert_cmphex (SEND ("\x00"), ==, 0x6700);
  g_assert_cmphex (SEND ("\x00\x03\x00"), ==, 0x6700);
  /* Version takes no data; registration 64 bytes; authentication a whole key handle. */
  g_assert_cmphex (SEND ("\x00\x03\x00\x00\x01\x61"), ==, 0x6700);
  g_assert_cmphex (SEND ("\x00\x01\x00\x00"), ==, 0x6700);
  g_assert_cmphex (SEND ("\x00\x01\x00\x00\x01\x61"), ==, 0x6700);
  g_assert_cmphex (SEND ("\x00\x02\x03\x00\x01\x61"), ==, 0x6700);
  g_assert_cmphex (SEND ("\x00\x02\x07\x00"), ==, 0x6700);
  ctap_assert_not_asked (f);
}

/* Every length from nothing to more than there is, around a registration. */
static void
test_81_lengths (CtapFixture *f, gconstpointer data)
{
  for (gsize size = 0; size < 100; size++)
    {
      guint8 bytes[100] = { 0 };
      g_autoptr (GBytes) right = NULL;
      g_autoptr (GBytes) more = NULL;
      guint8 message[7 + 102] = { 0x00, REGISTER, 0x00, 0x00, 0x00, 0x00, (guint8) size };

      if (size == 64)
        continue;
      right = ctap_apdu (REGISTER, 0, bytes, size);
      g_assert_cmphex (ctap_send_apdu (f, right, NULL), ==, 0x6700);
      /* Lc that promises one byte more than there is. */
      message[6]++;
      more = g_bytes_new (message, 7 + size);
      g_assert_cmphex (ctap_send_apdu (f, more, NULL), ==, 0x6700);
    }
  /* Key handle's length byte against what follows. */
  for (guint claimed = 0; claimed < 256; claimed++)
    {
      guint8 bytes[65 + 32] = { 0 };
      g_autoptr (GBytes) apdu = NULL;

      bytes[64] = (guint8) claimed;
      apdu = ctap_apdu (AUTHENTICATE, CHECK_ONLY, bytes, sizeof bytes);
      g_assert_cmphex (ctap_send_apdu (f, apdu, NULL), ==, claimed == 32 ? WRONG_DATA : 0x6700);
    }
  ctap_assert_not_asked (f);
}

/* The four ways to say the same. */
static void
test_81_encodings (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_autoptr (GBytes) extended = NULL;
  guint8 body[65 + 32];
  const guint8 *bytes;

  register_at (f, SITE, &registration);
  extended = authenticate_apdu (CHECK_ONLY, SITE, registration.key_handle);
  g_assert_cmpuint (g_bytes_get_size (extended), ==, 7 + sizeof body + 2);
  bytes = g_bytes_get_data (extended, NULL);
  memcpy (body, bytes + 7, sizeof body);
  for (guint with_le = 0; with_le < 4; with_le++)
    {
      g_autoptr (GByteArray) apdu = g_byte_array_new ();
      g_autoptr (GBytes) message = NULL;
      const guint8 short_length = sizeof body;
      gboolean is_short = with_le >= 2;

      g_byte_array_append (apdu, bytes, 4);
      if (is_short)
        g_byte_array_append (apdu, &short_length, 1);
      else
        g_byte_array_append (apdu, bytes + 4, 3);
      g_byte_array_append (apdu, body, sizeof body);
      if (with_le % 2 == 1)
        g_byte_array_append (apdu, (const guint8 *) "\0", is_short ? 1 : 2);
      message = g_bytes_new (apdu->data, apdu->len);
      g_assert_cmphex (ctap_send_apdu (f, message, NULL), ==, NOT_SATISFIED);
    }
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  ctap_assert_not_asked (f);
}

/* --- 81: registration and authentication ----------------------------------------------------- */

static void
test_81_register (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) first = { 0 };
  g_auto (Registration) second = { 0 };
  g_autoptr (MortiseAskedQuestion) question = NULL;
  g_autoptr (MortiseCredential) credential = NULL;

  register_at (f, "https://www.example.com/app-id.json", &first);
  question = ctap_take_question (f, MORTISE_CONSENT_REGISTER);
  /* Nobody knows what this is the hash of: it is shown as what it is. */
  g_assert_cmpuint (strlen (question->rp_id), ==, 64);
  g_assert_false (question->verify);
  g_assert_false (question->offer_export);
  ctap_assert_not_asked (f);

  credential = find (f, first.key_handle);
  g_assert_cmpstr (credential->rp_id, ==, question->rp_id);
  g_assert_true (credential->u2f);
  g_assert_false (credential->discoverable);
  g_assert_false (credential->backup_eligible);
  g_assert_cmpint (credential->credential_class, ==, MORTISE_CREDENTIAL_DEVICE_ONLY);
  g_assert_null (credential->user_id);
  g_assert_cmpuint (mortise_fake_tpm_count_loaded (ctap_fixture_tpm (f)), ==, 0);

  /* A second one takes nobody's place, and has nothing in common with the first. */
  register_at (f, "https://www.example.com/app-id.json", &second);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 2);
  g_assert_false (g_bytes_equal (first.key_handle, second.key_handle));
  g_assert_cmpint (memcmp (first.point, second.point, 65), !=, 0);
  g_assert_cmpint (ASN1_INTEGER_cmp (X509_get0_serialNumber (first.certificate),
                                     X509_get0_serialNumber (second.certificate)),
                   !=, 0);
}

static void
test_81_authenticate (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_autoptr (MortiseAskedQuestion) question = NULL;
  g_autoptr (MortiseCredential) before = NULL;
  g_autoptr (MortiseCredential) after = NULL;
  guint32 first;

  register_at (f, SITE, &registration);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  before = find (f, registration.key_handle);
  first = authenticate (f, &registration, SITE);
  question = ctap_take_question (f, MORTISE_CONSENT_SIGN_IN);
  g_assert_cmpstr (question->rp_id, ==, before->rp_id);
  g_assert_cmpuint (question->accounts->len, ==, 1);
  g_assert_false (question->verify);
  g_assert_cmpuint (authenticate (f, &registration, SITE), >, first);

  mortise_vault_flush_uses (f->vault);
  after = find (f, registration.key_handle);
  g_assert_cmpuint (after->use_count, ==, 2);
  g_assert_cmphex (after->last_flags, ==, MORTISE_AUTH_DATA_UP);
  g_assert_cmpuint (mortise_fake_tpm_count_loaded (ctap_fixture_tpm (f)), ==, 0);
}

static void
test_81_unknown_handle (CtapFixture *f, gconstpointer data)
{
  static const guint8 controls[] = { ENFORCE, CHECK_ONLY, DO_NOT_ASK };
  g_auto (Registration) registration = { 0 };
  g_autoptr (GBytes) unknown = g_bytes_new (ctap_client_data_hash, 32);
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) odd = NULL;

  register_at (f, SITE, &registration);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  for (gsize i = 0; i < G_N_ELEMENTS (controls); i++)
    {
      g_autoptr (GBytes) no_such = authenticate_apdu (controls[i], SITE, unknown);
      g_autoptr (GBytes) of_none = authenticate_apdu (controls[i], SITE, empty);
      g_autoptr (GBytes) elsewhere =
          authenticate_apdu (controls[i], "other.example", registration.key_handle);

      g_assert_cmphex (ctap_send_apdu (f, no_such, NULL), ==, WRONG_DATA);
      g_assert_cmphex (ctap_send_apdu (f, of_none, NULL), ==, WRONG_DATA);
      g_assert_cmphex (ctap_send_apdu (f, elsewhere, NULL), ==, WRONG_DATA);
    }
  odd = authenticate_apdu (0x00, SITE, registration.key_handle);
  g_assert_cmphex (ctap_send_apdu (f, odd, NULL), ==, WRONG_DATA);
  ctap_assert_not_asked (f);

  /* Deleted is unknown; restored it is known again. */
  {
    g_autoptr (MortiseCredential) credential = find (f, registration.key_handle);

    g_assert_true (mortise_vault_delete (f->vault, credential->row_id, NULL));
    g_assert_cmphex (check_only (f, SITE, registration.key_handle), ==, WRONG_DATA);
    g_assert_true (mortise_vault_restore (f->vault, credential->row_id, NULL));
    g_assert_cmphex (check_only (f, SITE, registration.key_handle), ==, NOT_SATISFIED);
  }
}

/* Told from the metadata alone: no prompt, no TPM command, also while the vault is only listable.
 */
static void
test_81_check_only (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };

  register_at (f, SITE, &registration);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  for (guint i = 0; i < 2; i++)
    {
      mortise_fake_tpm_reset_calls (ctap_fixture_tpm (f));
      g_assert_cmphex (check_only (f, SITE, registration.key_handle), ==, NOT_SATISFIED);
      g_assert_cmpuint (mortise_fake_tpm_count_calls (ctap_fixture_tpm (f), MORTISE_FAKE_TPM_ANY),
                        ==, 0);
      ctap_assert_not_asked (f);
      ctap_fixture_restart (f);
    }
}

static void
test_81_without_presence (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_autoptr (GBytes) apdu = NULL;
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) second = NULL;

  register_at (f, SITE, &registration);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  apdu = authenticate_apdu (DO_NOT_ASK, SITE, registration.key_handle);
  g_assert_cmphex (ctap_send_apdu (f, apdu, &first), ==, OK);
  g_assert_cmphex (*(const guint8 *) g_bytes_get_data (first, NULL), ==, 0x00);
  g_assert_true (verify_authentication (&registration, SITE, first));
  ctap_assert_not_asked (f);

  /* A signature is owed: with the key out of reach it takes the PIN. */
  ctap_fixture_restart (f);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_send_apdu (f, apdu, &second), ==, OK);
  g_assert_cmpuint (read_counter (second), >, read_counter (first));
  ctap_drop_question (f, MORTISE_CONSENT_UNLOCK);
}

/* --- 81: one prompt for many polls ----------------------------------------------------------- */

static void
test_81_one_prompt (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_autoptr (GBytes) apdu = NULL;

  register_at (f, SITE, &registration);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  apdu = authenticate_apdu (ENFORCE, SITE, registration.key_handle);
  mortise_scripted_consent_hold (f->consent);
  for (guint i = 0; i < 20; i++)
    {
      g_assert_cmphex (ctap_send_apdu (f, apdu, NULL), ==, NOT_SATISFIED);
      g_assert_true (mortise_scripted_consent_is_up (f->consent));
    }
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
  ctap_assert_not_asked (f);

  /* No poll any more: the prompt goes away by itself. */
  wait_no_prompt (f);
  /* The client comes back: that is another attempt. */
  (void) authenticate (f, &registration, SITE);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
}

/* A yes is for the polls that follow at once, and for one of them. */
static void
test_81_yes_is_used_once (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_autoptr (GBytes) apdu = NULL;

  register_at (f, SITE, &registration);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  (void) authenticate (f, &registration, SITE);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
  apdu = authenticate_apdu (ENFORCE, SITE, registration.key_handle);
  mortise_scripted_consent_hold (f->consent);
  g_assert_cmphex (ctap_send_apdu (f, apdu, NULL), ==, NOT_SATISFIED);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);

  /* Anything else on the channel says that the client is elsewhere. */
  ctap_info_option (f, "rk");
  g_assert_false (mortise_scripted_consent_is_up (f->consent));
}

/* A yes that nobody fetched is void. */
static void
test_81_late_poll (CtapFixture *f, gconstpointer data)
{
  const MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_SELECT };
  gint64 end = g_get_monotonic_time () + PATIENCE;
  MortiseU2fPresence *presence;

  mortise_scripted_consent_allow (f->consent);
  presence = mortise_u2f_presence_new (
      mortise_consent_begin (MORTISE_CONSENT (f->consent), &question, NULL));
  while (mortise_u2f_presence_get_state (presence) != MORTISE_U2F_EXPIRED &&
         g_get_monotonic_time () < end)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (1000);
    }
  g_assert_cmpint (mortise_u2f_presence_poll (presence, NULL), ==, MORTISE_U2F_EXPIRED);
  mortise_u2f_presence_free (presence);
}

static void
test_81_denied (CtapFixture *f, gconstpointer data)
{
  static const MortiseError refusals[] = { MORTISE_ERROR_DENIED, MORTISE_ERROR_TIMED_OUT,
                                           MORTISE_ERROR_CANCELLED };
  g_auto (Registration) registration = { 0 };

  register_at (f, SITE, &registration);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autoptr (GBytes) apdu = authenticate_apdu (ENFORCE, SITE, registration.key_handle);

      mortise_scripted_consent_refuse (f->consent, refusals[i]);
      g_assert_cmphex (ctap_send_apdu (f, apdu, NULL), ==, NOT_SATISFIED);
      wait_no_prompt (f);
      /* It polls on, for far longer than one that has stopped is waited for. */
      for (guint poll = 0; poll < 20; poll++)
        {
          ctap_fixture_advance (G_USEC_PER_SEC);
          g_assert_cmphex (ctap_send_apdu (f, apdu, NULL), ==, NOT_SATISFIED);
        }
      ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
      ctap_assert_not_asked (f);
      /* After a pause it is a new attempt. */
      ctap_fixture_advance (MORTISE_U2F_POLL_LIMIT * G_TIME_SPAN_MILLISECOND);
      (void) authenticate (f, &registration, SITE);
      ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
    }
}

/* What no patience mends ends the client's polling. */
static void
test_81_prompt_fails (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_autoptr (GBytes) apdu = NULL;

  register_at (f, SITE, &registration);
  apdu = authenticate_apdu (ENFORCE, SITE, registration.key_handle);
  mortise_scripted_consent_refuse_begin (f->consent, MORTISE_ERROR_PROMPT_FAILED);
  g_assert_cmphex (ctap_send_apdu (f, apdu, NULL), ==, 0x6F00);
  mortise_scripted_consent_refuse_begin (f->consent, MORTISE_ERROR_BUSY);
  g_assert_cmphex (ctap_send_apdu (f, apdu, NULL), ==, NOT_SATISFIED);
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_PIN_BLOCKED);
  g_assert_cmphex (poll_apdu (f, apdu, NULL), ==, 0x6F00);
}

/* Clients with several key handles for a site ask for each in turn. */
static void
test_81_several_handles (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) one = { 0 };
  g_auto (Registration) two = { 0 };
  g_autoptr (GBytes) ask_one = NULL;
  g_autoptr (GBytes) ask_two = NULL;
  g_autoptr (GBytes) answer = NULL;
  gint64 end = g_get_monotonic_time () + PATIENCE;
  guint16 word = NOT_SATISFIED;

  register_at (f, SITE, &one);
  register_at (f, SITE, &two);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  ask_one = authenticate_apdu (ENFORCE, SITE, one.key_handle);
  ask_two = authenticate_apdu (ENFORCE, SITE, two.key_handle);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_send_apdu (f, ask_one, NULL), ==, NOT_SATISFIED);
  while (word == NOT_SATISFIED && g_get_monotonic_time () < end)
    {
      g_clear_pointer (&answer, g_bytes_unref);
      word = ctap_send_apdu (f, ask_two, &answer);
    }
  g_assert_cmphex (word, ==, OK);
  g_assert_true (verify_authentication (&two, SITE, answer));
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
  ctap_assert_not_asked (f);
}

static void
test_81_two_clients (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_autoptr (GBytes) here = NULL;
  g_autoptr (GBytes) there = NULL;
  guint8 application[32];
  guint32 channel = f->channel;

  register_at (f, SITE, &registration);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  hash_site ("other.example", application);
  here = authenticate_apdu (ENFORCE, SITE, registration.key_handle);
  there = register_apdu (ctap_client_data_hash, application);

  mortise_scripted_consent_hold (f->consent);
  g_assert_cmphex (ctap_send_apdu (f, here, NULL), ==, NOT_SATISFIED);
  f->channel = channel + 1;
  g_assert_cmphex (ctap_send_apdu (f, there, NULL), ==, NOT_SATISFIED);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
  ctap_assert_not_asked (f);

  /* The first one asks for something else: its prompt goes at once, and it is the other's turn. */
  f->channel = channel;
  g_assert_cmphex (check_only (f, SITE, registration.key_handle), ==, NOT_SATISFIED);
  g_assert_true (mortise_scripted_consent_is_up (f->consent));
  ctap_info_option (f, "rk");
  g_assert_false (mortise_scripted_consent_is_up (f->consent));
  f->channel = channel + 1;
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (poll_apdu (f, there, NULL), ==, OK);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
}

/* Chromium, libfido2 and python-fido2, when all they want is a touch. */
static void
test_81_touch_probe (CtapFixture *f, gconstpointer data)
{
  static const guint8 fills[] = { 0x41, 0xff, 0x00 };

  for (gsize i = 0; i < G_N_ELEMENTS (fills); i++)
    {
      g_auto (Registration) registration = { 0 };
      g_autoptr (GBytes) apdu = NULL;
      g_autoptr (GBytes) answer = NULL;
      guint8 application[32];
      guint8 challenge[32];

      memset (application, fills[i], sizeof application);
      memset (challenge, 0x42, sizeof challenge);
      apdu = register_apdu (challenge, application);
      mortise_scripted_consent_allow (f->consent);
      g_assert_cmphex (poll_apdu (f, apdu, &answer), ==, OK);
      read_registration (answer, challenge, application, &registration);
      {
        g_autoptr (MortiseAskedQuestion) question = ctap_take_question (f, MORTISE_CONSENT_SELECT);

        g_assert_null (question->rp_id);
      }
      ctap_assert_not_asked (f);
      g_assert_cmphex (check_only (f, SITE, registration.key_handle), ==, WRONG_DATA);
    }
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
}

/* --- 81: names ------------------------------------------------------------------------------- */

static void
test_81_site_names (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) github = { 0 };
  g_auto (Registration) known = { 0 };
  g_autoptr (CtapAnswer) passkey = NULL;
  g_autoptr (MortiseAskedQuestion) question = NULL;
  g_autoptr (MortiseCredential) credential = NULL;

  register_at (f, "https://github.com/u2f/trusted_facets", &github);
  question = ctap_take_question (f, MORTISE_CONSENT_REGISTER);
  g_assert_cmpstr (question->rp_id, ==, "https://github.com/u2f/trusted_facets");
  g_clear_pointer (&question, mortise_asked_question_free);

  /* A site that there is a passkey for is known by name. */
  passkey = ctap_register (f, &(CtapMake){ .rp_id = "known.example" });
  register_at (f, "known.example", &known);
  question = ctap_take_question (f, MORTISE_CONSENT_REGISTER);
  g_assert_cmpstr (question->rp_id, ==, "known.example");
  credential = find (f, known.key_handle);
  g_assert_cmpstr (credential->rp_id, ==, "known.example");
  (void) authenticate (f, &known, "known.example");
  (void) authenticate (f, &github, "https://github.com/u2f/trusted_facets");
}

/* --- 81: states of the vault ----------------------------------------------------------------- */

static void
test_81_listable (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_auto (Registration) second = { 0 };

  register_at (f, SITE, &registration);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  ctap_fixture_restart (f);
  (void) authenticate (f, &registration, SITE);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
  ctap_fixture_restart (f);
  register_at (f, SITE, &second);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  ctap_assert_not_asked (f);
}

static void
test_81_locked (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_autoptr (GBytes) unknown = g_bytes_new (ctap_client_data_hash, 32);
  g_autoptr (GBytes) ask_unknown = authenticate_apdu (ENFORCE, SITE, unknown);
  g_autoptr (GBytes) ask = NULL;

  register_at (f, SITE, &registration);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  ask = authenticate_apdu (ENFORCE, SITE, registration.key_handle);

  /* Nothing can be looked up: a client that polls is told so until the vault is open. */
  ctap_fixture_restart_locked (f);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (poll_apdu (f, ask_unknown, NULL), ==, WRONG_DATA);
  ctap_drop_question (f, MORTISE_CONSENT_UNLOCK);

  ctap_fixture_restart_locked (f);
  mortise_scripted_consent_allow (f->consent);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (poll_apdu (f, ask, NULL), ==, OK);
  ctap_drop_question (f, MORTISE_CONSENT_UNLOCK);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);

  /* One that wants to know at once gets the truth, or an error. */
  ctap_fixture_restart_locked (f);
  mortise_scripted_consent_refuse (f->consent, MORTISE_ERROR_DENIED);
  g_assert_cmphex (check_only (f, SITE, registration.key_handle), ==, 0x6F00);
  ctap_drop_question (f, MORTISE_CONSENT_UNLOCK);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (check_only (f, SITE, registration.key_handle), ==, NOT_SATISFIED);
  ctap_drop_question (f, MORTISE_CONSENT_UNLOCK);
  g_assert_cmphex (check_only (f, SITE, unknown), ==, WRONG_DATA);
  ctap_assert_not_asked (f);
}

/* The vault locks itself between the yes and the poll that fetches it. */
static void
test_81_locks_meanwhile (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_autoptr (GBytes) ask = NULL;

  register_at (f, SITE, &registration);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  ask = authenticate_apdu (ENFORCE, SITE, registration.key_handle);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_send_apdu (f, ask, NULL), ==, NOT_SATISFIED);
  wait_no_prompt (f);
  mortise_vault_lock (f->vault);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (poll_apdu (f, ask, NULL), ==, OK);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
}

static void
test_81_failures (CtapFixture *f, gconstpointer data)
{
  static const MortiseFakeTpmOperation operations[] = { MORTISE_FAKE_TPM_CREATE_KEY,
                                                        MORTISE_FAKE_TPM_SIGN };
  guint8 application[32];
  g_autoptr (GBytes) apdu = NULL;

  hash_site (SITE, application);
  apdu = register_apdu (ctap_client_data_hash, application);
  for (gsize i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      mortise_fake_tpm_fail (ctap_fixture_tpm (f), operations[i], 0, G_MAXUINT,
                             MORTISE_ERROR_TPM_FAILED);
      mortise_scripted_consent_allow (f->consent);
      g_assert_cmphex (poll_apdu (f, apdu, NULL), ==, 0x6F00);
      mortise_fake_tpm_fail (ctap_fixture_tpm (f), operations[i], 0, 0, MORTISE_ERROR_TPM_FAILED);
      g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
    }
  /* The certificate is signed, the registration is not. */
  mortise_fake_tpm_fail (ctap_fixture_tpm (f), MORTISE_FAKE_TPM_SIGN, 1, 1,
                         MORTISE_ERROR_TPM_FAILED);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (poll_apdu (f, apdu, NULL), ==, 0x6F00);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 0);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (poll_apdu (f, apdu, NULL), ==, OK);
  g_assert_cmpuint (mortise_vault_count (f->vault), ==, 1);
}

/* After consent the TPM does nothing but sign. */
static void
test_81_commands (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_autoptr (GBytes) apdu = NULL;
  MortiseFakeTpm *tpm = ctap_fixture_tpm (f);

  register_at (f, SITE, &registration);
  apdu = authenticate_apdu (ENFORCE, SITE, registration.key_handle);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_send_apdu (f, apdu, NULL), ==, NOT_SATISFIED);
  wait_no_prompt (f);
  mortise_fake_tpm_reset_calls (tpm);
  g_assert_cmphex (ctap_send_apdu (f, apdu, NULL), ==, OK);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_LOAD_KEY), ==, 0);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_SIGN), ==, 1);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_FLUSH), ==, 1);
  g_assert_cmpuint (mortise_fake_tpm_count_calls (tpm, MORTISE_FAKE_TPM_ANY), ==, 2);
}

/* --- 82 and 66 ------------------------------------------------------------------------------- */

static void
test_82_always_uv (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_autoptr (GBytes) ask = NULL;

  register_at (f, SITE, &registration);
  g_assert_true (mortise_authenticator_has_u2f (f->authenticator));
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_ALWAYS_UV,
                                            g_variant_new_boolean (TRUE), NULL));
  g_assert_false (mortise_authenticator_has_u2f (f->authenticator));
  g_assert_cmpint (ctap_info_option (f, "makeCredUvNotRqd"), ==, -1);
  ask = authenticate_apdu (ENFORCE, SITE, registration.key_handle);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  g_assert_cmphex (ctap_send_apdu (f, ask, NULL), ==, 0x6986);
  g_assert_cmphex (check_only (f, SITE, registration.key_handle), ==, 0x6986);
  g_assert_cmphex (SEND ("\x00\x03\x00\x00"), ==, 0x6986);
  ctap_assert_not_asked (f);
  g_assert_true (mortise_vault_set_setting (f->vault, MORTISE_SETTING_ALWAYS_UV,
                                            g_variant_new_boolean (FALSE), NULL));
  (void) authenticate (f, &registration, SITE);
}

/* Without a vault there is nothing that could be registered in. */
static void
test_82_without_vault (CtapFixture *f, gconstpointer data)
{
  g_assert_false (mortise_authenticator_has_u2f (f->authenticator));
  g_assert_cmphex (SEND ("\x00\x03\x00\x00"), ==, 0x6986);
}

static void
test_66_reset (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };

  register_at (f, SITE, &registration);
  mortise_authenticator_power_up (f->authenticator);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_send (f, CTAP_RESET, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (ctap_set_pin (f, 2, CTAP_TEST_PIN), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (check_only (f, SITE, registration.key_handle), ==, WRONG_DATA);
}

/* --- 83: both protocols ---------------------------------------------------------------------- */

#define APP_ID "https://www.example.com/app-id.json"

/* WebAuthn's extensions appid and appidExclude send the AppID where the RP ID would be. */
static void
test_83_u2f_through_ctap2 (CtapFixture *f, gconstpointer data)
{
  g_auto (Registration) registration = { 0 };
  g_autoptr (CtapAnswer) silent = NULL;
  g_autoptr (CtapAnswer) real = NULL;
  g_autoptr (CtapAnswer) verified = NULL;
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  g_autoptr (MortiseAskedQuestion) question = NULL;
  CtapGet get = { .rp_id = APP_ID, .allow = list };
  guint8 application[32];
  guint32 counter;

  register_at (f, APP_ID, &registration);
  ctap_drop_question (f, MORTISE_CONSENT_REGISTER);
  counter = authenticate (f, &registration, APP_ID);
  ctap_drop_question (f, MORTISE_CONSENT_SIGN_IN);
  g_ptr_array_add (list, g_bytes_ref (registration.key_handle));
  hash_site (APP_ID, application);

  get.up = -1;
  g_assert_cmphex (ctap_get (f, &get, &silent), ==, CTAP1_ERR_SUCCESS);
  get.up = 0;
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &get, &real), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmpmem (real->rp_id_hash, 32, application, 32);
  g_assert_cmphex (real->flags, ==, MORTISE_AUTH_DATA_UP);
  g_assert_cmpuint (real->sign_count, >, counter);
  g_assert_null (real->user_id);
  g_assert_true (g_bytes_equal (real->credential_id, registration.key_handle));
  {
    g_autoptr (GByteArray) message = g_byte_array_new ();

    append (message, real->authenticator_data);
    g_byte_array_append (message, ctap_client_data_hash, 32);
    g_assert_true (verify (registration.point, message, real->signature));
  }
  /* CTAP2 tells the name: the person reads it. */
  question = ctap_take_question (f, MORTISE_CONSENT_SIGN_IN);
  g_assert_cmpstr (question->rp_id, ==, APP_ID);
  get.uv = 1;
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_get (f, &get, &verified), ==, CTAP1_ERR_SUCCESS);
  g_assert_cmphex (verified->flags, ==, MORTISE_AUTH_DATA_UP | MORTISE_AUTH_DATA_UV);

  /* Another site, or the hash itself for a name, finds nothing. */
  get = (CtapGet){ .rp_id = SITE, .allow = list, .up = -1 };
  g_assert_cmphex (ctap_get (f, &get, NULL), ==, CTAP2_ERR_NO_CREDENTIALS);
  {
    g_autoptr (MortiseCredential) credential = find (f, registration.key_handle);

    get.rp_id = credential->rp_id;
    g_assert_cmphex (ctap_get (f, &get, NULL), ==, CTAP2_ERR_NO_CREDENTIALS);
  }
  /* It is not discoverable. */
  get = (CtapGet){ .rp_id = APP_ID, .up = -1 };
  g_assert_cmphex (ctap_get (f, &get, NULL), ==, CTAP2_ERR_NO_CREDENTIALS);
  mortise_scripted_consent_allow (f->consent);
  g_assert_cmphex (ctap_make (f, &(CtapMake){ .rp_id = APP_ID, .exclude = list }, NULL), ==,
                   CTAP2_ERR_CREDENTIAL_EXCLUDED);
}

static void
test_83_ctap2_through_u2f (CtapFixture *f, gconstpointer data)
{
  static const struct
  {
    int rk;
    int protect;
    gint64 algorithm;
    gboolean works;
  } cases[] = {
    { 0, 0, MORTISE_ALG_ES256, TRUE },  { 1, 1, MORTISE_ALG_ES256, TRUE },
    { 1, 2, MORTISE_ALG_ES256, TRUE },  { 1, 3, MORTISE_ALG_ES256, FALSE },
    { 0, 3, MORTISE_ALG_ES256, FALSE }, { 0, 0, MORTISE_ALG_RS256, FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const CtapMake make = { .rk = cases[i].rk,
                              .uv = 1,
                              .cred_protect = cases[i].protect,
                              .algorithms = { cases[i].algorithm } };
      g_autoptr (CtapAnswer) answer = ctap_register (f, &make);
      g_autoptr (GBytes) ask = authenticate_apdu (ENFORCE, SITE, answer->credential_id);
      g_autoptr (GBytes) data_returned = NULL;
      Registration registration = { 0 };
      MortiseCborValue cose = ctap_parse (answer->public_key);
      MortiseCborValue x, y;
      guint8 point[65] = { 0x04 };

      g_assert_cmphex (check_only (f, SITE, answer->credential_id), ==,
                       cases[i].works ? NOT_SATISFIED : WRONG_DATA);
      if (!cases[i].works)
        {
          g_assert_cmphex (ctap_send_apdu (f, ask, NULL), ==, WRONG_DATA);
          continue;
        }
      g_assert_true (ctap_find (&cose, -2, NULL, &x));
      g_assert_true (ctap_find (&cose, -3, NULL, &y));
      memcpy (point + 1, x.data, 32);
      memcpy (point + 33, y.data, 32);
      registration.point = point;
      mortise_scripted_consent_allow (f->consent);
      g_assert_cmphex (poll_apdu (f, ask, &data_returned), ==, OK);
      g_assert_true (verify_authentication (&registration, SITE, data_returned));
    }
}

#define ADD(path, test)                                                                            \
  g_test_add (path, CtapFixture, NULL, ctap_fixture_set_up, test, ctap_fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/ctap/66-u2f/reset", test_66_reset);
  ADD ("/ctap/81-u2f/version", test_81_version);
  ADD ("/ctap/81-u2f/status-words", test_81_status_words);
  ADD ("/ctap/81-u2f/lengths", test_81_lengths);
  ADD ("/ctap/81-u2f/encodings", test_81_encodings);
  ADD ("/ctap/81-u2f/register", test_81_register);
  ADD ("/ctap/81-u2f/authenticate", test_81_authenticate);
  ADD ("/ctap/81-u2f/unknown-handle", test_81_unknown_handle);
  ADD ("/ctap/81-u2f/check-only", test_81_check_only);
  ADD ("/ctap/81-u2f/without-presence", test_81_without_presence);
  ADD ("/ctap/81-u2f/one-prompt", test_81_one_prompt);
  ADD ("/ctap/81-u2f/yes-is-used-once", test_81_yes_is_used_once);
  ADD ("/ctap/81-u2f/late-poll", test_81_late_poll);
  ADD ("/ctap/81-u2f/denied", test_81_denied);
  ADD ("/ctap/81-u2f/prompt-fails", test_81_prompt_fails);
  ADD ("/ctap/81-u2f/several-handles", test_81_several_handles);
  ADD ("/ctap/81-u2f/two-clients", test_81_two_clients);
  ADD ("/ctap/81-u2f/touch-probe", test_81_touch_probe);
  ADD ("/ctap/81-u2f/site-names", test_81_site_names);
  ADD ("/ctap/81-u2f/listable", test_81_listable);
  ADD ("/ctap/81-u2f/locked", test_81_locked);
  ADD ("/ctap/81-u2f/locks-meanwhile", test_81_locks_meanwhile);
  ADD ("/ctap/81-u2f/failures", test_81_failures);
  ADD ("/ctap/81-u2f/commands", test_81_commands);
  ADD ("/ctap/82-u2f/always-uv", test_82_always_uv);
  g_test_add ("/ctap/82-u2f/without-vault", CtapFixture, NULL, ctap_fixture_set_up_empty,
              test_82_without_vault, ctap_fixture_tear_down);
  ADD ("/ctap/83-u2f/u2f-through-ctap2", test_83_u2f_through_ctap2);
  ADD ("/ctap/83-u2f/ctap2-through-u2f", test_83_ctap2_through_u2f);
  return g_test_run ();
}
