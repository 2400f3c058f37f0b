"""What a user can do, page by page; `tests.browser.actions` has all of it as one table."""
