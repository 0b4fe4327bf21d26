"""The whole sale in a real browser, against a real demonstration, and the look of its pages. Marked `browser`."""
