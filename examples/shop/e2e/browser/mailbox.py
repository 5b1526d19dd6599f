"""The mailbox as a person sees it."""

from playwright.sync_api import expect

from visit import brightness, contrast

NAME = 'Walker <b>bold</b> "quoted"'


def check(window, shop):
    """`shop` has a user of the name `NAME`, who was just registered."""
    visit = window()
    page = visit.page
    visit.open(shop.mail)
    assert page.title() == "Mailbox", page.title()
    link = page.get_by_role("link", name=f"Welcome to the shop, {NAME}", exact=True)
    for _ in range(50):
        if link.count():
            break
        page.wait_for_timeout(100)
        page.reload(wait_until="networkidle")
    expect(link).to_have_count(1)
    visit.picture("mailbox-list")
    print("ok  the e-mail is in the list, its subject as it was written")

    page.get_by_label("To").fill("nobody@example.com")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("0 in all")).to_be_visible()
    expect(link).to_have_count(0)
    page.get_by_label("To").fill(shop.email.upper())
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 in all")).to_be_visible()
    expect(link).to_have_count(1)
    print("ok  the list is narrowed to a recipient")

    # Without a mouse.
    visit.tab_to("table a")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mail/*")
    page.wait_for_load_state("networkidle")
    frame = page.frame_locator("iframe[title=HTML]")
    heading = frame.get_by_role("heading", level=1)
    expect(heading).to_have_text(f"Welcome, {NAME}!")
    expect(page.locator("pre")).to_contain_text(f"Welcome, {NAME}!")
    expect(page.get_by_role("definition").get_by_text(shop.email, exact=True)).to_be_visible()
    for part in (page, frame):
        expect(part.locator("b")).to_have_count(0)
    visit.picture("mailbox-mail")
    print("ok  the e-mail opens by keyboard; HTML and text say the name as it was written")

    expect(page.locator("iframe")).to_have_attribute("sandbox", "")

    visit.tab_to("p a")
    page.keyboard.press("Enter")
    page.wait_for_url(shop.mail)
    assert not visit.complaints, visit.complaints
    print(f"ok  {len(visit.requests)} requests, none elsewhere; no console error, no violation of the policy")

    at = page.url, link.get_attribute("href")
    for scheme, width in (("light", 360), ("dark", 1100), ("dark", 360)):
        visit = window(width, scheme)
        for name, path in zip(("list", "mail"), ("/mail", at[1])):
            visit.open(shop.mail.removesuffix("/mail") + path)
            visit.picture(f"mailbox-{name}-{scheme}-{width}")
            visit.fits()
            text, ground = visit.colours()
            assert contrast(text, ground) >= 7, f"{scheme}: text {text} on {ground}"
            assert (brightness(ground) < 0.1) == (scheme == "dark"), f"{scheme}: the ground is {ground}"
        assert not visit.complaints, visit.complaints
    print("ok  also in the dark and in a window of 360 px")
