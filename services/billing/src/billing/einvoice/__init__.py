"""Documents as others read them: Factur-X XML, PDF/A-3, and the checks that both must pass."""
