"""The page that shows the API, and lets one try it."""

import json

from playwright.sync_api import expect

from visit import contrast

METHODS = ("get", "post", "put", "patch", "delete")


class Docs:
    """The page in a window of its own."""

    def __init__(self, visit, shop):
        self.visit, self.page = visit, visit.page
        visit.open(f"{shop.http}/docs")
        expect(self.page.locator("#state")).to_contain_text("operations")

    def operation(self, method, path):
        """The element of one operation, opened."""
        label = self.page.get_by_label(f"Try {method} {path}", exact=True)
        found = self.page.locator("details.operation").filter(
            has=self.page.locator(".method", has_text=method)
        ).filter(has=self.page.locator(f'.path:text-is("{path}")'))
        expect(found).to_have_count(1)
        if found.get_attribute("open") is None:
            found.locator("summary").first.click()
        expect(label).to_be_visible()
        return found

    def send(self, operation):
        """Sends what is filled in; the status that is shown, and the body."""
        operation.get_by_role("button", name="Send").click()
        status = operation.locator(".answer-status strong")
        expect(status).to_be_visible()
        return int(status.inner_text()), operation.locator(".answer-body").inner_text()


def check(window, shop):
    document = shop.call("GET", "/openapi.json")
    operations = {
        (method.upper(), path): item[method]
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    }
    docs = Docs(window(), shop)
    visit, page = docs.visit, docs.page
    visit.picture("docs")
    shown = page.locator("details.operation").evaluate_all(
        "all => all.map(one => [one.querySelector('.method').textContent, one.querySelector('.path').textContent])"
    )
    assert sorted(map(tuple, shown)) == sorted(operations), set(map(tuple, shown)) ^ set(operations)
    expect(page.get_by_role("heading", level=1)).to_contain_text(document["info"]["title"])
    for (method, path), said in operations.items():
        answers = docs.operation(method, path).locator("table.answers > tbody > tr > th")
        assert answers.all_inner_texts() == list(said["responses"]), f"{method} {path}: {answers.all_inner_texts()}"
    print(f"ok  all {len(operations)} operations of the document are there, each with its answers")

    status, body = docs.send(docs.operation("GET", "/api/v1/products"))
    assert status == 200 and "products" in json.loads(body), (status, body)
    print("ok  a public GET: 200")
    register = docs.operation("POST", "/api/v1/register")
    example = json.loads(register.get_by_role("textbox", name="JSON").input_value())
    status, body = docs.send(register)
    assert status == 201, (status, example, body)
    register.get_by_role("textbox", name="JSON").fill("{")
    status, body = docs.send(register)
    assert status == 400 and json.loads(body)["code"], (status, body)
    visit.picture("docs-tried", register)
    print(f"ok  the example that the page makes from a schema registers ({example['email']}); half a body is refused with a problem")

    # Without a mouse from here.
    me = docs.operation("GET", "/api/v1/me")
    assert docs.send(me)[0] == 401
    token = shop.call("POST", "/api/v1/login", {"email": shop.email, "password": shop.password})["access_token"]
    page.reload(wait_until="networkidle")
    visit.tab_to("#token")
    page.keyboard.insert_text(token)
    visit.tab_to("#filter")
    page.keyboard.insert_text("/api/v1/me")
    expect(page.locator("details.operation:visible")).to_have_count(1)
    visit.tab_to("summary")
    page.keyboard.press("Enter")
    visit.tab_to("button")
    page.keyboard.press("Enter")
    status = me.locator(".answer-status strong")
    expect(status).to_have_text("200")
    told = json.loads(me.locator(".answer-body").inner_text())
    assert (told["email"], told["name"]) == (shop.email, shop.name), told
    expect(me.locator(".answer-headers")).to_contain_text("x-correlation-id: ")
    expect(page.locator("b")).to_have_count(0)
    visit.picture("docs-me")
    print("ok  a token makes 401 a 200, by keyboard alone; a name in the answer is no markup")

    kept = page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")
    assert kept == [0, 0, ""], kept
    page.reload(wait_until="networkidle")
    expect(page.locator("#token")).to_have_value("")
    # The console says so of each answer of 400 and above, and this page shows those.
    refused = "Failed to load resource: the server responded with a status of 4"
    complaints = [told for told in visit.complaints if refused not in told]
    assert not complaints, complaints
    print(f"ok  the token is kept nowhere; {len(visit.requests)} requests, none elsewhere; no violation of the policy")

    for scheme, width in (("light", 360), ("dark", 1100), ("dark", 360)):
        docs = Docs(window(width, scheme), shop)
        docs.visit.fits()
        docs.visit.picture(f"docs-{scheme}-{width}")
        docs.page.evaluate("document.querySelectorAll('details.operation').forEach(one => one.open = true)")
        expect(docs.page.locator("form").first).to_be_visible()
        products = docs.operation("GET", "/api/v1/products")
        assert docs.send(products)[0] == 200
        docs.visit.fits()
        docs.visit.picture(f"docs-open-{scheme}-{width}", products)
        for part in ("body", ".note", "h2", "a", "button", "input", "pre"):
            text, ground = docs.visit.colours(part)
            assert contrast(text, ground) >= 4.5, f"{scheme}, {part}: {text} on {ground}"
        assert not docs.visit.complaints, docs.visit.complaints
    print("ok  also in the dark and in a window of 360 px, with every operation open")
