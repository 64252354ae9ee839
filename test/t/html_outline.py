"""The outline of a page of HTML as JSON, and what is wrong with it: tags out of order, ids that are there twice, references
to ids that are not there, and whatever a browser would load or run."""
import json
import re
import sys
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Outline(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.ids, self.wrong, self.references = [], set(), [], []
        self.tables, self.headings, self.text, self.tags, self.cell = [], [], [], {}, None

    def handle_starttag(self, tag, attributes):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        names = [name for name, _ in attributes]
        if len(names) != len(set(names)):
            self.wrong.append(f"an attribute of <{tag}> is there twice")
        for name, value in attributes:
            if name == "id":
                if value in self.ids:
                    self.wrong.append(f"the id {value} is there twice")
                self.ids.add(value)
            elif name in ("aria-labelledby", "aria-describedby", "for"):
                self.references += value.split()
            elif name == "href" and value.startswith("#"):
                self.references.append(value[1:])
            elif name.startswith("on") or (name in ("href", "src", "data", "action", "srcset") and value != "data:,"):
                self.wrong.append(f"<{tag} {name}={value!r}>")
            elif name == "style" and not re.fullmatch(r"--part:[\d.]+", value):
                self.wrong.append(f"<{tag} style={value!r}>")
        if tag in ("script", "img", "iframe", "object", "embed", "form"):
            self.wrong.append(f"there is a <{tag}>")
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = []
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append([int(tag[1]), ""])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open[-1] != tag:
            self.wrong.append(f"</{tag}> ends {self.open[-1:]}")
        else:
            self.open.pop()
        if tag in ("td", "th") and self.cell is not None:
            self.tables[-1][-1].append("".join(self.cell).strip())
            self.cell = None

    def handle_data(self, data):
        if "style" in self.open:
            if re.search(r"@import|url\(|expression|</", data):
                self.wrong.append("the style sheet loads something")
            return
        if self.cell is not None:
            self.cell.append(data)
        if self.open and re.fullmatch("h[1-6]", self.open[-1]) or self.open[-2:-1] and re.fullmatch("h[1-6]", self.open[-2]):
            self.headings[-1][1] += data
        self.text.append(data)


page = open(sys.argv[1], encoding="utf-8").read()
outline = Outline()
outline.feed(page)
outline.close()
if outline.open:
    outline.wrong.append(f"not ended: {outline.open}")
outline.wrong += [f"there is no id {r}" for r in outline.references if r not in outline.ids]
levels = [level for level, _ in outline.headings]
outline.wrong += [f"a heading of level {b} follows one of level {a}" for a, b in zip([0] + levels, levels) if b > a + 1]
if not page.startswith("<!DOCTYPE html>\n"):
    outline.wrong.append("no document type")
if re.search(r"[\u202a-\u202e\u2066-\u2069\u200e\u200f\x00-\x08\x0b-\x1f]", page):
    outline.wrong.append("characters that are not seen")
json.dump({"wrong": outline.wrong, "headings": outline.headings, "tables": outline.tables, "tags": outline.tags,
           "text": " ".join(" ".join(outline.text).split())}, sys.stdout)
