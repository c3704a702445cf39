"""Examples of answers: those of a fresh service with the catalogue to the calls as the document prints them.

`tests/test_examples.py` makes the calls and compares the answers.
"""

from common.api.examples import recorded

answer = recorded(__package__)
