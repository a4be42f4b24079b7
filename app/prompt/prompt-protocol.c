/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/mortise-error.h"

#define HEADER_SIZE 5

/* Another end that reads nothing for so long hangs; the caller must not hang with it. */
#define SEND_TIMEOUT_MS 10000

struct _MortisePromptChannel
{
  int fd;

  /* The frame being received. It outlives a call that timed out, so that none is torn by it. */
  guint8 header[HEADER_SIZE];
  gsize header_received;
  guint8 kind;
  guint8 *payload;
  MortiseSecret *secret;
  gsize payload_size;
  gsize payload_received;

  /* After a frame of the wrong shape no later byte can be trusted to begin a frame. */
  gboolean broken;
};

/* When waiting for the other end gives up. */
typedef struct
{
  GCancellable *cancellable;
  gint64 deadline; /* monotonic, µs; −1 for never */
} Wait;

static void
wait_init (Wait *wait, GCancellable *cancellable, int timeout_ms)
{
  wait->cancellable = cancellable;
  wait->deadline =
      timeout_ms < 0 ? -1 : g_get_monotonic_time () + (gint64) timeout_ms * G_TIME_SPAN_MILLISECOND;
}

static int
wait_remaining_ms (const Wait *wait)
{
  gint64 remaining;

  if (wait->deadline < 0)
    return -1;
  remaining = wait->deadline - g_get_monotonic_time ();
  if (remaining <= 0)
    return 0;
  return (int) MIN ((remaining + 999) / 1000, G_MAXINT);
}

static gboolean
set_closed (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_DENIED,
                       _ ("The question was closed without an answer. Nothing was changed."));
  return FALSE;
}

static gboolean
set_malformed (MortisePromptChannel *channel, GError **error)
{
  channel->broken = TRUE;
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_PROMPT_FAILED,
                       _ ("The prompt and the agent do not understand each other, so nothing was "
                          "done. Install Mortise again to mend it."));
  return FALSE;
}

static gboolean
set_io_error (int saved_errno, GError **error)
{
  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_PROMPT_FAILED,
               _ ("The connection to the prompt broke (%s), so nothing was done. Try again."),
               g_strerror (saved_errno));
  return FALSE;
}

/* Waits until @events is possible on the channel. */
static gboolean
wait_for (MortisePromptChannel *channel, short events, const Wait *wait, GError **error)
{
  struct pollfd fds[2] = { { .fd = channel->fd, .events = events }, { .fd = -1 } };
  GPollFD cancel_fd;
  gboolean watched = FALSE;
  int n, saved_errno;

  if (g_cancellable_is_cancelled (wait->cancellable))
    n = 0;
  else
    {
      watched = g_cancellable_make_pollfd (wait->cancellable, &cancel_fd);
      if (watched)
        {
          fds[1].fd = cancel_fd.fd;
          fds[1].events = POLLIN;
        }
      do
        n = poll (fds, G_N_ELEMENTS (fds), wait_remaining_ms (wait));
      while (n < 0 && errno == EINTR);
      saved_errno = errno;
      if (watched)
        g_cancellable_release_fd (wait->cancellable);
      if (n < 0)
        return set_io_error (saved_errno, error);
    }

  if (g_cancellable_is_cancelled (wait->cancellable))
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_CANCELLED,
                           _ ("The request was withdrawn."));
      return FALSE;
    }
  if (n == 0)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TIMED_OUT,
                           _ ("Nobody answered in time."));
      return FALSE;
    }
  return TRUE;
}

/* Reads until *@received is @size. *@received stays right when it fails. */
static gboolean
receive_exactly (MortisePromptChannel *channel,
                 guint8 *buffer,
                 gsize size,
                 gsize *received,
                 const Wait *wait,
                 GError **error)
{
  while (*received < size)
    {
      gssize n = recv (channel->fd, buffer + *received, size - *received, MSG_DONTWAIT);

      if (n > 0)
        *received += (gsize) n;
      else if (n == 0 || errno == ECONNRESET)
        {
          if (channel->header_received > 0)
            return set_malformed (channel, error);
          return set_closed (error);
        }
      else if (errno == EAGAIN)
        {
          if (!wait_for (channel, POLLIN, wait, error))
            return FALSE;
        }
      else if (errno != EINTR)
        return set_io_error (errno, error);
    }
  return TRUE;
}

static gboolean
send_exactly (MortisePromptChannel *channel, struct iovec *iov, gsize n_iov, GError **error)
{
  struct msghdr message = { .msg_iov = iov, .msg_iovlen = n_iov };
  Wait wait;

  wait_init (&wait, NULL, SEND_TIMEOUT_MS);
  while (message.msg_iovlen > 0)
    {
      gssize n;

      if (message.msg_iov->iov_len == 0)
        {
          message.msg_iov++;
          message.msg_iovlen--;
          continue;
        }
      n = sendmsg (channel->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0 && errno == EAGAIN)
        {
          if (!wait_for (channel, POLLOUT, &wait, error))
            return FALSE;
        }
      else if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
        return set_closed (error);
      else if (n < 0 && errno != EINTR)
        return set_io_error (errno, error);
      while (n > 0)
        {
          gsize step = MIN ((gsize) n, message.msg_iov->iov_len);

          message.msg_iov->iov_base = (guint8 *) message.msg_iov->iov_base + step;
          message.msg_iov->iov_len -= step;
          n -= (gssize) step;
          if (message.msg_iov->iov_len == 0 && message.msg_iovlen > 0)
            {
              message.msg_iov++;
              message.msg_iovlen--;
            }
        }
    }
  return TRUE;
}

static void
encode_header (guint8 header[HEADER_SIZE], MortiseFrameType type, gsize size)
{
  guint32 size_le = GUINT32_TO_LE ((guint32) size);

  memcpy (header, &size_le, sizeof size_le);
  header[4] = (guint8) type;
}

static void
forget_frame (MortisePromptChannel *channel)
{
  channel->header_received = 0;
  g_clear_pointer (&channel->payload, g_free);
  g_clear_pointer (&channel->secret, mortise_secret_free);
  channel->payload_size = 0;
  channel->payload_received = 0;
}

/* Looks at a whole header and makes room for what follows. */
static gboolean
begin_payload (MortisePromptChannel *channel, GError **error)
{
  guint32 size_le;
  gsize size;

  memcpy (&size_le, channel->header, sizeof size_le);
  size = GUINT32_FROM_LE (size_le);

  switch ((MortiseFrameType) channel->header[4])
    {
    case MORTISE_FRAME_QUESTION:
    case MORTISE_FRAME_UPDATE:
    case MORTISE_FRAME_RAISE:
    case MORTISE_FRAME_SHOWN:
    case MORTISE_FRAME_ANSWER:
      if (size > MORTISE_FRAME_MAX_SIZE)
        return set_malformed (channel, error);
      channel->payload = g_malloc (MAX (size, 1));
      break;
    case MORTISE_FRAME_SECRET:
      if (size < 2 || size > MORTISE_FRAME_MAX_SECRET)
        return set_malformed (channel, error);
      channel->secret = mortise_secret_new (size - 1);
      break;
    default:
      return set_malformed (channel, error);
    }
  channel->payload_size = size;
  return TRUE;
}

static gboolean
receive_secret (MortisePromptChannel *channel, const Wait *wait, GError **error)
{
  gsize received;
  gboolean ok;

  if (channel->payload_received == 0 &&
      !receive_exactly (channel, &channel->kind, 1, &channel->payload_received, wait, error))
    return FALSE;
  if (channel->kind < MORTISE_SECRET_KIND_PIN || channel->kind > MORTISE_SECRET_KIND_PASSPHRASE)
    return set_malformed (channel, error);

  received = channel->payload_received - 1;
  ok = receive_exactly (channel, mortise_secret_get_bytes (channel->secret),
                        channel->payload_size - 1, &received, wait, error);
  channel->payload_received = received + 1;
  return ok;
}

/* (transfer full): the payload as a dictionary, or %NULL if it is none in normal form */
static GVariant *
take_dictionary (MortisePromptChannel *channel)
{
  g_autoptr (GBytes) bytes =
      g_bytes_new_take (g_steal_pointer (&channel->payload), channel->payload_size);
  g_autoptr (GVariant) dictionary =
      g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE_VARDICT, bytes, FALSE));

  if (!g_variant_is_normal_form (dictionary))
    return NULL;
  if (G_BYTE_ORDER == G_BIG_ENDIAN)
    return g_variant_byteswap (dictionary);
  return g_steal_pointer (&dictionary);
}

MortisePromptChannel *
mortise_prompt_channel_new (int fd)
{
  MortisePromptChannel *channel = g_new0 (MortisePromptChannel, 1);

  channel->fd = fd;
  (void) fcntl (fd, F_SETFD, FD_CLOEXEC);
  return channel;
}

void
mortise_prompt_channel_free (MortisePromptChannel *channel)
{
  if (channel == NULL)
    return;
  forget_frame (channel);
  (void) close (channel->fd);
  g_free (channel);
}

int
mortise_prompt_channel_get_fd (MortisePromptChannel *channel)
{
  return channel->fd;
}

gboolean
mortise_prompt_channel_send (MortisePromptChannel *channel,
                             MortiseFrameType type,
                             GVariant *dictionary,
                             GError **error)
{
  g_autoptr (GVariant) sunk = NULL;
  g_autoptr (GVariant) little_endian = NULL;
  guint8 header[HEADER_SIZE];
  struct iovec iov[2] = { { header, sizeof header }, { NULL, 0 } };
  g_autofree guint8 *payload = NULL;
  gsize size = 0;

  if (dictionary != NULL)
    {
      sunk = g_variant_ref_sink (dictionary);
      g_return_val_if_fail (g_variant_is_of_type (sunk, G_VARIANT_TYPE_VARDICT), FALSE);
      little_endian =
          G_BYTE_ORDER == G_BIG_ENDIAN ? g_variant_byteswap (sunk) : g_variant_ref (sunk);
      size = g_variant_get_size (little_endian);
    }
  if (size > MORTISE_FRAME_MAX_SIZE)
    {
      g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_PROMPT_FAILED,
                           _ ("The question is too long to be shown. Ask about fewer passkeys at "
                              "once."));
      return FALSE;
    }
  if (size > 0)
    {
      payload = g_malloc (size);
      g_variant_store (little_endian, payload);
      iov[1].iov_base = payload;
      iov[1].iov_len = size;
    }
  encode_header (header, type, size);
  return send_exactly (channel, iov, G_N_ELEMENTS (iov), error);
}

gboolean
mortise_prompt_channel_send_secret (MortisePromptChannel *channel,
                                    MortiseSecretKind kind,
                                    const MortiseSecret *secret,
                                    GError **error)
{
  gsize size = mortise_secret_get_size (secret);
  guint8 header[HEADER_SIZE + 1];
  /* iovec has one pointer type for both directions; sendmsg only reads. */
  struct iovec iov[2] = {
    { header, sizeof header },
    { (gpointer) (guintptr) mortise_secret_peek (secret), size },
  };

  g_return_val_if_fail (size + 1 <= MORTISE_FRAME_MAX_SECRET, FALSE);

  encode_header (header, MORTISE_FRAME_SECRET, size + 1);
  header[HEADER_SIZE] = (guint8) kind;
  return send_exactly (channel, iov, G_N_ELEMENTS (iov), error);
}

gboolean
mortise_prompt_channel_receive (MortisePromptChannel *channel,
                                GCancellable *cancellable,
                                int timeout_ms,
                                MortiseFrameType *ret_type,
                                GVariant **ret_dictionary,
                                MortiseSecretKind *ret_kind,
                                MortiseSecret **ret_secret,
                                GError **error)
{
  g_autoptr (GVariant) dictionary = NULL;
  g_autoptr (MortiseSecret) secret = NULL;
  Wait wait;

  if (channel->broken)
    return set_malformed (channel, error);

  wait_init (&wait, cancellable, timeout_ms);
  if (channel->header_received < HEADER_SIZE)
    {
      if (!receive_exactly (channel, channel->header, HEADER_SIZE, &channel->header_received, &wait,
                            error))
        return FALSE;
      if (!begin_payload (channel, error))
        return FALSE;
    }

  if (channel->secret != NULL)
    {
      if (!receive_secret (channel, &wait, error))
        return FALSE;
      secret = g_steal_pointer (&channel->secret);
    }
  else
    {
      if (!receive_exactly (channel, channel->payload, channel->payload_size,
                            &channel->payload_received, &wait, error))
        return FALSE;
      dictionary = take_dictionary (channel);
      if (dictionary == NULL)
        return set_malformed (channel, error);
    }

  *ret_type = (MortiseFrameType) channel->header[4];
  if (ret_dictionary != NULL)
    *ret_dictionary = g_steal_pointer (&dictionary);
  if (ret_kind != NULL)
    *ret_kind = secret != NULL ? (MortiseSecretKind) channel->kind : 0;
  if (ret_secret != NULL)
    *ret_secret = g_steal_pointer (&secret);
  forget_frame (channel);
  return TRUE;
}
