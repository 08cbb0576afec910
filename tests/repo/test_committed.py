"""What may not be committed: keys, addresses of one machine or one registry, huge files."""

from __future__ import annotations

import re

from tests.repo import tree

# Each pattern is written so that it does not find itself.
FORBIDDEN = {
    "a package registry": r"py[p]i\.org|python[h]osted\.org|npm[j]s\.org|npm[j]s\.com|(?:de[b]|ftp)\.debian\.org",
    "a path of one machine": r"(?<![\w.])/(?:ro[o]t|wor[k]|t[m]p|hom[e]/\w+|User[s]/\w+)/",
    "a private key": r"-----BEGI[N] (?:[A-Z]+ )?PRIVATE KEY-----",
    "a Slack token": r"xox[abeoprs]-\d{9,}-",
    "a forge's token": r"\bgh[opsu]_[A-Za-z0-9]{36}",
    "a cloud key": r"\bAKI[A][A-Z0-9]{16}\b",
    "a model provider's key": r"\bsk-[A-Za-z0-9_-]{40}",
}
LARGEST = 512 * 1024


def test_no_file_holds_what_belongs_to_one_machine_or_person() -> None:
    patterns = {what: re.compile(pattern) for what, pattern in FORBIDDEN.items()}
    found = []
    for path in tree.committed():
        text = path.read_bytes().decode("utf-8", "replace")
        for what, pattern in patterns.items():
            found += [
                f"{tree.name(path)}:{text.count(chr(10), 0, hit.start()) + 1}: {what}: {hit[0]!r}"
                for hit in pattern.finditer(text)
            ]
    assert found == []


def test_the_patterns_find_what_they_are_for() -> None:
    samples = {
        "a package registry": "https://py" + "pi.org/simple",
        "a path of one machine": "see /ro" + "ot/x",
        "a private key": "-----BEGIN" + " EC PRIVATE KEY-----",
        "a Slack token": "xoxb-" + "1234567890-abc",
        "a forge's token": "ghp" + "_" + "a" * 36,
        "a cloud key": "AKI" + "A" + "Z" * 16,
        "a model provider's key": "sk" + "-" + "k" * 40,
    }
    assert [what for what, sample in samples.items() if not re.search(FORBIDDEN[what], sample)] == []
    assert samples.keys() == FORBIDDEN.keys()


def test_no_file_is_huge() -> None:
    huge = {
        tree.name(path): path.stat().st_size for path in tree.committed() if path.stat().st_size > LARGEST
    }
    assert huge == {}


def test_text_files_are_utf8_with_unix_line_ends() -> None:
    odd = []
    for path in tree.under(*tree.ROOMS, "bench", "docs", "tests", ".ci"):
        if path.suffix in {".css", ".html", ".js", ".json", ".md", ".py", ".toml", ".yaml"}:
            raw = path.read_bytes()
            if b"\r" in raw or (raw and not raw.endswith(b"\n")):
                odd.append(tree.name(path))
            raw.decode("utf-8")
    assert [name for name in odd if "/fixtures/" not in name] == []
