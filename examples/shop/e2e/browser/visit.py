"""A browser that tells of everything a good page has no need of."""

import contextlib
import pathlib
import shutil
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

# Chromium's own business stays off the network; and what a page should not ask for finds nobody.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)

# Whatever the page's own policy stopped, in its frames too.
TELL_VIOLATIONS = """addEventListener('securitypolicyviolation', event =>
    console.error(`policy: ${event.violatedDirective} stopped ${event.blockedURI} at line ${event.lineNumber}`))"""


class Visit:
    """A tab of one window. `complaints` has each console error, exception, failed request, request to another host and
    violation of the page's policy so far."""

    def __init__(self, context, folder):
        self.page = context.new_page()
        self.folder = folder
        self.complaints = []
        self.requests = []
        self.page.on("console", lambda message: self._console(message))
        self.page.on("pageerror", lambda error: self.complaints.append(f"exception: {error}"))
        self.page.on("request", lambda request: self._request(request.url))
        self.page.on(
            "requestfailed", lambda request: self.complaints.append(f"failed: {request.url} {request.failure}")
        )
        self.page.add_init_script(TELL_VIOLATIONS)
        self.hosts = set()

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(f"console {message.type}: {message.text}")

    def _request(self, url):
        self.requests.append(url)
        parts = urlsplit(url)
        if parts.scheme not in ("about", "data", "blob") and parts.netloc not in self.hosts:
            self.complaints.append(f"another host: {url}")

    def open(self, url):
        """Opens an address; its host is one that the page may ask."""
        self.hosts.add(urlsplit(url).netloc)
        answer = self.page.goto(url, wait_until="networkidle")
        assert answer.status == 200, f"{url} answered {answer.status}"
        return answer

    def picture(self, name, part=None):
        """Keeps what is seen: the whole length of the page, or a part of it."""
        path = str(self.folder / f"{name}.png")
        if part:
            part.screenshot(path=path)
        else:
            self.page.screenshot(path=path, full_page=True)

    def fits(self):
        """The page is no wider than its window; a phone is not told to make its window wider."""
        width = self.page.evaluate("document.documentElement.scrollWidth")
        window = self.page.viewport_size["width"]
        assert width <= window, f"{self.page.url} is {width} px wide in a window of {window} px"

    def colours(self, part="body"):
        """The colours of an element's text and of what is behind it, as (red, green, blue)."""
        return self.page.locator(part).first.evaluate(
            """element => {
                const probe = document.createElement('div');
                // Where nobody set one, it is the scheme's own.
                probe.style.color = 'Canvas';
                document.body.append(probe);
                let ground = getComputedStyle(probe).color;
                probe.remove();
                for (let at = element; at; at = at.parentElement) {
                    const own = getComputedStyle(at).backgroundColor;
                    if (!/^rgba\\(.*, 0\\)$/.test(own)) {
                        ground = own;
                        break;
                    }
                }
                return [getComputedStyle(element).color, ground].map(text => text.match(/[\\d.]+/g).slice(0, 3).map(Number));
            }"""
        )

    def tab_to(self, wanted, most=60):
        """Presses Tab until the focus is on what the selector names."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
                outline = self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"the focus on {wanted} cannot be seen"
                return
        raise AssertionError(f"{wanted} is not reached by {most} times Tab")


def brightness(colour):
    """Relative luminance (WCAG 2)."""
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """From 1 to 21; 4.5 is what WCAG 2 asks of text."""
    light, dark = sorted((brightness(one), brightness(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@contextlib.contextmanager
def browser(folder):
    """Yields `window(width, scheme) -> Visit`."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))

        def window(width=1100, scheme="light"):
            context = chromium.new_context(
                viewport={"width": width, "height": 800}, color_scheme=scheme, is_mobile=width < 600
            )
            context.set_default_timeout(10_000)
            return Visit(context, folder)

        yield window
        chromium.close()
