# SPDX-License-Identifier: GPL-3.0-or-later
"""What both browsers must be able to do with Mortise on a site."""

import tap
from agent import EXCHANGE, PIN

APPROVE = f"approve pin={PIN}"


def add(browser_class, person, agent, url, needs):
    """Adds the cases of one browser, which stays open between them. Its name is the account's."""
    name = browser_class.name
    account = name.lower()
    holder = []

    def browser():
        return holder[0]

    @tap.case(f"{name} opens the site", needs)
    def open_site():
        # In the list before it starts: also one that fails half-way has to be ended.
        holder.append(browser_class(person, EXCHANGE, url()))
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

    # Firefox asks the person about it in a dialog of its own, which is not ours to test.
    if name == "Chromium":
        tap.case(f"{name} asks for direct attestation and gets self attestation", [open_site])(
            direct_attestation
        )

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
        count = len([row for row in agent.passkeys() if row["rp-id"] == "localhost"])
        # The newest is offered first; the account made first is the last of them here.
        wanted = sorted(
            (row for row in agent.passkeys() if row["rp-id"] == "localhost"),
            key=lambda row: -row["id"],
        )
        index = [row["user-name"] for row in wanted].index(account)
        # The first question is the verification for a token, before the account is chosen.
        agent.answers(APPROVE, f"{APPROVE} account={index}")
        outcome = browser().sign_in()
        assert "ok" in outcome, outcome
        assert count == 1 or outcome["ok"]["userName"] == account, outcome
        assert outcome["ok"]["userHandleGiven"] is True, outcome
        assert outcome["ok"]["userVerified"] is True, outcome

    def end():
        """Signs in once more, and closes the browser."""
        agent.answers(default=APPROVE)
        try:
            outcome = browser().sign_in(allow=account)
            assert "ok" in outcome, outcome
        finally:
            browser().quit()

    if name == "Chromium":
        # Chromium explains each refusal in a dialog of its own before the site hears of it; the cases
        # below do not press those dialogs' buttons yet.
        tap.case(f"{name} still signs in after all that", [register])(end)
        return

    @tap.case(f"{name}'s site is refused a second passkey for an excluded one", [register])
    def exclude():
        agent.answers(default=APPROVE)
        before = {row["id"] for row in agent.passkeys()}
        outcome = browser().register(account, exclude=True)
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

    tap.case(f"{name} still signs in after all that", [register])(end)
