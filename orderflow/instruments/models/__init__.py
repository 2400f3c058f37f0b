"""Price models, one file each, all of them listed in `registry`.

Rates are per year of 365.25 days, as these markets never close: mu, sigma and the speeds of reversion are annual. GARCH
is the exception that its literature makes: its alpha and beta are per step.
"""
