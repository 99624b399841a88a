"""The hub's pages: what a person reads in a browser, made on the server.

Lives here: routes that answer in HTML, templates, the stylesheet, and every word of the pages in Danish and in English.
Never here: a decision about what may be seen, a transaction that writes, JSON for programs; a script of our own.
"""
