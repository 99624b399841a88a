"""Write a document as XML, in the many ways that real systems do."""

from __future__ import annotations

from tests.generation.contract import Node
from tests.generation.sample import Sample, Style

XSI = "http://www.w3.org/2001/XMLSchema-instance"


def written(sample: Sample) -> bytes:
    """Return the bytes of a sample."""
    style = sample.style
    text = style.declaration + style.before + style.wrap(_element(sample.root, style, "", 0)) + style.after
    return style.change(style.mark + text.encode(style.encoding, "xmlcharrefreplace"))


def escaped(text: str) -> str:
    """Write a text as XML has it; a carriage return as a reference, or the parser would make a line feed of it."""
    for character, reference in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\r", "&#13;")):
        text = text.replace(character, reference)
    return text


def _element(node: Node, style: Style, namespace: str, depth: int) -> str:
    name = f"{style.prefix}:{node.name}" if style.prefix else node.name
    indent = "\r\n" + "  " * depth if style.is_indented else ""
    own = node.field.namespace
    declared = "" if own == namespace else f' xmlns{":" if style.prefix else ""}{style.prefix}="{own}"'
    if depth == 0:
        declared += f' xmlns:xsi="{XSI}"'
    begin = f"{indent}<{name}{declared}{node.attributes}>"
    if node.literal is not None:
        return f"{begin}{node.literal}</{name}>"
    if node.field.value is not None:
        return f"{begin}{(style.text or escaped)(node.text)}</{name}>"
    inner = "".join(_element(child, style, own, depth + 1) for child in node.children)
    return f"{begin}{inner}{indent}</{name}>"
