/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-print.h"

#include <glib/gi18n.h>
#include <openssl/crypto.h>
#include <string.h>

#include "app/prompt/prompt-qr.h"
#include "app/prompt/prompt-words.h"
#include "core/text/display-text.h"
#include "core/recovery-code.h"

#define HOST_CHARS 60

/* Points. */
#define TITLE_SIZE  20
#define TEXT_SIZE   11
#define CODE_SIZE   18
#define QR_SIZE     150
#define LINE_GAP    8
#define GROUP_WIDTH 120

typedef struct
{
  MortiseSecret *code;
  char *host;
} Page;

static void
page_free (gpointer data, GClosure *closure)
{
  Page *page = data;

  mortise_secret_free (page->code);
  g_free (page->host);
  g_free (page);
}

static PangoLayout *
make_layout (GtkPrintContext *context, const char *font, double size)
{
  PangoLayout *layout = gtk_print_context_create_pango_layout (context);
  PangoFontDescription *description = pango_font_description_from_string (font);

  pango_font_description_set_size (description, (int) (size * PANGO_SCALE));
  pango_layout_set_font_description (layout, description);
  pango_font_description_free (description);
  return layout;
}

/* Draws at the current point of origin and moves that below. */
static void
draw_text (GtkPrintContext *context, const char *font, double size, const char *text)
{
  g_autoptr (PangoLayout) layout = make_layout (context, font, size);
  cairo_t *cr = gtk_print_context_get_cairo_context (context);
  int height;

  pango_layout_set_width (layout, (int) (gtk_print_context_get_width (context) * PANGO_SCALE));
  pango_layout_set_wrap (layout, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_text (layout, text, -1);
  cairo_move_to (cr, 0, 0);
  pango_cairo_show_layout (cr, layout);
  pango_layout_get_size (layout, NULL, &height);
  cairo_translate (cr, 0, (double) height / PANGO_SCALE + LINE_GAP);
}

static void
draw_groups (GtkPrintContext *context, const MortiseSecret *code)
{
  cairo_t *cr = gtk_print_context_get_cairo_context (context);
  const char *text = (const char *) mortise_secret_peek (code);
  const guint per_line = MAX (1, (guint) (gtk_print_context_get_width (context) / GROUP_WIDTH));

  for (guint i = 0; i < MORTISE_RECOVERY_CODE_GROUPS; i++)
    {
      g_autoptr (PangoLayout) layout = make_layout (context, "Monospace Bold", CODE_SIZE);
      g_autoptr (PangoLayout) number = make_layout (context, "Sans", TEXT_SIZE);
      g_autofree char *ordinal = g_strdup_printf ("%u", i + 1);
      double y = (i / per_line) * CODE_SIZE * 2.2;

      pango_layout_set_text (number, ordinal, -1);
      cairo_move_to (cr, (i % per_line) * GROUP_WIDTH, y + CODE_SIZE - TEXT_SIZE);
      pango_cairo_show_layout (cr, number);
      pango_layout_set_text (layout, text + i * (MORTISE_RECOVERY_CODE_GROUP_SIZE + 1),
                             MORTISE_RECOVERY_CODE_GROUP_SIZE);
      cairo_move_to (cr, (i % per_line) * GROUP_WIDTH + 1.5 * TEXT_SIZE, y);
      pango_cairo_show_layout (cr, layout);
    }
  cairo_translate (cr, 0,
                   ((MORTISE_RECOVERY_CODE_GROUPS + per_line - 1) / per_line) * CODE_SIZE * 2.2);
}

static void
draw_page_cb (GtkPrintOperation *operation, GtkPrintContext *context, int number, Page *page)
{
  cairo_t *cr = gtk_print_context_get_cairo_context (context);
  g_autofree char *day = mortise_prompt_words_date (g_get_real_time () / G_USEC_PER_SEC);
  g_autofree char *host = mortise_display_text (page->host, HOST_CHARS);
  /* Translators: on the sheet of paper; the first %s is a computer's name, the second a date. */
  g_autofree char *origin = g_strdup_printf (_ ("For the passkeys on %s, made on %s"), host, day);
  g_autoptr (MortisePromptQr) qr = mortise_prompt_qr_new (page->code);

  draw_text (context, "Sans Bold", TITLE_SIZE, _ ("Recovery code of Mortise"));
  draw_text (context, "Sans", TEXT_SIZE, origin);
  cairo_translate (cr, 0, 2 * LINE_GAP);
  draw_groups (context, page->code);
  draw_text (context, "Sans", TEXT_SIZE,
             _ ("If the PIN is forgotten or blocked, type this code into Mortise on that computer "
                "to set a new one. It opens nothing on any other computer. Upper or lower case, "
                "spaces and hyphens make no difference; O is 0, I and L are 1."));
  draw_text (context, "Sans", TEXT_SIZE,
             _ ("Keep this sheet away from the computer: whoever has both can use your passkeys."));
  cairo_translate (cr, 0, LINE_GAP);
  if (qr != NULL)
    mortise_prompt_qr_draw (qr, cr, QR_SIZE);
}

GtkPrintOperation *
mortise_prompt_print_new (const MortiseSecret *code, const char *host)
{
  GtkPrintOperation *operation = gtk_print_operation_new ();
  Page *page = g_new0 (Page, 1);

  g_return_val_if_fail (mortise_secret_get_size (code) == MORTISE_RECOVERY_CODE_TEXT_SIZE, NULL);

  page->code = mortise_secret_copy (code);
  page->host = g_strdup (host);
  gtk_print_operation_set_n_pages (operation, 1);
  gtk_print_operation_set_unit (operation, GTK_UNIT_POINTS);
  /* Print queues keep the names of jobs. */
  gtk_print_operation_set_job_name (operation, "Mortise");
  g_signal_connect_data (operation, "draw-page", G_CALLBACK (draw_page_cb), page, page_free, 0);
  return operation;
}
