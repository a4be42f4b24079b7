/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/ctl/ctl-table.h"

#include <stdarg.h>

#include "core/text/display-text.h"

/* A cell longer than this is cut: one name must not push all others off the screen. */
#define CELL_MAX 40

#define GAP 2

struct _MortiseCtlTable
{
  GPtrArray *rows; /* of char **, the headings first */
};

static void
add_row (MortiseCtlTable *table, const char *first, va_list others)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (const char *text = first; text != NULL; text = va_arg (others, const char *))
    {
      g_autofree char *cell = mortise_display_text_isolated (text, CELL_MAX);

      g_strv_builder_add (builder, cell);
    }
  g_ptr_array_add (table->rows, g_strv_builder_end (builder));
}

MortiseCtlTable *
mortise_ctl_table_new (const char *heading, ...)
{
  MortiseCtlTable *table = g_new0 (MortiseCtlTable, 1);
  va_list others;

  table->rows = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  va_start (others, heading);
  add_row (table, heading, others);
  va_end (others);
  return table;
}

void
mortise_ctl_table_add (MortiseCtlTable *table, const char *first, ...)
{
  va_list others;

  va_start (others, first);
  add_row (table, first, others);
  va_end (others);
}

gsize
mortise_ctl_text_width (const char *text)
{
  gsize width = 0;

  for (const char *c = text; *c != '\0'; c += g_utf8_skip[(guchar) *c])
    {
      gunichar character = g_utf8_get_char (c);

      if (!g_unichar_iszerowidth (character))
        width += g_unichar_iswide (character) ? 2 : 1;
    }
  return width;
}

static gsize
column_width (MortiseCtlTable *table, gsize column)
{
  gsize width = 0;

  for (guint i = 0; i < table->rows->len; i++)
    {
      char **row = table->rows->pdata[i];

      width = MAX (width, mortise_ctl_text_width (row[column]));
    }
  return width;
}

void
mortise_ctl_table_print (MortiseCtlTable *table)
{
  gsize n_columns = g_strv_length (table->rows->pdata[0]);
  g_autofree gsize *widths = g_new (gsize, n_columns);

  for (gsize column = 0; column < n_columns; column++)
    widths[column] = column_width (table, column);
  for (guint i = 0; i < table->rows->len; i++)
    {
      char **row = table->rows->pdata[i];

      for (gsize column = 0; column < n_columns; column++)
        {
          gsize padding = widths[column] - mortise_ctl_text_width (row[column]) + GAP;

          /* Nothing after the last column, so that no line ends in blanks. */
          g_print ("%s%*s", row[column], column + 1 < n_columns ? (int) padding : 0, "");
        }
      g_print ("\n");
    }
  g_ptr_array_unref (table->rows);
  g_free (table);
}
