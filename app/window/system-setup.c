/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/system-setup.h"

#include "app/window/alert-dialog.h"
#include "app/window/button-names.h"
#include "app/window/toast.h"

#include <adwaita.h>
#include <glib/gi18n.h>

/* As data/setup/mortise-setup.in writes it. */
#define WRITTEN "/var/lib/mortise/setup"

/* What pkexec ends with when the person closes its dialog. */
#define PKEXEC_DISMISSED 126

typedef struct
{
  gboolean undo;
  void (*done) (gpointer user_data);
  GWeakRef owner;
  GWeakRef parent;
} Offer;

static char *test_helper;
static char *test_pkexec;

static void
offer_free (Offer *offer)
{
  g_weak_ref_clear (&offer->owner);
  g_weak_ref_clear (&offer->parent);
  g_free (offer);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Offer, offer_free)

/* Beside this program in the build tree, as it is not installed from there. */
static char *
find_helper (void)
{
  g_autofree char *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree char *folder = self == NULL ? NULL : g_path_get_dirname (self);

  if (test_helper != NULL)
    return g_strdup (test_helper);
  if (folder != NULL)
    {
      g_autofree char *built =
          g_build_filename (folder, "..", "..", "data", "setup", "mortise-setup", NULL);

      if (g_file_test (built, G_FILE_TEST_IS_EXECUTABLE))
        return g_canonicalize_filename (built, NULL);
    }
  return g_build_filename (MORTISE_LIBEXECDIR, "mortise-setup", NULL);
}

static char *
find_pkexec (void)
{
  if (test_helper != NULL)
    return g_strdup (test_pkexec);
  return g_find_program_in_path ("pkexec");
}

static const char *
get_command (const Offer *offer)
{
  return offer->undo ? "remove" : "install";
}

static void
on_finished (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Offer) offer = user_data;
  GSubprocess *process = G_SUBPROCESS (source);
  g_autoptr (GtkWidget) parent = g_weak_ref_get (&offer->parent);
  g_autoptr (GObject) owner = g_weak_ref_get (&offer->owner);
  g_autoptr (GError) error = NULL;
  g_autofree char *complaint = NULL;
  gboolean ended = g_subprocess_communicate_utf8_finish (process, result, NULL, &complaint, &error);
  gboolean good =
      ended && g_subprocess_get_if_exited (process) && g_subprocess_get_exit_status (process) == 0;
  gboolean dismissed = ended && g_subprocess_get_if_exited (process) &&
                       g_subprocess_get_exit_status (process) == PKEXEC_DISMISSED;

  if (parent != NULL && good)
    mortise_toast (parent,
                   offer->undo ? _ ("The set-up was undone") : _ ("This computer is set up"));
  else if (parent != NULL && !dismissed)
    {
      const char *reason = ended && complaint != NULL ? g_strstrip (complaint) : "";
      g_autofree char *text = g_strdup_printf (
          /* Translators: %s is what a program said, in English */
          _ ("Nothing or not everything was changed. The program said: %s"),
          ended ? reason : error->message);

      mortise_alert_tell (parent, _ ("That Did Not Work"), text);
    }
  if (owner != NULL && good)
    offer->done (owner);
}

static void
run (Offer *offer)
{
  g_autofree char *helper = find_helper ();
  g_autofree char *pkexec = find_pkexec ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process =
      g_subprocess_new (G_SUBPROCESS_FLAGS_STDERR_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &error,
                        pkexec, helper, get_command (offer), NULL);

  if (process == NULL)
    {
      g_autoptr (GtkWidget) parent = g_weak_ref_get (&offer->parent);

      if (parent != NULL)
        mortise_alert_tell (parent, _ ("That Did Not Work"), error->message);
      offer_free (offer);
      return;
    }
  g_subprocess_communicate_utf8_async (process, NULL, NULL, on_finished, offer);
}

static void
on_response (AdwMessageDialog *dialog, const char *response, gpointer user_data)
{
  Offer *offer = user_data;

  if (g_str_equal (response, "confirm"))
    run (offer);
  else
    offer_free (offer);
}

/* The very files, so that the person can read them before any password is asked for. */
static GtkWidget *
new_plan_view (const char *plan)
{
  GtkWidget *scrolled = gtk_scrolled_window_new ();
  GtkWidget *view = gtk_text_view_new ();

  gtk_text_view_set_editable (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_monospace (GTK_TEXT_VIEW (view), TRUE);
  gtk_text_view_set_accepts_tab (GTK_TEXT_VIEW (view), FALSE);
  gtk_text_view_set_wrap_mode (GTK_TEXT_VIEW (view), GTK_WRAP_WORD_CHAR);
  gtk_text_view_set_left_margin (GTK_TEXT_VIEW (view), 9);
  gtk_text_view_set_right_margin (GTK_TEXT_VIEW (view), 9);
  gtk_text_view_set_top_margin (GTK_TEXT_VIEW (view), 9);
  gtk_text_buffer_set_text (gtk_text_view_get_buffer (GTK_TEXT_VIEW (view)), plan, -1);
  gtk_accessible_update_property (GTK_ACCESSIBLE (view), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("What will be written"), -1);
  gtk_scrolled_window_set_policy (GTK_SCROLLED_WINDOW (scrolled), GTK_POLICY_NEVER,
                                  GTK_POLICY_AUTOMATIC);
  gtk_scrolled_window_set_min_content_height (GTK_SCROLLED_WINDOW (scrolled), 220);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), view);
  gtk_widget_add_css_class (scrolled, "card");
  return scrolled;
}

static char *
dup_body (const Offer *offer, const char *helper, gboolean can_ask)
{
  if (!can_ask)
    /* Translators: %s is a program with its argument */
    return g_strdup_printf (_ ("No program that asks for an administrator’s password was found "
                               "(pkexec). In a terminal, run: sudo %s %s"),
                            helper, get_command (offer));
  return g_strdup (offer->undo
                       ? _ ("These files are removed, if they still are as Mortise wrote them. You "
                            "are asked for an administrator’s password next.")
                       : _ ("This is all that is written. It lets whoever sits at this computer "
                            "use its TPM, loads the kernel module “uhid” at start, and switches "
                            "on the service that shows browsers a security key. You are asked for "
                            "an administrator’s password next. It can be undone here."));
}

static void
show_dialog (Offer *offer, const char *plan)
{
  g_autoptr (GtkWidget) parent = g_weak_ref_get (&offer->parent);
  g_autofree char *helper = find_helper ();
  g_autofree char *pkexec = find_pkexec ();
  g_autofree char *body = dup_body (offer, helper, pkexec != NULL);
  const char *heading = offer->undo ? _ ("Undo the Set-up?") : _ ("Set Up This Computer?");
  GtkRoot *root = NULL;
  GtkWidget *dialog = NULL;

  if (parent == NULL)
    {
      offer_free (offer);
      return;
    }
  root = gtk_widget_get_root (parent);
  dialog = adw_message_dialog_new (GTK_IS_WINDOW (root) ? GTK_WINDOW (root) : NULL, heading, body);
  gtk_accessible_update_property (GTK_ACCESSIBLE (dialog), GTK_ACCESSIBLE_PROPERTY_LABEL, heading,
                                  -1);
  adw_message_dialog_set_extra_child (ADW_MESSAGE_DIALOG (dialog), new_plan_view (plan));
  adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "cancel",
                                   pkexec != NULL ? _ ("_Cancel") : _ ("_Close"));
  if (pkexec != NULL)
    {
      adw_message_dialog_add_response (ADW_MESSAGE_DIALOG (dialog), "confirm",
                                       offer->undo ? _ ("_Undo…") : _ ("_Set Up…"));
      adw_message_dialog_set_response_appearance (ADW_MESSAGE_DIALOG (dialog), "confirm",
                                                  offer->undo ? ADW_RESPONSE_DESTRUCTIVE
                                                              : ADW_RESPONSE_SUGGESTED);
    }
  adw_message_dialog_set_default_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  adw_message_dialog_set_close_response (ADW_MESSAGE_DIALOG (dialog), "cancel");
  g_signal_connect (dialog, "response", G_CALLBACK (on_response), offer);
  mortise_button_names_mend (dialog);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
on_planned (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Offer) offer = user_data;
  g_autoptr (GError) error = NULL;
  g_autofree char *plan = NULL;

  if (!g_subprocess_communicate_utf8_finish (G_SUBPROCESS (source), result, &plan, NULL, &error))
    {
      g_autoptr (GtkWidget) parent = g_weak_ref_get (&offer->parent);

      if (parent != NULL)
        mortise_alert_tell (parent, _ ("That Did Not Work"), error->message);
      return;
    }
  show_dialog (g_steal_pointer (&offer), g_strchomp (plan));
}

static void
begin (GtkWidget *parent, gboolean undo, void (*done) (gpointer user_data), GObject *owner)
{
  g_autofree char *helper = find_helper ();
  g_autoptr (Offer) offer = g_new0 (Offer, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSubprocess) process = NULL;

  offer->undo = undo;
  offer->done = done;
  g_weak_ref_init (&offer->owner, owner);
  g_weak_ref_init (&offer->parent, parent);
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE, &error, helper,
                              undo ? "written" : "show", NULL);
  if (process == NULL)
    {
      mortise_alert_tell (parent, _ ("That Did Not Work"),
                          _ ("The program that sets up the computer is not installed. Install "
                             "Mortise again."));
      return;
    }
  g_subprocess_communicate_utf8_async (process, NULL, NULL, on_planned, g_steal_pointer (&offer));
}

void
mortise_system_setup_offer (GtkWidget *parent, void (*done) (gpointer user_data), GObject *owner)
{
  begin (parent, FALSE, done, owner);
}

void
mortise_system_setup_offer_undo (GtkWidget *parent,
                                 void (*done) (gpointer user_data),
                                 GObject *owner)
{
  begin (parent, TRUE, done, owner);
}

gboolean
mortise_system_setup_was_done (void)
{
  return g_file_test (WRITTEN, G_FILE_TEST_EXISTS);
}

void
mortise_system_setup_set_programs (const char *helper, const char *pkexec)
{
  g_free (test_helper);
  g_free (test_pkexec);
  test_helper = g_strdup (helper);
  test_pkexec = g_strdup (pkexec);
}
