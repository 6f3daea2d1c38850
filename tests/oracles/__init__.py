"""What is computed natively, computed again: slowly, from the page that specifies it, with nothing shared."""
