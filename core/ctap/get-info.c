/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <stdio.h>

#include "core/ctap/attestation.h"
#include "core/ctap/authenticator-config.h"
#include "core/ctap/authenticator-private.h"
#include "core/ctap/ctap-entities.h"
#include "core/ctap/extension.h"
#include "core/ctap/large-blobs.h"
#include "core/ctap/pin-uv-auth-protocol.h"
#include "core/vault/vault-settings.h"

/* Members of the response (CTAP 2.1 §6.4). */
enum
{
  INFO_VERSIONS = 0x01,
  INFO_EXTENSIONS = 0x02,
  INFO_AAGUID = 0x03,
  INFO_OPTIONS = 0x04,
  INFO_MAX_MSG_SIZE = 0x05,
  INFO_PIN_UV_AUTH_PROTOCOLS = 0x06,
  INFO_MAX_CREDENTIAL_COUNT_IN_LIST = 0x07,
  INFO_MAX_CREDENTIAL_ID_LENGTH = 0x08,
  INFO_TRANSPORTS = 0x09,
  INFO_ALGORITHMS = 0x0A,
  INFO_MAX_SERIALIZED_LARGE_BLOB_ARRAY = 0x0B,
  INFO_FORCE_PIN_CHANGE = 0x0C,
  INFO_MIN_PIN_LENGTH = 0x0D,
  INFO_FIRMWARE_VERSION = 0x0E,
  INFO_MAX_CRED_BLOB_LENGTH = 0x0F,
  INFO_MAX_RP_IDS_FOR_SET_MIN_PIN_LENGTH = 0x10,
  INFO_UV_MODALITY = 0x12,
  INFO_REMAINING_DISCOVERABLE_CREDENTIALS = 0x14,
  INFO_ATTESTATION_FORMATS = 0x16,
  INFO_TRANSPORTS_FOR_RESET = 0x1A,
  INFO_PIN_COMPLEXITY_POLICY = 0x1B,
  INFO_MAX_PIN_LENGTH = 0x1D,
  INFO_AUTHENTICATOR_CONFIG_COMMANDS = 0x1F,
};

/* Told instead of a greater room for passkeys: how many there are is nobody's business. */
#define REMAINING_CREDENTIALS_MAX 10000

/* A list of so many ids of the greatest length fits MORTISE_CTAP_MAX_MSG_SIZE with room for the
 * rest. */
#define MAX_CREDENTIAL_COUNT_IN_LIST 8

/* USER_VERIFY_… of the FIDO registry of predefined values, §3.1. */
#define UV_MODALITY_FINGERPRINT_INTERNAL 0x02
#define UV_MODALITY_PASSCODE_INTERNAL    0x04

static void
write_versions (MortiseAuthenticator *self, MortiseCborWriter *writer)
{
  gboolean u2f = mortise_authenticator_has_u2f (self);

  mortise_cbor_write_array (writer, u2f ? 3 : 2);
  if (u2f)
    mortise_cbor_write_text (writer, "U2F_V2");
  mortise_cbor_write_text (writer, "FIDO_2_0");
  mortise_cbor_write_text (writer, "FIDO_2_1");
}

static void
write_extensions (MortiseCborWriter *writer)
{
  gsize n;
  const MortiseExtension *const *extensions = mortise_extensions (&n);

  mortise_cbor_write_array (writer, n);
  for (gsize i = 0; i < n; i++)
    mortise_cbor_write_text (writer, extensions[i]->name);
}

static void
write_option (MortiseCborWriter *writer, MortiseCborMap *map, const char *name, gboolean value)
{
  mortise_cbor_map_text_key (writer, map, name);
  mortise_cbor_write_bool (writer, value);
}

static void
write_options (MortiseAuthenticator *self, MortiseCborWriter *writer)
{
  MortiseCborMap map;
  gboolean protected = mortise_authenticator_is_protected (self);
  gboolean always_uv = mortise_authenticator_is_always_uv (self);

  mortise_cbor_map_begin (writer, &map);
  write_option (writer, &map, "rk", TRUE);
  write_option (writer, &map, "up", TRUE);
  /* Clients look at presence alone: absent says "cannot verify", false "could, once set up". */
  if (mortise_authenticator_supports_builtin_uv (self))
    {
      write_option (writer, &map, "uv", protected);
      write_option (writer, &map, "uvAcfg", TRUE);
    }
  write_option (writer, &map, "alwaysUv", always_uv);
  write_option (writer, &map, "credMgmt", TRUE);
  write_option (writer, &map, "authnrCfg", TRUE);
  write_option (writer, &map, "clientPin", protected);
  write_option (writer, &map, "largeBlobs", TRUE);
  write_option (writer, &map, "perCredMgmtRO", TRUE);
  write_option (writer, &map, "pinUvAuthToken", TRUE);
  write_option (writer, &map, "setMinPINLength", TRUE);
  write_option (writer, &map, "makeCredUvNotRqd", !always_uv);
  write_option (writer, &map, "credentialMgmtPreview", TRUE);
  mortise_cbor_map_end (writer, &map);
}

static void
write_algorithms (MortiseAuthenticator *self, MortiseCborWriter *writer)
{
  static const MortiseAlgorithm all[] = { MORTISE_ALG_ES256, MORTISE_ALG_ES384, MORTISE_ALG_RS256 };
  gsize count = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    count += mortise_authenticator_has_algorithm (self, all[i]) ? 1 : 0;
  mortise_cbor_write_array (writer, count);
  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    {
      MortiseCborMap map;

      if (!mortise_authenticator_has_algorithm (self, all[i]))
        continue;
      mortise_cbor_map_begin (writer, &map);
      mortise_cbor_map_text_key (writer, &map, "alg");
      mortise_cbor_write_int (writer, all[i]);
      mortise_cbor_map_text_key (writer, &map, "type");
      mortise_cbor_write_text (writer, MORTISE_PUBLIC_KEY_TYPE);
      mortise_cbor_map_end (writer, &map);
    }
}

static void
write_uint (MortiseCborWriter *writer, MortiseCborMap *map, gint64 key, guint64 value)
{
  mortise_cbor_map_key (writer, map, key);
  mortise_cbor_write_uint (writer, value);
}

static void
write_text_list (MortiseCborWriter *writer, const char *text)
{
  mortise_cbor_write_array (writer, 1);
  mortise_cbor_write_text (writer, text);
}

/* Major, minor and micro version in two decimal digits each. */
static guint64
firmware_version (void)
{
  guint major = 0;
  guint minor = 0;
  guint micro = 0;

  if (sscanf (MORTISE_VERSION, "%u.%u.%u", &major, &minor, &micro) < 2)
    return 0;
  return (guint64) major * 10000 + (guint64) minor * 100 + micro;
}

static void
write_limits (MortiseCborWriter *writer, MortiseCborMap *map)
{
  mortise_cbor_map_key (writer, map, INFO_MAX_MSG_SIZE);
  mortise_cbor_write_uint (writer, MORTISE_CTAP_MAX_MSG_SIZE);
  mortise_cbor_map_key (writer, map, INFO_PIN_UV_AUTH_PROTOCOLS);
  mortise_cbor_write_array (writer, 2);
  mortise_cbor_write_uint (writer, MORTISE_PIN_UV_AUTH_PROTOCOL_TWO);
  mortise_cbor_write_uint (writer, MORTISE_PIN_UV_AUTH_PROTOCOL_ONE);
  mortise_cbor_map_key (writer, map, INFO_MAX_CREDENTIAL_COUNT_IN_LIST);
  mortise_cbor_write_uint (writer, MAX_CREDENTIAL_COUNT_IN_LIST);
  mortise_cbor_map_key (writer, map, INFO_MAX_CREDENTIAL_ID_LENGTH);
  mortise_cbor_write_uint (writer, MORTISE_CREDENTIAL_ID_MAX);
  mortise_cbor_map_key (writer, map, INFO_TRANSPORTS);
  mortise_cbor_write_array (writer, 1);
  mortise_cbor_write_text (writer, "usb");
}

static void
write_pin_members (MortiseAuthenticator *self, MortiseCborWriter *writer, MortiseCborMap *map)
{
  mortise_cbor_map_key (writer, map, INFO_FORCE_PIN_CHANGE);
  mortise_cbor_write_bool (writer, mortise_authenticator_is_pin_change_forced (self));
  mortise_cbor_map_key (writer, map, INFO_MIN_PIN_LENGTH);
  mortise_cbor_write_uint (writer, mortise_authenticator_get_min_pin_length (self));
}

/* What the person set, and not whether a finger would do right now: clients keep the answer. */
static guint64
uv_modality (MortiseAuthenticator *self)
{
  guint64 modality = UV_MODALITY_PASSCODE_INTERNAL;

  if (mortise_authenticator_get_flag (self, MORTISE_SETTING_FINGERPRINT, FALSE))
    modality |= UV_MODALITY_FINGERPRINT_INTERNAL;
  return modality;
}

CtapStatus
mortise_ctap_get_info (MortiseAuthenticator *self,
                       const MortiseCtapRequest *request,
                       MortiseCborWriter *response)
{
  MortiseCborMap map;

  mortise_cbor_map_begin (response, &map);
  mortise_cbor_map_key (response, &map, INFO_VERSIONS);
  write_versions (self, response);
  mortise_cbor_map_key (response, &map, INFO_EXTENSIONS);
  write_extensions (response);
  mortise_cbor_map_key (response, &map, INFO_AAGUID);
  mortise_cbor_write_bytes (response, mortise_aaguid, sizeof mortise_aaguid);
  mortise_cbor_map_key (response, &map, INFO_OPTIONS);
  write_options (self, response);
  write_limits (response, &map);
  mortise_cbor_map_key (response, &map, INFO_ALGORITHMS);
  write_algorithms (self, response);
  write_uint (response, &map, INFO_MAX_SERIALIZED_LARGE_BLOB_ARRAY, MORTISE_LARGE_BLOBS_MAX);
  write_pin_members (self, response, &map);
  write_uint (response, &map, INFO_FIRMWARE_VERSION, firmware_version ());
  write_uint (response, &map, INFO_MAX_CRED_BLOB_LENGTH, MORTISE_CRED_BLOB_MAX);
  write_uint (response, &map, INFO_MAX_RP_IDS_FOR_SET_MIN_PIN_LENGTH, MORTISE_MIN_PIN_RP_IDS_MAX);
  if (mortise_authenticator_supports_builtin_uv (self))
    write_uint (response, &map, INFO_UV_MODALITY, uv_modality (self));
  write_uint (response, &map, INFO_REMAINING_DISCOVERABLE_CREDENTIALS,
              MIN (mortise_vault_count_room (self->vault), REMAINING_CREDENTIALS_MAX));
  mortise_cbor_map_key (response, &map, INFO_ATTESTATION_FORMATS);
  write_text_list (response, MORTISE_ATTESTATION_FORMAT);
  mortise_cbor_map_key (response, &map, INFO_TRANSPORTS_FOR_RESET);
  write_text_list (response, "usb");
  mortise_cbor_map_key (response, &map, INFO_PIN_COMPLEXITY_POLICY);
  mortise_cbor_write_bool (response, FALSE);
  write_uint (response, &map, INFO_MAX_PIN_LENGTH, MORTISE_PIN_MAX_BYTES);
  mortise_cbor_map_key (response, &map, INFO_AUTHENTICATOR_CONFIG_COMMANDS);
  mortise_ctap_config_write_commands (response);
  mortise_cbor_map_end (response, &map);
  return CTAP1_ERR_SUCCESS;
}
