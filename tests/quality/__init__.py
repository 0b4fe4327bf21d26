"""What others' examiners say of the public pages: the Nu HTML checker, axe and Lighthouse. `python -m tests.quality`."""
