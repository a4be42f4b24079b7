/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/mortise-error.h"

G_BEGIN_DECLS

/** Authenticator data flags (WebAuthn L3 §6.1). */
typedef enum
{
  MORTISE_AUTH_FLAG_UP = 0x01,
  MORTISE_AUTH_FLAG_UV = 0x04,
  MORTISE_AUTH_FLAG_BE = 0x08,
  MORTISE_AUTH_FLAG_BS = 0x10,
  MORTISE_AUTH_FLAG_AT = 0x40,
  MORTISE_AUTH_FLAG_ED = 0x80,
} MortiseAuthFlags;

/**
 * MortiseRegistration:
 * @rp_id: the site
 * @user_name: the account
 * @user_id: user handle, 32 random bytes unless given
 * @credential_id: credential id as the authenticator made it
 * @aaguid: what says which product made it, 16 bytes
 * @flags: of the authenticator data: #MortiseAuthFlags
 * @sign_count: signature counter at registration
 * @format: attestation statement format, for example "packed", "none"
 * @algorithm: COSE algorithm of the public key
 * @public_key: the key as libfido2 gives it: x ‖ y, or the modulus and exponent
 * @attested: the attestation statement was verified (self attestation or certificate); %FALSE
 *   for format "none", which proves nothing
 *
 * What a site learns and keeps of one registration.
 */
typedef struct
{
  char *rp_id;
  char *user_name;
  GBytes *user_id;
  GBytes *credential_id;
  guint8 aaguid[16];
  guint8 flags;
  guint32 sign_count;
  char *format;
  int algorithm;
  GBytes *public_key;
  gboolean attested;
} MortiseRegistration;

void mortise_registration_free (MortiseRegistration *registration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseRegistration, mortise_registration_free)

/**
 * MortiseSignIn:
 * @credential_id: which credential signed
 * @user_id: (nullable): user handle, if the authenticator sent one
 * @user_name: the account that the site knows by this credential
 * @flags: of the authenticator data: #MortiseAuthFlags
 * @sign_count: signature counter
 *
 * What a site learns from one sign-in whose signature it verified.
 */
typedef struct
{
  GBytes *credential_id;
  GBytes *user_id;
  char *user_name;
  guint8 flags;
  guint32 sign_count;
} MortiseSignIn;

void mortise_sign_in_free (MortiseSignIn *sign_in);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseSignIn, mortise_sign_in_free)

/**
 * MortiseRegistrationOptions:
 * @user_display_name: (nullable): user.displayName
 * @user_id: (nullable): 1 to 64 bytes; %NULL for random ones
 * @discoverable: residentKey "required"
 * @verify_user: userVerification "preferred": asked of an authenticator that has its own
 *   verification
 * @exclude_known: send the credentials that this relying party knows for the site as excludeList
 * @algorithm: COSE algorithm, 0 for ES256
 *
 * What a site may ask for. %NULL in its place means: discoverable, verified, nothing excluded.
 */
typedef struct
{
  const char *user_display_name;
  GBytes *user_id;
  gboolean discoverable;
  gboolean verify_user;
  gboolean exclude_known;
  int algorithm;
} MortiseRegistrationOptions;

/**
 * MortiseSignInOptions:
 * @allow: (nullable) (element-type GBytes): allowCredentials; %NULL for username-less sign-in
 * @verify_user: as in #MortiseRegistrationOptions
 */
typedef struct
{
  GPtrArray *allow;
  gboolean verify_user;
} MortiseSignInOptions;

/**
 * MortiseRelyingParty:
 *
 * A site in this process, for "Try it" and for tests: makes a challenge, sends it through libfido2
 * to an authenticator, as a browser would, and verifies the answer as WebAuthn L3 §7.1 and §7.2 ask
 * a relying party to: challenge, site, user presence, BE and BS, attestation, signature, counter.
 * Remembers registrations as long as it lives. Functions may be called from any thread.
 *
 * @device is everywhere a hidraw node or the path of a "socket:PATH" transport. The authenticator
 * asks the person meanwhile, so an operation takes as long as the person does; cancelling sends
 * CTAPHID_CANCEL, which takes the prompt away.
 *
 * Errors: those of mortise_fido_set_error() and mortise_fido_device_open();
 * %MORTISE_ERROR_FAILED with what does not verify.
 */
#define MORTISE_TYPE_RELYING_PARTY (mortise_relying_party_get_type ())
G_DECLARE_FINAL_TYPE (MortiseRelyingParty, mortise_relying_party, MORTISE, RELYING_PARTY, GObject)

/** mortise_relying_party_new: Returns: (transfer full): one that knows no registration */
MortiseRelyingParty *mortise_relying_party_new (void);

/**
 * mortise_relying_party_register:
 * @options: (nullable)
 * @cancellable: (nullable)
 *
 * Blocks. Returns: (transfer full): the verified registration
 */
MortiseRegistration *mortise_relying_party_register (MortiseRelyingParty *self,
                                                     const char *device,
                                                     const char *rp_id,
                                                     const char *user_name,
                                                     const MortiseRegistrationOptions *options,
                                                     GCancellable *cancellable,
                                                     GError **error);

/** mortise_relying_party_register_async: the same in a worker thread */
void mortise_relying_party_register_async (MortiseRelyingParty *self,
                                           const char *device,
                                           const char *rp_id,
                                           const char *user_name,
                                           const MortiseRegistrationOptions *options,
                                           GCancellable *cancellable,
                                           GAsyncReadyCallback callback,
                                           gpointer user_data);

/** mortise_relying_party_register_finish: Returns: (transfer full): as
 * mortise_relying_party_register() */
MortiseRegistration *mortise_relying_party_register_finish (MortiseRelyingParty *self,
                                                            GAsyncResult *result,
                                                            GError **error);

/**
 * mortise_relying_party_sign_in:
 * @options: (nullable): %NULL for username-less and verified
 *
 * Blocks. Only credentials that this relying party registered can be verified.
 *
 * Returns: (transfer full): the verified sign-in
 */
MortiseSignIn *mortise_relying_party_sign_in (MortiseRelyingParty *self,
                                              const char *device,
                                              const char *rp_id,
                                              const MortiseSignInOptions *options,
                                              GCancellable *cancellable,
                                              GError **error);

/** mortise_relying_party_sign_in_async: the same in a worker thread */
void mortise_relying_party_sign_in_async (MortiseRelyingParty *self,
                                          const char *device,
                                          const char *rp_id,
                                          const MortiseSignInOptions *options,
                                          GCancellable *cancellable,
                                          GAsyncReadyCallback callback,
                                          gpointer user_data);

/** mortise_relying_party_sign_in_finish: Returns: (transfer full): as
 * mortise_relying_party_sign_in() */
MortiseSignIn *mortise_relying_party_sign_in_finish (MortiseRelyingParty *self,
                                                     GAsyncResult *result,
                                                     GError **error);

G_END_DECLS
