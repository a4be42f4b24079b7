/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "app/window/chain.h"
#include "app/window/passkey-page.h"
#include "app/window/picker-preview.h"
#include "app/window/side-layout.h"

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
  /* The person is asked about the export switch. */
  gboolean exporting;
  /* "id member" → text typed but not applied, of what is asked about */
  GHashTable *drafts;
  /* Offers to take the last edit back; weak. */
  AdwToast *undo_toast;
  GPtrArray *finding_rows;
  GPtrArray *history_rows;

  GtkStack *stack;
  AdwWindowTitle *window_title;
  GtkScrolledWindow *content;
  AdwAvatar *avatar;
  GtkLabel *account_label;
  GtkLabel *site_label;
  GtkBox *badge_box;

  AdwActionRow *rp_id_row;
  AdwActionRow *rp_name_row;
  AdwPreferencesGroup *findings_group;
  AdwEntryRow *user_name_row;
  AdwEntryRow *display_name_row;
  AdwActionRow *handle_row;
  GtkButton *handle_button;
  AdwEntryRow *label_row;
  AdwEntryRow *note_row;
  GtkWidget *previews;
  MortisePickerPreview *chromium_preview;
  MortisePickerPreview *firefox_preview;

  AdwEntryRow *nickname_row;
  AdwActionRow *site_name_row;
  AdwActionRow *device_row;
  AdwActionRow *backup_row;
  AdwActionRow *model_row;
  AdwActionRow *transport_row;
  AdwActionRow *flags_row;

  GtkLabel *class_label;
  MortiseChain *chain;
  GtkButton *read_button;
  GtkLabel *read_label;
  GtkToggleButton *words_button;
  AdwActionRow *opens_row;
  AdwActionRow *disk_row;
  AdwActionRow *machine_row;
  AdwActionRow *password_row;

  AdwActionRow *export_row;
  GtkSwitch *export_switch;
  GtkWidget *export_lock;

  AdwExpanderRow *history_row;

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

/* passkey-page-names.c: what the person can type */
void mortise_passkey_page_init_names (MortisePasskeyPage *self);
void mortise_passkey_page_show_names (MortisePasskeyPage *self);
/** mortise_passkey_page_leave_names: before another passkey is shown; nothing typed is lost */
void mortise_passkey_page_leave_names (MortisePasskeyPage *self);
/** mortise_passkey_page_edit: has the agent set a name, and offers to undo it; @member: of
 * EditPasskey */
void mortise_passkey_page_edit (MortisePasskeyPage *self, const char *member, const char *text);

/** mortise_passkey_page_show_findings: trouble with names, each with a button that mends it
 * (passkey-page-findings.c) */
void mortise_passkey_page_show_findings (MortisePasskeyPage *self);

/* passkey-page-history.c: what was changed, read when it is opened */
void mortise_passkey_page_init_history (MortisePasskeyPage *self);
void mortise_passkey_page_show_history (MortisePasskeyPage *self);
void mortise_passkey_page_reset_history (MortisePasskeyPage *self);

/* passkey-page-export.c */
void mortise_passkey_page_init_export (MortisePasskeyPage *self);
void mortise_passkey_page_show_export (MortisePasskeyPage *self);

/** mortise_passkey_page_show_thieves: what opens this passkey, and who could do what with it, by
 * the keyslots that there are (passkey-page-thieves.c) */
void mortise_passkey_page_show_thieves (MortisePasskeyPage *self);

/** mortise_passkey_page_forbid_hyphens: a hyphen that wrapping puts in would look like a part of a
 * name or an id; for all labels in @widget */
void mortise_passkey_page_forbid_hyphens (GtkWidget *widget);

G_END_DECLS
