/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/vault-record.h"

#include <string.h>

#include "core/vault/record-map.h"

typedef enum
{
  FIELD_TEXT,
  FIELD_BYTES,
  FIELD_BOOL,
  FIELD_UINT8,
  FIELD_UINT32,
  FIELD_UINT64,
  FIELD_INT64,
  FIELD_ENUM,
} FieldType;

/* Numbers are for ever: a member that goes out of use leaves its number unused. */
typedef struct
{
  guint key;
  FieldType type;
  gsize offset;
  gsize max; /* bytes of TEXT and BYTES */
} Field;

#define FIELD(key, type, member, max)                                                              \
  {                                                                                                \
    key, type, G_STRUCT_OFFSET (MortiseCredential, member), max                                    \
  }

static const Field metadata_fields[] = {
  FIELD (1, FIELD_BYTES, credential_id, MORTISE_CREDENTIAL_ID_MAX),
  FIELD (2, FIELD_TEXT, rp_id, MORTISE_RP_ID_MAX),
  FIELD (3, FIELD_TEXT, rp_name, MORTISE_NAME_MAX),
  FIELD (4, FIELD_BYTES, user_id, MORTISE_USER_ID_MAX),
  FIELD (5, FIELD_TEXT, user_name, MORTISE_NAME_MAX),
  FIELD (6, FIELD_TEXT, user_display_name, MORTISE_NAME_MAX),
  FIELD (7, FIELD_TEXT, label, MORTISE_NAME_MAX),
  FIELD (8, FIELD_TEXT, nickname, MORTISE_NAME_MAX),
  FIELD (9, FIELD_ENUM, credential_class, 0),
  FIELD (10, FIELD_ENUM, algorithm, 0),
  FIELD (11, FIELD_BYTES, public_key, 1024),
  FIELD (12, FIELD_BOOL, discoverable, 0),
  FIELD (13, FIELD_BOOL, u2f, 0),
  FIELD (14, FIELD_UINT8, cred_protect, 0),
  FIELD (15, FIELD_BOOL, backup_eligible, 0),
  FIELD (16, FIELD_BOOL, backup_state, 0),
  FIELD (17, FIELD_BOOL, export_blocked, 0),
  FIELD (18, FIELD_BOOL, has_hmac_secret, 0),
  FIELD (19, FIELD_BOOL, has_large_blob_key, 0),
  FIELD (20, FIELD_BOOL, has_cred_blob, 0),
  FIELD (21, FIELD_INT64, created_at, 0),
  FIELD (22, FIELD_TEXT, note, MORTISE_NAME_MAX),
  FIELD (23, FIELD_BYTES, history, MORTISE_HISTORY_MAX),
};

static const Field usage_fields[] = {
  FIELD (1, FIELD_INT64, last_used_at, 0), FIELD (2, FIELD_INT64, deleted_at, 0),
  FIELD (3, FIELD_UINT64, use_count, 0),   FIELD (4, FIELD_UINT8, last_flags, 0),
  FIELD (5, FIELD_UINT32, sign_count, 0),
};

G_STATIC_ASSERT (sizeof (MortiseAlgorithm) == sizeof (gint));
G_STATIC_ASSERT (sizeof (MortiseCredentialClass) == sizeof (gint));

static const Field *
find_field (const Field *fields, gsize n_fields, guint64 key)
{
  for (gsize i = 0; i < n_fields; i++)
    {
      if (fields[i].key == key)
        return &fields[i];
    }
  return NULL;
}

/* --- Encoding ----------------------------------------------------------------------------------
 */

static void
write_field (MortiseRecordWriter *writer, const Field *field, const MortiseCredential *credential)
{
  gconstpointer member = (const guint8 *) credential + field->offset;
  const char *text;
  GBytes *bytes;

  switch (field->type)
    {
    case FIELD_TEXT:
      text = *(const char *const *) member;
      if (text != NULL)
        mortise_record_write_text (writer, field->key, text, mortise_record_cut (text, field->max));
      break;
    case FIELD_BYTES:
      bytes = *(GBytes *const *) member;
      if (bytes != NULL)
        mortise_record_write_bytes (writer, field->key, g_bytes_get_data (bytes, NULL),
                                    g_bytes_get_size (bytes));
      break;
    case FIELD_BOOL:
      mortise_record_write_bool (writer, field->key, *(const gboolean *) member);
      break;
    case FIELD_UINT8:
      mortise_record_write_unsigned (writer, field->key, *(const guint8 *) member);
      break;
    case FIELD_UINT32:
      mortise_record_write_unsigned (writer, field->key, *(const guint32 *) member);
      break;
    case FIELD_UINT64:
      mortise_record_write_unsigned (writer, field->key, *(const guint64 *) member);
      break;
    case FIELD_INT64:
      mortise_record_write_int (writer, field->key, *(const gint64 *) member);
      break;
    case FIELD_ENUM:
      mortise_record_write_int (writer, field->key, *(const gint *) member);
      break;
    default:
      g_assert_not_reached ();
    }
}

typedef struct
{
  MortiseRecordWriter writer;
  const Field *fields;
  gsize n_fields;
} Rewrite;

static gboolean
keep_unknown (const MortiseRecordMember *member, gpointer user_data)
{
  Rewrite *rewrite = user_data;

  if (find_field (rewrite->fields, rewrite->n_fields, member->key) == NULL)
    mortise_record_write_raw (&rewrite->writer, member);
  return TRUE;
}

static GBytes *
encode (const MortiseCredential *credential,
        const Field *fields,
        gsize n_fields,
        const guint8 *previous,
        gsize previous_size)
{
  gsize capacity = MORTISE_RECORD_MAX + previous_size;
  g_autofree guint8 *buffer = g_malloc (capacity);
  Rewrite rewrite = { .fields = fields, .n_fields = n_fields };
  gsize size;

  mortise_record_writer_init (&rewrite.writer, buffer, capacity);
  for (gsize i = 0; i < n_fields; i++)
    write_field (&rewrite.writer, &fields[i], credential);
  if (previous != NULL && !mortise_record_read (previous, previous_size, keep_unknown, &rewrite))
    return NULL;
  size = mortise_record_writer_finish (&rewrite.writer);
  return size > 0 ? g_bytes_new (buffer, size) : NULL;
}

GBytes *
mortise_record_encode_metadata (const MortiseCredential *credential,
                                const guint8 *previous,
                                gsize previous_size)
{
  return encode (credential, metadata_fields, G_N_ELEMENTS (metadata_fields), previous,
                 previous_size);
}

GBytes *
mortise_record_encode_usage (const MortiseCredential *credential,
                             const guint8 *previous,
                             gsize previous_size)
{
  return encode (credential, usage_fields, G_N_ELEMENTS (usage_fields), previous, previous_size);
}

/* --- Decoding ----------------------------------------------------------------------------------
 */

static gboolean
read_text (char **slot, const MortiseRecordMember *member, gsize max)
{
  if (member->kind != MORTISE_RECORD_TEXT || member->size > max || *slot != NULL ||
      !g_utf8_validate_len ((const char *) member->data, member->size, NULL))
    return FALSE;
  *slot = g_strndup ((const char *) member->data, member->size);
  return TRUE;
}

static gboolean
read_bytes (GBytes **slot, const MortiseRecordMember *member, gsize max)
{
  if (member->kind != MORTISE_RECORD_BYTES || member->size > max || *slot != NULL)
    return FALSE;
  *slot = g_bytes_new (member->data, member->size);
  return TRUE;
}

static gboolean
read_signed (const MortiseRecordMember *member, gint64 min, gint64 max, gint64 *ret_value)
{
  gint64 value;

  if ((member->kind != MORTISE_RECORD_UNSIGNED && member->kind != MORTISE_RECORD_NEGATIVE) ||
      member->number > G_MAXINT64)
    return FALSE;
  value = (gint64) member->number;
  if (member->kind == MORTISE_RECORD_NEGATIVE)
    value = -1 - value;
  if (value < min || value > max)
    return FALSE;
  *ret_value = value;
  return TRUE;
}

static gboolean
read_number (gpointer slot, const Field *field, const MortiseRecordMember *member)
{
  gint64 value = 0;

  switch (field->type)
    {
    case FIELD_BOOL:
      if (member->kind != MORTISE_RECORD_BOOL)
        return FALSE;
      *(gboolean *) slot = member->number != 0;
      return TRUE;
    case FIELD_UINT64:
      if (member->kind != MORTISE_RECORD_UNSIGNED)
        return FALSE;
      *(guint64 *) slot = member->number;
      return TRUE;
    case FIELD_UINT8:
      if (!read_signed (member, 0, G_MAXUINT8, &value))
        return FALSE;
      *(guint8 *) slot = (guint8) value;
      return TRUE;
    case FIELD_UINT32:
      if (!read_signed (member, 0, G_MAXUINT32, &value))
        return FALSE;
      *(guint32 *) slot = (guint32) value;
      return TRUE;
    case FIELD_INT64:
      return read_signed (member, G_MININT64, G_MAXINT64, slot);
    case FIELD_ENUM:
      if (!read_signed (member, G_MININT, G_MAXINT, &value))
        return FALSE;
      *(gint *) slot = (gint) value;
      return TRUE;
    case FIELD_TEXT:
    case FIELD_BYTES:
    default:
      g_assert_not_reached ();
    }
}

typedef struct
{
  MortiseCredential *credential;
  const Field *fields;
  gsize n_fields;
} Decoding;

static gboolean
read_field (const MortiseRecordMember *member, gpointer user_data)
{
  Decoding *decoding = user_data;
  const Field *field = find_field (decoding->fields, decoding->n_fields, member->key);
  gpointer slot;

  if (field == NULL)
    return TRUE;
  slot = G_STRUCT_MEMBER_P (decoding->credential, field->offset);
  if (field->type == FIELD_TEXT)
    return read_text (slot, member, field->max);
  if (field->type == FIELD_BYTES)
    return read_bytes (slot, member, field->max);
  return read_number (slot, field, member);
}

gboolean
mortise_record_decode_metadata (MortiseCredential *credential, const guint8 *data, gsize size)
{
  Decoding decoding = { credential, metadata_fields, G_N_ELEMENTS (metadata_fields) };

  return mortise_record_read (data, size, read_field, &decoding) &&
         credential->credential_id != NULL && credential->rp_id != NULL &&
         credential->public_key != NULL &&
         (guint) credential->credential_class <= MORTISE_CREDENTIAL_SEALED &&
         credential->cred_protect >= 1 && credential->cred_protect <= 3;
}

gboolean
mortise_record_decode_usage (MortiseCredential *credential, const guint8 *data, gsize size)
{
  Decoding decoding = { credential, usage_fields, G_N_ELEMENTS (usage_fields) };

  return mortise_record_read (data, size, read_field, &decoding);
}

/* --- Secrets: every byte stays in locked memory ------------------------------------------------
 */

enum
{
  SECRET_KEY_PUBLIC = 1,
  SECRET_KEY_PRIVATE = 2,
  SECRET_WITH_UV = 3,
  SECRET_WITHOUT_UV = 4,
  SECRET_LARGE_BLOB_KEY = 5,
  SECRET_CRED_BLOB = 6,
};

static void
write_bytes (MortiseRecordWriter *writer, guint key, GBytes *bytes)
{
  if (bytes != NULL)
    mortise_record_write_bytes (writer, key, g_bytes_get_data (bytes, NULL),
                                g_bytes_get_size (bytes));
}

static void
write_secret (MortiseRecordWriter *writer, guint key, const MortiseSecret *secret)
{
  if (secret != NULL)
    mortise_record_write_bytes (writer, key, mortise_secret_peek (secret),
                                mortise_secret_get_size (secret));
}

MortiseSecret *
mortise_record_encode_secrets (const MortiseCredentialSecrets *secrets, gsize *ret_size)
{
  g_autoptr (MortiseSecret) buffer = mortise_secret_new (MORTISE_SECRET_MAX_SIZE);
  MortiseRecordWriter writer;
  gsize size;

  mortise_record_writer_init (&writer, mortise_secret_get_bytes (buffer), MORTISE_SECRET_MAX_SIZE);
  write_bytes (&writer, SECRET_KEY_PUBLIC, secrets->key->public_area);
  write_bytes (&writer, SECRET_KEY_PRIVATE, secrets->key->private_area);
  write_secret (&writer, SECRET_WITH_UV, secrets->cred_random_with_uv);
  write_secret (&writer, SECRET_WITHOUT_UV, secrets->cred_random_without_uv);
  write_secret (&writer, SECRET_LARGE_BLOB_KEY, secrets->large_blob_key);
  write_bytes (&writer, SECRET_CRED_BLOB, secrets->cred_blob);
  size = mortise_record_writer_finish (&writer);
  if (size == 0)
    return NULL;
  *ret_size = size;
  return g_steal_pointer (&buffer);
}

typedef struct
{
  GBytes *key_public;
  GBytes *key_private;
  MortiseCredentialSecrets *secrets;
} SecretsDecoding;

static gboolean
read_secret (MortiseSecret **slot, const MortiseRecordMember *member)
{
  if (member->kind != MORTISE_RECORD_BYTES || member->size == 0 ||
      member->size > MORTISE_SECRET_MAX_SIZE || *slot != NULL)
    return FALSE;
  *slot = mortise_secret_new_from_data (member->data, member->size);
  return TRUE;
}

static gboolean
read_secrets_member (const MortiseRecordMember *member, gpointer user_data)
{
  SecretsDecoding *decoding = user_data;
  MortiseCredentialSecrets *secrets = decoding->secrets;

  switch (member->key)
    {
    case SECRET_KEY_PUBLIC:
      return read_bytes (&decoding->key_public, member, MORTISE_RECORD_MAX);
    case SECRET_KEY_PRIVATE:
      return read_bytes (&decoding->key_private, member, MORTISE_RECORD_MAX);
    case SECRET_WITH_UV:
      return read_secret (&secrets->cred_random_with_uv, member);
    case SECRET_WITHOUT_UV:
      return read_secret (&secrets->cred_random_without_uv, member);
    case SECRET_LARGE_BLOB_KEY:
      return read_secret (&secrets->large_blob_key, member);
    case SECRET_CRED_BLOB:
      return read_bytes (&secrets->cred_blob, member, MORTISE_RECORD_MAX);
    default:
      return TRUE;
    }
}

MortiseCredentialSecrets *
mortise_record_decode_secrets (const guint8 *data, gsize size)
{
  g_autoptr (MortiseCredentialSecrets) secrets = mortise_credential_secrets_new ();
  SecretsDecoding decoding = { NULL, NULL, secrets };
  gboolean ok = mortise_record_read (data, size, read_secrets_member, &decoding) &&
                decoding.key_public != NULL && decoding.key_private != NULL;

  if (ok)
    secrets->key = mortise_tpm_blob_new (decoding.key_public, decoding.key_private);
  g_clear_pointer (&decoding.key_public, g_bytes_unref);
  g_clear_pointer (&decoding.key_private, g_bytes_unref);
  return ok ? g_steal_pointer (&secrets) : NULL;
}
