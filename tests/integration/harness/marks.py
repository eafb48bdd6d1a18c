# integration/harness/marks.py: the marks that tests carry.
import pytest

covers = pytest.mark.covers  # @covers("root", "alias"): fails when those directives have no effect
webserv_only = pytest.mark.webserv_only  # @webserv_only("why"): nginx 1.22 differs
not_in_model = pytest.mark.not_in_model  # @not_in_model("fork", "why"): says nothing when WEBSERV_CONCURRENCY is that model
http1_only = pytest.mark.http1_only  # @http1_only("why"): is about what HTTP/2 does not have
cleartext_only = pytest.mark.cleartext_only  # @cleartext_only("why"): is about what TLS does not have
cases = pytest.mark.parametrize


def register(config):
    config.addinivalue_line("markers", "covers(*directives): the test fails when these directives have no effect")
    config.addinivalue_line("markers", "not_in_model(model, reason): holds for the other models of concurrency")
    config.addinivalue_line("markers", "http1_only(reason): is about what HTTP/2 does not have")
    config.addinivalue_line("markers", "cleartext_only(reason): is about what TLS does not have")
    config.addinivalue_line("markers", "webserv_only(reason): nginx 1.22 differs, and why")
