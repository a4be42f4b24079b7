/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "tests/fuzz/fuzz-authenticator.h"
#include "tests/fuzz/fuzz-target.h"

#define MAX_CHANGES 32

/*
 * A vault.db that somebody else wrote: the one of every run with bytes changed, cut or added. It
 * may be refused, or opened with passkeys missing; nothing in it may crash, hang, or lead to
 * another site's passkey.
 */

static void
change_content (GByteArray *content, FuzzInput *input)
{
  for (guint i = 0; i < MAX_CHANGES && !fuzz_input_is_empty (input); i++)
    {
      guint at = (guint) fuzz_input_u16 (input) * (1 + fuzz_input_byte (input) % 2);
      guint8 how = fuzz_input_byte (input);
      gsize size;
      const guint8 *data;

      if (how >= 0xf8)
        {
          /* Cut, or made longer. */
          guint old = content->len;

          g_byte_array_set_size (content, at);
          if (at > old)
            memset (content->data + old, 0, at - old);
          continue;
        }
      data = fuzz_input_take (input, 1 + how % 16, &size);
      for (gsize j = 0; j < size && at + j < content->len; j++)
        content->data[at + j] = how >= 0x80 ? (guint8) (content->data[at + j] ^ data[j]) : data[j];
    }
}

static void
check_list (MortiseVault *vault, gboolean deleted)
{
  guint damaged = 0;
  g_autoptr (GPtrArray) list = mortise_vault_list (vault, deleted, 0, 100, &damaged, NULL);

  for (guint i = 0; list != NULL && i < list->len; i++)
    {
      MortiseCredential *credential = g_ptr_array_index (list, i);
      g_autoptr (MortiseCredentialSecrets) secrets = NULL;
      g_autoptr (MortiseTpmKey) key = NULL;

      g_assert_nonnull (credential->credential_id);
      g_assert_true (credential->rp_id == NULL || g_utf8_validate (credential->rp_id, -1, NULL));
      secrets = mortise_vault_read_secrets (vault, credential, NULL);
      key = mortise_vault_load_key (vault, credential, NULL);
    }
}

/* The ways that requests and the window go. */
static void
use_vault (FuzzAuthenticator *self)
{
  MortiseVault *vault = self->ctap.vault;
  g_autoptr (GPtrArray) found = NULL;
  const CtapMake make = { .rp_id = "example.com", .user_id = "one", .rk = 1, .uv = 1 };
  const CtapGet get = { .uv = 1 };

  found = mortise_vault_find_by_rp (vault, "example.com", FALSE, NULL);
  for (guint i = 0; found != NULL && i < found->len; i++)
    g_assert_cmpstr (((MortiseCredential *) g_ptr_array_index (found, i))->rp_id, ==,
                     "example.com");
  check_list (vault, FALSE);
  check_list (vault, TRUE);
  (void) ctap_send (&self->ctap, 0x04, NULL, NULL);
  (void) ctap_get (&self->ctap, &get, NULL);
  (void) ctap_make (&self->ctap, &make, NULL);
  (void) ctap_get (&self->ctap, &get, NULL);
  check_list (vault, FALSE);
}

void
fuzz_target_prepare (void)
{
  fuzz_authenticator_prepare ();
}

void
fuzz_target_run (FuzzInput *input)
{
  g_autoptr (GByteArray) content = fuzz_authenticator_dup_vault ();
  FuzzAuthenticator *self;
  guint8 mode = fuzz_input_byte (input);

  change_content (content, input);
  self = fuzz_authenticator_new_on (content, (mode & 1) != 0);
  if (self == NULL)
    return;
  use_vault (self);
  fuzz_authenticator_free (self);
}
