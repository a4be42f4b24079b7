/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <openssl/evp.h>

#include "core/ctap/authenticator.h"
#include "core/ctap/cbor-reader.h"
#include "core/ctap/cbor-writer.h"
#include "core/ctap/ctap-status.h"
#include "core/ctap/pin-uv-auth-token.h"

G_BEGIN_DECLS

/**
 * The longest message that clients are told to send, in bytes: 28 reports (CTAP 2.1 §11.2.4).
 *
 * CTAPHID carries 7,609 bytes, and so long a message is still served. But the kernel keeps no more
 * than 31 reports of a client for whoever is behind /dev/uhid and drops what is over, with nothing
 * that could hold the client back. A message of this size is never cut, however late we read.
 */
#define MORTISE_CTAP_MAX_MSG_SIZE (57 + 27 * 59)

/** Command bytes (CTAP 2.1 §6). */
typedef enum
{
  CTAP_MAKE_CREDENTIAL = 0x01,
  CTAP_GET_ASSERTION = 0x02,
  CTAP_GET_INFO = 0x04,
  CTAP_CLIENT_PIN = 0x06,
  CTAP_RESET = 0x07,
  CTAP_GET_NEXT_ASSERTION = 0x08,
  CTAP_CREDENTIAL_MANAGEMENT = 0x0A,
  CTAP_SELECTION = 0x0B,
  CTAP_LARGE_BLOBS = 0x0C,
  CTAP_CONFIG = 0x0D,
  CTAP_CREDENTIAL_MANAGEMENT_PREVIEW = 0x41,
} CtapCommand;

/**
 * MortiseCtapRequest:
 * @command: the command byte
 * @bytes: the whole request; what @parameters points into
 * @parameters: (nullable type): the parameter map; %MORTISE_CBOR_NONE for commands without
 * @context: (nullable): as handed in
 */
typedef struct
{
  CtapCommand command;
  GBytes *bytes;
  MortiseCborValue parameters;
  const MortiseRequestContext *context;
} MortiseCtapRequest;

/** Whose request it is: the CTAPHID channel, 0 without a context. */
static inline guint32
mortise_ctap_request_get_channel (const MortiseCtapRequest *request)
{
  return request->context != NULL ? request->context->channel : 0;
}

typedef struct _MortiseGetAssertion MortiseGetAssertion;
typedef struct _MortiseEnumeration MortiseEnumeration;
typedef struct _MortiseLargeBlobWrite MortiseLargeBlobWrite;
typedef struct _MortiseU2fAttempt MortiseU2fAttempt;
typedef struct _MortiseU2fRefusal MortiseU2fRefusal;

struct _MortiseAuthenticator
{
  GObject parent_instance;

  MortiseVault *vault;
  MortiseConsent *consent;
  gint64 (*clock) (void);

  /* Set from any thread; the rest belongs to the thread that handles requests. */
  gint builtin_uv;
  gint power_up_pending;
  _Atomic gint64 powered_up_at;

  MortisePinUvAuthToken *token;
  /* One per protocol, made when first asked for. */
  EVP_PKEY *key_agreement[2];
  /* What getNextAssertion goes on with. */
  MortiseGetAssertion *next_assertion;
  /* What credentialManagement's "get next" subcommands go on with. */
  MortiseEnumeration *enumeration;
  /* The large-blob array that is being sent in fragments. */
  MortiseLargeBlobWrite *large_blob_write;
  /* What the person is asked for a U2F client that polls, and what was refused to one. */
  MortiseU2fAttempt *u2f_attempt;
  MortiseU2fRefusal *u2f_refusal;
};

/* --- State (authenticator.c) -------------------------------------------------------------------
 */

/** Drops tokens, key agreement keys and pending assertions. */
void mortise_authenticator_forget (MortiseAuthenticator *self);

/** A boolean setting, @fallback while it was never set or there is no vault. */
gboolean
mortise_authenticator_get_flag (MortiseAuthenticator *self, const char *name, gboolean fallback);

/** forcePINChange: the PIN verifies nobody, by whichever way it comes, until it was changed. */
gboolean mortise_authenticator_is_pin_change_forced (MortiseAuthenticator *self);

/** minPINLength in code points. */
guint mortise_authenticator_get_min_pin_length (MortiseAuthenticator *self);

/** Whether @rp_id is on the list of sites that may read minPINLength. */
gboolean mortise_authenticator_may_read_min_pin_length (MortiseAuthenticator *self,
                                                        const char *rp_id);

/** Whether there is a PIN: "protected by some form of user verification". */
gboolean mortise_authenticator_is_protected (MortiseAuthenticator *self);

/** Whether our own prompt may verify at all ("supports a built-in method"). */
gboolean mortise_authenticator_supports_builtin_uv (MortiseAuthenticator *self);

/** Whether it can now: supported, and there is a PIN. */
gboolean mortise_authenticator_has_builtin_uv (MortiseAuthenticator *self);

/**
 * Whether makeCredential and getAssertion insist on verification. Without a vault a credential
 * cannot be made before a PIN is chosen, which is what clients read alwaysUv as.
 */
gboolean mortise_authenticator_is_always_uv (MortiseAuthenticator *self);

/** Whether the key's algorithm is one that this TPM does. */
gboolean mortise_authenticator_has_algorithm (MortiseAuthenticator *self, gint64 algorithm);

/* --- Asking the person (user-interaction.c) ----------------------------------------------------
 */

/**
 * As mortise_consent_begin(); keepalives say "user presence needed" from here on.
 * %MORTISE_ERROR_PIN_POLICY, and nobody is asked, for verification while a change of the PIN is
 * forced.
 */
MortiseConsentRequest *mortise_authenticator_begin_question (MortiseAuthenticator *self,
                                                             const MortiseCtapRequest *request,
                                                             const MortiseConsentQuestion *question,
                                                             GError **error);

/** As mortise_consent_wait(); a yes that a cancel overtook is a cancel. */
gboolean mortise_authenticator_wait_answer (MortiseAuthenticator *self,
                                            const MortiseCtapRequest *request,
                                            MortiseConsentRequest *consent,
                                            MortiseConsentAnswer *ret_answer,
                                            GError **error);

/** Both in one, for questions with nothing to do meanwhile. */
gboolean mortise_authenticator_ask (MortiseAuthenticator *self,
                                    const MortiseCtapRequest *request,
                                    const MortiseConsentQuestion *question,
                                    MortiseConsentAnswer *ret_answer,
                                    GError **error);

/**
 * The status for an error of a question that makeCredential or getAssertion asked: a PIN that
 * cannot be given here becomes %CTAP2_ERR_PUAT_REQUIRED, so that the client goes on with its own
 * PIN dialog (or says that the PIN is blocked) instead of giving up.
 */
CtapStatus mortise_authenticator_status_with_pin_fallback (const GError *error);

/**
 * Presence for a request that ends in an error in any case (CTAP 2.1 §6.1.2 step 1): browsers'
 * touch probes.
 */
CtapStatus mortise_authenticator_touch (MortiseAuthenticator *self,
                                        const MortiseCtapRequest *request);

/**
 * mortise_authenticator_ensure_listable:
 * @rp_id: the site on whose behalf it is asked
 * @verify: the request wants the user verified
 * @ret_verified: (inout): set to %TRUE if the person was verified for @verify on the way
 *
 * Asks to unlock where nothing can be looked up yet.
 */
CtapStatus mortise_authenticator_ensure_listable (MortiseAuthenticator *self,
                                                  const MortiseCtapRequest *request,
                                                  const char *rp_id,
                                                  gboolean verify,
                                                  gboolean *ret_verified);

/** A key is needed and none can be loaded: asks to unlock, naming the site. */
CtapStatus mortise_authenticator_ensure_unlocked (MortiseAuthenticator *self,
                                                  const MortiseCtapRequest *request,
                                                  const char *rp_id);

/* --- Commands, one file each -------------------------------------------------------------------
 *
 * Each writes the response's CBOR, if it has any, and returns the status; what was written is
 * dropped unless that is success.
 */

typedef CtapStatus (*MortiseCommandHandler) (MortiseAuthenticator *self,
                                             const MortiseCtapRequest *request,
                                             MortiseCborWriter *response);

CtapStatus mortise_ctap_get_info (MortiseAuthenticator *self,
                                  const MortiseCtapRequest *request,
                                  MortiseCborWriter *response);
CtapStatus mortise_ctap_make_credential (MortiseAuthenticator *self,
                                         const MortiseCtapRequest *request,
                                         MortiseCborWriter *response);
CtapStatus mortise_ctap_get_assertion (MortiseAuthenticator *self,
                                       const MortiseCtapRequest *request,
                                       MortiseCborWriter *response);
CtapStatus mortise_ctap_get_next_assertion (MortiseAuthenticator *self,
                                            const MortiseCtapRequest *request,
                                            MortiseCborWriter *response);
CtapStatus mortise_ctap_client_pin (MortiseAuthenticator *self,
                                    const MortiseCtapRequest *request,
                                    MortiseCborWriter *response);
CtapStatus mortise_ctap_selection (MortiseAuthenticator *self,
                                   const MortiseCtapRequest *request,
                                   MortiseCborWriter *response);
CtapStatus mortise_ctap_credential_management (MortiseAuthenticator *self,
                                               const MortiseCtapRequest *request,
                                               MortiseCborWriter *response);
CtapStatus mortise_ctap_large_blobs (MortiseAuthenticator *self,
                                     const MortiseCtapRequest *request,
                                     MortiseCborWriter *response);
CtapStatus mortise_ctap_config (MortiseAuthenticator *self,
                                const MortiseCtapRequest *request,
                                MortiseCborWriter *response);
CtapStatus mortise_ctap_reset (MortiseAuthenticator *self,
                               const MortiseCtapRequest *request,
                               MortiseCborWriter *response);

G_END_DECLS
