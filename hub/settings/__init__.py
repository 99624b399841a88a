"""Everything an operator can set, read once at start; a start with bad settings names all faults at once.

Values come from ``HUB_*`` variables (nested with ``__``, lists and tables as JSON), from files named after them in
``HUB_SECRETS_DIR``, and from the TOML file named by ``HUB_SETTINGS_FILE``; the first that says something wins.

Lives here: what a setting's text may be (``types``), a token of keys (``key_token``), who may call (``clients``) and
sign in (``sign_in``), every setting with its default (``model``), and how they are read and refused (``reading``).
Never here: whether what a setting names is there and works; whoever uses it says so, and ``hub check`` asks them.
"""

from hub.settings.clients import Client
from hub.settings.model import Settings
from hub.settings.reading import read_settings
from hub.settings.sign_in import SignIn

__all__ = ["Client", "Settings", "SignIn", "read_settings"]
