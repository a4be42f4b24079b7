/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "core/mortise-secret.h"

G_BEGIN_DECLS

/*
 * The agent starts mortise-prompt for one question with `--fd=N`, N being its end of a socketpair
 * (AF_UNIX, SOCK_STREAM). Frames go both ways: u32 little-endian payload size, u8 type, payload.
 * Dictionaries are serialised GVariants of type a{sv}, little-endian, checked for normal form.
 *
 * Order of a dialogue:
 *   agent → QUESTION        once
 *   prompt → SHOWN          once, when the window is on the screen
 *   prompt → SECRET*, ANSWER    the person said yes; secrets typed for it come just before
 *   agent → UPDATE          the answer was not accepted (wrong PIN …): the prompt asks again
 *   agent → UPDATE          progress while the agent works
 *   agent → SECRET          after a first yes to "new-code": the code to show; the prompt asks for
 * a second one, which it takes once the end of the code was typed agent → RAISE           show
 * yourself (WINK, or a second notification) agent closes            all is done or withdrawn: the
 * prompt goes away prompt closes           counts as "denied" A "no" is ANSWER with "approved"
 * false.
 */

typedef enum
{
  MORTISE_FRAME_QUESTION = 1,
  MORTISE_FRAME_UPDATE = 2,
  MORTISE_FRAME_RAISE = 3,
  MORTISE_FRAME_SHOWN = 16,
  MORTISE_FRAME_ANSWER = 17,
  MORTISE_FRAME_SECRET = 18,
} MortiseFrameType;

/** First byte of a SECRET payload; the secret's bytes follow. */
typedef enum
{
  MORTISE_SECRET_KIND_PIN = 1,
  MORTISE_SECRET_KIND_NEW_PIN = 2,
  MORTISE_SECRET_KIND_RECOVERY_CODE = 3,
  MORTISE_SECRET_KIND_PASSPHRASE = 4,
} MortiseSecretKind;

/** Largest payload of a dictionary frame and of a secret frame, in bytes. */
#define MORTISE_FRAME_MAX_SIZE   (1024 * 1024)
#define MORTISE_FRAME_MAX_SECRET 1025

/*
 * Members of QUESTION:
 *  "kind" s: one of "register" "sign-in" "select" "excluded" "no-passkey" "verify" "unlock" "reset"
 *            (as MortiseConsentKind) or, from the window or mortisectl over the bus:
 *            "create-vault" "change-pin" "delete" "purge" "edit" "new-code" "recover"
 *  "rp-id" s, "rp-name" s, "user-name" s, "user-display-name" s   (absent when there is none)
 *  "accounts" aa{sv}: each "user-name" s, "user-display-name" s, "label" s, "last-used" x,
 *            "created" x
 *  "needs-pin" b: a PIN must come with the answer
 *  "finger" b: a finger on the reader may do instead; UPDATE says when, and how it goes
 *  "verify" b: the site asked for verification (tells why the PIN is asked)
 *  "permissions" u: for "verify": what the program that asks may do afterwards, as flags (CTAP 2.1
 *            §6.5.5.7): 0x01 make passkeys, 0x02 sign in, 0x04 manage passkeys, 0x10 write large
 *            blobs, 0x20 change the authenticator's settings, 0x40 list passkeys from then on
 *  "retries" u: tries left before the PIN is blocked
 *  "offer-recovery" b: the recovery code and a new PIN may come with the answer instead of the PIN
 *  "pin-blocked" b: no PIN is taken now
 *  "has-code" b: for "new-code": there is a recovery code, which the new one replaces
 *  "min-pin-length" u: code points, for a new PIN
 *  "offer-export" b, "allow-export" b
 *  "algorithm" i: COSE algorithm for "register"
 *  "passkeys" as: for "delete" "purge" and "edit", what it is about, one line each
 *  "changes" as: for "edit": one line each, what becomes what
 *  "count" u: for "reset": how many passkeys will be lost; for "delete" and "purge": how many there
 *            are, as "passkeys" may be cut
 *  "requester" s: who asks, for questions over the bus: "the Mortise window", or the program's name
 *            and process number as the bus daemon tells it
 *  "demo" b: demo mode: the prompt says so
 *  "software-tpm" b: the TPM is one in software, in a demo or not: the prompt says so
 *  "host" s: this computer's name
 *  "timeout" u: seconds after which the agent gives up
 *
 * Members of ANSWER: "approved" b; "allow-export" b; "account" u; "recover" b: neither yes nor no:
 *            the person wants to use the recovery code
 * Members of UPDATE: "working" b; "pin-wrong" b; "retries" u; "message" s (ready to show, already
 *            translated by the agent); "fatal" b: nothing more can be answered, only closed;
 *            "recovery" b: ask for the recovery code and a new PIN from now on; or, apart from all
 *            these, "finger" s: how it goes with the fingerprint reader: "waiting" for a finger,
 *            which then was read badly ("again" "too-short" "not-centered" "lift") or is a wrong
 *            one ("no-match"); "match": the prompt answers yes, without a PIN; "spent": wrong ones
 *            too often; "off": no finger is taken, and "message" says why
 */

/**
 * MortisePromptChannel:
 *
 * One end of the dialogue: a file descriptor, blocking. One thread may send while another receives;
 * otherwise not thread-safe.
 */
typedef struct _MortisePromptChannel MortisePromptChannel;

/** mortise_prompt_channel_new: (transfer full): takes over @fd and sets FD_CLOEXEC on it */
MortisePromptChannel *mortise_prompt_channel_new (int fd);
void mortise_prompt_channel_free (MortisePromptChannel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (MortisePromptChannel, mortise_prompt_channel_free)
int mortise_prompt_channel_get_fd (MortisePromptChannel *channel);

/**
 * mortise_prompt_channel_send:
 * @dictionary: (nullable): floating a{sv}, sunk; %NULL for none (an empty one)
 *
 * Errors: %MORTISE_ERROR_DENIED when the other end closed, %MORTISE_ERROR_TIMED_OUT when it reads
 * nothing for ten seconds, %MORTISE_ERROR_PROMPT_FAILED for a dictionary over
 * %MORTISE_FRAME_MAX_SIZE.
 */
gboolean mortise_prompt_channel_send (MortisePromptChannel *channel,
                                      MortiseFrameType type,
                                      GVariant *dictionary,
                                      GError **error);

gboolean mortise_prompt_channel_send_secret (MortisePromptChannel *channel,
                                             MortiseSecretKind kind,
                                             const MortiseSecret *secret,
                                             GError **error);

/**
 * mortise_prompt_channel_receive:
 * @cancellable: (nullable): waiting ends when it is cancelled
 * @timeout_ms: how long to wait for the frame, or −1
 * @ret_type: (out): the frame's type
 * @ret_dictionary: (out) (nullable) (transfer full): for every frame but SECRET, maybe empty
 * @ret_kind, @ret_secret: (out) (nullable): for SECRET frames; the bytes go straight from the
 *   socket into locked memory
 *
 * Returns: %TRUE for a frame; %MORTISE_ERROR_DENIED when the other end closed,
 *   %MORTISE_ERROR_CANCELLED, %MORTISE_ERROR_TIMED_OUT (a frame that had begun to come in is not
 *   lost: the next call goes on with it, so that a @timeout_ms of 0 suits a main loop),
 *   %MORTISE_ERROR_PROMPT_FAILED for a frame of the wrong shape or cut off by the other end's death
 */
gboolean mortise_prompt_channel_receive (MortisePromptChannel *channel,
                                         GCancellable *cancellable,
                                         int timeout_ms,
                                         MortiseFrameType *ret_type,
                                         GVariant **ret_dictionary,
                                         MortiseSecretKind *ret_kind,
                                         MortiseSecret **ret_secret,
                                         GError **error);

G_END_DECLS
