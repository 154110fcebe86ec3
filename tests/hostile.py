"""Words that mean something to whoever shows them: to Python, a browser, a terminal, a CI service.

Each is named after its kind. None of them holds a full stop at its end, so that any may be made the
beginning of a sentence.
"""

from collections.abc import Mapping

HARMLESS = "words"
WORDS: Mapping[str, str] = {
    "html": "</script></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;",
    "a heading": "# A heading",
    "a list": "- an item",
    "a numbered list": "1. an item",
    "an underline": "===",
    "a rule": "---",
    "a quotation": "> quoted",
    "a fence": "``` python",
    "code": "`a` ``b` c",
    "links": "[x](https://evil.example) ![i](u) <https://evil.example> www.evil.example [^1]: y",
    "emphasis": "*a* __b__ ~~c~~ _d_",
    "a table": "a | b \\| c \\\\| d",
    "a formula": '=HYPERLINK("https://evil.example";"x")',
    "a plus": "+cmd|' /C calc'!A0",
    "a mention": "@everybody #1",
    "an escape sequence": "\x1b]0;title\x07\x1b[2J\x9b31m",
    "line ends": "a\nb\rc\x0bd\x0ce\x1cf\x1dg\x1eh\x85i\u2028j\u2029k",
    "another direction": "\u202egnp.\u2066x\u200f",
    "forbidden in XML": "\x00\x08\x0e\ufffe\uffff]]>",
    "a command of CI": "::error file=a::b ##[error]c ##vso[task.complete]d",
    "a command on its line": "a\n::add-mask::b\n::error::c",
    "markup of a library": "[bold red]a[/bold red][/nothing] :bug:",
    "a template": "{{ 7 * 7 }} {% raw %} {# no #}",
    "an encoding": "coding: utf-7",
    "an encoding between words": "vim: set fileencoding=utf-7 : -*- coding: utf-16 -*-",
    "code in another encoding": "+AAo-print('EXECUTED')+AAo-",
    "quotes": "\"\"\" ''' \\\" \\' \\",
    "code behind a line end": "\nprint('EXECUTED')\n\rprint('EXECUTED')\x0cprint('EXECUTED')",
}
