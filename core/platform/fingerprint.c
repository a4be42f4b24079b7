/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "core/platform/fingerprint.h"

#include <string.h>

#include "core/mortise-source.h"

#define FPRINT            "net.reactivated.Fprint"
#define MANAGER_PATH      "/net/reactivated/Fprint/Manager"
#define MANAGER_INTERFACE FPRINT ".Manager"
#define DEVICE_INTERFACE  FPRINT ".Device"
#define FPRINT_ERROR      FPRINT ".Error."

#define BUS         "org.freedesktop.DBus"
#define BUS_PATH    "/org/freedesktop/DBus"
#define BUS_ERROR   BUS ".Error."
#define PROPERTIES  BUS ".Properties"
#define ANY_FINGER  "any"
#define THIS_PERSON ""

/* Waking a reader takes seconds; one that takes longer is of no use to who has the PIN ready. A
 * check only asks the service what it knows. */
#define VERIFY_TIMEOUT_MS 15000
#define CHECK_TIMEOUT_MS  4000

/* A reader that sees fingers where there are none must not keep us busy. */
#define MAX_SCANS 30

struct _MortiseFingerprint
{
  GObject parent_instance;

  GMutex lock;
  GDBusConnection *bus; /* nullable */
};

G_DEFINE_FINAL_TYPE (MortiseFingerprint, mortise_fingerprint, G_TYPE_OBJECT)

/* One check or one verification. Belongs to the main context of its task; each call under way has a
 * reference. */
typedef struct
{
  GTask *task; /* %NULL once it is over */
  GDBusConnection *bus;
  GSource *cancel_source;
  char *owner;
  guint32 owner_uid;
  char *device;
  char *reader;

  guint max_misses; /* 0 for a check */
  MortiseFingerprintScanFunc on_scan;
  gpointer scan_data;
  guint misses;
  guint scans;
  guint status_signals;
  guint owner_signals;

  /* Claim, VerifyStart or VerifyStop is under way: they are never abandoned, for the reader must be
   * released after what they did. */
  gboolean changing;
  gboolean claimed;
  gboolean started;
  gboolean done; /* what was started has ended by itself, and has to be stopped all the same */
} Session;

static MortiseFingerprintStatus
status_of_error (const GError *error)
{
  static const struct
  {
    const char *name;
    MortiseFingerprintStatus status;
  } meanings[] = {
    { FPRINT_ERROR "NoSuchDevice", MORTISE_FINGERPRINT_NO_READER },
    { FPRINT_ERROR "NoEnrolledPrints", MORTISE_FINGERPRINT_NO_FINGER },
    { FPRINT_ERROR "AlreadyInUse", MORTISE_FINGERPRINT_IN_USE },
    { FPRINT_ERROR "PermissionDenied", MORTISE_FINGERPRINT_NOT_ALLOWED },
    { BUS_ERROR "AccessDenied", MORTISE_FINGERPRINT_NOT_ALLOWED },
    { BUS_ERROR "ServiceUnknown", MORTISE_FINGERPRINT_LOST },
    { BUS_ERROR "NameHasNoOwner", MORTISE_FINGERPRINT_LOST },
    { BUS_ERROR "NoReply", MORTISE_FINGERPRINT_LOST },
    { BUS_ERROR "Disconnected", MORTISE_FINGERPRINT_LOST },
  };
  g_autofree char *name = g_dbus_error_get_remote_error (error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return MORTISE_FINGERPRINT_CANCELLED;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED))
    return MORTISE_FINGERPRINT_LOST;
  for (gsize i = 0; i < G_N_ELEMENTS (meanings); i++)
    if (g_strcmp0 (name, meanings[i].name) == 0)
      return meanings[i].status;
  return MORTISE_FINGERPRINT_FAILED;
}

/* --- A session's life --------------------------------------------------------------------------
 */

static void
session_clear (Session *session)
{
  g_assert (session->task == NULL);
  g_clear_object (&session->bus);
  g_free (session->owner);
  g_free (session->device);
  g_free (session->reader);
}

static Session *
session_ref (Session *session)
{
  return g_atomic_rc_box_acquire (session);
}

static void
session_unref (Session *session)
{
  g_atomic_rc_box_release_full (session, (GDestroyNotify) session_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Session, session_unref)

static gboolean
is_over (Session *session)
{
  return session->task == NULL;
}

/* What a reply leads to; either @reply or @error is there. The session may be over. */
typedef void (*Step) (Session *session, GVariant *reply, const GError *error);

typedef struct
{
  Session *session;
  Step step;
} Call;

static void
on_reply (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Call *call = user_data;
  g_autoptr (Session) session = call->session;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply == NULL)
    g_debug ("fprintd: %s", error->message);
  call->step (session, reply, error);
}

static void
call (Session *session,
      const char *to,
      const char *path,
      const char *interface,
      const char *method,
      GVariant *arguments,
      const char *reply_type,
      GCancellable *cancellable,
      Step step)
{
  Call *pending = g_new (Call, 1);

  pending->session = session_ref (session);
  pending->step = step;
  g_dbus_connection_call (session->bus, to, path, interface, method, arguments,
                          G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NO_AUTO_START,
                          session->max_misses > 0 ? VERIFY_TIMEOUT_MS : CHECK_TIMEOUT_MS,
                          cancellable, on_reply, pending);
}

static void
ask_bus (
    Session *session, const char *method, GVariant *arguments, const char *reply_type, Step step)
{
  call (session, BUS, BUS_PATH, BUS, method, arguments, reply_type,
        g_task_get_cancellable (session->task), step);
}

/* What changes the reader's state: not cancellable, see Session. */
static void
change_device (Session *session, const char *method, GVariant *arguments, Step step)
{
  session->changing = TRUE;
  call (session, session->owner, session->device, DEVICE_INTERFACE, method, arguments, "()", NULL,
        step);
}

/* Nobody waits for it any more. */
static void
on_released (Session *session, GVariant *reply, const GError *error)
{
}

static void
on_stopped_for_good (Session *session, GVariant *reply, const GError *error)
{
  change_device (session, "Release", NULL, on_released);
}

/* Gives the reader back, once nothing of ours is under way. */
static void
let_go (Session *session)
{
  if (session->changing || !session->claimed)
    return;
  session->claimed = FALSE;
  if (session->started)
    change_device (session, "VerifyStop", NULL, on_stopped_for_good);
  else
    change_device (session, "Release", NULL, on_released);
}

static void
finish (Session *session, MortiseFingerprintStatus status)
{
  g_autoptr (GTask) task = g_steal_pointer (&session->task);

  if (task == NULL)
    return;
  if (session->status_signals != 0)
    g_dbus_connection_signal_unsubscribe (session->bus, session->status_signals);
  if (session->owner_signals != 0)
    g_dbus_connection_signal_unsubscribe (session->bus, session->owner_signals);
  session->status_signals = session->owner_signals = 0;
  mortise_source_clear (&session->cancel_source);
  let_go (session);
  g_task_return_int (task, (gssize) status);
}

/* Whether there is nothing to go on with, because of @error or since the session is over already.
 */
static gboolean
has_failed (Session *session, const GError *error)
{
  MortiseFingerprintStatus status;

  if (is_over (session))
    return TRUE;
  if (error == NULL)
    return FALSE;
  status = status_of_error (error);
  /* Until the service has an owner: whatever keeps it from starting, it is not there. */
  if (session->owner == NULL && status != MORTISE_FINGERPRINT_CANCELLED &&
      status != MORTISE_FINGERPRINT_NOT_ALLOWED)
    status = MORTISE_FINGERPRINT_NO_SERVICE;
  finish (session, status);
  return TRUE;
}

/* --- Verifying ---------------------------------------------------------------------------------
 */

static void
tell (Session *session, MortiseFingerprintScan scan)
{
  session->on_scan (scan, session->scan_data);
}

static void start_verify (Session *session);

static void
on_verify_stopped (Session *session, GVariant *reply, const GError *error)
{
  session->changing = FALSE;
  session->started = FALSE;
  if (has_failed (session, error))
    let_go (session);
  else
    start_verify (session);
}

static void
verify_again (Session *session)
{
  session->done = FALSE;
  change_device (session, "VerifyStop", NULL, on_verify_stopped);
}

static void
on_verify_started (Session *session, GVariant *reply, const GError *error)
{
  session->changing = FALSE;
  if (has_failed (session, error))
    let_go (session);
  else if (session->done)
    verify_again (session);
  else if (session->scans == 0)
    tell (session, MORTISE_FINGERPRINT_SCAN_WAITING);
}

static void
start_verify (Session *session)
{
  session->started = TRUE;
  change_device (session, "VerifyStart", g_variant_new ("(s)", ANY_FINGER), on_verify_started);
}

static void
handle_scan (Session *session, MortiseFingerprintScan scan, gboolean done)
{
  session->scans++;
  if (scan == MORTISE_FINGERPRINT_SCAN_NO_MATCH && ++session->misses >= session->max_misses)
    {
      finish (session, MORTISE_FINGERPRINT_NO_MATCH);
      return;
    }
  if (session->scans >= MAX_SCANS)
    {
      finish (session, MORTISE_FINGERPRINT_FAILED);
      return;
    }
  tell (session, scan);
  session->done = session->done || done;
  /* Otherwise the reply that is still to come goes on from here. */
  if (session->done && !session->changing)
    verify_again (session);
}

static void
on_verify_status (GDBusConnection *bus,
                  const char *sender,
                  const char *path,
                  const char *interface,
                  const char *signal,
                  GVariant *parameters,
                  gpointer user_data)
{
  static const struct
  {
    const char *result;
    MortiseFingerprintScan scan;
  } scans[] = {
    { "verify-no-match", MORTISE_FINGERPRINT_SCAN_NO_MATCH },
    { "verify-retry-scan", MORTISE_FINGERPRINT_SCAN_AGAIN },
    { "verify-swipe-too-short", MORTISE_FINGERPRINT_SCAN_TOO_SHORT },
    { "verify-finger-not-centered", MORTISE_FINGERPRINT_SCAN_NOT_CENTERED },
    { "verify-remove-and-retry", MORTISE_FINGERPRINT_SCAN_LIFT },
  };
  g_autoptr (Session) session = session_ref (user_data);
  const char *result;
  gboolean done;

  /* Before our own start it would be about somebody else's finger. */
  if (is_over (session) || !session->started ||
      !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sb)")))
    return;
  g_variant_get (parameters, "(&sb)", &result, &done);
  g_debug ("fprintd: %s", result);
  if (strcmp (result, "verify-match") == 0)
    {
      finish (session, MORTISE_FINGERPRINT_MATCH);
      return;
    }
  if (strcmp (result, "verify-disconnected") == 0)
    {
      finish (session, MORTISE_FINGERPRINT_LOST);
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (scans); i++)
    if (strcmp (result, scans[i].result) == 0)
      {
        handle_scan (session, scans[i].scan, done);
        return;
      }
  /* "verify-unknown-error", and what later versions may tell. */
  if (done)
    finish (session, MORTISE_FINGERPRINT_FAILED);
  else
    handle_scan (session, MORTISE_FINGERPRINT_SCAN_AGAIN, FALSE);
}

static void
on_owner_changed (GDBusConnection *bus,
                  const char *sender,
                  const char *path,
                  const char *interface,
                  const char *signal,
                  GVariant *parameters,
                  gpointer user_data)
{
  g_autoptr (Session) session = session_ref (user_data);

  session->claimed = FALSE;
  finish (session, MORTISE_FINGERPRINT_LOST);
}

static void
on_claimed (Session *session, GVariant *reply, const GError *error)
{
  session->changing = FALSE;
  session->claimed = reply != NULL;
  if (is_over (session))
    let_go (session);
  else if (!has_failed (session, error))
    start_verify (session);
}

static void
claim (Session *session)
{
  session->status_signals = g_dbus_connection_signal_subscribe (
      session->bus, session->owner, DEVICE_INTERFACE, "VerifyStatus", session->device, NULL,
      G_DBUS_SIGNAL_FLAGS_NONE, on_verify_status, session_ref (session),
      (GDestroyNotify) session_unref);
  session->owner_signals = g_dbus_connection_signal_subscribe (
      session->bus, BUS, BUS, "NameOwnerChanged", BUS_PATH, session->owner,
      G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed, session_ref (session),
      (GDestroyNotify) session_unref);
  change_device (session, "Claim", g_variant_new ("(s)", THIS_PERSON), on_claimed);
}

/* --- Finding the reader ------------------------------------------------------------------------
 */

static void
on_reader_name (Session *session, GVariant *reply, const GError *error)
{
  g_autoptr (GVariant) value = NULL;

  if (is_over (session))
    return;
  /* A reader without a name is as good. */
  if (reply != NULL)
    g_variant_get (reply, "(v)", &value);
  if (value != NULL && g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    session->reader = g_variant_dup_string (value, NULL);
  finish (session, MORTISE_FINGERPRINT_READY);
}

static void
on_fingers (Session *session, GVariant *reply, const GError *error)
{
  g_autoptr (GVariant) fingers = NULL;

  if (has_failed (session, error))
    return;
  fingers = g_variant_get_child_value (reply, 0);
  if (g_variant_n_children (fingers) == 0)
    finish (session, MORTISE_FINGERPRINT_NO_FINGER);
  else if (session->max_misses > 0)
    claim (session);
  else
    call (session, session->owner, session->device, PROPERTIES, "Get",
          g_variant_new ("(ss)", DEVICE_INTERFACE, "name"), "(v)",
          g_task_get_cancellable (session->task), on_reader_name);
}

static void
on_device (Session *session, GVariant *reply, const GError *error)
{
  if (has_failed (session, error))
    return;
  g_variant_get (reply, "(o)", &session->device);
  call (session, session->owner, session->device, DEVICE_INTERFACE, "ListEnrolledFingers",
        g_variant_new ("(s)", THIS_PERSON), "(as)", g_task_get_cancellable (session->task),
        on_fingers);
}

static void
get_device (Session *session)
{
  call (session, session->owner, MANAGER_PATH, MANAGER_INTERFACE, "GetDefaultDevice", NULL, "(o)",
        g_task_get_cancellable (session->task), on_device);
}

static void
on_bus_uid (Session *session, GVariant *reply, const GError *error)
{
  guint32 uid = G_MAXUINT32;

  if (is_over (session))
    return;
  if (reply != NULL)
    g_variant_get (reply, "(u)", &uid);
  if (reply == NULL || uid != session->owner_uid)
    finish (session, MORTISE_FINGERPRINT_UNTRUSTED);
  else
    get_device (session);
}

static void
on_owner_uid (Session *session, GVariant *reply, const GError *error)
{
  if (has_failed (session, error))
    return;
  g_variant_get (reply, "(u)", &session->owner_uid);
  if (session->owner_uid == 0)
    get_device (session);
  else
    ask_bus (session, "GetConnectionUnixUser", g_variant_new ("(s)", BUS), "(u)", on_bus_uid);
}

static void
take_owner (Session *session, GVariant *reply)
{
  g_variant_get (reply, "(s)", &session->owner);
  ask_bus (session, "GetConnectionUnixUser", g_variant_new ("(s)", session->owner), "(u)",
           on_owner_uid);
}

static void
on_new_owner (Session *session, GVariant *reply, const GError *error)
{
  if (!has_failed (session, error))
    take_owner (session, reply);
}

static void
on_service_started (Session *session, GVariant *reply, const GError *error)
{
  if (!has_failed (session, error))
    ask_bus (session, "GetNameOwner", g_variant_new ("(s)", FPRINT), "(s)", on_new_owner);
}

/* The service ends by itself when nobody needed it for a while. */
static void
on_owner (Session *session, GVariant *reply, const GError *error)
{
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) && !is_over (session))
    ask_bus (session, "StartServiceByName", g_variant_new ("(su)", FPRINT, 0), "(u)",
             on_service_started);
  else if (!has_failed (session, error))
    take_owner (session, reply);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  g_autoptr (Session) session = session_ref (user_data);

  finish (session, MORTISE_FINGERPRINT_CANCELLED);
  return G_SOURCE_REMOVE;
}

static void
begin (MortiseFingerprint *self,
       guint max_misses,
       MortiseFingerprintScanFunc on_scan,
       gpointer scan_data,
       GTask *task)
{
  GCancellable *cancellable = g_task_get_cancellable (task);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GDBusConnection) bus = self->bus != NULL ? g_object_ref (self->bus) : NULL;
  g_autoptr (Session) session = g_atomic_rc_box_new0 (Session);

  g_clear_pointer (&locker, g_mutex_locker_free);
  /* A match stays one, and what is left to do after a cancel is done. */
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, session_ref (session), (GDestroyNotify) session_unref);
  session->task = task;
  session->max_misses = max_misses;
  session->on_scan = on_scan;
  session->scan_data = scan_data;
  if (bus == NULL)
    {
      finish (session, MORTISE_FINGERPRINT_NO_SERVICE);
      return;
    }
  session->bus = g_steal_pointer (&bus);
  /* The calls of a check end by themselves when it is cancelled. */
  if (cancellable != NULL && max_misses > 0)
    {
      session->cancel_source = g_cancellable_source_new (cancellable);
      g_source_set_callback (session->cancel_source, G_SOURCE_FUNC (on_cancelled),
                             session_ref (session), (GDestroyNotify) session_unref);
      g_source_attach (session->cancel_source, g_task_get_context (task));
    }
  ask_bus (session, "GetNameOwner", g_variant_new ("(s)", FPRINT), "(s)", on_owner);
}

/* --- Public ------------------------------------------------------------------------------------
 */

void
mortise_fingerprint_check_async (MortiseFingerprint *self,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, mortise_fingerprint_check_async);
  begin (self, 0, NULL, NULL, task);
}

MortiseFingerprintStatus
mortise_fingerprint_check_finish (MortiseFingerprint *self, GAsyncResult *result, char **ret_reader)
{
  Session *session = g_task_get_task_data (G_TASK (result));
  MortiseFingerprintStatus status;

  g_return_val_if_fail (g_task_is_valid (result, self), MORTISE_FINGERPRINT_FAILED);

  status = (MortiseFingerprintStatus) g_task_propagate_int (G_TASK (result), NULL);
  if (ret_reader != NULL)
    *ret_reader = g_strdup (session->reader);
  return status;
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

MortiseFingerprintStatus
mortise_fingerprint_check (MortiseFingerprint *self, GCancellable *cancellable, char **ret_reader)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GAsyncResult) result = NULL;
  MortiseFingerprintStatus status;

  g_main_context_push_thread_default (context);
  mortise_fingerprint_check_async (self, cancellable, on_checked, &result);
  while (result == NULL)
    g_main_context_iteration (context, TRUE);
  status = mortise_fingerprint_check_finish (self, result, ret_reader);
  g_main_context_pop_thread_default (context);
  return status;
}

void
mortise_fingerprint_verify_async (MortiseFingerprint *self,
                                  guint max_misses,
                                  MortiseFingerprintScanFunc on_scan,
                                  GCancellable *cancellable,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  GTask *task = g_task_new (self, cancellable, callback, user_data);

  g_return_if_fail (max_misses > 0);

  g_task_set_source_tag (task, mortise_fingerprint_verify_async);
  begin (self, max_misses, on_scan, user_data, task);
}

MortiseFingerprintStatus
mortise_fingerprint_verify_finish (MortiseFingerprint *self, GAsyncResult *result)
{
  g_return_val_if_fail (g_task_is_valid (result, self), MORTISE_FINGERPRINT_FAILED);
  g_return_val_if_fail (g_async_result_is_tagged (result, mortise_fingerprint_verify_async),
                        MORTISE_FINGERPRINT_FAILED);

  return (MortiseFingerprintStatus) g_task_propagate_int (G_TASK (result), NULL);
}

void
mortise_fingerprint_set_bus (MortiseFingerprint *self, GDBusConnection *system_bus)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_set_object (&self->bus, system_bus);
}

static void
mortise_fingerprint_finalize (GObject *object)
{
  MortiseFingerprint *self = MORTISE_FINGERPRINT (object);

  g_clear_object (&self->bus);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (mortise_fingerprint_parent_class)->finalize (object);
}

static void
mortise_fingerprint_class_init (MortiseFingerprintClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = mortise_fingerprint_finalize;
}

static void
mortise_fingerprint_init (MortiseFingerprint *self)
{
  g_mutex_init (&self->lock);
}

MortiseFingerprint *
mortise_fingerprint_new (void)
{
  return g_object_new (MORTISE_TYPE_FINGERPRINT, NULL);
}
