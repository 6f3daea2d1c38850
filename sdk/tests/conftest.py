"""OpenTracing's harness is older than the standard library's mock: it imports the package of that name."""

import sys
import unittest.mock

sys.modules.setdefault("mock", unittest.mock)
