/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-renderer.h"

static void
assert_renderer (const char *variables, const char *expected)
{
  g_auto (GStrv) environment = g_strsplit (variables, " ", -1);

  g_assert_cmpstr (mortise_prompt_renderer_for (environment), ==, expected);
}

static void
test_desktop (void)
{
  assert_renderer ("DISPLAY=:0", "cairo");
  assert_renderer ("WAYLAND_DISPLAY=wayland-0 DISPLAY=:0", "cairo");
  assert_renderer ("GDK_BACKEND=wayland,x11 WAYLAND_DISPLAY=wayland-0", "cairo");
}

/* There the window would stay empty. */
static void
test_broadway (void)
{
  assert_renderer ("GDK_BACKEND=broadway BROADWAY_DISPLAY=:5", NULL);
  assert_renderer ("GDK_BACKEND=broadway BROADWAY_DISPLAY=:5 DISPLAY=:0", NULL);
  assert_renderer ("BROADWAY_DISPLAY=:5", NULL);
}

static void
test_asked_for (void)
{
  assert_renderer ("GSK_RENDERER=gl DISPLAY=:0", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/prompt-renderer/desktop", test_desktop);
  g_test_add_func ("/prompt-renderer/broadway", test_broadway);
  g_test_add_func ("/prompt-renderer/asked-for", test_asked_for);
  return g_test_run ();
}
