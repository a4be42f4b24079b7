/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <string.h>

#include "core/audit/naming-checks.h"
#include "core/audit/naming-text.h"
#include "core/audit/registrable-domain.h"

#define RLO "\xe2\x80\xae"
#define ZWS "\xe2\x80\x8b"
#define LRM "\xe2\x80\x8e"

/* 2025-03-04, noon UTC */
#define CREATED 1741089600

/* --- What names look like ----------------------------------------------------------------------
 */

static void
test_skeleton (void)
{
  static const struct
  {
    const char *a;
    const char *b;
    gboolean alike;
  } cases[] = {
    { "alice", "alice", TRUE },        { "alice", "bob", FALSE },
    { "paypal", "pаypal", TRUE }, /* Cyrillic а */
    { "paypal", "paypa1", TRUE },      { "google", "goog1e", TRUE },
    { "modern", "modem", TRUE },       { "ΑΒΓ", "ABΓ", TRUE },
    { "alice", "Alice", FALSE },       { "user-7", "user-8", FALSE },
    { "山田太郎", "山田太朗", FALSE }, { "", "", TRUE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *a = mortise_naming_skeleton (cases[i].a);
      g_autofree char *b = mortise_naming_skeleton (cases[i].b);

      g_assert_cmpint (g_str_equal (a, b), ==, cases[i].alike);
    }
}

static void
test_clean (void)
{
  static const char *const cases[][2] = {
    { "alice", "alice" },
    { " alice\t", "alice" },
    { "a" ZWS "lice", "alice" },
    { RLO "moc.elpmaxe@ecila", "moc.elpmaxe@ecila" },
    { "alice\x01\x1b[31m", "alice[31m" },
    { "alice \x01 example", "alice example" },
    { LRM "שלום" LRM, "שלום" },
    { ZWS ZWS, "" },
    { "👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *clean = mortise_naming_clean (cases[i][0]);

      g_assert_cmpstr (clean, ==, cases[i][1]);
    }
}

static void
test_cut (void)
{
  static const struct
  {
    const char *text;
    gsize max;
    const char *cut;
  } cases[] = {
    { "alice", 5, "alice" },
    { "alice", 4, "alic" },
    { "山田太郎", 12, "山田太郎" },
    { "山田太郎", 11, "山田太" },
    { "山田太郎", 10, "山田太" },
    { "山田太郎", 9, "山田太" },
    { "山田太郎", 8, "山田" },
    { "山田太郎", 2, "" },
    { "e\xcc\x81"
      "e\xcc\x81",
      5, "e\xcc\x81" },
    { "a👨‍👩‍👧‍👦", 12, "a" },
    { "🇯🇵🇯🇵", 12, "🇯🇵" },
    { "👨‍👩‍👧‍👦", 12, "" },
    { "", 0, "" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *cut = mortise_naming_cut (cases[i].text, cases[i].max);

      g_assert_cmpstr (cut, ==, cases[i].cut);
    }
}

static void
test_device (void)
{
  static const char *const devices[] = { "iPhone",
                                         "My iPhone 15 Pro",
                                         "Anna’s MacBook Air",
                                         "Windows Hello",
                                         "Chrome on Linux",
                                         "YubiKey 5",
                                         "Pixel 8",
                                         "Samsung Galaxy S23",
                                         "passkey",
                                         "Security key",
                                         "このデバイス",
                                         "iCloud Keychain",
                                         "ＩＰＨＯＮＥ",
                                         "my phone",
                                         "私のiPhone",
                                         "田中のスマホ",
                                         "新しいパソコン",
                                         "仕事用ノートPC",
                                         "マイ端末",
                                         "ｽﾏﾎ",
                                         "会社のＷｉｎｄｏｗｓパソコン",
                                         "この端末",
                                         "アイフォン 15",
                                         "ノートパソコン",
                                         "セキュリティキー 2" };
  static const char *const accounts[] = { "alice",
                                          "alice@iphone.example",
                                          "mac",
                                          "pixel",
                                          "Linux",
                                          "Anna Key",
                                          "Edge of Tomorrow",
                                          "山田太郎",
                                          "",
                                          "12345",
                                          "s23",
                                          "Windows Alice",
                                          "みの",
                                          "携帯太郎",
                                          "花子のパン屋",
                                          "マイケル",
                                          "新しい",
                                          "PC太郎",
                                          "スマホ花子",
                                          "端末@example.com" };

  for (gsize i = 0; i < G_N_ELEMENTS (devices); i++)
    {
      g_test_message ("%s", devices[i]);
      g_assert_true (mortise_naming_is_device (devices[i]));
    }
  for (gsize i = 0; i < G_N_ELEMENTS (accounts); i++)
    {
      g_test_message ("%s", accounts[i]);
      g_assert_false (mortise_naming_is_device (accounts[i]));
    }
}

static void
test_email (void)
{
  static const char *const cases[][2] = {
    { "alice@example.com", "alice@example.com" },
    { "Passkey of alice@example.com (work)", "alice@example.com" },
    { "<alice@example.co.uk>", "alice@example.co.uk" },
    { "alice@localhost", NULL },
    { "alice", NULL },
    { "@example.com", NULL },
    { "", NULL },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *email = mortise_naming_find_email (cases[i][0]);

      g_assert_cmpstr (email, ==, cases[i][1]);
    }
}

/* --- One passkey -------------------------------------------------------------------------------
 */

typedef struct
{
  const char *name;
  MortiseNamingSubject subject;
  int issue; /* -1: none */
  gboolean hint;
  MortiseNamingMend mend;
  const char *member;
  const char *value;
} Case;

#define SUBJECT(...)                                                                               \
  {                                                                                                \
    .id = 1, .rp_id = "example.com", .created = CREATED, __VA_ARGS__                               \
  }
#define LONG_NAME "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 63 */

static const Case cases[] = {
  { "well", SUBJECT (.user_name = "alice", .user_display_name = "Alice"), -1, FALSE, 0, NULL,
    NULL },
  { "well-u2f", SUBJECT (.u2f = TRUE), -1, FALSE, 0, NULL, NULL },
  { "well-rtl", SUBJECT (.user_name = "שלום"), -1, FALSE, 0, NULL, NULL },
  { "well-japanese", SUBJECT (.user_name = "山田太郎"), -1, FALSE, 0, NULL, NULL },
  { "well-noted", SUBJECT (.user_name = "alice", .nickname = "Security key"), -1, FALSE, 0, NULL,
    NULL },
  { "well-64", SUBJECT (.user_name = LONG_NAME "b"), -1, FALSE, 0, NULL, NULL },
  { "none", SUBJECT (.user_name = NULL), MORTISE_NAMING_EMPTY, FALSE, MORTISE_NAMING_MEND_EDIT,
    NULL, NULL },
  { "unseen-only", SUBJECT (.user_name = ZWS), MORTISE_NAMING_EMPTY, FALSE,
    MORTISE_NAMING_MEND_EDIT, NULL, NULL },
  { "white", SUBJECT (.user_name = " \t", .user_display_name = "Alice"), MORTISE_NAMING_EMPTY,
    FALSE, MORTISE_NAMING_MEND_SET, "user-name", "Alice" },
  { "control",
    SUBJECT (.user_name = "ali\x02"
                          "ce"),
    MORTISE_NAMING_UNSEEN, FALSE, MORTISE_NAMING_MEND_SET, "user-name", "alice" },
  { "trailing", SUBJECT (.user_name = "alice "), MORTISE_NAMING_UNSEEN, FALSE,
    MORTISE_NAMING_MEND_SET, "user-name", "alice" },
  { "display-control", SUBJECT (.user_name = "alice", .user_display_name = "Al" ZWS "ice"),
    MORTISE_NAMING_UNSEEN, FALSE, MORTISE_NAMING_MEND_SET, "user-display-name", "Alice" },
  { "turned", SUBJECT (.user_name = RLO "moc.elpmaxe@ecila"), MORTISE_NAMING_DIRECTION, FALSE,
    MORTISE_NAMING_MEND_SET, "user-name", "moc.elpmaxe@ecila" },
  { "mixed", SUBJECT (.user_name = "alice שלום"), MORTISE_NAMING_DIRECTION, TRUE,
    MORTISE_NAMING_MEND_EDIT, NULL, NULL },
  { "long", SUBJECT (.user_name = LONG_NAME "é"), MORTISE_NAMING_LONG, FALSE,
    MORTISE_NAMING_MEND_SET, "user-name", LONG_NAME },
  { "long-display", SUBJECT (.user_name = "a", .user_display_name = LONG_NAME "bc"),
    MORTISE_NAMING_LONG, FALSE, MORTISE_NAMING_MEND_SET, "user-display-name", LONG_NAME "b" },
  { "device", SUBJECT (.user_name = "My iPhone", .user_display_name = "Alice"),
    MORTISE_NAMING_DEVICE, FALSE, MORTISE_NAMING_MEND_SET, "user-name", "Alice" },
  { "device-twice", SUBJECT (.user_name = "iPhone", .user_display_name = "Apple iPhone"),
    MORTISE_NAMING_DEVICE, FALSE, MORTISE_NAMING_MEND_EDIT, NULL, NULL },
  { "repeated", SUBJECT (.user_name = "alice", .user_display_name = "alice"),
    MORTISE_NAMING_REPEATED, TRUE, MORTISE_NAMING_MEND_SET, "user-display-name", "" },
  { "old-email", SUBJECT (.user_name = "alice@old.example", .nickname = "alice@new.example"),
    MORTISE_NAMING_NICKNAME, FALSE, MORTISE_NAMING_MEND_SET, "user-name", "alice@new.example" },
  { "same-email", SUBJECT (.user_name = "alice@old.example", .nickname = "Alice@Old.example"), -1,
    FALSE, 0, NULL, NULL },
  { "other-device-japanese", SUBJECT (.user_name = "alice", .nickname = "私のアンドロイド"),
    MORTISE_NAMING_NICKNAME, FALSE, MORTISE_NAMING_MEND_SET, "nickname", "" },
  { "other-device-mixed", SUBJECT (.user_name = "alice", .nickname = "花子のiPhone 15"),
    MORTISE_NAMING_NICKNAME, FALSE, MORTISE_NAMING_MEND_SET, "nickname", "" },
  { "device-japanese", SUBJECT (.user_name = "私のスマホ", .user_display_name = "花子"),
    MORTISE_NAMING_DEVICE, FALSE, MORTISE_NAMING_MEND_SET, "user-name", "花子" },
  { "mixed-japanese", SUBJECT (.user_name = "花子 שלום"), MORTISE_NAMING_DIRECTION, TRUE,
    MORTISE_NAMING_MEND_EDIT, NULL, NULL },
  { "ideographic-space", SUBJECT (.user_name = "花子\xe3\x80\x80"), MORTISE_NAMING_UNSEEN, FALSE,
    MORTISE_NAMING_MEND_SET, "user-name", "花子" },
  { "long-japanese", SUBJECT (.user_name = "花子花子花子花子花子花子花子花子花子花子花子"),
    MORTISE_NAMING_LONG, FALSE, MORTISE_NAMING_MEND_SET, "user-name",
    "花子花子花子花子花子花子花子花子花子花子花" },
  { "other-device", SUBJECT (.user_name = "alice", .nickname = "iPhone (iCloud Keychain)"),
    MORTISE_NAMING_NICKNAME, FALSE, MORTISE_NAMING_MEND_SET, "nickname", "" },
};

static void
test_case (gconstpointer data)
{
  const Case *test = data;
  g_autoptr (MortiseNamingReport) report = mortise_naming_report_new (&test->subject, 1);
  GPtrArray *findings = mortise_naming_report_lookup (report, 1);
  const MortiseNamingFinding *finding = NULL;

  if (test->issue < 0)
    {
      g_assert_null (findings);
      g_assert_false (mortise_naming_report_has_trouble (report, 1));
      g_assert_cmpuint (mortise_naming_report_count_trouble (report), ==, 0);
      return;
    }
  g_assert_nonnull (findings);
  g_assert_cmpuint (findings->len, ==, 1);
  finding = findings->pdata[0];
  g_assert_cmpint ((int) finding->issue, ==, test->issue);
  g_assert_cmpint (finding->hint, ==, test->hint);
  g_assert_cmpint (finding->mend, ==, test->mend);
  g_assert_cmpstr (finding->mend_member, ==, test->member);
  g_assert_cmpstr (finding->mend_value, ==, test->value);
  g_assert_true (g_utf8_validate (finding->explanation, -1, NULL));
  g_assert_cmpuint (strlen (finding->explanation), >, 20);
  g_assert_cmpuint (strlen (finding->mend_label), >, 0);
  g_assert_cmpint (mortise_naming_report_has_trouble (report, 1), ==, !test->hint);
  g_assert_cmpuint (mortise_naming_report_count_trouble (report), ==, test->hint ? 0 : 1);
}

/* What a mend sets has no more of the same trouble. */
static void
test_mended (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      MortiseNamingSubject subject = cases[i].subject;
      g_autoptr (MortiseNamingReport) report = NULL;
      GPtrArray *findings = NULL;

      if (cases[i].member == NULL)
        continue;
      if (g_str_equal (cases[i].member, "user-name"))
        subject.user_name = cases[i].value;
      else if (g_str_equal (cases[i].member, "nickname"))
        subject.nickname = cases[i].value;
      else
        subject.user_display_name = cases[i].value;
      report = mortise_naming_report_new (&subject, 1);
      findings = mortise_naming_report_lookup (report, 1);
      for (guint j = 0; findings != NULL && j < findings->len; j++)
        g_assert_cmpint ((int) ((MortiseNamingFinding *) findings->pdata[j])->issue, !=,
                         cases[i].issue);
    }
}

/* --- Several passkeys --------------------------------------------------------------------------
 */

static const MortiseNamingFinding *
find (MortiseNamingReport *report, gint64 id, MortiseNamingIssue issue)
{
  GPtrArray *findings = mortise_naming_report_lookup (report, id);

  for (guint i = 0; findings != NULL && i < findings->len; i++)
    {
      const MortiseNamingFinding *finding = findings->pdata[i];

      if (finding->issue == issue)
        return finding;
    }
  return NULL;
}

static void
test_twins (void)
{
  const MortiseNamingSubject subjects[] = {
    { .id = 1, .rp_id = "a.example", .user_name = "alice", .label = "Work", .created = CREATED },
    { .id = 2, .rp_id = "a.example", .user_name = "alice ", .created = CREATED },
    { .id = 3, .rp_id = "a.example", .user_name = "аlice", .user_display_name = "A" },
    { .id = 4, .rp_id = "a.example", .user_name = "bob" },
    { .id = 5, .rp_id = "b.example", .user_name = "alice" },
    { .id = 6, .rp_id = "a.example", .user_name = NULL },
    { .id = 7, .rp_id = "a.example", .user_name = NULL },
  };
  g_autoptr (MortiseNamingReport) report =
      mortise_naming_report_new (subjects, G_N_ELEMENTS (subjects));
  const char *const values[] = { "alice (Work)", "alice (2025-03-04)", "аlice (A)" };

  for (gint64 id = 1; id <= 3; id++)
    {
      const MortiseNamingFinding *finding = find (report, id, MORTISE_NAMING_TWIN);

      g_assert_nonnull (finding);
      g_assert_true (finding->other_id >= 1 && finding->other_id <= 3 && finding->other_id != id);
      g_assert_cmpint (finding->mend, ==, MORTISE_NAMING_MEND_SET);
      g_assert_cmpstr (finding->mend_member, ==, "user-name");
      g_assert_cmpstr (finding->mend_value, ==, values[id - 1]);
    }
  for (gint64 id = 4; id <= 7; id++)
    g_assert_null (find (report, id, MORTISE_NAMING_TWIN));
  g_assert_cmpuint (mortise_naming_report_count_trouble (report), ==, 5);
}

/* A proposed name that is taken already is not proposed. */
static void
test_twin_taken (void)
{
  const MortiseNamingSubject subjects[] = {
    { .id = 1, .rp_id = "a.example", .user_name = "alice", .created = CREATED },
    { .id = 2, .rp_id = "a.example", .user_name = "alice", .created = CREATED },
    { .id = 3, .rp_id = "a.example", .user_name = "alice (2025-03-04)", .created = CREATED },
  };
  g_autoptr (MortiseNamingReport) report =
      mortise_naming_report_new (subjects, G_N_ELEMENTS (subjects));

  g_assert_cmpstr (find (report, 1, MORTISE_NAMING_TWIN)->mend_value, ==, "alice (2)");
  g_assert_null (find (report, 3, MORTISE_NAMING_TWIN));
}

static void
test_nickname_of_other (void)
{
  const MortiseNamingSubject subjects[] = {
    { .id = 1, .rp_id = "a.example", .user_name = "alice", .nickname = "Bob" },
    { .id = 2, .rp_id = "a.example", .user_name = "bob", .nickname = "bob" },
    { .id = 3, .rp_id = "b.example", .user_name = "carol", .nickname = "bob" },
  };
  g_autoptr (MortiseNamingReport) report =
      mortise_naming_report_new (subjects, G_N_ELEMENTS (subjects));
  const MortiseNamingFinding *finding = find (report, 1, MORTISE_NAMING_NICKNAME);

  g_assert_nonnull (finding);
  g_assert_cmpint (finding->other_id, ==, 2);
  g_assert_cmpstr (finding->mend_member, ==, "nickname");
  g_assert_cmpstr (finding->mend_value, ==, "");
  g_assert_null (find (report, 2, MORTISE_NAMING_NICKNAME));
  g_assert_null (find (report, 3, MORTISE_NAMING_NICKNAME));
}

typedef enum
{
  APART,
  ALMOST,
  ALIKE,
} Likeness;

static void
test_sites (void)
{
  static const struct
  {
    const char *a;
    const char *b;
    Likeness likeness;
  } pairs[] = {
    { "paypal.com", "paypa1.com", ALIKE },
    { "paypal.com", "login.paypa1.com", ALIKE },
    { "apple.com", "xn--80ak6aa92e.com", ALIKE },
    { "example.com", "EXAMPLE.com", APART },
    { "example.com", "login.example.com", APART },
    { "a.example.co.uk", "b.example.co.uk", APART },
    { "example.co.uk", "exarnple.co.uk", ALIKE },
    { "amazon.com", "amazon.de", APART },
    { "github.com", "gitlab.com", APART },
    { "github.com", "githud.com", ALMOST },
    { "github.com", "gihtub.com", ALMOST },
    { "github.com", "githubb.com", ALMOST },
    { "slack.com", "black.com", APART },
    { "server-1.example", "server-2.example", APART },
    { "server-10.example", "server-1.example", APART },
    { "server-0.example", "server-1.example", APART },
    { "localhost", "localhast", APART },
    { "ssh:", "ssn:", APART },
    { "192.168.0.1", "192.168.0.2", APART },
    { "..", "...", APART },
    { "example.co.uk", "example.org.uk", APART },
    { "co.uk", "example.co.uk", APART },
    /* Each name below these has an owner of its own. */
    { "alice.github.io", "bob.github.io", APART },
    { "paypal.github.io", "paypa1.github.io", ALIKE },
    { "example.github.io", "exampel.github.io", ALMOST },
    { "www.alice.github.io", "alice.github.io", APART },
    { "github.io", "githud.io", ALMOST },
    { "foo.kawasaki.jp", "city.kawasaki.jp", APART },
    { "bank.xn--55qx5d.cn", "shop.公司.cn", APART },
    { "paypal.xn--55qx5d.cn", "paypa1.公司.cn", ALIKE },
    { "paypal.公司.cn", "www.paypal.xn--55qx5d.cn", APART },
    { "https://www.paypal.com/app-id.json", "paypa1.com", ALIKE },
    { "https://www.paypal.com/app-id.json", "paypal.com", APART },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      const MortiseNamingSubject subjects[] = {
        { .id = 1, .rp_id = pairs[i].a, .user_name = "a", .created = CREATED },
        { .id = 2, .rp_id = pairs[i].b, .user_name = "b", .created = CREATED + 1 },
      };
      g_autoptr (MortiseNamingReport) report = mortise_naming_report_new (subjects, 2);
      const MortiseNamingFinding *earlier = find (report, 1, MORTISE_NAMING_LOOKALIKE_SITE);
      const MortiseNamingFinding *later = find (report, 2, MORTISE_NAMING_LOOKALIKE_SITE);

      g_test_message ("%s %s", pairs[i].a, pairs[i].b);
      g_assert_cmpint (earlier != NULL, ==, pairs[i].likeness != APART);
      g_assert_cmpint (later != NULL, ==, pairs[i].likeness != APART);
      if (later == NULL)
        continue;
      g_assert_cmpint (later->hint, ==, pairs[i].likeness == ALMOST);
      g_assert_cmpint (later->other_id, ==, 1);
      g_assert_cmpint (earlier->other_id, ==, 2);
      g_assert_cmpint (earlier->mend, ==, MORTISE_NAMING_MEND_SHOW);
      g_assert_cmpint (later->mend, ==,
                       later->hint ? MORTISE_NAMING_MEND_SHOW : MORTISE_NAMING_MEND_DELETE);
    }
}

static void
test_registrable (void)
{
  static const struct
  {
    const char *rp_id;
    const char *domain;
    gsize suffix;
  } hosts[] = {
    { "example.com", "example.com", 4 },
    { "WWW.Example.CO.UK", "example.co.uk", 6 },
    { "co.uk", "co.uk", 3 },
    { "a.b.alice.github.io", "alice.github.io", 10 },
    { "login.city.kawasaki.jp", "city.kawasaki.jp", 12 },
    { "x.unheard-of", "x.unheard-of", 11 },
    { "www.xn--bcher-kva.example", "bücher.example", 8 },
    { "www.bücher.example", "bücher.example", 8 },
    { "https://www.example.com/u2f/app.json", "example.com", 4 },
    { "localhost", NULL, 0 },
    { "com", NULL, 0 },
    { "192.168.0.1", NULL, 0 },
    { "[::1]", NULL, 0 },
    { "ssh:", NULL, 0 },
    { "ssh://example.com", NULL, 0 },
    { "https://", NULL, 0 },
    { "", NULL, 0 },
    { ".", NULL, 0 },
    { "..", NULL, 0 },
    { ".com", NULL, 0 },
    { "example.", NULL, 0 },
    { "\xff.com", NULL, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      gsize suffix = 0;
      g_autofree char *domain = mortise_registrable_domain (hosts[i].rp_id, &suffix);

      g_test_message ("%s", hosts[i].rp_id);
      g_assert_cmpstr (domain, ==, hosts[i].domain);
      g_assert_cmpuint (suffix, ==, hosts[i].suffix);
    }
}

/* --- Hostile and many --------------------------------------------------------------------------
 */

static void
test_hostile (void)
{
  g_autoptr (GString) huge = g_string_new (NULL);
  g_autoptr (GString) pile = g_string_new ("Z");
  const char *names[9] = { RLO "x",
                           ZWS,
                           "\xff\xfe",
                           "👨‍👩‍👧‍👦🏳️‍🌈",
                           "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81",
                           "<b>%s%n",
                           "\n\n" };

  for (int i = 0; i < 10000; i++)
    g_string_append_unichar (huge, (gunichar) (0x202A + i % 5));
  names[7] = huge->str;
  for (int i = 0; i < 300; i++)
    g_string_append (pile, "\xcc\x81");
  names[8] = pile->str;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      MortiseNamingSubject subjects[2] = {
        { .id = 1,
          .rp_id = names[i],
          .user_name = names[i],
          .user_display_name = names[i],
          .label = names[i],
          .nickname = names[i] },
        { .id = 2, .rp_id = names[i], .user_name = names[i], .created = G_MAXINT64 },
      };
      g_autoptr (MortiseNamingReport) report = mortise_naming_report_new (subjects, 2);
      GPtrArray *findings = mortise_naming_report_lookup (report, 1);

      for (guint j = 0; findings != NULL && j < findings->len; j++)
        {
          const MortiseNamingFinding *finding = findings->pdata[j];

          g_assert_true (g_utf8_validate (finding->explanation, -1, NULL));
          g_assert_true (g_utf8_validate (finding->mend_label, -1, NULL));
          g_assert_cmpuint (g_utf8_strlen (finding->mend_label, -1), <, 1000);
          g_assert_null (strstr (finding->explanation, RLO));
          g_assert_null (strstr (finding->explanation, "“”"));
          if (finding->mend_value != NULL)
            g_assert_true (g_utf8_validate (finding->mend_value, -1, NULL));
        }
    }
}

static void
test_many (void)
{
  const guint n = 10000;
  g_autofree MortiseNamingSubject *subjects = g_new0 (MortiseNamingSubject, n);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (MortiseNamingReport) report = NULL;
  gint64 start = 0;

  for (guint i = 0; i < n; i++)
    {
      g_ptr_array_add (texts, g_strdup_printf ("site-%05u.example", i / 3));
      subjects[i].id = (gint64) i + 1;
      subjects[i].rp_id = texts->pdata[texts->len - 1];
      g_ptr_array_add (texts, g_strdup_printf ("user-%05u@example.com", i));
      subjects[i].user_name = texts->pdata[texts->len - 1];
    }
  subjects[77].user_name = "iPhone";
  start = g_get_monotonic_time ();
  report = mortise_naming_report_new (subjects, n);
  g_test_message ("10,000 passkeys: %" G_GINT64_FORMAT " ms",
                  (g_get_monotonic_time () - start) / 1000);
  g_assert_cmpuint (mortise_naming_report_count_trouble (report), ==, 1);
  g_assert_true (mortise_naming_report_has_trouble (report, 78));
}

int
main (int argc, char *argv[])
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/naming/skeleton", test_skeleton);
  g_test_add_func ("/naming/clean", test_clean);
  g_test_add_func ("/naming/cut", test_cut);
  g_test_add_func ("/naming/device", test_device);
  g_test_add_func ("/naming/email", test_email);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/naming/case/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/naming/mended", test_mended);
  g_test_add_func ("/naming/twins", test_twins);
  g_test_add_func ("/naming/twin-taken", test_twin_taken);
  g_test_add_func ("/naming/nickname-of-other", test_nickname_of_other);
  g_test_add_func ("/naming/sites", test_sites);
  g_test_add_func ("/naming/registrable", test_registrable);
  g_test_add_func ("/naming/hostile", test_hostile);
  g_test_add_func ("/naming/many", test_many);
  return g_test_run ();
}
