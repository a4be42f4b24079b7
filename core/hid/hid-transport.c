/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/hid/hid-transport.h"

#include <glib/gi18n.h>
#include <unistd.h>

#include "core/hid/hid-broker.h"
#include "core/hid/hid-transport-private.h"

typedef struct
{
  GMainContext *context;
} MortiseHidTransportPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (MortiseHidTransport, mortise_hid_transport, G_TYPE_OBJECT)

enum
{
  SIGNAL_REPORT,
  SIGNAL_DISCONNECTED,
  SIGNAL_FAILED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static void
mortise_hid_transport_dispose (GObject *object)
{
  mortise_hid_transport_stop (MORTISE_HID_TRANSPORT (object));
  G_OBJECT_CLASS (mortise_hid_transport_parent_class)->dispose (object);
}

static void
mortise_hid_transport_finalize (GObject *object)
{
  MortiseHidTransportPrivate *priv =
      mortise_hid_transport_get_instance_private (MORTISE_HID_TRANSPORT (object));

  g_clear_pointer (&priv->context, g_main_context_unref);
  G_OBJECT_CLASS (mortise_hid_transport_parent_class)->finalize (object);
}

static void
mortise_hid_transport_class_init (MortiseHidTransportClass *klass)
{
  const GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = mortise_hid_transport_dispose;
  G_OBJECT_CLASS (klass)->finalize = mortise_hid_transport_finalize;
  signals[SIGNAL_REPORT] = g_signal_new ("report", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[SIGNAL_DISCONNECTED] =
      g_signal_new ("disconnected", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_FAILED] = g_signal_new ("failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                         G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
mortise_hid_transport_init (MortiseHidTransport *self)
{
  MortiseHidTransportPrivate *priv = mortise_hid_transport_get_instance_private (self);

  priv->context = g_main_context_ref_thread_default ();
}

GSource *
mortise_hid_transport_attach (MortiseHidTransport *self,
                              GSource *source,
                              GSourceFunc callback,
                              gpointer user_data)
{
  MortiseHidTransportPrivate *priv = mortise_hid_transport_get_instance_private (self);

  g_source_set_callback (source, callback, user_data, NULL);
  g_source_attach (source, priv->context);
  return source;
}

void
mortise_hid_transport_emit_report (MortiseHidTransport *self,
                                   const guint8 report[MORTISE_HID_REPORT_SIZE])
{
  g_signal_emit (self, signals[SIGNAL_REPORT], 0, report);
}

void
mortise_hid_transport_emit_disconnected (MortiseHidTransport *self)
{
  g_signal_emit (self, signals[SIGNAL_DISCONNECTED], 0);
}

void
mortise_hid_transport_emit_failed (MortiseHidTransport *self, const GError *error)
{
  g_signal_emit (self, signals[SIGNAL_FAILED], 0, error);
}

MortiseHidTransport *
mortise_hid_transport_new (const char *description, GError **error)
{
  g_return_val_if_fail (description != NULL, NULL);

  if (g_str_equal (description, "uhid"))
    return g_file_test (MORTISE_HID_BROKER_SOCKET, G_FILE_TEST_EXISTS)
               ? mortise_broker_transport_new (MORTISE_HID_BROKER_SOCKET)
               : mortise_uhid_transport_new ("/dev/uhid", getuid ());
  if (g_str_has_prefix (description, "uhid:") && description[5] != '\0')
    return mortise_uhid_transport_new (description + 5, getuid ());
  if (g_str_has_prefix (description, "broker:") && description[7] != '\0')
    return mortise_broker_transport_new (description + 7);
  if (g_str_has_prefix (description, "socket:") && description[7] != '\0')
    return mortise_socket_transport_new (description + 7);

  g_set_error (error, MORTISE_ERROR, MORTISE_ERROR_INVALID_ARGUMENT,
               _ ("“%s” is no transport. Use “uhid”, “uhid:PATH”, “broker:PATH” or “socket:PATH”."),
               description);
  return NULL;
}

gboolean
mortise_hid_transport_start (MortiseHidTransport *self, GError **error)
{
  g_return_val_if_fail (MORTISE_IS_HID_TRANSPORT (self), FALSE);

  return MORTISE_HID_TRANSPORT_GET_CLASS (self)->start (self, error);
}

void
mortise_hid_transport_stop (MortiseHidTransport *self)
{
  g_return_if_fail (MORTISE_IS_HID_TRANSPORT (self));

  MORTISE_HID_TRANSPORT_GET_CLASS (self)->stop (self);
}

void
mortise_hid_transport_send (MortiseHidTransport *self, const guint8 report[MORTISE_HID_REPORT_SIZE])
{
  g_return_if_fail (MORTISE_IS_HID_TRANSPORT (self));

  MORTISE_HID_TRANSPORT_GET_CLASS (self)->send (self, report);
}
