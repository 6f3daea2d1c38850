"""The composition root: the only place that knows everything. What runs, made from one configuration."""
