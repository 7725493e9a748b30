"""Opens a dataset's report and the approval's page in a real browser: light, dark, narrow; writes a picture of each.

Arguments: the report, the folder of the page's answers, and the browser's program. Ends with a non-zero status when a page
loads or runs something, does not follow the colour scheme, or is wider than the window, or when the form does not send.
"""

import json
import sys
from pathlib import Path
from urllib.parse import parse_qs

from playwright.sync_api import sync_playwright

from checks import check, same

REPORT = Path(sys.argv[1]).resolve()
ANSWERS = Path(sys.argv[2]).resolve()
ADDRESS = "https://approval.example/?run=run-1&key=" + "0" * 64
LOOKS = [("light", "light", 1200), ("dark", "dark", 1200), ("narrow", "light", 360), ("narrow-dark", "dark", 360)]


def opened(browser, scheme, width):
    """A page, with what it asks for and what it says."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    return page, asked, said


def fits(page, scheme, width):
    """Fails unless the page is in its colours and no wider than the window."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, f"{wide} pixels wide in a window of {width}"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    # Where a page leaves its ground to the browser, the scheme alone says what it is.
    if ground != "rgba(0, 0, 0, 0)":
        red = int(ground.split("(")[1].split(",")[0])
        assert (red > 200) == (scheme == "light"), ground


def report(browser, name, scheme, width):
    page, asked, said = opened(browser, scheme, width)
    page.goto(REPORT.as_uri())
    same(asked, [REPORT.as_uri()])
    same(said, [])
    title = page.title()
    assert title.endswith("dataset of run run-1"), title
    fits(page, scheme, width)
    headings = page.get_by_role("heading", level=2).all_inner_texts()
    assert len(headings) >= 7, headings
    tables = page.get_by_role("table").count()
    assert tables >= 6, tables
    page.screenshot(path=REPORT.with_name(f"report-{name}.png"), full_page=True)
    page.close()


def answer(route, name):
    """Answers as the function's address would, with the headers that bind the browser."""
    told = json.loads((ANSWERS / f"{name}.json").read_text())
    route.fulfill(status=told["statusCode"], headers=told["headers"], body=told["body"])


def approval(browser, state, name, scheme, width):
    page, asked, said = opened(browser, scheme, width)
    page.route("**/*", lambda route: answer(route, state))
    page.goto(ADDRESS)
    same(asked, [ADDRESS])
    # That a page is answered with 400 or 404 is said by the browser, and by nobody else.
    same([words for words in said if "the server responded with a status of 40" not in words], [])
    assert page.title() != "taken", page.title()
    fits(page, scheme, width)
    same(page.locator("script, img, a, b").count(), 0)
    same(page.locator("form").count(), 1 if state in ["open", "again"] else 0)
    same(page.get_by_role("heading", level=1).count(), 1)
    if state == "again":
        assert "needs a reason" in page.get_by_role("alert").inner_text()
    page.screenshot(path=ANSWERS / f"{state}-{name}.png", full_page=True)
    page.close()


def sends(browser):
    """Fills the form in by its labels, as somebody who sees nothing would, and sends it."""
    page, _, said = opened(browser, "light", 1200)
    posted = []

    def route(request):
        if request.request.method == "POST":
            posted.append(request.request)
        answer(request, "refused" if posted else "open")

    page.route("**/*", route)
    page.goto(ADDRESS)
    page.get_by_role("button", name="Send the answer").click()
    same(posted, [])
    page.get_by_label("Your name").fill("Ann <Lee>")
    page.get_by_label("Refuse, and end the run").check()
    page.get_by_label("Reason").fill("zu teuer & früh")
    page.get_by_role("button", name="Send the answer").click()
    page.get_by_text("Refused by").wait_for()
    same([request.url for request in posted], [ADDRESS])
    sent = parse_qs(posted[0].post_data, keep_blank_values=True)
    same((sent["by"], sent["answer"], sent["reason"]), (["Ann <Lee>"], ["refuse"], ["zu teuer & früh"]))
    same(len(sent["dataset"][0]), 64)
    same(said, [])
    page.close()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[3], args=["--no-sandbox"])
    for name, scheme, width in LOOKS:
        with check(f"report, {name}: inert, in its colours, no wider than the window"):
            report(browser, name, scheme, width)
        for state in ["open", "again", "refused", "expired", "nothing"]:
            with check(f"approval, {state}, {name}: inert, in its colours, no wider than the window"):
                approval(browser, state, name, scheme, width)
    with check("approval: the form sends what was filled in, and nothing before"):
        sends(browser)
    browser.close()
