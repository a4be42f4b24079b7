/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/tpm/tpm-esys-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n.h>
#include <glib/gstdio.h>

static void
set_missing (GError **error)
{
  g_set_error_literal (error, MORTISE_ERROR, MORTISE_ERROR_TPM_MISSING,
                       _ ("This computer shows no TPM 2.0, so that Mortise has nowhere to keep "
                          "passkeys. If it has one, switch it on in the firmware's settings."));
}

gboolean
mortise_tpm_device_check (const char *path, GError **error)
{
  /* Opened and not only asked about: what counts is what the kernel says to an open. */
  const int fd = g_open (path, O_RDWR | O_CLOEXEC, 0);
  const int failure = errno;

  if (fd >= 0)
    return g_close (fd, NULL);
  switch (failure)
    {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case ENOTDIR:
      set_missing (error);
      return FALSE;
    case EACCES:
    case EPERM:
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_ACCESS,
                   _ ("This computer has a TPM, but you may not use it (%s). The computer has to "
                      "be set up for Mortise once."),
                   path);
      return FALSE;
    case EBUSY:
      g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_TPM_BUSY,
                   _ ("Another program uses the TPM alone (%s). No passkey is lost; close that "
                      "program and try again."),
                   path);
      return FALSE;
    default:
      g_set_error (
          error, MORTISE_ERROR, MORTISE_ERROR_TPM_GONE,
          _ ("The TPM does not answer (%s: %s). No passkey is lost; restart the computer."), path,
          g_strerror (failure));
      return FALSE;
    }
}

/* A TPM 1.2 has a node too, and no resource manager. */
static gboolean
is_version_1 (const char *class_dir)
{
  g_autofree char *path = g_build_filename (class_dir, "tpm0", "tpm_version_major", NULL);
  g_autofree char *version = NULL;

  return g_file_get_contents (path, &version, NULL, NULL) &&
         g_ascii_strtoull (version, NULL, 10) == 1;
}

char *
mortise_tpm_device_find (const char *dev_dir, const char *class_dir, GError **error)
{
  g_autofree char *managed = g_build_filename (dev_dir, "tpmrm0", NULL);
  g_autofree char *raw = g_build_filename (dev_dir, "tpm0", NULL);
  const char *path = g_file_test (managed, G_FILE_TEST_EXISTS) ? managed : raw;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      set_missing (error);
      return NULL;
    }
  if (is_version_1 (class_dir))
    {
      mortise_tpm_rc_set_error (TPM2_RC_BAD_TAG, error);
      return NULL;
    }
  if (!mortise_tpm_device_check (path, error))
    return NULL;
  return g_strconcat ("device:", path, NULL);
}
