/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/fuzz/fuzz-faults.h"

#include <openssl/evp.h>
#include <sqlite3.h>

#include "tests/support/faulty-vfs.h"

typedef struct
{
  gboolean armed;
  guint skip;
  guint times;
} Counter;

static Counter memory;
static Counter openssl;
static Counter interruption;
static MortiseVault *vault_to_lock;
static GCancellable *request_to_cancel;
static sqlite3_mem_methods real_memory;

static gboolean
is_due (Counter *counter)
{
  if (!counter->armed)
    return FALSE;
  if (counter->skip > 0)
    {
      counter->skip--;
      return FALSE;
    }
  if (counter->times == 0)
    return FALSE;
  counter->times--;
  return TRUE;
}

/* --- SQLite's memory -------------------------------------------------------------------------- */

static void *
failing_malloc (int size)
{
  return is_due (&memory) ? NULL : real_memory.xMalloc (size);
}

static void *
failing_realloc (void *data, int size)
{
  return is_due (&memory) ? NULL : real_memory.xRealloc (data, size);
}

/* --- OpenSSL: the linker sends our calls here (--wrap), not those of libraries ---------------- */

#define WRAP(type, failure, name, parameters, arguments)                                           \
  type __real_##name parameters;                                                                   \
  type __wrap_##name parameters;                                                                   \
  type __wrap_##name parameters { return is_due (&openssl) ? (failure) : __real_##name arguments; }

WRAP (EVP_PKEY_CTX *,
      NULL,
      EVP_PKEY_CTX_new_from_name,
      (OSSL_LIB_CTX * library, const char *name, const char *properties),
      (library, name, properties))
WRAP (EVP_PKEY_CTX *,
      NULL,
      EVP_PKEY_CTX_new_from_pkey,
      (OSSL_LIB_CTX * library, EVP_PKEY *key, const char *properties),
      (library, key, properties))
WRAP (int, 0, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX * context), (context))
WRAP (int,
      0,
      EVP_PKEY_fromdata,
      (EVP_PKEY_CTX * context, EVP_PKEY **key, int selection, OSSL_PARAM *params),
      (context, key, selection, params))
WRAP (int, 0, EVP_PKEY_derive_init, (EVP_PKEY_CTX * context), (context))
WRAP (int,
      0,
      EVP_PKEY_derive_set_peer_ex,
      (EVP_PKEY_CTX * context, EVP_PKEY *peer, int validate),
      (context, peer, validate))
WRAP (int,
      0,
      EVP_PKEY_derive,
      (EVP_PKEY_CTX * context, unsigned char *key, size_t *size),
      (context, key, size))
WRAP (int,
      0,
      EVP_DecryptInit_ex2,
      (EVP_CIPHER_CTX * context,
       const EVP_CIPHER *cipher,
       const unsigned char *key,
       const unsigned char *iv,
       const OSSL_PARAM *params),
      (context, cipher, key, iv, params))
WRAP (int,
      0,
      EVP_DecryptFinal_ex,
      (EVP_CIPHER_CTX * context, unsigned char *out, int *size),
      (context, out, size))

/* --- Public ----------------------------------------------------------------------------------- */

void
fuzz_faults_install (void)
{
  sqlite3_mem_methods methods;

  g_assert (sqlite3_config (SQLITE_CONFIG_GETMALLOC, &real_memory) == SQLITE_OK);
  methods = real_memory;
  methods.xMalloc = failing_malloc;
  methods.xRealloc = failing_realloc;
  g_assert (sqlite3_config (SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK);
  /* Memory kept back for a connection would hide most failures. */
  g_assert (sqlite3_config (SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK);
  g_assert (sqlite3_initialize () == SQLITE_OK);
  faulty_vfs_install ();
}

void
fuzz_fault_plan_read (FuzzFaultPlan *plan, FuzzInput *input)
{
  guint8 kind = fuzz_input_byte (input);
  guint8 times;

  plan->skip = fuzz_input_byte (input);
  times = fuzz_input_byte (input);
  plan->times = times >= 0xf0 ? G_MAXINT : 1u + times % 16;
  plan->detail = fuzz_input_byte (input);
  plan->wanted = kind >= 0x80;
  if (kind >= 0xa0)
    plan->fault = (FuzzFault) (kind % FUZZ_N_FAILURES);
  else
    plan->fault = kind >= 0x90 ? FUZZ_FAULT_LOCK : FUZZ_FAULT_CANCEL;
}

static void
arm_tpm (const FuzzFaultPlan *plan, MortiseFakeTpm *tpm)
{
  static const MortiseError codes[] = {
    MORTISE_ERROR_TPM_FAILED,  MORTISE_ERROR_TPM_GONE,  MORTISE_ERROR_TPM_BUSY,
    MORTISE_ERROR_TPM_LOCKOUT, MORTISE_ERROR_TPM_AUTH,  MORTISE_ERROR_TPM_SLOTS,
    MORTISE_ERROR_TPM_OTHER,   MORTISE_ERROR_CANCELLED,
  };
  guint operation = plan->detail % (MORTISE_FAKE_TPM_N_OPERATIONS + 1);

  mortise_fake_tpm_fail (tpm, (MortiseFakeTpmOperation) operation, plan->skip % 16, plan->times,
                         codes[(plan->detail >> 4) % G_N_ELEMENTS (codes)]);
}

static void
interrupt (MortiseFakeTpm *tpm, MortiseFakeTpmOperation operation, gpointer user_data)
{
  if (!is_due (&interruption))
    return;
  if (vault_to_lock != NULL)
    mortise_vault_lock (vault_to_lock);
  g_cancellable_cancel (request_to_cancel);
}

static void
arm_interruption (const FuzzFaultPlan *plan, CtapFixture *ctap, GCancellable *cancellable)
{
  if (plan->fault == FUZZ_FAULT_LOCK)
    vault_to_lock = ctap->vault;
  else
    request_to_cancel = cancellable;
  /* The client changed its mind while its request was still waiting for another's end. */
  if (plan->skip == 0xff)
    g_cancellable_cancel (request_to_cancel);
  interruption = (Counter){ TRUE, plan->skip % 16, 1 };
  mortise_fake_tpm_set_hook (ctap_fixture_tpm (ctap), interrupt, NULL);
}

void
fuzz_faults_arm (const FuzzFaultPlan *plan, CtapFixture *ctap, GCancellable *cancellable)
{
  const Counter counter = { TRUE, plan->skip, plan->times };

  if (!plan->wanted)
    return;
  switch (plan->fault)
    {
    case FUZZ_FAULT_TPM:
      arm_tpm (plan, ctap_fixture_tpm (ctap));
      break;
    case FUZZ_FAULT_DISK_FULL:
      faulty_vfs_fail (1 + plan->skip, plan->times, FAULTY_VFS_FULL);
      break;
    case FUZZ_FAULT_DISK:
      faulty_vfs_fail (1 + plan->skip, plan->times, FAULTY_VFS_IO);
      break;
    case FUZZ_FAULT_SQLITE_MEMORY:
      memory = counter;
      break;
    case FUZZ_FAULT_OPENSSL:
      openssl = counter;
      break;
    case FUZZ_FAULT_CANCEL:
    case FUZZ_FAULT_LOCK:
      arm_interruption (plan, ctap, cancellable);
      break;
    default:
      g_assert_not_reached ();
    }
}

void
fuzz_faults_disarm (CtapFixture *ctap)
{
  MortiseFakeTpm *tpm = ctap_fixture_tpm (ctap);

  memory = openssl = interruption = (Counter){ 0 };
  vault_to_lock = NULL;
  request_to_cancel = NULL;
  mortise_fake_tpm_set_hook (tpm, NULL, NULL);
  faulty_vfs_reset ();
  for (guint i = 0; i <= MORTISE_FAKE_TPM_ANY; i++)
    mortise_fake_tpm_fail (tpm, (MortiseFakeTpmOperation) i, 0, 0, MORTISE_ERROR_FAILED);
}
