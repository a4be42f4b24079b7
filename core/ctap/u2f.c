/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/u2f.h"

#include <string.h>

#include "core/ctap/apdu.h"
#include "core/ctap/authenticator-data.h"
#include "core/ctap/new-key.h"
#include "core/ctap/pin-uv-auth-protocol.h"
#include "core/ctap/u2f-certificate.h"
#include "core/ctap/u2f-presence.h"
#include "core/ctap/u2f-site.h"

#define CHALLENGE_SIZE   32
#define COORDINATE_SIZE  32
#define REGISTER_SIZE    (CHALLENGE_SIZE + MORTISE_U2F_APPLICATION_SIZE)
#define KEY_HANDLE_START (REGISTER_SIZE + 1)

/* First byte of a registration's response (§4.3). */
#define REGISTRATION_RESERVED 0x05

enum
{
  U2F_REGISTER = 0x01,
  U2F_AUTHENTICATE = 0x02,
  U2F_VERSION = 0x03,
};

/* Control byte of authentication (§5.1). */
enum
{
  ENFORCE_PRESENCE = 0x03,
  CHECK_ONLY = 0x07,
  DO_NOT_ENFORCE_PRESENCE = 0x08,
};

/* Status words (ISO 7816-4 §5.6; U2F Raw Message Formats §3.3). */
typedef enum
{
  SW_NO_ERROR = 0x9000,
  SW_WRONG_LENGTH = 0x6700,
  SW_CONDITIONS_NOT_SATISFIED = 0x6985,
  SW_COMMAND_NOT_ALLOWED = 0x6986,
  SW_WRONG_DATA = 0x6A80,
  SW_INS_NOT_SUPPORTED = 0x6D00,
  SW_CLA_NOT_SUPPORTED = 0x6E00,
  /* "No precise diagnosis": what clients take for a general error. */
  SW_UNKNOWN = 0x6F00,
} StatusWord;

/* One message of registration or authentication. */
typedef struct
{
  MortiseApdu apdu;
  const guint8 *challenge;
  const guint8 *application;
  const MortiseRequestContext *context;
} Message;

/* What makes two messages polls of one attempt: what is asked of the person, and what for. */
typedef struct
{
  guint8 ins;
  MortiseConsentKind kind;
  guint8 parameters[REGISTER_SIZE];
} AttemptId;

/*
 * What goes on from poll to poll. Which key handle is meant is not part of its identity: clients
 * with several of them for a site go round them, and to the person it is one question.
 */
struct _MortiseU2fAttempt
{
  AttemptId id;
  guint32 channel;
  char *rp_id;
  MortiseU2fPresence *presence;
  MortiseNewKey new_key;
  gint64 row_id;
  MortiseTpmKey *key;
};

/* After a no a client polls on: nobody is asked again until it has stopped. */
struct _MortiseU2fRefusal
{
  AttemptId id;
  gint64 until;
  StatusWord status;
};

void
mortise_u2f_attempt_free (MortiseU2fAttempt *attempt)
{
  if (attempt == NULL)
    return;
  mortise_u2f_presence_free (attempt->presence);
  mortise_new_key_clear (&attempt->new_key);
  g_clear_pointer (&attempt->key, mortise_tpm_key_free);
  g_free (attempt->rp_id);
  g_free (attempt);
}

static guint32
channel_of (const Message *message)
{
  return message->context != NULL ? message->context->channel : 0;
}

static AttemptId
identify (const Message *message, MortiseConsentKind kind)
{
  AttemptId id = { .ins = message->apdu.ins, .kind = kind };

  memcpy (id.parameters, message->apdu.data, REGISTER_SIZE);
  return id;
}

static gboolean
is_same (const AttemptId *a, const AttemptId *b)
{
  return a->ins == b->ins && a->kind == b->kind &&
         memcmp (a->parameters, b->parameters, REGISTER_SIZE) == 0;
}

static StatusWord
status_from_error (const GError *error)
{
  switch (ctap_status_from_error (error))
    {
    case CTAP2_ERR_OPERATION_DENIED:
    case CTAP2_ERR_USER_ACTION_TIMEOUT:
    case CTAP2_ERR_KEEPALIVE_CANCEL:
      return SW_CONDITIONS_NOT_SATISFIED;
    default:
      break;
    }
  /* Another question was in the way, or the vault locked itself: the next poll asks again. */
  if (g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_BUSY) ||
      g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_VAULT_LOCKED))
    return SW_CONDITIONS_NOT_SATISFIED;
  return SW_UNKNOWN;
}

/* --- Presence ----------------------------------------------------------------------------------
 */

void
mortise_u2f_leave (MortiseAuthenticator *self, guint32 channel)
{
  if (self->u2f_attempt != NULL &&
      (self->u2f_attempt->channel == channel ||
       mortise_u2f_presence_get_state (self->u2f_attempt->presence) == MORTISE_U2F_EXPIRED))
    g_clear_pointer (&self->u2f_attempt, mortise_u2f_attempt_free);
}

static gint64
refusal_end (MortiseAuthenticator *self)
{
  return self->clock () + MORTISE_U2F_POLL_LIMIT * G_TIME_SPAN_MILLISECOND;
}

static gboolean
is_refused (MortiseAuthenticator *self, const AttemptId *id)
{
  MortiseU2fRefusal *refusal = self->u2f_refusal;

  if (refusal == NULL || !is_same (&refusal->id, id))
    return FALSE;
  if (self->clock () >= refusal->until)
    {
      g_clear_pointer (&self->u2f_refusal, g_free);
      return FALSE;
    }
  refusal->until = refusal_end (self);
  return TRUE;
}

static StatusWord
refuse (MortiseAuthenticator *self, const AttemptId *id, const GError *error)
{
  g_clear_pointer (&self->u2f_refusal, g_free);
  /* Nobody said no: the next poll asks. */
  if (g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_BUSY))
    return SW_CONDITIONS_NOT_SATISFIED;
  self->u2f_refusal = g_new0 (MortiseU2fRefusal, 1);
  self->u2f_refusal->id = *id;
  self->u2f_refusal->until = refusal_end (self);
  self->u2f_refusal->status = status_from_error (error);
  return self->u2f_refusal->status;
}

/* Makes or loads the key while the prompt is up. What fails is tried again after the answer. */
static void
prepare (MortiseAuthenticator *self,
         MortiseU2fAttempt *attempt,
         const MortiseConsentQuestion *question)
{
  if (mortise_vault_get_state (self->vault) != MORTISE_VAULT_UNLOCKED)
    return;
  if (question->kind == MORTISE_CONSENT_REGISTER)
    (void) mortise_new_key_create (&attempt->new_key, self->vault, MORTISE_ALG_ES256,
                                   MORTISE_KEY_DEVICE_ONLY, NULL);
  else if (question->kind == MORTISE_CONSENT_SIGN_IN)
    {
      const MortiseCredential *credential = g_ptr_array_index (question->accounts, 0);

      attempt->row_id = credential->row_id;
      attempt->key = mortise_vault_load_key (self->vault, credential, NULL);
    }
}

static StatusWord
start_attempt (MortiseAuthenticator *self,
               const Message *message,
               const AttemptId *id,
               MortiseConsentQuestion *question)
{
  g_autofree char *rp_id = g_strdup (question->rp_id);
  g_autoptr (GError) error = NULL;
  MortiseConsentRequest *consent;
  MortiseU2fAttempt *attempt;

  if (rp_id == NULL && question->kind != MORTISE_CONSENT_SELECT)
    rp_id = mortise_u2f_site_name (self->vault, message->application);
  question->rp_id = rp_id;
  consent = mortise_consent_begin (self->consent, question, &error);
  if (consent == NULL)
    return status_from_error (error);

  attempt = g_new0 (MortiseU2fAttempt, 1);
  attempt->id = *id;
  attempt->channel = channel_of (message);
  attempt->rp_id = g_steal_pointer (&rp_id);
  attempt->presence = mortise_u2f_presence_new (consent);
  self->u2f_attempt = attempt;
  prepare (self, attempt, question);
  return SW_NO_ERROR;
}

/*
 * @question: kind, and rp_id if the site's name is known already
 * @ret_attempt: (out) (transfer full): what was prepared, once the person has agreed
 *
 * Returns: SW_NO_ERROR then; else what the client hears meanwhile
 */
static StatusWord
obtain_presence (MortiseAuthenticator *self,
                 const Message *message,
                 MortiseConsentQuestion *question,
                 MortiseU2fAttempt **ret_attempt)
{
  const AttemptId id = identify (message, question->kind);
  g_autoptr (GError) error = NULL;

  if (is_refused (self, &id))
    return self->u2f_refusal->status;
  /* A client that asks something else has given up what it asked before. */
  if (self->u2f_attempt == NULL || !is_same (&self->u2f_attempt->id, &id))
    mortise_u2f_leave (self, channel_of (message));
  if (self->u2f_attempt == NULL)
    {
      StatusWord status = start_attempt (self, message, &id, question);

      if (status != SW_NO_ERROR)
        return status;
      /* Making a key takes its time, which is not the client's. */
      (void) mortise_u2f_presence_poll (self->u2f_attempt->presence, NULL);
      return SW_CONDITIONS_NOT_SATISFIED;
    }
  /* One person, one question: the other client's comes first. */
  if (!is_same (&self->u2f_attempt->id, &id))
    return SW_CONDITIONS_NOT_SATISFIED;

  switch (mortise_u2f_presence_poll (self->u2f_attempt->presence, &error))
    {
    case MORTISE_U2F_ALLOWED:
      *ret_attempt = g_steal_pointer (&self->u2f_attempt);
      /* The vault may have locked itself since: then the next poll asks, with the PIN. */
      if (question->kind != MORTISE_CONSENT_SELECT &&
          mortise_vault_get_state (self->vault) != MORTISE_VAULT_UNLOCKED)
        return SW_CONDITIONS_NOT_SATISFIED;
      return SW_NO_ERROR;
    case MORTISE_U2F_REFUSED:
      g_clear_pointer (&self->u2f_attempt, mortise_u2f_attempt_free);
      return refuse (self, &id, error);
    case MORTISE_U2F_EXPIRED:
      g_clear_pointer (&self->u2f_attempt, mortise_u2f_attempt_free);
      break;
    case MORTISE_U2F_ASKING:
      break;
    }
  return SW_CONDITIONS_NOT_SATISFIED;
}

/* --- Signing -----------------------------------------------------------------------------------
 */

typedef struct
{
  MortiseTpm *tpm;
  MortiseTpmKey *key;
} TpmSigner;

static GBytes *
sign_in_tpm (gpointer data, GBytes *digest, GError **error)
{
  const TpmSigner *signer = data;

  return mortise_tpm_sign (signer->tpm, signer->key, digest, error);
}

static GBytes *
sign_in_memory (gpointer data, GBytes *digest, GError **error)
{
  g_autoptr (GByteArray) signature = g_byte_array_new ();
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new (data, NULL);
  gsize size = 0;
  gsize digest_size;
  const guint8 *bytes = g_bytes_get_data (digest, &digest_size);

  if (context != NULL && EVP_PKEY_sign_init (context) == 1 &&
      EVP_PKEY_sign (context, NULL, &size, bytes, digest_size) == 1)
    {
      g_byte_array_set_size (signature, (guint) size);
      if (EVP_PKEY_sign (context, signature->data, &size, bytes, digest_size) != 1)
        size = 0;
    }
  EVP_PKEY_CTX_free (context);
  if (size == 0)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_FAILED, "OpenSSL cannot sign");
      return NULL;
    }
  return g_bytes_new (signature->data, size);
}

static void
append_bytes (GByteArray *array, GBytes *bytes)
{
  g_byte_array_append (array, g_bytes_get_data (bytes, NULL), (guint) g_bytes_get_size (bytes));
}

/* --- Registration (§4) -------------------------------------------------------------------------
 */

static gboolean
append_registration (GByteArray *response,
                     const Message *message,
                     const guint8 point[MORTISE_U2F_POINT_SIZE],
                     GBytes *key_handle,
                     MortiseU2fSign sign,
                     gpointer signer,
                     GError **error)
{
  static const guint8 signed_reserved = 0x00;
  static const guint8 reserved = REGISTRATION_RESERVED;
  const guint8 handle_size = (guint8) g_bytes_get_size (key_handle);
  g_autoptr (GByteArray) to_sign = g_byte_array_new ();
  g_autoptr (GBytes) certificate = mortise_u2f_certificate_new (point, sign, signer, error);
  g_autoptr (GBytes) signature = NULL;

  if (certificate == NULL)
    return FALSE;
  g_byte_array_append (to_sign, &signed_reserved, 1);
  g_byte_array_append (to_sign, message->application, MORTISE_U2F_APPLICATION_SIZE);
  g_byte_array_append (to_sign, message->challenge, CHALLENGE_SIZE);
  append_bytes (to_sign, key_handle);
  g_byte_array_append (to_sign, point, MORTISE_U2F_POINT_SIZE);
  signature = mortise_u2f_sign_message (to_sign, sign, signer, error);
  if (signature == NULL)
    return FALSE;

  g_byte_array_append (response, &reserved, 1);
  g_byte_array_append (response, point, MORTISE_U2F_POINT_SIZE);
  g_byte_array_append (response, &handle_size, 1);
  append_bytes (response, key_handle);
  append_bytes (response, certificate);
  append_bytes (response, signature);
  return TRUE;
}

/*
 * Clients that want nothing but a touch register for a site that no name hashes to. They get a
 * registration that is right in every way, of a key that nobody keeps.
 */
static gboolean
is_touch_probe (const Message *message)
{
  for (gsize i = 1; i < MORTISE_U2F_APPLICATION_SIZE; i++)
    {
      if (message->application[i] != message->application[0])
        return FALSE;
    }
  return TRUE;
}

static StatusWord
answer_touch_probe (const Message *message, GByteArray *response)
{
  EVP_PKEY *key = mortise_key_agreement_generate ();
  g_autoptr (MortiseSecret) random = mortise_secret_new_random (MORTISE_CREDENTIAL_ID_SIZE);
  g_autoptr (GBytes) handle =
      g_bytes_new (mortise_secret_peek (random), MORTISE_CREDENTIAL_ID_SIZE);
  guint8 point[MORTISE_U2F_POINT_SIZE] = { 0x04 };
  gboolean ok;

  mortise_key_agreement_get_point (key, point + 1, point + 1 + COORDINATE_SIZE);
  ok = append_registration (response, message, point, handle, sign_in_memory, key, NULL);
  EVP_PKEY_free (key);
  return ok ? SW_NO_ERROR : SW_UNKNOWN;
}

static gboolean
get_point (const MortiseNewKey *new_key, guint8 ret_point[MORTISE_U2F_POINT_SIZE], GError **error)
{
  g_autoptr (MortiseTpmKeyInfo) info = mortise_tpm_blob_read_info (new_key->blob, error);

  if (info == NULL)
    return FALSE;
  g_assert (g_bytes_get_size (info->x) == COORDINATE_SIZE);
  g_assert (g_bytes_get_size (info->y) == COORDINATE_SIZE);
  ret_point[0] = 0x04;
  memcpy (ret_point + 1, g_bytes_get_data (info->x, NULL), COORDINATE_SIZE);
  memcpy (ret_point + 1 + COORDINATE_SIZE, g_bytes_get_data (info->y, NULL), COORDINATE_SIZE);
  return TRUE;
}

/* Signs first and stores then, as makeCredential does. */
static gboolean
store_registration (MortiseAuthenticator *self,
                    const Message *message,
                    MortiseU2fAttempt *attempt,
                    GByteArray *response,
                    GError **error)
{
  MortiseNewKey *new_key = &attempt->new_key;
  g_autoptr (MortiseCredentialSecrets) secrets = mortise_credential_secrets_new ();
  g_autoptr (MortiseCredential) credential = NULL;
  guint8 point[MORTISE_U2F_POINT_SIZE];
  TpmSigner signer = { .tpm = mortise_vault_get_tpm (self->vault) };

  if (new_key->key == NULL && !mortise_new_key_create (new_key, self->vault, MORTISE_ALG_ES256,
                                                       MORTISE_KEY_DEVICE_ONLY, error))
    return FALSE;
  signer.key = new_key->key;
  credential = mortise_new_key_to_credential (new_key, error);
  if (credential == NULL || !get_point (new_key, point, error) ||
      !append_registration (response, message, point, credential->credential_id, sign_in_tpm,
                            &signer, error))
    return FALSE;
  credential->rp_id = g_strdup (attempt->rp_id);
  credential->u2f = TRUE;
  secrets->key = g_steal_pointer (&new_key->blob);
  return mortise_vault_add (self->vault, credential, secrets, error);
}

static StatusWord
handle_register (MortiseAuthenticator *self, Message *message, GByteArray *response)
{
  g_autoptr (MortiseU2fAttempt) attempt = NULL;
  g_autoptr (GError) error = NULL;
  gboolean touch;
  MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_REGISTER,
                                      .algorithm = MORTISE_ALG_ES256 };
  StatusWord status;

  if (message->apdu.size != REGISTER_SIZE)
    return SW_WRONG_LENGTH;
  touch = is_touch_probe (message);
  if (touch)
    question.kind = MORTISE_CONSENT_SELECT;
  status = obtain_presence (self, message, &question, &attempt);
  if (status != SW_NO_ERROR)
    return status;
  if (touch)
    return answer_touch_probe (message, response);
  if (!store_registration (self, message, attempt, response, &error))
    {
      g_message ("Cannot register a passkey: %s", error->message);
      return status_from_error (error);
    }
  return SW_NO_ERROR;
}

/* --- Authentication (§5) -----------------------------------------------------------------------
 */

/*
 * A vault of which nothing can be listed. A client that polls has the time to wait for the prompt;
 * the others are owed the truth at once, which then takes as long as the person does.
 */
static StatusWord
ensure_listable (MortiseAuthenticator *self, const Message *message)
{
  MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_UNLOCK };
  const MortiseCtapRequest request = { .context = message->context };
  g_autoptr (MortiseU2fAttempt) attempt = NULL;
  g_autofree char *rp_id = NULL;

  if (mortise_vault_get_state (self->vault) != MORTISE_VAULT_LOCKED)
    {
      /* The PIN was right a moment ago: its prompt is on its way out, and is waited for. */
      if (self->u2f_attempt != NULL && self->u2f_attempt->id.kind == MORTISE_CONSENT_UNLOCK)
        mortise_u2f_leave (self, channel_of (message));
      return SW_NO_ERROR;
    }
  if (message->apdu.p1 == ENFORCE_PRESENCE)
    return obtain_presence (self, message, &question, &attempt);

  mortise_u2f_leave (self, channel_of (message));
  rp_id = mortise_u2f_site_name (self->vault, message->application);
  return mortise_authenticator_ensure_listable (self, &request, rp_id, FALSE, NULL) ==
                 CTAP1_ERR_SUCCESS
             ? SW_NO_ERROR
             : SW_UNKNOWN;
}

/* Also a passkey that CTAP2 made, unless it demands verification (CTAP 2.1 §10.3, §12.1). */
static StatusWord
find_credential (MortiseAuthenticator *self,
                 const Message *message,
                 MortiseCredential **ret_credential)
{
  g_autoptr (GBytes) id =
      g_bytes_new (message->apdu.data + KEY_HANDLE_START, message->apdu.size - KEY_HANDLE_START);
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseCredential) credential = mortise_vault_find_by_id (self->vault, id, &error);
  guint8 application[MORTISE_U2F_APPLICATION_SIZE];

  if (credential == NULL)
    return g_error_matches (error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND) ? SW_WRONG_DATA
                                                                           : SW_UNKNOWN;
  mortise_u2f_site_hash (credential, application);
  if (memcmp (application, message->application, sizeof application) != 0 ||
      credential->algorithm != MORTISE_ALG_ES256 || credential->cred_protect > 2)
    return SW_WRONG_DATA;
  *ret_credential = g_steal_pointer (&credential);
  return SW_NO_ERROR;
}

static gboolean
sign_authentication (MortiseAuthenticator *self,
                     const Message *message,
                     const MortiseCredential *credential,
                     MortiseTpmKey *key,
                     guint8 flags,
                     GByteArray *response,
                     GError **error)
{
  TpmSigner signer = { .tpm = mortise_vault_get_tpm (self->vault), .key = key };
  g_autoptr (GByteArray) to_sign = g_byte_array_new ();
  g_autoptr (GBytes) signature = NULL;
  guint32 count = 0;

  if (!mortise_vault_reserve_sign_count (self->vault, credential, &count, error))
    return FALSE;
  count = GUINT32_TO_BE (count);
  g_byte_array_append (to_sign, message->application, MORTISE_U2F_APPLICATION_SIZE);
  g_byte_array_append (to_sign, &flags, 1);
  g_byte_array_append (to_sign, (const guint8 *) &count, sizeof count);
  g_byte_array_append (to_sign, message->challenge, CHALLENGE_SIZE);
  signature = mortise_u2f_sign_message (to_sign, sign_in_tpm, &signer, error);
  if (signature == NULL)
    return FALSE;
  g_byte_array_append (response, &flags, 1);
  g_byte_array_append (response, (const guint8 *) &count, sizeof count);
  append_bytes (response, signature);
  mortise_vault_note_use (self->vault, credential->row_id, flags);
  return TRUE;
}

/* Presence, or an open vault where none is asked for. */
static StatusWord
obtain_consent (MortiseAuthenticator *self,
                const Message *message,
                MortiseCredential *credential,
                MortiseU2fAttempt **ret_attempt)
{
  g_autoptr (GPtrArray) accounts =
      g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_credential_unref);
  MortiseConsentQuestion question = { .kind = MORTISE_CONSENT_SIGN_IN,
                                      .rp_id = credential->rp_id,
                                      .accounts = accounts };
  const MortiseCtapRequest request = { .context = message->context };

  if (message->apdu.p1 == ENFORCE_PRESENCE)
    {
      g_ptr_array_add (accounts, mortise_credential_ref (credential));
      return obtain_presence (self, message, &question, ret_attempt);
    }
  mortise_u2f_leave (self, channel_of (message));
  return mortise_authenticator_ensure_unlocked (self, &request, credential->rp_id) ==
                 CTAP1_ERR_SUCCESS
             ? SW_NO_ERROR
             : SW_UNKNOWN;
}

static gboolean
has_key_handle (const Message *message)
{
  return message->apdu.size >= KEY_HANDLE_START &&
         message->apdu.size == KEY_HANDLE_START + (gsize) message->apdu.data[REGISTER_SIZE];
}

static StatusWord
handle_authenticate (MortiseAuthenticator *self, Message *message, GByteArray *response)
{
  guint8 control = message->apdu.p1;
  g_autoptr (MortiseCredential) credential = NULL;
  g_autoptr (MortiseU2fAttempt) attempt = NULL;
  g_autoptr (MortiseTpmKey) loaded = NULL;
  g_autoptr (GError) error = NULL;
  MortiseTpmKey *key = NULL;
  StatusWord status;

  if (!has_key_handle (message))
    return SW_WRONG_LENGTH;
  if (control != ENFORCE_PRESENCE && control != CHECK_ONLY && control != DO_NOT_ENFORCE_PRESENCE)
    return SW_WRONG_DATA;
  status = ensure_listable (self, message);
  if (status == SW_NO_ERROR)
    status = find_credential (self, message, &credential);
  if (status != SW_NO_ERROR)
    return status;
  /* "It is mine": the same words as for missing presence (§5.1). */
  if (control == CHECK_ONLY)
    return SW_CONDITIONS_NOT_SATISFIED;
  status = obtain_consent (self, message, credential, &attempt);
  if (status != SW_NO_ERROR)
    return status;

  if (attempt != NULL && attempt->row_id == credential->row_id)
    key = attempt->key;
  if (key == NULL)
    key = loaded = mortise_vault_load_key (self->vault, credential, &error);
  if (key == NULL || !sign_authentication (self, message, credential, key,
                                           control == ENFORCE_PRESENCE ? MORTISE_AUTH_DATA_UP : 0,
                                           response, &error))
    {
      g_message ("Cannot sign: %s", error->message);
      return status_from_error (error);
    }
  return SW_NO_ERROR;
}

/* --- Messages ----------------------------------------------------------------------------------
 */

static StatusWord
handle_version (const Message *message, GByteArray *response)
{
  static const guint8 version[] = { 'U', '2', 'F', '_', 'V', '2' };

  if (message->apdu.size != 0)
    return SW_WRONG_LENGTH;
  g_byte_array_append (response, version, sizeof version);
  return SW_NO_ERROR;
}

static StatusWord
dispatch (MortiseAuthenticator *self, GBytes *bytes, Message *message, GByteArray *response)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  gboolean whole = mortise_apdu_parse (data, size, &message->apdu);

  if (size < 4)
    return SW_WRONG_LENGTH;
  if (message->apdu.cla != 0)
    return SW_CLA_NOT_SUPPORTED;
  if (message->apdu.ins < U2F_REGISTER || message->apdu.ins > U2F_VERSION)
    return SW_INS_NOT_SUPPORTED;
  if (!mortise_authenticator_has_u2f (self))
    return SW_COMMAND_NOT_ALLOWED;
  if (!whole)
    return SW_WRONG_LENGTH;
  if (message->apdu.ins == U2F_VERSION)
    return handle_version (message, response);

  message->challenge = message->apdu.data;
  message->application = message->apdu.data != NULL ? message->apdu.data + CHALLENGE_SIZE : NULL;
  return message->apdu.ins == U2F_REGISTER ? handle_register (self, message, response)
                                           : handle_authenticate (self, message, response);
}

GBytes *
mortise_u2f_handle (MortiseAuthenticator *self, GBytes *bytes, const MortiseRequestContext *context)
{
  g_autoptr (GByteArray) response = g_byte_array_new ();
  Message message = { .context = context };
  StatusWord status = dispatch (self, bytes, &message, response);
  guint16 word = GUINT16_TO_BE ((guint16) status);

  if (status != SW_NO_ERROR)
    g_byte_array_set_size (response, 0);
  g_byte_array_append (response, (const guint8 *) &word, sizeof word);
  return g_byte_array_free_to_bytes (g_steal_pointer (&response));
}
