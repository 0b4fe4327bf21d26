"""Commands of the `shop` program that are more than a call: groups of click, put together by cli.

Here: import, export and reconciliation with their progress, findings and exit codes. Not here: what they do (their rooms).
"""
