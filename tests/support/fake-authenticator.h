/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "core/hid/ctaphid.h"

G_BEGIN_DECLS

/**
 * FakeAuthenticator:
 *
 * The least that libfido2 takes for a FIDO2 authenticator, with one key in memory, on a socket
 * transport in a thread of its own. It can lie, so that what checks its answers can be tested.
 * Fields are set between requests.
 */
typedef struct
{
  const char *rp_id; /* what the authenticator data is for */
  guint8 flags;      /* of registration and of sign-in, without AT */
  guint8 sign_in_flags;
  guint32 sign_count; /* the next one; it goes up by itself */
  guint8 status;      /* answered instead, if not 0 */
  gboolean hold;      /* answer nothing until cancelled */
  gboolean deaf;      /* not even then */
  gboolean wrong_signature;
  gboolean no_attestation; /* format "none" */
  gboolean no_uv;          /* without built-in verification */
  char *user_id;           /* sent at sign-in, if not NULL */
  int held;                /* (atomic) a request is being held */

  char *path;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  int listening; /* atomic */
  gpointer key;
  GPtrArray *pending;
} FakeAuthenticator;

FakeAuthenticator *fake_authenticator_new (const char *path);
void fake_authenticator_free (FakeAuthenticator *fake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FakeAuthenticator, fake_authenticator_free)

G_END_DECLS
