/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * PrompterScript:
 *
 * The folder that tests/support/scripted-prompter.c reads its answers from and writes its log to.
 */
typedef struct
{
  char *directory;
} PrompterScript;

/** prompter_script_new: makes an empty folder below @parent */
PrompterScript *prompter_script_new (const char *parent);

/** prompter_script_free: removes the folder */
void prompter_script_free (PrompterScript *script);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PrompterScript, prompter_script_free)

/** prompter_script_answer: adds a line for one more question */
void prompter_script_answer (PrompterScript *script, const char *line);

/** prompter_script_default: the line for every question without a line of its own */
void prompter_script_default (PrompterScript *script, const char *line);

/** prompter_script_count: Returns: questions asked so far */
guint prompter_script_count (PrompterScript *script);

/** prompter_script_read_log: (transfer full): everything logged so far */
char *prompter_script_read_log (PrompterScript *script);

/**
 * prompter_script_wait_for:
 *
 * Waits, iterating the main context, until @text stands in the log; fails the test after ten
 * seconds.
 */
void prompter_script_wait_for (PrompterScript *script, const char *text);

/** prompter_script_assert_logged: fails the test unless @text stands in the log */
void prompter_script_assert_logged (PrompterScript *script, const char *text);

G_END_DECLS
