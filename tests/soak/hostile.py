"""Texts that a view may trip over: markup, control characters, what cannot be seen, what no encoding takes."""

__all__ = ["MARK", "TEXTS"]

# Stands in every markup below: where it is an element or an attribute of a view, the view did not escape.
MARK = "soakmark"

TEXTS = (
    "plain",
    "",
    f"<{MARK} onload='x'>",
    f"</pre></div><{MARK}>",
    f'"><script {MARK}=1>alert(1)</script>',
    f"' {MARK}='1",
    f"&lt;{MARK}&gt; &amp; <!-- {MARK}",
    f"]]>{{{{7*7}}}}${{{MARK}}}`%0a<{MARK}/>",
    "line one\nline two\r\nthree\ttab",
    "\x1b]0;title\x07\x1b[31mred\x00\x08\x7f\x9b",
    "\u202eright to left\u2066\u2069\u200b\u00ad\ufeff",
    "e\u0301 \u00e9 \ufdfd \U0001f468\u200d\U0001f469\u200d\U0001f467 \U000e0001",
    "'''\"\"\"\\N{x}\\' f{1}\\",
    "__import__('os').system('false')",
    "x" * 3000,
    # Ends of a line for Python's `splitlines`, and what UTF-8 cannot write.
    "one\u2028two\u2029three\x85four",
    "half an emoji: \ud83d",
)
