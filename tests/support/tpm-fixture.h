/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/tpm/tpm-esys-private.h"
#include "tests/support/swtpm.h"

G_BEGIN_DECLS

/**
 * MortiseTpmFixture:
 * @swtpm: a fresh software TPM
 * @tpm: opened and attached
 * @esys: the same, as its own type: its private parts are for tests to look at
 * @srk_name: Name of the storage root key
 * @auth: K_sign, 32 random bytes
 * @parent: a vault parent with @auth, loaded
 *
 * What most tests of core/tpm start from. For g_test_add() with the functions below.
 */
typedef struct
{
  MortiseSwtpm *swtpm;
  MortiseTpm *tpm;
  MortiseEsysTpm *esys;
  GBytes *srk_name;
  MortiseSecret *auth;
  MortiseTpmBlob *parent;
} MortiseTpmFixture;

void mortise_tpm_fixture_set_up (MortiseTpmFixture *fixture, gconstpointer data);
void mortise_tpm_fixture_tear_down (MortiseTpmFixture *fixture, gconstpointer data);

/** mortise_tpm_fixture_set_up_bare: swtpm only, nothing opened */
void mortise_tpm_fixture_set_up_bare (MortiseTpmFixture *fixture, gconstpointer data);

/** mortise_tpm_fixture_create_key: a device-only ES256 key, loaded */
MortiseTpmKey *mortise_tpm_fixture_create_key (MortiseTpmFixture *fixture,
                                               MortiseTpmBlob **ret_blob);

/** mortise_tpm_fixture_count_handles: how many the TPM has of the range that starts with @first */
guint mortise_tpm_fixture_count_handles (MortiseTpmFixture *fixture, TPM2_HANDLE first);

/** mortise_tpm_fixture_close: closes the connection, so that another can be made */
void mortise_tpm_fixture_close (MortiseTpmFixture *fixture);

/** mortise_tpm_fixture_open: opens and attaches, the parent not loaded */
void mortise_tpm_fixture_open (MortiseTpmFixture *fixture);

/** mortise_tpm_fixture_load_parent: loads the parent anew, with the right authValue */
void mortise_tpm_fixture_load_parent (MortiseTpmFixture *fixture);

/** mortise_test_srk_template: TCG's ECC P-256 storage root key; @unique_size is 0 or 32 */
TPM2B_PUBLIC mortise_test_srk_template (UINT16 unique_size);

/** mortise_tpm_fixture_make_persistent: puts a primary of @template at 0x81000001 */
void mortise_tpm_fixture_make_persistent (MortiseTpmFixture *fixture, const TPM2B_PUBLIC *template);

/** mortise_test_verify: asserts with OpenSSL that @signature over @digest is of @info's key */
void mortise_test_verify (const MortiseTpmKeyInfo *info, GBytes *digest, GBytes *signature);

/** mortise_test_digest: Returns: (transfer full): @size bytes to sign */
GBytes *mortise_test_digest (gsize size);

/** mortise_test_check_sign: asserts that @key signs and that it is the key of @blob */
void mortise_test_check_sign (MortiseTpm *tpm, MortiseTpmKey *key, const MortiseTpmBlob *blob);

#define g_assert_mortise_error(err, error_code)                                                    \
  g_assert_error (err, MORTISE_ERROR, (int) (error_code))

G_END_DECLS
