/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The window with ten and with ten thousand passkeys, and how soon a question is on the screen.
 * Arguments: the mock agent, mortise-prompt. Runs under tests/gui/run-gui-test.
 */
#include "config.h"

#include <string.h>
#include <time.h>

#include "app/agent/prompt-process.h"
#include "app/window/moment.h"
#include "app/window/window.h"
#include "tests/bench/bench-report.h"
#include "tests/gui/prompt-questions.h"
#include "tests/support/end-with-test.h"
#include "tests/support/gui-test.h"

#define FEW    10
#define MANY   10000
#define ROUNDS 9
#define FRAMES 240

typedef struct
{
  const char *mock_agent;
  const char *prompt;
  GtkApplication *application;
  GDBusConnection *bus;
} Bench;

/* --- A window on an agent ----------------------------------------------------------------------
 */

typedef struct
{
  GSubprocess *agent;
  MortiseAgentClient *client;
  GtkWindow *window;
} Session;

static gboolean
is_gone (gpointer user_data)
{
  return mortise_agent_client_get_state (user_data) == MORTISE_AGENT_MISSING;
}

static gboolean
is_unlocked (gpointer user_data)
{
  return mortise_agent_client_get_state (user_data) == MORTISE_AGENT_UNLOCKED;
}

static void
session_start (Session *session, Bench *bench, guint passkeys)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autofree char *number = g_strdup_printf ("--passkeys=%u", passkeys);
  g_autoptr (GError) error = NULL;

  g_subprocess_launcher_set_child_setup (launcher, end_with_test, NULL, NULL);
  session->agent = g_subprocess_launcher_spawn (launcher, &error, bench->mock_agent, number, NULL);
  g_assert_no_error (error);
  session->client = mortise_agent_client_new (bench->bus, MORTISE_AGENT_CLIENT_NONE);
  mortise_test_wait_until (is_unlocked, session->client);
}

static void
session_end (Session *session)
{
  g_subprocess_force_exit (session->agent);
  mortise_test_wait_until (is_gone, session->client);
  g_clear_object (&session->client);
  g_clear_object (&session->agent);
}

static gboolean
has_row (gpointer user_data)
{
  return mortise_test_find (user_data, GTK_TYPE_LABEL, "Generated Person") != NULL;
}

typedef struct
{
  GtkWidget *root;
  gint64 painted; /* when a frame with a passkey in it was first drawn; 0 before */
} FirstFrame;

static void
after_paint_cb (GdkFrameClock *clock, FirstFrame *first)
{
  if (first->painted == 0 && has_row (first->root))
    first->painted = bench_now ();
}

static gboolean
is_painted (gpointer user_data)
{
  return ((FirstFrame *) user_data)->painted != 0;
}

/* What this thread has used of a processor, which other programs do not change; nanoseconds. */
static gint64
processor_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return (gint64) now.tv_sec * 1000000000 + now.tv_nsec;
}

/* @ret_used: (out) (nullable): of the processor. Returns: from making the window to its first frame
 * with a passkey in it */
static gint64
session_open (Session *session, Bench *bench, gint64 *ret_used)
{
  gint64 start = bench_now ();
  gint64 used = processor_now ();
  FirstFrame first = { NULL, 0 };
  gulong handler;
  GdkFrameClock *clock;

  session->window = GTK_WINDOW (mortise_window_new (bench->application, session->client));
  first.root = GTK_WIDGET (session->window);
  gtk_window_set_default_size (session->window, 1080, 760);
  gtk_window_present (session->window);
  clock = gtk_widget_get_frame_clock (first.root);
  handler = g_signal_connect (clock, "after-paint", G_CALLBACK (after_paint_cb), &first);
  mortise_test_wait_until (is_painted, &first);
  g_signal_handler_disconnect (clock, handler);
  if (ret_used != NULL)
    *ret_used = processor_now () - used;
  return first.painted - start;
}

static gboolean
is_whole (gpointer user_data)
{
  return mortise_test_has_text (user_data, "10000 passkeys");
}

static void
session_close (Session *session)
{
  gtk_window_destroy (session->window);
  session->window = NULL;
  mortise_test_iterate ();
}

/* --- First frame -------------------------------------------------------------------------------
 */

static double
time_first_frame (Bench *bench, guint passkeys, double *ret_used)
{
  g_autoptr (BenchSamples) samples = bench_samples_new ();
  g_autoptr (BenchSamples) used_samples = bench_samples_new ();
  Session session = { NULL };

  session_start (&session, bench, passkeys);
  /* The first window of a process pays for types, templates and styles. */
  session_open (&session, bench, NULL);
  session_close (&session);
  for (int i = 0; i < ROUNDS; i++)
    {
      gint64 used = 0;

      bench_samples_add (samples, session_open (&session, bench, &used));
      bench_samples_add (used_samples, used);
      session_close (&session);
    }
  session_end (&session);
  *ret_used = bench_samples_percentile (used_samples, 50) / 1000;
  return bench_samples_percentile (samples, 50) / 1000;
}

static void
bench_first_frame (Bench *bench)
{
  double few_used, many_used;
  double few = time_first_frame (bench, FEW, &few_used);
  double many = time_first_frame (bench, MANY, &many_used);

  bench_report_title ("First frame that shows passkeys: p50 of %d windows", ROUNDS);
  bench_report_row ("10 passkeys", few, "ms", BENCH_NO_BUDGET);
  bench_report_row ("10,000 passkeys", many, "ms", 1.2 * few);
  bench_report_row ("10,000 passkeys beside 10", many / few, "times", 1.2);
  bench_report_row ("10 passkeys, of it processor time", few_used, "ms", BENCH_NO_BUDGET);
  bench_report_row ("10,000 passkeys, of it processor time", many_used, "ms", 1.2 * few_used);
  bench_report_row ("10,000 passkeys beside 10, processor time", many_used / few_used, "times",
                    1.2);
}

/* --- Frames ------------------------------------------------------------------------------------
 */

typedef void (*Step) (guint frame, gpointer user_data);

typedef struct
{
  Step step;
  gpointer user_data;
  guint frame;
  gint64 last;
  gint64 interval; /* of the display, microseconds */
  guint dropped;
  gint64 longest;
  gint64 used; /* of the processor, by this thread; nanoseconds */
} FrameRun;

static gboolean
frame_cb (GtkWidget *widget, GdkFrameClock *clock, gpointer user_data)
{
  FrameRun *run = user_data;
  gint64 now = gdk_frame_clock_get_frame_time (clock);

  if (run->last != 0)
    {
      gint64 passed = now - run->last;

      run->longest = MAX (run->longest, passed);
      /* How many frames of the display went by without one of ours. */
      if (passed > run->interval)
        run->dropped += (guint) ((passed + run->interval / 2) / run->interval - 1);
    }
  run->last = now;
  if (run->frame < FRAMES)
    run->step (run->frame, run->user_data);
  run->frame++;
  return G_SOURCE_CONTINUE;
}

static gboolean
is_run (gpointer user_data)
{
  return ((FrameRun *) user_data)->frame > FRAMES;
}

static FrameRun
run_frames (GtkWidget *widget, Step step, gpointer user_data)
{
  FrameRun run = { .step = step, .user_data = user_data, .used = -processor_now () };
  guint tick;

  gdk_frame_clock_get_refresh_info (gtk_widget_get_frame_clock (widget), 0, &run.interval, NULL);
  tick = gtk_widget_add_tick_callback (widget, frame_cb, &run, NULL);
  mortise_test_wait_until (is_run, &run);
  gtk_widget_remove_tick_callback (widget, tick);
  run.used += processor_now ();
  return run;
}

static void
scroll_step (guint frame, gpointer user_data)
{
  GtkAdjustment *adjustment = user_data;

  gtk_adjustment_set_value (adjustment, gtk_adjustment_get_value (adjustment) + 97);
}

static const char *const searched[] = { "u",        "us",      "use",      "user",
                                        "user-0",   "user-09", "user-099", "user-0999",
                                        "user-099", "user-0",  "u",        "" };

/* As fast as a person types: a letter every 120 ms or so. */
static void
search_step (guint frame, gpointer user_data)
{
  guint word = frame / 7 % G_N_ELEMENTS (searched);

  if (frame % 7 == 0)
    gtk_editable_set_text (GTK_EDITABLE (user_data), searched[word]);
}

/* --- A list with nothing in it but labels ------------------------------------------------------
 */

static void
bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  gtk_label_set_text (GTK_LABEL (gtk_list_item_get_child (item)),
                      gtk_string_object_get_string (gtk_list_item_get_item (item)));
}

static void
set_up_cb (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_widget_set_size_request (label, -1, 66);
  gtk_list_item_set_child (item, label);
}

static GtkWindow *
open_plain_list (GtkAdjustment **ret_adjustment, GtkWidget **ret_entry)
{
  GtkWidget *window = gtk_window_new ();
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 0);
  GtkWidget *scrolled = gtk_scrolled_window_new ();
  GtkStringList *strings = gtk_string_list_new (NULL);
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkWidget *list;

  for (guint i = 0; i < MANY; i++)
    gtk_string_list_take (strings, g_strdup_printf ("user-%05u@example.com", i));
  g_signal_connect (factory, "setup", G_CALLBACK (set_up_cb), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), NULL);
  list = gtk_list_view_new (GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (strings))),
                            factory);
  *ret_entry = gtk_search_entry_new ();
  gtk_box_append (GTK_BOX (box), *ret_entry);
  gtk_scrolled_window_set_child (GTK_SCROLLED_WINDOW (scrolled), list);
  gtk_widget_set_vexpand (scrolled, TRUE);
  gtk_box_append (GTK_BOX (box), scrolled);
  gtk_window_set_child (GTK_WINDOW (window), box);
  gtk_window_set_default_size (GTK_WINDOW (window), 1080, 760);
  gtk_window_present (GTK_WINDOW (window));
  mortise_test_settle (GTK_WINDOW (window));
  *ret_adjustment = gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (scrolled));
  return GTK_WINDOW (window);
}

static GtkWidget *
find_list_scroller (GtkWidget *root)
{
  GtkWidget *list = mortise_test_get (root, GTK_TYPE_LIST_VIEW, NULL);

  return gtk_widget_get_ancestor (list, GTK_TYPE_SCROLLED_WINDOW);
}

static void
report_frames (const char *what, const FrameRun *run, const FrameRun *plain)
{
  g_autofree char *longest = g_strconcat (what, ", longest gap", NULL);
  g_autofree char *used = g_strconcat (what, ", processor time a frame", NULL);

  bench_report_row (what, run->dropped, "dropped",
                    plain != NULL ? (double) plain->dropped : BENCH_NO_BUDGET);
  bench_report_row (longest, (double) run->longest / 1000, "ms", BENCH_NO_BUDGET);
  bench_report_row (used, (double) run->used / FRAMES / 1e6, "ms", BENCH_NO_BUDGET);
}

static guint64
read_memory (void)
{
  g_autofree char *text = NULL;
  const char *line;

  g_assert_true (g_file_get_contents ("/proc/self/smaps_rollup", &text, NULL, NULL));
  line = strstr (text, "\nPss:");
  g_assert_nonnull (line);
  return g_ascii_strtoull (line + strlen ("\nPss:"), NULL, 10);
}

static void
bench_frames (Bench *bench)
{
  Session session = { NULL };
  GtkAdjustment *adjustment;
  GtkWidget *entry, *root;
  GtkWindow *plain = open_plain_list (&adjustment, &entry);
  FrameRun plain_scroll = run_frames (GTK_WIDGET (plain), scroll_step, adjustment);
  FrameRun plain_search = run_frames (GTK_WIDGET (plain), search_step, entry);
  FrameRun scroll, search;
  guint64 before, few, many;

  gtk_window_destroy (plain);
  before = read_memory ();
  session_start (&session, bench, FEW);
  session_open (&session, bench, NULL);
  mortise_test_settle (session.window);
  few = read_memory ();
  session_close (&session);
  session_end (&session);

  session_start (&session, bench, MANY);
  session_open (&session, bench, NULL);
  root = GTK_WIDGET (session.window);
  mortise_test_wait_until (is_whole, root);
  mortise_test_settle (session.window);
  many = read_memory ();
  scroll = run_frames (
      root, scroll_step,
      gtk_scrolled_window_get_vadjustment (GTK_SCROLLED_WINDOW (find_list_scroller (root))));
  gtk_widget_activate_action (root, "win.search", NULL);
  mortise_test_settle (session.window);
  search = run_frames (root, search_step, mortise_test_get (root, GTK_TYPE_SEARCH_ENTRY, NULL));
  session_close (&session);
  session_end (&session);

  bench_report_title ("Frames dropped of %d with 10,000 passkeys, beside a list of plain labels",
                      FRAMES);
  report_frames ("scrolling plain labels", &plain_scroll, NULL);
  report_frames ("scrolling passkeys", &scroll, &plain_scroll);
  report_frames ("typing beside plain labels, which are not searched", &plain_search, NULL);
  report_frames ("searching passkeys", &search, &plain_search);

  bench_report_title ("Memory of the window's process (proportional set size)");
  bench_report_row ("GTK with an empty window", (double) before / 1024, "MiB", BENCH_NO_BUDGET);
  bench_report_row ("the window, 10 passkeys", (double) few / 1024, "MiB", BENCH_NO_BUDGET);
  bench_report_row ("the window, 10,000 passkeys", (double) many / 1024, "MiB", BENCH_NO_BUDGET);
}

/* --- The prompt --------------------------------------------------------------------------------
 */

static gint64
time_prompt (Bench *bench, const char *question_name)
{
  g_autoptr (GVariant) question = prompt_question (question_name);
  g_autoptr (MortisePromptProcess) process = NULL;
  g_autoptr (GVariant) dictionary = NULL;
  g_autoptr (MortiseSecret) secret = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) environment = g_get_environ ();
  MortiseSecretKind kind;
  MortiseFrameType type;
  gint64 start = bench_now ();

  process = mortise_prompt_process_start (bench->prompt, environment, &error);
  g_assert_no_error (error);
  mortise_prompt_process_send (process, MORTISE_FRAME_QUESTION, question, &error);
  g_assert_no_error (error);
  mortise_prompt_channel_receive (mortise_prompt_process_get_channel (process), NULL, 30000, &type,
                                  &dictionary, &kind, &secret, &error);
  g_assert_no_error (error);
  g_assert_cmpint (type, ==, MORTISE_FRAME_SHOWN);
  return bench_now () - start;
}

static void
bench_prompt (Bench *bench)
{
  const char *const questions[] = { "register", "sign-in", "unlock" };

  bench_report_title ("From the request until the question is on the screen: p50 of %d", ROUNDS);
  for (gsize i = 0; i < G_N_ELEMENTS (questions); i++)
    {
      g_autoptr (BenchSamples) samples = bench_samples_new ();

      time_prompt (bench, questions[i]);
      for (int round = 0; round < ROUNDS; round++)
        bench_samples_add (samples, time_prompt (bench, questions[i]));
      bench_report_row (questions[i], bench_samples_percentile (samples, 50) / 1000, "ms", 300);
    }
}

int
main (int argc, char **argv)
{
  Bench bench = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (argc, ==, 3);
  bench.mock_agent = argv[1];
  bench.prompt = argv[2];
  mortise_test_gui_init (&argc, &argv);
  bench.bus = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, &error);
  g_assert_no_error (error);
  bench.application = g_object_new (ADW_TYPE_APPLICATION, "application-id", MORTISE_APP_ID ".Bench",
                                    "resource-base-path", MORTISE_OBJECT_PATH, NULL);
  g_assert_true (g_application_register (G_APPLICATION (bench.application), NULL, &error));

  bench_prompt (&bench);
  bench_first_frame (&bench);
  bench_frames (&bench);
  g_object_unref (bench.application);
  g_object_unref (bench.bus);
  return 0;
}
