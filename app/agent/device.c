/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/agent/device.h"

#define SOCKET_PREFIX "socket:"

struct _MortiseDevice
{
  GObject parent_instance;

  char *description;
  MortiseHidTransport *transport;
  MortiseCtaphid *ctaphid;
  gboolean u2f;
  char *socket_path; /* nullable */
  gboolean up;
  GError *problem;
};

enum
{
  SIGNAL_REQUEST,
  SIGNAL_WINK,
  SIGNAL_FAILED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (MortiseDevice, mortise_device, G_TYPE_OBJECT)

static void
request_cb (MortiseCtaphid *ctaphid, MortiseCtaphidRequest *request, gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_REQUEST], 0, request);
}

static void
wink_cb (MortiseCtaphid *ctaphid, gpointer user_data)
{
  g_signal_emit (user_data, signals[SIGNAL_WINK], 0);
}

static void
failed_cb (MortiseHidTransport *transport, const GError *error, gpointer user_data)
{
  MortiseDevice *self = MORTISE_DEVICE (user_data);

  mortise_device_stop (self);
  g_clear_error (&self->problem);
  self->problem = g_error_copy (error);
  g_signal_emit (self, signals[SIGNAL_FAILED], 0);
}

static void
drop_transport (MortiseDevice *self)
{
  g_signal_handlers_disconnect_by_data (self->ctaphid, self);
  g_signal_handlers_disconnect_by_data (self->transport, self);
  mortise_device_stop (self);
  g_clear_object (&self->ctaphid);
  g_clear_object (&self->transport);
}

static void
take_transport (MortiseDevice *self, MortiseHidTransport *transport)
{
  self->transport = transport;
  self->ctaphid = mortise_ctaphid_new (transport);
  mortise_ctaphid_set_u2f (self->ctaphid, self->u2f);
  g_signal_connect (self->ctaphid, "request", G_CALLBACK (request_cb), self);
  g_signal_connect (self->ctaphid, "wink", G_CALLBACK (wink_cb), self);
  g_signal_connect (self->transport, "failed", G_CALLBACK (failed_cb), self);
}

static void
mortise_device_finalize (GObject *object)
{
  MortiseDevice *self = MORTISE_DEVICE (object);

  drop_transport (self);
  g_free (self->description);
  g_free (self->socket_path);
  g_clear_error (&self->problem);
  G_OBJECT_CLASS (mortise_device_parent_class)->finalize (object);
}

static void
mortise_device_class_init (MortiseDeviceClass *klass)
{
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = mortise_device_finalize;
  signals[SIGNAL_REQUEST] = g_signal_new ("request", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 1, G_TYPE_POINTER);
  signals[SIGNAL_WINK] =
      g_signal_new ("wink", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_FAILED] =
      g_signal_new ("failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
mortise_device_init (MortiseDevice *self)
{
}

MortiseDevice *
mortise_device_new (const char *transport_description, GError **error)
{
  MortiseHidTransport *transport = mortise_hid_transport_new (transport_description, error);
  MortiseDevice *self;

  if (transport == NULL)
    return NULL;
  self = g_object_new (MORTISE_TYPE_DEVICE, NULL);
  self->description = g_strdup (transport_description);
  /* As mortise_ctaphid_new() leaves it. */
  self->u2f = TRUE;
  take_transport (self, transport);
  if (g_str_has_prefix (transport_description, SOCKET_PREFIX))
    self->socket_path = g_strdup (transport_description + strlen (SOCKET_PREFIX));
  return self;
}

gboolean
mortise_device_start (MortiseDevice *self, GError **error)
{
  if (self->up)
    return TRUE;
  /* The system service may have come or gone since: which way there is, is found out anew. */
  if (self->problem != NULL && !g_str_has_prefix (self->description, SOCKET_PREFIX))
    {
      MortiseHidTransport *transport = mortise_hid_transport_new (self->description, error);

      if (transport == NULL)
        return FALSE;
      drop_transport (self);
      take_transport (self, transport);
    }
  g_clear_error (&self->problem);
  self->up = mortise_hid_transport_start (self->transport, &self->problem);
  if (!self->up && error != NULL)
    *error = g_error_copy (self->problem);
  return self->up;
}

void
mortise_device_stop (MortiseDevice *self)
{
  if (!self->up)
    return;
  self->up = FALSE;
  mortise_ctaphid_drop_channels (self->ctaphid);
  mortise_hid_transport_stop (self->transport);
}

gboolean
mortise_device_is_up (MortiseDevice *self)
{
  return self->up;
}

const GError *
mortise_device_get_problem (MortiseDevice *self)
{
  return self->problem;
}

void
mortise_device_set_u2f (MortiseDevice *self, gboolean enabled)
{
  self->u2f = enabled;
  mortise_ctaphid_set_u2f (self->ctaphid, enabled);
}

const char *
mortise_device_get_kind (MortiseDevice *self)
{
  return self->socket_path != NULL ? "socket" : "device";
}

const char *
mortise_device_get_socket_path (MortiseDevice *self)
{
  return self->socket_path != NULL ? self->socket_path : "";
}
