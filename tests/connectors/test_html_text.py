"""HTML as its reader sees it, however it is written."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.html_text import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Een</p><p>twee<br>drie</p>", "Een\n\ntwee\ndrie"),
        ("<div>Een</div><div><br></div><div>twee</div>", "Een\n\ntwee"),
        ("Een&nbsp;caf&eacute; &lt;hier&gt; &amp; daar", "Een\xa0café <hier> & daar"),
        ("<head><title>x</title><style>p{}</style></head><script>y()</script>Een", "Een"),
        ("<div style='display: none'>voorproefje</div>Een", "Een"),
        ("<!-- weg --><![if !mso]>Een<![endif]>", "Een"),
        ("<ul><li>een<li>twee</ul>", "- een\n- twee"),
        ("<table><tr><td>een</td><td>twee</td></tr><tr><td>drie</td></tr></table>", "een twee\ndrie"),
        ("<pre>een\n  twee</pre>", "een\n  twee"),
        ("Ja\n   hoor  <b>echt</b>\t waar", "Ja hoor echt waar"),
        (
            "Ja<blockquote><div>vraag</div><blockquote>ouder</blockquote></blockquote>Nee",
            "Ja\n\n> vraag\n>\n> > ouder\n>\nNee",
        ),
        ('<blockquote style="margin:0 0 0 40px;border:none">ingesprongen</blockquote>', "ingesprongen"),
        ('Ja<div class="gmail_signature">Jan</div>', "Ja\n-- \nJan"),
        ("<p>niet <b>gesloten <i>ergens", "niet gesloten ergens"),
        ("", ""),
    ],
)
def test_a_page_as_text(html: str, text: str) -> None:
    assert html_to_text(html) == text


@given(st.lists(st.sampled_from(["<div>", "</p>", "<blockquote>", "<pre>", "<!--", "<![CDATA[", "&#0;", "a", "\n", "<"])
       | st.text(max_size=5)).map("".join))  # fmt: skip
def test_no_page_whatever_throws(html: str) -> None:
    html_to_text(html).encode("utf-8", "surrogatepass")


@pytest.mark.parametrize("unit", ["<div>", "<blockquote>", "<table><tr>", "<b><i>", "<!--", "<", "&#1", "<a b='"])
def test_a_page_that_nests_without_end_takes_a_moment(unit: str) -> None:
    start = time.process_time()
    html_to_text(unit * (3_000_000 // len(unit)) + "x")
    assert time.process_time() - start < 10  # without bounds it takes minutes
