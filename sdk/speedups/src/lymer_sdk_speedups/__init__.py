"""The hot path of lymer-sdk in C. There is nothing to call: lymer-sdk finds it when it is imported."""
