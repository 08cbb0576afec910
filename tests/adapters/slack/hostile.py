"""Texts that would like to be more than text."""

from __future__ import annotations

from hypothesis import strategies as st

HOSTILE = [
    "<!channel>", "<!here|x>", "<@U123>", "<@U123|root>", "<#C1>", "<!subteam^S1>", "<https://evil.test|https://bank.test>",
    "&lt;!channel&gt;", "&amp;lt;!channel&amp;gt;", "<\u200b!channel>", "<!chan\u200dnel>", "\u202e<lennahc!>\u202c",
    "\u2066abc\u2069", "@here", "@channel", "@everyone", "*bold* _it_ ~no~ `code`", "```\ncode\n```", "> quote",
    "\x00\x07\x1b[31mred", "\ud83c", "a\udfffb", "👩‍👩‍👧‍👦 🇩🇪 👍🏽", "<", ">", "&", "&&amp;&", "<!", "<!date^1^{date}|x>",
    "\u2028<!here>\u2029", "\r\n<!here>\r", "javascript:alert(1)", "<javascript:alert(1)|ok>", "https://bank.test/<!here>",
    "http://a.test|b", "x" * 40_000, "<" * 5_000, "word " * 3_000, "\n" * 500, " ", "", ":smile:", "\u200e\u200f",
]  # fmt: skip
TEXT = st.sampled_from(HOSTILE) | st.text(max_size=60) | st.text("<>&!@#|hH /:.*_~`\n", max_size=40)
SHORT = st.sampled_from([one for one in HOSTILE if len(one) < 100]) | st.text(max_size=100)
