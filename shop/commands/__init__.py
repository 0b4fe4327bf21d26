"""Commands of the `shop` program that are more than a call: groups of click, put together by cli.

Here: import and export with their progress, findings and exit codes. Not here: what an import does (its room's).
"""
