"""Reads a dataset's report from standard input as HTML: whole, inert, and readable by everybody.

html5lib's strict parser ends at the first error that the standard names; what it makes of the page is walked through.
"""

import re
import sys

import html5lib

from checks import check, same

PAGE = sys.stdin.read()
# Everything that a page of tables and bars is made of. What is not here could load or do something.
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "header", "main", "footer", "section", "article", "div", "p",
    "h1", "h2", "h3", "dl", "dt", "dd", "small", "ul", "li", "strong", "code", "span", "table", "caption", "thead",
    "tbody", "tr", "th", "td", "svg", "rect",
}
ATTRIBUTES = {
    "lang", "charset", "name", "content", "http-equiv", "class", "id", "aria-labelledby", "aria-hidden", "scope", "dir",
    "viewBox", "preserveAspectRatio", "focusable", "width", "height",
    "role", "aria-label", "tabindex",
}


def channel(value):
    value /= 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def luminance(colour):
    colour = "".join(digit * 2 for digit in colour) if len(colour) == 3 else colour
    red, green, blue = (channel(int(colour[at : at + 2], 16)) for at in (0, 2, 4))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


with check("the page is HTML without an error"):
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(PAGE)
elements = [element for element in document.iter() if isinstance(element.tag, str)]
names = [element.tag.rpartition("}")[2] for element in elements]

with check("there is nothing in it that runs or loads"):
    same(sorted(set(names) - ELEMENTS), [])
    attributes = {(name if isinstance(name, str) else name[-1]) for element in elements for name in element.attrib}
    same(sorted(attributes - ATTRIBUTES), [])
    style = next(element for element in elements if element.tag == "style").text
    assert not re.search(r"url\(|@import|expression|</", style), "the style loads something"
    policies = [meta.get("content") for meta in elements if meta.get("http-equiv") == "Content-Security-Policy"]
    assert len(policies) == 1 and policies[0].startswith("default-src 'none'"), policies
    same(document.find("head/title").text.endswith("dataset of run run-1"), True)

with check("hostile text is there, as text"):
    texts = ["".join(element.itertext()) for element in elements if element.get("class") in ("text", "text answer")]
    assert len(texts) >= 6, "three samples are two texts each"
    assert all(element.get("dir") == "auto" for element in elements if "text" in (element.get("class") or "").split())
    prompts = [element for element in elements if element.get("class") == "text"]
    for prompt in prompts:
        same(len(prompt), 0)
        assert "</i> & <script>document.title = 'taken'</script>[U+202E]" in prompt.text, prompt.text
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x08]", PAGE), "a mark of direction is left"

with check("everybody can read it"):
    same(document.get("lang"), "en")
    ids = [element.get("id") for element in elements if element.get("id")]
    same(len(ids), len(set(ids)))
    labels = [element.get("aria-labelledby") for element in elements if element.get("aria-labelledby")]
    same(sorted(set(labels) - set(ids)), [])
    same(names.count("h1"), 1)
    headings = [int(name[1]) for name in names if re.fullmatch("h[1-6]", name)]
    assert all(below <= above + 1 for above, below in zip(headings, headings[1:])), headings
    for table in (element for element in elements if element.tag == "table"):
        assert table[0].tag == "caption", "a table without a caption"
        assert all(cell.get("scope") in ("row", "col") for cell in table.iter("th")), "a heading without a scope"
    for picture in (element for element in elements if element.tag.endswith("svg")):
        same(picture.get("aria-hidden"), "true")

with check("colours are told apart in light and in dark"):
    schemes = [dict(re.findall(r"--([\w-]+): #([0-9a-f]{3,6})", root)) for root in re.findall(r":root \{(.*?)\}", style)]
    same(len(schemes), 2)
    for scheme in schemes:
        for ink, ground in [("ink", "ground"), ("ink", "card"), ("soft", "ground"), ("soft", "card"), ("warn", "warn-ground"), ("ink", "warn-ground")]:
            assert contrast(scheme[ink], scheme[ground]) >= 4.5, f"{ink} on {ground}: {contrast(scheme[ink], scheme[ground]):.2f}"
        for bar in ("main", "lost"):
            assert contrast(scheme[bar], scheme["card"]) >= 3, f"{bar}: {contrast(scheme[bar], scheme['card']):.2f}"

with check("the numbers of the funnel add up"):
    steps = next(element for element in elements if element.get("class") == "steps")
    rows = [[cell for cell in row if cell.tag in ("th", "td")] for row in steps.find("tbody")]
    counts = {"".join(row[0].itertext()): int(row[1].text.replace(",", "")) for row in rows}
    same(counts["Rows counted in the tables"], 260)
    left = counts["Rows counted in the tables"] - sum(n for name, n in counts.items() if name[0].islower())
    same(left, counts["Examples in the dataset"])
