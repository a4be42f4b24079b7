/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/mortise-secret.h"

#include <malloc.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Power of two, as the secure heap wants it; well under the usual 8 MiB limit on locked memory. */
#define REGION_SIZE (128 * 1024)
#define REGION_MIN  32

/* What freed memory is filled with; anything but 0, which switches that off. */
#define FREED_BYTE 0xa5

struct _MortiseSecret
{
  gsize size;
  guint8 bytes[];
};

static gboolean
reserve_region (void)
{
  /* 1: locked, 2: reserved but not locked, 0: failed (then the ordinary heap is used and wiped). */
  return CRYPTO_secure_malloc_init (REGION_SIZE, REGION_MIN) == 1;
}

gboolean
mortise_secret_init_memory (void)
{
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      const struct rlimit none = { 0, 0 };
      gboolean locked;

      (void) prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
      (void) setrlimit (RLIMIT_CORE, &none);
#ifdef M_PERTURB
      /* Libraries (tpm2-tss above all) free copies of secrets as they are. */
      (void) mallopt (M_PERTURB, FREED_BYTE);
#endif
      locked = CRYPTO_secure_malloc_initialized () || reserve_region ();
      g_once_init_leave (&once, locked ? 1 : 2);
    }
  return once == 1;
}

MortiseSecret *
mortise_secret_new (gsize size)
{
  MortiseSecret *secret;

  g_return_val_if_fail (size > 0 && size <= MORTISE_SECRET_MAX_SIZE, NULL);

  secret = OPENSSL_secure_zalloc (sizeof (MortiseSecret) + size);
  if (secret == NULL)
    g_error ("No locked memory left for a secret");
  secret->size = size;
  return secret;
}

MortiseSecret *
mortise_secret_new_from_data (const void *data, gsize size)
{
  MortiseSecret *secret = mortise_secret_new (size);

  if (secret != NULL)
    memcpy (secret->bytes, data, size);
  return secret;
}

MortiseSecret *
mortise_secret_new_random (gsize size)
{
  MortiseSecret *secret = mortise_secret_new (size);

  if (secret != NULL && RAND_priv_bytes (secret->bytes, (int) size) != 1)
    g_error ("The system's random generator failed");
  return secret;
}

MortiseSecret *
mortise_secret_copy (const MortiseSecret *secret)
{
  g_return_val_if_fail (secret != NULL, NULL);

  return mortise_secret_new_from_data (secret->bytes, secret->size);
}

void
mortise_secret_free (MortiseSecret *secret)
{
  if (secret != NULL)
    OPENSSL_secure_clear_free (secret, sizeof (MortiseSecret) + secret->size);
}

guint8 *
mortise_secret_get_bytes (MortiseSecret *secret)
{
  return secret->bytes;
}

const guint8 *
mortise_secret_peek (const MortiseSecret *secret)
{
  return secret->bytes;
}

gsize
mortise_secret_get_size (const MortiseSecret *secret)
{
  return secret->size;
}

gboolean
mortise_secret_equal (const MortiseSecret *a, const MortiseSecret *b)
{
  return a->size == b->size && CRYPTO_memcmp (a->bytes, b->bytes, a->size) == 0;
}

/* OSSL_PARAM has one non-const pointer for both directions; OpenSSL only reads these. */
static OSSL_PARAM
input_param (const char *key, gconstpointer data, gsize size)
{
  return OSSL_PARAM_construct_octet_string (key, (gpointer) (guintptr) data, size);
}

MortiseSecret *
mortise_secret_derive (const MortiseSecret *ikm, GBytes *salt, const char *info, gsize size)
{
  g_autoptr (MortiseSecret) out = mortise_secret_new (size);
  char digest[] = "SHA256";
  OSSL_PARAM params[5];
  gsize n = 0;
  gsize salt_size = 0;
  gconstpointer salt_data = salt != NULL ? g_bytes_get_data (salt, &salt_size) : NULL;
  EVP_KDF *kdf = EVP_KDF_fetch (NULL, "HKDF", NULL);
  EVP_KDF_CTX *context = EVP_KDF_CTX_new (kdf);
  int ok;

  params[n++] = OSSL_PARAM_construct_utf8_string (OSSL_KDF_PARAM_DIGEST, digest, 0);
  params[n++] = input_param (OSSL_KDF_PARAM_KEY, ikm->bytes, ikm->size);
  params[n++] = input_param (OSSL_KDF_PARAM_INFO, info, strlen (info));
  if (salt_size > 0)
    params[n++] = input_param (OSSL_KDF_PARAM_SALT, salt_data, salt_size);
  params[n] = OSSL_PARAM_construct_end ();

  ok = context != NULL && EVP_KDF_derive (context, out->bytes, size, params) == 1;
  EVP_KDF_CTX_free (context);
  EVP_KDF_free (kdf);
  /* HKDF cannot fail on valid sizes; going on with a key of zeros would be worse than stopping. */
  if (!ok)
    g_error ("HKDF failed");
  return g_steal_pointer (&out);
}
