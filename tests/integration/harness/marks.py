# integration/harness/marks.py: the two marks that tests carry.
import pytest

covers = pytest.mark.covers  # @covers("root", "alias"): fails when those directives have no effect
webserv_only = pytest.mark.webserv_only  # @webserv_only("why"): nginx 1.22 differs
cases = pytest.mark.parametrize
