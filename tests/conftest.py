"""What all tests share: failed assertions of the shipped contracts say what was compared."""

import pytest

pytest.register_assert_rewrite("lymer.conformance.store")
