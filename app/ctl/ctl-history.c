/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/ctl/ctl-history.h"

#include <glib/gi18n.h>

#include "app/ctl/ctl-json.h"
#include "app/ctl/ctl-passkey.h"
#include "app/ctl/ctl-table.h"

static const char *
describe_author (const char *author)
{
  if (g_str_equal (author, "site"))
    return _ ("the site");
  if (g_str_equal (author, "client"))
    return _ ("a program");
  return g_str_equal (author, "person") ? _ ("you") : author;
}

static const char *
describe_change (const char *what)
{
  static const struct
  {
    const char *what;
    const char *words;
  } changes[] = {
    { "registered", N_ ("registered again") },    { "user-name", N_ ("Account") },
    { "user-display-name", N_ ("Display name") }, { "label", N_ ("Label") },
    { "nickname", N_ ("On the site’s list") },    { "note", N_ ("Your note") },
    { "export-blocked", N_ ("Export blocked") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      if (g_str_equal (changes[i].what, what))
        return _ (changes[i].words);
    }
  return what;
}

/* What stood in the member before or after; of a switch, "1" or nothing. */
static const char *
describe_changed_value (GVariant *change, const char *member)
{
  const char *value = mortise_ctl_get_string (change, member);

  if (g_str_equal (mortise_ctl_get_string (change, "what"), "export-blocked"))
    return *value != '\0' ? _ ("on") : _ ("off");
  return value;
}

static void
print_history (GVariant *changes)
{
  MortiseCtlTable *table =
      mortise_ctl_table_new (_ ("Time"), _ ("By"), _ ("What"), _ ("Before"), _ ("After"), NULL);

  for (gsize i = 0; i < g_variant_n_children (changes); i++)
    {
      g_autoptr (GVariant) change = g_variant_get_child_value (changes, i);
      g_autofree char *time = mortise_ctl_format_time (mortise_ctl_get_integer (change, "time"));

      mortise_ctl_table_add (
          table, time, describe_author (mortise_ctl_get_string (change, "author")),
          describe_change (mortise_ctl_get_string (change, "what")),
          describe_changed_value (change, "from"), describe_changed_value (change, "to"), NULL);
    }
  mortise_ctl_table_print (table);
}

gboolean
mortise_ctl_run_history (MortiseCtl *ctl, MortiseCtlExit *ret_exit, GError **error)
{
  g_autoptr (GVariant) changes = NULL;
  gint64 id;

  if (!mortise_ctl_parse_id (ctl->arguments[0], &id, error) ||
      !mortise_dbus_agent1_call_get_history_sync (ctl->agent, id, &changes, NULL, error))
    return FALSE;
  if (ctl->json)
    mortise_ctl_print_json_member ("changes", changes);
  else if (g_variant_n_children (changes) == 0)
    g_print ("%s\n", _ ("Nothing was changed since it was registered."));
  else
    print_history (changes);
  return TRUE;
}
