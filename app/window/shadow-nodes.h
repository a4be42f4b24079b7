/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * mortise_shadow_nodes_put_last:
 * @leaflet: with all its children
 *
 * libadwaita 1.2 sets the style classes of the nodes it shades transitions with anew each time the
 * leaflet is laid out, changed or not, and GTK then styles all siblings after them again, with all
 * that is in them. Scrolling a list lays the window out for every frame. Behind their siblings
 * they cost nothing, as an AdwFlap has them; where they are drawn has nothing to do with their
 * order.
 */
void mortise_shadow_nodes_put_last (AdwLeaflet *leaflet);

G_END_DECLS
