/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/passkeys-page.h"

#include "app/window/banner.h"
#include "app/window/lock-button.h"
#include "app/window/naming-watch.h"
#include "app/window/passkey-groups.h"
#include "app/window/passkey-marks.h"
#include "app/window/passkey-page.h"

G_BEGIN_DECLS

struct _MortisePasskeysPage
{
  AdwBin parent_instance;
  MortiseAgentClient *client;
  MortisePasskeyStore *store;
  MortisePasskeyStore *deleted;
  MortiseNamingWatch *naming;
  MortisePasskeyGroups *groups;
  GtkSingleSelection *selection;
  GSimpleActionGroup *actions;
  MortisePasskeyMarks *marks;
  /* To be opened once it is read; 0 for none. */
  gint64 pending;
  /* From where Shift marks on; 0 for nowhere. */
  gint64 anchor;
  /* What Shift marked last; may be %NULL */
  GArray *range;
  /* All were to be marked while the list was still being read. */
  gboolean all_wanted;
  guint moved_source;
  /* How many passkeys are being deleted; 0 for none. */
  guint deleting;

  GtkStack *stack;
  AdwHeaderBar *words_header;
  AdwStatusPage *words_page;
  GtkButton *words_button;
  GtkButton *words_second_button;
  GtkSpinner *spinner;
  AdwLeaflet *leaflet;
  AdwHeaderBar *list_header;
  AdwWindowTitle *list_title;
  GtkSearchBar *search_bar;
  GtkSearchEntry *search_entry;
  MortiseLockButton *lock_button;
  MortiseBanner *damaged_banner;
  GtkStack *list_stack;
  GtkListView *list_view;
  GtkStack *header_stack;
  AdwWindowTitle *marks_title;
  GtkActionBar *marks_bar;
  GtkWidget *delete_button;
  GtkLabel *deleting_label;
  MortisePasskeyPage *passkey_page;
};

/* passkeys-page-marking.c */

/** mortise_passkeys_page_init_marking: keys, actions and headers for marking many; @self is built
 * from its template and has its actions */
void mortise_passkeys_page_init_marking (MortisePasskeysPage *self);
void mortise_passkeys_page_end_marking (MortisePasskeysPage *self);
/** mortise_passkeys_page_update_marking: after passkeys came or went */
void mortise_passkeys_page_update_marking (MortisePasskeysPage *self);

G_END_DECLS
