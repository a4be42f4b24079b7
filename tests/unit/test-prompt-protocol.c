/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-protocol.h"

#include <sys/socket.h>
#include <unistd.h>

#include "core/mortise-error.h"

typedef struct
{
  int raw;
  MortisePromptChannel *channel;
  MortisePromptChannel *peer;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  int fds[2];

  g_assert_no_errno (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
  f->channel = mortise_prompt_channel_new (fds[0]);
  f->peer = mortise_prompt_channel_new (fds[1]);
  f->raw = fds[1];
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  mortise_prompt_channel_free (f->channel);
  mortise_prompt_channel_free (f->peer);
}

static void
write_raw (Fixture *f, const void *bytes, gsize size)
{
  g_assert_cmpint (write (f->raw, bytes, size), ==, (gssize) size);
}

static GVariant *
example (void)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "kind", "s", "register");
  g_variant_dict_insert (&dict, "needs-pin", "b", TRUE);
  g_variant_dict_insert (&dict, "retries", "u", 8u);
  return g_variant_dict_end (&dict);
}

static void
assert_receive_error (Fixture *f, int timeout_ms, MortiseError code)
{
  g_autoptr (GError) error = NULL;
  MortiseFrameType type;
  g_autoptr (GVariant) dictionary = NULL;
  g_autoptr (MortiseSecret) secret = NULL;
  MortiseSecretKind kind;

  g_assert_false (mortise_prompt_channel_receive (f->channel, NULL, timeout_ms, &type, &dictionary,
                                                  &kind, &secret, &error));
  g_assert_error (error, MORTISE_ERROR, (int) code);
  g_assert_null (dictionary);
  g_assert_null (secret);
}

static void
test_round_trip (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) sent = g_variant_ref_sink (example ());
  g_autoptr (GVariant) received = NULL;
  g_autoptr (GVariant) empty = NULL;
  MortiseFrameType type;

  g_assert_true (mortise_prompt_channel_send (f->peer, MORTISE_FRAME_QUESTION, sent, &error));
  g_assert_no_error (error);
  g_assert_true (mortise_prompt_channel_send (f->peer, MORTISE_FRAME_RAISE, NULL, &error));
  g_assert_no_error (error);

  g_assert_true (
      mortise_prompt_channel_receive (f->channel, NULL, 0, &type, &received, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpint (type, ==, MORTISE_FRAME_QUESTION);
  g_assert_cmpvariant (received, sent);

  g_assert_true (
      mortise_prompt_channel_receive (f->channel, NULL, 0, &type, &empty, NULL, NULL, &error));
  g_assert_cmpint (type, ==, MORTISE_FRAME_RAISE);
  g_assert_cmpuint (g_variant_n_children (empty), ==, 0);
  assert_receive_error (f, 0, MORTISE_ERROR_TIMED_OUT);
}

static void
test_secret (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (MortiseSecret) sent = mortise_secret_new_random (MORTISE_FRAME_MAX_SECRET - 1);
  g_autoptr (MortiseSecret) received = NULL;
  g_autoptr (GVariant) dictionary = NULL;
  MortiseSecretKind kind;
  MortiseFrameType type;

  g_assert_true (
      mortise_prompt_channel_send_secret (f->peer, MORTISE_SECRET_KIND_NEW_PIN, sent, &error));
  g_assert_no_error (error);
  g_assert_true (mortise_prompt_channel_receive (f->channel, NULL, 0, &type, &dictionary, &kind,
                                                 &received, &error));
  g_assert_no_error (error);
  g_assert_cmpint (type, ==, MORTISE_FRAME_SECRET);
  g_assert_cmpint (kind, ==, MORTISE_SECRET_KIND_NEW_PIN);
  g_assert_null (dictionary);
  g_assert_true (mortise_secret_equal (sent, received));
}

/* Every frame arrives byte by byte with a time-out after each: none may be lost or torn. */
static void
test_torn (Fixture *f, gconstpointer data)
{
  g_autoptr (GVariant) sent = g_variant_ref_sink (example ());
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  const guint8 header[] = { (guint8) g_variant_get_size (sent), 0, 0, 0, MORTISE_FRAME_ANSWER };
  const guint8 secret_frame[] = { 5, 0, 0, 0, MORTISE_FRAME_SECRET, 1, '1', '2', '3', '4' };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) received = NULL;
  g_autoptr (MortiseSecret) secret = NULL;
  MortiseSecretKind kind;
  MortiseFrameType type;

  g_byte_array_append (stream, header, sizeof header);
  g_byte_array_append (stream, g_variant_get_data (sent), (guint) g_variant_get_size (sent));
  for (guint i = 0; i < stream->len; i++)
    {
      assert_receive_error (f, 0, MORTISE_ERROR_TIMED_OUT);
      write_raw (f, stream->data + i, 1);
    }
  g_assert_true (
      mortise_prompt_channel_receive (f->channel, NULL, 0, &type, &received, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpvariant (received, sent);

  for (guint i = 0; i < sizeof secret_frame; i++)
    {
      assert_receive_error (f, 0, MORTISE_ERROR_TIMED_OUT);
      write_raw (f, secret_frame + i, 1);
    }
  g_assert_true (
      mortise_prompt_channel_receive (f->channel, NULL, 0, &type, NULL, &kind, &secret, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (mortise_secret_peek (secret), mortise_secret_get_size (secret), "1234", 4);
}

typedef struct
{
  const char *name;
  guint8 bytes[48];
  gsize size;
} Malformed;

static const Malformed malformed[] = {
  { "oversize-dictionary", { 1, 0, 0x10, 0, MORTISE_FRAME_ANSWER }, 5 },
  { "oversize-secret", { 2, 4, 0, 0, MORTISE_FRAME_SECRET }, 5 },
  { "largest-size", { 0xff, 0xff, 0xff, 0xff, MORTISE_FRAME_QUESTION }, 5 },
  { "secret-without-kind", { 0, 0, 0, 0, MORTISE_FRAME_SECRET }, 5 },
  { "secret-without-bytes", { 1, 0, 0, 0, MORTISE_FRAME_SECRET, 1 }, 6 },
  { "secret-kind-0", { 2, 0, 0, 0, MORTISE_FRAME_SECRET, 0, 'x' }, 7 },
  { "secret-kind-5", { 2, 0, 0, 0, MORTISE_FRAME_SECRET, 5, 'x' }, 7 },
  { "type-0", { 0, 0, 0, 0, 0 }, 5 },
  { "type-4", { 0, 0, 0, 0, 4 }, 5 },
  { "type-255", { 0, 0, 0, 0, 255 }, 5 },
  { "not-normal", { 4, 0, 0, 0, MORTISE_FRAME_ANSWER, 0xff, 0xff, 0xff, 0xff }, 9 },
  /* {'a': <true>} whose boolean is 2: parses, but not in normal form */
  { "boolean-2",
    { 13, 0, 0, 0, MORTISE_FRAME_ANSWER, 'a', 0, 0, 0, 0, 0, 0, 0, 2, 0, 'b', 2, 11 },
    18 },
};

static void
test_malformed (Fixture *f, gconstpointer data)
{
  const Malformed *m = data;

  write_raw (f, m->bytes, m->size);
  assert_receive_error (f, 0, MORTISE_ERROR_PROMPT_FAILED);
  /* Nothing that follows is believed. */
  write_raw (f, "\0\0\0\0\x11", 5);
  assert_receive_error (f, 0, MORTISE_ERROR_PROMPT_FAILED);
}

static void
test_closed (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  shutdown (f->raw, SHUT_RDWR);
  assert_receive_error (f, -1, MORTISE_ERROR_DENIED);
  g_assert_false (mortise_prompt_channel_send (f->channel, MORTISE_FRAME_RAISE, NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_DENIED);
}

static void
test_closed_in_frame (Fixture *f, gconstpointer data)
{
  write_raw (f,
             "\x05\0\0\0\x12\x01"
             "12",
             8);
  shutdown (f->raw, SHUT_RDWR);
  assert_receive_error (f, -1, MORTISE_ERROR_PROMPT_FAILED);
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (20000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GThread *thread = g_thread_new ("cancel", cancel_soon, cancellable);
  g_autoptr (GError) error = NULL;
  MortiseFrameType type;

  /* Half a frame is there, so that the wait in the middle of one is what is cancelled. */
  write_raw (f, "\x05\0\0\0\x12\x01", 6);
  g_assert_false (mortise_prompt_channel_receive (f->channel, cancellable, -1, &type, NULL, NULL,
                                                  NULL, &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED);
  g_thread_join (thread);
}

static gpointer
send_large (gpointer data)
{
  MortisePromptChannel *channel = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_malloc0 (MORTISE_FRAME_MAX_SIZE - 100);
  GVariantDict dict;

  memset (text, 'x', MORTISE_FRAME_MAX_SIZE - 101);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "message", "s", text);
  g_assert_true (mortise_prompt_channel_send (channel, MORTISE_FRAME_UPDATE,
                                              g_variant_dict_end (&dict), &error));
  g_assert_no_error (error);
  return NULL;
}

/* Larger than any socket buffer: the sender has to wait for the reader. */
static void
test_large (Fixture *f, gconstpointer data)
{
  GThread *thread = g_thread_new ("send", send_large, f->peer);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) received = NULL;
  MortiseFrameType type;
  const char *text;

  g_assert_true (
      mortise_prompt_channel_receive (f->channel, NULL, -1, &type, &received, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (g_variant_lookup (received, "message", "&s", &text));
  g_assert_cmpuint (strlen (text), ==, MORTISE_FRAME_MAX_SIZE - 101);
  g_thread_join (thread);
}

static void
test_too_large (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_malloc0 (MORTISE_FRAME_MAX_SIZE + 1);
  GVariantDict dict;

  memset (text, 'x', MORTISE_FRAME_MAX_SIZE);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "message", "s", text);
  g_assert_false (mortise_prompt_channel_send (f->peer, MORTISE_FRAME_UPDATE,
                                               g_variant_dict_end (&dict), &error));
  g_assert_error (error, MORTISE_ERROR, MORTISE_ERROR_PROMPT_FAILED);
  assert_receive_error (f, 0, MORTISE_ERROR_TIMED_OUT);
}

#define ADD(path, function) g_test_add (path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/prompt-protocol/round-trip", test_round_trip);
  ADD ("/prompt-protocol/secret", test_secret);
  ADD ("/prompt-protocol/torn", test_torn);
  ADD ("/prompt-protocol/closed", test_closed);
  ADD ("/prompt-protocol/closed-in-frame", test_closed_in_frame);
  ADD ("/prompt-protocol/cancel", test_cancel);
  ADD ("/prompt-protocol/large", test_large);
  ADD ("/prompt-protocol/too-large", test_too_large);
  for (gsize i = 0; i < G_N_ELEMENTS (malformed); i++)
    {
      g_autofree char *path = g_strconcat ("/prompt-protocol/malformed/", malformed[i].name, NULL);

      g_test_add (path, Fixture, &malformed[i], set_up, test_malformed, tear_down);
    }
  return g_test_run ();
}
