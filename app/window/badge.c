/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/window/badge.h"

#include <glib/gi18n.h>

#define MAX_TRAITS 4

/* What a badge says. */
typedef enum
{
  /* The TPM said so since the window was opened. */
  MORTISE_TRAIT_DEVICE_ONLY,
  /* Recorded when the passkey was made; no proof. */
  MORTISE_TRAIT_MADE_DEVICE_ONLY,
  MORTISE_TRAIT_EXPORTABLE,
  MORTISE_TRAIT_SEALED,
  MORTISE_TRAIT_BACKED_UP,
  MORTISE_TRAIT_EXPORT_BLOCKED,
  MORTISE_TRAIT_SECOND_FACTOR,
} MortiseTrait;

#define MORTISE_TYPE_BADGE (mortise_badge_get_type ())
G_DECLARE_FINAL_TYPE (MortiseBadge, mortise_badge, MORTISE, BADGE, GtkWidget)

struct _MortiseBadge
{
  GtkWidget parent_instance;
  MortiseTrait trait;
};

G_DEFINE_FINAL_TYPE (MortiseBadge, mortise_badge, GTK_TYPE_WIDGET)

typedef struct
{
  const char *css_class;
  const char *icon;
  const char *name;
  const char *tooltip;
} TraitWords;

static const TraitWords traits[] = {
  [MORTISE_TRAIT_DEVICE_ONLY] = { "device-only", "object-select-symbolic", N_ ("Device-only"),
                                  N_ ("The TPM said so when this passkey was last looked at: its "
                                      "key cannot leave this computer.") },
  [MORTISE_TRAIT_MADE_DEVICE_ONLY] = { "made-device-only", "mortise-chip-symbolic",
                                       /* Translators: recorded as device-only, not proven yet */
                                       N_ ("Made device-only"),
                                       N_ ("Recorded as made so that it cannot leave this "
                                           "computer. Open the passkey to have the TPM prove "
                                           "it.") },
  [MORTISE_TRAIT_EXPORTABLE] = { "exportable", "mortise-export-symbolic", N_ ("Exportable"),
                                 N_ ("Made so that encrypted backups can hold a copy.") },
  [MORTISE_TRAIT_SEALED] = { "sealed", "mortise-seal-symbolic", N_ ("Sealed"),
                             N_ ("Imported: its key is sealed by the TPM, but used in this "
                                 "computer’s memory.") },
  [MORTISE_TRAIT_BACKED_UP] = { "backed-up", "mortise-backup-symbolic", N_ ("Backed up"),
                                N_ ("There is a copy outside of this computer.") },
  [MORTISE_TRAIT_EXPORT_BLOCKED] = { "blocked", "mortise-block-symbolic", N_ ("Export blocked"),
                                     N_ ("Could be exported, but export is switched off on this "
                                         "computer.") },
  [MORTISE_TRAIT_SECOND_FACTOR] = { "second-factor", "mortise-key-symbolic", N_ ("Second factor"),
                                    N_ ("Made the older way (U2F): used after a password, not in "
                                        "place of it.") },
};

static void
mortise_badge_dispose (GObject *object)
{
  GtkWidget *child = NULL;

  while ((child = gtk_widget_get_first_child (GTK_WIDGET (object))) != NULL)
    gtk_widget_unparent (child);
  G_OBJECT_CLASS (mortise_badge_parent_class)->dispose (object);
}

static void
mortise_badge_class_init (MortiseBadgeClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_badge_dispose;
  gtk_widget_class_set_css_name (widget_class, "badge");
  gtk_widget_class_set_layout_manager_type (widget_class, GTK_TYPE_BOX_LAYOUT);
}

static void
mortise_badge_init (MortiseBadge *self)
{
}

static GtkWidget *
make_badge (MortiseTrait trait)
{
  MortiseBadge *self = g_object_new (MORTISE_TYPE_BADGE, NULL);
  GtkWidget *badge = GTK_WIDGET (self);
  GtkWidget *icon = gtk_image_new_from_icon_name (traits[trait].icon);
  GtkWidget *label = gtk_label_new (_ (traits[trait].name));

  self->trait = trait;
  gtk_accessible_update_state (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_STATE_HIDDEN, TRUE, -1);
  gtk_widget_set_parent (icon, badge);
  gtk_widget_set_parent (label, badge);
  gtk_widget_add_css_class (badge, traits[trait].css_class);
  gtk_widget_set_tooltip_text (badge, _ (traits[trait].tooltip));
  gtk_widget_set_valign (badge, GTK_ALIGN_CENTER);
  return badge;
}

static guint
collect_traits (MortisePasskey *passkey, MortiseTrait *ret_traits)
{
  static const MortiseTrait kinds[] = {
    [MORTISE_PASSKEY_DEVICE_ONLY] = MORTISE_TRAIT_MADE_DEVICE_ONLY,
    [MORTISE_PASSKEY_EXPORTABLE] = MORTISE_TRAIT_EXPORTABLE,
    [MORTISE_PASSKEY_SEALED] = MORTISE_TRAIT_SEALED,
  };
  const MortisePasskeyData *data = mortise_passkey_get_data (passkey);
  guint n = 0;

  ret_traits[n++] =
      mortise_passkey_is_proven (passkey) ? MORTISE_TRAIT_DEVICE_ONLY : kinds[data->kind];
  if (data->backup_state)
    ret_traits[n++] = MORTISE_TRAIT_BACKED_UP;
  if (data->export_blocked && data->kind != MORTISE_PASSKEY_DEVICE_ONLY)
    ret_traits[n++] = MORTISE_TRAIT_EXPORT_BLOCKED;
  if (data->u2f)
    ret_traits[n++] = MORTISE_TRAIT_SECOND_FACTOR;
  return n;
}

static gboolean
is_among (MortiseTrait trait, const MortiseTrait *found, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      if (found[i] == trait)
        return TRUE;
    }
  return FALSE;
}

/* Badges stay in order of their traits and are hidden rather than freed: rows are bound often. */
static void
show_badge (GtkBox *box, MortiseTrait trait)
{
  GtkWidget *before = NULL;
  GtkWidget *badge = NULL;

  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (box)); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      MortiseTrait other = MORTISE_BADGE (child)->trait;

      if (other == trait)
        {
          gtk_widget_set_visible (child, TRUE);
          return;
        }
      if (other < trait)
        before = child;
    }
  badge = make_badge (trait);
  gtk_box_insert_child_after (box, badge, before);
}

void
mortise_badges_fill (GtkBox *box, MortisePasskey *passkey)
{
  MortiseTrait found[MAX_TRAITS];
  guint n = collect_traits (passkey, found);

  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (box)); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      /* One that stays is not touched: hidden and shown again it would be styled and laid out anew.
       */
      if (!is_among (MORTISE_BADGE (child)->trait, found, n))
        gtk_widget_set_visible (child, FALSE);
    }
  for (guint i = 0; i < n; i++)
    show_badge (box, found[i]);
}

char *
mortise_badges_describe (MortisePasskey *passkey)
{
  MortiseTrait found[MAX_TRAITS];
  guint n = collect_traits (passkey, found);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append (text, ", ");
      g_string_append (text, _ (traits[found[i]].name));
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}
