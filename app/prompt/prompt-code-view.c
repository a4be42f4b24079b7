/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-code-view.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/prompt/prompt-print.h"
#include "app/prompt/prompt-qr.h"
#include "core/recovery-code.h"

#define COLUMNS 2

struct _MortisePromptCodeView
{
  GtkBox parent_instance;

  GtkGrid *groups;
  GtkDrawingArea *qr_area;
  GtkButton *print_button;
  GtkLabel *print_result;
  MortiseSecret *code;
  MortisePromptQr *qr;
  char *host;
  GtkPrintOperation *printing;
};

G_DEFINE_FINAL_TYPE (MortisePromptCodeView, mortise_prompt_code_view, GTK_TYPE_BOX)

/* --- Showing --- */

/* “0 0 H Q”: screen readers would read some groups as words or numbers. */
static char *
spell (const char *group)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < MORTISE_RECOVERY_CODE_GROUP_SIZE; i++)
    g_string_append_printf (text, " %c", group[i]);
  return g_string_free (text, FALSE);
}

static void
add_group (MortisePromptCodeView *self, guint index)
{
  const char *group = (const char *) mortise_secret_peek (self->code) +
                      index * (MORTISE_RECOVERY_CODE_GROUP_SIZE + 1);
  g_autofree char *text = g_strndup (group, MORTISE_RECOVERY_CODE_GROUP_SIZE);
  g_autofree char *spelt = spell (group);
  g_autofree char *ordinal = g_strdup_printf ("%u", index + 1);
  /* Translators: for screen readers: the group's number and its characters. */
  g_autofree char *name = g_strdup_printf (_ ("Group %u: %s"), index + 1, spelt);
  GtkWidget *number = gtk_label_new (ordinal);
  GtkWidget *label = gtk_label_new (text);

  gtk_widget_add_css_class (number, "dim-label");
  gtk_widget_add_css_class (label, "prompt-code");
  gtk_widget_set_direction (label, GTK_TEXT_DIR_LTR);
  gtk_accessible_update_property (GTK_ACCESSIBLE (label), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  gtk_grid_attach (self->groups, number, (int) (index % COLUMNS) * 2, (int) (index / COLUMNS), 1,
                   1);
  gtk_grid_attach (self->groups, label, (int) (index % COLUMNS) * 2 + 1, (int) (index / COLUMNS), 1,
                   1);
}

static void
draw_qr (GtkDrawingArea *area, cairo_t *cr, int width, int height, gpointer user_data)
{
  MortisePromptCodeView *self = user_data;
  int size = MIN (width, height);

  if (self->qr == NULL)
    return;
  cairo_translate (cr, (width - size) / 2, (height - size) / 2);
  mortise_prompt_qr_draw (self->qr, cr, size);
}

/* --- Printing --- */

static void
show_result (MortisePromptCodeView *self, const char *text, const char *css_class)
{
  const char *classes[] = { "caption", css_class, NULL };

  gtk_label_set_text (self->print_result, text);
  gtk_widget_set_css_classes (GTK_WIDGET (self->print_result), classes);
  gtk_widget_set_visible (GTK_WIDGET (self->print_result), TRUE);
}

static void
show_print_error (MortisePromptCodeView *self, const GError *error)
{
  g_autofree char *text = NULL;

  /* Translators: %s is the reason. */
  text = g_strdup_printf (_ ("It could not be printed (%s). Write the code down by hand."),
                          error != NULL ? error->message : "");
  show_result (self, text, "error");
}

static void
on_print_done (GtkPrintOperation *operation,
               GtkPrintOperationResult result,
               MortisePromptCodeView *self)
{
  g_autoptr (GError) error = NULL;

  if (result == GTK_PRINT_OPERATION_RESULT_ERROR)
    {
      gtk_print_operation_get_error (operation, &error);
      show_print_error (self, error);
    }
  else if (result == GTK_PRINT_OPERATION_RESULT_APPLY)
    show_result (self, _ ("Given to the printer. Look whether it came out well."), "success");
  gtk_widget_set_sensitive (GTK_WIDGET (self->print_button), TRUE);
  g_clear_object (&self->printing);
}

static void
on_print_clicked (MortisePromptCodeView *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GtkPrintOperation) operation = mortise_prompt_print_new (self->code, self->host);

  gtk_widget_set_sensitive (GTK_WIDGET (self->print_button), FALSE);
  gtk_print_operation_set_allow_async (operation, TRUE);
  g_signal_connect_object (operation, "done", G_CALLBACK (on_print_done), self, 0);
  self->printing = g_object_ref (operation);
  if (gtk_print_operation_run (operation, GTK_PRINT_OPERATION_ACTION_PRINT_DIALOG,
                               GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                               &error) == GTK_PRINT_OPERATION_RESULT_ERROR &&
      error != NULL)
    {
      show_print_error (self, error);
      gtk_widget_set_sensitive (GTK_WIDGET (self->print_button), TRUE);
      g_clear_object (&self->printing);
    }
}

/* --- Public --- */

void
mortise_prompt_code_view_show (MortisePromptCodeView *self,
                               const MortiseSecret *code,
                               const char *host)
{
  g_return_if_fail (mortise_secret_get_size (code) == MORTISE_RECOVERY_CODE_TEXT_SIZE);

  mortise_prompt_code_view_clear (self);
  self->code = mortise_secret_copy (code);
  self->host = g_strdup (host);
  self->qr = mortise_prompt_qr_new (code);
  for (guint i = 0; i < MORTISE_RECOVERY_CODE_GROUPS; i++)
    add_group (self, i);
  gtk_widget_set_visible (GTK_WIDGET (self->qr_area), self->qr != NULL);
  gtk_widget_queue_draw (GTK_WIDGET (self->qr_area));
}

gboolean
mortise_prompt_code_view_ends_with (MortisePromptCodeView *self, const char *typed)
{
  g_autoptr (MortiseSecret) secret = NULL;

  if (self->code == NULL || *typed == '\0')
    return FALSE;
  secret = mortise_secret_new_from_data (typed, strlen (typed));
  return mortise_recovery_code_ends_with (self->code, secret, MORTISE_PROMPT_CODE_PROOF_GROUPS);
}

void
mortise_prompt_code_view_clear (MortisePromptCodeView *self)
{
  GtkWidget *child;

  if (self->printing != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->printing, self);
      gtk_print_operation_cancel (self->printing);
    }
  g_clear_object (&self->printing);
  while (self->groups != NULL &&
         (child = gtk_widget_get_first_child (GTK_WIDGET (self->groups))) != NULL)
    gtk_grid_remove (self->groups, child);
  g_clear_pointer (&self->code, mortise_secret_free);
  g_clear_pointer (&self->qr, mortise_prompt_qr_free);
  g_clear_pointer (&self->host, g_free);
  if (self->qr_area != NULL)
    gtk_widget_queue_draw (GTK_WIDGET (self->qr_area));
}

static void
mortise_prompt_code_view_dispose (GObject *object)
{
  mortise_prompt_code_view_clear (MORTISE_PROMPT_CODE_VIEW (object));
  G_OBJECT_CLASS (mortise_prompt_code_view_parent_class)->dispose (object);
}

static void
mortise_prompt_code_view_class_init (MortisePromptCodeViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_prompt_code_view_dispose;
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/prompt/prompt-code-view.ui");
  gtk_widget_class_bind_template_child (widget_class, MortisePromptCodeView, groups);
  gtk_widget_class_bind_template_child (widget_class, MortisePromptCodeView, qr_area);
  gtk_widget_class_bind_template_child (widget_class, MortisePromptCodeView, print_button);
  gtk_widget_class_bind_template_child (widget_class, MortisePromptCodeView, print_result);
  gtk_widget_class_bind_template_callback (widget_class, on_print_clicked);
}

static void
mortise_prompt_code_view_init (MortisePromptCodeView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  gtk_drawing_area_set_draw_func (self->qr_area, draw_qr, self, NULL);
}
