/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "tests/fuzz/fuzz-site.h"

#include <cbor.h>
#include <string.h>

#include "core/ctap/authenticator-private.h"

static cbor_item_t *
load (GBytes *request)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (request, &size);
  struct cbor_load_result result;
  MortiseCborValue value;

  /* libcbor believes a length before it has seen what follows. What we refuse is not asked about.
   */
  if (size < 2 || mortise_cbor_parse (data + 1, size - 1, &value) != CTAP1_ERR_SUCCESS)
    return NULL;
  return cbor_load (data + 1, size - 1, &result);
}

/* Borrowed; NULL if there is no such member. */
static cbor_item_t *
member (cbor_item_t *map, int number, const char *name)
{
  struct cbor_pair *pairs;

  if (map == NULL || !cbor_isa_map (map))
    return NULL;
  pairs = cbor_map_handle (map);
  for (gsize i = 0; i < cbor_map_size (map); i++)
    {
      cbor_item_t *key = pairs[i].key;

      if (name == NULL ? cbor_isa_uint (key) && cbor_get_int (key) == (guint64) number
                       : cbor_isa_string (key) && cbor_string_is_definite (key) &&
                             cbor_string_length (key) == strlen (name) &&
                             memcmp (cbor_string_handle (key), name, strlen (name)) == 0)
        return pairs[i].value;
    }
  return NULL;
}

static char *
dup_text (cbor_item_t *item)
{
  if (item == NULL || !cbor_isa_string (item) || !cbor_string_is_definite (item))
    return NULL;
  return g_strndup ((const char *) cbor_string_handle (item), cbor_string_length (item));
}

static guint8
command_of (GBytes *request)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (request, &size);

  return size > 0 ? data[0] : 0;
}

char *
fuzz_site_of_request (GBytes *request)
{
  cbor_item_t *map = load (request);
  char *site = NULL;

  switch (command_of (request))
    {
    case CTAP_MAKE_CREDENTIAL:
      site = dup_text (member (member (map, 2, NULL), 0, "id"));
      break;
    case CTAP_GET_ASSERTION:
      site = dup_text (member (map, 1, NULL));
      break;
    case CTAP_CLIENT_PIN:
      site = dup_text (member (map, 0x0A, NULL));
      break;
    default:
      break;
    }
  if (map != NULL)
    cbor_decref (&map);
  return site;
}

gboolean
fuzz_request_has_token (GBytes *request)
{
  guint8 command = command_of (request);
  cbor_item_t *map = load (request);
  gboolean has = member (map, command == CTAP_MAKE_CREDENTIAL ? 8 : 6, NULL) != NULL;

  if (map != NULL)
    cbor_decref (&map);
  return has;
}
