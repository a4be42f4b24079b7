/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/audit/naming-checks.h"

G_BEGIN_DECLS

struct _MortiseNamingReport
{
  GHashTable *findings; /* gint64 id → GPtrArray of MortiseNamingFinding */
  guint troubled;
};

/** mortise_naming_report_add: @explanation: (transfer full); the mend is the caller's to fill in */
MortiseNamingFinding *mortise_naming_report_add (MortiseNamingReport *self,
                                                 const MortiseNamingSubject *subject,
                                                 MortiseNamingIssue issue,
                                                 char *explanation);

/** mortise_naming_quote: Returns: (transfer full): @text cut and made safe for a sentence */
char *mortise_naming_quote (const char *text);

/** mortise_naming_check_sites: @sites: rp_id → GPtrArray of MortiseNamingSubject; finds names of
 * sites that look alike (core/audit/naming-sites.c) */
void mortise_naming_check_sites (MortiseNamingReport *report, GHashTable *sites);

G_END_DECLS
