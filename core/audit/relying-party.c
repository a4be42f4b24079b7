/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/audit/relying-party-private.h"

#include <glib/gi18n.h>
#include <openssl/rand.h>
#include <string.h>

#include "core/audit/fido-device.h"

#define CHALLENGE_SIZE 32
#define USER_ID_SIZE   32

struct _MortiseRelyingParty
{
  GObject parent_instance;

  GMutex lock;
  GPtrArray *registrations; /* (element-type MortiseRegistration) (guarded by lock) */
};

G_DEFINE_FINAL_TYPE (MortiseRelyingParty, mortise_relying_party, G_TYPE_OBJECT)

typedef fido_cred_t FidoCred;
typedef fido_assert_t FidoAssert;

static void
fido_cred_clear (FidoCred *cred)
{
  fido_cred_free (&cred);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FidoCred, fido_cred_clear)

static void
fido_assert_clear (FidoAssert *assertion)
{
  fido_assert_free (&assertion);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FidoAssert, fido_assert_clear)

/* --- What is remembered ----------------------------------------------------------------------- */

static MortiseRegistration *
registration_copy (const MortiseRegistration *registration)
{
  MortiseRegistration *copy = g_memdup2 (registration, sizeof *registration);

  copy->rp_id = g_strdup (registration->rp_id);
  copy->user_name = g_strdup (registration->user_name);
  copy->user_id = g_bytes_ref (registration->user_id);
  copy->credential_id = g_bytes_ref (registration->credential_id);
  copy->format = g_strdup (registration->format);
  copy->public_key = g_bytes_ref (registration->public_key);
  return copy;
}

void
mortise_registration_free (MortiseRegistration *registration)
{
  g_free (registration->rp_id);
  g_free (registration->user_name);
  g_clear_pointer (&registration->user_id, g_bytes_unref);
  g_clear_pointer (&registration->credential_id, g_bytes_unref);
  g_free (registration->format);
  g_clear_pointer (&registration->public_key, g_bytes_unref);
  g_free (registration);
}

void
mortise_sign_in_free (MortiseSignIn *sign_in)
{
  g_clear_pointer (&sign_in->credential_id, g_bytes_unref);
  g_clear_pointer (&sign_in->user_id, g_bytes_unref);
  g_free (sign_in->user_name);
  g_free (sign_in);
}

/* Returns: (transfer full) (nullable): a copy, as others may change the list. */
static MortiseRegistration *
find_registration (MortiseRelyingParty *self, const char *rp_id, GBytes *credential_id)
{
  MortiseRegistration *found = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->registrations->len && found == NULL; i++)
    {
      const MortiseRegistration *registration = g_ptr_array_index (self->registrations, i);

      if (g_str_equal (registration->rp_id, rp_id) &&
          g_bytes_equal (registration->credential_id, credential_id))
        found = registration_copy (registration);
    }
  g_mutex_unlock (&self->lock);
  return found;
}

static void
note_sign_count (MortiseRelyingParty *self, GBytes *credential_id, guint32 sign_count)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->registrations->len; i++)
    {
      MortiseRegistration *registration = g_ptr_array_index (self->registrations, i);

      if (g_bytes_equal (registration->credential_id, credential_id))
        registration->sign_count = sign_count;
    }
  g_mutex_unlock (&self->lock);
}

static void
remember (MortiseRelyingParty *self, const MortiseRegistration *registration)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->registrations, registration_copy (registration));
  g_mutex_unlock (&self->lock);
}

/* --- Client data ------------------------------------------------------------------------------ */

static void
append_base64url (GString *string, const guint8 *data, gsize size)
{
  g_autofree char *encoded = g_base64_encode (data, size);

  g_strdelimit (encoded, "+", '-');
  g_strdelimit (encoded, "/", '_');
  encoded[strcspn (encoded, "=")] = '\0';
  g_string_append (string, encoded);
}

/* Returns: (transfer full): what a browser would have the authenticator sign (WebAuthn L3
 * §5.8.1); the challenge is fresh, so that no answer can be an old one. */
static GString *
make_client_data (const char *type, const char *rp_id)
{
  guint8 challenge[CHALLENGE_SIZE];
  GString *json = g_string_new (NULL);

  if (RAND_bytes (challenge, sizeof challenge) != 1)
    g_error ("The system gives no random numbers");
  g_string_printf (json, "{\"type\":\"%s\",\"challenge\":\"", type);
  append_base64url (json, challenge, sizeof challenge);
  g_string_append_printf (json, "\",\"origin\":\"https://%s\",\"crossOrigin\":false}", rp_id);
  return json;
}

static gboolean
check_site (const char *rp_id, GError **error)
{
  /* It goes into JSON as it is. */
  if (rp_id[0] != '\0' && strlen (rp_id) <= 253 &&
      rp_id[strspn (rp_id, "abcdefghijklmnopqrstuvwxyz0123456789-._")] == '\0')
    return TRUE;
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT, _ ("“%s” is no domain name."),
               rp_id);
  return FALSE;
}

/* --- Registration ----------------------------------------------------------------------------- */

static const MortiseRegistrationOptions default_registration = {
  .discoverable = TRUE,
  .verify_user = TRUE,
};

static int
exclude_known (MortiseRelyingParty *self, FidoCred *cred, const char *rp_id)
{
  int result = FIDO_OK;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->registrations->len && result == FIDO_OK; i++)
    {
      const MortiseRegistration *registration = g_ptr_array_index (self->registrations, i);
      gsize size;
      const guint8 *id = g_bytes_get_data (registration->credential_id, &size);

      if (g_str_equal (registration->rp_id, rp_id))
        result = fido_cred_exclude (cred, id, size);
    }
  g_mutex_unlock (&self->lock);
  return result;
}

static int
fill_cred (MortiseRelyingParty *self,
           FidoCred *cred,
           const MortiseRegistration *wanted,
           const MortiseRegistrationOptions *options,
           gboolean verify)
{
  g_autoptr (GString) client_data = make_client_data ("webauthn.create", wanted->rp_id);
  gsize id_size;
  const guint8 *id = g_bytes_get_data (wanted->user_id, &id_size);
  int result;

  result = fido_cred_set_type (cred, wanted->algorithm);
  if (result == FIDO_OK)
    result = fido_cred_set_clientdata (cred, (const guint8 *) client_data->str, client_data->len);
  if (result == FIDO_OK)
    result = fido_cred_set_rp (cred, wanted->rp_id, wanted->rp_id);
  if (result == FIDO_OK)
    result =
        fido_cred_set_user (cred, id, id_size, wanted->user_name, options->user_display_name, NULL);
  if (result == FIDO_OK)
    result = fido_cred_set_rk (cred, options->discoverable ? FIDO_OPT_TRUE : FIDO_OPT_OMIT);
  if (result == FIDO_OK)
    result = fido_cred_set_uv (cred, verify ? FIDO_OPT_TRUE : FIDO_OPT_OMIT);
  if (result == FIDO_OK && options->exclude_known)
    result = exclude_known (self, cred, wanted->rp_id);
  return result;
}

static GBytes *
make_user_id (void)
{
  guint8 id[USER_ID_SIZE];

  if (RAND_bytes (id, sizeof id) != 1)
    g_error ("The system gives no random numbers");
  return g_bytes_new (id, sizeof id);
}

MortiseRegistration *
mortise_relying_party_register (MortiseRelyingParty *self,
                                const char *device,
                                const char *rp_id,
                                const char *user_name,
                                const MortiseRegistrationOptions *options,
                                GCancellable *cancellable,
                                GError **error)
{
  g_autoptr (MortiseFidoDevice) fido = NULL;
  g_autoptr (MortiseRegistration) registration = NULL;
  g_autoptr (FidoCred) cred = NULL;
  gboolean verify;
  int result;

  g_return_val_if_fail (MORTISE_IS_RELYING_PARTY (self), NULL);
  g_return_val_if_fail (device != NULL && rp_id != NULL && user_name != NULL, NULL);

  if (options == NULL)
    options = &default_registration;
  if (!check_site (rp_id, error))
    return NULL;
  fido = mortise_fido_device_open (device, error);
  if (fido == NULL)
    return NULL;

  registration = g_new0 (MortiseRegistration, 1);
  registration->rp_id = g_strdup (rp_id);
  registration->user_name = g_strdup (user_name);
  registration->user_id =
      options->user_id != NULL ? g_bytes_ref (options->user_id) : make_user_id ();
  registration->algorithm = options->algorithm != 0 ? options->algorithm : COSE_ES256;

  verify = options->verify_user && fido_dev_has_uv (mortise_fido_device_peek (fido));
  cred = fido_cred_new ();
  result = fill_cred (self, cred, registration, options, verify);
  if (result == FIDO_OK)
    {
      mortise_fido_device_watch (fido, cancellable);
      result = fido_dev_make_cred (mortise_fido_device_peek (fido), cred, NULL);
      mortise_fido_device_unwatch (fido);
    }
  if (!mortise_fido_check (result, cancellable, error))
    return NULL;
  if (!mortise_relying_party_check_registration (cred, verify, registration, error))
    return NULL;
  remember (self, registration);
  return g_steal_pointer (&registration);
}

/* --- Sign-in ---------------------------------------------------------------------------------- */

static const MortiseSignInOptions default_sign_in = {
  .verify_user = TRUE,
};

static int
fill_assert (FidoAssert *assertion,
             const char *rp_id,
             const MortiseSignInOptions *options,
             gboolean verify)
{
  g_autoptr (GString) client_data = make_client_data ("webauthn.get", rp_id);
  int result;

  result =
      fido_assert_set_clientdata (assertion, (const guint8 *) client_data->str, client_data->len);
  if (result == FIDO_OK)
    result = fido_assert_set_rp (assertion, rp_id);
  if (result == FIDO_OK)
    result = fido_assert_set_up (assertion, FIDO_OPT_TRUE);
  if (result == FIDO_OK)
    result = fido_assert_set_uv (assertion, verify ? FIDO_OPT_TRUE : FIDO_OPT_OMIT);
  for (guint i = 0; options->allow != NULL && i < options->allow->len && result == FIDO_OK; i++)
    {
      gsize size;
      const guint8 *id = g_bytes_get_data (g_ptr_array_index (options->allow, i), &size);

      result = fido_assert_allow_cred (assertion, id, size);
    }
  return result;
}

static MortiseSignIn *
read_assert (MortiseRelyingParty *self,
             const FidoAssert *assertion,
             const char *rp_id,
             gboolean verify,
             GError **error)
{
  g_autoptr (MortiseSignIn) sign_in = g_new0 (MortiseSignIn, 1);
  g_autoptr (MortiseRegistration) registration = NULL;

  if (fido_assert_count (assertion) == 0)
    {
      mortise_relying_party_refuse (error, _ ("there is nothing in it"));
      return NULL;
    }
  sign_in->credential_id = mortise_relying_party_copy_bytes (fido_assert_id_ptr (assertion, 0),
                                                             fido_assert_id_len (assertion, 0));
  registration = find_registration (self, rp_id, sign_in->credential_id);
  if (registration == NULL)
    {
      mortise_relying_party_refuse (error, _ ("this site never registered the passkey"));
      return NULL;
    }
  if (!mortise_relying_party_check_sign_in (assertion, registration, verify, error))
    return NULL;

  if (fido_assert_user_id_ptr (assertion, 0) != NULL)
    sign_in->user_id = mortise_relying_party_copy_bytes (fido_assert_user_id_ptr (assertion, 0),
                                                         fido_assert_user_id_len (assertion, 0));
  sign_in->user_name = g_strdup (registration->user_name);
  sign_in->flags = fido_assert_flags (assertion, 0);
  sign_in->sign_count = fido_assert_sigcount (assertion, 0);
  note_sign_count (self, sign_in->credential_id, sign_in->sign_count);
  return g_steal_pointer (&sign_in);
}

MortiseSignIn *
mortise_relying_party_sign_in (MortiseRelyingParty *self,
                               const char *device,
                               const char *rp_id,
                               const MortiseSignInOptions *options,
                               GCancellable *cancellable,
                               GError **error)
{
  g_autoptr (MortiseFidoDevice) fido = NULL;
  g_autoptr (FidoAssert) assertion = NULL;
  gboolean verify;
  int result;

  g_return_val_if_fail (MORTISE_IS_RELYING_PARTY (self), NULL);
  g_return_val_if_fail (device != NULL && rp_id != NULL, NULL);

  if (options == NULL)
    options = &default_sign_in;
  if (!check_site (rp_id, error))
    return NULL;
  fido = mortise_fido_device_open (device, error);
  if (fido == NULL)
    return NULL;

  verify = options->verify_user && fido_dev_has_uv (mortise_fido_device_peek (fido));
  assertion = fido_assert_new ();
  result = fill_assert (assertion, rp_id, options, verify);
  if (result == FIDO_OK)
    {
      mortise_fido_device_watch (fido, cancellable);
      result = fido_dev_get_assert (mortise_fido_device_peek (fido), assertion, NULL);
      mortise_fido_device_unwatch (fido);
    }
  if (!mortise_fido_check (result, cancellable, error))
    return NULL;
  return read_assert (self, assertion, rp_id, verify, error);
}

/* --- In a worker thread ----------------------------------------------------------------------- */

typedef struct
{
  char *device;
  char *rp_id;
  char *user_name;
  char *user_display_name;
  MortiseRegistrationOptions registration;
  MortiseSignInOptions sign_in;
} Job;

static void
job_free (Job *job)
{
  g_free (job->device);
  g_free (job->rp_id);
  g_free (job->user_name);
  g_free (job->user_display_name);
  g_clear_pointer (&job->registration.user_id, g_bytes_unref);
  g_clear_pointer (&job->sign_in.allow, g_ptr_array_unref);
  g_free (job);
}

static void
run_register (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Job *job = data;
  GError *error = NULL;
  MortiseRegistration *registration = mortise_relying_party_register (
      source, job->device, job->rp_id, job->user_name, &job->registration, cancellable, &error);

  if (registration == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, registration, (GDestroyNotify) mortise_registration_free);
}

void
mortise_relying_party_register_async (MortiseRelyingParty *self,
                                      const char *device,
                                      const char *rp_id,
                                      const char *user_name,
                                      const MortiseRegistrationOptions *options,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Job *job = g_new0 (Job, 1);

  job->device = g_strdup (device);
  job->rp_id = g_strdup (rp_id);
  job->user_name = g_strdup (user_name);
  job->registration = options != NULL ? *options : default_registration;
  job->user_display_name = g_strdup (job->registration.user_display_name);
  job->registration.user_display_name = job->user_display_name;
  if (job->registration.user_id != NULL)
    g_bytes_ref (job->registration.user_id);

  g_task_set_source_tag (task, mortise_relying_party_register_async);
  /* Cancelled means told to the device, whose answer is what counts. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, job, (GDestroyNotify) job_free);
  g_task_run_in_thread (task, run_register);
}

MortiseRegistration *
mortise_relying_party_register_finish (MortiseRelyingParty *self,
                                       GAsyncResult *result,
                                       GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
run_sign_in (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Job *job = data;
  GError *error = NULL;
  MortiseSignIn *sign_in = mortise_relying_party_sign_in (source, job->device, job->rp_id,
                                                          &job->sign_in, cancellable, &error);

  if (sign_in == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, sign_in, (GDestroyNotify) mortise_sign_in_free);
}

void
mortise_relying_party_sign_in_async (MortiseRelyingParty *self,
                                     const char *device,
                                     const char *rp_id,
                                     const MortiseSignInOptions *options,
                                     GCancellable *cancellable,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);
  Job *job = g_new0 (Job, 1);

  job->device = g_strdup (device);
  job->rp_id = g_strdup (rp_id);
  job->sign_in = options != NULL ? *options : default_sign_in;
  if (job->sign_in.allow != NULL)
    g_ptr_array_ref (job->sign_in.allow);

  g_task_set_source_tag (task, mortise_relying_party_sign_in_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, job, (GDestroyNotify) job_free);
  g_task_run_in_thread (task, run_sign_in);
}

MortiseSignIn *
mortise_relying_party_sign_in_finish (MortiseRelyingParty *self,
                                      GAsyncResult *result,
                                      GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- Life cycle ------------------------------------------------------------------------------- */

static void
mortise_relying_party_finalize (GObject *object)
{
  MortiseRelyingParty *self = MORTISE_RELYING_PARTY (object);

  g_clear_pointer (&self->registrations, g_ptr_array_unref);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (mortise_relying_party_parent_class)->finalize (object);
}

static void
mortise_relying_party_class_init (MortiseRelyingPartyClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mortise_relying_party_finalize;
}

static void
mortise_relying_party_init (MortiseRelyingParty *self)
{
  g_mutex_init (&self->lock);
  self->registrations = g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_registration_free);
}

MortiseRelyingParty *
mortise_relying_party_new (void)
{
  return g_object_new (MORTISE_TYPE_RELYING_PARTY, NULL);
}
