"""The platform's own catalogue: data files beside this package, read and checked, then published as a release."""
