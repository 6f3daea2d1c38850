"""A gap is an expected failure with its reason; one that is none any more fails; an unknown name stops at once."""

import subprocess
import sys

import pytest

from lymer.conformance.ledger import Gap, LedgerContract

BINDING = """
import pytest
from lymer.conformance.ledger import Gap, LedgerContract

class Contract(LedgerContract):
    def test_kept(self):
        pass

    @pytest.mark.parametrize("case", ["one", "two"])
    def test_broken(self, case):
        raise KeyError(case)

class TestPlugin(Contract):
    {ledger}
"""


def run(tmp_path, ledger):
    """The outcome of the binding's tests, by name, and all that pytest said."""
    (tmp_path / "test_plugin.py").write_text(BINDING.format(ledger=ledger))
    command = [sys.executable, "-m", "pytest", "-rA", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    said = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path, check=False).stdout
    lines = [line.split() for line in said.splitlines() if "::TestPlugin::" in line]
    return {line[1].rpartition("::")[2]: line[0] for line in lines if line[0].isupper()}, said


def test_a_gap_is_an_expected_failure_with_its_reason(tmp_path):
    outcomes, said = run(tmp_path, 'never = {"test_broken": "the engine has no keys"}')
    assert outcomes == {"test_kept": "PASSED", "test_broken[one]": "XFAIL", "test_broken[two]": "XFAIL"}
    assert "never: the engine has no keys" in said


def test_a_gap_may_be_of_one_case(tmp_path):
    outcomes, _ = run(tmp_path, 'notyet = {"test_broken[one]": Gap("later", raises=KeyError)}')
    assert outcomes == {"test_kept": "PASSED", "test_broken[one]": "XFAIL", "test_broken[two]": "FAILED"}


def test_a_gap_that_is_none_any_more_fails(tmp_path):
    outcomes, _ = run(tmp_path, 'notimpl = {"test_kept": "long ago", "test_broken": "now"}')
    assert outcomes["test_kept"] == "FAILED"


def test_another_error_than_the_one_named_fails(tmp_path):
    outcomes, _ = run(tmp_path, 'never = {"test_broken": Gap("no keys", raises=ValueError)}')
    assert outcomes["test_broken[one]"] == "FAILED"


def test_an_unknown_name_stops_at_once():
    with pytest.raises(TypeError, match=r"Plugin.never: there is no test 'test_nothing'"):

        class Plugin(LedgerContract):
            never = {"test_nothing": Gap("gone")}  # noqa: RUF012
