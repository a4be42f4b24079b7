/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-tcti-tap.h"

#include <string.h>
#include <tss2/tss2_tpm2_types.h>

/* TPM 2.0 Library, Part 1, "Command/Response Structure": tag, size, code. */
#define HEADER_SIZE 10
#define CODE_OFFSET 6

/* "MortiseT" */
#define TAP_MAGIC G_GUINT64_CONSTANT (0x4d6f727469736554)

struct _MortiseTctiTap
{
  TSS2_TCTI_CONTEXT_COMMON_V2 common;
  TSS2_TCTI_CONTEXT *inner;
  GMutex lock;
  GHashTable *counts;
  guint64 total;
  guint latency;
  MortiseTctiTapFunc watch;
  gpointer watch_data;
  guint32 inject_command;
  TSS2_RC inject_rc;
  guint inject_times;
  gboolean answer_pending;
};

static MortiseTctiTap *
tap_of (TSS2_TCTI_CONTEXT *context)
{
  return (MortiseTctiTap *) context;
}

static guint32
read_be32 (const guint8 *data)
{
  guint32 value;

  memcpy (&value, data, sizeof value);
  return GUINT32_FROM_BE (value);
}

static void
count_command (MortiseTctiTap *tap, guint32 command_code)
{
  guint64 *count;

  g_mutex_lock (&tap->lock);
  count = g_hash_table_lookup (tap->counts, GUINT_TO_POINTER (command_code));
  if (count == NULL)
    {
      count = g_new0 (guint64, 1);
      g_hash_table_insert (tap->counts, GUINT_TO_POINTER (command_code), count);
    }
  (*count)++;
  tap->total++;
  g_mutex_unlock (&tap->lock);
}

static gboolean
is_injected (MortiseTctiTap *tap, guint32 command_code)
{
  if (tap->inject_times == 0 || (tap->inject_command != 0 && tap->inject_command != command_code))
    return FALSE;
  tap->inject_times--;
  return TRUE;
}

static TSS2_RC
tap_transmit (TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
  MortiseTctiTap *tap = tap_of (context);
  guint32 command_code;

  if (size < HEADER_SIZE)
    return TSS2_TCTI_RC_BAD_VALUE;
  if (tap->inner == NULL)
    return TSS2_TCTI_RC_NO_CONNECTION;
  command_code = read_be32 (command + CODE_OFFSET);
  count_command (tap, command_code);
  if (tap->watch != NULL)
    tap->watch (FALSE, command, size, tap->watch_data);
  if (tap->latency > 0)
    g_usleep (tap->latency);
  if (is_injected (tap, command_code))
    {
      if ((tap->inject_rc & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER)
        return tap->inject_rc;
      tap->answer_pending = TRUE;
      return TSS2_RC_SUCCESS;
    }
  return Tss2_Tcti_Transmit (tap->inner, size, command);
}

static TSS2_RC
receive_injected (MortiseTctiTap *tap, size_t *size, uint8_t *response)
{
  const guint8 header[HEADER_SIZE] = { TPM2_ST_NO_SESSIONS >> 8,
                                       TPM2_ST_NO_SESSIONS & 0xff,
                                       0,
                                       0,
                                       0,
                                       HEADER_SIZE,
                                       (guint8) (tap->inject_rc >> 24),
                                       (guint8) (tap->inject_rc >> 16 & 0xff),
                                       (guint8) (tap->inject_rc >> 8 & 0xff),
                                       (guint8) (tap->inject_rc & 0xff) };

  if (response != NULL)
    {
      if (*size < HEADER_SIZE)
        return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
      memcpy (response, header, HEADER_SIZE);
      tap->answer_pending = FALSE;
    }
  *size = HEADER_SIZE;
  return TSS2_RC_SUCCESS;
}

static TSS2_RC
tap_receive (TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout)
{
  MortiseTctiTap *tap = tap_of (context);
  TSS2_RC rc;

  if (size == NULL)
    return TSS2_TCTI_RC_BAD_REFERENCE;
  if (tap->answer_pending)
    return receive_injected (tap, size, response);
  if (tap->inner == NULL)
    return TSS2_TCTI_RC_NO_CONNECTION;
  rc = Tss2_Tcti_Receive (tap->inner, size, response, timeout);
  if (rc != TSS2_RC_SUCCESS || response == NULL)
    return rc;
  if (tap->watch != NULL)
    tap->watch (TRUE, response, *size, tap->watch_data);
  /* What a TPM 1.2 answers. tpm2-tss takes the tag for a broken response and hides the code, which
   * says what is the matter (Part 2, TPM_ST_RSP_COMMAND and TPM_RC_BAD_TAG). */
  if (*size == HEADER_SIZE && response[0] == 0 && response[1] == TPM2_ST_RSP_COMMAND)
    {
      response[0] = TPM2_ST_NO_SESSIONS >> 8;
      response[1] = TPM2_ST_NO_SESSIONS & 0xff;
    }
  return rc;
}

static void
tap_finalize (TSS2_TCTI_CONTEXT *context)
{
  /* The tap outlives its ESAPI contexts and is freed by mortise_tcti_tap_free(). */
}

static TSS2_RC
tap_cancel (TSS2_TCTI_CONTEXT *context)
{
  return Tss2_Tcti_Cancel (tap_of (context)->inner);
}

static TSS2_RC
tap_get_poll_handles (TSS2_TCTI_CONTEXT *context, TSS2_TCTI_POLL_HANDLE *handles, size_t *n_handles)
{
  return Tss2_Tcti_GetPollHandles (tap_of (context)->inner, handles, n_handles);
}

static TSS2_RC
tap_set_locality (TSS2_TCTI_CONTEXT *context, uint8_t locality)
{
  return Tss2_Tcti_SetLocality (tap_of (context)->inner, locality);
}

static TSS2_RC
tap_make_sticky (TSS2_TCTI_CONTEXT *context, TPM2_HANDLE *handle, uint8_t sticky)
{
  return Tss2_Tcti_MakeSticky (tap_of (context)->inner, handle, sticky);
}

MortiseTctiTap *
mortise_tcti_tap_new (void)
{
  MortiseTctiTap *tap = g_new0 (MortiseTctiTap, 1);

  g_mutex_init (&tap->lock);
  tap->counts = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  tap->common.v1.magic = TAP_MAGIC;
  tap->common.v1.version = 2;
  tap->common.v1.transmit = tap_transmit;
  tap->common.v1.receive = tap_receive;
  tap->common.v1.finalize = tap_finalize;
  tap->common.v1.cancel = tap_cancel;
  tap->common.v1.getPollHandles = tap_get_poll_handles;
  tap->common.v1.setLocality = tap_set_locality;
  tap->common.makeSticky = tap_make_sticky;
  return tap;
}

void
mortise_tcti_tap_free (MortiseTctiTap *tap)
{
  if (tap == NULL)
    return;
  g_hash_table_unref (tap->counts);
  g_mutex_clear (&tap->lock);
  g_free (tap);
}

void
mortise_tcti_tap_set_inner (MortiseTctiTap *tap, TSS2_TCTI_CONTEXT *inner)
{
  tap->inner = inner;
  tap->answer_pending = FALSE;
}

TSS2_TCTI_CONTEXT *
mortise_tcti_tap_get_context (MortiseTctiTap *tap)
{
  return (TSS2_TCTI_CONTEXT *) tap;
}

guint64
mortise_tcti_tap_count (MortiseTctiTap *tap, guint32 command_code)
{
  const guint64 *count;
  guint64 result;

  g_mutex_lock (&tap->lock);
  count = g_hash_table_lookup (tap->counts, GUINT_TO_POINTER (command_code));
  result = command_code == 0 ? tap->total : count != NULL ? *count : 0;
  g_mutex_unlock (&tap->lock);
  return result;
}

void
mortise_tcti_tap_set_latency (MortiseTctiTap *tap, guint microseconds)
{
  tap->latency = microseconds;
}

void
mortise_tcti_tap_watch (MortiseTctiTap *tap, MortiseTctiTapFunc func, gpointer user_data)
{
  tap->watch = func;
  tap->watch_data = user_data;
}

void
mortise_tcti_tap_inject (MortiseTctiTap *tap, guint32 command_code, TSS2_RC rc, guint times)
{
  tap->inject_command = command_code;
  tap->inject_rc = rc;
  tap->inject_times = times;
}
