/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/support/fake-authenticator.h"

#include "tests/support/wait-for.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <string.h>

#define FLAG_AT 0x40

static const guint8 credential_id[16] = "fake-credential";

/* --- CBOR, just enough ------------------------------------------------------------------------ */

static void
put_head (GByteArray *out, guint8 major, gsize value)
{
  guint8 head[3] = { (guint8) (major << 5) };

  if (value < 24)
    {
      head[0] |= (guint8) value;
      g_byte_array_append (out, head, 1);
    }
  else if (value < 256)
    {
      head[0] |= 24;
      head[1] = (guint8) value;
      g_byte_array_append (out, head, 2);
    }
  else
    {
      head[0] |= 25;
      head[1] = (guint8) (value >> 8);
      head[2] = (guint8) value;
      g_byte_array_append (out, head, 3);
    }
}

static void
put_bytes (GByteArray *out, const void *data, gsize size)
{
  put_head (out, 2, size);
  g_byte_array_append (out, data, size);
}

static void
put_text (GByteArray *out, const char *text)
{
  put_head (out, 3, strlen (text));
  g_byte_array_append (out, (const guint8 *) text, strlen (text));
}

static void
put_raw (GByteArray *out, const void *data, gsize size)
{
  g_byte_array_append (out, data, size);
}

/* --- Answers ---------------------------------------------------------------------------------- */

static GByteArray *
make_authenticator_data (FakeAuthenticator *fake, guint8 flags)
{
  GByteArray *out = g_byte_array_new ();
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  const guint32 count = GUINT32_TO_BE (fake->sign_count);
  guint8 hash[32];
  gsize size = sizeof hash;

  g_checksum_update (checksum, (const guchar *) fake->rp_id, -1);
  g_checksum_get_digest (checksum, hash, &size);
  put_raw (out, hash, sizeof hash);
  put_raw (out, &flags, 1);
  put_raw (out, &count, 4);
  fake->sign_count++;
  return out;
}

static void
put_attested_data (FakeAuthenticator *fake, GByteArray *out)
{
  guint8 point[65];
  gsize size = 0;

  put_raw (out, "fake-aaguid-0001", 16);
  put_raw (out, "\x00\x10", 2);
  put_raw (out, credential_id, sizeof credential_id);
  g_assert_cmpint (EVP_PKEY_get_octet_string_param (fake->key, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                    sizeof point, &size),
                   ==, 1);
  g_assert_cmpuint (size, ==, sizeof point);
  put_raw (out, "\xA5\x01\x02\x03\x26\x20\x01\x21", 8);
  put_bytes (out, point + 1, 32);
  put_raw (out, "\x22", 1);
  put_bytes (out, point + 33, 32);
}

static GBytes *
sign (FakeAuthenticator *fake, const GByteArray *data, const guint8 *client_data_hash)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 signature[80];
  gsize size = sizeof signature;

  g_assert_cmpint (EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL, fake->key), ==, 1);
  g_assert_cmpint (EVP_DigestSignUpdate (context, data->data, data->len), ==, 1);
  if (fake->wrong_signature)
    g_assert_cmpint (EVP_DigestSignUpdate (context, "lie", 3), ==, 1);
  g_assert_cmpint (EVP_DigestSignUpdate (context, client_data_hash, 32), ==, 1);
  g_assert_cmpint (EVP_DigestSignFinal (context, signature, &size), ==, 1);
  EVP_MD_CTX_free (context);
  return g_bytes_new (signature, size);
}

static GByteArray *
answer_info (FakeAuthenticator *fake)
{
  GByteArray *out = g_byte_array_new ();

  put_raw (out, "\0\xA3\x01\x81", 4);
  put_text (out, "FIDO_2_0");
  put_raw (out, "\x03", 1);
  put_bytes (out, "fake-aaguid-0001", 16);
  put_raw (out, fake->no_uv ? "\x04\xA2" : "\x04\xA3", 2);
  put_text (out, "rk");
  put_raw (out, "\xF5", 1);
  put_text (out, "up");
  put_raw (out, "\xF5", 1);
  if (!fake->no_uv)
    {
      put_text (out, "uv");
      put_raw (out, "\xF5", 1);
    }
  return out;
}

static GByteArray *
answer_make_credential (FakeAuthenticator *fake, const guint8 *client_data_hash)
{
  GByteArray *out = g_byte_array_new ();
  g_autoptr (GByteArray) data = make_authenticator_data (fake, fake->flags | FLAG_AT);
  g_autoptr (GBytes) signature = NULL;

  put_attested_data (fake, data);
  signature = sign (fake, data, client_data_hash);
  put_raw (out, "\0\xA3\x01", 3);
  put_text (out, fake->no_attestation ? "none" : "packed");
  put_raw (out, "\x02", 1);
  put_bytes (out, data->data, data->len);
  put_raw (out, "\x03", 1);
  if (fake->no_attestation)
    {
      put_raw (out, "\xA0", 1);
      return out;
    }
  put_raw (out, "\xA2", 1);
  put_text (out, "alg");
  put_raw (out, "\x26", 1);
  put_text (out, "sig");
  put_bytes (out, g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
  return out;
}

static GByteArray *
answer_get_assertion (FakeAuthenticator *fake, const guint8 *client_data_hash)
{
  GByteArray *out = g_byte_array_new ();
  g_autoptr (GByteArray) data = make_authenticator_data (fake, fake->sign_in_flags);
  g_autoptr (GBytes) signature = sign (fake, data, client_data_hash);

  put_raw (out, fake->user_id != NULL ? "\0\xA4\x01\xA2" : "\0\xA3\x01\xA2", 4);
  put_text (out, "id");
  put_bytes (out, credential_id, sizeof credential_id);
  put_text (out, "type");
  put_text (out, "public-key");
  put_raw (out, "\x02", 1);
  put_bytes (out, data->data, data->len);
  put_raw (out, "\x03", 1);
  put_bytes (out, g_bytes_get_data (signature, NULL), g_bytes_get_size (signature));
  if (fake->user_id != NULL)
    {
      put_raw (out, "\x04\xA1", 2);
      put_text (out, "id");
      put_bytes (out, fake->user_id, strlen (fake->user_id));
    }
  return out;
}

/* libfido2 writes canonical CBOR, so the hash is where it must be: after the shortest key. */
static const guint8 *
find_client_data_hash (const guint8 *request, gsize size)
{
  static const guint8 before[] = { 0x58, 0x20 };

  for (gsize i = 2; i + 2 + 32 <= size; i++)
    if (memcmp (request + i, before, 2) == 0)
      return request + i + 2;
  g_assert_not_reached ();
}

static void
respond (MortiseCtaphidRequest *request, GByteArray *answer)
{
  g_autoptr (GBytes) response = g_byte_array_free_to_bytes (answer);

  mortise_ctaphid_request_respond (request, response);
}

static void
respond_status (MortiseCtaphidRequest *request, guint8 status)
{
  respond (request, g_byte_array_append (g_byte_array_new (), &status, 1));
}

static void
on_cancelled (GCancellable *cancellable, MortiseCtaphidRequest *request)
{
  respond_status (request, 0x2D);
}

static void
on_request (MortiseCtaphid *ctaphid, MortiseCtaphidRequest *request, FakeAuthenticator *fake)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (mortise_ctaphid_request_get_payload (request), &size);

  if (data[0] == 0x04)
    respond (request, answer_info (fake));
  else if (fake->deaf || fake->hold)
    {
      GCancellable *cancellable = mortise_ctaphid_request_get_cancellable (request);

      g_ptr_array_add (fake->pending, mortise_ctaphid_request_ref (request));
      if (!fake->deaf)
        g_signal_connect (cancellable, "cancelled", G_CALLBACK (on_cancelled), request);
      mortise_ctaphid_request_set_waiting (request, TRUE);
      g_atomic_int_inc (&fake->held);
    }
  else if (fake->status != 0)
    respond_status (request, fake->status);
  else if (data[0] == 0x01)
    respond (request, answer_make_credential (fake, find_client_data_hash (data, size)));
  else if (data[0] == 0x02)
    respond (request, answer_get_assertion (fake, find_client_data_hash (data, size)));
  else
    respond_status (request, 0x01);
}

static gpointer
run (gpointer data)
{
  FakeAuthenticator *fake = data;
  g_autofree char *description = g_strconcat ("socket:", fake->path, NULL);
  g_autoptr (MortiseHidTransport) transport = NULL;
  g_autoptr (MortiseCtaphid) ctaphid = NULL;
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (fake->context);
  transport = mortise_hid_transport_new (description, &error);
  g_assert_no_error (error);
  ctaphid = mortise_ctaphid_new (transport);
  g_signal_connect (ctaphid, "request", G_CALLBACK (on_request), fake);
  mortise_hid_transport_start (transport, &error);
  g_assert_no_error (error);
  g_atomic_int_set (&fake->listening, TRUE);
  g_main_loop_run (fake->loop);
  g_clear_object (&ctaphid);
  g_clear_object (&transport);
  g_main_context_pop_thread_default (fake->context);
  return NULL;
}

static gboolean
quit (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

FakeAuthenticator *
fake_authenticator_new (const char *path)
{
  FakeAuthenticator *fake = g_new0 (FakeAuthenticator, 1);

  fake->path = g_strdup (path);
  fake->rp_id = "example.org";
  fake->flags = 0x05;
  fake->sign_in_flags = 0x05;
  fake->key = EVP_EC_gen ("P-256");
  fake->pending = g_ptr_array_new_with_free_func ((GDestroyNotify) mortise_ctaphid_request_unref);
  fake->context = g_main_context_new ();
  fake->loop = g_main_loop_new (fake->context, FALSE);
  fake->thread = g_thread_new ("authenticator", run, fake);
  /* The socket's file is there before anyone listens at it. */
  WAIT_FOR_OTHERS (g_atomic_int_get (&fake->listening));
  return fake;
}

void
fake_authenticator_free (FakeAuthenticator *fake)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_callback (source, quit, fake->loop, NULL);
  g_source_attach (source, fake->context);
  g_thread_join (fake->thread);
  g_ptr_array_unref (fake->pending);
  g_main_loop_unref (fake->loop);
  g_main_context_unref (fake->context);
  EVP_PKEY_free (fake->key);
  g_free (fake->user_id);
  g_free (fake->path);
  g_free (fake);
}
