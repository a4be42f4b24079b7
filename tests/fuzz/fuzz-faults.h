/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "tests/fuzz/fuzz-input.h"
#include "tests/support/ctap-fixture.h"

G_BEGIN_DECLS

/**
 * FuzzFault:
 *
 * What is made to fail. GLib ends the process when it gets no memory, and so does our own code
 * where going on without a cipher or a hash would be worse: neither is injected. libcbor is only
 * used in ways that allocate nothing.
 */
typedef enum
{
  FUZZ_FAULT_TPM,           /* a TPM command answers an error */
  FUZZ_FAULT_DISK_FULL,     /* a write of SQLite finds no room */
  FUZZ_FAULT_DISK,          /* a write, truncation or sync of SQLite fails */
  FUZZ_FAULT_SQLITE_MEMORY, /* SQLite gets no memory */
  FUZZ_FAULT_OPENSSL,       /* an OpenSSL call that may fail for outside reasons does */
  FUZZ_N_FAILURES,
  FUZZ_FAULT_CANCEL = FUZZ_N_FAILURES, /* the client withdraws its request, also before it began */
  FUZZ_FAULT_LOCK,                     /* the vault is locked */
} FuzzFault;

/** The calls that fail: after the first @skip of that kind, @times in a row. CANCEL and LOCK come
 *  at the TPM command after so many, once. */
typedef struct
{
  gboolean wanted;
  FuzzFault fault;
  guint skip;
  guint times;
  guint8 detail;
} FuzzFaultPlan;

/** fuzz_faults_install: once, before SQLite is used */
void fuzz_faults_install (void);

/** fuzz_fault_plan_read: four bytes; more than half of all plans are none */
void fuzz_fault_plan_read (FuzzFaultPlan *plan, FuzzInput *input);

/** fuzz_faults_arm: @cancellable: (nullable): that of the request that comes next */
void fuzz_faults_arm (const FuzzFaultPlan *plan, CtapFixture *ctap, GCancellable *cancellable);
void fuzz_faults_disarm (CtapFixture *ctap);

G_END_DECLS
