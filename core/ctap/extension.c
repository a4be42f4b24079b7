/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/extension.h"

/* Sorted as map keys are: by length, then by bytes. */
static const MortiseExtension *const extensions[] = {
  &mortise_cred_blob_extension,      &mortise_cred_protect_extension,
  &mortise_hmac_secret_extension,    &mortise_large_blob_key_extension,
  &mortise_min_pin_length_extension, &mortise_hmac_secret_mc_extension,
};

G_STATIC_ASSERT (G_N_ELEMENTS (extensions) <= MORTISE_CBOR_MAP_MAX);

const MortiseExtension *const *
mortise_extensions (gsize *ret_n)
{
  *ret_n = G_N_ELEMENTS (extensions);
  return extensions;
}

/* The member named after the extension, or FALSE. */
static gboolean
find_input (const MortiseCborValue *inputs, const char *name, MortiseCborValue *ret_input)
{
  MortiseCborIter iter;
  MortiseCborValue key;
  MortiseCborValue value;

  mortise_cbor_iter_init (&iter, inputs);
  while (mortise_cbor_iter_next_member (&iter, &key, &value))
    {
      if (mortise_cbor_text_equal (&key, name))
        {
          *ret_input = value;
          return TRUE;
        }
    }
  return FALSE;
}

CtapStatus
mortise_extensions_read_make (MortiseAuthenticator *self,
                              MortiseMakeCredential *make,
                              const MortiseCborValue *inputs)
{
  for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++)
    {
      MortiseCborValue input;
      CtapStatus status;

      if (extensions[i]->read_make == NULL || !find_input (inputs, extensions[i]->name, &input))
        continue;
      status = extensions[i]->read_make (self, make, &input);
      if (status != CTAP1_ERR_SUCCESS)
        return status;
      make->extension_inputs |= 1u << i;
    }
  return CTAP1_ERR_SUCCESS;
}

CtapStatus
mortise_extensions_prepare (MortiseAuthenticator *self,
                            const MortiseMakeCredential *make,
                            MortiseCredential *credential,
                            MortiseCredentialSecrets *secrets)
{
  for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++)
    {
      CtapStatus status = CTAP1_ERR_SUCCESS;

      if (extensions[i]->prepare != NULL)
        status = extensions[i]->prepare (self, make, credential, secrets);
      if (status != CTAP1_ERR_SUCCESS)
        return status;
    }
  return CTAP1_ERR_SUCCESS;
}

static void
write_output (MortiseCborWriter *writer, MortiseCborMap *map, const char *name, GBytes *output)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (output, &size);

  mortise_cbor_map_text_key (writer, map, name);
  mortise_cbor_write_raw (writer, data, size);
}

GBytes *
mortise_extensions_make_outputs (MortiseAuthenticator *self,
                                 const MortiseMakeCredential *make,
                                 const MortiseCredential *credential,
                                 const MortiseCredentialSecrets *secrets)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++)
    {
      g_autoptr (GBytes) output = NULL;

      if ((make->extension_inputs & 1u << i) == 0 || extensions[i]->make_output == NULL)
        continue;
      output = extensions[i]->make_output (self, make, credential, secrets);
      if (output != NULL)
        write_output (writer, &map, extensions[i]->name, output);
    }
  mortise_cbor_map_end (writer, &map);
  return map.count > 0 ? mortise_cbor_writer_finish (writer) : NULL;
}

CtapStatus
mortise_extensions_read_get (MortiseAuthenticator *self,
                             MortiseGetAssertion *get,
                             const MortiseCborValue *inputs)
{
  for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++)
    {
      MortiseCborValue input;
      CtapStatus status;

      if (extensions[i]->read_get == NULL || !find_input (inputs, extensions[i]->name, &input))
        continue;
      status = extensions[i]->read_get (self, get, &input);
      if (status != CTAP1_ERR_SUCCESS)
        return status;
      get->extension_inputs |= 1u << i;
    }
  return CTAP1_ERR_SUCCESS;
}

static CtapStatus
get_secrets (MortiseAuthenticator *self,
             const MortiseCredential *credential,
             MortiseCredentialSecrets **secrets)
{
  g_autoptr (GError) error = NULL;

  if (*secrets == NULL)
    *secrets = mortise_vault_read_secrets (self->vault, credential, &error);
  return *secrets != NULL ? CTAP1_ERR_SUCCESS : ctap_status_from_error (error);
}

CtapStatus
mortise_extensions_get_outputs (MortiseAuthenticator *self,
                                const MortiseGetAssertion *get,
                                const MortiseCredential *credential,
                                GBytes **ret_outputs)
{
  g_autoptr (MortiseCborWriter) writer = mortise_cbor_writer_new ();
  g_autoptr (MortiseCredentialSecrets) secrets = NULL;
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  for (gsize i = 0; i < G_N_ELEMENTS (extensions); i++)
    {
      g_autoptr (GBytes) output = NULL;
      CtapStatus status = CTAP1_ERR_SUCCESS;

      if ((get->extension_inputs & 1u << i) == 0 || extensions[i]->get_output == NULL)
        continue;
      if (extensions[i]->needs_secrets)
        status = get_secrets (self, credential, &secrets);
      if (status == CTAP1_ERR_SUCCESS)
        status = extensions[i]->get_output (self, get, credential, secrets, &output);
      if (status != CTAP1_ERR_SUCCESS)
        return status;
      if (output != NULL)
        write_output (writer, &map, extensions[i]->name, output);
    }
  mortise_cbor_map_end (writer, &map);
  *ret_outputs = map.count > 0 ? mortise_cbor_writer_finish (writer) : NULL;
  return CTAP1_ERR_SUCCESS;
}
