/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/ctl/ctl-json.h"

#include <json-glib/json-glib.h>

static JsonNode *to_node (GVariant *value);

static char *
to_base64url (GVariant *bytes)
{
  gsize size;
  const guint8 *data = g_variant_get_fixed_array (bytes, &size, 1);
  char *text = g_base64_encode (data, size);

  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}

static JsonNode *
dictionary_to_node (GVariant *dictionary)
{
  JsonObject *object = json_object_new ();
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, dictionary);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      json_object_set_member (object, name, to_node (value));
      g_variant_unref (value);
    }
  return json_node_init_object (json_node_alloc (), object);
}

static JsonNode *
array_to_node (GVariant *list)
{
  JsonArray *array = json_array_new ();

  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) child = g_variant_get_child_value (list, i);

      json_array_add_element (array, to_node (child));
    }
  return json_node_init_array (json_node_alloc (), array);
}

static gint64
to_integer (GVariant *value)
{
  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BYTE:
      return g_variant_get_byte (value);
    case G_VARIANT_CLASS_INT32:
      return g_variant_get_int32 (value);
    case G_VARIANT_CLASS_UINT32:
      return g_variant_get_uint32 (value);
    case G_VARIANT_CLASS_UINT64:
      return (gint64) MIN (g_variant_get_uint64 (value), (guint64) G_MAXINT64);
    default:
      return g_variant_get_int64 (value);
    }
}

static JsonNode *
to_node (GVariant *value)
{
  JsonNode *node;

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_VARDICT))
    return dictionary_to_node (value);
  node = json_node_alloc ();
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return json_node_init_string (node, g_variant_get_string (value, NULL));
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    return json_node_init_boolean (node, g_variant_get_boolean (value));
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_BYTESTRING))
    {
      g_autofree char *text = to_base64url (value);

      return json_node_init_string (node, text);
    }
  if (g_variant_is_container (value))
    {
      json_node_unref (node);
      return array_to_node (value);
    }
  return json_node_init_int (node, to_integer (value));
}

/* Whether a terminal may do something else than draw it where it stands: DEL, the C1 controls (some
 * terminals take U+009B for the start of an escape sequence), format characters and line ends. */
static gboolean
is_unsafe (gunichar c)
{
  switch (g_unichar_type (c))
    {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
      return c != '\n';
    default:
      return FALSE;
    }
}

/* The same JSON in characters that are safe on a terminal: nothing outside of strings is concerned.
 */
static char *
escape_unsafe (const char *json)
{
  GString *safe = g_string_new (NULL);

  for (const char *c = json; *c != '\0'; c += g_utf8_skip[(guchar) *c])
    {
      gunichar character = g_utf8_get_char (c);
      gunichar2 *units;

      if (!is_unsafe (character))
        {
          g_string_append_unichar (safe, character);
          continue;
        }
      units = g_ucs4_to_utf16 (&character, 1, NULL, NULL, NULL);
      for (gsize i = 0; units != NULL && units[i] != 0; i++)
        g_string_append_printf (safe, "\\u%04x", units[i]);
      g_free (units);
    }
  return g_string_free (safe, FALSE);
}

void
mortise_ctl_print_json (GVariant *value)
{
  g_autoptr (JsonNode) node = to_node (value);
  g_autofree char *text = json_to_string (node, TRUE);
  g_autofree char *safe = escape_unsafe (text);

  g_print ("%s\n", safe);
}

void
mortise_ctl_print_json_member (const char *name, GVariant *value)
{
  g_autoptr (GVariant) object = NULL;
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert_value (&dict, name, value);
  object = g_variant_ref_sink (g_variant_dict_end (&dict));
  mortise_ctl_print_json (object);
}
