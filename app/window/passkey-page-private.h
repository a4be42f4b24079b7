/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/chain.h"
#include "app/window/passkey-page.h"

G_BEGIN_DECLS

struct _MortisePasskeyPage
{
  AdwBin parent_instance;
  MortiseAgentClient *client;
  MortiseNamingWatch *naming;
  MortisePasskey *passkey;
  /* Cancelled when another passkey is shown. */
  GCancellable *shown;
  guint read_source;
  gboolean show_back;
  gboolean handle_shown;

  GtkStack *stack;
  AdwWindowTitle *window_title;
  AdwPreferencesPage *content;
  AdwAvatar *avatar;
  GtkLabel *account_label;
  GtkLabel *site_label;
  GtkBox *badge_box;

  AdwActionRow *rp_id_row;
  AdwActionRow *rp_name_row;
  AdwActionRow *user_name_row;
  AdwActionRow *display_name_row;
  AdwActionRow *handle_row;
  GtkButton *handle_button;
  AdwEntryRow *label_row;

  AdwEntryRow *nickname_row;
  AdwActionRow *device_row;
  AdwActionRow *backup_row;
  AdwActionRow *model_row;
  AdwActionRow *transport_row;
  AdwActionRow *flags_row;

  GtkLabel *class_label;
  MortiseChain *chain;
  GtkButton *read_button;
  GtkLabel *read_label;

  AdwActionRow *created_row;
  AdwActionRow *last_used_row;
  AdwActionRow *count_row;
  AdwActionRow *verification_row;
  AdwActionRow *algorithm_row;
  AdwActionRow *extensions_row;
  AdwActionRow *credential_id_row;

  GtkButton *delete_button;
};

/** mortise_passkey_page_fill_facts: everything that is not typed by the person and not read from
 * the TPM (passkey-page-facts.c) */
void mortise_passkey_page_fill_facts (MortisePasskeyPage *self);

/** mortise_passkey_page_reset_protection: shows the chain as recorded, and reads it from the TPM
 * when the vault is unlocked (passkey-page-protection.c) */
void mortise_passkey_page_reset_protection (MortisePasskeyPage *self);
/** mortise_passkey_page_read_protection: unlocks first if that is needed */
void mortise_passkey_page_read_protection (MortisePasskeyPage *self);

G_END_DECLS
