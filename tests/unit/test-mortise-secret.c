/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/mortise-secret.h"

#include <sys/prctl.h>

static void
test_not_dumpable (void)
{
  mortise_secret_init_memory ();
  g_assert_cmpint (prctl (PR_GET_DUMPABLE, 0, 0, 0, 0), ==, 0);
}

/* A library that frees a copy of a secret as it is. */
static void
test_freed_memory (void)
{
#ifndef __SANITIZE_ADDRESS__
  const gsize size = 400;
  volatile guintptr address;
  const volatile char *seen;
  char *copy;

  mortise_secret_init_memory ();
  copy = malloc (size);
  memset (copy, 'S', size);
  address = (guintptr) copy;
  free (copy);
  seen = (const volatile char *) address;
  /* The allocator's own links are at the start. */
  for (gsize i = 64; i < size; i++)
    g_assert_cmpint (seen[i], !=, 'S');
#endif
}

static gsize
locked_kib (void)
{
  g_autofree char *status = NULL;
  const char *line;

  g_assert_true (g_file_get_contents ("/proc/self/status", &status, NULL, NULL));
  line = strstr (status, "VmLck:");
  g_assert_nonnull (line);
  return (gsize) g_ascii_strtoull (line + strlen ("VmLck:"), NULL, 10);
}

static void
test_locked (void)
{
  g_assert_true (mortise_secret_init_memory ());
  g_assert_cmpuint (locked_kib (), >=, 128);
}

static void
test_compare (void)
{
  g_autoptr (MortiseSecret) a = mortise_secret_new_from_data ("abcd", 4);
  g_autoptr (MortiseSecret) b = mortise_secret_copy (a);
  g_autoptr (MortiseSecret) c = mortise_secret_new_from_data ("abc", 3);

  g_assert_true (mortise_secret_equal (a, b));
  g_assert_false (mortise_secret_equal (a, c));
  mortise_secret_get_bytes (b)[3] ^= 1;
  g_assert_false (mortise_secret_equal (a, b));
}

/* RFC 5869, test cases 1 and 3. */
static void
test_derive (void)
{
  guint8 ikm[22];
  const guint8 salt[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
  const guint8 no_info[] = { 0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f, 0x71, 0x5f, 0x80,
                             0x2a, 0x06, 0x3c, 0x5a, 0x31, 0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1 };
  const guint8 with_info[] = { 0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43,
                               0x4f, 0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90 };
  g_autoptr (GBytes) salt_bytes = g_bytes_new (salt, sizeof salt);
  g_autoptr (MortiseSecret) secret = NULL;
  g_autoptr (MortiseSecret) third = NULL;
  g_autoptr (MortiseSecret) first = NULL;

  memset (ikm, 0x0b, sizeof ikm);
  secret = mortise_secret_new_from_data (ikm, sizeof ikm);
  third = mortise_secret_derive (secret, NULL, "", sizeof no_info);
  g_assert_cmpmem (mortise_secret_peek (third), sizeof no_info, no_info, sizeof no_info);

  first = mortise_secret_derive (secret, salt_bytes, "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9",
                                 sizeof with_info);
  g_assert_cmpmem (mortise_secret_peek (first), sizeof with_info, with_info, sizeof with_info);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secret/not-dumpable", test_not_dumpable);
  g_test_add_func ("/secret/freed-memory", test_freed_memory);
  g_test_add_func ("/secret/locked", test_locked);
  g_test_add_func ("/secret/compare", test_compare);
  g_test_add_func ("/secret/derive", test_derive);
  return g_test_run ();
}
