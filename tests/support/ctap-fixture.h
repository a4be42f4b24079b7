/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/ctap/authenticator.h"
#include "core/ctap/cbor-reader.h"
#include "core/ctap/cbor-writer.h"
#include "core/ctap/pin-uv-auth-token.h"
#include "tests/support/fake-tpm.h"
#include "tests/support/scripted-consent.h"

G_BEGIN_DECLS

#define CTAP_TEST_PIN "1234"

/** An authenticator on a fake TPM, with a scripted person, a vault of its own and a clock. */
typedef struct
{
  char *directory;
  MortiseTpm *tpm;
  MortiseKeyring *keyring;
  MortiseVault *vault;
  MortiseScriptedConsent *consent;
  MortiseAuthenticator *authenticator;
  GCancellable *cancellable;
  MortiseSecret *token; /* (nullable): what a platform holds, see ctap_renew_token() */
  guint32 channel;
  gboolean waiting;
  guint waits;
  /* (nullable): called around every request; @response is %NULL before it. For fuzzers. */
  void (*around) (GBytes *request, GBytes *response, gpointer user_data);
  gpointer around_data;
} CtapFixture;

/** For g_test_add(): with a vault, unlocked; _empty: without one. */
void ctap_fixture_set_up (CtapFixture *fixture, gconstpointer data);
void ctap_fixture_set_up_empty (CtapFixture *fixture, gconstpointer data);

/** As ctap_fixture_set_up(), on @tpm instead of a fake one. (transfer full) */
void ctap_fixture_set_up_on (CtapFixture *fixture, MortiseTpm *tpm);

/** Checks that no prompt is left, no answer unused, no key loaded; removes all. */
void ctap_fixture_tear_down (CtapFixture *fixture, gconstpointer data);

/** As if the agent had ended and started again, on the same TPM; LISTABLE afterwards. */
void ctap_fixture_restart (CtapFixture *fixture);

/** As ctap_fixture_restart(), with the keyring unavailable: LOCKED. */
void ctap_fixture_restart_locked (CtapFixture *fixture);

void ctap_fixture_advance (gint64 microseconds);
MortiseFakeTpm *ctap_fixture_tpm (CtapFixture *fixture);

/** Sends a command; returns the status byte. @ret_cbor: (optional): what follows it. */
guint8 ctap_send (CtapFixture *fixture, guint8 command, GBytes *parameters, GBytes **ret_cbor);
guint8 ctap_send_raw (CtapFixture *fixture, GBytes *request, GBytes **ret_cbor);

/** The oldest question not yet taken, which has to be of that kind. (transfer full) */
MortiseAskedQuestion *ctap_take_question (CtapFixture *fixture, MortiseConsentKind kind);
void ctap_drop_question (CtapFixture *fixture, MortiseConsentKind kind);

/** Every question from now on finds the request cancelled; until the consent's hook is %NULL. */
void ctap_cancel_when_asked (CtapFixture *fixture);

/** No question but those taken. */
void ctap_assert_not_asked (CtapFixture *fixture);

/** Sends a U2F raw message; returns the status word. @ret_data: (optional): what precedes it. */
guint16 ctap_send_apdu (CtapFixture *fixture, GBytes *apdu, GBytes **ret_data);

/** (transfer full): a command in extended encoding, as browsers send it */
GBytes *ctap_apdu (guint8 ins, guint8 p1, gconstpointer data, gsize size);

/** 32 bytes that stand for the client data. */
extern const guint8 ctap_client_data_hash[32];

/** Options: 0 absent, 1 true, -1 false. Strings left NULL get a default where one is required.
 *  extensions: the whole map, encoded; without it cred_protect makes one. */
typedef struct
{
  const char *rp_id;
  const char *rp_name;
  const char *user_id;
  const char *user_name;
  const char *user_display_name;
  gint64 algorithms[6];
  GPtrArray *exclude;
  int rk;
  int up;
  int uv;
  int cred_protect;
  GBytes *extensions;
  GBytes *param;
  int protocol;
  int enterprise_attestation;
} CtapMake;

typedef struct
{
  const char *rp_id;
  GPtrArray *allow;
  GBytes *extensions;
  int rk;
  int up;
  int uv;
  GBytes *param;
  int protocol;
} CtapGet;

GBytes *ctap_make_parameters (const CtapMake *make);
GBytes *ctap_get_parameters (const CtapGet *get);

/** (transfer full): @parameters with the last @from in it replaced by @to, of the same length */
GBytes *ctap_replace_text (GBytes *parameters, const char *from, const char *to);

/** Fails the test unless @cbor is one canonical value. */
MortiseCborValue ctap_parse (GBytes *cbor);

/** A map's member by its text key, or by its number if @name is NULL; type NONE if not there. */
gboolean
ctap_find (const MortiseCborValue *map, gint64 key, const char *name, MortiseCborValue *ret_value);

/** What an answer to makeCredential, getAssertion or getNextAssertion says. */
typedef struct
{
  GBytes *authenticator_data;
  GBytes *signature;
  GBytes *credential_id;
  GBytes *public_key;
  GBytes *large_blob_key;
  GBytes *extensions;
  GBytes *user_id;
  char *user_name;
  char *user_display_name;
  char *format;
  guint8 rp_id_hash[32];
  guint8 aaguid[16];
  guint8 flags;
  guint32 sign_count;
  gint64 number_of_credentials;
  gboolean user_selected;
} CtapAnswer;

void ctap_answer_free (CtapAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CtapAnswer, ctap_answer_free)

/** Sends and reads; @ret_answer is only set on success. Every answer is checked to be canonical. */
guint8 ctap_make (CtapFixture *fixture, const CtapMake *make, CtapAnswer **ret_answer);
guint8 ctap_get (CtapFixture *fixture, const CtapGet *get, CtapAnswer **ret_answer);
guint8 ctap_get_next (CtapFixture *fixture, CtapAnswer **ret_answer);

/** Registers with a yes; fails the test unless it succeeds. (transfer full): the answer */
CtapAnswer *ctap_register (CtapFixture *fixture, const CtapMake *make);

/** Whether @assertion is signed by the key that @attestation brought (OpenSSL's verdict). */
gboolean ctap_verify (const CtapAnswer *attestation, const CtapAnswer *assertion);

/** (transfer full): a list of one id */
GPtrArray *ctap_list (const CtapAnswer *answer);

/** getInfo: the member's value; fails the test if getInfo does. @ret_cbor keeps it alive. */
MortiseCborValue ctap_info_member (CtapFixture *fixture, gint64 key, GBytes **ret_cbor);

/** getInfo's option: 1 true, -1 false, 0 absent. */
int ctap_info_option (CtapFixture *fixture, const char *name);

/* --- clientPIN as a platform does it -----------------------------------------------------------
 */

typedef struct
{
  guint protocol;
  MortiseSecret *shared;
  guint8 x[32];
  guint8 y[32];
} CtapPinSession;

guint8 ctap_pin_session_open (CtapFixture *fixture, guint protocol, CtapPinSession *session);
void ctap_pin_session_clear (CtapPinSession *session);

/** (transfer full): pinUvAuthParam over @data */
GBytes *
ctap_authenticate (const MortiseSecret *key, guint protocol, gconstpointer data, gsize size);

/** (transfer full): pinUvAuthParam over ctap_client_data_hash */
GBytes *ctap_token_param (const MortiseSecret *token, guint protocol);

/** (transfer full): parameters of setPIN, or of changePIN where there is an @old_pin */
GBytes *ctap_change_pin_parameters (const CtapPinSession *session,
                                    const char *old_pin,
                                    const char *new_pin);

/** (transfer full): parameters of getPinToken if @permissions is 0, else of
 *  getPinUvAuthTokenUsingPinWithPermissions; of …UsingUvWithPermissions if @pin is NULL */
GBytes *ctap_token_parameters (const CtapPinSession *session,
                               const char *pin,
                               guint permissions,
                               const char *rp_id);

guint8 ctap_set_pin (CtapFixture *fixture, guint protocol, const char *pin);
guint8
ctap_change_pin (CtapFixture *fixture, guint protocol, const char *old_pin, const char *new_pin);

/** As ctap_token_parameters() says. */
guint8 ctap_get_token (CtapFixture *fixture,
                       guint protocol,
                       const char *pin,
                       guint permissions,
                       const char *rp_id,
                       MortiseSecret **ret_token);
guint8 ctap_get_token_with_uv (CtapFixture *fixture,
                               guint protocol,
                               guint permissions,
                               const char *rp_id,
                               MortiseSecret **ret_token);

/** The platform's token is one of these permissions from now on; fails the test if there is none.
 */
void ctap_renew_token (
    CtapFixture *fixture, guint protocol, const char *pin, guint permissions, const char *rp_id);

/** (transfer full): parameters of a subcommand (1: @sub_command, 2: @params, nullable), with the
 *  platform's token, if it has one, over @prefix (nullable) and those two */
GBytes *ctap_subcommand_parameters (
    CtapFixture *fixture, guint protocol, guint8 sub_command, GBytes *params, GBytes *prefix);

/** Retry counters; fail the test if they cannot be read. */
gint64 ctap_get_pin_retries (CtapFixture *fixture);
gint64 ctap_get_uv_retries (CtapFixture *fixture);

G_END_DECLS
