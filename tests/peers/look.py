"""Opens a dataset's report in a real browser: light, dark, narrow, printed; writes a picture of each beside it.

Arguments: the page, and the browser's program. Ends with a non-zero status when the page loads or runs something, does
not follow the colour scheme, or is wider than the window.
"""

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from checks import check, same

PAGE = Path(sys.argv[1]).resolve()
LOOKS = [("light", "light", 1200), ("dark", "dark", 1200), ("narrow", "light", 360), ("narrow-dark", "dark", 360)]


def look(browser, name, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(PAGE.as_uri())
    same(asked, [PAGE.as_uri()])
    same(said, [])
    title = page.title()
    assert title.endswith("dataset of run run-1"), title
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, f"{wide} pixels wide in a window of {width}"
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    red = int(ground.split("(")[1].split(",")[0])
    assert (red > 200) == (scheme == "light"), ground
    headings = page.get_by_role("heading", level=2).all_inner_texts()
    assert len(headings) >= 7, headings
    tables = page.get_by_role("table").count()
    assert tables >= 6, tables
    page.screenshot(path=PAGE.with_name(f"report-{name}.png"), full_page=True)
    page.close()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=sys.argv[2], args=["--no-sandbox"])
    for name, scheme, width in LOOKS:
        with check(f"{name}: inert, in its colours, no wider than the window"):
            look(browser, name, scheme, width)
    browser.close()
