"""Oracle: the table of actions. The guide names every key, and shows pictures that the script makes."""

import re
from pathlib import Path

import gui
from gui.actions import TABLE
from gui.window import TABS

ROOT = Path(gui.__file__).parents[1]
GUIDE = (ROOT / "docs" / "guide.md").read_text("utf-8")


def test_the_guide_lists_every_action_as_it_is() -> None:
    rows = re.findall(r"^\| `(.+?)` \| (.+?) \| (.+?) \|$", GUIDE, re.MULTILINE)
    assert set(rows) == {(row.key, row.text.rstrip(" …"), row.tip) for row in TABLE}


def test_keys_named_in_the_text_are_those_of_actions() -> None:
    text = GUIDE[: GUIDE.index("## Keys")]
    named = set(re.findall(r"`(F?\d+|[A-Z\[\]]|Ctrl\+.)`", text)) - {"1", "9"}
    assert len(named) > 10 and named <= {row.key for row in TABLE}


def test_every_picture_is_there_and_every_tab_is_shown() -> None:
    shown = set(re.findall(r"\(pictures/(\w+)\.png\)", GUIDE))
    there = {path.stem for path in (ROOT / "docs" / "pictures").glob("*.png")}
    assert set(TABS) <= shown <= there
