"""Looks at the shop's pages with a browser.

    python check.py FOLDER      the shop's ready file is $SHOP_READY; screenshots go to FOLDER
"""

import json
import os
import secrets
import sys
import urllib.request

import docs
import mailbox
from visit import browser


class Shop:
    """The running shop, and one who is registered there."""

    def __init__(self, ready):
        self.http, self.mail = ready["http"], ready["mail"]
        self.name = mailbox.NAME
        self.email = f"walker-{secrets.token_hex(6)}@example.com"
        self.password = f"correct horse {secrets.token_hex(6)}"
        self.call("POST", "/api/v1/register", {"name": self.name, "email": self.email, "password": self.password})

    def call(self, method, path, body=None, headers=()):
        request = urllib.request.Request(self.http + path, method=method, headers=dict(headers))
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("content-type", "application/json")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def main(folder):
    with open(os.environ["SHOP_READY"], encoding="utf-8") as ready:
        shop = Shop(json.load(ready))
    with browser(folder) as window:
        print(f"--- the mailbox ({shop.mail})")
        mailbox.check(window, shop)
        print(f"--- the page of the API ({shop.http}/docs)")
        docs.check(window, shop)
    print(f"screenshots: {folder}")


if __name__ == "__main__":
    main(sys.argv[1])
