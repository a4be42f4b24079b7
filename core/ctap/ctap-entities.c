/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/ctap/ctap-entities.h"

#include <string.h>

#include "core/vault/record-map.h"

static const MortiseCborMember option_members[] = {
  { 0, "rk", MORTISE_CBOR_BOOL, FALSE, offsetof (MortiseCtapOptions, rk) },
  { 0, "up", MORTISE_CBOR_BOOL, FALSE, offsetof (MortiseCtapOptions, up) },
  { 0, "uv", MORTISE_CBOR_BOOL, FALSE, offsetof (MortiseCtapOptions, uv) },
};

CtapStatus
mortise_ctap_read_options (const MortiseCborValue *map, MortiseCtapOptions *ret_options)
{
  *ret_options = (MortiseCtapOptions){ 0 };
  if (map->type == MORTISE_CBOR_NONE)
    return CTAP1_ERR_SUCCESS;
  return mortise_cbor_read_members (map, option_members, G_N_ELEMENTS (option_members),
                                    ret_options);
}

CtapStatus
mortise_ctap_read_rp_id (const MortiseCborValue *text, char **ret_rp_id)
{
  if (text->size == 0)
    return CTAP2_ERR_MISSING_PARAMETER;
  if (text->size > MORTISE_RP_ID_MAX)
    return CTAP2_ERR_LIMIT_EXCEEDED;
  for (gsize i = 0; i < text->size; i++)
    {
      if (text->data[i] < 0x20 || text->data[i] == 0x7f)
        return CTAP1_ERR_INVALID_PARAMETER;
    }
  *ret_rp_id = g_strndup ((const char *) text->data, text->size);
  return CTAP1_ERR_SUCCESS;
}

char *
mortise_ctap_dup_name (const MortiseCborValue *text)
{
  g_autoptr (GString) name = NULL;

  if (text->type != MORTISE_CBOR_TEXT)
    return NULL;
  name = g_string_sized_new (text->size);
  for (gsize i = 0; i < text->size; i++)
    {
      if (text->data[i] == 0)
        g_string_append (name, "\xef\xbf\xbd");
      else
        g_string_append_c (name, (char) text->data[i]);
    }
  g_string_truncate (name, mortise_record_cut (name->str, MORTISE_NAME_MAX));
  return g_string_free (g_steal_pointer (&name), FALSE);
}

typedef struct
{
  MortiseCborValue id;
  MortiseCborValue name;
  MortiseCborValue display_name;
} UserMembers;

static const MortiseCborMember user_members[] = {
  { 0, "id", MORTISE_CBOR_BYTES, TRUE, offsetof (UserMembers, id) },
  { 0, "name", MORTISE_CBOR_TEXT, FALSE, offsetof (UserMembers, name) },
  { 0, "displayName", MORTISE_CBOR_TEXT, FALSE, offsetof (UserMembers, display_name) },
};

CtapStatus
mortise_ctap_read_user (const MortiseCborValue *map, MortiseCtapUser *ret_user)
{
  UserMembers user;
  CtapStatus status =
      mortise_cbor_read_members (map, user_members, G_N_ELEMENTS (user_members), &user);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  if (user.id.size > MORTISE_USER_ID_MAX)
    return CTAP2_ERR_LIMIT_EXCEEDED;
  ret_user->id = user.id.size > 0 ? mortise_cbor_value_to_bytes (&user.id) : NULL;
  ret_user->name = mortise_ctap_dup_name (&user.name);
  ret_user->display_name = mortise_ctap_dup_name (&user.display_name);
  return CTAP1_ERR_SUCCESS;
}

void
mortise_ctap_user_clear (MortiseCtapUser *user)
{
  g_clear_pointer (&user->id, g_bytes_unref);
  g_clear_pointer (&user->name, g_free);
  g_clear_pointer (&user->display_name, g_free);
}

typedef struct
{
  MortiseCborValue id;
  MortiseCborValue type;
} DescriptorMembers;

static const MortiseCborMember descriptor_members[] = {
  { 0, "id", MORTISE_CBOR_BYTES, TRUE, offsetof (DescriptorMembers, id) },
  { 0, "type", MORTISE_CBOR_TEXT, TRUE, offsetof (DescriptorMembers, type) },
};

CtapStatus
mortise_ctap_read_descriptor (const MortiseCborValue *map, MortiseCborValue *ret_id)
{
  DescriptorMembers descriptor;
  CtapStatus status = mortise_cbor_read_members (map, descriptor_members,
                                                 G_N_ELEMENTS (descriptor_members), &descriptor);

  if (status != CTAP1_ERR_SUCCESS)
    return status;
  *ret_id = mortise_cbor_text_equal (&descriptor.type, MORTISE_PUBLIC_KEY_TYPE)
                ? descriptor.id
                : (MortiseCborValue){ .type = MORTISE_CBOR_NONE };
  return CTAP1_ERR_SUCCESS;
}

CtapStatus
mortise_ctap_check_descriptors (const MortiseCborValue *list)
{
  MortiseCborIter iter;
  MortiseCborValue value;

  mortise_cbor_iter_init (&iter, list);
  while (mortise_cbor_iter_next (&iter, &value))
    {
      MortiseCborValue id;
      CtapStatus status = mortise_ctap_read_descriptor (&value, &id);

      if (status != CTAP1_ERR_SUCCESS)
        return status;
    }
  return CTAP1_ERR_SUCCESS;
}

char *
mortise_ctap_dup_told_name (const char *name)
{
  return g_strndup (name, mortise_record_cut (name, MORTISE_CTAP_NAME_MAX));
}

static void
write_name (MortiseCborWriter *writer, const char *name)
{
  g_autofree char *told = mortise_ctap_dup_told_name (name);

  mortise_cbor_write_text (writer, told);
}

void
mortise_ctap_write_user (MortiseCborWriter *writer,
                         const MortiseCredential *credential,
                         gboolean with_names)
{
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_text_key (writer, &map, "id");
  mortise_cbor_write_gbytes (writer, credential->user_id);
  if (with_names && credential->user_name != NULL)
    {
      mortise_cbor_map_text_key (writer, &map, "name");
      write_name (writer, credential->user_name);
    }
  if (with_names && credential->user_display_name != NULL)
    {
      mortise_cbor_map_text_key (writer, &map, "displayName");
      write_name (writer, credential->user_display_name);
    }
  mortise_cbor_map_end (writer, &map);
}

void
mortise_ctap_write_descriptor (MortiseCborWriter *writer, GBytes *credential_id)
{
  MortiseCborMap map;

  mortise_cbor_map_begin (writer, &map);
  mortise_cbor_map_text_key (writer, &map, "id");
  mortise_cbor_write_gbytes (writer, credential_id);
  mortise_cbor_map_text_key (writer, &map, "type");
  mortise_cbor_write_text (writer, MORTISE_PUBLIC_KEY_TYPE);
  mortise_cbor_map_end (writer, &map);
}
