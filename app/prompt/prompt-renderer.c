/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-renderer.h"

#include <string.h>

const char *
mortise_prompt_renderer_for (char **environment)
{
  const char *backend = g_environ_getenv (environment, "GDK_BACKEND");

  if (g_environ_getenv (environment, "GSK_RENDERER") != NULL)
    return NULL;
  /* In a browser's window (Broadway) only its own renderer draws anything. */
  if (backend != NULL && strstr (backend, "broadway") != NULL)
    return NULL;
  if (g_environ_getenv (environment, "WAYLAND_DISPLAY") == NULL &&
      g_environ_getenv (environment, "DISPLAY") == NULL)
    return NULL;
  /* One small window, once: a GPU renderer takes longer to start than this window lives, and loads
   * a driver into the process in which the PIN is typed. */
  return "cairo";
}
