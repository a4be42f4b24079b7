/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/vault/credential.h"

G_BEGIN_DECLS

/**
 * MortiseConsentKind:
 * @MORTISE_CONSENT_REGISTER: make a passkey for a site
 * @MORTISE_CONSENT_SIGN_IN: sign in to a site
 * @MORTISE_CONSENT_SELECT: "use this device?" (authenticatorSelection, browsers' touch probes)
 * @MORTISE_CONSENT_EXCLUDED: presence before telling a site that a passkey is there already
 * @MORTISE_CONSENT_NO_PASSKEY: presence before telling a site that there is none
 * @MORTISE_CONSENT_VERIFY: verify the user for a client (token without a site, or for its rp_id)
 * @MORTISE_CONSENT_UNLOCK: a signature is owed on a locked vault (silent probe that matched)
 * @MORTISE_CONSENT_RESET: destroy everything
 *
 * What is asked. The words for it are the prompt's.
 */
typedef enum
{
  MORTISE_CONSENT_REGISTER,
  MORTISE_CONSENT_SIGN_IN,
  MORTISE_CONSENT_SELECT,
  MORTISE_CONSENT_EXCLUDED,
  MORTISE_CONSENT_NO_PASSKEY,
  MORTISE_CONSENT_VERIFY,
  MORTISE_CONSENT_UNLOCK,
  MORTISE_CONSENT_RESET,
} MortiseConsentKind;

/**
 * MortiseConsentQuestion:
 * @kind: what is asked
 * @rp_id: (nullable): the site
 * @rp_name: (nullable): rp.name as the site gave it; never shown instead of @rp_id
 * @user_name, @user_display_name: (nullable): the account being registered
 * @accounts: (nullable) (element-type MortiseCredential): the credentials to choose from, newest
 *   first; for REGISTER the one that will be replaced, if any
 * @verify: the answer must be a verified one (UV)
 * @offer_export: show the switch "Allow encrypted export"
 * @allow_export: what the switch starts as
 * @algorithm: for REGISTER the algorithm chosen
 * @permissions: for VERIFY what the client may do afterwards: #MortisePermission flags
 *
 * Everything the prompt shows. All strings are untrusted UTF-8 from a client. The question is
 * copied by mortise_consent_begin().
 */
typedef struct
{
  MortiseConsentKind kind;
  const char *rp_id;
  const char *rp_name;
  const char *user_name;
  const char *user_display_name;
  GPtrArray *accounts;
  gboolean verify;
  gboolean offer_export;
  gboolean allow_export;
  MortiseAlgorithm algorithm;
  guint permissions;
} MortiseConsentQuestion;

/**
 * MortiseConsentAnswer:
 * @verified: the person was verified (PIN in the TPM, or fingerprint) while answering
 * @allow_export: the switch as left
 * @account: index in accounts
 *
 * A yes. Every no is an error of mortise_consent_wait().
 */
typedef struct
{
  gboolean verified;
  gboolean allow_export;
  guint account;
} MortiseConsentAnswer;

/**
 * MortiseConsent:
 *
 * Asks the person. begin() returns at once so that the caller can load or create the key while the
 * prompt is up; wait() then blocks until there is an answer. Between the two the caller may do TPM
 * work but must not ask anything else. The agent's implementation starts mortise-prompt; tests
 * answer from a script.
 *
 * An implementation unlocks the vault itself when a PIN is typed: after a wait() that returned
 * %TRUE for a question that needed it (verify set, or vault not unlocked), the vault is UNLOCKED.
 */
#define MORTISE_TYPE_CONSENT (mortise_consent_get_type ())
G_DECLARE_INTERFACE (MortiseConsent, mortise_consent, MORTISE, CONSENT, GObject)

/** One question under way; freeing it before it was answered takes the prompt away. */
typedef struct _MortiseConsentRequest MortiseConsentRequest;

struct _MortiseConsentInterface
{
  GTypeInterface parent_iface;

  gpointer (*begin) (MortiseConsent *self, const MortiseConsentQuestion *question, GError **error);
  gboolean (*wait) (MortiseConsent *self,
                    gpointer request,
                    GCancellable *cancellable,
                    MortiseConsentAnswer *ret_answer,
                    GError **error);
  void (*end) (MortiseConsent *self, gpointer request);
  gboolean (*can_verify) (MortiseConsent *self);
};

/**
 * mortise_consent_begin:
 *
 * Returns: (transfer full): the question under way; %MORTISE_ERROR_BUSY while another is asked,
 *   %MORTISE_ERROR_PROMPT_FAILED if nothing can be shown
 */
MortiseConsentRequest *mortise_consent_begin (MortiseConsent *self,
                                              const MortiseConsentQuestion *question,
                                              GError **error);

/**
 * mortise_consent_wait:
 * @cancellable: cancelled when the client withdraws (CTAPHID_CANCEL, channel gone)
 *
 * Returns: %TRUE for a yes. %MORTISE_ERROR_DENIED, _CANCELLED, _TIMED_OUT, _PIN_BLOCKED,
 *   _PIN_AUTH_BLOCKED, _TPM_LOCKOUT, _PROMPT_FAILED …
 */
gboolean mortise_consent_wait (MortiseConsentRequest *request,
                               GCancellable *cancellable,
                               MortiseConsentAnswer *ret_answer,
                               GError **error);

/** mortise_consent_request_free: takes the prompt away if it is still up; @request may be %NULL */
void mortise_consent_request_free (MortiseConsentRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortiseConsentRequest, mortise_consent_request_free)

/** mortise_consent_can_verify: Returns: a prompt that can take a PIN can be shown here */
gboolean mortise_consent_can_verify (MortiseConsent *self);

G_END_DECLS
