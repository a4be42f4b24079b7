/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-esys-private.h"

#include <glib/gi18n.h>

/* TPM_PT_FAMILY_INDICATOR of a TPM 2.0: "2.0\0". */
#define FAMILY_2_0 0x322e3000u

/* What answers for these is a program, on this machine or on its host. */
static const struct
{
  const char *manufacturer;
  const char *vendor_prefix;
} software_tpms[] = {
  { "IBM", "SW" },   /* libtpms (swtpm, QEMU) and IBM's simulator */
  { "XCG", "" },     /* the reference implementation, older */
  { "MSFT", "xCG" }, /* the reference implementation; also Hyper-V's virtual TPM */
  { "VMW", "" },     /* VMware's virtual TPM */
};

static TSS2_RC
get_properties (MortiseEsysTpm *self, TPM2_PT first, UINT32 count, TPML_TAGGED_TPM_PROPERTY *ret)
{
  TPMS_CAPABILITY_DATA *data = NULL;
  TPMI_YES_NO more = TPM2_NO;
  TSS2_RC rc;

  rc = Esys_GetCapability (self->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                           TPM2_CAP_TPM_PROPERTIES, first, count, &more, &data);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  if (data->capability != TPM2_CAP_TPM_PROPERTIES)
    rc = MORTISE_TPM_RC_BAD_ANSWER;
  else
    *ret = data->data.tpmProperties;
  Esys_Free (data);
  return rc;
}

static gboolean
find_property (const TPML_TAGGED_TPM_PROPERTY *properties, TPM2_PT property, UINT32 *ret_value)
{
  for (UINT32 i = 0; i < MIN (properties->count, TPM2_MAX_TPM_PROPERTIES); i++)
    {
      if (properties->tpmProperty[i].property == property)
        {
          *ret_value = properties->tpmProperty[i].value;
          return TRUE;
        }
    }
  return FALSE;
}

/* Four characters, most significant first; what is not printable is left out, and so is a space
 * after another: makers fill up with them. */
static void
append_text (GString *text, UINT32 value)
{
  for (int shift = 24; shift >= 0; shift -= 8)
    {
      const char c = (char) (value >> shift & 0xff);

      if (g_ascii_isprint (c) && !(c == ' ' && g_str_has_suffix (text->str, " ")))
        g_string_append_c (text, c);
    }
}

gboolean
mortise_tpm_is_software (const char *manufacturer, const char *vendor)
{
  for (gsize i = 0; i < G_N_ELEMENTS (software_tpms); i++)
    {
      if (g_str_equal (manufacturer, software_tpms[i].manufacturer) &&
          g_str_has_prefix (vendor, software_tpms[i].vendor_prefix))
        return TRUE;
    }
  return FALSE;
}

static void
read_identity (const TPML_TAGGED_TPM_PROPERTY *properties, MortiseTpmInfo *info)
{
  g_autoptr (GString) manufacturer = g_string_new (NULL);
  g_autoptr (GString) vendor = g_string_new (NULL);
  UINT32 value = 0;

  if (find_property (properties, TPM2_PT_MANUFACTURER, &value))
    append_text (manufacturer, value);
  for (TPM2_PT pt = TPM2_PT_VENDOR_STRING_1; pt <= TPM2_PT_VENDOR_STRING_4; pt++)
    if (find_property (properties, pt, &value))
      append_text (vendor, value);
  g_strlcpy (info->manufacturer, g_strstrip (manufacturer->str), sizeof info->manufacturer);
  g_strlcpy (info->vendor, g_strstrip (vendor->str), sizeof info->vendor);
  (void) find_property (properties, TPM2_PT_FIRMWARE_VERSION_1, &info->firmware[0]);
  (void) find_property (properties, TPM2_PT_FIRMWARE_VERSION_2, &info->firmware[1]);
  (void) find_property (properties, TPM2_PT_REVISION, &info->revision);
  info->software = mortise_tpm_is_software (info->manufacturer, info->vendor);
}

static gboolean
is_virtual_machine (void)
{
  g_autofree char *text = NULL;
  const char *flags;
  g_auto (GStrv) words = NULL;
  g_autofree char *line = NULL;

  if (!g_file_get_contents ("/proc/cpuinfo", &text, NULL, NULL))
    return FALSE;
  flags = strstr (text, "\nflags");
  if (flags == NULL)
    return FALSE;
  line = g_strndup (flags + 1, strcspn (flags + 1, "\n"));
  words = g_strsplit (line, " ", -1);
  return g_strv_contains ((const char *const *) words, "hypervisor");
}

static gboolean
supports (MortiseEsysTpm *self, const TPMT_PUBLIC_PARMS *parms, TSS2_RC *ret_rc)
{
  *ret_rc = Esys_TestParms (self->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, parms);
  return *ret_rc == TSS2_RC_SUCCESS;
}

static gboolean
supports_ecdsa (MortiseEsysTpm *self, TPM2_ECC_CURVE curve, TPM2_ALG_ID hash, TSS2_RC *ret_rc)
{
  const TPMT_PUBLIC_PARMS parms = {
    .type = TPM2_ALG_ECC,
    .parameters.eccDetail = {
      .symmetric.algorithm = TPM2_ALG_NULL,
      .scheme = { .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = hash },
      .curveID = curve,
      .kdf.scheme = TPM2_ALG_NULL,
    },
  };

  return supports (self, &parms, ret_rc);
}

static gboolean
supports_rs256 (MortiseEsysTpm *self, TSS2_RC *ret_rc)
{
  const TPMT_PUBLIC_PARMS parms = {
    .type = TPM2_ALG_RSA,
    .parameters.rsaDetail = {
      .symmetric.algorithm = TPM2_ALG_NULL,
      .scheme = { .scheme = TPM2_ALG_RSASSA, .details.rsassa.hashAlg = TPM2_ALG_SHA256 },
      .keyBits = 2048,
      .exponent = 0,
    },
  };

  return supports (self, &parms, ret_rc);
}

static gboolean
supports_storage (MortiseEsysTpm *self, TSS2_RC *ret_rc)
{
  const TPMT_PUBLIC_PARMS parms = {
    .type = TPM2_ALG_ECC,
    .parameters.eccDetail = {
      .symmetric = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB },
      .scheme.scheme = TPM2_ALG_NULL,
      .curveID = TPM2_ECC_NIST_P256,
      .kdf.scheme = TPM2_ALG_NULL,
    },
  };

  return supports (self, &parms, ret_rc);
}

static TSS2_RC
read_commands (MortiseEsysTpm *self)
{
  TPMS_CAPABILITY_DATA *data = NULL;
  TPMI_YES_NO more = TPM2_NO;
  TSS2_RC rc;

  rc = Esys_GetCapability (self->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_COMMANDS,
                           TPM2_CC_CreateLoaded, 1, &more, &data);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  self->has_create_loaded =
      data->capability == TPM2_CAP_COMMANDS && data->data.command.count > 0 &&
      (data->data.command.commandAttributes[0] & TPMA_CC_COMMANDINDEX_MASK) == TPM2_CC_CreateLoaded;
  Esys_Free (data);
  return TSS2_RC_SUCCESS;
}

static TSS2_RC
read_step (MortiseEsysTpm *self, gpointer data)
{
  gboolean *suitable = data;
  TPML_TAGGED_TPM_PROPERTY properties = { 0 };
  UINT32 family = 0;
  TSS2_RC rc;
  TSS2_RC tested = TSS2_RC_SUCCESS;

  rc = get_properties (self, TPM2_PT_FAMILY_INDICATOR, 64, &properties);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  read_identity (&properties, &self->info);
  self->info.hypervisor_hint = is_virtual_machine ();
  rc = read_commands (self);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  *suitable = find_property (&properties, TPM2_PT_FAMILY_INDICATOR, &family) &&
              family == FAMILY_2_0 && supports_storage (self, &tested) &&
              supports_ecdsa (self, TPM2_ECC_NIST_P256, TPM2_ALG_SHA256, &tested);
  if (mortise_tpm_rc_reaction (tested) != MORTISE_TPM_GIVE_UP)
    rc = tested;
  if (rc != TSS2_RC_SUCCESS || !*suitable)
    return rc;
  self->info.es384 = supports_ecdsa (self, TPM2_ECC_NIST_P384, TPM2_ALG_SHA384, &tested);
  self->info.rs256 = supports_rs256 (self, &tested);
  return TSS2_RC_SUCCESS;
}

gboolean
mortise_esys_read_capabilities (MortiseEsysTpm *self, GError **error)
{
  gboolean suitable = FALSE;

  if (!mortise_esys_run (self, read_step, &suitable, error))
    return FALSE;
  if (!suitable)
    g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_UNSUITABLE,
                         _ ("The TPM of this computer cannot do what Mortise needs (TPM 2.0 with "
                            "ECC P-256, SHA-256 and AES-128). Passkeys cannot be kept in it."));
  return suitable;
}

static TSS2_RC
lockout_step (MortiseEsysTpm *self, gpointer data)
{
  MortiseTpmLockout *lockout = data;
  TPML_TAGGED_TPM_PROPERTY properties = { 0 };
  UINT32 permanent = 0;
  TSS2_RC rc;

  rc = get_properties (self, TPM2_PT_PERMANENT, TPM2_PT_LOCKOUT_RECOVERY - TPM2_PT_PERMANENT + 1,
                       &properties);
  if (rc != TSS2_RC_SUCCESS)
    return rc;
  if (!find_property (&properties, TPM2_PT_PERMANENT, &permanent) ||
      !find_property (&properties, TPM2_PT_LOCKOUT_COUNTER, &lockout->failed_tries) ||
      !find_property (&properties, TPM2_PT_MAX_AUTH_FAIL, &lockout->max_tries) ||
      !find_property (&properties, TPM2_PT_LOCKOUT_INTERVAL, &lockout->interval))
    return MORTISE_TPM_RC_BAD_ANSWER;
  lockout->in_lockout = (permanent & TPMA_PERMANENT_INLOCKOUT) != 0;
  return TSS2_RC_SUCCESS;
}

gboolean
mortise_esys_get_lockout (MortiseTpm *tpm, MortiseTpmLockout *ret_lockout, GError **error)
{
  MortiseTpmLockout lockout = { 0 };

  if (!mortise_esys_run (MORTISE_ESYS_TPM (tpm), lockout_step, &lockout, error))
    return FALSE;
  *ret_lockout = lockout;
  return TRUE;
}
