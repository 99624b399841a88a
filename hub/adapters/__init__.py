"""Wires: one module per authority, ``receive`` and ``send``; what a protocol needs lies in ``_xml``, ``_rest``, ….

Lives here: URLs, certificates, parsing and validating bytes, timeouts, short retries.
Never here: what a field means (mappings), who may see (consent), what happens next (flow).
"""
