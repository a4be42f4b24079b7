/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/hid/active-session.h"
#include "app/hid/hid-service.h"
#include "core/hid/hid-transport-private.h"

/* First descriptor that systemd hands over (sd_listen_fds(3)). */
#define LISTEN_FD 3

/* Seconds without a client after which the service ends; its socket starts it again. */
#define IDLE_SECONDS 30

static GDBusConnection *system_bus;

static gboolean
may_use (uid_t user)
{
  return mortise_user_has_active_session (system_bus, user);
}

static MortiseHidTransport *
make_device (uid_t user)
{
  return mortise_uhid_transport_new ("/dev/uhid", user);
}

static int
take_listener (void)
{
  const char *pid = g_getenv ("LISTEN_PID");
  const char *count = g_getenv ("LISTEN_FDS");
  int type = 0;
  socklen_t size = sizeof type;

  if (pid == NULL || count == NULL || g_ascii_strtoll (pid, NULL, 10) != getpid () ||
      !g_str_equal (count, "1") || getsockopt (LISTEN_FD, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
      type != SOCK_SEQPACKET)
    return -1;
  (void) fcntl (LISTEN_FD, F_SETFD, FD_CLOEXEC);
  (void) fcntl (LISTEN_FD, F_SETFL, O_NONBLOCK);
  return LISTEN_FD;
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

typedef struct
{
  MortiseHidService *service;
  GMainLoop *loop;
} Idle;

static gboolean
quit_if_idle (gpointer data)
{
  Idle *idle = data;

  if (mortise_hid_service_count (idle->service) == 0)
    g_main_loop_quit (idle->loop);
  return G_SOURCE_CONTINUE;
}

int
main (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (MortiseHidService) service = NULL;
  g_autoptr (GError) error = NULL;
  const int listener = take_listener ();
  Idle idle;

  if (listener < 0)
    {
      g_printerr ("mortise-hid is started by systemd through mortise-hid.socket.\n");
      return EXIT_FAILURE;
    }
  system_bus = g_bus_get_sync (G_BUS_TYPE_SYSTEM, NULL, &error);
  if (system_bus == NULL)
    g_warning ("No system bus, so nobody can be told to sit here: %s", error->message);
  else
    /* Whoever has a device keeps it when the bus goes away. */
    g_dbus_connection_set_exit_on_close (system_bus, FALSE);

  service = mortise_hid_service_new (listener, make_device, may_use);
  idle = (Idle){ service, loop };
  g_timeout_add_seconds (IDLE_SECONDS, quit_if_idle, &idle);
  g_unix_signal_add (SIGTERM, quit, loop);
  g_unix_signal_add (SIGINT, quit, loop);
  g_main_loop_run (loop);
  g_clear_object (&system_bus);
  return EXIT_SUCCESS;
}
