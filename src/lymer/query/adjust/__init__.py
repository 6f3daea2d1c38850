"""What Jaeger changes in traces before it shows them, on columns."""

from lymer.query.adjust.standard import WARNINGS_KEY, adjust

__all__ = ["WARNINGS_KEY", "adjust"]
