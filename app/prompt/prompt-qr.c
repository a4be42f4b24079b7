/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include "app/prompt/prompt-qr.h"

#include <math.h>
#include <openssl/crypto.h>
#include <qrencode.h>
#include <string.h>

/* ISO/IEC 18004: four modules of white around it. */
#define QUIET 4

struct _MortisePromptQr
{
  int width;
  MortiseSecret *modules; /* a byte each, bit 0: black */
};

MortisePromptQr *
mortise_prompt_qr_new (const MortiseSecret *text)
{
  gsize size = mortise_secret_get_size (text);
  g_autoptr (MortiseSecret) terminated = mortise_secret_new (size + 1);
  MortisePromptQr *qr;
  QRcode *code;
  gsize n;

  memcpy (mortise_secret_get_bytes (terminated), mortise_secret_peek (text), size);
  code = QRcode_encodeString ((const char *) mortise_secret_peek (terminated), 0, QR_ECLEVEL_M,
                              QR_MODE_8, 1);
  if (code == NULL)
    return NULL;
  n = (gsize) code->width * (gsize) code->width;
  qr = g_new0 (MortisePromptQr, 1);
  qr->width = code->width;
  qr->modules = mortise_secret_new_from_data (code->data, n);
  OPENSSL_cleanse (code->data, n);
  QRcode_free (code);
  return qr;
}

void
mortise_prompt_qr_free (MortisePromptQr *qr)
{
  if (qr == NULL)
    return;
  mortise_secret_free (qr->modules);
  g_free (qr);
}

void
mortise_prompt_qr_draw (const MortisePromptQr *qr, cairo_t *cr, double size)
{
  const guint8 *modules = mortise_secret_peek (qr->modules);
  int whole = qr->width + 2 * QUIET;
  double scale = size / whole;

  cairo_save (cr);
  /* Whole pixels on a screen, or lines of grey show between the modules. */
  if (scale >= 2)
    scale = floor (scale);
  cairo_translate (cr, floor ((size - scale * whole) / 2), floor ((size - scale * whole) / 2));
  cairo_scale (cr, scale, scale);
  cairo_set_source_rgb (cr, 1, 1, 1);
  cairo_rectangle (cr, 0, 0, whole, whole);
  cairo_fill (cr);
  cairo_set_source_rgb (cr, 0, 0, 0);
  for (int y = 0; y < qr->width; y++)
    {
      for (int x = 0; x < qr->width; x++)
        {
          if ((modules[y * qr->width + x] & 1) != 0)
            cairo_rectangle (cr, QUIET + x, QUIET + y, 1, 1);
        }
    }
  cairo_fill (cr);
  cairo_restore (cr);
}
