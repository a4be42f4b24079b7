# SPDX-License-Identifier: GPL-3.0-or-later
"""What both browsers must be able to do with Mortise on a site."""

import tap
from agent import EXCHANGE, PIN, SCRIPTED_PROMPTER
from fido2_tools import Fido2Tools

APPROVE = f"approve pin={PIN}"
# As JSON has bytes: base64url.
CRED_BLOB = "Y3JlZCBibG9iIG9mIDMyIGJ5dGVzLCBhbGwgb2YgdGg"
LARGE_BLOB = "YSBsYXJnZSBibG9iLCBh" * 20
SALTS = ("c2FsdCBB", "c2FsdCBC")


def add(browser_class, person, agent, site, needs):
    """Adds the cases of one browser, which stays open between them. Its name is the account's.

    `site` returns the relying party, once that is up.
    """
    name = browser_class.name
    account = name.lower()
    holder = []

    def browser():
        return holder[0]

    @tap.case(f"{name} opens the site", needs)
    def open_site():
        # In the list before it starts: also one that fails half-way has to be ended.
        holder.append(browser_class(person, EXCHANGE, site().url))
        browser().start()

    @tap.case(f"{name} registers a discoverable, verified passkey", [open_site])
    def register():
        agent.answers(default=APPROVE)
        before = len(agent.passkeys())
        outcome = browser().register(account, userDisplayName=f"{name} Person")
        assert "ok" in outcome, outcome
        made = outcome["ok"]
        tap.note(str(made))
        assert made["fmt"] in ("none", "packed"), made
        assert made["deviceType"] == "singleDevice" and made["backedUp"] is False, made
        assert made["userVerified"] is True, made
        row = agent.passkey_for(account)
        assert len(agent.passkeys()) == before + 1
        assert row["rp-id"] == "localhost", row
        # Firefox keeps displayName to itself.
        assert row.get("user-display-name") in (None, f"{name} Person"), row
        assert row["class"] == "device-only" and row["discoverable"] is True, row
        question = agent.prompt_log()
        assert "'register'" in question and "'localhost'" in question and account in question

    def direct_attestation():
        agent.answers(default=APPROVE)
        outcome = browser().register(account + "-direct", attestation="direct")
        assert "ok" in outcome, outcome
        assert outcome["ok"]["fmt"] in ("none", "packed"), outcome
        tap.note(f"fmt {outcome['ok']['fmt']}, AAGUID {outcome['ok']['aaguid']}")

    def attestation_by_consent():
        agent.answers(default=APPROVE)
        for allow, fmt in ((True, "packed"), (False, "none")):
            browser().begin(
                "register",
                f"{account}-{'direct' if allow else 'blocked'}",
                attestation="direct",
                residentKey="discouraged",
                userVerification="discouraged",
            )
            browser().answer_about_attestation(allow)
            outcome = browser().outcome()
            assert "ok" in outcome and outcome["ok"]["fmt"] == fmt, (allow, outcome)

    if name == "Chromium":
        tap.case(f"{name} asks for direct attestation and gets self attestation", [open_site])(
            direct_attestation
        )
    else:
        tap.case(
            f"{name} asks about direct attestation: self attestation if allowed, else none", [open_site]
        )(attestation_by_consent)

    @tap.case(f"{name} signs in with the passkey named by the site", [register])
    def sign_in_allowed():
        agent.answers(default=APPROVE)
        outcome = browser().sign_in(allow=account)
        assert "ok" in outcome, outcome
        assert outcome["ok"]["userName"] == account, outcome
        assert outcome["ok"]["userVerified"] is True, outcome
        assert outcome["ok"]["deviceType"] == "singleDevice", outcome

    @tap.case(f"{name} signs in without a name, choosing the account on the prompt", [register])
    def sign_in_discoverable():
        # The newest is offered first; the account made first is the last of them here.
        wanted = sorted(
            (row for row in agent.passkeys() if row["rp-id"] == "localhost" and row["discoverable"]),
            key=lambda row: -row["id"],
        )
        count = len(wanted)
        index = [row["user-name"] for row in wanted].index(account)
        # The first question is the verification for a token, before the account is chosen.
        agent.answers(APPROVE, f"{APPROVE} account={index}")
        outcome = browser().sign_in()
        assert "ok" in outcome, outcome
        assert count == 1 or outcome["ok"]["userName"] == account, outcome
        assert outcome["ok"]["userHandleGiven"] is True, outcome
        assert outcome["ok"]["userVerified"] is True, outcome

    @tap.case(f"{name}'s site is refused a second passkey for an excluded one", [register])
    def exclude():
        agent.answers(default=APPROVE)
        before = {row["id"] for row in agent.passkeys()}
        browser().begin("register", account, exclude=True)
        agent.wait_for_prompt("'kind': <'excluded'>")
        outcome = browser().outcome_after_refusal()
        assert outcome.get("error") == "InvalidStateError", outcome
        assert {row["id"] for row in agent.passkeys()} == before

    @tap.case(f"deny on the prompt reaches {name}", [register])
    def deny():
        agent.answers("deny")
        before = {row["id"] for row in agent.passkeys()}
        browser().begin("register", account + "-denied")
        agent.wait_for_prompt("'approved': <false>")
        outcome = browser().outcome_after_refusal()
        assert outcome.get("error") == "NotAllowedError", outcome
        assert {row["id"] for row in agent.passkeys()} == before

    @tap.case(f"cancel in {name} takes the prompt away", [register])
    def cancel_in_browser():
        agent.answers("hang")
        browser().begin("sign-in", allow=account)
        agent.wait_for_prompt("shown")
        browser().cancel_in_browser()
        agent.wait_for_prompt("closed-by-agent")
        outcome = browser().outcome()
        assert outcome.get("error") == "NotAllowedError", outcome
        assert agent.get("Prompting") is False

    @tap.case(f"the site itself withdraws in {name}: the prompt goes away", [register])
    def abort_by_site():
        agent.answers("hang")
        browser().begin("sign-in", allow=account)
        agent.wait_for_prompt("shown")
        browser().script("document.getElementById('stop').click();")
        agent.wait_for_prompt("closed-by-agent")
        assert browser().outcome().get("error") == "AbortError"

    @tap.case(f"{name} asks for no PIN where the site discourages it", [open_site])
    def presence_only():
        agent.answers(default="approve")
        wanted = {"userVerification": "discouraged"}
        outcome = browser().register(account + "-presence", residentKey="discouraged", **wanted)
        assert "ok" in outcome and outcome["ok"]["userVerified"] is False, outcome
        outcome = browser().sign_in(allow=account + "-presence", **wanted)
        assert "ok" in outcome and outcome["ok"]["userVerified"] is False, outcome
        assert "'needs-pin': <true>" not in agent.prompt_log(), agent.prompt_log()

    @tap.case(
        f"with --no-builtin-uv {name} asks for the PIN itself, and the site sees it verified", [open_site]
    )
    def pin_in_browser():
        with agent.restarted_with(SCRIPTED_PROMPTER, "--no-builtin-uv"):
            agent.answers(default="approve")
            browser().begin("register", account + "-typed")
            browser().type_pin(PIN)
            outcome = browser().outcome()
            assert "ok" in outcome and outcome["ok"]["userVerified"] is True, outcome
            browser().begin("sign-in", allow=account + "-typed")
            browser().type_pin(PIN)
            outcome = browser().outcome()
            assert "ok" in outcome and outcome["ok"]["userVerified"] is True, outcome
            asked = agent.prompt_log()
            assert "'register'" in asked and "'sign-in'" in asked, asked
            assert "'needs-pin': <true>" not in asked, asked
            # No PIN is typed here: a question for it would be one too many.
            outcome = browser().sign_in(allow=account + "-typed", userVerification="discouraged")
            assert "ok" in outcome and outcome["ok"]["userVerified"] is False, outcome

    @tap.case(
        f"{name} signs in with a key registered by U2F, for the AppID it was registered with", [open_site]
    )
    def u2f():
        agent.answers(default=APPROVE)
        # A site that names no AppID has its origin as one.
        page = site().secure_url if browser().APP_ID_NEEDS_TLS else site().url
        app_id = page.rstrip("/")
        key = Fido2Tools(person, app_id, account + "-u2f")
        key.register(agent.wait_for_device(), "-u")
        site().import_u2f(key.user, key.credential_id, key.public_key, app_id)
        browser().open(page)
        outcome = browser().sign_in(
            allow=key.user, userVerification="discouraged", extensions={"appid": ""}
        )
        browser().open(site().url)
        # The site has verified that it was signed for the AppID.
        assert extension_results(outcome)["appid"] is True, outcome
        assert outcome["ok"]["userName"] == key.user and outcome["ok"]["userVerified"] is False, outcome

    def extension_results(outcome):
        assert "ok" in outcome, outcome
        tap.note(str(outcome["ok"]["clientExtensionResults"]))
        return outcome["ok"]["clientExtensionResults"]

    # Firefox knows neither blob.
    has_blobs = name == "Chromium"

    @tap.case(f"{name} makes a passkey with {'PRF and both blobs' if has_blobs else 'PRF'}", [open_site])
    def extensions_register():
        agent.answers(default=APPROVE)
        wanted = {"prf": {}}
        if has_blobs:
            wanted |= {"largeBlob": {"support": "required"}, "credBlob": CRED_BLOB}
        made = extension_results(browser().register(account + "-extensions", extensions=wanted))
        assert made["prf"]["enabled"] is True, made
        if has_blobs:
            assert made["largeBlob"]["supported"] is True and made["credBlob"] is True, made

    @tap.case(
        f"{name} gets the same PRF values again"
        + (", and the blobs that were stored" if has_blobs else ""),
        [extensions_register],
    )
    def extensions_sign_in():
        def sign_in(first, second, **more):
            wanted = {"prf": {"eval": {"first": first, "second": second}}, **more}
            agent.answers(default=APPROVE)
            outcome = browser().sign_in(allow=account + "-extensions", extensions=wanted)
            return extension_results(outcome)

        write = {"largeBlob": {"write": LARGE_BLOB}} if has_blobs else {}
        read = {"largeBlob": {"read": True}, "getCredBlob": True} if has_blobs else {}
        once, again = sign_in(*SALTS, **write), sign_in(*reversed(SALTS), **read)
        values = once["prf"]["results"]
        assert len(values["first"]) == len(values["second"]) == 43, once
        assert values["first"] != values["second"], once
        assert again["prf"]["results"] == {"first": values["second"], "second": values["first"]}
        if has_blobs:
            assert once["largeBlob"]["written"] is True, once
            assert again["largeBlob"]["blob"] == LARGE_BLOB, again
            assert again["getCredBlob"] == CRED_BLOB, again

    def end():
        """Signs in once more, and closes the browser."""
        agent.answers(default=APPROVE)
        try:
            outcome = browser().sign_in(allow=account)
            assert "ok" in outcome, outcome
        finally:
            browser().quit()

    tap.case(f"{name} still signs in after all that", [register])(end)
