/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/first-run-page.h"

#include "app/window/health-group.h"
#include "app/window/toast.h"
#include "app/window/try-it-group.h"

#include <glib/gi18n.h>

struct _MortiseFirstRunPage
{
  AdwBin parent_instance;
  MortiseAgentClient *client;
  gboolean under_way;
  GtkStack *stack;
  GtkWidget *create_button;
  GtkWidget *code_button;
  MortiseHealthGroup *health_group;
  MortiseTryItGroup *try_it_group;
};

enum
{
  SIGNAL_DONE,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortiseFirstRunPage, mortise_first_run_page, ADW_TYPE_BIN)

/* The one step on of each page is under the Enter key. */
static void
show_step (MortiseFirstRunPage *self, const char *name, GtkWidget *button)
{
  gtk_stack_set_visible_child_name (self->stack, name);
  gtk_widget_grab_focus (button);
}

static void
show_check (MortiseFirstRunPage *self)
{
  show_step (self, "check", GTK_WIDGET (self->try_it_group));
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseFirstRunPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);

  gtk_widget_set_sensitive (self->create_button, TRUE);
  if (reply == NULL)
    {
      self->under_way = FALSE;
      gtk_widget_grab_focus (self->create_button);
      mortise_toast_error (GTK_WIDGET (self), error);
      return;
    }
  show_step (self, "recovery", self->code_button);
}

static void
on_create (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseFirstRunPage *self = user_data;

  self->under_way = TRUE;
  gtk_widget_set_sensitive (self->create_button, FALSE);
  mortise_agent_client_call (self->client, "CreateVault", NULL, NULL, on_created,
                             g_object_ref (self));
}

static void
on_code_made (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (MortiseFirstRunPage) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      mortise_agent_client_call_finish (MORTISE_AGENT_CLIENT (source), result, &error);

  gtk_widget_set_sensitive (self->code_button, TRUE);
  if (reply == NULL)
    {
      gtk_widget_grab_focus (self->code_button);
      mortise_toast_error (GTK_WIDGET (self), error);
    }
  else if (self->under_way)
    show_check (self);
}

static void
on_make_code (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseFirstRunPage *self = user_data;

  gtk_widget_set_sensitive (self->code_button, FALSE);
  mortise_agent_client_call (self->client, "CreateRecoveryCode", NULL, NULL, on_code_made,
                             g_object_ref (self));
}

static void
on_skip_code (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  show_check (user_data);
}

static void
on_done (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  MortiseFirstRunPage *self = user_data;

  self->under_way = FALSE;
  g_signal_emit (self, signals[SIGNAL_DONE], 0);
}

static void
mortise_first_run_page_dispose (GObject *object)
{
  g_clear_object (&MORTISE_FIRST_RUN_PAGE (object)->client);
  G_OBJECT_CLASS (mortise_first_run_page_parent_class)->dispose (object);
}

static void
mortise_first_run_page_class_init (MortiseFirstRunPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_first_run_page_dispose;
  signals[SIGNAL_DONE] = g_signal_new ("done", MORTISE_TYPE_FIRST_RUN_PAGE, G_SIGNAL_RUN_LAST, 0,
                                       NULL, NULL, NULL, G_TYPE_NONE, 0);
  g_type_ensure (MORTISE_TYPE_HEALTH_GROUP);
  g_type_ensure (MORTISE_TYPE_TRY_IT_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               MORTISE_OBJECT_PATH "/window/first-run-page.ui");
  gtk_widget_class_bind_template_child (widget_class, MortiseFirstRunPage, stack);
  gtk_widget_class_bind_template_child (widget_class, MortiseFirstRunPage, create_button);
  gtk_widget_class_bind_template_child (widget_class, MortiseFirstRunPage, code_button);
  gtk_widget_class_bind_template_child (widget_class, MortiseFirstRunPage, health_group);
  gtk_widget_class_bind_template_child (widget_class, MortiseFirstRunPage, try_it_group);
}

static void
mortise_first_run_page_init (MortiseFirstRunPage *self)
{
  static const GActionEntry entries[] = {
    { "create", on_create, NULL, NULL, NULL, { 0 } },
    { "make-code", on_make_code, NULL, NULL, NULL, { 0 } },
    { "skip-code", on_skip_code, NULL, NULL, NULL, { 0 } },
    { "done", on_done, NULL, NULL, NULL, { 0 } },
  };
  g_autoptr (GSimpleActionGroup) actions = g_simple_action_group_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  g_action_map_add_action_entries (G_ACTION_MAP (actions), entries, G_N_ELEMENTS (entries), self);
  gtk_widget_insert_action_group (GTK_WIDGET (self), "first-run", G_ACTION_GROUP (actions));
  /* Else the keyboard is at the menu, the first thing on the page. */
  g_signal_connect (self->create_button, "map", G_CALLBACK (gtk_widget_grab_focus), NULL);
}

void
mortise_first_run_page_set_up (MortiseFirstRunPage *self,
                               MortiseAgentClient *client,
                               MortisePasskeyStore *store)
{
  g_return_if_fail (self->client == NULL);

  self->client = g_object_ref (client);
  mortise_health_group_set_client (self->health_group, client);
  mortise_try_it_group_set_up (self->try_it_group, client, store);
}

gboolean
mortise_first_run_page_is_under_way (MortiseFirstRunPage *self)
{
  return self->under_way;
}

void
mortise_first_run_page_start_over (MortiseFirstRunPage *self)
{
  self->under_way = FALSE;
  gtk_stack_set_visible_child_name (self->stack, "welcome");
}
