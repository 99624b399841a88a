"""Write a document as JSON, by hand: no JSON library would write what real systems send."""

from __future__ import annotations

import orjson

from tests.generation.contract import Node, Sort
from tests.generation.sample import Sample

_BARE = {Sort.WHOLE, Sort.FLAG}


def written(sample: Sample) -> bytes:
    """Return the bytes of a sample."""
    style = sample.style
    text = style.before + _value(sample.root, sample) + style.after
    unwritable = "surrogatepass" if style.encoding.startswith("utf") else "replace"
    return style.change(style.mark + text.encode(style.encoding, unwritable))


def _value(node: Node, sample: Sample) -> str:
    if node.literal is not None:
        return node.literal
    value = node.field.value
    if value is not None:
        return node.text if value.sort in _BARE else (sample.style.text or quoted)(node.text)
    gap = "\r\n\t" if sample.style.is_indented else ""
    fields: dict[str, list[Node]] = {}
    for child in node.children:
        fields.setdefault(child.name, []).append(child)
    parts = [f"{gap}{quoted(name)}:{gap}{_property(nodes, sample)}" for name, nodes in fields.items()]
    return "{" + ",".join(parts) + gap + "}"


def _property(nodes: list[Node], sample: Sample) -> str:
    """Write a list, a single value, or the same field once more where a document names it twice."""
    values = [_value(node, sample) for node in nodes]
    if nodes[0].field.repeats:
        return f"[{','.join(values)}]"
    return f",{quoted(nodes[0].name)}:".join(values)


def quoted(text: str) -> str:
    """Write a JSON string."""
    return orjson.dumps(text).decode()
