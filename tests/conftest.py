"""What all tests share: failed assertions of the shipped contracts say what was compared; how often chance is asked."""

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("lymer.conformance.store")

# `make check` asks chance seldom, `make test` as often as each test says, `--hypothesis-profile=thorough` for an hour.
settings.register_profile("quick", max_examples=8)
settings.register_profile("thorough", max_examples=4000)
