/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/toast.h"

#include "app/window/agent-client.h"
#include "app/window/alert-dialog.h"

#include <glib/gi18n.h>

/* What is longer than this does not fit a toast on a narrow window and gets a dialog. */
#define TOAST_MAX 70

/* How long there is for a second thought, in seconds. */
#define UNDO_SECONDS 10
static gboolean undo_stays = FALSE;

static AdwToast *
new_toast (const char *text)
{
  g_autofree char *escaped = g_markup_escape_text (text, -1);

  return adw_toast_new (escaped);
}

static AdwToast *
show (GtkWidget *widget, AdwToast *toast)
{
  GtkWidget *overlay =
      widget != NULL ? gtk_widget_get_ancestor (widget, ADW_TYPE_TOAST_OVERLAY) : NULL;

  if (overlay == NULL)
    {
      g_object_unref (toast);
      return NULL;
    }
  adw_toast_overlay_add_toast (ADW_TOAST_OVERLAY (overlay), toast);
  return toast;
}

void
mortise_toast (GtkWidget *widget, const char *text)
{
  show (widget, new_toast (text));
}

AdwToast *
mortise_toast_undo (GtkWidget *widget, const char *text, const char *action, GVariant *target)
{
  AdwToast *toast = new_toast (text);

  adw_toast_set_button_label (toast, _ ("_Undo"));
  adw_toast_set_action_name (toast, action);
  adw_toast_set_action_target_value (toast, target);
  adw_toast_set_timeout (toast, undo_stays ? 0 : UNDO_SECONDS);
  adw_toast_set_priority (toast, ADW_TOAST_PRIORITY_HIGH);
  return show (widget, toast);
}

void
mortise_toast_set_undo_stays (gboolean stays)
{
  undo_stays = stays;
}

void
mortise_toast_error (GtkWidget *widget, const GError *error)
{
  /* A window that was closed meanwhile has nothing to show it in. */
  if (mortise_agent_error_is_quiet (error) || widget == NULL ||
      gtk_widget_get_root (widget) == NULL)
    return;
  if (g_utf8_strlen (error->message, -1) <= TOAST_MAX)
    mortise_toast (widget, error->message);
  else
    mortise_alert_tell (widget, _ ("That Did Not Work"), error->message);
}
