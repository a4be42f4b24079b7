/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * MortisePasskeyMarks:
 *
 * Which passkeys of the list are marked to do something with all of them. Marked are ids and not
 * places, so that marks outlive searching, sorting and listing anew. Main thread only.
 *
 * Signal `changed`: what is marked, or whether marking is going on.
 */
#define MORTISE_TYPE_PASSKEY_MARKS (mortise_passkey_marks_get_type ())
G_DECLARE_FINAL_TYPE (MortisePasskeyMarks, mortise_passkey_marks, MORTISE, PASSKEY_MARKS, GObject)

MortisePasskeyMarks *mortise_passkey_marks_new (void);

/** mortise_passkey_marks_set_active: the list shows marks; ending it takes all of them away */
void mortise_passkey_marks_set_active (MortisePasskeyMarks *self, gboolean active);
gboolean mortise_passkey_marks_is_active (MortisePasskeyMarks *self);

/** mortise_passkey_marks_set: marks or unmarks; marking begins it if it is not going on */
void mortise_passkey_marks_set (MortisePasskeyMarks *self, gint64 id, gboolean marked);
gboolean mortise_passkey_marks_has (MortisePasskeyMarks *self, gint64 id);
guint mortise_passkey_marks_count (MortisePasskeyMarks *self);

/** mortise_passkey_marks_set_many: as mortise_passkey_marks_set() for each, with one signal;
 * @ids: (element-type gint64) */
void mortise_passkey_marks_set_many (MortisePasskeyMarks *self, GArray *ids, gboolean marked);

/** mortise_passkey_marks_keep: unmarks what @exists says is gone */
void mortise_passkey_marks_keep (MortisePasskeyMarks *self,
                                 gboolean (*exists) (gint64 id, gpointer user_data),
                                 gpointer user_data);

/** mortise_passkey_marks_dup_ids: Returns: (transfer floating): ax, in order */
GVariant *mortise_passkey_marks_dup_ids (MortisePasskeyMarks *self);

G_END_DECLS
