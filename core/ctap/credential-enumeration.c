/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/credential-enumeration.h"

#include <string.h>

#include "core/ctap/authenticator-data.h"

/* Seconds in which "get next" may follow (CTAP 2.1 §6, "stateful commands"). */
#define NEXT_LIMIT 30

#define RP_ID_HASH_SIZE 32

struct _MortiseEnumeration
{
  CtapCommand command;
  guint8 next;
  gboolean read_only;
  guint32 channel;
  gint64 expires_at;

  /* Sites: how many are still promised, and where in the vault's order the last one was. */
  guint rps_left;
  guint8 cursor[MORTISE_VAULT_RP_CURSOR_SIZE];

  /* Credentials of one site: row numbers. NULL while sites are enumerated. */
  GArray *rows;
  guint row;
};

void
mortise_enumeration_free (MortiseEnumeration *enumeration)
{
  if (enumeration == NULL)
    return;
  g_clear_pointer (&enumeration->rows, g_array_unref);
  g_free (enumeration);
}

MortiseEnumeration *
mortise_enumeration_new (const MortiseCtapRequest *request, guint8 next, gboolean read_only)
{
  MortiseEnumeration *enumeration = g_new0 (MortiseEnumeration, 1);

  enumeration->command = request->command;
  enumeration->channel = mortise_ctap_request_get_channel (request);
  enumeration->next = next;
  enumeration->read_only = read_only;
  return enumeration;
}

gboolean
mortise_enumeration_is_read_only (const MortiseEnumeration *enumeration)
{
  return enumeration->read_only;
}

gboolean
mortise_enumeration_begin_rps (MortiseEnumeration *enumeration,
                               MortiseVault *vault,
                               guint *ret_total,
                               GError **error)
{
  guint8 cursor[MORTISE_VAULT_RP_CURSOR_SIZE] = { 0 };
  guint total = 0;

  for (;;)
    {
      g_autoptr (MortiseCredential) credential = NULL;

      if (!mortise_vault_next_rp (vault, cursor, &credential, error))
        return FALSE;
      if (credential == NULL)
        break;
      total++;
    }
  enumeration->rps_left = total;
  *ret_total = total;
  return TRUE;
}

/* The RP ID behind a hash: nothing but the sites themselves tells. */
static gboolean
find_rp_id (MortiseVault *vault, const guint8 *rp_id_hash, char **ret_rp_id, GError **error)
{
  guint8 cursor[MORTISE_VAULT_RP_CURSOR_SIZE] = { 0 };

  for (;;)
    {
      g_autoptr (MortiseCredential) credential = NULL;
      guint8 hash[RP_ID_HASH_SIZE];

      if (!mortise_vault_next_rp (vault, cursor, &credential, error))
        return FALSE;
      if (credential == NULL)
        return TRUE;
      mortise_rp_id_hash (credential->rp_id, hash);
      if (memcmp (hash, rp_id_hash, sizeof hash) == 0)
        {
          *ret_rp_id = g_strdup (credential->rp_id);
          return TRUE;
        }
    }
}

gboolean
mortise_enumeration_begin_credentials (MortiseEnumeration *enumeration,
                                       MortiseVault *vault,
                                       const guint8 *rp_id_hash,
                                       guint *ret_total,
                                       GError **error)
{
  g_autofree char *rp_id = NULL;
  g_autoptr (GPtrArray) found = NULL;

  *ret_total = 0;
  if (!find_rp_id (vault, rp_id_hash, &rp_id, error))
    return FALSE;
  if (rp_id == NULL)
    return TRUE;
  found = mortise_vault_find_by_rp (vault, rp_id, TRUE, error);
  if (found == NULL)
    return FALSE;
  enumeration->rows = g_array_sized_new (FALSE, FALSE, sizeof (gint64), found->len);
  for (guint i = 0; i < found->len; i++)
    {
      const MortiseCredential *credential = g_ptr_array_index (found, i);

      g_array_append_val (enumeration->rows, credential->row_id);
    }
  *ret_total = found->len;
  return TRUE;
}

gboolean
mortise_enumeration_is_next (const MortiseEnumeration *enumeration,
                             const MortiseCtapRequest *request,
                             guint8 sub_command,
                             gint64 now)
{
  return enumeration != NULL && enumeration->command == request->command &&
         enumeration->channel == mortise_ctap_request_get_channel (request) &&
         enumeration->next == sub_command && now < enumeration->expires_at;
}

void
mortise_enumeration_touch (MortiseEnumeration *enumeration, gint64 now)
{
  enumeration->expires_at = now + NEXT_LIMIT * G_USEC_PER_SEC;
}

/* Passkeys may be deleted in the window meanwhile: those are passed over. */
static gboolean
step_credential (MortiseEnumeration *enumeration,
                 MortiseVault *vault,
                 MortiseCredential **ret_credential,
                 GError **error)
{
  while (enumeration->row < enumeration->rows->len)
    {
      gint64 row_id = g_array_index (enumeration->rows, gint64, enumeration->row++);
      g_autoptr (GError) local_error = NULL;
      g_autoptr (MortiseCredential) credential = mortise_vault_get (vault, row_id, &local_error);

      if (credential == NULL &&
          !g_error_matches (local_error, MORTISE_ERROR, MORTISE_ERROR_NOT_FOUND))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      if (credential == NULL || credential->deleted_at != 0)
        continue;
      *ret_credential = g_steal_pointer (&credential);
      return TRUE;
    }
  *ret_credential = NULL;
  return TRUE;
}

gboolean
mortise_enumeration_step (MortiseEnumeration *enumeration,
                          MortiseVault *vault,
                          MortiseCredential **ret_credential,
                          GError **error)
{
  if (enumeration->rows != NULL)
    return step_credential (enumeration, vault, ret_credential, error);

  *ret_credential = NULL;
  if (enumeration->rps_left == 0)
    return TRUE;
  enumeration->rps_left--;
  return mortise_vault_next_rp (vault, enumeration->cursor, ret_credential, error);
}
