/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/vault/credential-history.h"

#include "core/vault/record-map.h"

/* A history is a map from 1, 2, … to changes, each a map of its own in a byte string. */
enum
{
  CHANGE_TIME = 1,
  CHANGE_AUTHOR = 2,
  CHANGE_KIND = 3,
  CHANGE_FROM = 4,
  CHANGE_TO = 5,
};

/* Room for one change, and for what surrounds it. */
#define CHANGE_SIZE_MAX (2 * MORTISE_HISTORY_VALUE_MAX + 64)
#define HEAD_SIZE_MAX   8

static void
write_text (MortiseRecordWriter *writer, guint key, const char *text)
{
  if (text != NULL && *text != '\0')
    mortise_record_write_text (writer, key, text,
                               mortise_record_cut (text, MORTISE_HISTORY_VALUE_MAX));
}

static GBytes *
encode_change (const MortiseChange *change)
{
  guint8 buffer[CHANGE_SIZE_MAX];
  MortiseRecordWriter writer;

  mortise_record_writer_init (&writer, buffer, sizeof buffer);
  mortise_record_write_int (&writer, CHANGE_TIME, change->time);
  mortise_record_write_unsigned (&writer, CHANGE_AUTHOR, change->author);
  mortise_record_write_unsigned (&writer, CHANGE_KIND, change->kind);
  write_text (&writer, CHANGE_FROM, change->from);
  write_text (&writer, CHANGE_TO, change->to);
  return g_bytes_new (buffer, mortise_record_writer_finish (&writer));
}

static gboolean
collect_change (const MortiseRecordMember *member, gpointer user_data)
{
  if (member->kind == MORTISE_RECORD_BYTES)
    g_ptr_array_add (user_data, g_bytes_new (member->data, member->size));
  return TRUE;
}

static GPtrArray *
split (GBytes *history)
{
  GPtrArray *changes = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  gsize size = 0;
  const guint8 *data = history != NULL ? g_bytes_get_data (history, &size) : NULL;

  if (data != NULL && !mortise_record_read (data, size, collect_change, changes))
    g_ptr_array_set_size (changes, 0);
  return changes;
}

GBytes *
mortise_history_append (GBytes *history, const MortiseChange *change)
{
  g_autoptr (GPtrArray) changes = split (history);
  guint8 buffer[MORTISE_HISTORY_MAX];
  MortiseRecordWriter writer;
  gsize room = sizeof buffer - HEAD_SIZE_MAX;
  guint first = 0;

  g_ptr_array_add (changes, encode_change (change));
  for (first = changes->len; first > 0; first--)
    {
      gsize size = g_bytes_get_size (changes->pdata[first - 1]) + HEAD_SIZE_MAX;

      if (size > room || changes->len - first == MORTISE_HISTORY_CHANGES_MAX)
        break;
      room -= size;
    }
  mortise_record_writer_init (&writer, buffer, sizeof buffer);
  for (guint i = first; i < changes->len; i++)
    mortise_record_write_bytes (&writer, i - first + 1, g_bytes_get_data (changes->pdata[i], NULL),
                                g_bytes_get_size (changes->pdata[i]));
  return g_bytes_new (buffer, mortise_record_writer_finish (&writer));
}

static void
change_free (gpointer data)
{
  MortiseChange *change = data;

  g_free (change->from);
  g_free (change->to);
  g_free (change);
}

static gboolean
read_text (char **place, const MortiseRecordMember *member)
{
  if (member->kind != MORTISE_RECORD_TEXT || *place != NULL ||
      !g_utf8_validate_len ((const char *) member->data, member->size, NULL))
    return FALSE;
  *place = g_strndup ((const char *) member->data, member->size);
  return TRUE;
}

static gboolean
read_member (const MortiseRecordMember *member, gpointer user_data)
{
  MortiseChange *change = user_data;
  gboolean is_number = member->kind == MORTISE_RECORD_UNSIGNED && member->number <= G_MAXINT64;

  switch (member->key)
    {
    case CHANGE_TIME:
      change->time = is_number ? (gint64) member->number : 0;
      return is_number;
    case CHANGE_AUTHOR:
      change->author = is_number ? (guint) MIN (member->number, G_MAXUINT) : 0;
      return is_number;
    case CHANGE_KIND:
      change->kind = is_number ? (guint) MIN (member->number, G_MAXUINT) : 0;
      return is_number;
    case CHANGE_FROM:
      return read_text (&change->from, member);
    case CHANGE_TO:
      return read_text (&change->to, member);
    default:
      return TRUE;
    }
}

GPtrArray *
mortise_history_read (GBytes *history)
{
  g_autoptr (GPtrArray) encoded = split (history);
  GPtrArray *changes = g_ptr_array_new_with_free_func (change_free);

  for (guint i = 0; i < encoded->len; i++)
    {
      gsize size = 0;
      const guint8 *data = g_bytes_get_data (encoded->pdata[i], &size);
      MortiseChange *change = g_new0 (MortiseChange, 1);

      if (data != NULL && mortise_record_read (data, size, read_member, change))
        g_ptr_array_add (changes, change);
      else
        change_free (change);
    }
  return changes;
}
