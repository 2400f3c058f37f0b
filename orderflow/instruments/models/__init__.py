"""Price models, one module each, all listed in `registry`.

Rates are per year of 365.25 days, as these markets never close: mu, sigma and the reversion speeds are annual. GARCH is
the exception, as in its literature: its alpha and beta are per step.
"""
