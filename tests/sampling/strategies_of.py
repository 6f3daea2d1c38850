"""Random strategies for properties."""

from __future__ import annotations

from hypothesis import strategies as st

from lymer.sampling.strategy import OperationRatio, OperationRatios, Strategy

ratios = st.floats(0, 1)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
operations = st.builds(
    OperationRatios, ratios, st.lists(st.builds(OperationRatio, names, ratios), max_size=4).map(tuple), ratios, ratios
)
strategies = st.one_of(
    st.builds(Strategy, st.just("probabilistic"), ratios, st.none() | operations),
    st.builds(Strategy, st.just("ratelimiting"), st.integers(0, 2**31 - 1).map(float), st.none() | operations),
)
