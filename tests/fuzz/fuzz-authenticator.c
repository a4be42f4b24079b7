/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/fuzz/fuzz-authenticator.h"

#include <glib/gstdio.h>
#include <openssl/rand.h>
#include <string.h>
#include <unistd.h>

#include "core/ctap/authenticator-data.h"
#include "core/ctap/authenticator-private.h"
#include "core/vault/vault-settings.h"
#include "tests/fuzz/fuzz-site.h"
#include "tests/support/memory-keyring.h"

#define TPM_SEED "fuzz"

/* Of a client that was not there before. */
#define FRESH_CHANNEL 0x7000

/* How a run starts; bits of the first byte. */
enum
{
  START_UNLOCKED = 1 << 0,
  START_LOCKED = 1 << 1, /* without START_UNLOCKED: no keyring, so nothing can be listed */
  START_EMPTY = 1 << 2,  /* no vault yet */
  START_NO_BUILTIN_UV = 1 << 3,
  START_NO_PROMPT = 1 << 4, /* the prompt cannot verify */
  START_ALWAYS_UV = 1 << 5,
  START_EXPORT = 1 << 6,
  START_LATE = 1 << 7, /* the time for reset is over */
};

/* A vault as it is copied for each run. */
static struct
{
  char *root;
  char *directory;
  char *database;
  char *journal;
  char *content;
  gsize size;
  char *vault_id;
  MortiseSecret *login;
  CtapAnswer *passkeys[FUZZ_N_PASSKEYS];
} template;

static gint64 now;
static guint64 random_state;

/* --- A world that does the same again --------------------------------------------------------- */

static gint64
fuzz_clock (void)
{
  return now;
}

/* SplitMix64. */
static int
random_bytes (unsigned char *buffer, int size)
{
  for (int i = 0; i < size; i++)
    {
      guint64 z = random_state += 0x9e3779b97f4a7c15;

      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      buffer[i] = (unsigned char) (z ^ (z >> 31));
    }
  return 1;
}

static int
random_status (void)
{
  return 1;
}

static const RAND_METHOD random_method = {
  .bytes = random_bytes,
  .pseudorand = random_bytes,
  .status = random_status,
};

static void
remove_files (void)
{
  g_autofree char *building = g_strconcat (template.database, ".new", NULL);
  g_autofree char *erasing = g_strconcat (template.database, ".erase", NULL);

  (void) g_unlink (template.database);
  (void) g_unlink (template.journal);
  (void) g_unlink (building);
  (void) g_unlink (erasing);
}

static void
remove_folder (void)
{
  g_autofree char *lock = g_build_filename (template.directory, "vault.lock", NULL);

  remove_files ();
  (void) g_unlink (lock);
  (void) g_rmdir (template.directory);
  (void) g_rmdir (template.root);
}

/* In memory where there is such a folder: a vault writes through to the disk. */
static void
make_folder (void)
{
  const char *parent = g_access ("/dev/shm", W_OK) == 0 ? "/dev/shm" : g_get_tmp_dir ();

  template.root = g_build_filename (parent, "mortise-fuzz-XXXXXX", NULL);
  g_assert_nonnull (g_mkdtemp (template.root));
  template.directory = g_build_filename (template.root, "vault", NULL);
  template.database = g_build_filename (template.directory, "vault.db", NULL);
  template.journal = g_build_filename (template.directory, "vault.db-wal", NULL);
  atexit (remove_folder);
}

/* --- Checks around every request -------------------------------------------------------------- */

/* Flags of an answer's authenticator data; FALSE if it has none. */
static gboolean
read_flags (GBytes *response, guint8 *ret_flags, guint8 ret_hash[32])
{
  gsize size;
  const guint8 *data = g_bytes_get_data (response, &size);
  MortiseCborValue map, value;

  if (size < 2 || data[0] != CTAP1_ERR_SUCCESS ||
      mortise_cbor_parse (data + 1, size - 1, &map) != CTAP1_ERR_SUCCESS ||
      map.type != MORTISE_CBOR_MAP || !ctap_find (&map, 2, NULL, &value))
    return FALSE;
  g_assert_cmpint (value.type, ==, MORTISE_CBOR_BYTES);
  g_assert_cmpuint (value.size, >=, 37);
  memcpy (ret_hash, value.data, 32);
  *ret_flags = value.data[32];
  return TRUE;
}

static void
check_flags (FuzzAuthenticator *self, GBytes *request, GBytes *response)
{
  g_autofree char *site = NULL;
  guint8 command = *(const guint8 *) g_bytes_get_data (request, NULL);
  guint8 hash[32], expected[32];
  guint8 flags;

  /* The rest of a getAssertion is about the same site, and stands on the same consent. */
  if (command == CTAP_GET_NEXT_ASSERTION)
    request = self->requested;
  else if (command != CTAP_MAKE_CREDENTIAL && command != CTAP_GET_ASSERTION)
    return;
  if (!read_flags (response, &flags, hash))
    return;
  g_assert_nonnull (request);
  site = fuzz_site_of_request (request);
  g_assert_nonnull (site);
  mortise_rp_id_hash (site, expected);
  g_assert_cmpmem (hash, 32, expected, 32);
  if ((flags & MORTISE_AUTH_DATA_BS) != 0)
    g_assert_cmphex (flags & MORTISE_AUTH_DATA_BE, !=, 0);
  if (command == CTAP_GET_NEXT_ASSERTION)
    return;
  if ((flags & MORTISE_AUTH_DATA_UP) != 0 && !self->presence_issued)
    g_assert_cmpuint (fuzz_consent_count_yes (self->consent), >, 0);
  if ((flags & MORTISE_AUTH_DATA_UV) != 0 && !fuzz_request_has_token (request))
    g_assert_cmpuint (fuzz_consent_count_verified (self->consent), >, 0);
}

/* The rest of a list is for who asked for it, at once (CTAP 2.1 §6.3). */
static void
check_next (FuzzAuthenticator *self)
{
  g_assert_true (self->last.command == CTAP_GET_ASSERTION ||
                 self->last.command == CTAP_GET_NEXT_ASSERTION);
  g_assert_cmphex (self->last.channel, ==, self->ctap.channel);
  g_assert_cmpint (now - self->last.at, <=, 30 * G_USEC_PER_SEC);
}

static void
note_request (FuzzAuthenticator *self, GBytes *request, GBytes *response)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (request, &size);
  const guint8 *status = g_bytes_get_data (response, NULL);

  if (size == 0)
    return;
  if (data[0] == CTAP_GET_NEXT_ASSERTION && status[0] == CTAP1_ERR_SUCCESS)
    check_next (self);
  self->last.command = data[0];
  self->last.channel = self->ctap.channel;
  self->last.at = now;
  if (data[0] == CTAP_GET_ASSERTION)
    {
      g_clear_pointer (&self->requested, g_bytes_unref);
      self->requested = g_bytes_ref (request);
    }
  if (data[0] == CTAP_CLIENT_PIN && status[0] == CTAP1_ERR_SUCCESS &&
      fuzz_consent_count_yes (self->consent) > 0)
    self->presence_issued = TRUE;
}

/* With FUZZ_VERBOSE set one sees what a run does. */
static void
tell (GBytes *request, GBytes *response, const FuzzFaultPlan *plan)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (request, &size);
  const guint8 *status = g_bytes_get_data (response, NULL);

  g_debug ("%02x (%zu bytes)%s -> %02x", size > 0 ? data[0] : 0, size,
           plan->wanted ? ", with faults" : "", status[0]);
}

static void
around_request (GBytes *request, GBytes *response, gpointer user_data)
{
  FuzzAuthenticator *self = user_data;

  if (response == NULL)
    {
      g_autofree char *site = fuzz_site_of_request (request);

      g_cancellable_reset (self->ctap.cancellable);
      fuzz_consent_expect (self->consent, site);
      fuzz_faults_arm (&self->plan, &self->ctap, self->ctap.cancellable);
      return;
    }
  fuzz_faults_disarm (&self->ctap);
  tell (request, response, &self->plan);
  self->plan.wanted = FALSE;
  g_assert_false (fuzz_consent_is_up (self->consent));
  g_assert_false (self->ctap.waiting);
  if (g_bytes_get_size (request) > 0)
    check_flags (self, request, response);
  note_request (self, request, response);
}

/* --- Start and end ---------------------------------------------------------------------------- */

static gboolean
try_to_open_vault (FuzzAuthenticator *self, GError **error)
{
  self->ctap.vault = mortise_vault_new (template.directory, self->ctap.tpm, self->ctap.keyring);
  if (!mortise_vault_open (self->ctap.vault, error))
    return FALSE;
  fuzz_consent_set_vault (self->consent, self->ctap.vault);
  self->ctap.authenticator =
      mortise_authenticator_new (self->ctap.vault, MORTISE_CONSENT (self->consent), fuzz_clock);
  self->presence_issued = FALSE;
  return TRUE;
}

static void
open_vault (FuzzAuthenticator *self)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (try_to_open_vault (self, &error));
  g_assert_no_error (error);
}

static void
close_vault (FuzzAuthenticator *self)
{
  g_clear_object (&self->ctap.authenticator);
  fuzz_consent_set_vault (self->consent, NULL);
  mortise_vault_close (self->ctap.vault);
  g_clear_object (&self->ctap.vault);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (mortise_fake_tpm_count_loaded (MORTISE_FAKE_TPM (self->ctap.tpm)), ==, 0);
}

static FuzzAuthenticator *
make_parts (void)
{
  FuzzAuthenticator *self = g_new0 (FuzzAuthenticator, 1);

  self->consent = fuzz_consent_new ();
  fuzz_consent_set_pin (self->consent, FUZZ_PIN);
  self->ctap.tpm = mortise_fake_tpm_new_deterministic (TPM_SEED);
  self->ctap.keyring = mortise_memory_keyring_new ();
  self->ctap.cancellable = g_cancellable_new ();
  self->ctap.channel = 1;
  self->ctap.around = around_request;
  self->ctap.around_data = self;
  return self;
}

static void
free_parts (FuzzAuthenticator *self)
{
  g_clear_object (&self->consent);
  g_clear_object (&self->ctap.tpm);
  g_clear_object (&self->ctap.keyring);
  g_clear_object (&self->ctap.cancellable);
  g_clear_pointer (&self->requested, g_bytes_unref);
  g_free (self);
}

void
fuzz_authenticator_free (FuzzAuthenticator *self)
{
  close_vault (self);
  free_parts (self);
}

void
fuzz_authenticator_restart (FuzzAuthenticator *self)
{
  close_vault (self);
  open_vault (self);
}

static void
unlock (FuzzAuthenticator *self, const char *text)
{
  g_autoptr (MortiseSecret) pin = mortise_secret_new_from_data (text, strlen (text));
  g_autoptr (MortiseSecret) hash = mortise_pin_hash (pin, NULL);

  g_assert_true (mortise_vault_unlock (self->ctap.vault, hash, NULL));
}

void
fuzz_authenticator_set_always_uv (FuzzAuthenticator *self, gboolean always_uv)
{
  (void) mortise_vault_set_setting (self->ctap.vault, MORTISE_SETTING_ALWAYS_UV,
                                    g_variant_new_boolean (always_uv), NULL);
}

static void
apply_settings (FuzzAuthenticator *self, guint8 start)
{
  if ((start & START_EMPTY) == 0 && (start & START_ALWAYS_UV) != 0)
    fuzz_authenticator_set_always_uv (self, TRUE);
  if ((start & START_EMPTY) == 0 && (start & START_EXPORT) != 0)
    g_assert_true (mortise_vault_set_setting (self->ctap.vault, MORTISE_SETTING_EXPORT_DEFAULT,
                                              g_variant_new_boolean (TRUE), NULL));
  if ((start & START_UNLOCKED) != 0 && (start & START_EMPTY) == 0)
    unlock (self, FUZZ_PIN);
  mortise_authenticator_set_builtin_uv (self->ctap.authenticator,
                                        (start & START_NO_BUILTIN_UV) == 0);
  fuzz_consent_set_can_verify (self->consent, (start & START_NO_PROMPT) == 0);
  if ((start & START_LATE) != 0)
    fuzz_authenticator_advance (11 * G_USEC_PER_SEC);
}

static void
write_vault (gconstpointer content, gsize size)
{
  remove_files ();
  g_assert_true (g_file_set_contents_full (template.database, content, (gssize) size,
                                           G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

FuzzAuthenticator *
fuzz_authenticator_new (FuzzInput *input)
{
  FuzzAuthenticator *self = make_parts ();
  guint8 start = fuzz_input_byte (input);
  guint8 slots = fuzz_input_byte (input);
  gboolean locked = (start & START_LOCKED) != 0 && (start & START_UNLOCKED) == 0;

  now = G_USEC_PER_SEC;
  random_state = 2;
  remove_files ();
  if ((start & START_EMPTY) == 0)
    write_vault (template.content, template.size);
  if (!locked && (start & START_EMPTY) == 0)
    g_assert_true (
        mortise_keyring_store (self->ctap.keyring, template.vault_id, template.login, NULL, NULL));
  /* Some TPMs hold three objects. */
  if ((slots & 0xf0) == 0xf0)
    mortise_fake_tpm_set_slots (MORTISE_FAKE_TPM (self->ctap.tpm), 1 + slots % 4);
  mortise_fake_tpm_edit_info (MORTISE_FAKE_TPM (self->ctap.tpm))->rs256 = (slots & 1) == 0;
  open_vault (self);
  apply_settings (self, start);
  return self;
}

GByteArray *
fuzz_authenticator_dup_vault (void)
{
  GByteArray *content = g_byte_array_new ();

  g_byte_array_append (content, (const guint8 *) template.content, (guint) template.size);
  return content;
}

FuzzAuthenticator *
fuzz_authenticator_new_on (const GByteArray *content, gboolean unlocked)
{
  FuzzAuthenticator *self = make_parts ();
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) pin = mortise_secret_new_from_data (FUZZ_PIN, strlen (FUZZ_PIN));
  g_autoptr (MortiseSecret) hash = mortise_pin_hash (pin, NULL);

  now = G_USEC_PER_SEC;
  random_state = 2;
  write_vault (content->data, content->len);
  g_assert_true (
      mortise_keyring_store (self->ctap.keyring, template.vault_id, template.login, NULL, NULL));
  if (!try_to_open_vault (self, &error))
    {
      g_assert_true (error->domain == MORTISE_ERROR);
      fuzz_authenticator_free (self);
      return NULL;
    }
  if (unlocked)
    (void) mortise_vault_unlock (self->ctap.vault, hash, NULL);
  return self;
}

void
fuzz_authenticator_advance (gint64 microseconds)
{
  now += microseconds;
}

/* To one that every minimum length allows, in the client's dialog. */
static void
change_forced_pin (FuzzAuthenticator *self)
{
  g_autofree char *old_pin = g_strdup (fuzz_consent_get_pin (self->consent));
  g_autofree char *new_pin = g_strnfill (63, *old_pin == '1' ? '2' : '1');

  g_assert_cmphex (ctap_change_pin (&self->ctap, 2, old_pin, new_pin), ==, CTAP1_ERR_SUCCESS);
  fuzz_consent_set_pin (self->consent, new_pin);
  g_assert_false (mortise_authenticator_is_pin_change_forced (self->ctap.authenticator));
}

/* What a person has to do before anything works again: wait, start the agent again, change the PIN
 * where that is asked for, or reset. */
static void
mend (FuzzAuthenticator *self)
{
  mortise_fake_tpm_heal_lockout (MORTISE_FAKE_TPM (self->ctap.tpm));
  /* Three wrong PINs in a row are mended by a restart only; that the files are whole shows, too. */
  if (mortise_vault_is_pin_auth_blocked (self->ctap.vault))
    fuzz_authenticator_restart (self);
  if (mortise_vault_get_state (self->ctap.vault) != MORTISE_VAULT_NONE &&
      mortise_vault_get_pin_retries (self->ctap.vault) == 0)
    {
      mortise_authenticator_power_up (self->ctap.authenticator);
      g_assert_cmphex (ctap_send (&self->ctap, CTAP_RESET, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
      g_assert_cmpuint (mortise_vault_count (self->ctap.vault), ==, 0);
    }
  if (mortise_vault_get_state (self->ctap.vault) != MORTISE_VAULT_NONE)
    {
      if (mortise_authenticator_is_pin_change_forced (self->ctap.authenticator))
        change_forced_pin (self);
      return;
    }
  g_assert_cmphex (ctap_set_pin (&self->ctap, 2, FUZZ_PIN), ==, CTAP1_ERR_SUCCESS);
  fuzz_consent_set_pin (self->consent, FUZZ_PIN);
}

/* Signs in with the passkey that came with @attestation, verified, as a client with its id does. */
static void
check_sign_in (FuzzAuthenticator *self, const CtapAnswer *attestation, const char *rp_id)
{
  g_autoptr (GPtrArray) allow = ctap_list (attestation);
  const CtapGet get = { .rp_id = rp_id, .allow = allow, .uv = 1 };
  g_autoptr (CtapAnswer) assertion = NULL;

  g_assert_cmphex (ctap_get (&self->ctap, &get, &assertion), ==, CTAP1_ERR_SUCCESS);
  g_assert_true (ctap_verify (attestation, assertion));
  g_assert_cmphex (assertion->flags & MORTISE_AUTH_DATA_UP, !=, 0);
  g_assert_cmphex (assertion->flags & MORTISE_AUTH_DATA_UV, !=, 0);
}

/* A passkey that there was from the start works unless it was deleted or replaced. */
static void
check_old_passkey (FuzzAuthenticator *self)
{
  for (guint i = 0; i < FUZZ_N_PASSKEYS; i++)
    {
      g_autoptr (MortiseCredential) credential =
          mortise_vault_find_by_id (self->ctap.vault, template.passkeys[i]->credential_id, NULL);

      if (credential == NULL)
        continue;
      check_sign_in (self, template.passkeys[i], credential->rp_id);
      return;
    }
}

/* Another client comes, registers, and signs in twice: as it is, and after the vault was locked. */
static void
check_service (FuzzAuthenticator *self)
{
  const CtapMake make = { .rp_id = "after.example", .user_id = "later", .rk = 1, .uv = 1 };
  g_autoptr (CtapAnswer) answer = NULL;

  self->ctap.channel = FRESH_CHANNEL;
  g_assert_cmphex (ctap_send (&self->ctap, CTAP_GET_INFO, NULL, NULL), ==, CTAP1_ERR_SUCCESS);
  mend (self);
  check_old_passkey (self);
  g_assert_cmphex (ctap_make (&self->ctap, &make, &answer), ==, CTAP1_ERR_SUCCESS);
  check_sign_in (self, answer, make.rp_id);
  mortise_vault_lock (self->ctap.vault);
  check_sign_in (self, answer, make.rp_id);
}

void
fuzz_authenticator_end (FuzzAuthenticator *self)
{
  self->plan.wanted = FALSE;
  fuzz_consent_set_answers (self->consent, 0);
  fuzz_consent_set_can_verify (self->consent, TRUE);
  mortise_authenticator_set_builtin_uv (self->ctap.authenticator, TRUE);
  mortise_fake_tpm_set_slots (MORTISE_FAKE_TPM (self->ctap.tpm), 0);
  check_service (self);
  fuzz_authenticator_free (self);
}

/* --- The vault that every run starts from ----------------------------------------------------- */

static GBytes *
all_extensions (void)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_text_key (writer, &map, "credBlob");
  mortise_cbor_write_bytes (writer, "blob", 4);
  mortise_cbor_map_text_key (writer, &map, "credProtect");
  mortise_cbor_write_int (writer, 3);
  mortise_cbor_map_text_key (writer, &map, "hmac-secret");
  mortise_cbor_write_bool (writer, TRUE);
  mortise_cbor_map_text_key (writer, &map, "largeBlobKey");
  mortise_cbor_write_bool (writer, TRUE);
  mortise_cbor_map_end (writer, &map);
  return mortise_cbor_writer_finish (writer);
}

static void
add_passkeys (FuzzAuthenticator *self)
{
  g_autoptr (GBytes) extensions = all_extensions ();
  const CtapMake makes[FUZZ_N_PASSKEYS] = {
    { .rp_id = "example.com", .user_id = "one", .user_name = "one@example.com", .rk = 1, .uv = 1 },
    { .rp_id = "example.com", .user_id = "two", .user_name = "two@example.com", .rk = 1, .uv = 1 },
    { .rp_id = "example.com", .user_id = "all", .rk = 1, .uv = 1, .extensions = extensions },
    { .rp_id = "example.com", .user_id = "hidden", .uv = 1 },
    { .rp_id = "other.example", .user_id = "one", .rk = 1, .uv = 1, .cred_protect = 2 },
    { .rp_id = "other.example", .user_id = "p384", .rk = 1, .uv = 1, .algorithms = { -35 } },
  };

  for (guint i = 0; i < FUZZ_N_PASSKEYS; i++)
    {
      g_assert_cmphex (ctap_make (&self->ctap, &makes[i], &template.passkeys[i]), ==,
                       CTAP1_ERR_SUCCESS);
    }
}

void
fuzz_authenticator_prepare (void)
{
  FuzzAuthenticator *self;
  g_autoptr (MortiseSecret) pin = mortise_secret_new_from_data (FUZZ_PIN, strlen (FUZZ_PIN));
  g_autoptr (GError) error = NULL;

  fuzz_faults_install ();
  RAND_set_rand_method (&random_method);
  random_state = 1;
  now = G_USEC_PER_SEC;
  make_folder ();
  self = make_parts ();
  open_vault (self);
  g_assert_true (mortise_vault_create (self->ctap.vault, pin, &error));
  g_assert_no_error (error);
  add_passkeys (self);
  template.vault_id = mortise_vault_get_id (self->ctap.vault);
  template.login = mortise_keyring_lookup (self->ctap.keyring, template.vault_id, NULL, NULL);
  g_assert_nonnull (template.login);
  fuzz_authenticator_free (self);
  g_assert_true (g_file_get_contents (template.database, &template.content, &template.size, NULL));
}

GBytes *
fuzz_authenticator_get_passkey (guint index)
{
  return template.passkeys[index % FUZZ_N_PASSKEYS]->credential_id;
}

GBytes *
fuzz_authenticator_name_passkeys (GBytes *request)
{
  gsize size;
  guint8 *data = g_bytes_unref_to_data (g_bytes_ref (request), &size);

  for (guint i = 0; i < FUZZ_N_PASSKEYS; i++)
    {
      g_autofree char *name = g_strdup_printf ("passkey %u of the vault at first.", i);
      guint8 *found = size > 0 ? memmem (data, size, name, MORTISE_CREDENTIAL_ID_SIZE) : NULL;

      if (found != NULL)
        memcpy (found, g_bytes_get_data (fuzz_authenticator_get_passkey (i), NULL),
                MORTISE_CREDENTIAL_ID_SIZE);
    }
  return g_bytes_new_take (data, size);
}
