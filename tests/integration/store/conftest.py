from tests.integration.flow.conftest import server, template, url, world

__all__ = ["server", "template", "url", "world"]
