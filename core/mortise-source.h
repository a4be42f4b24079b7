/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * mortise_source_clear:
 * @source: (inout): a source, or %NULL
 *
 * Takes @source out of its context, lets go of it and makes it %NULL. A source that is only
 * unreferenced goes on in its context.
 */
static inline void
mortise_source_clear (GSource **source)
{
  if (*source == NULL)
    return;
  g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

G_END_DECLS
