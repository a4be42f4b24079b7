/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <cbor.h>
#include <string.h>

#include "core/ctap/cbor-reader.h"
#include "core/ctap/cose-key.h"
#include "core/text/display-text.h"
#include "core/text/search-text.h"
#include "core/tpm/tpm.h"
#include "core/vault/record-map.h"
#include "core/recovery-code.h"
#include "core/vault/vault-record.h"
#include "tests/fuzz/fuzz-target.h"

/* The first byte says which parser gets the rest. */

typedef void (*Parser) (const guint8 *data, gsize size);

/* What our reader takes, libcbor takes as well, to the last byte. */
static void
parse_cbor (const guint8 *data, gsize size)
{
  MortiseCborValue value;
  struct cbor_load_result result;
  cbor_item_t *item;

  if (mortise_cbor_parse (data, size, &value) != CTAP1_ERR_SUCCESS)
    return;
  g_assert (value.encoded_size == size);
  item = cbor_load (data, size, &result);
  g_assert (item != NULL && result.read == size);
  cbor_decref (&item);
  if (value.type == MORTISE_CBOR_MAP)
    {
      const guint8 *x, *y;

      if (mortise_cose_read_key_agreement (&value, &x, &y) == CTAP1_ERR_SUCCESS)
        g_assert (x >= data && x + 32 <= data + size && y >= data && y + 32 <= data + size);
    }
}

/* A record that was read can be written and read again. */
static void
parse_metadata (const guint8 *data, gsize size)
{
  g_autoptr (MortiseCredential) credential = mortise_credential_new ();
  g_autoptr (MortiseCredential) again = mortise_credential_new ();
  g_autoptr (GBytes) written = NULL;

  if (!mortise_record_decode_metadata (credential, data, size))
    return;
  written = mortise_record_encode_metadata (credential, data, size);
  if (written == NULL)
    return;
  g_assert (mortise_record_decode_metadata (again, g_bytes_get_data (written, NULL),
                                            g_bytes_get_size (written)));
  g_assert (g_strcmp0 (credential->rp_id, again->rp_id) == 0);
  g_assert (credential->backup_eligible == again->backup_eligible);
}

static void
parse_usage (const guint8 *data, gsize size)
{
  g_autoptr (MortiseCredential) credential = mortise_credential_new ();
  g_autoptr (GBytes) written = NULL;

  if (!mortise_record_decode_usage (credential, data, size))
    return;
  written = mortise_record_encode_usage (credential, data, size);
  g_assert (written == NULL ||
            mortise_record_decode_usage (credential, g_bytes_get_data (written, NULL),
                                         g_bytes_get_size (written)));
}

static void
parse_secrets (const guint8 *data, gsize size)
{
  g_autoptr (MortiseCredentialSecrets) secrets = mortise_record_decode_secrets (data, size);
  g_autoptr (MortiseSecret) written = NULL;
  gsize written_size = 0;

  if (secrets != NULL)
    written = mortise_record_encode_secrets (secrets, &written_size);
  g_assert (written == NULL || written_size <= mortise_secret_get_size (written));
}

/* A code that is taken is, written down anew, the same code. */
static void
parse_recovery_code (const guint8 *data, gsize size)
{
  g_autoptr (MortiseSecret) typed = NULL;
  g_autoptr (MortiseSecret) code = NULL;
  g_autoptr (MortiseSecret) text = NULL;
  g_autoptr (MortiseSecret) again = NULL;
  g_autoptr (GError) error = NULL;

  if (size == 0 || size > 512)
    return;
  typed = mortise_secret_new_from_data (data, size);
  code = mortise_recovery_code_parse (typed, &error);
  g_assert ((code == NULL) == (error != NULL));
  if (code == NULL)
    {
      g_assert (error->domain == MORTISE_ERROR && error->code == MORTISE_ERROR_RECOVERY_INVALID);
      return;
    }
  text = mortise_recovery_code_format (code);
  again = mortise_recovery_code_parse (text, NULL);
  g_assert (again != NULL && mortise_secret_equal (code, again));
}

static void
parse_tpm_blob (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) public_area = g_bytes_new (data, size);
  g_autoptr (GBytes) private_area = g_bytes_new (NULL, 0);
  g_autoptr (MortiseTpmBlob) blob = mortise_tpm_blob_new (public_area, private_area);
  g_autoptr (MortiseTpmKeyInfo) info = mortise_tpm_blob_read_info (blob, NULL);
  g_autoptr (GBytes) name = mortise_tpm_blob_get_name (blob, NULL);
  g_autoptr (GBytes) key = NULL;

  if (info != NULL)
    key = mortise_cose_key_from_info (info);
}

/* Names from outside: what is shown is valid, and has nothing in it that moves other text. */
static void
parse_name (const guint8 *data, gsize size)
{
  g_autofree char *text = g_strndup ((const char *) data, size);
  g_autofree char *isolated = mortise_display_text_isolated (text, 80);
  g_autofree char *folded = mortise_search_fold (isolated);

  g_assert (g_utf8_validate (isolated, -1, NULL));
  for (char *at = isolated; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      g_assert (c >= 0x20 && c != 0x7f && !(c >= 0x202a && c <= 0x202e) && c != 0x2028 &&
                c != 0x2029);
    }
  (void) mortise_display_text_is_empty (text);
  (void) mortise_search_matches (folded, folded);
}

static const Parser parsers[] = {
  parse_cbor,          parse_metadata, parse_usage, parse_secrets,
  parse_recovery_code, parse_tpm_blob, parse_name,
};

void
fuzz_target_prepare (void)
{
}

void
fuzz_target_run (FuzzInput *input)
{
  Parser parser = parsers[fuzz_input_below (input, G_N_ELEMENTS (parsers))];
  g_autofree guint8 *data = NULL;

  /* A copy of its own, so that reading beyond the end shows. */
  data = g_malloc (input->size + 1);
  if (input->size > 0)
    memcpy (data, input->data, input->size);
  data = g_realloc (data, MAX (input->size, 1));
  parser (data, input->size);
}
