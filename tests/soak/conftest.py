# soak/conftest.py: the harness of the integration tests, for a test that runs long.
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "integration"))
